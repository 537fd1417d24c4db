//! Renders that were asked to stop, results that cannot be read, and troubles on the way.

use super::*;

#[test]
fn a_render_that_is_to_stop_has_a_day_and_one_whose_result_is_unread_an_hour() {
    let stopping =
        in_state("rendering").stopping(Failure::cancelled(), at(3_000)).applied().unwrap();
    let again = stopping.clone().stopping(Failure::new(FailureCode::TimedOut, "late"), at(4_000));
    assert_eq!(again, Moved::Already(stopping.clone()), "the first wish counts");
    let day = 3_000 + 24 * 3_600;
    assert_eq!(
        stopping.deadline_passed(at(day)),
        None,
        "the hour of rendering does not count any more"
    );
    assert_eq!(stopping.deadline_passed(at(day + 1)), Some(Deadline::Stopping));
    let unconfirmed = stopping.failure_at(Deadline::Stopping);
    assert_eq!(unconfirmed.code, FailureCode::Cancelled);
    assert!(unconfirmed.message.starts_with("cancelled; the provider did not say within 24 hours"));

    let over = stopping.looked_at(&Seen::Over("503".to_owned()), at(5_000)).applied().unwrap();
    let later = over.clone().looked_at(&Seen::Over("503".to_owned()), at(6_000)).applied().unwrap();
    for job in [&over, &later] {
        assert_eq!(
            job.deadline_passed(at(5_000 + 3_600)),
            None,
            "the first sight of the end counts"
        );
        assert_eq!(job.deadline_passed(at(5_000 + 3_601)), Some(Deadline::Result));
    }
    let renders_on = later.looked_at(&Seen::Rendering, at(7_000)).applied().unwrap();
    assert_eq!(renders_on.deadline_passed(at(5_000 + 3_601)), None, "it was not over");
}

#[test]
fn what_was_stopped_at_our_wish_fails_for_the_wish_and_all_else_for_the_verdict() {
    let late = Failure::new(FailureCode::TimedOut, "too late");
    let stopping = in_state("rendering").stopping(late.clone(), at(300)).applied().unwrap();
    assert!(!stopping.stop.as_ref().unwrap().is_wanted());
    assert_eq!(stopping.cause_of(Failure::cancelled()), late);
    assert_eq!(stopping.cause_of(failure()), failure());
    assert_eq!(in_state("rendering").cause_of(Failure::cancelled()), Failure::cancelled());
}

#[test]
fn a_stop_in_an_early_turn_is_one_write() {
    let waiting = Job { due: at(330), ..in_state("rendering") };
    let stopping = waiting
        .clone()
        .stopping_early(Failure::cancelled(), at(300), Duration::from_secs(40))
        .applied()
        .unwrap();
    let turn = waiting.early_turn(at(300), Duration::from_secs(40)).applied().unwrap();
    assert_eq!((stopping.revision, stopping.due), (turn.revision, turn.due));
    assert_eq!(stopping.stop, Some(Stop { requested: at(300), failure: Failure::cancelled() }));
    let busy = Job { due: at(500), ..in_state("rendering") };
    assert_eq!(
        busy.clone().stopping_early(Failure::cancelled(), at(300), Duration::ZERO),
        Moved::Already(busy)
    );
}

#[test]
fn the_last_trouble_is_kept_in_a_line_and_all_are_counted() {
    let first = in_state("found").again_after(
        "storage\n answered\u{1b}[2J 503",
        at(300),
        Duration::from_secs(15),
    );
    let first = first.applied().unwrap();
    let what = "storage answered[2J 503".to_owned();
    assert_eq!(first.trouble, Some(Trouble { what, at: at(300), count: 1 }));
    let second =
        first.again_after(&"x".repeat(1_000), at(400), Duration::from_secs(15)).applied().unwrap();
    let trouble = second.trouble.clone().unwrap();
    assert_eq!((trouble.what.len(), trouble.at, trouble.count), (200, at(400), 2));
    let done = second.completed("https://y".into(), at(500)).applied().unwrap();
    assert_eq!(done.trouble, Some(trouble), "it stays, for the operator");
}
