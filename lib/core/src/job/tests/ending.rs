//! Jobs that are cancelled or reach a deadline, and jobs that their owner deletes.

use super::*;

/// The time of three exchanges with a provider.
const LENGTH: Duration = Duration::from_secs(40);

/// At 300 s a look puts the next one 30 s ahead, and clocks may differ by 5 s.
#[test]
fn a_job_may_be_ended_out_of_turn_where_nobody_is_in_the_middle_of_what_must_not_be_lost() {
    for (state, edge) in [
        ("pending", u64::from(u32::MAX)), // no function has sent it
        ("leased", 305),                  // a function may be sending it
        ("queued", 335),                  // another early turn may be under way
        ("rendering", 335),
        ("found", 305), // a function may be storing it
        ("uploading", 305),
    ] {
        for (due, may) in [(at(0), true), (at(edge), true), (at(edge + 1), state == "pending")] {
            let job = Job { due, ..in_state(state) };
            assert_eq!(job.may_be_ended(at(300)), may, "{state}, due at {due:?}");
            let moved = job.clone().early_turn(at(300), LENGTH);
            assert_eq!(matches!(moved, Moved::Applied(_)), may, "{state}, due at {due:?}");
        }
    }
    for state in ["completed", "failed"] {
        assert!(!in_state(state).may_be_ended(at(300)), "{state}");
    }
}

#[test]
fn every_wait_between_two_looks_may_be_cut_short() {
    for poll_every_s in [1, 2, 15, 30, 60, 90] {
        for looked in [0, 5, 100, 599, 600, 86_400] {
            let job = with_cadence(&in_state("rendering"), poll_every_s, CREATED);
            let length = job.cadence(at(looked));
            let waiting = job.turn(at(looked), length).applied().unwrap();
            for later in [0, 1, length.as_secs()] {
                assert!(
                    waiting.may_be_ended(at(looked + later)),
                    "every {poll_every_s} s, {later} s after {looked} s"
                );
            }
        }
    }
}

#[test]
fn an_early_turn_keeps_off_the_next_one_and_all_looks_but_not_for_ever() {
    let taken = Job { due: at(330), ..in_state("rendering") }
        .early_turn(at(300), LENGTH)
        .applied()
        .unwrap();
    assert_eq!((taken.due, taken.revision), (at(300 + 30 + 5 + 40), 8));
    for now in [300, 301, 330, 335] {
        assert_eq!(
            taken.clone().early_turn(at(now), LENGTH),
            Moved::Already(taken.clone()),
            "at {now} s"
        );
        assert_eq!(
            taken.clone().turn(at(now), LENGTH),
            Moved::Already(taken.clone()),
            "at {now} s"
        );
    }
    assert!(taken.clone().early_turn(at(340), LENGTH).applied().is_some(), "it died");
    assert!(taken.clone().turn(at(370), LENGTH).applied().is_some());
    let back = taken.again_in(at(310), Duration::ZERO).applied().unwrap();
    assert!(back.early_turn(at(310), LENGTH).applied().is_some(), "given back");
}

/// An operator asks the provider about a billed render by the provider's id, however the job ended.
#[test]
fn the_end_keeps_how_it_went_at_the_provider() {
    let queued =
        Trace { handle: handle("r-1"), submitted: at(10), rendering_since: None, file_found: None };
    let rendering = Trace { rendering_since: Some(at(100)), ..queued.clone() };
    let found = Trace { file_found: Some(at(200)), ..rendering.clone() };
    for (state, trace) in [
        ("pending", None),
        ("leased", None),
        ("queued", Some(queued)),
        ("rendering", Some(rendering)),
        ("found", Some(found.clone())),
        ("uploading", Some(found)),
    ] {
        let job = in_state(state);
        assert_eq!(job.trace(), trace, "{state}");
        let failed = job.clone().failed(failure(), at(300)).applied().unwrap();
        assert_eq!(failed.trace(), trace, "{state}");
        assert_eq!(
            failed.state,
            State::Failed { at: at(300), failure: failure(), trace: trace.clone() },
            "{state}"
        );
        let Some(completed) = job.completed(VIDEO.to_owned(), at(300)).applied() else { continue };
        assert_eq!(completed.trace(), trace, "{state}");
        let state = State::Completed { at: at(300), video_url: VIDEO.to_owned(), trace };
        assert_eq!(completed.state, state);
    }
}

#[test]
fn only_a_final_job_is_deleted_and_its_receipt_stays() {
    for (state, job) in in_every_state() {
        assert_eq!(job.clone().file_gone(), Moved::Illegal(job.clone()), "{state} is not deleted");
        assert_eq!(job.clone().shown(), Some(job.clone()), "{state}");
        if job.is_open() {
            assert_eq!(job.clone().deleted(at(300)), Moved::Illegal(job), "{state}");
            continue;
        }
        let trouble = Trouble {
            what: "the prompt \"A kitten\" was refused".to_owned(),
            at: at(200),
            count: 1,
        };
        let job = Job { trouble: Some(trouble), ..job };
        let hidden = job.clone().deleted(at(300)).applied().unwrap();
        let kept = match &job.state {
            completed @ State::Completed { .. } => completed.clone(),
            State::Failed { at, failure, trace } => {
                let failure = Failure { message: String::new(), ..failure.clone() };
                State::Failed { at: *at, failure, trace: trace.clone() }
            }
            open => panic!("{open:?}"),
        };
        let deletion = Deletion { at: at(300), file_gone: false };
        let expected = Job {
            terms: job.terms.clone().erased(),
            trouble: None,
            state: kept,
            deletion: Some(deletion),
            revision: 8,
            ..job.clone()
        };
        assert_eq!(hidden, expected, "{state}");
        assert_eq!((hidden.clone().shown(), hidden.status()), (None, job.status()), "{state}");
        assert_eq!(hidden.clone().deleted(at(301)), Moved::Already(hidden.clone()), "{state}");

        let gone = hidden.clone().file_gone().applied().unwrap();
        let deletion = Deletion { file_gone: true, ..deletion };
        let left = match hidden.state.clone() {
            State::Completed { at, trace, .. } => {
                State::Completed { at, video_url: String::new(), trace }
            }
            failed => failed,
        };
        assert_eq!(
            gone,
            Job { state: left, deletion: Some(deletion), revision: 9, ..hidden },
            "{state}"
        );
        assert_eq!(gone.clone().file_gone(), Moved::Already(gone.clone()), "{state}");
        assert_eq!(
            (gone.clone().deleted(at(302)), gone.clone().shown()),
            (Moved::Already(gone), None),
            "{state}"
        );
    }
}

/// Messages about a deleted job may still be in a queue.
#[test]
fn a_deleted_job_moves_nowhere() {
    for state in ["completed", "failed"] {
        let hidden = in_state(state).deleted(at(300)).applied().unwrap();
        for (name, go, _) in ROWS {
            assert_eq!(go(hidden.clone()).applied(), None, "{name} from {state}");
        }
        assert_eq!(
            (hidden.is_open(), hidden.is_overdue(at(86_400), Duration::ZERO)),
            (false, false)
        );
    }
}
