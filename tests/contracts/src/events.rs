//! What a store must do so that orders can be kept true.

use std::time::Duration;

use orders::ports::{Done, EventStore, Holding, Lookup, SnapshotStore, StoreError, Written};
use orders::{
    Caller, Deadline, EventId, NewSnapshot, OrderStatus, RequestContext, RowRef, Snapshot, UserId,
};

use crate::store::{OtherRow, RowState, StoreSubject, at, ava, order_id, other_row, soon, view};

async fn holdings<S: StoreSubject<Store: EventStore>>(subject: &S) -> Vec<Holding> {
    let (context, created) = (soon(subject), Some(at(0)));
    subject.store().holdings(&context, &ava(), &order_id(), created).await.unwrap()
}

/// What lies with the owner.
async fn hers<S: StoreSubject<Store: EventStore>>(subject: &S) -> Holding {
    let first = holdings(subject).await.swap_remove(0);
    assert_eq!(first.user, ava(), "the owner comes first");
    first
}

fn snapshot(holding: &Holding) -> Snapshot {
    let Lookup::Found(snapshot) = &holding.lookup else { panic!("{holding:?}") };
    snapshot.clone().claim(&Caller::new(holding.user.clone(), None, false)).unwrap()
}

async fn file<S: StoreSubject<Store: EventStore>>(subject: &S, snapshot: &NewSnapshot) -> Written {
    subject.store().file(&soon(subject), &ava(), at(0), snapshot).await.unwrap()
}

async fn update<S: StoreSubject<Store: EventStore>>(
    subject: &S,
    row: &RowRef,
    snapshot: &NewSnapshot,
) -> Written {
    subject.store().update(&soon(subject), &ava(), row, snapshot).await.unwrap()
}

pub async fn an_order_that_is_filed_is_its_owners_and_found_at_once<S>(subject: S)
where
    S: StoreSubject<Store: EventStore>,
{
    assert!(matches!(hers(&subject).await.lookup, Lookup::Absent));
    let written = file(&subject, &view(10, OrderStatus::Completed, 7)).await;
    assert_eq!(written, Written::Stored);
    let holding = hers(&subject).await;
    assert_eq!(holding.changed_at, Some(at(10)));
    let filed = snapshot(&holding);
    assert_eq!((filed.order.amount, filed.order.status), (Some(7), Some(OrderStatus::Completed)));
    assert!(filed.provenance.normalizer_version.is_some() && filed.provenance.is_final);
    assert_eq!(holdings(&subject).await.len(), 1, "nobody else has it");
    // Whoever asks for the order has it from that row, and makes no second one.
    let found = subject.store().find(&soon(&subject), &ava(), &order_id()).await.unwrap();
    assert!(matches!(found, Lookup::Found(_)), "{found:?}");
    let context = soon(&subject);
    let view = view(20, OrderStatus::Pending, 8);
    let inserted = subject.store().insert(&context, &ava(), at(0), &view).await.unwrap();
    assert_eq!((inserted, subject.count_rows(&ava()).await), (Written::KeptExisting, 1));
}

pub async fn a_row_that_still_counts_is_never_replaced_by_filing<S>(subject: S)
where
    S: StoreSubject<Store: EventStore>,
{
    use OrderStatus::{Completed, Pending};
    let amount = async || snapshot(&hers(&subject).await).order.amount;
    assert_eq!(file(&subject, &view(10, Pending, 1)).await, Written::Stored);
    for newer in [view(11, Pending, 2), view(12, Completed, 3)] {
        assert_eq!(file(&subject, &newer).await, Written::KeptExisting);
        assert_eq!(amount().await, Some(1));
    }
    subject.file(&other_row(at(0), 4)).await;
    assert_eq!(file(&subject, &view(13, Completed, 5)).await, Written::KeptExisting);
    subject.file(&OtherRow { state: RowState::Expired, ..other_row(at(0), 4) }).await;
    assert_eq!(file(&subject, &view(14, Completed, 6)).await, Written::Stored);
    assert_eq!((amount().await, subject.count_rows(&ava()).await), (Some(6), 1));
}

