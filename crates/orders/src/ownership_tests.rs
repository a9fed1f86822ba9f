use super::*;
use crate::{Order, Personal, SessionState, Timestamp};

fn caller(user: &str, email: Option<(&str, bool)>) -> Caller {
    let (email, verified) = email.unzip();
    Caller::new(user.parse().unwrap(), email.map(str::to_owned), verified.unwrap_or(false))
}

fn checkout(evidence: CheckoutEvidence) -> UnverifiedCheckout {
    let moment = Timestamp::from_millis(0).unwrap();
    let order = Order::new("cs_test_1".parse().unwrap());
    UnverifiedCheckout::new(order, evidence, SessionState::Complete, Some(moment), moment)
}

fn ids(list: &[&str]) -> Vec<Personal<String>> {
    list.iter().map(|id| Personal::new((*id).to_owned())).collect()
}

fn evidence(session: &[&str], customer: &[&str], id: &str, email: &str) -> CheckoutEvidence {
    CheckoutEvidence {
        session_user_ids: ids(session),
        customer_user_ids: ids(customer),
        customer: CustomerId::new(id),
        email: (!email.is_empty()).then(|| Personal::new(email.to_owned())),
    }
}

/// The verdict in a word: the evidence that granted, `not:<evidence>`, or `none`.
fn verdict(evidence: CheckoutEvidence, caller: &Caller, profile: &str) -> String {
    let checkout = checkout(evidence);
    let outcome = match checkout.claim(caller) {
        Claim::Owned(owned) => Ok(owned),
        Claim::Denied(denied) => Err(denied),
        Claim::AskProfile(pending) => pending.with_profile(CustomerId::new(profile).as_ref()),
    };
    match outcome {
        Ok(owned) => owned.evidence().as_str().to_owned(),
        Err(Denied::SomebodyElse(evidence)) => format!("not:{}", evidence.as_str()),
        Err(Denied::NoEvidence) => "none".to_owned(),
    }
}

#[test]
fn the_first_evidence_that_speaks_decides() {
    let ben = caller("ben", None);
    for (said, profile, expected) in [
        (evidence(&["ben"], &[], "", ""), "", "session_metadata"),
        (evidence(&["", " ben "], &[], "", ""), "", "session_metadata"),
        (evidence(&["ben"], &["ava"], "", ""), "", "session_metadata"),
        (evidence(&["ava"], &["ben"], "cus_b", "ben"), "cus_b", "not:session_metadata"),
        (evidence(&["ben", "ava"], &[], "", ""), "", "session_metadata"),
        (evidence(&["ava", "ben"], &[], "", ""), "", "not:session_metadata"),
        (evidence(&["Ben"], &[], "", ""), "", "not:session_metadata"),
        (evidence(&[], &["ben"], "", ""), "", "customer_metadata"),
        (evidence(&[" "], &["ava"], "cus_b", "ben"), "cus_b", "not:customer_metadata"),
        (evidence(&[], &[], "cus_b", ""), "cus_b", "profile"),
        (evidence(&[], &[], "cus_b", "ava@example.com"), "cus_b", "profile"),
        (evidence(&[], &[], "cus_a", ""), "cus_b", "none"),
        (evidence(&[], &[], "cus_a", "BEN"), "cus_b", "email"),
        (evidence(&[], &[], "", ""), "cus_b", "none"),
    ] {
        assert_eq!(verdict(said, &ben, profile), expected);
    }
}

#[test]
fn an_email_is_evidence_only_as_the_user_id_or_when_verified() {
    let guest = evidence(&[], &[], "", "Guest@Example.com");
    for (user, email, expected) in [
        ("guest@example.com", None, "email"),
        ("u1", Some(("GUEST@example.com", true)), "email"),
        ("u1", Some(("guest@example.com", false)), "none"),
        ("u1", Some(("other@example.com", true)), "none"),
        ("u1", None, "none"),
    ] {
        assert_eq!(verdict(guest.clone(), &caller(user, email), ""), expected, "{user}");
    }
}

#[test]
fn letters_that_only_unicode_calls_equal_make_no_same_mailbox() {
    let kelvin = evidence(&[], &[], "", "\u{212a}ate@example.com");
    assert_eq!(verdict(kelvin, &caller("kate@example.com", None), ""), "none");
}

#[test]
fn a_session_that_names_somebody_else_adds_nothing_to_the_callers_row() {
    let ben = caller("ben", None);
    let outcome = |said| checkout(said).claim_with_row(&ben).map(|owned| owned.evidence());
    assert_eq!(outcome(evidence(&[], &[], "", "")), Ok(Evidence::Row));
    assert_eq!(outcome(evidence(&["ben"], &["ava"], "", "")), Ok(Evidence::Row));
    assert_eq!(
        outcome(evidence(&["ava"], &[], "", "ben")),
        Err(Denied::SomebodyElse(Evidence::SessionMetadata))
    );
}

#[test]
fn a_row_that_carries_somebody_elses_user_id_is_not_the_callers() {
    let ben = caller("ben", None);
    for (filed_under, allowed) in [
        (&[][..], true),
        (&["ben"], true),
        (&[""], true),
        (&["ava"], false),
        (&["ben", "ava"], false),
    ] {
        assert_eq!(check_rows(&ids(filed_under), &ben).is_ok(), allowed, "{filed_under:?}");
    }
}

/// Whose a session says that its order is.
fn owner(evidence: CheckoutEvidence) -> Result<(String, Evidence), Ownerless> {
    let checkout = checkout(evidence);
    checkout.owner().map(|(user, owned)| (user.as_str().to_owned(), owned.evidence()))
}

#[test]
fn an_owner_is_named_by_the_session_else_by_its_customer_else_by_the_email() {
    use Evidence::{CustomerMetadata, Email, SessionMetadata};
    for (said, user, by) in [
        (evidence(&["ava"], &["ben"], "cus", "carl@example.com"), "ava", SessionMetadata),
        (evidence(&[" ", " ava "], &["ben"], "", ""), "ava", SessionMetadata),
        (evidence(&[], &["ben"], "", "carl@example.com"), "ben", CustomerMetadata),
        (evidence(&[], &[" "], "", " Carl@Example.COM "), "carl@example.com", Email),
        // Other programs strip such characters; then two people would share a partition.
        (evidence(&["auth0|7 /#+"], &[], "", ""), "auth0|7 /#+", SessionMetadata),
        (evidence(&["Ava"], &[], "", ""), "Ava", SessionMetadata),
        // The Kelvin sign is not k: another mailbox.
        (evidence(&[], &[], "", "\u{212a}im@example.com"), "\u{212a}im@example.com", Email),
    ] {
        assert_eq!(owner(said), Ok((user.to_owned(), by)));
    }
}

#[test]
fn nobody_is_the_owner_where_nothing_speaks_or_what_speaks_first_is_no_user_id() {
    assert_eq!(owner(evidence(&[" "], &[], "cus_a", "  ")), Err(Ownerless::Nobody));
    let long = "a".repeat(257);
    for (bad, why) in
        [("a\u{0}b", InvalidUserId::ControlCharacter), (&long, InvalidUserId::TooLong)]
    {
        let said = evidence(&[bad], &["ben"], "", "carl@example.com");
        assert_eq!(owner(said), Err(Ownerless::Unusable(why)));
    }
}
