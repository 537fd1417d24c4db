//! A file is gone when the place that its job's URL names says so, whatever the place of today's
//! files.

use super::{BUCKET, PROMPT, http_status, is_gone, storage};
use crate::process::ROOT;
use crate::stage::Stage;
use crate::still::Still;
use aws_sdk_dynamodb::types::AttributeValue;
use ghub::job::Deletion;
use ghub::storage::Storage;
use local::faults::{Fault, Then};
use local::supabase::{Odd, Step};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

/// The removal alone proves nothing: the origin has to say that the file is gone, with the key and
/// without.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_done_when_the_origin_no_longer_has_the_file() {
    let still = Still::new().await;
    for (name, step, fault, done) in answers_about_the_file() {
        let job = still.complete(PROMPT).await;
        let path = Storage::path(still.caller.org, job.parse().unwrap());
        still.stage.storage().faults().add(Fault::once(step, fault)).unwrap();
        let reply = still.delete(&job).await;
        assert_eq!(reply.status == 200, done, "{name}: {}", reply.body);
        let Some(deletion) = still.read_job(&job).await.deletion() else {
            panic!("{name}: it is hidden")
        };
        assert_eq!(deletion.file_gone, done, "{name}");
        if !done {
            reply.refused(503, "storage_unavailable");
            assert_eq!(still.delete(&job).await.status, 200, "{name}");
        }
        assert_eq!(still.stage.storage().object(BUCKET, &path), None, "{name}");
        is_gone(&still, &job).await;
    }
    still.stage.audit().await;
}

/// Answers about a file that is being deleted, and whether its deletion is done then.
fn answers_about_the_file() -> [(&'static str, Step, Then<Odd>, bool); 9] {
    let answer = |status, headers: &[(&str, &str)], body: &str| Then::Answer {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.to_owned(),
    };
    let no_object = r#"{"statusCode":"404","error":"not_found","message":"Object not found","code":"NoSuchKey"}"#;
    [
        (
            "it says that the file was not there, and it is",
            Step::Delete,
            answer(400, &[], no_object),
            false,
        ),
        (
            "it says that it removed the file, and did not",
            Step::Delete,
            answer(200, &[], "{}"),
            false,
        ),
        ("it does not say how it is", Step::Info, answer(503, &[], "busy"), false),
        (
            "somebody else says that it is gone",
            Step::Info,
            answer(404, &[], "<h1>Not found</h1>"),
            false,
        ),
        ("nothing is heard of it", Step::Info, Then::CloseBefore, false),
        (
            "the public still gets it",
            Step::Public,
            answer(206, &[("content-range", "bytes 0-0/9")], "x"),
            false,
        ),
        ("the public gets a page", Step::Public, answer(404, &[], "<h1>Not found</h1>"), false),
        ("the public hears nothing", Step::Public, Then::CloseBefore, false),
        (
            "a cache still has it",
            Step::Public,
            answer(206, &[("cf-cache-status", "HIT")], "x"),
            true,
        ),
    ]
}

/// The operator chose another bucket since: the video is where its URL says.
#[tokio::test(flavor = "multi_thread")]
async fn a_video_in_the_bucket_of_before_is_removed_there() {
    let still = Still::new().await;
    for bucket in ["another", "not-there"] {
        let job = still.complete(PROMPT).await;
        let url = still.show(&job).await.body["video_url"].as_str().unwrap().to_owned();
        let path = Storage::path(still.caller.org, job.parse().unwrap());
        if bucket == "another" {
            make_bucket(&still, bucket).await;
        }
        let (status, body) = delete_with(&still, &job, &[("SUPABASE_BUCKET", bucket)]).await;
        assert_eq!((status, &body["deleted"]), (200, &json!(true)), "{bucket}: {body}");
        assert_eq!(still.stage.storage().object(BUCKET, &path), None, "{bucket}");
        assert_ne!(http_status(&url).await, 200, "{bucket}");
        is_gone(&still, &job).await;
    }
}

/// The operator chose another project since: it is not called gone for as long as the old one gives
/// it out.
#[tokio::test(flavor = "multi_thread")]
async fn a_video_of_the_project_of_before_is_not_called_gone_while_it_is_there() {
    let (still, other) = (Still::new().await, Stage::new().await);
    let elsewhere = [("SUPABASE_URL", other.system.storage.as_ref().unwrap().origin.as_str())];
    let job = still.complete(PROMPT).await;
    let url = still.show(&job).await.body["video_url"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let (status, body) = delete_with(&still, &job, &elsewhere).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (503, &json!("storage_unavailable")),
            "{body}"
        );
        assert!(matches!(
            still.read_job(&job).await.deletion(),
            Some(Deletion { file_gone: false, .. })
        ));
        assert_eq!(http_status(&url).await, 200, "it is still there");
        still.show(&job).await.refused(404, "job_not_found");
    }
    storage(&still).await.erase(&url).await.unwrap(); // the operator, by hand
    let (status, body) = delete_with(&still, &job, &elsewhere).await;
    assert_eq!((status, &body["deleted"]), (200, &json!(true)), "sent again it goes on: {body}");
    is_gone(&still, &job).await;
    let mut asked = other.storage().requests().into_iter();
    assert!(
        asked.all(|seen| seen.method != "DELETE" || seen.path.contains(&job)),
        "no other file is touched there"
    );
}

