//! Books that agree, and each difference.

mod jobs;
mod moving;

use super::*;
use uuid::Uuid;

fn mxn(text: &str) -> Money {
    text.parse().unwrap()
}

fn id(number: u128) -> JobId {
    JobId::from_uuid(Uuid::from_u128(number))
}

const COMPLETED: u128 = 1;
const FAILED: u128 = 2;
const OPEN: u128 = 3;
const NOW: Timestamp = Timestamp::from_unix_s(1_782_415_166);

/// MXN 50 paid in; one job charged, one failed, one open, MXN 4.20 each.
fn sound() -> (Stated, Books) {
    let account = Stated {
        balance: mxn("45.80"),
        entries: 2,
        held: mxn("4.20"),
        credit_limit: mxn("10"),
        available: mxn("51.60"),
        open_jobs: 1,
        revision: 5,
    };
    let mut books = Books::at(NOW);
    post(&mut books, "50", Of::Other);
    post(&mut books, "-4.20", consumption(COMPLETED));
    (account, books)
}

fn consumption(job: u128) -> Of {
    Of::Consumption(id(job))
}

/// Adds an entry after the last one.
fn post(books: &mut Books, amount: &str, of: Of) {
    let (amount, sequence) = (mxn(amount), u64::try_from(books.postings.len()).unwrap() + 1);
    let balance_after = books.balance.plus(amount).unwrap();
    books.posted(Posting { amount, of, sequence, balance_after }).unwrap();
}

/// Adds an entry after the last one, and changes the account to match.
fn post_with(account: &mut Stated, books: &mut Books, amount: &str, of: Of) {
    post(books, amount, of);
    account.entries += 1;
    account.balance = account.balance.plus(mxn(amount)).unwrap();
    account.available = account.available.plus(mxn(amount)).unwrap();
}

/// A job of MXN 4.20 as it should be.
fn standing(job: u128, status: Status) -> Standing {
    let indexed = status.is_open();
    Standing { job: id(job), status, cost: mxn("4.20"), created: NOW, indexed }
}

const STATUSES: [(u128, Status); 3] =
    [(COMPLETED, Status::Completed), (FAILED, Status::Failed), (OPEN, Status::Processing)];

fn differences(account: &Stated, mut books: Books) -> Vec<Difference> {
    for (job, status) in STATUSES {
        books.job(standing(job, status)).unwrap();
    }
    books.differences(account).unwrap()
}

#[test]
fn what_agrees_has_no_difference() {
    let (account, books) = sound();
    assert_eq!(differences(&account, books), []);
}

#[test]
fn each_number_of_the_account_is_checked_to_the_millionth() {
    let (sound, books) = sound();
    let said = |account: Stated| {
        let found = differences(&account, books.clone());
        found.iter().map(Difference::to_string).collect::<Vec<_>>()
    };
    let off = Stated { balance: mxn("45.800001"), available: mxn("51.600001"), ..sound };
    assert_eq!(said(off), ["the balance is MXN 45.800001, the ledger's sum MXN 45.80"]);
    let off = Stated { held: mxn("4.199999"), available: mxn("51.600001"), ..sound };
    assert_eq!(said(off), ["MXN 4.199999 is held, the open jobs cost MXN 4.20"]);
    assert_eq!(said(Stated { open_jobs: 0, ..sound }), ["0 open jobs are counted, there are 1"]);
    let off = Stated { available: mxn("51.599999"), ..sound };
    assert_eq!(
        said(off),
        ["MXN 51.599999 is available, balance − held + credit limit is MXN 51.60"]
    );
}

