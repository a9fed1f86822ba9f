//! What a snapshot store must do.

use std::future::Future;
use std::time::Duration;

use orders::ports::{Lookup, SnapshotStore, StoreError, Written};
use orders::{
    Caller, Deadline, NewSnapshot, Order, OrderId, OrderStatus, RequestContext, RowRef, Snapshot,
    Timestamp, UserId,
};

/// An empty store, and what other programs do to it.
pub trait StoreSubject {
    /// The implementation.
    type Store: SnapshotStore;

    /// The store.
    fn store(&self) -> &Self::Store;

    /// The time by the store's clock.
    fn now(&self) -> Timestamp;

    /// Another program writes a row, in place of one with the same key.
    fn file(&self, row: &OtherRow) -> impl Future<Output = ()>;

    /// A member's profile comes to name a customer.
    fn file_profile(&self, user: &UserId, customer: &str) -> impl Future<Output = ()>;

    /// Whether it can find an order with others than its owner.
    fn finds_others(&self) -> bool;

    /// How many rows of orders a member has, readable or not.
    fn count_rows(&self, user: &UserId) -> impl Future<Output = usize>;
}

/// A completed order as another program files it.
#[derive(Clone, Debug)]
pub struct OtherRow {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub order: OrderId,
    /// The time in its key.
    pub written_at: Timestamp,
    /// Its mark of the last change.
    pub updated_at: Option<Timestamp>,
    /// In minor units.
    pub amount: i64,
    /// Where it is not known, another row may know it.
    pub phone: Option<String>,
    /// Whether it can be read, and whether it still counts.
    pub state: RowState,
}

/// Whether a row can be read, and whether it still counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// It can be served.
    Sound,
    /// Its amount makes no sense.
    Corrupt,
    /// It is past its time to live.
    Expired,
}

pub(crate) fn ava() -> UserId {
    "ava".parse().unwrap()
}

pub(crate) fn order_id() -> OrderId {
    "cs_test_1".parse().unwrap()
}

/// So many seconds after the order was placed, which is long ago.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_epoch(1_764_000_000).unwrap().plus(Duration::from_secs(seconds))
}

pub(crate) fn other_row(written_at: Timestamp, amount: i64) -> OtherRow {
    let state = RowState::Sound;
    OtherRow {
        user: ava(),
        order: order_id(),
        written_at,
        updated_at: None,
        amount,
        phone: None,
        state,
    }
}

/// A view of the order, asked for so many seconds after it was placed.
pub(crate) fn view(seconds: u64, status: OrderStatus, amount: i64) -> NewSnapshot {
    let order = Order { status: Some(status), amount: Some(amount), ..Order::new(order_id()) };
    NewSnapshot { order, customer: None, fetched_at: at(seconds), answered_at: at(seconds) }
}

pub(crate) fn soon<S: StoreSubject>(subject: &S) -> RequestContext {
    RequestContext::new(Deadline::at(subject.now().plus(Duration::from_secs(10))))
}

async fn lookup<S: StoreSubject>(subject: &S, user: &UserId) -> Lookup {
    subject.store().find(&soon(subject), user, &order_id()).await.unwrap()
}

async fn found<S: StoreSubject>(subject: &S) -> Snapshot {
    let lookup = lookup(subject, &ava()).await;
    let Lookup::Found(snapshot) = lookup else { panic!("{lookup:?}") };
    snapshot.claim(&Caller::new(ava(), None, false)).unwrap()
}

async fn insert<S: StoreSubject>(subject: &S, snapshot: &NewSnapshot) -> Written {
    subject.store().insert(&soon(subject), &ava(), at(0), snapshot).await.unwrap()
}

async fn refresh<S: StoreSubject>(subject: &S, row: &RowRef, snapshot: &NewSnapshot) -> Written {
    subject.store().refresh(&soon(subject), &ava(), row, snapshot).await.unwrap()
}

