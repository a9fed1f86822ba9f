//! What the interpreter's other threads notice, and what is left of ours.

use std::time::Duration;

use serde_json::json;
use stripe_sim::{Fault, Times};
use table_sim::{INDEX, webhook_row};
use test_support::{TableFault, TableGate};

use crate::script::run;
use crate::stack::{CREATED, services, session_of};

const ORDER: &str = "cs_test_a1threads";

#[tokio::test(flavor = "multi_thread")]
async fn other_threads_run_while_the_store_hangs() {
    let (table, stripe) = services().await;
    let gate = TableGate::open(table.endpoint(), TableFault::Hang).await;
    let script = format!(
        r#"
import threading, time
steps, done = 0, False
def walk():
    global steps
    while not done:
        steps += 1
        time.sleep(0.001)
walker = threading.Thread(target=walk)
walker.start()
before, began = steps, time.monotonic()
status = handler(event({ORDER:?}), None)["statusCode"]
walked, took = steps - before, time.monotonic() - began
done = True
walker.join()
say([status, walked, took])
"#
    );
    let settings = [("REQUEST_BUDGET_MS", "1000")];
    let (said, _) = run(&gate.address(), &stripe, &settings, &script).await;
    assert_eq!(said[0], 503);
    let took = said[2].as_f64().unwrap();
    assert!(took > 0.3 && took < 3.0, "{said}");
    // A step takes a millisecond, on a busy machine some more.
    assert!(said[1].as_f64().unwrap() > took * 50.0, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_that_call_at_the_same_time_are_answered_at_the_same_time_each_with_its_own() {
    let (table, stripe) = services().await;
    for n in 0..8 {
        stripe.shop(|shop| shop.add(session_of(&format!("user{n}"), &format!("{ORDER}{n}"))));
    }
    stripe.inject(Fault::Delay(Duration::from_millis(500)), Times::Always);
    let script = format!(
        r#"
import threading, time
def ask(n):
    answer = handler(event({ORDER:?} + str(n), "user" + str(n)), None)
    said[n] = json.loads(answer["body"])["order"]["orderId"]
said, began = [None] * 8, time.monotonic()
threads = [threading.Thread(target=ask, args=[n]) for n in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
say([said, time.monotonic() - began])
"#
    );
    let settings = [("ORDER_INDEX", INDEX)];
    let (said, _) = run(table.endpoint(), &stripe, &settings, &script).await;
    let orders: Vec<_> = (0..8).map(|n| format!("{ORDER}{n}")).collect();
    assert_eq!(said[0], json!(orders));
    // One after the other, they would take four seconds.
    assert!(said[1].as_f64().unwrap() < 2.5, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_thread_is_left_after_an_invocation_that_looked_up_names() {
    let (table, stripe) = services().await;
    table.put(&webhook_row("ava", ORDER, CREATED)).await.unwrap();
    stripe.shop(|shop| shop.add(session_of("ava", "cs_test_a1named")));
    let named = |address: &str| address.replace("127.0.0.1", "localhost");
    let (dynamodb, base) = (named(table.endpoint()), named(&stripe.base()));
    assert!(dynamodb.contains("localhost") && base.contains("localhost"));
    let script = format!(
        r#"
import os, time
def threads():
    # One that has done its work may still be about to end; one that waits for more stays for ten seconds.
    until = time.monotonic() + 2
    while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < until:
        time.sleep(0.001)
    return len(os.listdir("/proc/self/task"))
said = [threads()]
for order in [{ORDER:?}, "cs_test_a1named"]:
    said += [handler(event(order), None)["statusCode"], threads()]
say(said)
"#
    );
    let settings = [("STRIPE_API_BASE", base.as_str())];
    let (said, _) = run(&dynamodb, &stripe, &settings, &script).await;
    assert_eq!(said, json!([1, 200, 1, 200, 1]));
    assert!(stripe.calls() > 0);
}
