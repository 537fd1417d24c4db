//! Differences that are real even if money moved during the read, and those that may not be.

use super::*;
use std::time::Duration;

#[test]
fn a_sum_says_nothing_while_money_moves() {
    let zero = Money::ZERO;
    for difference in [
        Difference::Balance { account: zero, ledger: zero },
        Difference::Entries { account: 1, ledger: 2 },
        Difference::Held { account: zero, jobs: zero },
        Difference::OpenJobs { account: 1, jobs: 2 },
    ] {
        assert!(!difference.stands_whatever_moves(), "{difference}");
    }
}

#[test]
fn what_shows_in_one_item_or_in_entries_that_are_there_is_wrong_whatever_moves() {
    let (zero, job, status) = (Money::ZERO, id(OPEN), Status::Processing);
    for difference in [
        Difference::Available { account: zero, sum: zero },
        Difference::Index { job, status, indexed: false },
        Difference::OpenTooLong { job, since: Duration::ZERO },
        Difference::BalanceAfter { sequence: 2, entry: zero, sum: zero },
        Difference::Sequence { place: 2, sequence: 1 },
    ] {
        assert!(difference.stands_whatever_moves(), "{difference}");
    }
    let gap = Difference::Sequence { place: 2, sequence: 3 };
    assert!(!gap.stands_whatever_moves(), "the entry that is missing may come into sight yet");
    assert!(!Difference::Sequence { place: 2, sequence: 2 }.stands_whatever_moves());
}

#[test]
fn a_charge_or_a_refund_is_wrong_whatever_moves_if_what_was_not_seen_cannot_put_it_right() {
    let zero = Money::ZERO;
    let (completed, failed) = (Some(Status::Completed), Some(Status::Failed));
    let (pending, processing) = (Some(Status::Pending), Some(Status::Processing));
    // The status, the number of entries, and whether that many charges and refunds are reported.
    for (status, times, charges, refunds) in [
        (completed, 0, false, false),
        (completed, 1, true, false),
        (completed, 2, true, true),
        (failed, 1, true, true),
        (None, 1, true, true),
        (pending, 1, false, true),
        (pending, 2, true, true),
        (processing, 1, false, true),
        (processing, 2, true, true),
    ] {
        let job = id(OPEN);
        let charge = Difference::Charges { job, status, due: zero, times, charged: zero };
        let refund = Difference::Refunds { job, status, charged: zero, times, refunded: zero };
        let found = [charge, refund].map(|difference| difference.stands_whatever_moves());
        assert_eq!(found, [charges, refunds], "{status:?}, {times}");
    }
}
