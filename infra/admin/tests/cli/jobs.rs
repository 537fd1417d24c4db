//! `cargo admin jobs` and `job show`.

use crate::deployment::Deployment;
use crate::planted::{COMPLETED, FAILED, OPEN, ORG, handle, now_unix_s, number, text};
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

const OTHER: &str = "11111111-72a1-429f-a7ed-4bb0a42541be";
const ELSEWHERE: &str = "01a202fb-0000-7000-8000-000000000004";

/// The jobs of one organization, and one of another, which is newer than these.
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
            listed.starts_with("There is no model nope: there are fal/hailuo-02, fal/kling-2, "),
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

/// An open job of now, which is looked at in a minute.
fn open_job(changes: Value) -> Value {
    let mut job = json!({
        "status": text("processing"), "open": text("3"), "handle": handle("r-9"), "created": number(now_unix_s()),
        "submitted": number(now_unix_s()), "due": number(now_unix_s() + 60),
    });
    job.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    job
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

/// Case R6: what storage refused a hundred times is said.
#[test]
fn a_job_says_what_it_waits_for_and_what_went_wrong_last() {
    let here = Deployment::with_jobs();
    here.put_job(
        OPEN,
        open_job(json!({
            "file_url": text("https://v3.fal.media/a.mp4?token=secret"), "file_found": number(1_782_415_247),
            "rendering_since": number(1_782_415_182), "trouble_at": number(1_782_415_300), "trouble_count": number(100),
            "trouble": text("storage answered 403 to upload: \u{1b}[31mdenied"),
        })),
    );
    let shown = here.json(&format!("job show {OPEN}"));
    let trouble = json!({
        "what": "storage answered 403 to upload: \u{1b}[31mdenied", "at": 1_782_415_300, "count": 100,
    });
    assert_eq!(shown["trouble"], trouble, "a program reads what is there");
    let waits = json!({"what": "storage to take the video", "since": 1_782_415_247, "until": 1_782_415_247 + 86_400});
    assert_eq!(shown["waits_for"], waits);
    let table = here.run(&format!("job show {OPEN}")).stdout;
    for line in [
        "waits for        storage to take the video, since 2026-06-25T19:20:47Z\n",
        "ends             2026-06-26T19:20:47Z at the latest, if that does not come\n",
        "last trouble     storage answered 403 to upload: denied (100 times, last 2026-06-25T19:21:40Z)\n",
        "stuck            storage answered 403 to upload: denied (100 times, last 2026-06-25T19:21:40Z)\n",
    ] {
        assert!(table.contains(line), "{line}: {table}");
    }
    let raw = here.run(&format!("job show {OPEN} --json")).stdout;
    assert!(!raw.contains('\u{1b}') && raw.contains("\\u001b[31mdenied"), "{raw}");

    let asked = json!({
        "stop_requested": number(1_782_415_400),
        "stop_failure": {"M": {"code": text("cancelled"), "message": text("on request"), "actor": text("ana")}},
    });
    here.put_job(OPEN, open_job(asked));
    let shown = here.json(&format!("job show {OPEN}"));
    assert_eq!(shown["waits_for"]["what"], "fal.ai to stop the render");
    let history = history(&shown);
    assert!(history.contains(&"asked to stop by ana: on request".to_owned()), "{history:?}");
}

#[test]
fn a_job_is_shown_with_its_history_and_without_its_secrets() {
    let here = Deployment::with_jobs();
    here.json(&format!("balance refund --job {COMPLETED} --reason borroso --yes"));
    let shown = here.json(&format!("job show {COMPLETED}"));
    assert_eq!(
        [
            &shown["org"],
            &shown["status"],
            &shown["cost_mxn"],
            &shown["video_url"],
            &shown["due"],
            &shown["usd_per_second"]
        ],
        [
            &json!(ORG),
            &json!("completed"),
            &json!("4.20"),
            &json!("https://storage.test/v.mp4"),
            &Value::Null,
            &json!("0.04")
        ]
    );
    let events = [
        "accepted, MXN 4.20 held",
        "taken by the provider",
        "first seen rendering",
        "file found",
        "completed",
        "consumption of MXN -4.20",
        "refund of MXN 4.20 by ana (borroso)",
    ];
    assert_eq!(
        (history(&shown), &shown["provider_id"]),
        (events.map(str::to_owned).into(), &json!("r-3"))
    );
    assert_eq!(shown["ledger"].as_array().unwrap().len(), 2);

    let open = here.run(&format!("job show {OPEN} --org {ORG}")).stdout;
    for part in [
        "at the provider  r-1",
        "file at          v3.fal.media",
        "upload begun     true",
        "19:19:42Z  first seen rendering",
    ] {
        assert!(open.contains(part), "{part}: {open}");
    }
    for format in ["", " --json"] {
        let text = here.run(&format!("job show {OPEN}{format}")).stdout;
        assert!(!text.contains("secret") && !text.contains("hummingbird"), "{text}");
        assert!(
            here.run(&format!("job show {OPEN} --prompt{format}"))
                .stdout
                .contains("a hummingbird at dawn")
        );
    }
    here.run(&format!("job show {ORG}")).failed_with(1, &format!("there is no job {ORG}"));
    here.run(&format!("job show {OPEN} --org {OPEN}"))
        .failed_with(1, &format!("there is no job {OPEN}"));
    assert_eq!(here.run("job show 7").code, 2);
}

/// The provider may bill for a render that nobody got, and is asked about it by its own name for
/// it.
#[test]
fn a_failed_job_says_what_the_provider_called_it_and_how_far_it_came() {
    let here = Deployment::with_jobs();
    let shown = here.json(&format!("job show {FAILED}"));
    let events =
        ["accepted, MXN 4.20 held", "taken by the provider", "failed: flagged"].map(str::to_owned);
    assert_eq!((history(&shown), &shown["provider_id"]), (events.into(), &json!("r-2")));
    assert_eq!(shown["error"], "flagged");

    let failure = json!({"M": {"code": text("timed_out"), "message": text("too late")}});
    let ended =
        json!({"status": text("failed"), "ended": number(1_782_418_800), "failure": failure});
    let mut rendered = ended.clone();
    for (name, value) in [
        ("handle", handle("r-7")),
        ("submitted", number(1_782_415_167)),
        ("rendering_since", number(1_782_415_182)),
    ] {
        rendered[name] = value;
    }
    here.put_job(FAILED, rendered);
    let shown = here.json(&format!("job show {FAILED}"));
    let events = [
        "accepted, MXN 4.20 held",
        "taken by the provider",
        "first seen rendering",
        "failed: too late",
    ];
    assert_eq!(
        (history(&shown), &shown["provider_id"]),
        (events.map(str::to_owned).into(), &json!("r-7"))
    );
    let table = here.run(&format!("job show {FAILED}")).stdout;
    assert!(table.contains("at the provider  r-7") && !table.contains("secret"), "{table}");

    here.put_job(FAILED, ended);
    let shown = here.json(&format!("job show {FAILED}"));
    let events = ["accepted, MXN 4.20 held", "failed: too late"].map(str::to_owned);
    assert_eq!(
        (history(&shown), shown.get("provider_id")),
        (events.into(), None),
        "it ended before that was kept"
    );
}

fn history(shown: &Value) -> Vec<String> {
    shown["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["what"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_deleted_job_is_still_in_the_books_and_says_that_it_was_deleted() {
    let here = Deployment::with_jobs();
    for (file_gone, what) in
        [(false, "its file is there until the DELETE is sent again"), (true, "its file is gone")]
    {
        here.put_job(
            COMPLETED,
            json!({
                "status": text("completed"), "ended": number(1_782_415_256), "prompt": text(""),
                "deleted": number(1_782_415_300), "file_gone": {"BOOL": file_gone},
            }),
        );
        let shown = here.json(&format!("job show {COMPLETED}"));
        let seen = [
            &shown["status"],
            &shown["deleted"],
            &shown["file_gone"],
            &shown["video_url"],
            &shown["cost_mxn"],
        ];
        assert_eq!(
            seen,
            [
                &json!("completed"),
                &json!(1_782_415_300),
                &json!(file_gone),
                &Value::Null,
                &json!("4.20")
            ]
        );
        let last = shown["history"].as_array().unwrap().last().unwrap();
        assert_eq!(last["what"], format!("deleted by its owner; {what}"));
        let listed = here.json(&format!("jobs --org {ORG}"))["jobs"].clone();
        let listed = listed.as_array().unwrap().iter().find(|job| job["id"] == COMPLETED).unwrap();
        assert_eq!(listed["deleted"], 1_782_415_300);
        assert!(here.run(&format!("jobs --org {ORG}")).stdout.contains("deleted by its owner"));
        assert_eq!(here.run("audit").code, 0, "its charge stays");
    }
}