#[test]
fn each_job_is_charged_as_its_end_wants() {
    let (account, books) = sound();
    // The account follows the ledger, so only the charges differ.
    let with = |job: u128, amount: &str| {
        let (mut account, mut books) = (account, books.clone());
        post_with(&mut account, &mut books, amount, consumption(job));
        differences(&account, books)
    };
    let charges = |job, status, due: &str, times, charged: &str| {
        vec![Difference::Charges {
            job: id(job),
            status,
            due: mxn(due),
            times,
            charged: mxn(charged),
        }]
    };
    let completed = Some(Status::Completed);
    assert_eq!(
        with(COMPLETED, "-4.20"),
        charges(COMPLETED, completed, "4.20", 2, "8.40"),
        "doubled"
    );
    assert_eq!(
        with(COMPLETED, "0"),
        charges(COMPLETED, completed, "4.20", 2, "4.20"),
        "in two parts"
    );
    assert_eq!(with(FAILED, "-4.20"), charges(FAILED, Some(Status::Failed), "0", 1, "4.20"));
    assert_eq!(
        with(OPEN, "-0.000001"),
        charges(OPEN, Some(Status::Processing), "0", 1, "0.000001")
    );
    assert_eq!(with(9, "-1"), charges(9, None, "0", 1, "1"), "a job that is not there");

    let mut bare = Books::at(NOW);
    post(&mut bare, "45.80", Of::Other);
    let counting = |entries| Stated { entries, ..account };
    assert_eq!(
        differences(&counting(1), bare.clone()),
        charges(COMPLETED, completed, "4.20", 0, "0"),
        "missing"
    );
    post(&mut bare, "-4.199999", consumption(COMPLETED));
    post(&mut bare, "4.199999", Of::Other);
    let other = charges(COMPLETED, completed, "4.20", 1, "4.199999");
    assert_eq!(differences(&counting(3), bare), other, "another amount");
}

#[test]
fn a_completed_job_that_cost_nothing_is_due_no_consumption() {
    let books = |consumed: bool| {
        let mut books = Books::at(NOW);
        if consumed {
            post(&mut books, "0", consumption(COMPLETED));
        }
        books
            .job(Standing { cost: Money::ZERO, ..standing(COMPLETED, Status::Completed) })
            .unwrap();
        books
    };
    let account = |entries| Stated {
        entries,
        balance: mxn("0"),
        held: mxn("0"),
        available: mxn("10"),
        open_jobs: 0,
        ..sound().0
    };
    assert_eq!(books(false).differences(&account(0)).unwrap(), []);
    assert_eq!(books(true).differences(&account(1)).unwrap().len(), 1);
}

#[test]
fn every_entry_is_in_its_place_and_carries_the_sum_up_to_it() {
    let (account, _) = sound();
    // In no order: number, amount, balance after.
    let found = |entries: &[(u64, &str, &str)]| {
        let mut books = Books::at(NOW);
        for (sequence, amount, balance_after) in entries.iter().rev() {
            let of = if amount.starts_with('-') { consumption(COMPLETED) } else { Of::Other };
            let (amount, balance_after) = (mxn(amount), mxn(balance_after));
            books.posted(Posting { amount, of, sequence: *sequence, balance_after }).unwrap();
        }
        let found = differences(&account, books);
        found.iter().map(Difference::to_string).collect::<Vec<_>>()
    };
    assert_eq!(found(&[(1, "50", "50"), (2, "-4.20", "45.80")]), [""; 0]);
    let misplaced = |place, sequence| {
        format!("the entry in place {place} of the ledger says that it is entry {sequence}")
    };
    assert_eq!(found(&[(1, "50", "50"), (3, "-4.20", "45.80")]), [misplaced(2, 3)], "a gap");
    assert_eq!(
        found(&[(1, "50", "50"), (3, "-4.20", "7")]),
        [misplaced(2, 3)],
        "what is behind a gap has no sum"
    );
    assert_eq!(
        found(&[(1, "50", "50"), (1, "-4.20", "45.80")]).len(),
        2,
        "twice the first place, in either order"
    );
    assert_eq!(
        found(&[(0, "50", "50"), (1, "-4.20", "45.80")]),
        [misplaced(1, 0)],
        "no place at all"
    );
    assert_eq!(
        found(&[(1, "50", "50"), (2, "-4.20", "45.800001")]),
        [
            "entry 2 of the ledger says that the balance was MXN 45.800001 then, the sum is MXN 45.80"
        ]
    );
    assert_eq!(
        found(&[(1, "-4.20", "-4.20"), (2, "25", "20.80"), (3, "25", "45.80")]),
        ["2 entries are counted, the ledger has 3"]
    );
}

#[test]
fn sums_that_fit_nowhere_are_an_error() {
    let mut books = Books::at(NOW);
    let posting = |micros| Posting {
        amount: Money::from_micros(micros),
        of: Of::Other,
        sequence: 1,
        balance_after: Money::ZERO,
    };
    books.posted(posting(i64::MAX)).unwrap();
    assert_eq!(books.posted(posting(1)), Err(MoneyOverflow));
}
