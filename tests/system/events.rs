//! Every event in `events/` and what its function answers: the JSON that AWS sends, through the
//! real deserialisers, and the whole of what comes back. `cargo lambda invoke <function>
//! --data-file events/<event>` sends the same, once LIVE_KEY, ORG_ID and JOB_ID are filled in.

mod files;
mod invocation;
mod workers;

use self::invocation::{body, http, invoke, quiet, refused};
use crate::stage::Stage;
use ghub::id::TransactionId;
use ghub::job::State;
use ghub::status::Status;
use local::fal::Render;
use serde_json::json;
use std::time::Duration;

const PROMPT: &str = "a hummingbird drinking from a cempasúchil flower at dawn";

#[tokio::test(flavor = "multi_thread")]
async fn submit_video() {
    let stage = quiet().await;
    let answer = invoke(&stage, "submit-video.json", "").await;
    let job = body(&answer);
    let (id, created) = (job["id"].as_str().unwrap(), job["created"].as_i64().unwrap());
    let text = format!(
        r#"{{"id":"{id}","object":"video.job","status":"processing","model":"fal/kling-2","prompt":"{PROMPT}","video_url":null,"duration":5,"error":null,"created":{created},"completed":null,{}}}"#,
        receipt("held", "null", "null")
    );
    // the cadence of a fast system
    let headers = json!({"x-geekhub-balance-mxn": "50.00", "retry-after": "1"});
    assert_eq!(answer, http(200, headers, &text, &answer));
    let stored = stage.read_job(stage.caller().org, id).await;
    assert_eq!((stored.created().unix_s(), stored.status()), (created, Status::Processing));
    assert_eq!(stage.fal().renders_of(PROMPT), 1);
}

