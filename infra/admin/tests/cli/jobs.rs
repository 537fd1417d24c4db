//! `cargo admin jobs`.

use crate::deployment::Deployment;
use crate::planted::{COMPLETED, FAILED, OPEN, ORG, now_unix_s, number, open_job, text};
use serde_json::{Value, json};

#[test]
fn jobs_are_listed_from_the_newest_on() {
    let here = Deployment::with_jobs();
    let ids = |line: &str| {
        let listed = here.json(&format!("jobs --org {ORG}{line}"));
        let ids = listed["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| job["id"].clone())
            .collect::<Vec<_>>();
        (ids, listed["next"].clone())
    };
    assert_eq!(ids(""), (vec![json!(OPEN), json!(FAILED), json!(COMPLETED)], Value::Null));
    assert_eq!(ids(" --status failed"), (vec![json!(FAILED)], Value::Null));
    assert_eq!(ids(" --status pending"), (vec![], Value::Null));
    assert_eq!(ids(" --most 2"), (vec![json!(OPEN), json!(FAILED)], json!(FAILED)));
    assert_eq!(ids(&format!(" --most 2 --before {FAILED}")), (vec![json!(COMPLETED)], Value::Null));

    let table = here.run(&format!("jobs --org {ORG} --most 2"));
    assert!(
        table.stdout.contains("flagged") && table.stdout.contains(&format!("--before {FAILED}")),
        "{table:?}"
    );
    assert!(!table.stdout.contains("hummingbird"), "prompts are the callers'");
    let wrong = here.run(&format!("jobs --org {ORG} --status done"));
    assert!(
        wrong.code == 2 && wrong.stderr.contains("pending, processing, completed or failed"),
        "{wrong:?}"
    );
    here.run(&format!("jobs --org {OPEN}")).failed_with(1, "there is no organization");
}

#[test]
fn jobs_of_one_end_user_are_listed() {
    let here = Deployment::with_jobs();
    here.put_job(OPEN, open_job(json!({"user": text("u-1")})));
    let ids = |line: &str| ids(&here.json(&format!("jobs {line}")));
    let org = format!("--org {ORG}");
    assert_eq!(ids(&format!("{org} --user u-1")), [OPEN]);
    assert_eq!(ids("--all --open --user u-1"), [OPEN]);
    assert_eq!(ids("--all --open --user u-2"), [""; 0]);
    let none = here.run(&format!("jobs {org} --user u-2")).stdout;
    assert!(none.contains("The organization has no such job."), "{none}");
}

const OTHER: &str = "11111111-72a1-429f-a7ed-4bb0a42541be";
const ELSEWHERE: &str = "01a202fb-0000-7000-8000-000000000004";

/// The jobs of one organization, and a newer one of another.
fn of_two_organizations() -> Deployment {
    let here = Deployment::with_jobs();
    here.json(&format!("org create --id {OTHER}"));
    let failure = json!({"M": {"code": text("timed_out"), "message": text("too late")}});
    let ended = json!({
        "org": text(OTHER), "model": text("fal/hailuo-02"), "status": text("failed"), "ended": number(1_782_418_800),
        "failure": failure,
    });
    here.put_job(ELSEWHERE, ended);
    here
}

fn ids(listed: &Value) -> Vec<String> {
    listed["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn jobs_of_all_organizations_are_listed_from_the_newest_on() {
    let here = of_two_organizations();
    let listed = |line: &str| here.json(&format!("jobs --all{line}"));
    assert_eq!(ids(&listed("")), [ELSEWHERE, OPEN, FAILED, COMPLETED]);
    assert_eq!(ids(&listed(" --model fal/hailuo-02")), [ELSEWHERE]);
    assert_eq!(ids(&listed(" --status failed")), [ELSEWHERE, FAILED]);
    let page = listed(" --most 2");
    assert_eq!(
        (ids(&page), &page["next"]),
        (vec![ELSEWHERE.to_owned(), OPEN.to_owned()], &json!(OPEN))
    );
    let next = listed(&format!(" --most 2 --before {OPEN}"));
    assert_eq!(
        (ids(&next), &next["next"]),
        (vec![FAILED.to_owned(), COMPLETED.to_owned()], &Value::Null)
    );
    let table = here.run("jobs --all").stdout;
    let line = table.lines().find(|line| line.contains(ELSEWHERE)).unwrap();
    assert!(
        table.starts_with("ORGANIZATION") && line.starts_with(OTHER) && line.ends_with("too late"),
        "{table}"
    );
    assert_eq!(ids(&here.json(&format!("jobs --org {ORG} --model fal/hailuo-02"))), [""; 0]);

    for wrong in [
        "jobs",
        "jobs --all --org x",
        "jobs --all --open --stuck",
        "jobs --all --open --status failed",
    ] {
        assert_eq!(here.run(wrong).code, 2, "{wrong}");
    }
}

#[test]
fn where_there_are_no_jobs_it_is_said() {
    let here = Deployment::start();
    assert_eq!(here.run("jobs --all").stdout, "There are no jobs yet.\n");
    assert_eq!(here.run("jobs --all --model fal/kling-2").stdout, "There is no such job.\n");
    for whose in ["--all", "--all --open"] {
        let listed = here.run(&format!("jobs {whose} --model nope")).stdout;
        assert!(
            listed.starts_with(
                "There is no model nope: there are fal/hailuo-02, fal/hailuo-02-pro, "
            ),
            "{whose}: {listed}"
        );
    }
    here.run("jobs --stuck").failed_with(2, "<--org <UUID>|--all>");
    assert_eq!(here.run("jobs --all --open").stdout, "No job is open.\n");
    assert_eq!(here.run("jobs --all --stuck").stdout, "No job is stuck.\n");
    assert_eq!(
        here.run("jobs --all --stuck --model fal/kling-2").stdout,
        "No such job is stuck.\n"
    );
    here.json(&format!("org create --id {ORG}"));
    assert_eq!(
        here.run(&format!("jobs --org {ORG}")).stdout,
        "The organization has no jobs yet.\n"
    );
    let listed = here.run(&format!("jobs --org {ORG} --model nope")).stdout;
    assert!(listed.starts_with("There is no model nope: "), "{listed}");
    assert_eq!(
        here.run(&format!("jobs --org {ORG} --status failed")).stdout,
        "The organization has no such job.\n"
    );
    assert_eq!(here.run(&format!("jobs --org {ORG} --open")).stdout, "No such job is open.\n");
}

#[test]
fn open_jobs_are_found_and_those_that_are_stuck_say_why() {
    let here = of_two_organizations();
    let job = |last: u32| format!("01a202fb-0000-7000-8000-00000000001{last}");
    let trouble = |count: i64| {
        let (what, at) =
            (text("storage answered 403 to upload: denied"), number(now_unix_s() - 60));
        json!({"trouble": what, "trouble_at": at, "trouble_count": number(count)})
    };
    let (fine, passing, refused, old) = (job(1), job(2), job(3), job(4));
    here.put_job(&fine, open_job(json!({"org": text(OTHER)})));
    here.put_job(&passing, open_job(trouble(2)));
    here.put_job(&refused, open_job(trouble(100)));
    here.put_job(&old, open_job(json!({"created": number(now_unix_s() - 3 * 3_600)})));
    let listed = |line: &str| here.json(&format!("jobs --all {line}"));
    assert_eq!(ids(&listed("--open")), [OPEN, &fine, &passing, &refused, &old], "the oldest first");
    assert_eq!(ids(&here.json(&format!("jobs --open --org {OTHER}"))), [fine.as_str()]);
    assert_eq!(ids(&listed("--open --most 1")), [OPEN]);
    assert!(
        here.run("jobs --all --open --most 1")
            .stdout
            .contains("There are more of them: --most shows them.")
    );

    let stuck = listed("--stuck");
    assert_eq!(ids(&stuck), [OPEN, &refused, &old]);
    let why = |place: usize| stuck["jobs"][place]["stuck"].as_str().unwrap().to_owned();
    assert!(why(0).starts_with("nothing has looked at it for "), "{}", why(0));
    assert!(
        why(1).starts_with("storage answered 403 to upload: denied (100 times, last 20"),
        "{}",
        why(1)
    );
    assert_eq!(why(2), "open for 3 h");
    assert_eq!(ids(&listed("--stuck --model fal/hailuo-02")), [""; 0]);
    let table = here.run("jobs --all --stuck").stdout;
    assert!(table.contains("waits for fal.ai to begin to render, since 20"), "{table}");
    assert!(
        table.contains("; storage answered 403 to upload: denied (100 times, last 20"),
        "{table}"
    );
}
