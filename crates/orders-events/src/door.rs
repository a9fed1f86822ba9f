//! Which door an event came through. That follows from the shape in which Lambda hands it on, and
//! from nothing that its sender can choose: whatever was posted has a request around it, and its
//! body is never looked at for another shape.

use orders::Timestamp;
use orders_http::Posted;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The way that an event came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// Posted to the webhook, where anybody can.
    Webhook,
    /// Handed on by EventBridge, to which only Stripe's account and those with a right may write.
    EventBridge,
    /// Lain in a queue, into which only those with a right may put it.
    Queue,
}

impl Door {
    /// The word for logs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::EventBridge => "eventbridge",
            Self::Queue => "sqs",
        }
    }
}

/// What Lambda handed on.
pub(crate) enum Delivery<'a> {
    /// One message.
    One(Door, Message<'a>),
    /// Several, each of which is answered for by itself.
    Batch(Vec<Record>),
}

/// What a door let in.
pub(crate) enum Message<'a> {
    /// Posted; only a signature shows whose it is.
    Posted(Box<Posted>),
    /// An event, as JSON, that nobody but Stripe or a colleague could have brought.
    Guarded(&'a str),
    /// Nothing that an event could be in.
    Nothing,
}

/// A record of a queue.
pub(crate) struct Record {
    /// Its id, by which it is reported; empty where it has none.
    pub(crate) id: String,
    body: String,
    /// When it was put into the queue, by the queue's own word.
    pub(crate) sent_at: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Shape<'a> {
    #[serde(borrow)]
    request_context: Option<&'a RawValue>,
    #[serde(borrow)]
    http_method: Option<&'a RawValue>,
    #[serde(borrow)]
    headers: Option<&'a RawValue>,
    #[serde(borrow)]
    multi_value_headers: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow, rename = "Records")]
    records: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

impl<'a> Delivery<'a> {
    /// Tells what an invocation brings.
    pub(crate) fn of(event: &'a str) -> Self {
        let shape: Shape<'a> = serde_json::from_str(event).unwrap_or_default();
        if shape.is_request() {
            return Self::One(Door::Webhook, Message::of(event, &shape));
        }
        let records = shape.records.map(|records| serde_json::from_str(records.get()));
        if let Some(Ok(records)) = records {
            let records: Vec<Value> = records;
            return Self::Batch(records.iter().map(Record::of).collect());
        }
        Self::One(Door::EventBridge, Message::of(event, &shape))
    }
}

impl Shape<'_> {
    /// Whether it is a request. A test event, or a mapping template, may leave parts of one out.
    fn is_request(&self) -> bool {
        let parts = [
            self.request_context,
            self.http_method,
            self.headers,
            self.multi_value_headers,
            self.body,
        ];
        parts.iter().any(Option::is_some)
    }
}

impl<'a> Message<'a> {
    fn of(event: &'a str, shape: &Shape<'a>) -> Self {
        match (shape.detail, shape.data) {
            _ if shape.is_request() => Self::Posted(Box::new(Posted::from_event(event))),
            // EventBridge's envelope; or what a rule or a pipe took out of it.
            (Some(detail), _) => Self::Guarded(detail.get()),
            (None, Some(_)) => Self::Guarded(event),
            (None, None) => Self::Nothing,
        }
    }
}

impl Record {
    /// What lies in it.
    pub(crate) fn message(&self) -> Message<'_> {
        let shape: Shape<'_> = serde_json::from_str(&self.body).unwrap_or_default();
        Message::of(&self.body, &shape)
    }
}

impl Record {
    /// A record of a batch. What is none has nothing in it, and hides no other.
    fn of(record: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let id = text(&record["messageId"]);
        let sent_at = text(&record["attributes"]["SentTimestamp"]);
        let sent_at = sent_at.parse().ok().and_then(|millis| Timestamp::from_millis(millis).ok());
        Self {
            id: id.chars().filter(char::is_ascii_graphic).take(256).collect(),
            body: text(&record["body"]),
            sent_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What came of an event, in a word: the door, and how it is believed.
    fn came(event: &Value) -> String {
        let event = event.to_string();
        let word = |message: Message<'_>| match message {
            Message::Posted(_) => "posted".to_owned(),
            Message::Guarded(json) => {
                let event: Value = serde_json::from_str(json).unwrap();
                format!("guarded {}", event["id"].as_str().unwrap_or_default())
            }
            Message::Nothing => "nothing".to_owned(),
        };
        match Delivery::of(&event) {
            Delivery::One(door, message) => format!("{} {}", door.as_str(), word(message)),
            Delivery::Batch(records) => {
                let words: Vec<_> = records
                    .iter()
                    .map(|record| format!("{} {}", record.id, word(record.message())))
                    .collect();
                format!("batch: {}", words.join(", "))
            }
        }
    }

    fn stripe(id: &str) -> Value {
        json!({"id": id, "object": "event", "type": "charge.refunded", "data": {"object": {}}})
    }

    fn bridged(id: &str) -> Value {
        json!({"source": "aws.partner/stripe.com/ed_1", "detail-type": "x", "detail": stripe(id)})
    }

    #[test]
    fn the_shape_that_lambda_hands_on_tells_the_door() {
        let posted = json!({"requestContext": {"requestId": "r"}, "body": "{}"});
        let record = |id: &str, body: &Value| json!({"messageId": id, "body": body.to_string()});
        let batch = json!({"Records": [
            record("m1", &bridged("evt_1")), record("m2", &stripe("evt_2")),
            record("m3", &posted), record("m4", &json!("hello")), {"messageId": "m5"},
        ]});
        for (event, expected) in [
            (posted, "webhook posted"),
            (bridged("evt_1"), "eventbridge guarded evt_1"),
            (stripe("evt_2"), "eventbridge guarded evt_2"),
            (batch, "batch: m1 guarded evt_1, m2 guarded evt_2, m3 posted, m4 nothing, m5 nothing"),
            (json!({"Records": []}), "batch: "),
            (json!({"Records": "no list"}), "eventbridge nothing"),
            (json!({"id": "evt_1"}), "eventbridge nothing"),
            (json!([]), "eventbridge nothing"),
            (json!("hello"), "eventbridge nothing"),
        ] {
            assert_eq!(came(&event), expected, "{event}");
        }
    }

    #[test]
    fn nothing_that_is_posted_comes_through_a_guarded_door() {
        let (inner, queued) = (bridged("evt_1"), json!({"Records": [{"body": "{}"}]}));
        for body in [inner.to_string(), queued.to_string()] {
            let mut events = vec![
                json!({"requestContext": {}, "body": body}),
                json!({"httpMethod": "POST", "body": body}),
                json!({"headers": {}, "body": body}),
                json!({"body": body}),
            ];
            // Even beside the other shapes, which no gateway sends.
            for field in ["detail", "data", "Records"] {
                let mut event = json!({"requestContext": {}, "body": body});
                event[field] = if field == "Records" { json!([]) } else { stripe("evt_1") };
                events.push(event);
            }
            for event in events {
                assert_eq!(came(&event), "webhook posted", "{event}");
            }
        }
    }
}
