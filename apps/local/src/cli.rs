use std::net::IpAddr;
use std::path::PathBuf;

use clap::Parser;

/// Serves GET /dashboard/orders/{orderId}, and POST /stripe/webhook, on this machine, with no
/// account and no network.
///
/// By default everything is here: an embedded DynamoDB with a few orders, a stand-in for Stripe,
/// and the same handler as the Lambda program's. It prints tokens and curl lines to try.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The port to listen on; 0 for any free one [default: the variable PORT, else 8787].
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,

    /// The address to listen on; 0.0.0.0 in a container.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) host: IpAddr,

    /// Keep the embedded table in a file in this folder; in memory without it.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// Print, as NAME=value lines on standard output, what another program needs to use this
    /// stack, instead of the welcome; then serve.
    #[arg(long)]
    pub(crate) emit_env: bool,
}

const AFTER_HELP: &str = "\
Environment:
  PORT                   the port, where --port is not given
  JWT_SECRET             verifies the bearer tokens (HS256); a development secret by default
  COMMERCE_TABLE, AWS_*  that DynamoDB table instead of the embedded one
  STRIPE_SECRET (or STRIPE_SECRET_PARAMETER), STRIPE_API_BASE
                         that Stripe instead of the stand-in
  STRIPE_WEBHOOK_SECRET (or STRIPE_WEBHOOK_SECRET_PARAMETER), STRIPE_WEBHOOK_TOLERANCE
                         what Stripe signs its events with; without it they are taken from the
                         stand-in alone
  ORDER_INDEX, CORS_ALLOW_ORIGIN, ORDER_TTL_DAYS, REQUEST_BUDGET_MS, STRIPE_TIMEOUT_MS,
  STRIPE_MAX_RETRIES, STRIPE_RATE_PER_SECOND, LOG_LEVEL
                         as for the Lambda program; see README.md

Examples:
  cargo run                              the whole stack, in memory
  cargo run -- --data ./local-data       keep the table across restarts
  cargo run -- --port 0 --emit-env       for another program's tests";