/// `curl -d` names no content type that is a text's, so API Gateway sends its body in base64.
#[tokio::test(flavor = "multi_thread")]
async fn submit_video_as_curl_sends_it() {
    let stage = quiet().await;
    let answer = invoke(&stage, "submit-video.curl.json", "").await;
    assert_eq!((&answer["statusCode"], &body(&answer)["prompt"]), (&json!(200), &json!(PROMPT)));
    assert_eq!(stage.fal().renders_of(PROMPT), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn submit_video_with_every_input() {
    let stage = quiet().await;
    let answer = invoke(&stage, "submit-video.inputs.json", "").await;
    let job = body(&answer);
    let (id, created) = (job["id"].as_str().unwrap(), job["created"].as_i64().unwrap());
    let text = format!(
        r#"{{"id":"{id}","object":"video.job","status":"processing","model":"fal/veo-3.1-lite","prompt":"{PROMPT}","video_url":null,"duration":4,"error":null,"created":{created},"completed":null,"billing":{{"status":"held","currency":"MXN","estimate":"4.20","amount":null,"usd_per_second":"0.05","price_row":"1080p-silent","seconds":4,"markup":"1.05","fx_mxn_per_usd":"20.00","transaction":null}},"error_detail":null,"cancel_requested":null,"aspect_ratio":"9:16","resolution":"1080p","generate_audio":false,"seed":7,"negative_prompt":"blur","metadata":{{"film":"dawn"}},"user":"u-1"}}"#,
    );
    let headers = json!({"x-geekhub-balance-mxn": "50.00", "retry-after": "1"});
    assert_eq!(answer, http(200, headers, &text, &answer));
    assert_eq!(stage.fal().renders_of(PROMPT), 1);
}

/// What follows a job's ten fields, for 5 s of Kling.
fn receipt(status: &str, amount: &str, transaction: &str) -> String {
    format!(
        r#""billing":{{"status":"{status}","currency":"MXN","estimate":"4.20","amount":{amount},"usd_per_second":"0.04","price_row":"standard","seconds":5,"markup":"1.05","fx_mxn_per_usd":"20.00","transaction":{transaction}}},"error_detail":null,"cancel_requested":null,"aspect_ratio":"16:9","resolution":null,"generate_audio":null,"seed":null,"negative_prompt":"blur, distort, and low quality","metadata":null,"user":null"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn submit_video_refuses() {
    let stage = quiet().await;
    for (event, status, headers, code, message) in [
        (
            "submit-video.blank-prompt.json",
            400,
            json!({"x-geekhub-balance-mxn": "50.00"}),
            "invalid_request_error",
            "prompt: it is blank; send a text of 1 to 2500 characters",
        ),
        (
            "submit-video.no-key.json",
            401,
            json!({"www-authenticate": "Bearer realm=\"GeekHub Video\""}),
            "missing_api_key",
            "send your API key in the header: Authorization: Bearer ghub_sk_live_…",
        ),
    ] {
        let answer = invoke(&stage, event, "").await;
        assert_eq!(answer, refused(status, headers, code, message, &answer), "{event}");
    }
    assert_eq!((stage.jobs_stored().await, stage.fal().renders()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn get_video() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    let job = caller.accept("shown").await;
    stage.until(caller.org, &job, Status::Completed).await;
    let answer = invoke(&stage, "get-video.json", &job).await;
    let stored = stage.read_job(caller.org, &job).await;
    let State::Completed { at, video_url, .. } = stored.state() else { panic!("{stored:?}") };
    let (created, completed) = (stored.created().unix_s(), at.unix_s());
    let text = format!(
        r#"{{"id":"{job}","object":"video.job","status":"completed","model":"fal/kling-2","prompt":"shown","video_url":"{video_url}","duration":5,"error":null,"created":{created},"completed":{completed},{}}}"#,
        receipt(
            "charged",
            "\"4.20\"",
            &json!(TransactionId::of(caller.org, &format!("job#{job}"))).to_string()
        )
    );
    assert_eq!(answer, http(200, json!({"x-geekhub-balance-mxn": "45.80"}), &text, &answer));

    let answer = invoke(&stage, "get-video.unknown.json", "").await;
    let balance = json!({"x-geekhub-balance-mxn": "45.80"});
    assert_eq!(
        answer,
        refused(404, balance.clone(), "job_not_found", "no job with this id exists", &answer)
    );
    let answer = invoke(&stage, "get-video.decoded-path.json", "").await;
    assert_eq!(
        answer,
        refused(404, balance, "job_not_found", "no job with this id exists", &answer)
    );
}

/// A host, a protocol and a query of which no URL can be made: the HTTP library would panic.
#[tokio::test(flavor = "multi_thread")]
async fn list_videos_of_a_request_that_has_no_url() {
    let stage = quiet().await;
    let jobs = [stage.caller().accept("older").await, stage.caller().accept("newer").await];
    let answer = invoke(&stage, "list-videos.no-url.json", "").await;
    let page = body(&answer);
    assert_eq!(
        (&answer["statusCode"], &page["first_id"], &page["has_more"]),
        (&json!(200), &json!(jobs[1]), &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn list_videos() {
    let stage = quiet().await;
    let caller = stage.caller();
    let jobs = [caller.accept("older").await, caller.accept("newer").await];
    let answer = invoke(&stage, "list-videos.json", "").await;
    let mut shown = Vec::new();
    for job in jobs.iter().rev() {
        let one = invoke(&stage, "get-video.json", job).await;
        shown.push(one["body"].as_str().unwrap().to_owned());
    }
    let [older, newer] = jobs;
    let text = format!(
        r#"{{"object":"list","data":[{}],"first_id":"{newer}","last_id":"{older}","has_more":false}}"#,
        shown.join(",")
    );
    assert_eq!(answer, http(200, json!({"x-geekhub-balance-mxn": "50.00"}), &text, &answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn list_models_and_get_model() {
    let stage = quiet().await;
    // polled as often as on a fast system
    let kling = r#"{"id":"fal/kling-2","object":"model","created":1795305600,"owned_by":"fal","provider":"fal.ai","available":true,"unavailable_reason":null,"usd_per_second":"0.04","mxn_per_second":"0.84","markup":"1.05","fx_mxn_per_usd":"20.00","default_duration":5,"durations":[5,10],"max_duration":10,"default_aspect_ratio":"16:9","aspect_ratios":["16:9","9:16","1:1"],"audio":false,"poll_every_seconds":1,"typical_seconds":{"min":120,"max":300},"prompt_length":{"min":1,"max":2500},"inputs":{"resolution":null,"generate_audio":null,"seed":null,"negative_prompt":{"min":1,"max":2500,"default":"blur, distort, and low quality"}},"prices":[{"name":"standard","when":{"duration":null,"resolution":null,"generate_audio":null},"usd_per_second":"0.04","mxn_per_second":"0.84"}],"retires":null}"#;
    let balance = || json!({"x-geekhub-balance-mxn": "50.00"});
    let answer = invoke(&stage, "get-model.json", "").await;
    assert_eq!(answer, http(200, balance(), kling, &answer));

    let answer = invoke(&stage, "list-models.json", "").await;
    let text = answer["body"].as_str().unwrap();
    assert_eq!(answer, http(200, balance(), text, &answer));
    assert!(text.starts_with(r#"{"object":"list","data":["#) && text.contains(kling), "{text}");
    let models = ghub::catalog::Catalog::published().ids().count();
    assert_eq!(body(&answer)["data"].as_array().map(Vec::len), Some(models));
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_route() {
    let stage = quiet().await;
    let answer = invoke(&stage, "unknown-route.json", "").await;
    let message = "nothing is here: GET /v1/nothing/here; GET /v1/openapi.json lists what is";
    assert_eq!(answer, refused(404, json!({}), "not_found", message, &answer));

    let answer = invoke(&stage, "unknown-route.dots.json", "").await;
    let message = "nothing is here: GET /v1/../v1/models; did you mean GET /v1/models? GET /v1/openapi.json lists what is";
    assert_eq!(answer, refused(404, json!({}), "not_found", message, &answer));

    let answer = invoke(&stage, "unknown-route.wrong-method.json", "").await;
    let message = "/v1/videos/generations answers POST only";
    assert_eq!(
        answer,
        refused(405, json!({"allow": "POST"}), "method_not_allowed", message, &answer)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn get_openapi() {
    let stage = quiet().await;
    let answer = invoke(&stage, "get-openapi.json", "").await;
    let headers = json!({"cache-control": "public, max-age=300"});
    assert_eq!(answer, http(200, headers.clone(), answer["body"].as_str().unwrap(), &answer));
    assert_eq!(body(&answer)["info"]["version"], env!("CARGO_PKG_VERSION"));

    let length = answer["body"].as_str().unwrap().len().to_string();
    let headers = json!({"cache-control": "public, max-age=300", "content-length": length});
    let answer = invoke(&stage, "get-openapi.head.json", "").await;
    let mut without_body = http(200, headers, "", &answer);
    without_body.as_object_mut().unwrap().remove("body");
    assert_eq!(answer, without_body);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_video() {
    let stage = quiet().await;
    let caller = stage.caller();
    stage.fal().set_render(Render { queued: Duration::from_secs(3600), rendering: Duration::ZERO });
    let job = caller.accept("unwanted").await;
    for _ in 0..2 {
        let answer = invoke(&stage, "cancel-video.json", &job).await;
        let text = answer["body"].as_str().unwrap();
        assert_eq!(answer, http(200, json!({"x-geekhub-balance-mxn": "50.00"}), text, &answer));
        assert_eq!(
            (&body(&answer)["status"], &body(&answer)["error"]),
            (&json!("failed"), &json!("cancelled"))
        );
        assert_eq!(body(&answer), caller.client.video(&job).await.unwrap().body);
    }
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn delete_video() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    let job = caller.accept("deleted").await;
    stage.until(caller.org, &job, Status::Completed).await;
    let balance = json!({"x-geekhub-balance-mxn": "45.80"});
    let answer = invoke(&stage, "delete-video.json", &job).await;
    let text = format!(
        r#"{{"id":"{job}","object":"video.deleted","deleted":true,"cached_for_at_most_seconds":86400}}"#
    );
    assert_eq!(answer, http(200, balance.clone(), &text, &answer));
    let answer = invoke(&stage, "delete-video.json", &job).await;
    assert_eq!(
        answer,
        refused(404, balance, "job_not_found", "no job with this id exists", &answer)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn get_credits() {
    let stage = quiet().await;
    stage.caller().accept("held").await;
    let answer = invoke(&stage, "get-credits.json", "").await;
    let text = r#"{"object":"credits","balance":"50.00","held":"4.20","available":"45.80","credit_limit":"0.00","currency":"MXN","low":false}"#;
    assert_eq!(answer, http(200, json!({"x-geekhub-balance-mxn": "50.00"}), text, &answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn list_transactions() {
    let stage = quiet().await;
    let answer = invoke(&stage, "list-transactions.json", "").await;
    let id = TransactionId::of(stage.caller().org, "bonus");
    let created = body(&answer)["data"][0]["created"].as_i64().unwrap();
    let text = format!(
        r#"{{"object":"list","data":[{{"id":"{id}","object":"credit.transaction","type":"bonus","amount":"50.00","balance_after":"50.00","job":null,"reference":null,"description":null,"created":{created},"price_row":null}}],"first_id":"{id}","last_id":"{id}","has_more":false}}"#
    );
    assert_eq!(answer, http(200, json!({"x-geekhub-balance-mxn": "50.00"}), &text, &answer));
}
