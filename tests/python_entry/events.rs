//! Events and contexts that are no JSON, as only a caller within the interpreter can make them.

use serde_json::{Value, json};
use table_sim::{INDEX, webhook_row};

use crate::script::run;
use crate::stack::{CREATED, services};

const ORDER: &str = "cs_test_a1odd";

/// What a script makes of each event: its status, or what was raised.
async fn answers(script: &str) -> Vec<(String, Value)> {
    let (table, stripe) = services().await;
    table.put(&webhook_row("ava", ORDER, CREATED)).await.unwrap();
    let script = format!("good = event({ORDER:?})\n{script}\n{COLLECT}");
    let (said, output) = run(table.endpoint(), &stripe, &[("ORDER_INDEX", INDEX)], &script).await;
    assert!(!output.iter().any(|line| line.contains("panicked")), "{output:#?}");
    let said = said.as_object().unwrap().clone();
    assert!(!said.is_empty());
    said.into_iter().collect()
}

const COLLECT: &str = r#"
said = {}
for name, (odd, context) in cases.items():
    try:
        answer = handler(odd, context)
        json.loads(answer["body"])
        assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
        said[name] = answer["statusCode"]
    except BaseException as wrong:
        said[name] = repr(wrong)
say(said)
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_is_nobodys_request() {
    let script = r#"
import decimal
huge = {"body": "x" * 9_000_000, **good}
wide = []
for _ in range(60):
    wide = [wide, wide]
both = {}
both["a"] = both["b"] = both
class Odd:
    def __getattr__(self, name):
        raise KeyboardInterrupt
cases = {name: (odd, None) for name, odd in {
    "None": None, "a list": [good], "a text": "{}", "bytes": json.dumps(good).encode(), "a number": 1,
    "NaN": float("nan"), "a decimal": decimal.Decimal("1"), "an object": Odd(), "a set": {1}, "a class": dict,
    "half a surrogate": "\ud800", "keys that are no text": {1: 2, None: 3, (1, 2): 4},
    "more than Lambda carries": huge, "a whole that has itself twice": both,
    "what doubles with each level": {"httpMethod": "GET", "more": wide},
    "an identity with half a surrogate": event("cs_test_a1odd", "ava\ud800"),
    "an identity that is bytes": event("cs_test_a1odd", b"ava"),
    "an identity that is an object": event("cs_test_a1odd", Odd()),
}.items()}
"#;
    for (name, status) in answers(script).await {
        assert_eq!(status, 401, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_part_that_nobody_looks_at_hides_no_order() {
    let script = r#"
import collections, decimal, enum
class Text(str, enum.Enum):
    ORDER = "cs_test_a1odd"
odd = lambda **more: ({**event("cs_test_a1odd"), **more}, None)
deep = []
for _ in range(10_000):
    deep = [deep]
itself = event("cs_test_a1odd")
itself["again"] = [{"list": itself}]
cases = {
    "NaN": odd(body=float("nan")), "bytes": odd(body=b"\xff"), "a decimal": odd(body=decimal.Decimal("1.5")),
    "infinity": odd(body=[float("inf")]), "half a surrogate": odd(**{"body": "\udfff", "\ud800": 1}),
    "a huge number": odd(body=10 ** 10_000), "an object": odd(body=object()), "deep": odd(body=deep),
    "keys that are no text": ({1: 2, **good}, None), "itself": (itself, None),
    "an ordered dict": (collections.OrderedDict(good), None),
    "a text of another type": odd(pathParameters={"orderId": Text.ORDER}),
    "tuples": odd(multiValueHeaders={"origin": ("https://club.example",)}),
}
"#;
    for (name, status) in answers(script).await {
        assert_eq!(status, 200, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_context_will_do_and_one_whose_time_is_over_is_not_waited_for() {
    let script = r#"
class Context:
    def __init__(self, left, id="i-1"):
        self.left, self.aws_request_id = left, id
    def get_remaining_time_in_millis(self):
        return self.left() if callable(self.left) else self.left
def raises():
    raise SystemExit
cases = {name: (good, context) for name, context in {
    "None": None, "a dict": {}, "lacks all": object(), "text": Context("soon"), "negative": Context(-1),
    "half a surrogate": Context(30_000, "\ud800"), "an id that is none": Context(30_000, 7),
    "for ever": Context(2 ** 200), "long": Context(2 ** 63), "raises": Context(raises), "NaN": Context(float("nan")),
    "over": Context(0),
}.items()}
"#;
    for (name, status) in answers(script).await {
        assert_eq!(status, if name == "over" { 503 } else { 200 }, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_made_of_what_json_has() {
    let (table, stripe) = services().await;
    table.put(&webhook_row("ava", ORDER, CREATED)).await.unwrap();
    let script = format!(
        r#"
one = handler(event({ORDER:?}), None)
many = event({ORDER:?})
many["requestContext"]["elb"] = {{}}
many["multiValueHeaders"] = {{"accept": ["*/*"]}}
many = handler(many, None)
say([type(one), list(one), one["isBase64Encoded"], type(one["headers"]["ETag"]),
     type(many["multiValueHeaders"]["ETag"]), many["statusDescription"], "headers" in many])
"#
    )
    .replace("type(", "(lambda it: type(it).__name__)(");
    let (said, _) = run(table.endpoint(), &stripe, &[], &script).await;
    let keys = ["statusCode", "headers", "body", "isBase64Encoded"];
    assert_eq!(said, json!(["dict", keys, false, "str", "list", "200 OK", false]));
}
