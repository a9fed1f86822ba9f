//! What the ports of `orders` ask of an implementation, as tests.
//!
//! `store_contract!`, `event_store_contract!` and `checkout_contract!` make a test of each promise.
//! They run over the real
//! adapters and over the fakes of the simulation, so that a fake which promises less, and would
//! make the simulation prove nothing, is found out.
#![expect(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a promise that is not kept fails the test"
)]
#![expect(missing_docs, reason = "the name of a case says what is promised")]

pub mod checkout;
pub mod events;
pub mod store;

/// Makes a test of every promise of a [`orders::ports::SnapshotStore`]. Takes a function that
/// makes a subject and runs a case with it to its end.
#[macro_export]
macro_rules! store_contract {
    ($run:path) => {
        $crate::cases! { $run, store:
            an_order_is_absent_until_it_is_inserted_and_then_its_members_alone,
            a_repeated_insert_makes_one_row,
            an_insert_replaces_only_an_older_view_of_ours_that_was_not_final,
            an_insert_leaves_another_programs_row_alone_until_it_has_expired,
            several_rows_are_one_order,
            a_corrupt_row_is_passed_over_where_another_serves,
            an_expired_row_is_gone,
            of_two_refreshes_the_newer_view_stays_whichever_is_written_last,
            a_refresh_gives_way_to_a_change_since_the_row_was_read,
            a_refresh_of_a_row_that_is_gone_makes_none,
            a_profile_names_a_customer_or_none,
            a_call_without_time_fails_without_an_effect,
            calls_are_counted,
        }
    };
}

/// Makes a test of every promise of an [`orders::ports::EventStore`], like [`store_contract`].
#[macro_export]
macro_rules! event_store_contract {
    ($run:path) => {
        $crate::cases! { $run, events:
            an_order_that_is_filed_is_its_owners_and_found_at_once,
            a_row_that_still_counts_is_never_replaced_by_filing,
            a_row_is_found_whichever_program_wrote_it_and_is_updated_in_its_place,
            an_update_gives_way_to_any_change_since_the_row_was_read,
            an_update_may_change_what_is_final,
            an_update_of_a_row_that_is_gone_makes_none,
            what_changed_last_is_told_of_all_rows,
            others_for_whom_the_order_was_filed_are_found_but_not_their_other_rows,
            an_event_is_done_once_it_is_marked,
            a_call_for_events_without_time_fails_without_an_effect,
        }
    };
}

/// Makes a test of every promise of a [`orders::ports::Checkout`] and of
/// [`orders::ports::Payments`], like [`store_contract`].
#[macro_export]
macro_rules! checkout_contract {
    ($run:path) => {
        $crate::cases! { $run, checkout:
            a_session_comes_with_all_its_lines_and_whose_it_is,
            a_session_that_is_not_known_is_absent,
            an_id_of_another_kind_or_mode_is_not_asked_for,
            a_payment_leads_to_its_order_and_any_other_to_none,
            a_refusal_is_told_from_an_outage,
            silence_ends_by_the_deadline,
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! cases {
    ($run:path, $module:ident: $($case:ident),* $(,)?) => {
        $(
            #[test]
            fn $case() {
                $run($crate::$module::$case);
            }
        )*
    };
}
