//! Whose order it is: the five kinds of evidence, and the only place that weighs them.
//!
//! Evidence is heard strongest first, and the first that speaks decides. A user id of somebody
//! else (the row's, the session's, the customer's) denies, whatever weaker evidence would say.
//! Another customer in the profile or another e-mail says nothing. No evidence denies.
//!
//! An order that is not yet somebody's is an [`UnverifiedSnapshot`] or [`UnverifiedCheckout`];
//! their insides are reached only through the claims below. Where nobody asks, since Stripe sent
//! word of the order, the same evidence names its [`owner`](UnverifiedCheckout::owner).

use crate::{
    Caller, CheckoutEvidence, CustomerId, InvalidUserId, Order, Personal, Snapshot,
    UnverifiedCheckout, UnverifiedSnapshot, UserId,
};

/// The evidence that decided, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The row lies in the caller's own partition, and its `userId`, if any, is the caller's.
    Row,
    /// `userId` or `user_id` in the session's metadata.
    SessionMetadata,
    /// The same in the metadata of the session's customer.
    CustomerMetadata,
    /// The caller's profile names the session's customer.
    Profile,
    /// The session's e-mail is the caller's user id, or the caller's verified e-mail.
    Email,
}

impl Evidence {
    /// The word for logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::SessionMetadata => "session_metadata",
            Self::CustomerMetadata => "customer_metadata",
            Self::Profile => "profile",
            Self::Email => "email",
        }
    }
}

/// The order is not the caller's, as far as anybody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// A user id of somebody else stands in this evidence.
    #[error("somebody else's user id in the {}", .0.as_str())]
    SomebodyElse(Evidence),
    /// Nothing ties the order to the caller.
    #[error("nothing ties the order to the caller")]
    NoEvidence,
}

/// A session says of nobody that the order is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ownerless {
    /// There is neither a user id nor an e-mail.
    #[error("the session names no user and has no e-mail")]
    Nobody,
    /// What speaks first is no user id; nothing weaker is heard then.
    #[error("what the session names as its user cannot be one: {0}")]
    Unusable(InvalidUserId),
}

/// What a claim on a checkout session came to.
#[derive(Debug)]
pub enum Claim<'a> {
    /// It is the caller's.
    Owned(OwnedCheckout<'a>),
    /// It is not.
    Denied(Denied),
    /// Only the caller's profile can still tell.
    AskProfile(PendingClaim<'a>),
}

/// A checkout session that was found to be the caller's.
#[derive(Clone, Copy, Debug)]
pub struct OwnedCheckout<'a> {
    checkout: &'a UnverifiedCheckout,
    evidence: Evidence,
}

impl<'a> OwnedCheckout<'a> {
    /// The order, now that it is the caller's.
    pub fn order(&self) -> &'a Order {
        &self.checkout.order
    }

    /// The session's customer, to be kept with the snapshot.
    pub fn customer(&self) -> Option<&'a CustomerId> {
        self.checkout.evidence.customer.as_ref()
    }

    /// The session, for when it was made and seen.
    pub fn checkout(&self) -> &'a UnverifiedCheckout {
        self.checkout
    }

    /// What decided.
    pub fn evidence(&self) -> Evidence {
        self.evidence
    }
}

/// A claim that waits for the caller's profile.
#[derive(Debug)]
pub struct PendingClaim<'a> {
    checkout: &'a UnverifiedCheckout,
    customer: &'a CustomerId,
}

impl<'a> PendingClaim<'a> {
    /// Decides by the customer that the caller's profile names.
    pub fn with_profile(self, profile: Option<&CustomerId>) -> Result<OwnedCheckout<'a>, Denied> {
        if profile == Some(self.customer) {
            Ok(OwnedCheckout { checkout: self.checkout, evidence: Evidence::Profile })
        } else {
            Err(Denied::NoEvidence)
        }
    }
}

impl UnverifiedSnapshot {
    /// Claims a stored snapshot. The store reads no other partition than the caller's, so what is
    /// left to check is the user id that the rows carry.
    pub fn claim(self, caller: &Caller) -> Result<Snapshot, Denied> {
        check_rows(&self.filed_under, caller)?;
        Ok(self.into_verified())
    }
}

/// Whether the user ids that the caller's rows carry are the caller's.
pub(crate) fn check_rows(filed_under: &[Personal<String>], caller: &Caller) -> Result<(), Denied> {
    let hers = said(filed_under).all(|id| id == caller.user_id().as_str());
    if hers { Ok(()) } else { Err(Denied::SomebodyElse(Evidence::Row)) }
}

