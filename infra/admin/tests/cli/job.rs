//! `cargo admin job show`.

use crate::deployment::Deployment;
use crate::planted::{COMPLETED, FAILED, OPEN, ORG, handle, number, open_job, text};
use serde_json::{Value, json};

/// Case R6: the command shows what storage refused a hundred times.
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

/// The provider may bill for a render that no caller received. The operator asks about it by the
/// provider's own id.
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

#[test]
fn a_job_is_shown_with_every_input_and_the_callers_texts_only_on_request() {
    let here = Deployment::with_jobs();
    here.put_job(
        OPEN,
        open_job(json!({
            "model": text("fal/veo-3.1"), "resolution": text("1080p"), "generate_audio": {"BOOL": false},
            "seed": number(7), "user": text("u-\u{1b}[31m1"), "price_row": text("silent"),
            "negative_prompt": text("blur\u{1b}[31m"), "metadata": {"M": {"film": text("\u{1b}[31mdawn")}},
        })),
    );
    let shown = here.json(&format!("job show {OPEN}"));
    assert_eq!(
        ["resolution", "generate_audio", "seed", "user", "price_row"].map(|name| &shown[name]),
        [&json!("1080p"), &json!(false), &json!(7), &json!("u-\u{1b}[31m1"), &json!("silent")]
    );
    let table = here.run(&format!("job show {OPEN}")).stdout;
    for line in [
        "video            5 s, 9:16, 1080p, without sound, seed 7\n",
        "price            USD 0.04/s (silent) × 1.05 × 20.00\n",
        "end user         u-1\n",
    ] {
        assert!(table.contains(line), "{line}: {table}");
    }
    assert!(!table.contains("blur") && !table.contains("dawn"), "{table}");
    let asked = here.run(&format!("job show {OPEN} --prompt")).stdout;
    assert!(asked.contains("negative_prompt  blur\n"), "{asked}");
    assert!(!asked.contains('\u{1b}') && asked.contains(r#"metadata         {"film":"#), "{asked}");
    let asked = here.json(&format!("job show {OPEN} --prompt"));
    assert_eq!(asked["metadata"], json!({"film": "\u{1b}[31mdawn"}));

    // A job of a version that knew no such inputs.
    let older = here.run(&format!("job show {COMPLETED}")).stdout;
    for line in ["video            5 s, 9:16\n", "price            USD 0.04/s × 1.05 × 20.00\n"] {
        assert!(older.contains(line), "{line}: {older}");
    }
    assert!(!older.contains("end user"), "{older}");
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