pub async fn a_row_is_found_whichever_program_wrote_it_and_is_updated_in_its_place<S>(subject: S)
where
    S: StoreSubject<Store: EventStore>,
{
    let phone = Some("+15555550100".to_owned());
    subject.file(&OtherRow { phone, ..other_row(at(41), 3) }).await;
    let read = snapshot(&hers(&subject).await);
    let refunded = view(100, OrderStatus::Refunded, 3);
    assert_eq!(update(&subject, &read.row, &refunded).await, Written::Stored);
    let holding = hers(&subject).await;
    let updated = snapshot(&holding);
    assert_eq!(updated.order.status, Some(OrderStatus::Refunded));
    assert!(updated.provenance.normalizer_version.is_some());
    assert_eq!((holding.changed_at, subject.count_rows(&ava()).await), (Some(at(100)), 1));

    let broken = OtherRow { state: RowState::Corrupt, ..other_row(at(41), 3) };
    subject.file(&broken).await;
    let Lookup::Corrupt(row) = hers(&subject).await.lookup else { panic!("it is corrupt") };
    assert_eq!(update(&subject, &row.row, &refunded).await, Written::Stored);
    assert_eq!(snapshot(&hers(&subject).await).order.amount, Some(3));
}

pub async fn an_update_gives_way_to_any_change_since_the_row_was_read<S>(subject: S)
where
    S: StoreSubject<Store: EventStore>,
{
    for mark in [None, Some(at(30))] {
        let read = OtherRow { updated_at: mark, ..other_row(at(0), 3) };
        subject.file(&read).await;
        let row = snapshot(&hers(&subject).await).row;
        let [first, second] = [(40, 1), (50, 2)]
            .map(|(seconds, amount)| view(seconds, OrderStatus::Completed, amount));
        assert_eq!(update(&subject, &row, &first).await, Written::Stored, "{mark:?}");
        // Even ours, and even though this view is the newer one: it was not seen.
        assert_eq!(update(&subject, &row, &second).await, Written::KeptExisting, "{mark:?}");
        let again = snapshot(&hers(&subject).await).row;
        subject.file(&OtherRow { updated_at: Some(at(60)), amount: 9, ..read }).await;
        assert_eq!(update(&subject, &again, &second).await, Written::KeptExisting, "{mark:?}");
        assert_eq!(snapshot(&hers(&subject).await).order.amount, Some(9));
    }
}

pub async fn an_update_may_change_what_is_final<S>(subject: S)
where
    S: StoreSubject<Store: EventStore>,
{
    file(&subject, &view(10, OrderStatus::Completed, 7)).await;
    for (seconds, status) in [(20, OrderStatus::Refunded), (30, OrderStatus::Completed)] {
        let row = snapshot(&hers(&subject).await).row;
        let written = update(&subject, &row, &view(seconds, status.clone(), 7)).await;
        let now = snapshot(&hers(&subject).await).order.status;
        assert_eq!((written, now), (Written::Stored, Some(status)));
    }
}

pub async fn an_update_of_a_row_that_is_gone_makes_none<S>(subject: S)
where
    S: StoreSubject<Store: EventStore>,
{
    for seen in [None, Some("S2025-11-26T21:28:24.990Z".to_owned())] {
        let row = RowRef::new("ORDER#1#cs_test_1".to_owned(), seen);
        let outcome = update(&subject, &row, &view(10, OrderStatus::Completed, 1)).await;
        assert_eq!((outcome, subject.count_rows(&ava()).await), (Written::KeptExisting, 0));
    }
}

