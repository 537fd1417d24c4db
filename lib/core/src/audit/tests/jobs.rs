//! Differences of a job other than its charge: refunds, the index of open jobs, and the time it is
//! open.

use super::*;
use std::time::Duration;

#[test]
fn a_completed_job_is_refunded_once_and_what_it_was_charged() {
    let (account, books) = sound();
    let with = |entries: &[(&str, Of)]| {
        let (mut account, mut books) = (account, books.clone());
        for (amount, of) in entries {
            post_with(&mut account, &mut books, amount, *of);
        }
        let found = differences(&account, books);
        found.iter().map(Difference::to_string).collect::<Vec<_>>()
    };
    let refund = |job| Of::Refund(id(job));
    let said = |job, rest: &str| vec![format!("job {} is {rest}", id(job))];
    assert_eq!(with(&[("4.20", refund(COMPLETED))]), [""; 0]);
    assert_eq!(
        with(&[("4.199999", refund(COMPLETED))]),
        said(
            COMPLETED,
            "completed and was charged MXN 4.20, given back were MXN 4.199999 by 1 refund(s)"
        )
    );
    assert_eq!(
        with(&[("4.20", refund(COMPLETED)), ("0", refund(COMPLETED))]),
        said(
            COMPLETED,
            "completed and was charged MXN 4.20, given back were MXN 4.20 by 2 refund(s)"
        )
    );
    assert_eq!(
        with(&[("0", refund(FAILED))]),
        said(FAILED, "failed and was charged MXN 0.00, given back were MXN 0.00 by 1 refund(s)")
    );
    assert_eq!(
        with(&[("4.20", refund(OPEN))]),
        said(OPEN, "processing and was charged MXN 0.00, given back were MXN 4.20 by 1 refund(s)")
    );
    assert_eq!(
        with(&[("4.20", refund(9))]),
        said(9, "not there and was charged MXN 0.00, given back were MXN 4.20 by 1 refund(s)")
    );
    let both = with(&[("-4.20", consumption(9)), ("4.20", refund(9))]);
    assert_eq!(
        both[1..],
        said(9, "not there and was charged MXN 4.20, given back were MXN 4.20 by 1 refund(s)"),
        "{both:?}"
    );
}

#[test]
fn a_job_is_in_the_index_of_open_jobs_as_long_as_it_is_open() {
    for (job, status) in STATUSES.into_iter().chain([(OPEN, Status::Pending)]) {
        let right = standing(job, status);
        let indexed = !right.indexed;
        assert_eq!(found(right), []);
        assert_eq!(
            found(Standing { indexed, ..right }),
            [Difference::Index { job: id(job), status, indexed }]
        );
    }
    let said = |status, indexed| Difference::Index { job: id(OPEN), status, indexed }.to_string();
    let job = id(OPEN);
    assert_eq!(
        said(Status::Pending, false),
        format!("job {job} is pending and not in the index of open jobs")
    );
    assert_eq!(
        said(Status::Failed, true),
        format!("job {job} is failed and still in the index of open jobs")
    );
}

#[test]
fn no_job_is_open_for_longer_than_all_its_phases_take() {
    for (job, status) in STATUSES.into_iter().chain([(OPEN, Status::Pending)]) {
        let accepted =
            |ago: Duration| Standing { created: NOW.before(ago), ..standing(job, status) };
        let since = LONGEST_OPEN + Duration::from_secs(1);
        let late = (job == OPEN).then_some(Difference::OpenTooLong { job: id(job), since });
        assert_eq!(found(accepted(LONGEST_OPEN)), []);
        assert_eq!(found(accepted(since)), Vec::from_iter(late), "{status:?}");
    }
    let late =
        Difference::OpenTooLong { job: id(OPEN), since: Duration::from_secs(70 * 3_600 + 3_599) };
    assert_eq!(
        late.to_string(),
        format!(
            "job {} was accepted 70 hours ago and is still open, every job ends within 60",
            id(OPEN)
        )
    );
}

/// The differences of one job whose charge and hold are right.
fn found(job: Standing) -> Vec<Difference> {
    let (account, mut books) = sound();
    for (number, status) in STATUSES {
        books.job(if job.job == id(number) { job } else { standing(number, status) }).unwrap();
    }
    books.differences(&account).unwrap()
}