impl UnverifiedCheckout {
    /// Claims a session of which the caller has no row.
    ///
    /// The e-mail is heard before the profile although it is weaker: neither can deny, so the
    /// verdict is the same, and the profile costs a read.
    pub fn claim(&self, caller: &Caller) -> Claim<'_> {
        match hear_user_ids(&self.evidence, caller) {
            Some(Ok(evidence)) => return Claim::Owned(OwnedCheckout { checkout: self, evidence }),
            Some(Err(denied)) => return Claim::Denied(denied),
            None => {}
        }
        if email_is_callers(&self.evidence, caller) {
            return Claim::Owned(OwnedCheckout { checkout: self, evidence: Evidence::Email });
        }
        match &self.evidence.customer {
            Some(customer) => Claim::AskProfile(PendingClaim { checkout: self, customer }),
            None => Claim::Denied(Denied::NoEvidence),
        }
    }

    /// Whose the order is by the session's own word, where nobody asks for it: the user that the
    /// session names, else the one that its customer names, else whoever has its e-mail, which in
    /// lower case is then the user id (a guest's orders are filed so). Nothing is stripped from
    /// an id, so two people never share one.
    pub fn owner(&self) -> Result<(UserId, OwnedCheckout<'_>), Ownerless> {
        let CheckoutEvidence { session_user_ids, customer_user_ids, email, .. } = &self.evidence;
        // Of ASCII letters only, as e-mails are compared elsewhere.
        let email = email.as_ref().map(|email| email.reveal().trim().to_ascii_lowercase());
        let named = |ids, kind| Some((said(ids).next()?.to_owned(), kind));
        let (id, evidence) = named(session_user_ids, Evidence::SessionMetadata)
            .or_else(|| named(customer_user_ids, Evidence::CustomerMetadata))
            .or_else(|| Some((email.filter(|email| !email.is_empty())?, Evidence::Email)))
            .ok_or(Ownerless::Nobody)?;
        let user = id.parse().map_err(Ownerless::Unusable)?;
        Ok((user, OwnedCheckout { checkout: self, evidence }))
    }

    /// Claims a session of which the caller has a row.
    ///
    /// The row is the caller's by the row's own evidence. What the session adds is hers only if it
    /// does not name somebody else: one writer of the table strips characters from user ids, so
    /// two people may share a partition.
    pub fn claim_with_row(&self, caller: &Caller) -> Result<OwnedCheckout<'_>, Denied> {
        match hear_user_ids(&self.evidence, caller) {
            Some(Err(denied)) => Err(denied),
            Some(Ok(_)) | None => Ok(OwnedCheckout { checkout: self, evidence: Evidence::Row }),
        }
    }
}

/// Hears the session's user ids, then its customer's. `None`: neither speaks.
fn hear_user_ids(evidence: &CheckoutEvidence, caller: &Caller) -> Option<Result<Evidence, Denied>> {
    [
        (&evidence.session_user_ids, Evidence::SessionMetadata),
        (&evidence.customer_user_ids, Evidence::CustomerMetadata),
    ]
    .into_iter()
    .find_map(|(ids, kind)| {
        // `userId`, or `user_id`: the first that is not blank.
        let hers = said(ids).next()? == caller.user_id().as_str();
        Some(if hers { Ok(kind) } else { Err(Denied::SomebodyElse(kind)) })
    })
}

/// The ids, trimmed; blank ones say nothing.
fn said(ids: &[Personal<String>]) -> impl Iterator<Item = &str> {
    ids.iter().map(|id| id.reveal().trim()).filter(|id| !id.is_empty())
}

/// Compared without the case of ASCII letters only: Unicode's rules would make different mailboxes
/// equal (the Kelvin sign and `k`).
fn email_is_callers(evidence: &CheckoutEvidence, caller: &Caller) -> bool {
    let Some(email) = evidence.email.as_ref().map(|email| email.reveal().trim()) else {
        return false;
    };
    if email.is_empty() {
        return false;
    }
    email.eq_ignore_ascii_case(caller.user_id().as_str())
        || caller.verified_email().is_some_and(|own| email.eq_ignore_ascii_case(own.reveal()))
}

#[cfg(test)]
#[path = "ownership_tests.rs"]
mod tests;
