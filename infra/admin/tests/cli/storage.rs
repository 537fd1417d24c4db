//! `cargo admin storage` against the simulated Supabase.

use crate::stack::Stack;
use serde_json::{Value, json};

#[test]
fn the_bucket_is_made_once() {
    let here = Stack::start();
    let new = [("SUPABASE_BUCKET", "videos")];
    let done = here.run("storage init", &new);
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (
            0,
            "bucket   videos\nread by  anybody\nadmits   video/mp4\nlimit    files up to 512 MiB\n\n\
             It is new. `cargo admin doctor` sees whether it takes a video.\n"
        ),
        "{done:?}"
    );
    let again = here.run("storage init --json", &new);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(
        serde_json::from_str::<Value>(&again.stdout).unwrap(),
        json!({"bucket": "videos", "created": false, "changed": false, "public": true, "file_size_limit": 512 << 20,
            "allowed_mime_types": ["video/mp4"]})
    );
    let found = here.doctor(&new);
    assert_eq!(found.levels("bucket")[0], ("videos", "ok"));
    assert_eq!(found.levels("bucket")[1].1, "ok", "{:#}", found.json);
}

#[test]
fn a_bucket_that_is_there_is_changed_only_if_somebody_agrees() {
    let here = Stack::start();
    here.bucket().set_public("generated-videos", false).unwrap();
    let asked = here.run("storage init --limit-mib 50", &[]);
    asked.failed_with(1, "nothing was changed: there is no terminal");
    asked.failed_with(
        1,
        "generated-videos is there, and would change: from private to public; \
         from files up to 512 MiB to files up to 50 MiB.",
    );
    here.doctor(&[]).says("generated-videos", "fail", "not public", "cargo admin storage init");

    let done = here.run("storage init --limit-mib 50 --yes --json", &[]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(serde_json::from_str::<Value>(&done.stdout).unwrap()["changed"], true);
    let found = here.doctor(&[]);
    found.says(
        "generated-videos",
        "ok",
        "files up to 50 MiB",
        "up to 512 MiB: `cargo admin storage init`",
    );
    assert_eq!(found.failed(), Vec::<&str>::new());

    // A limit that is advised for Supabase's free plan can stay.
    assert_eq!(here.run("storage init --limit-mib 39 --yes", &[]).code, 0);
    here.doctor(&[]).says(
        "generated-videos",
        "warn",
        "files up to 39 MiB",
        "`cargo admin storage init --limit-mib 40`",
    );
    assert_eq!(here.run("storage init --limit-mib 40 --yes", &[]).code, 0);
    here.doctor(&[]).says(
        "generated-videos",
        "ok",
        "files up to 40 MiB",
        "A larger video cannot be stored",
    );
}

#[test]
fn what_storage_refuses_is_said() {
    let here = Stack::start();
    let refused = here.run("storage init", &[("SUPABASE_SECRET_KEY", "sb_secret_another")]);
    refused.failed_with(1, "Supabase refuses the key");
    let unnamed = here.run("storage init", &[("SUPABASE_SECRET_KEY_SECRET", "")]);
    unnamed.failed_with(1, "SUPABASE_SECRET_KEY_SECRET names no secret");
    here.run("storage init --limit-mib 5121", &[]).failed_with(2, "1..=5120");
}
