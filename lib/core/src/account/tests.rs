//! What each event does to an account, and which holds are refused.

use super::*;
use crate::time::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// An hour past midnight, and the midnight after it.
const NOW: Timestamp = Timestamp::from_unix_s(7 * 86_400 + 3_600);
const TOMORROW: Timestamp = Timestamp::from_unix_s(8 * 86_400);

fn mxn(text: &str) -> Money {
    text.parse().unwrap()
}

fn account(balance: &str) -> Account {
    Account { balance: mxn(balance), ..Account::new(OrgId::from_uuid(Uuid::nil())) }
}

#[test]
fn hold_then_settle_charges_once() {
    let held = account("50").after(Change::hold(mxn("4.20"))).unwrap();
    assert_eq!((held.balance, held.held, held.open_jobs), (mxn("50"), mxn("4.20"), 1));
    assert_eq!(held.available().unwrap(), mxn("45.80"));
    let settled = held.after(Change::settle(mxn("4.20")).unwrap()).unwrap();
    assert_eq!((settled.balance, settled.held, settled.open_jobs), (mxn("45.80"), Money::ZERO, 0));
    assert_eq!((held.entries, settled.entries), (0, 1), "a hold is no entry, a charge is one");
    assert_eq!(
        settled.available().unwrap(),
        mxn("45.80"),
        "settling a held cost leaves what is available as it was"
    );
}

#[test]
fn hold_then_release_charges_nothing() {
    let held = account("50").after(Change::hold(mxn("4.20"))).unwrap();
    let released = held.after(Change::release(mxn("4.20")).unwrap()).unwrap();
    assert_eq!(released, Account { revision: 2, ..account("50") });
}

#[test]
fn what_cost_nothing_is_no_entry() {
    let free = account("50").after(Change::hold(Money::ZERO)).unwrap();
    let settled = free.after(Change::settle(Money::ZERO).unwrap()).unwrap();
    assert_eq!(settled, Account { revision: 2, ..account("50") });
}

#[test]
fn a_change_moves_available_by_what_it_says() {
    let before = account("7").after(Change::hold(mxn("1"))).unwrap();
    for change in [
        Change::hold(mxn("4.20")),
        Change::settle(mxn("1")).unwrap(),
        Change::release(mxn("1")).unwrap(),
        Change::posting(mxn("-3")),
    ] {
        let after = before.after(change).unwrap();
        let moved = after.available().unwrap().minus(before.available().unwrap()).unwrap();
        assert_eq!(moved, change.available().unwrap(), "{change:?}");
    }
}

#[test]
fn a_hold_is_refused_at_zero_and_below_and_not_above() {
    assert_eq!(
        account("0.000001").hold_refusal(mxn("4.20"), NOW),
        Ok(None),
        "one job may take the balance below 0"
    );
    for (balance, missing) in [("0", "0.000001"), ("-4.20", "4.200001")] {
        let refused = HoldRefused::InsufficientBalance {
            balance: mxn(balance),
            held: Money::ZERO,
            missing: mxn(missing),
        };
        assert_eq!(account(balance).hold_refusal(mxn("4.20"), NOW), Ok(Some(refused)));
    }
    assert_eq!(
        account("-4.20").hold_refusal(Money::ZERO, NOW),
        Ok(None),
        "what costs nothing needs no balance"
    );
    let on_credit = Account { credit_limit: mxn("10"), ..account("-4.20") };
    assert_eq!(on_credit.hold_refusal(mxn("4.20"), NOW), Ok(None));
}

#[test]
fn only_a_sandbox_has_a_limit_of_a_day_and_it_begins_anew() {
    let (limit, resets_in) = (SANDBOX_JOBS_PER_DAY, Duration::from_secs(86_400 - 3_600));
    let sandbox = Account::new(OrgId::from_uuid(Uuid::nil()).sandbox());
    let full = Account { daily: Some(Daily { day: NOW.day(), jobs: limit }), ..sandbox.clone() };
    assert_eq!(
        full.hold_refusal(Money::ZERO, NOW),
        Ok(Some(HoldRefused::TooManyJobsToday { limit, resets_in }))
    );
    assert_eq!(full.hold_refusal(Money::ZERO, TOMORROW), Ok(None));
    let nearly = Account { daily: Some(Daily { day: NOW.day(), jobs: limit - 1 }), ..sandbox };
    assert_eq!(nearly.hold_refusal(Money::ZERO, NOW), Ok(None));
    let closed = Account { jobs_per_day: Some(0), ..nearly };
    assert_eq!(
        closed.hold_refusal(Money::ZERO, TOMORROW),
        Ok(Some(HoldRefused::TooManyJobsToday {
            limit: 0,
            resets_in: Duration::from_secs(86_400)
        }))
    );
    let live = Account { daily: full.daily, jobs_per_day: Some(1), ..account("10") };
    assert_eq!(live.hold_refusal(mxn("4.20"), NOW), Ok(None), "a live job is paid for");
}

#[test]
fn reasons_come_in_the_order_a_caller_can_act_on() {
    let full = Account { open_jobs: 50, ..account("10") };
    assert_eq!(
        full.hold_refusal(mxn("4.20"), NOW),
        Ok(Some(HoldRefused::TooManyOpenJobs { limit: 50 }))
    );
    let poor_and_full = Account { balance: Money::ZERO, ..full.clone() };
    assert!(matches!(
        poor_and_full.hold_refusal(mxn("4.20"), NOW),
        Ok(Some(HoldRefused::InsufficientBalance { .. }))
    ));
    let suspended = Account { suspended: true, ..poor_and_full };
    assert_eq!(suspended.hold_refusal(mxn("4.20"), NOW), Ok(Some(HoldRefused::Suspended)));
}
