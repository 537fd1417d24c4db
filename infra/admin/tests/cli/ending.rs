//! `cargo admin job fail` and `job recheck` on the whole system. Without --discard no paid render
//! is thrown away.

use crate::deployment::Done;
use crate::planted::now_unix_s;
use crate::stack::Stack;
use local::client::Client;
use local::fal::{Ending, Fal, Render, Verdict};
use local::faults::{Fault, Then};
use local::supabase::Step;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A system in which no function looks at a job until the test says so.
fn quiet() -> Stack {
    let here = Stack::start();
    here.system().sqs.lose_if("PollQueue", |_| true).unwrap();
    here
}

impl Stack {
    fn fal(&self) -> &Fal {
        &self.system().fal.as_ref().unwrap().simulator
    }

    fn client(&self) -> Client {
        Client::new(self.system().api.as_deref().unwrap(), &self.system().identity.live_key)
    }

    fn submitted(&self, prompt: &str) -> String {
        self.submitted_to("fal/kling-2", prompt)
    }

    fn submitted_to(&self, model: &str, prompt: &str) -> String {
        let order = json!({"model": model, "prompt": prompt});
        let answer = self.wait(self.client().submit(&order)).unwrap();
        answer.body["id"].as_str().unwrap().to_owned()
    }

    fn seen(&self, job: &str) -> Value {
        self.wait(self.client().video(job)).unwrap().body
    }

    /// When a worker may act on the job again, in Unix seconds.
    fn due(&self, job: &str) -> i64 {
        let shown = self.run(&format!("job show {job} --json"), &[]).stdout;
        serde_json::from_str::<Value>(&shown).unwrap()["due"].as_i64().unwrap()
    }

    fn fail(&self, job: &str, more: &str) -> Done {
        self.run(&format!("job fail {job} --reason por-pedido --yes{more}"), &[])
    }

    fn balance(&self) -> Value {
        let done =
            self.run(&format!("balance show --json --org {}", self.system().identity.org), &[]);
        serde_json::from_str(&done.stdout).unwrap()
    }

    /// How often fal was asked to stop a render.
    fn stops(&self) -> usize {
        self.fal().requests().iter().filter(|seen| seen.path.ends_with("/cancel")).count()
    }
}

/// A render that is finished when it is submitted.
const AT_ONCE: Render = Render { queued: Duration::ZERO, rendering: Duration::ZERO };
const AN_HOUR: Render =
    Render { queued: Duration::from_secs(3600), rendering: Duration::from_secs(3600) };

#[test]
fn an_open_job_fails_when_its_provider_has_heard() {
    let here = quiet();
    here.fal().set_render(AN_HOUR);
    let job = here.submitted("unwanted");
    assert_eq!(here.balance()["held_mxn"], "4.20");
    let line = format!("job fail {job} --reason por-pedido");
    here.run(&line, &[]).failed_with(1, "so add --yes");
    assert_eq!((here.seen(&job)["status"].clone(), here.stops()), (json!("processing"), 0));

    let done = here.fail(&job, "");
    assert!(done.code == 0 && done.stdout.contains("its hold is released"), "{done:?}");
    assert!(
        done.stderr.contains("fails: \"por-pedido\". Its hold of MXN 4.20 is released."),
        "{done:?}"
    );
    let seen = here.seen(&job);
    assert_eq!(
        (&seen["status"], &seen["error"], here.stops()),
        (&json!("failed"), &json!("por-pedido"), 1)
    );
    let shown = here.run(&format!("job show {job}"), &[]).stdout;
    assert!(
        shown.contains("at the provider") && shown.contains("taken by the provider"),
        "{shown}"
    );
    let balance = here.balance();
    assert_eq!(
        (&balance["held_mxn"], &balance["balance_mxn"], &balance["open_jobs"]),
        (&json!("0.00"), &json!("50.00"), &json!(0))
    );
    let sentence = format!("job {job} is failed, and that is final");
    here.fail(&job, "").failed_with(1, &sentence);
    here.run(&format!("job recheck {job}"), &[]).failed_with(1, &sentence);
    assert_eq!(here.run("audit", &[]).code, 0);
}

#[test]
fn a_render_that_is_finished_is_stored_and_charged() {
    let here = quiet();
    here.fal().set_render(AT_ONCE);
    let job = here.submitted("finished");
    here.fail(&job, "")
        .failed_with(1, &format!("the provider has finished job {job}, so it is being stored"));
    until(|| here.seen(&job)["status"] == "completed");
    assert_eq!(here.balance()["balance_mxn"], "45.80");
    here.fail(&job, " --discard").failed_with(1, "is completed, and that is final");
    assert_eq!(here.run("audit", &[]).code, 0);
}

#[test]
fn a_provider_that_says_nothing_may_have_a_render() {
    let here = quiet();
    here.fal().set_render(AN_HOUR);
    let job = here.submitted("silent");
    here.fal().faults().add(Fault::forever("cancel", Then::answer(503, "busy"))).unwrap();
    let asked = here.fail(&job, "");
    assert!(
        asked.code == 0 && asked.stdout.contains("was asked to stop, and may go on"),
        "{asked:?}"
    );
    assert_eq!(
        (here.seen(&job)["status"].clone(), here.balance()["held_mxn"].clone()),
        (json!("processing"), json!("4.20"))
    );

    let done = here.fail(&job, " --discard --code provider_unavailable --json");
    assert_eq!(done.code, 0, "{done:?}");
    let failure = serde_json::from_str::<Value>(&done.stdout).unwrap()["failure"].clone();
    assert_eq!(failure["code"], "provider_unavailable");
    assert_eq!((here.stops(), here.balance()["held_mxn"].clone()), (2, json!("0.00")));
}