pub async fn what_changed_last_is_told_of_all_rows<S>(subject: S)
where
    S: StoreSubject<Store: EventStore>,
{
    let changed_at = async || hers(&subject).await.changed_at;
    assert_eq!(changed_at().await, None);
    subject.file(&other_row(at(5), 1)).await;
    assert_eq!(changed_at().await, None, "nothing says when");
    subject.file(&OtherRow { updated_at: Some(at(70)), ..other_row(at(9), 2) }).await;
    subject.file(&OtherRow { updated_at: Some(at(60)), ..other_row(at(7), 3) }).await;
    assert_eq!(changed_at().await, Some(at(70)));
    let state = RowState::Expired;
    subject.file(&OtherRow { updated_at: Some(at(80)), state, ..other_row(at(8), 4) }).await;
    assert_eq!(changed_at().await, Some(at(70)), "what has expired is gone");
}

pub async fn others_for_whom_the_order_was_filed_are_found_but_not_their_other_rows<S>(subject: S)
where
    S: StoreSubject<Store: EventStore>,
{
    let [ben, carl]: [UserId; 2] = ["ben".parse().unwrap(), "carl".parse().unwrap()];
    let copy = view(10, OrderStatus::Completed, 7);
    subject.store().insert(&soon(&subject), &ben, at(0), &copy).await.unwrap();
    // What another program filed there may be somebody else's.
    subject.file(&OtherRow { user: carl, ..other_row(at(5), 1) }).await;
    let holdings = holdings(&subject).await;
    let of: Vec<_> = holdings.iter().map(|holding| holding.user.as_str()).collect();
    if !subject.finds_others() {
        assert_eq!(of, ["ava"]);
        return;
    }
    assert_eq!(of, ["ava", "ben"]);
    let row = snapshot(&holdings[1]).row;
    let refunded = view(20, OrderStatus::Refunded, 7);
    let context = soon(&subject);
    let written = subject.store().update(&context, &ben, &row, &refunded).await.unwrap();
    assert_eq!((written, subject.count_rows(&ben).await), (Written::Stored, 1));
    assert_eq!(subject.count_rows(&ava()).await, 0);
}

fn done<S: StoreSubject>(subject: &S, event: &str, status: OrderStatus) -> Done {
    Done {
        event: event.parse().unwrap(),
        event_type: "charge.refunded".to_owned(),
        at: subject.now(),
        order: order_id(),
        status: Some(status),
    }
}

pub async fn an_event_is_done_once_it_is_marked<S>(subject: S)
where
    S: StoreSubject<Store: EventStore>,
{
    let is_done = async |event: &str| {
        let event: EventId = event.parse().unwrap();
        subject.store().is_done(&soon(&subject), &event).await.unwrap()
    };
    assert!(!is_done("evt_1").await);
    for status in [OrderStatus::Completed, OrderStatus::Refunded] {
        let done = done(&subject, "evt_1", status);
        subject.store().mark_done(&soon(&subject), &done).await.unwrap();
        assert!(is_done("evt_1").await);
    }
    assert!(!is_done("evt_2").await);
    assert_eq!(subject.count_rows(&ava()).await, 0);
}

pub async fn a_call_for_events_without_time_fails_without_an_effect<S>(subject: S)
where
    S: StoreSubject<Store: EventStore>,
{
    subject.file(&other_row(at(0), 3)).await;
    let row = snapshot(&hers(&subject).await).row;
    let late = RequestContext::new(Deadline::at(subject.now()));
    let (store, snapshot) = (subject.store(), view(10, OrderStatus::Completed, 1));
    let away = |outcome: Result<(), StoreError>| {
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    };
    let mark = done(&subject, "evt_1", OrderStatus::Completed);
    away(store.file(&late, &ava(), at(1), &snapshot).await.map(|_| ()));
    away(store.update(&late, &ava(), &row, &snapshot).await.map(|_| ()));
    away(store.holdings(&late, &ava(), &order_id(), None).await.map(|_| ()));
    away(store.is_done(&late, &mark.event).await.map(|_| ()));
    away(store.mark_done(&late, &mark).await);
    let soon = RequestContext::new(Deadline::at(subject.now().plus(Duration::from_secs(10))));
    assert!(!store.is_done(&soon, &mark.event).await.unwrap());
    let amount = self::snapshot(&hers(&subject).await).order.amount;
    assert_eq!((subject.count_rows(&ava()).await, amount), (1, Some(3)));
}