pub async fn an_order_is_absent_until_it_is_inserted_and_then_its_members_alone<S: StoreSubject>(
    subject: S,
) {
    assert!(matches!(lookup(&subject, &ava()).await, Lookup::Absent));
    let written = insert(&subject, &view(10, OrderStatus::Completed, 7)).await;
    assert_eq!(written, Written::Stored);
    let snapshot = found(&subject).await;
    assert_eq!(
        (snapshot.order.amount, snapshot.order.status),
        (Some(7), Some(OrderStatus::Completed))
    );
    assert!(snapshot.provenance.from_fallback && snapshot.provenance.is_final);
    let ben = lookup(&subject, &"ben".parse().unwrap()).await;
    assert!(matches!(ben, Lookup::Absent), "{ben:?}");
}

pub async fn a_repeated_insert_makes_one_row<S: StoreSubject>(subject: S) {
    for _ in 0..3 {
        insert(&subject, &view(10, OrderStatus::Completed, 7)).await;
    }
    assert_eq!(subject.count_rows(&ava()).await, 1);
    assert_eq!(found(&subject).await.order.amount, Some(7));
}

pub async fn an_insert_replaces_only_an_older_view_of_ours_that_was_not_final<S: StoreSubject>(
    subject: S,
) {
    use OrderStatus::{Completed, Pending};
    for (snapshot, written, amount) in [
        (view(10, Pending, 1), Written::Stored, 1),
        (view(10, Pending, 2), Written::KeptExisting, 1),
        (view(9, Completed, 3), Written::KeptExisting, 1),
        (view(11, Pending, 4), Written::Stored, 4),
        (view(12, Completed, 5), Written::Stored, 5),
        (view(13, Completed, 6), Written::KeptExisting, 5),
    ] {
        let outcome = insert(&subject, &snapshot).await;
        assert_eq!((outcome, found(&subject).await.order.amount), (written, Some(amount)));
        assert_eq!(subject.count_rows(&ava()).await, 1);
    }
}

pub async fn an_insert_leaves_another_programs_row_alone_until_it_has_expired<S: StoreSubject>(
    subject: S,
) {
    let snapshot = view(10, OrderStatus::Completed, 7);
    subject.file(&other_row(at(0), 3)).await;
    assert_eq!(insert(&subject, &snapshot).await, Written::KeptExisting);
    assert_eq!(found(&subject).await.order.amount, Some(3));
    subject.file(&OtherRow { state: RowState::Expired, ..other_row(at(0), 3) }).await;
    assert_eq!(insert(&subject, &snapshot).await, Written::Stored);
    assert_eq!(found(&subject).await.order.amount, Some(7));
    assert_eq!(subject.count_rows(&ava()).await, 1);
}

pub async fn several_rows_are_one_order<S: StoreSubject>(subject: S) {
    let phone = Some("+15555550100".to_owned());
    subject.file(&OtherRow { phone: phone.clone(), ..other_row(at(5), 1) }).await;
    subject.file(&other_row(at(9), 2)).await;
    let by_key = found(&subject).await.order;
    assert_eq!((by_key.amount, by_key.customer_phone.is_some()), (Some(2), true));

    let updated_at = Some(at(100));
    subject.file(&OtherRow { updated_at, phone, ..other_row(at(5), 1) }).await;
    assert_eq!(found(&subject).await.order.amount, Some(1), "changed last, though written first");
}

pub async fn a_corrupt_row_is_passed_over_where_another_serves<S: StoreSubject>(subject: S) {
    subject.file(&OtherRow { state: RowState::Corrupt, ..other_row(at(9), 2) }).await;
    let alone = lookup(&subject, &ava()).await;
    let Lookup::Corrupt(row) = alone else { panic!("{alone:?}") };
    assert_eq!(row.attribute, "amount");
    // It is mended in its place.
    let mended = refresh(&subject, &row.row, &view(20, OrderStatus::Pending, 5)).await;
    assert_eq!((mended, found(&subject).await.order.amount), (Written::Stored, Some(5)));
    assert_eq!(subject.count_rows(&ava()).await, 1);

    subject.file(&OtherRow { state: RowState::Corrupt, ..other_row(at(9), 2) }).await;
    subject.file(&other_row(at(5), 1)).await;
    assert_eq!(found(&subject).await.order.amount, Some(1));
}

