use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use orders::Deadline;

use super::*;

/// A clock that stands until it is moved.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// What is kept, and how often it was read.
#[derive(Clone, Default)]
struct Safe {
    holds: Arc<Mutex<Option<&'static str>>>,
    read: Arc<AtomicU32>,
}

impl Safe {
    fn put(&self, key: Option<&'static str>) {
        *self.holds.lock().unwrap() = key;
    }

    fn times_read(&self) -> u32 {
        self.read.load(Ordering::Relaxed)
    }

    fn keys(&self, first: &'static str) -> StripeKeys {
        let safe = self.clone();
        self.put(Some(first));
        StripeKeys::kept(key(first), move || {
            let safe = safe.clone();
            Box::pin(async move {
                safe.read.fetch_add(1, Ordering::Relaxed);
                // Others come while it is being read.
                tokio::task::yield_now().await;
                let held = *safe.holds.lock().unwrap();
                held.map(key).ok_or_else(|| Arc::new(TooSlow) as Cause)
            })
        })
    }
}

const OLD: &str = "sk_test_old";
const NEW: &str = "rk_test_new";

fn key(text: &str) -> SecretKey {
    text.parse().unwrap()
}

fn request(clock: &Hand) -> RequestContext {
    RequestContext::new(Deadline::at(clock.now().plus(Duration::from_secs(10))))
}

/// Stripe refuses the key in use: whether there is another, and what the ledger says of it.
async fn refused(keys: &StripeKeys, clock: &Hand) -> (bool, Option<KeyRefresh>, usize) {
    let context = request(clock);
    let replaced = keys.replace(&keys.current(), &context, clock).await;
    (replaced, context.ledger.usage().key_refresh, context.ledger.take_incidents().len())
}

#[tokio::test]
async fn a_key_that_was_rolled_is_read_anew() {
    let (safe, clock) = (Safe::default(), Hand::default());
    let keys = safe.keys(OLD);
    safe.put(Some(NEW));
    assert_eq!(refused(&keys, &clock).await, (true, Some(KeyRefresh::Refreshed), 0));
    assert!(keys.current() == key(NEW) && safe.times_read() == 1);
}

#[tokio::test]
async fn the_source_is_asked_once_a_minute_whatever_it_says() {
    for (held, refresh, incidents) in [
        (Some(OLD), KeyRefresh::Unchanged, 0),
        (None, KeyRefresh::Failed, 1),
        (Some("sk_live_new"), KeyRefresh::Failed, 1),
    ] {
        let (safe, clock) = (Safe::default(), Hand::default());
        let keys = safe.keys(OLD);
        safe.put(held);
        assert_eq!(refused(&keys, &clock).await, (false, Some(refresh), incidents), "{held:?}");
        clock.pass(59);
        assert_eq!(refused(&keys, &clock).await, (false, None, 0), "{held:?}");
        assert_eq!(safe.times_read(), 1, "{held:?}");
        safe.put(Some(NEW));
        clock.pass(1);
        assert_eq!(refused(&keys, &clock).await, (true, Some(KeyRefresh::Refreshed), 0));
        assert!(keys.current() == key(NEW));
    }
}

#[tokio::test]
async fn those_who_are_refused_together_share_one_reading() {
    let (safe, clock) = (Safe::default(), Hand::default());
    let keys = safe.keys(OLD);
    safe.put(Some(NEW));
    let old = key(OLD);
    let crowd = (0..20).map(|_| async {
        let context = request(&clock);
        (keys.replace(&old, &context, &clock).await, context.ledger.usage().key_refresh)
    });
    let crowd = futures_util::future::join_all(crowd).await;
    assert!(crowd.iter().all(|(replaced, _)| *replaced));
    assert_eq!(crowd.iter().filter(|(_, refresh)| refresh.is_some()).count(), 1);
    assert_eq!(safe.times_read(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_does_not_answer_holds_nobody_up_for_long() {
    let clock = Hand::default();
    let keys = StripeKeys::kept(key(OLD), || Box::pin(std::future::pending()));
    let started = tokio::time::Instant::now();
    assert_eq!(refused(&keys, &clock).await, (false, Some(KeyRefresh::Failed), 1));
    assert_eq!(started.elapsed(), PATIENCE);
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_outlasts_one_request_serves_the_next() {
    let clock = Hand::default();
    let read = Arc::<AtomicU32>::default();
    let count = Arc::clone(&read);
    let keys = StripeKeys::kept(key(OLD), move || {
        count.fetch_add(1, Ordering::Relaxed);
        Box::pin(async {
            tokio::time::sleep(PATIENCE).await;
            Ok(key(NEW))
        })
    });
    // Somebody hangs up while it is being read, another has too little time.
    let (context, old) = (request(&clock), key(OLD));
    let hung_up = tokio::time::timeout(PATIENCE / 4, keys.replace(&old, &context, &clock));
    assert!(hung_up.await.is_err());
    let short = RequestContext::new(Deadline::at(clock.now().plus(Duration::from_millis(20))));
    assert!(!keys.replace(&key(OLD), &short, &clock).await);
    assert_eq!(refused(&keys, &clock).await, (true, Some(KeyRefresh::Refreshed), 0));
    assert!(keys.current() == key(NEW) && read.load(Ordering::Relaxed) == 1);
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_nobody_from_asking() {
    let (safe, clock) = (Safe::default(), Hand::default());
    let keys = safe.keys(OLD);
    clock.pass(7200);
    assert_eq!(refused(&keys, &clock).await.1, Some(KeyRefresh::Unchanged));
    clock.pass(-3600);
    safe.put(Some(NEW));
    assert_eq!(refused(&keys, &clock).await, (true, Some(KeyRefresh::Refreshed), 0));
}

#[tokio::test]
async fn a_key_that_was_given_stays() {
    let keys = StripeKeys::from(key(OLD));
    assert_eq!(refused(&keys, &Hand::default()).await, (false, None, 0));
    assert_eq!(format!("{keys:?}"), "StripeKeys { mode: Test, .. }");
}
