//! The state machine: every move from every state. Then turns, leases, cadence and deadlines at
//! their limits.

mod ending;
mod stopping;

use super::*;
use crate::failure::FailureCode;
use crate::fixtures::{
    CREATED, FILE, UPLOAD, VIDEO, at, changed, failure, handle, in_every_state, in_state, kling,
};
use serde_json::json;
use std::time::Duration;

/// The job with this cadence in seconds, due at this moment.
fn with_cadence(job: &Job, poll_every_s: u32, due: Timestamp) -> Job {
    let terms = changed(&job.terms, &json!({"poll_every_s": poll_every_s}));
    Job { terms, due, ..job.clone() }
}

/// A test of the local system compares the lease with the template's timeouts.
#[test]
fn the_lease_is_the_longest_sender_and_half_a_minute() {
    assert_eq!(SUBMIT_LEASE, Duration::from_secs(60));
}

/// A move and its result from each of the eight states: `A`pplied, already (`=`), or illegal (`.`).
type Row = (&'static str, fn(Job) -> Moved, &'static str);

#[rustfmt::skip]
const ROWS: [Row; 20] = [
    // from:  pending, leased, queued, rendering, found, uploading | completed, failed
    ("accepted",          |job| job.accepted(handle("r-1"), at(300)),           "AA====.."),
    ("accepted as other", |job| job.accepted(handle("r-2"), at(300)),           "AA......"),
    ("not taken",         |job| job.not_taken("no", at(300), Duration::from_secs(9)), "=A......"),
    ("queued",            |job| job.looked_at(&Seen::Queued, at(300)),          "..==...."),
    ("rendering",         |job| job.looked_at(&Seen::Rendering, at(300)),       "..A=...."),
    ("over",              |job| job.looked_at(&Seen::Over("no".into()), at(300)), "..AA...."),
    ("trouble",           |job| job.looked_at(&Seen::Trouble("no".into()), at(300)), "..AA...."),
    ("stopping",          |job| job.stopping(Failure::cancelled(), at(300)),    "..AA...."),
    ("stopping early",    |job| job.stopping_early(Failure::cancelled(), at(300), Duration::from_secs(40)), "..AA...."),
    ("file found",        |job| job.file_found("https://x".into(), at(300)),    "..AA==.."),
    ("upload begun",      |job| job.uploading(Some(UPLOAD.into())),             "....A=.."),
    ("upload given up",   |job| job.uploading(None),                            "....=A.."),
    ("not stored",        |job| job.not_stored("no", at(300), Duration::from_secs(15)), "....AA.."),
    ("completed",         |job| job.completed("https://y".into(), at(300)),     "....AA=."),
    ("failed",            |job| job.failed(failure(), at(300)),                 "AAAAAA.="),
    ("turn",              |job| job.turn(at(300), Duration::from_secs(15)),     "AAAAAA=="),
    ("early turn",        |job| job.early_turn(at(300), Duration::from_secs(40)), "AAAAAA=="),
    ("leased",            |job| job.leased(at(300)),                            "A=......"),
    ("again in",          |job| job.again_in(at(300), Duration::from_secs(15)), "AAAAAA.."),
    ("again after",       |job| job.again_after("no", at(300), Duration::from_secs(15)), "AAAAAA.."),
];

#[test]
fn each_status_has_a_word_of_its_own() {
    for status in Status::ALL {
        assert_eq!(Status::named(status.as_str()), Some(status));
    }
    assert_eq!(Status::named("Completed"), None);
}

#[test]
fn every_move_from_every_state() {
    for (name, go, expected) in ROWS {
        for ((from, job), expected) in in_every_state().into_iter().zip(expected.chars()) {
            let moved = go(job.clone());
            let outcome = match &moved {
                Moved::Applied(_) => 'A',
                Moved::Already(_) => '=',
                Moved::Illegal(_) => '.',
            };
            assert_eq!(outcome, expected, "{name} from {from}");
            match moved {
                Moved::Applied(after) => assert_legal(name, &job, &after),
                Moved::Already(after) | Moved::Illegal(after) => {
                    assert_eq!(after, job, "{name} from {from}")
                }
            }
        }
    }
}