pub async fn an_expired_row_is_gone<S: StoreSubject>(subject: S) {
    subject.file(&OtherRow { state: RowState::Expired, ..other_row(at(9), 2) }).await;
    let alone = lookup(&subject, &ava()).await;
    assert!(matches!(alone, Lookup::Absent), "{alone:?}");
    subject.file(&other_row(at(5), 1)).await;
    assert_eq!(found(&subject).await.order.amount, Some(1));
}

pub async fn of_two_refreshes_the_newer_view_stays_whichever_is_written_last<S: StoreSubject>(
    subject: S,
) {
    let views = [view(10, OrderStatus::Pending, 1), view(20, OrderStatus::Completed, 2)];
    for order in [[0, 1], [1, 0]] {
        subject.file(&other_row(at(0), 3)).await;
        let row = found(&subject).await.row;
        for n in order {
            refresh(&subject, &row, &views[n]).await;
        }
        assert_eq!(found(&subject).await.order.amount, Some(2), "{order:?}");
        assert_eq!(subject.count_rows(&ava()).await, 1);
    }
}

pub async fn a_refresh_gives_way_to_a_change_since_the_row_was_read<S: StoreSubject>(subject: S) {
    for mark in [None, Some(at(30))] {
        let read = OtherRow { updated_at: mark, ..other_row(at(0), 3) };
        subject.file(&read).await;
        let row = found(&subject).await.row;
        subject.file(&OtherRow { updated_at: Some(at(60)), amount: 9, ..read.clone() }).await;
        let snapshot = view(40, OrderStatus::Completed, 1);
        let outcome = refresh(&subject, &row, &snapshot).await;
        let amount = found(&subject).await.order.amount;
        assert_eq!((outcome, amount), (Written::KeptExisting, Some(9)), "{mark:?}");
        // Without a change in between the same refresh goes through.
        subject.file(&read).await;
        let outcome = refresh(&subject, &row, &snapshot).await;
        assert_eq!((outcome, found(&subject).await.order.amount), (Written::Stored, Some(1)));
    }
}

pub async fn a_refresh_of_a_row_that_is_gone_makes_none<S: StoreSubject>(subject: S) {
    let row = RowRef::new("ORDER#1#cs_test_1".to_owned(), None);
    let outcome = refresh(&subject, &row, &view(10, OrderStatus::Completed, 1)).await;
    assert_eq!((outcome, subject.count_rows(&ava()).await), (Written::KeptExisting, 0));
}

pub async fn a_profile_names_a_customer_or_none<S: StoreSubject>(subject: S) {
    let customer = async || {
        let named = subject.store().profile_customer(&soon(&subject), &ava()).await.unwrap();
        named.map(|customer| customer.as_str().to_owned())
    };
    assert_eq!(customer().await, None);
    subject.file_profile(&"ben".parse().unwrap(), "cus_ben").await;
    assert_eq!(customer().await, None);
    subject.file_profile(&ava(), "cus_ava").await;
    assert_eq!(customer().await.as_deref(), Some("cus_ava"));
}

pub async fn a_call_without_time_fails_without_an_effect<S: StoreSubject>(subject: S) {
    subject.file(&other_row(at(0), 3)).await;
    let row = found(&subject).await.row;
    let late = RequestContext::new(Deadline::at(subject.now()));
    let (store, snapshot) = (subject.store(), view(10, OrderStatus::Completed, 1));
    let away = |outcome: Result<Written, StoreError>| {
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    };
    away(store.insert(&late, &ava(), at(1), &snapshot).await);
    away(store.refresh(&late, &ava(), &row, &snapshot).await);
    away(store.find(&late, &ava(), &order_id()).await.map(|_| Written::Stored));
    away(store.profile_customer(&late, &ava()).await.map(|_| Written::Stored));
    assert_eq!(
        (subject.count_rows(&ava()).await, found(&subject).await.order.amount),
        (1, Some(3))
    );
}

pub async fn calls_are_counted<S: StoreSubject>(subject: S) {
    let context = soon(&subject);
    subject.store().find(&context, &ava(), &order_id()).await.unwrap();
    assert_eq!(context.ledger.usage().store_calls, 1);
}
