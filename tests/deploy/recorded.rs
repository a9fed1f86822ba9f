//! What the built programs do, each in the environment that the template gives it: their calls to
//! AWS, and the figures that they write.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use stripe_sim::{Line, SessionBuilder, Shop, StripeSim};
use table_sim::{EmbeddedTable, Row, Storage};
use test_support::{Invoked, Lambda, Parameters, TableFault, TableGate};

use crate::figures::Figure;
use crate::template::Stack;

pub(crate) const KEY: &str = "rk_test_51ExampleKeyForTests";
pub(crate) const SECRET: &str = "whsec_secretOfTheseTests";
pub(crate) const JWT_SECRET: &str = "a-secret-for-these-tests-of-at-least-32-bytes";
pub(crate) const CREATED: i64 = 1_764_192_504;

/// An action on a resource, as IAM names them.
pub(crate) type Call = (String, String);

/// Where a program of this workspace is; `cargo test --workspace` has built it.
pub(crate) fn program(name: &str) -> String {
    let this = std::env::current_exe().unwrap();
    let path: PathBuf = this.ancestors().nth(2).unwrap().join(name);
    assert!(path.is_file(), "{} is not there; cargo build -p {name} makes it", path.display());
    path.to_str().unwrap().to_owned()
}

/// A function of the template, at work.
pub(crate) struct Function {
    pub(crate) lambda: Lambda,
    pub(crate) table: EmbeddedTable,
    pub(crate) gate: TableGate,
    pub(crate) stripe: StripeSim,
    parameters: Parameters,
}

impl Function {
    /// Starts a program as the stack's function.
    pub(crate) async fn start(stack: &Stack, function: &str, name: &str) -> Self {
        let table = EmbeddedTable::start(&Storage::Memory).await.unwrap();
        let gate = TableGate::open(table.endpoint(), TableFault::None).await;
        let stripe = StripeSim::start(&[KEY], Shop::default()).await.unwrap();
        let held = [
            ("StripeSecretParameter", KEY),
            ("StripeWebhookSecretParameter", SECRET),
            ("JwtSecretParameter", JWT_SECRET),
        ];
        let held = held.map(|(parameter, value)| (stack.parameters[parameter].as_str(), value));
        let parameters = Parameters::start(&held).await;
        let (base, dynamodb) = (stripe.base(), gate.address());
        let given = stack.environment(function);
        let mut environment: Vec<_> =
            given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        environment.extend([
            ("AWS_LAMBDA_FUNCTION_NAME", function),
            ("AWS_ENDPOINT_URL_DYNAMODB", &dynamodb),
            ("AWS_ENDPOINT_URL_SSM", parameters.address()),
            ("STRIPE_API_BASE", &base),
        ]);
        // Nobody's keys are asked for over the network.
        let of_issuer =
            environment.iter_mut().find(|(name, value)| *name == "JWKS_URL" && !value.is_empty());
        if let Some((_, value)) = of_issuer {
            *value = "http://127.0.0.1:9/jwks.json";
        }
        let lambda = Lambda::start(&program(name), &environment).await;
        Self { lambda, table, gate, stripe, parameters }
    }

    pub(crate) async fn given_row(&self, row: Row) {
        self.table.put(&row).await.unwrap();
    }

    pub(crate) fn given_session(&self, session: SessionBuilder) {
        self.stripe.shop(|shop| shop.add(session));
    }

    pub(crate) async fn send(&self, event: &Value) -> Invoked {
        self.lambda.invoke(event).await
    }

    /// What it asked of AWS so far, as actions on resources.
    pub(crate) fn calls(&self) -> BTreeSet<Call> {
        let of_table = self.gate.seen().into_iter().map(|call| {
            let index = call.index.map(|index| format!("/index/{index}")).unwrap_or_default();
            (
                format!("dynamodb:{}", call.operation),
                arn("dynamodb", &format!("table/{}{index}", call.table)),
            )
        });
        let read = self.parameters.asked().into_iter();
        let read = read
            .map(|name| ("ssm:GetParameter".to_owned(), arn("ssm", &format!("parameter{name}"))));
        of_table.chain(read).collect()
    }

    /// The figures that it wrote so far. Lines come in the order of invocations, so the last is
    /// about one that is sent for its sake: to the authorizer a question that makes no sense.
    pub(crate) async fn figures(&self) -> BTreeSet<Figure> {
        static MARKS: AtomicU64 = AtomicU64::new(0);
        let mark = format!("mark-{}-", MARKS.fetch_add(1, Ordering::Relaxed));
        let event = json!({"httpMethod": "OPTIONS", "requestContext": {"requestId": mark}});
        self.send(&event).await;
        self.lambda.program.line_with(&mark).await;
        let lines = self.lambda.program.output();
        let lines = lines.iter().filter_map(|line| serde_json::from_str(line).ok());
        lines.flat_map(|line| Figure::all_in(&line)).collect()
    }
}

/// The ARN of something in the account that the template is deployed to.
pub(crate) fn arn(service: &str, what: &str) -> String {
    format!("arn:aws:{service}:eu-central-1:111122223333:{what}")
}

/// A paid session of a member.
pub(crate) fn session_of(user: &str, order: &str) -> SessionBuilder {
    SessionBuilder::new(order, CREATED)
        .metadata(json!({"userId": user}))
        .line(Line::new("Tote bag", 1500, 2))
}
