//! The other side over HTTP, under `/sim`. It asks for no key, for it listens on loopback only.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::response::Response;
use serde_json::{Value, json};

use crate::expand::page;
use crate::server::{Shared, lock};
use crate::{Act, CannotAct, LoggedEvent, NoSuchEvent};

const ROUTES: &str = "POST /sim/sessions/{id}/pay, /complete, /fail, /expire, /refund (amount: minor \
     units, all that is left by default), /dispute, /dispute/win, /dispute/lose; GET /sim/events; \
     POST /sim/events/{id}/resend";

/// Longer than any body that makes sense here, in bytes.
const BODY_LIMIT: usize = 4096;

/// Why a control call failed.
struct Problem {
    status: u16,
    code: &'static str,
    /// What of the request is at fault.
    field: Option<String>,
    message: String,
}

impl Problem {
    /// Something is wrong with a field; the message says what would be right.
    fn of(field: &str, status: u16, code: &'static str, message: &str) -> Self {
        let message = format!("{field}: {message}");
        Self { status, code, field: Some(field.to_owned()), message }
    }

    fn unknown_url(method: &str, path: &str) -> Self {
        let message = format!("{method} {path} is nothing to ask here; what there is: {ROUTES}");
        Self { status: 404, code: "unknown_url", field: None, message }
    }
}

impl From<CannotAct> for Problem {
    fn from(error: CannotAct) -> Self {
        let (status, code) = match error {
            CannotAct::NoSession(_) => (404, "no_such_session"),
            CannotAct::NoPayment { .. } => (409, "no_payment"),
            CannotAct::State { .. } => (409, "wrong_state"),
            CannotAct::Amount { .. } => (400, "bad_amount"),
        };
        Self { status, code, field: Some(error.field().to_owned()), message: error.to_string() }
    }
}

/// Answers a control call.
pub(crate) async fn control(State(state): State<Arc<Shared>>, request: Request) -> Response {
    let (status, body) = match carry_out(&state, request).await {
        Ok(done) => (200, done),
        Err(problem) => {
            let error = json!({
                "code": problem.code, "message": problem.message, "param": problem.field,
            });
            (problem.status, json!({"error": error}))
        }
    };
    let body = serde_json::to_string_pretty(&body).unwrap_or_default() + "\n";
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(body)).unwrap_or_default()
}

async fn carry_out(state: &Shared, request: Request) -> Result<Value, Problem> {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let parameters = parameters(request).await?;
    let segments: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
    let amount_is_known = segments.last() == Some(&"refund");
    if let Some((name, _)) =
        parameters.iter().find(|(name, _)| name != "amount" || !amount_is_known)
    {
        let message = format!("no such parameter here; what there is: {ROUTES}");
        return Err(Problem::of(name, 400, "unknown_parameter", &message));
    }
    match (method.as_str(), segments.as_slice()) {
        ("GET", ["events"]) => {
            let log: Vec<Value> = state.webhooks.log().iter().map(LoggedEvent::to_json).collect();
            Ok(page("/sim/events", &log, false))
        }
        ("POST", ["events", id, "resend"]) => {
            let sent = state.webhooks.resend(id).map(|()| json!({"id": id, "resent": true}));
            sent.ok_or_else(|| Problem {
                status: 404,
                code: "no_such_event",
                field: Some("event".to_owned()),
                message: NoSuchEvent((*id).to_owned()).to_string(),
            })
        }
        ("POST", ["sessions", id, act @ ..]) => match act_of(act, &parameters)? {
            Some(act) => Ok(state.report(id, &state.act(id, act)?)),
            None => Err(Problem::unknown_url(&method, &path)),
        },
        _ => Err(Problem::unknown_url(&method, &path)),
    }
}

/// What the end of a path asks for. `None`: nothing that is known.
fn act_of(path: &[&str], parameters: &[(String, String)]) -> Result<Option<Act>, Problem> {
    Ok(Some(match path {
        ["pay"] => Act::Pay,
        ["complete"] => Act::Complete,
        ["fail"] => Act::Fail,
        ["expire"] => Act::Expire,
        ["refund"] => Act::Refund(amount(parameters)?),
        ["dispute"] => Act::Dispute,
        ["dispute", "win"] => Act::WinDispute,
        ["dispute", "lose"] => Act::LoseDispute,
        _ => return Ok(None),
    }))
}

/// The amount that is given, if any, in minor units.
fn amount(parameters: &[(String, String)]) -> Result<Option<i64>, Problem> {
    let bad = |message: &str| Problem::of("amount", 400, "bad_amount", message);
    match parameters {
        [] => Ok(None),
        [(_, given)] => given
            .parse()
            .map(Some)
            .map_err(|_| bad(&format!("{given:?} is no whole number of minor units, like 500"))),
        _ => Err(bad("given more than once; give it once, or leave it out for all that is left")),
    }
}

/// The parameters of the query and the body, be it a form, as Stripe takes it, or JSON.
async fn parameters(request: Request) -> Result<Vec<(String, String)>, Problem> {
    let bad = |message: &str| Problem::of("body", 400, "bad_body", message);
    let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    let mut all = query.map(|Query(pairs)| pairs).unwrap_or_default();
    let body = to_bytes(request.into_body(), BODY_LIMIT).await;
    let body = body.map_err(|_| bad("longer than what can be asked here"))?;
    if body.first() == Some(&b'{') {
        let object: serde_json::Map<String, Value> =
            serde_json::from_slice(&body).map_err(|_| {
                bad("begins like JSON, but is none; send amount=500 or {\"amount\": 500}")
            })?;
        all.extend(object.into_iter().map(|(name, value)| match value {
            Value::String(text) => (name, text),
            value => (name, value.to_string()),
        }));
    } else {
        let pairs = url::form_urlencoded::parse(&body);
        all.extend(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())));
    }
    Ok(all)
}

impl Shared {
    /// Where an order stands, and the events that told of it.
    fn report(&self, id: &str, events: &[String]) -> Value {
        let log = self.webhooks.log();
        let told: Vec<Value> = log
            .iter()
            .filter(|logged| events.iter().any(|id| id == logged.id()))
            .map(|logged| json!({"id": logged.id(), "type": logged.kind()}))
            .collect();
        let shop = lock(&self.shop);
        let session = shop.sessions.get(id).cloned().unwrap_or_default();
        let charge = shop.charge_of(id).cloned().unwrap_or_default();
        json!({
            "id": id, "status": session["status"], "payment_status": session["payment_status"],
            "amount_total": session["amount_total"], "currency": session["currency"],
            "amount_refunded": charge["amount_refunded"], "disputed": charge["disputed"],
            "events": told,
        })
    }
}
