//! What a payment provider's adapter must do.

use std::future::Future;
use std::time::Duration;

use orders::ports::{Checkout, CheckoutError, Payments, Retrieved};
use orders::{
    Caller, Claim, Deadline, Evidence, NewSnapshot, OrderId, PaymentId, RequestContext, Timestamp,
    UserId,
};

/// A provider that knows nothing yet, and what happens to it.
pub trait CheckoutSubject {
    /// The implementation.
    type Checkout: Checkout + Payments;

    /// The adapter. Its key is one of test mode.
    fn checkout(&self) -> &Self::Checkout;

    /// The time by the adapter's clock.
    fn now(&self) -> Timestamp;

    /// How exactly its time is kept.
    fn tolerance(&self) -> Duration;

    /// The id of the payment of an order.
    fn payment(&self, order: &OrderId) -> PaymentId;

    /// A member pays for an order of so many lines.
    fn sell(&self, user: &UserId, order: &OrderId, lines: usize) -> impl Future<Output = ()>;

    /// From now on the provider does this to every request.
    fn inject(&self, fault: Fault) -> impl Future<Output = ()>;
}

/// What a provider does to requests when something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has an error of its own.
    Broken,
    /// It refuses the key.
    Refuses,
    /// It never answers.
    Silent,
}

fn order(text: &str) -> OrderId {
    text.parse().unwrap()
}

fn within<S: CheckoutSubject>(subject: &S, time: Duration) -> RequestContext {
    RequestContext::new(Deadline::at(subject.now().plus(time)))
}

async fn retrieve<S: CheckoutSubject>(
    subject: &S,
    id: &str,
) -> (Result<Retrieved, CheckoutError>, u32) {
    let context = within(subject, Duration::from_secs(2));
    let outcome = subject.checkout().retrieve(&context, &order(id)).await;
    (outcome, context.ledger.usage().stripe_calls)
}

pub async fn a_session_comes_with_all_its_lines_and_whose_it_is<S: CheckoutSubject>(subject: S) {
    let ava: UserId = "ava".parse().unwrap();
    for (id, lines) in [("cs_test_one", 1), ("cs_test_many", 230)] {
        subject.sell(&ava, &order(id), lines).await;
        let before = subject.now();
        let (outcome, calls) = retrieve(&subject, id).await;
        let Ok(Retrieved::Found(checkout)) = outcome else { panic!("{outcome:?}") };
        assert!(calls >= 1, "calls are counted");
        assert!(checkout.is_placed() && checkout.created().is_some());
        assert!((before..=subject.now()).contains(&checkout.fetched_at()));
        let hers = checkout.claim(&Caller::new(ava.clone(), None, false));
        let Claim::Owned(owned) = hers else { panic!("not hers") };
        assert_eq!(owned.evidence(), Evidence::SessionMetadata);
        let sold = NewSnapshot::of(&owned, None).order;
        assert_eq!((sold.order_id, sold.items.len()), (order(id), lines));
        let bens = checkout.claim(&Caller::new("ben".parse().unwrap(), None, false));
        assert!(matches!(bens, Claim::Denied(_)));
    }
}

pub async fn a_session_that_is_not_known_is_absent<S: CheckoutSubject>(subject: S) {
    let (outcome, calls) = retrieve(&subject, "cs_test_nowhere").await;
    assert!(matches!(outcome, Ok(Retrieved::Absent)), "{outcome:?}");
    assert!(calls >= 1);
}

pub async fn an_id_of_another_kind_or_mode_is_not_asked_for<S: CheckoutSubject>(subject: S) {
    for id in ["cs_live_1", "pi_1", "cs_test_", "1"] {
        let (outcome, calls) = retrieve(&subject, id).await;
        assert!(matches!(outcome, Ok(Retrieved::NotAsked)), "{id}: {outcome:?}");
        assert_eq!(calls, 0);
    }
}

pub async fn a_payment_leads_to_its_order_and_any_other_to_none<S: CheckoutSubject>(subject: S) {
    for id in ["cs_test_one", "cs_test_two"] {
        subject.sell(&"ava".parse().unwrap(), &order(id), 1).await;
    }
    let found = async |payment: &PaymentId| {
        let context = within(&subject, Duration::from_secs(2));
        let outcome = subject.checkout().order_of(&context, payment).await;
        assert!(context.ledger.usage().stripe_calls >= 1, "calls are counted");
        outcome
    };
    for id in ["cs_test_one", "cs_test_two"] {
        let payment = subject.payment(&order(id));
        assert_eq!(found(&payment).await.unwrap(), Some(order(id)));
    }
    assert_eq!(found(&"pi_nowhere".parse().unwrap()).await.unwrap(), None);
    subject.inject(Fault::Refuses).await;
    let outcome = found(&"pi_nowhere".parse().unwrap()).await;
    assert!(matches!(outcome, Err(CheckoutError::Refused(_))), "{outcome:?}");
    subject.inject(Fault::Broken).await;
    let outcome = found(&"pi_nowhere".parse().unwrap()).await;
    assert!(matches!(outcome, Err(CheckoutError::Unavailable(_))), "{outcome:?}");
}

pub async fn a_refusal_is_told_from_an_outage<S: CheckoutSubject>(subject: S) {
    subject.sell(&"ava".parse().unwrap(), &order("cs_test_1"), 1).await;
    subject.inject(Fault::Refuses).await;
    let (outcome, _) = retrieve(&subject, "cs_test_1").await;
    assert!(matches!(outcome, Err(CheckoutError::Refused(_))), "{outcome:?}");
    subject.inject(Fault::Broken).await;
    let (outcome, _) = retrieve(&subject, "cs_test_1").await;
    assert!(matches!(outcome, Err(CheckoutError::Unavailable(_))), "{outcome:?}");
}

pub async fn silence_ends_by_the_deadline<S: CheckoutSubject>(subject: S) {
    subject.inject(Fault::Silent).await;
    let started = subject.now();
    let context = within(&subject, Duration::from_millis(300));
    let outcome = subject.checkout().retrieve(&context, &order("cs_test_1")).await;
    assert!(matches!(outcome, Err(CheckoutError::Unavailable(_))), "{outcome:?}");
    let late = started.plus(Duration::from_millis(300) + subject.tolerance());
    assert!(subject.now() <= late, "it came too late");
}