/// The local system was started on other ports since, so nothing answers at the old one.
#[tokio::test(flavor = "multi_thread")]
async fn a_video_whose_url_names_a_port_of_before_is_removed() {
    let still = Still::new().await;
    let job = still.complete(PROMPT).await;
    let path = Storage::path(still.caller.org, job.parse().unwrap());
    // it is dropped at once
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/storage/v1/object/public/{BUCKET}/{path}");
    let update = still
        .stage
        .dynamodb()
        .update_item()
        .table_name(&still.stage.system.variables["TABLE_JOBS"]);
    let update =
        update.set_key(Some(key_of(&still, &job))).update_expression("SET video_url = :url");
    update.expression_attribute_values(":url", AttributeValue::S(url)).send().await.unwrap();
    assert_eq!(still.delete(&job).await.status, 200);
    assert_eq!(still.stage.storage().object(BUCKET, &path), None);
    is_gone(&still, &job).await;
}

/// The version before took the address off the job when it hid it.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_the_version_before_began_goes_on() {
    let still = Still::new().await;
    let job = still.complete(PROMPT).await;
    let path = Storage::path(still.caller.org, job.parse().unwrap());
    still.stage.storage().faults().add(Fault::once(Step::Delete, Then::CloseBefore)).unwrap();
    still.delete(&job).await.refused(503, "storage_unavailable");
    let update = still
        .stage
        .dynamodb()
        .update_item()
        .table_name(&still.stage.system.variables["TABLE_JOBS"]);
    update
        .set_key(Some(key_of(&still, &job)))
        .update_expression("REMOVE video_url")
        .send()
        .await
        .unwrap();
    assert_eq!(still.delete(&job).await.status, 200);
    assert_eq!(still.stage.storage().object(BUCKET, &path), None);
    is_gone(&still, &job).await;
}

fn key_of(still: &Still, job: &str) -> HashMap<String, AttributeValue> {
    let pair = |name: &str, value: String| (name.to_owned(), AttributeValue::S(value));
    HashMap::from([pair("org", still.caller.org.to_string()), pair("job", job.to_owned())])
}

async fn make_bucket(still: &Still, name: &str) {
    let bucket = json!({"name": name, "public": true});
    storage(still).await.ask("bucket", Method::POST, "bucket", Some(bucket)).await.unwrap();
}

/// What the function answers where these variables are others.
async fn delete_with(still: &Still, job: &str, variables: &[(&str, &str)]) -> (u16, Value) {
    let mut world = still.stage.system.world();
    let others = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    world.env = still.stage.system.variables.clone().into_iter().chain(others).collect();
    let function = local::aws::functions::build("delete-video", &world).await.unwrap();
    let event = std::fs::read_to_string(Path::new(ROOT).join("events/delete-video.json")).unwrap();
    let event = event.replace("LIVE_KEY", &still.key).replace("JOB_ID", job);
    let answer = function(serde_json::from_str(&event).unwrap()).await.unwrap();
    let status = answer["statusCode"].as_u64().and_then(|status| status.try_into().ok()).unwrap();
    (status, serde_json::from_str(answer["body"].as_str().unwrap()).unwrap())
}
