//! F20 and F25: what plays is stored and charged, and what has no frame of video is neither. The
//! walk's own tests are in `lib/core/src/mp4`.

use super::hostile::Foreign;
use super::{A_TURN, HOUR, Quiet, failure};
use crate::stage::id;
use ghub::failure::FailureCode;
use ghub::status::Status;
use local::fal::{Ending, Verdict};

/// A prompt for the simulator makes a file that is stored in parts, so that a plain local system
/// shows that way too.
#[tokio::test(flavor = "multi_thread")]
async fn f11_a_prompt_asks_the_simulators_for_a_large_file() {
    let quiet = Quiet::new().await;
    let fal = quiet.caller.accept("a hummingbird, simulator:mib=8").await;
    let order =
        serde_json::json!({"model": "google/veo-3.1", "prompt": "simulator:mib=7", "duration": 4});
    let veo = id(&quiet.caller.client.submit(&order).await.unwrap());
    quiet.settle(&[fal.clone(), veo.clone()]).await;
    for (job, mib) in [(fal, 8), (veo, 7)] {
        let path = format!("{}/{job}/video.mp4", quiet.caller.org);
        let stored = quiet.stage.storage().object("generated-videos", &path).expect("it is stored");
        assert_eq!(std::fs::metadata(stored.file).unwrap().len(), mib << 20);
    }
    let storage = &quiet.stage.system.storage.as_ref().unwrap().origin;
    let parts = quiet.wire.sent_to(storage).iter().filter(|sent| sent.method == "PATCH").count();
    assert_eq!(parts, 2 + 2, "each in two parts");
}

/// A file of the cases, by name.
macro_rules! case {
    ($name:literal) => {
        &include_bytes!(concat!("../../../lib/core/src/mp4/cases/", $name, ".mp4"))[..]
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn f25_what_plays_is_stored_and_what_has_no_picture_is_not_charged() {
    let files = [
        ("trail_newline", case!("trail_newline"), true),
        ("trail3", case!("trail3"), true),
        ("trail_nul4", case!("trail_nul4"), true),
        ("uuid_first", case!("uuid_first"), true),
        ("mdat64_size0", case!("mdat64_size0"), true),
        ("empty_mdat", case!("empty_mdat"), false),
        ("audio_only", case!("audio_only"), false),
        ("half of it", &case!("uuid_first")[..12_000], false),
        ("half without a length", &case!("mdat64_size0")[..12_000], false),
        ("json", b"{\"detail\": \"Not Found\"}", false),
        ("nothing", b"", false),
    ];
    let hosts: Vec<_> = files.iter().map(|(_, file, _)| Foreign::answering(*file)).collect();
    let allowed: Vec<_> =
        hosts.iter().map(|host| host.origin.trim_start_matches("http://")).collect();
    let quiet = Quiet::with(&[("DownloadHosts", &allowed.join(","))]).await;
    let mut jobs = Vec::new();
    for ((name, _, plays), host) in files.iter().zip(&hosts) {
        let url = format!("{}/video.mp4", host.origin);
        quiet.stage.fal().decide(Verdict::next(1, Ending::ForeignUrl { url }));
        jobs.push((name, quiet.render(name).await.0, *plays));
    }
    for (name, job, plays) in &jobs {
        quiet.store_by_message(job).await;
        let expected = if *plays { Status::Completed } else { Status::Processing };
        assert_eq!(quiet.status(job).await, expected, "{name}");
    }
    quiet.expect_charge_for(5).await;

    // A file host may have a bad hour; after it the job ends, and nothing was charged for it.
    quiet.stage.later(HOUR + A_TURN);
    for (name, job, _) in jobs.iter().filter(|(_, _, plays)| !plays) {
        quiet.store_by_message(job).await;
        assert_eq!(
            failure(&quiet.read_job(job).await),
            Some(FailureCode::ProviderNoOutput),
            "{name}"
        );
    }
    quiet.expect_charge_for(5).await;
}
