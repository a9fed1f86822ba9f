use super::*;

const BODY: &[u8] = br#"{"id":"evt_1"}"#;
const SIGNED_AT: i64 = 1_764_192_504;
const SECRET: &str = "whsec_shopsOwn";

fn secrets(list: &str) -> WebhookSecrets {
    list.parse().unwrap()
}

/// A signature as Stripe makes it.
fn sign(secret: &str, time: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let signature = mac.chain_update(time).chain_update(".").chain_update(body).finalize();
    hex::encode(signature.into_bytes())
}

fn header(secret: &str) -> String {
    format!("t={SIGNED_AT},v1={}", sign(secret, &SIGNED_AT.to_string(), BODY))
}

/// The verdict on a message that came so many seconds after it was signed.
fn verdict_after(seconds: i64, body: &[u8], header: &str, list: &str) -> Result<(), NotVerified> {
    let now = Timestamp::from_epoch(SIGNED_AT + seconds).unwrap();
    let event = UnverifiedEvent::new(body, Some(header));
    event.verify(&secrets(list), Tolerance { seconds: 300 }, now).map(|_| ())
}

fn verdict(header: &str) -> Result<(), NotVerified> {
    verdict_after(0, BODY, header, SECRET)
}

#[test]
fn any_signature_by_any_secret_in_force_is_enough() {
    let (own, other) = (header(SECRET), header("whsec_other"));
    let of = |header: &str| header.split_once(',').unwrap().1.to_owned();
    for good in [
        own.clone(),
        format!("{other},{}", of(&own)),
        format!("{own},{}", of(&other)),
        format!("v1=nonsense,{own},v0={}", "0".repeat(64)),
        format!(" t={SIGNED_AT} , {} ", of(&own)),
        format!("{},t={SIGNED_AT}", of(&own)),
        own.to_uppercase().replace("T=", "t=").replace("V1=", "v1="),
    ] {
        assert_eq!(verdict(&good), Ok(()), "{good}");
    }
    let rolled = "whsec_new, whsec_shopsOwn,";
    assert_eq!(verdict_after(0, BODY, &own, rolled), Ok(()));
    assert_eq!(verdict_after(0, BODY, &other, rolled), Err(NotVerified::Forged));
}

#[test]
fn a_signature_of_other_bytes_another_time_or_another_secret_is_forged() {
    let own = header(SECRET);
    let signature = own.split_once("v1=").unwrap().1;
    for (body, header) in [
        (&BODY[..BODY.len() - 1], own.clone()),
        (br#"{"id": "evt_1"}"#, own.clone()),
        (b"", own.clone()),
        (BODY, header("whsec_other")),
        (BODY, format!("t={},v1={signature}", SIGNED_AT + 1)),
        // The number is the same, but it is not what was signed.
        (BODY, format!("t=0{SIGNED_AT},v1={signature}")),
        (BODY, format!("t={SIGNED_AT},v1={}", "0".repeat(64))),
    ] {
        assert_eq!(verdict_after(0, body, &header, SECRET), Err(NotVerified::Forged), "{header}");
    }
}

#[test]
fn the_tolerance_has_two_ends() {
    let own = header(SECRET);
    for (seconds, expected) in [
        (300, Ok(())),
        (-300, Ok(())),
        (301, Err(NotVerified::TooOld(301))),
        (-301, Err(NotVerified::TooEarly(301))),
    ] {
        assert_eq!(verdict_after(seconds, BODY, &own, SECRET), expected, "{seconds}");
    }
    let signed_late = sign(SECRET, &i64::MAX.to_string(), BODY);
    let late = verdict(&format!("t={},v1={signed_late}", i64::MAX));
    assert!(matches!(late, Err(NotVerified::TooEarly(_))), "{late:?}");
}

#[test]
fn a_header_that_cannot_be_read_is_refused() {
    let own = header(SECRET);
    let signature = own.split_once(',').unwrap().1;
    let many = vec![signature; 33].join(",");
    for bad in [
        "t",
        "=",
        ",,,",
        "\u{1f600}",
        signature,
        &format!("t=,{signature}"),
        &format!("t=-{SIGNED_AT},{signature}"),
        &format!("t=+{SIGNED_AT},{signature}"),
        &format!("t={SIGNED_AT}.0,{signature}"),
        &format!("t=99999999999999999999,{signature}"),
        &format!("t={SIGNED_AT},t={SIGNED_AT},{signature}"),
        &format!("{own},{own}"),
        &format!("t={SIGNED_AT}"),
        &format!("t={SIGNED_AT},v0={}", &signature[3..]),
        &format!("t={SIGNED_AT},v1="),
        &format!("t={SIGNED_AT},{}", &signature[..66]),
        &format!("t={SIGNED_AT},{many}"),
    ] {
        let outcome = verdict(bad);
        assert!(matches!(outcome, Err(NotVerified::Unreadable(_))), "{bad}: {outcome:?}");
    }
    for blank in [Some(""), Some("  "), None] {
        let now = Timestamp::from_epoch(SIGNED_AT).unwrap();
        let event = UnverifiedEvent::new(BODY, blank);
        let outcome = event.verify(&secrets(SECRET), Tolerance { seconds: 300 }, now);
        assert_eq!(outcome.unwrap_err(), NotVerified::Unsigned);
    }
}

#[test]
fn a_message_larger_than_any_event_is_refused_although_it_is_signed() {
    let time = SIGNED_AT.to_string();
    for (size, expected) in
        [(MAX_EVENT, Ok(())), (MAX_EVENT + 1, Err(NotVerified::TooLarge(262_145)))]
    {
        let body = vec![b' '; size];
        let header = format!("t={time},v1={}", sign(SECRET, &time, &body));
        assert_eq!(verdict_after(0, &body, &header, SECRET), expected);
    }
}

#[test]
fn what_holds_no_secret_is_refused_without_being_shown() {
    for (text, why) in [
        ("", InvalidWebhookSecret::Empty),
        (" , ,", InvalidWebhookSecret::Empty),
        ("sk_test_abc", InvalidWebhookSecret::ApiKey),
        ("whsec_a,rk_live_abc", InvalidWebhookSecret::ApiKey),
        ("\"whsec_a\"", InvalidWebhookSecret::Character),
        ("whsec_a b", InvalidWebhookSecret::Character),
    ] {
        assert_eq!(text.parse::<WebhookSecrets>().unwrap_err(), why, "{text:?}");
    }
    assert!(!format!("{:?}", secrets(SECRET)).contains("shopsOwn"));
    assert!(!format!("{:?}", UnverifiedEvent::new(BODY, None)).contains("evt"));
}