#[test]
fn what_the_provider_has_said_comes_first() {
    let here = quiet();
    here.fal().decide(Verdict::for_prompts(
        "refused",
        Ending::refused("content_policy_violation", "flagged"),
    ));
    here.fal().set_render(AT_ONCE);
    let job = here.submitted("refused");
    let done = here.fail(&job, " --json");
    let failure = serde_json::from_str::<Value>(&done.stdout).unwrap()["failure"].clone();
    assert_eq!((done.code, &failure["code"]), (0, &json!("content_filtered")), "{done:?}");
}

/// Google's operations cannot be stopped, and their renders are paid for.
#[test]
fn a_provider_that_cannot_be_stopped_takes_a_word_more() {
    let here = quiet();
    let google = &here.system().google.as_ref().unwrap().simulator;
    let org = here.system().identity.org;
    here.run(
        &format!("balance recharge --org {org} --amount 500 --reference three-of-veo --yes"),
        &[],
    );
    google.set_render(AN_HOUR);
    let job = here.submitted_to("google/veo-3.1", "rendering");
    let refused = here.fail(&job, "");
    refused.failed_with(
        1,
        &format!("the provider of job {job} cannot be stopped, so its render goes on; nothing was changed"),
    );
    assert!(refused.stderr.contains("--discard"), "{refused:?}");
    assert_eq!(here.seen(&job)["status"], "processing");

    let warning =
        "This provider cannot be stopped: its render goes on, is paid for and thrown away.";
    here.run(&format!("job fail {job} --reason por-pedido --discard"), &[]).failed_with(1, warning);
    assert_eq!(here.seen(&job)["status"], "processing", "nobody has said yes");
    let done = here.fail(&job, " --discard");
    assert!(done.code == 0 && done.stdout.contains("its hold is released"), "{done:?}");
    assert!(done.stderr.contains(warning), "{done:?}");

    google.set_render(AT_ONCE);
    let finished = here.submitted_to("google/veo-3.1", "finished");
    here.fail(&finished, "").failed_with(
        1,
        &format!("the provider has finished job {finished}, so it is being stored"),
    );

    google.faults().add(Fault::once("submit", Then::answer(429, "{}"))).unwrap();
    let waiting = here.submitted_to("google/veo-3.1", "waiting");
    assert_eq!(
        (here.seen(&waiting)["status"].clone(), here.fail(&waiting, "").code),
        (json!("pending"), 0)
    );
}

#[test]
fn a_render_that_is_being_stored_is_left_to_who_stores_it() {
    let here = Stack::start();
    let hanging = Then::HangBefore { ms: 20_000 };
    let plan = Fault::once(Step::Upload, hanging);
    here.system().storage.as_ref().unwrap().simulator.faults().add(plan).unwrap();
    let job = here.submitted("on its way");
    until(|| here.due(&job) > now_unix_s() + 100); // the turn of a transfer
    here.fail(&job, "")
        .failed_with(1, &format!("the provider has finished job {job}, so it is being stored"));
    here.fail(&job, " --discard")
        .failed_with(1, &format!("another worker acts on job {job} until 20"));
    let done = here.run(&format!("job recheck {job} --json"), &[]);
    assert!(
        serde_json::from_str::<Value>(&done.stdout).unwrap()["looked_at_in_s"].as_u64() > Some(100),
        "{done:?}"
    );
}

#[test]
fn a_job_that_nobody_has_taken_fails_without_asking_anybody() {
    let here = quiet();
    here.fal().faults().add(Fault::forever("submit", Then::answer(429, "{}"))).unwrap();
    let job = here.submitted("waiting");
    assert_eq!(here.seen(&job)["status"], "pending");
    assert_eq!(here.fail(&job, "").code, 0);
    assert_eq!((here.seen(&job)["error"].clone(), here.stops()), (json!("por-pedido"), 0));
    let no_reason = here.run(&format!("job fail {job} --yes"), &[]);
    assert!(no_reason.code == 2 && no_reason.stderr.contains("--reason"), "{no_reason:?}");
    let wrong = here.fail(&job, " --code timed_out");
    assert!(
        wrong.code == 2
            && wrong.stderr.contains("[possible values: cancelled, provider_unavailable]"),
        "{wrong:?}"
    );
}

#[test]
fn a_job_is_looked_at_again() {
    let here = quiet();
    here.fal().set_render(AN_HOUR);
    let job = here.submitted("again");
    until(|| here.due(&job) <= now_unix_s());
    let sent = || here.system().sqs.accepted("PollQueue").unwrap();
    let before = sent();
    let done = here.run(&format!("job recheck {job} --json"), &[]);
    let said: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.code, &said["looked_at_in_s"]), (0, &json!(0)), "{done:?}");
    assert_eq!(sent(), before + 1);
    here.run(&format!("job recheck {}", here.system().identity.org), &[])
        .failed_with(1, "there is no job");
}

/// Waits for a condition, and fails if it does not come about.
fn until(came_about: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !came_about() {
        assert!(Instant::now() < patience, "it did not come about");
        std::thread::sleep(Duration::from_millis(100));
    }
}
