//! Buckets that cannot store or serve a video.

use crate::stack::Stack;
use local::simulators::faults::{Fault, Then};
use local::supabase::{self, Step};

#[test]
fn a_bucket_that_serves_nobody_is_told() {
    let here = Stack::start();
    here.bucket().set_public("generated-videos", false).unwrap();
    let found = here.doctor(&[]);
    found.says(
        "generated-videos",
        "fail",
        "not public: every video's URL would be dead",
        "`cargo admin storage init`",
    );
    found.says(
        "generated-videos/doctor",
        "fail",
        "storage answered 404 to public",
        "or makes it public",
    );
    let found = here.doctor(&[("SUPABASE_BUCKET", "nowhere")]);
    found.says("nowhere", "fail", "does not exist", "`cargo admin storage init` makes it");
    let found = here.doctor(&[("SUPABASE_URL", "ftp://nowhere")]);
    found.says("SUPABASE_URL", "fail", "not an https address", "https://<project>.supabase.co");
}

#[test]
fn a_storage_that_takes_no_large_video_is_told() {
    let here = Stack::start();
    let misbehaves =
        |fault| here.bucket().faults().add(Fault::once(Step::TusCreate, fault)).unwrap();
    misbehaves(Then::Own(supabase::Odd::Location {
        location: "http://localhost:8000:8000/upload/resumable/{id}".to_owned(),
    }));
    here.doctor(&[]).says("generated-videos/doctor", "ok", "and again by a resumable upload", "");
    misbehaves(Then::Own(supabase::Odd::Location { location: "http://localhost/".to_owned() }));
    let found = here.doctor(&[]);
    found.says(
        "generated-videos/doctor",
        "fail",
        "storage named no usable location",
        "the header Location",
    );
    found.says(
        "generated-videos/doctor",
        "fail",
        "above 6 MiB, which goes in parts, cannot be stored",
        "",
    );
    misbehaves(Then::Answer {
        status: 413,
        headers: [].into(),
        body: "Maximum size exceeded\n".to_owned(),
    });
    let found = here.doctor(&[]);
    found.says(
        "generated-videos/doctor",
        "fail",
        "storage answered 413 to begin: Maximum size exceeded",
        "is lower",
    );
    let seen = here.bucket().requests();
    let stored = seen.iter().filter(|seen| seen.method == "POST" && seen.path.contains("/doctor/"));
    let names: Vec<_> = stored
        .map(|seen| seen.path.rsplit("generated-videos/").next().unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), 3);
    assert!(
        names.iter().all(|name| here.bucket().object("generated-videos", name).is_none()),
        "all are removed"
    );
}
