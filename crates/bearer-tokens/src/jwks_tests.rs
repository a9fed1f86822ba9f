use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use axum::Router;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use futures_util::future::join_all;

use super::*;
use crate::token::UnverifiedToken;

/// A clock that stands until it is moved.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn pass(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Hand {
    fn set_back(&self, time: Duration) {
        self.0.fetch_sub(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// An issuer that has one key under an id, or is away.
#[derive(Clone, Default)]
struct Issuer {
    id: Arc<std::sync::Mutex<Option<&'static str>>>,
    asked: Arc<AtomicUsize>,
    takes: Arc<std::sync::Mutex<Option<(Duration, Hand)>>>,
    hangs: Arc<AtomicBool>,
}

impl Issuer {
    async fn start(id: &'static str) -> (Self, IssuerKeys<Hand>, Hand) {
        let (issuer, clock) = (Self::default(), Hand::default());
        issuer.has(Some(id));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let answering = issuer.clone();
        let router = Router::new().fallback(move || {
            answering.asked.fetch_add(1, Ordering::Relaxed);
            let id = *answering.id.lock().unwrap();
            if let Some((time, clock)) = &*answering.takes.lock().unwrap() {
                clock.pass(*time);
            }
            let hangs = answering.hangs.load(Ordering::Relaxed);
            async move {
                if hangs {
                    std::future::pending::<()>().await;
                }
                // RFC 8037, appendix A.2.
                let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
                let key = |id| format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{id}","x":"{x}"}}"#);
                let keys = |id| match id {
                    "" => r#"{"keys":[]}"#.to_owned(),
                    id => format!(r#"{{"keys":[{}]}}"#, key(id)),
                };
                id.map(keys).ok_or(axum::http::StatusCode::BAD_GATEWAY)
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        (issuer, IssuerKeys::new(url, &Trust::default(), clock.clone()).unwrap(), clock)
    }

    /// From now on a clock passes while it answers.
    fn takes(&self, time: Duration, clock: &Hand) {
        *self.takes.lock().unwrap() = Some((time, clock.clone()));
    }

    /// From now on it never answers.
    fn hangs(&self) {
        self.hangs.store(true, Ordering::Relaxed);
    }

    fn has(&self, id: Option<&'static str>) {
        *self.id.lock().unwrap() = id;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// Whether a key is among others.
fn has(keys: &SharedKeys, id: &str) -> bool {
    let encode = |part: String| URL_SAFE_NO_PAD.encode(part);
    let header = encode(format!(r#"{{"alg":"EdDSA","kid":"{id}"}}"#));
    let header = format!("Bearer {header}.{}.AAAA", encode("{}".to_owned()));
    keys.has_the_one_named_by(&UnverifiedToken::of_header(Some(&header)).unwrap())
}

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn keys_are_kept_for_an_hour_and_a_withdrawn_one_is_not_believed_for_longer() {
    let (issuer, jwks, clock) = Issuer::start("old").await;
    assert!(has(&jwks.keys().await.unwrap(), "old"));
    issuer.has(Some("new"));
    clock.pass(HOUR.saturating_sub(MINUTE));
    assert!(has(&jwks.keys().await.unwrap(), "old"));
    assert_eq!(issuer.asked(), 1);
    clock.pass(MINUTE);
    let keys = jwks.keys().await.unwrap();
    assert!(has(&keys, "new") && !has(&keys, "old"));
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn in_an_outage_keys_are_believed_for_a_day_and_the_issuer_is_asked_once_a_minute() {
    let (issuer, jwks, clock) = Issuer::start("k").await;
    jwks.keys().await.unwrap();
    issuer.has(None);
    clock.pass(HOUR);
    for asked in [2, 3] {
        for _ in 0..5 {
            assert!(has(&jwks.keys().await.unwrap(), "k"));
        }
        assert_eq!(issuer.asked(), asked);
        clock.pass(MINUTE);
    }
    clock.pass(HOUR * 23);
    assert_eq!(jwks.keys().await.err(), Some(NoKeys::Status(502)));
    issuer.has(Some("k"));
    assert!(jwks.keys().await.is_err(), "it was asked only just");
    clock.pass(MINUTE);
    assert!(has(&jwks.keys().await.unwrap(), "k"));
}

#[tokio::test]
async fn an_issuer_that_is_away_at_the_start_is_asked_again_a_second_later() {
    let (issuer, jwks, clock) = Issuer::start("k").await;
    issuer.has(None);
    assert_eq!(jwks.keys().await.err(), Some(NoKeys::Status(502)));
    issuer.has(Some("k"));
    assert_eq!(jwks.keys().await.err(), Some(NoKeys::Status(502)));
    assert_eq!(issuer.asked(), 1);
    clock.pass(Duration::from_secs(1));
    assert!(has(&jwks.keys().await.unwrap(), "k"));
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_once_a_minute_and_not_judged_while_the_issuer_is_away() {
    let (issuer, jwks, clock) = Issuer::start("old").await;
    let old = jwks.keys().await.unwrap();
    let found = jwks.newer_than(&old).await.unwrap().unwrap();
    assert!(has(&found, "old"), "as it was");
    issuer.has(Some("new"));
    assert!(jwks.newer_than(&found).await.unwrap().is_none(), "it was asked only just");
    assert!(jwks.newer_than(&old).await.unwrap().is_some(), "others have been fetched since");
    assert_eq!(issuer.asked(), 2);
    clock.pass(MINUTE);
    let new = jwks.newer_than(&found).await.unwrap().unwrap();
    assert!(has(&new, "new"));
    issuer.has(None);
    clock.pass(MINUTE);
    for _ in 0..3 {
        assert_eq!(jwks.newer_than(&new).await.err(), Some(NoKeys::Status(502)));
    }
    assert_eq!(issuer.asked(), 4);
    assert!(has(&jwks.keys().await.unwrap(), "new"), "what is known is known");
}

#[tokio::test]
async fn an_issuer_that_withdraws_all_its_keys_is_believed_at_once() {
    let (issuer, jwks, clock) = Issuer::start("k").await;
    let keys = jwks.keys().await.unwrap();
    issuer.has(Some(""));
    assert!(jwks.newer_than(&keys).await.is_err());
    for _ in 0..2 {
        assert_eq!(
            jwks.keys().await.err(),
            Some(NoKeys::Unusable(NoUsableKey::NoneUsable)),
            "and its old keys are forgotten"
        );
        clock.pass(Duration::from_secs(1));
    }
    issuer.has(Some("k"));
    assert!(has(&jwks.keys().await.unwrap(), "k"));
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_no_key_alive_and_nobody_from_asking() {
    let (issuer, jwks, clock) = Issuer::start("old").await;
    clock.pass(HOUR * 3);
    jwks.keys().await.unwrap();
    clock.set_back(HOUR * 2);
    issuer.has(Some("new"));
    assert!(has(&jwks.keys().await.unwrap(), "new"));
}

#[tokio::test]
async fn an_issuer_that_is_slow_and_fails_is_asked_once_for_all_who_wait() {
    let (issuer, jwks, clock) = Issuer::start("k").await;
    issuer.has(None);
    issuer.takes(Duration::from_secs(3), &clock);
    let all = join_all((0..20).map(|_| jwks.keys())).await;
    assert!(all.iter().all(|keys| keys.as_ref().err() == Some(&NoKeys::Status(502))));
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn whoever_has_a_known_key_waits_for_nobody_who_looks_for_another() {
    let (issuer, jwks, clock) = Issuer::start("k").await;
    let keys = jwks.keys().await.unwrap();
    issuer.hangs();
    let search = jwks.newer_than(&keys);
    tokio::pin!(search);
    assert!(search.as_mut().now_or_never().is_none(), "it waits for the issuer");
    assert!(jwks.keys().now_or_never().is_some_and(|keys| keys.is_ok()));
    // Nor, when they are old, for whoever renews them.
    clock.pass(HOUR);
    assert!(jwks.keys().now_or_never().is_some_and(|keys| keys.is_ok()));
}

#[tokio::test]
async fn those_who_need_keys_at_the_same_time_share_one_fetch() {
    let (issuer, jwks, _clock) = Issuer::start("k").await;
    let all = join_all((0..20).map(|_| jwks.keys())).await;
    let keys = all.into_iter().next().unwrap().unwrap();
    assert_eq!(issuer.asked(), 1);
    let newer = join_all((0..20).map(|_| jwks.newer_than(&keys))).await;
    assert!(newer.iter().all(|newer| newer.as_ref().is_ok_and(Option::is_some)));
    assert_eq!(issuer.asked(), 2);
}
