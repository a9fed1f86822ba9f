//! Everything that can be broken behind the function, each with each: never a wrong 404, never an
//! answer after the budget, never the end of the program.

use std::time::Duration;

use stripe_sim::{Fault, Times};
use table_sim::INDEX;
use test_support::{Asker, TableFault, TableGate, rest_event};

use crate::stack::{KEY, services, session_of, start_lambda};

const BUDGET: Duration = Duration::from_secs(2);

/// What Stripe does, and what is answered with a store that has nothing, with one that cannot
/// answer, and with one that refuses.
fn stripe_faults() -> Vec<(&'static str, Option<Fault>, [u16; 3])> {
    let away = [503, 503, 500];
    let refuses = [500, 500, 500];
    vec![
        ("has the order", None, [200, 200, 500]),
        ("does not know it", None, [404, 503, 500]),
        ("500", Some(Fault::Status(500)), away),
        ("429", Some(Fault::Status(429)), away),
        ("409", Some(Fault::Status(409)), away),
        ("401", Some(Fault::Status(401)), refuses),
        ("403", Some(Fault::Status(403)), refuses),
        ("a permission is missing", Some(Fault::MissingPermission), refuses),
        ("garbage", Some(Fault::Garbage), away),
        ("an error page", Some(Fault::Html(200)), away),
        ("an error page with 404", Some(Fault::Html(404)), away),
        ("no answer", Some(Fault::Hang), away),
        ("closes the connection", Some(Fault::Reset), away),
        ("breaks off", Some(Fault::CutBody), away),
    ]
}

async fn every_stripe_with(fault: TableFault) {
    let column = match fault {
        TableFault::None | TableFault::Foreign => 0,
        TableFault::NoTable => 2,
        _ => 1,
    };
    let (table, stripe) = services().await;
    let gate = TableGate::open(table.endpoint(), fault).await;
    let budget = BUDGET.as_millis().to_string();
    let settings = [
        ("ORDER_INDEX", INDEX),
        ("REQUEST_BUDGET_MS", budget.as_str()),
        ("STRIPE_TIMEOUT_MS", "300"),
        ("STRIPE_MAX_RETRIES", "1"),
    ];
    for (n, (name, stripe_fault, expected)) in stripe_faults().into_iter().enumerate() {
        // A program of its own, or the breaker would keep it from what Stripe does next.
        let mut lambda = start_lambda(&gate.address(), &stripe.base(), &settings).await;
        let order = format!("cs_test_a1fault{n}");
        if n != 1 {
            stripe.shop(|shop| shop.add(session_of("ava", &order).email("ava@example.com")));
        }
        stripe.clear_faults();
        if let Some(stripe_fault) = stripe_fault {
            stripe.inject(stripe_fault, Times::Always);
        }
        // Somebody else's order is never more than absent; and absent only where that is known.
        let of_stranger = match (expected[column], column) {
            (200, 0) => 404,
            (200, _) => 503,
            (status, _) => status,
        };
        for (user, status) in [("ava", expected[column]), ("ben", of_stranger)] {
            let answer = lambda.invoke(&rest_event(&Asker::user(user), &order)).await;
            let pairing = format!("{user}, the store: {fault:?}, Stripe: {name}: {answer:?}");
            assert_eq!(answer.status, status, "{pairing}");
            assert!(answer.took < BUDGET, "{pairing}");
            assert!(answer.status == 200 || !answer.body.contains("ava@"), "{pairing}");
            assert!(!answer.body.contains("carl@"), "{pairing}");
        }
        assert!(lambda.program.is_running());
        let log = lambda.program.output().join("\n");
        for secret in ["ava@example.com", KEY, "of-the-role"] {
            assert!(!log.contains(secret), "{log}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_any_depth_does_not_end_the_program() {
    let (table, stripe) = services().await;
    stripe.shop(|shop| shop.add(session_of("ava", "cs_test_a1deep")));
    // A row that DynamoDB would keep is corrupt; an answer that it would never give is garbage.
    for (levels, of_ben) in [(30, 500), (1_000, 503), (100_000, 503), (1_000_000, 503)] {
        let gate = TableGate::open(table.endpoint(), TableFault::Nested(levels)).await;
        let mut lambda = start_lambda(&gate.address(), &stripe.base(), &[]).await;
        for (user, status) in [("ava", 200), ("ben", of_ben)] {
            let answer = lambda.invoke(&rest_event(&Asker::user(user), "cs_test_a1deep")).await;
            assert_eq!(answer.status, status, "{levels} levels: {answer:?}");
        }
        assert!(lambda.program.is_running());
    }
}

macro_rules! matrix {
    ($($name:ident: $fault:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                every_stripe_with(TableFault::$fault).await;
            }
        )*
    };
}

matrix! {
    a_store_that_works: None,
    a_store_that_throttles: Throttle,
    a_store_with_internal_errors: Status500,
    a_store_that_answers_garbage: Garbage,
    a_store_that_answers_nothing: Empty,
    a_store_whose_pages_never_end: Endless,
    a_store_that_answers_with_anothers_row: Foreign,
    a_store_that_hangs: Hang,
    a_store_that_closes_connections: Reset,
    a_store_where_nobody_listens: Refused,
    a_store_without_the_table: NoTable,
}