/// The rules that every applied move keeps.
fn assert_legal(name: &str, before: &Job, after: &Job) {
    use Status::{Completed, Failed, Pending, Processing};
    let path = (before.status(), after.status());
    let published =
        [(Pending, Processing), (Pending, Failed), (Processing, Completed), (Processing, Failed)];
    assert!(before.is_open(), "{name}: a final state never changes");
    assert!(path.0 == path.1 || published.contains(&path), "{name}: {path:?}");
    assert_eq!(after.revision, before.revision + 1, "{name}: one write, one revision");
    let (stop, trouble) = (before.stop.clone(), before.trouble.clone());
    let moving = Job {
        due: before.due,
        revision: before.revision,
        state: before.state.clone(),
        ..after.clone()
    };
    let frozen = Job { stop, trouble, ..moving };
    let taken = path == (Pending, Processing); // which is told nothing more
    let terms = if taken { before.terms.clone().told() } else { before.terms.clone() };
    let before = Job { terms, ..before.clone() };
    assert_eq!(frozen, before, "{name}: what was decided at the submit stays");
}

#[test]
fn a_move_says_when_the_job_is_looked_at_next() {
    let due = |moved: Moved| moved.applied().expect("it applies").due;
    let turn = Duration::from_secs(330);
    for (name, found, expected) in [
        ("accepted", due(in_state("leased").accepted(handle("r-1"), at(2))), at(2 + 15)),
        (
            "not taken",
            due(in_state("leased").not_taken("no", at(2), Duration::from_millis(9_900))),
            at(2 + 10),
        ),
        ("leased", due(kling().leased(at(40))), at(40).after(SUBMIT_LEASE)),
        ("rendering", due(in_state("queued").looked_at(&Seen::Rendering, at(50))), CREATED),
        ("stopping", due(in_state("queued").stopping(Failure::cancelled(), at(50))), CREATED),
        ("file found", due(in_state("rendering").file_found(FILE.into(), at(200))), at(200)),
        ("upload begun", due(in_state("found").uploading(Some(UPLOAD.into()))), CREATED),
        ("turn", due(in_state("found").turn(at(201), turn)), at(201 + 330)),
        (
            "not stored",
            due(in_state("found").not_stored("no", at(205), Duration::from_secs(20))),
            at(225),
        ),
        ("again in", due(in_state("found").again_in(at(205), Duration::from_secs(20))), at(225)),
    ] {
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_turn_is_taken_from_five_seconds_before_it_is_due_or_a_third_of_a_short_cadence() {
    for (poll_every_s, refused, taken) in
        [(60, 54, 55), (30, 54, 55), (15, 54, 55), (10, 56, 57), (3, 58, 59), (1, 59, 60)]
    {
        let job = with_cadence(&in_state("rendering"), poll_every_s, at(60));
        let length = Duration::from_secs(u64::from(poll_every_s));
        assert_eq!(
            job.clone().turn(at(refused), length),
            Moved::Already(job.clone()),
            "every {poll_every_s} s"
        );
        for now in [taken, 60, 86_400] {
            let expected = Job { due: at(now).after(length), revision: 8, ..job.clone() };
            assert_eq!(
                job.clone().turn(at(now), length),
                Moved::Applied(expected),
                "every {poll_every_s} s, at {now} s"
            );
        }
    }
}

#[test]
fn a_doubled_message_gets_no_second_turn_however_short_the_cadence() {
    for poll_every_s in 1..=60 {
        let job = with_cadence(&in_state("rendering"), poll_every_s, CREATED);
        let taken =
            job.turn(at(6), Duration::from_secs(u64::from(poll_every_s))).applied().unwrap();
        let again = taken.clone().turn(at(6), Duration::from_secs(u64::from(poll_every_s)));
        assert_eq!(again, Moved::Already(taken), "every {poll_every_s} s");
    }
}

#[test]
fn one_of_two_gets_the_lease_and_it_is_never_given_again() {
    let leased = kling().leased(at(3)).applied().unwrap();
    assert_eq!(leased.state, State::Pending { lease_until: Some(at(3).after(SUBMIT_LEASE)) });
    for now in [3, 60, 61, 62, 86_400] {
        assert_eq!(
            leased.clone().leased(at(now)),
            Moved::Already(leased.clone()),
            "a lost answer is not asked for again"
        );
    }
}

#[test]
fn after_a_definite_refusal_the_lease_is_free_when_the_job_is_due() {
    let free = kling()
        .leased(at(3))
        .applied()
        .unwrap()
        .not_taken("no", at(4), Duration::from_secs(15))
        .applied()
        .unwrap();
    assert_eq!((&free.state, free.due), (&State::Pending { lease_until: None }, at(19)));
    assert_eq!(free.clone().leased(at(13)), Moved::Already(free.clone()));
    assert!(free.leased(at(14)).applied().is_some());
}

#[test]
fn the_cadence_follows_the_age_up_to_a_minute() {
    for (poll_every_s, age_s, expected_s) in [
        (15, 0, 15),
        (15, 150, 15),
        (15, 160, 16),
        (15, 450, 45),
        (15, 599, 59),
        (15, 600, 60),
        (15, 86_400, 60),
        (30, 299, 30),
        (30, 310, 31),
        (60, 0, 60),
        (60, 6_000, 60),
        (1, 5, 1),
    ] {
        let job = with_cadence(&kling(), poll_every_s, CREATED);
        assert_eq!(
            job.cadence(at(age_s)).as_secs(),
            expected_s,
            "every {poll_every_s} s at first, {age_s} s old"
        );
    }
    let behind = CREATED.before(Duration::from_secs(9));
    assert_eq!(kling().cadence(behind), Duration::from_secs(15), "a clock that lags does no harm");
}

#[test]
fn each_deadline_has_passed_one_second_after_it() {
    for (state, edge_s, deadline) in [
        ("pending", 600, Deadline::Pending),
        ("leased", 600, Deadline::Pending),
        ("queued", 10 + 6 * 3_600, Deadline::Queued),
        ("rendering", 100 + 3_600, Deadline::Rendering),
        ("found", 200 + 24 * 3_600, Deadline::Storing),
        ("uploading", 200 + 24 * 3_600, Deadline::Storing),
    ] {
        let job = in_state(state);
        assert_eq!(job.deadline_passed(at(edge_s)), None, "{state} at its deadline");
        assert_eq!(
            job.deadline_passed(at(edge_s + 1)),
            Some(deadline),
            "{state} past its deadline"
        );
    }
    for state in ["completed", "failed"] {
        assert_eq!(in_state(state).deadline_passed(at(u64::from(u32::MAX))), None, "{state}");
    }
}

#[test]
fn a_job_is_overdue_only_while_it_is_open_and_past_the_grace() {
    for (state, job) in in_every_state() {
        let overdue = |seconds| job.is_overdue(at(seconds), Duration::from_secs(30));
        assert_eq!((overdue(30), overdue(31)), (false, job.is_open()), "{state}");
    }
}

#[test]
fn a_cause_is_one_line_of_at_most_five_hundred_characters() {
    let (most, more) = ("ñ".repeat(500), "ñ".repeat(501));
    for (given, kept) in [
        ("No.", "No.".to_owned()),
        ("", String::new()),
        (" <h1>\r\n\tBad   gateway\u{2028}</h1>\n", "<h1> Bad gateway </h1>".to_owned()),
        (&most, most.clone()),
        (&more, format!("{most}…")),
    ] {
        assert_eq!(Failure::new(FailureCode::ProviderRefused, given).message, kept);
    }
}
