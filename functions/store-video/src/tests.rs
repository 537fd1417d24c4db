//! The function ends by itself before Lambda ends it, whatever stops to answer and when: on virtual
//! time, with every other part answered by hand.

use super::*;
use ghub::adapter::sandbox::VIDEO;
use ghub::config::Env;
use ghub::outbound::{Exchange, Gate, Network, Outbound, WireError};
use reqwest::{Method, Request, Response};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::UNIX_EPOCH;

const ORG: &str = "b9593df9-5a20-4b54-8eb1-30bdb7b4451c";
const JOB: &str = "0197a001-0000-7000-8000-00000000000d";
/// Tells the exchanges that are meant from all others.
type Silent = fn(&Request) -> bool;
/// More exchanges than the longest way has.
const MANY: usize = 40;

/// Everything outside. Each exchange takes its time; from one of them on nothing answers any more.
#[derive(Clone)]
struct Outside {
    video: Vec<u8>,
    /// When the job's file was found.
    found: i64,
    takes: Duration,
    silent_from: usize,
    silent: Silent,
    asked: Arc<AtomicUsize>,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outside")
    }
}

impl Gate for Outside {
    fn exchange<'a>(&'a self, request: Request, _: Network<'a>) -> Exchange<'a> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        let silent = number >= self.silent_from && (self.silent)(&request);
        // AWS calls have theirs elsewhere
        let limit = request.timeout().copied().unwrap_or(Duration::MAX);
        let answer = async move {
            if silent {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(self.takes).await;
            self.answer(&request)
        };
        Box::pin(async move {
            tokio::time::timeout(limit, answer).await.map_err(|late| WireError::Lost(late.into()))
        })
    }
}

impl Outside {
    fn answer(&self, request: &Request) -> Response {
        let header = |name: &str| {
            request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        let body: Value = request
            .body()
            .and_then(|body| serde_json::from_slice(body.as_bytes()?).ok())
            .unwrap_or_default();
        let size = self.video.len();
        let path = request.url().path();
        let (status, headers, answer) =
            match (request.url().host_str().unwrap_or_default(), request.method().clone()) {
                ("v3.fal.media", _) => (200, Vec::new(), self.video.clone()),
                ("project.supabase.co", Method::POST) if path.ends_with("/upload/resumable") => {
                    (201, vec![("location", "abc".to_owned())], Vec::new())
                }
                ("project.supabase.co", Method::PATCH) => {
                    let sent =
                        request.body().and_then(|body| body.as_bytes()).map_or(0, <[u8]>::len);
                    let offset =
                        header("upload-offset").parse::<usize>().unwrap_or_default() + sent;
                    (204, vec![("upload-offset", offset.to_string())], Vec::new())
                }
                ("project.supabase.co", _) if path.contains("/object/info/") => {
                    (200, Vec::new(), json!({"size": size}).to_string().into())
                }
                ("project.supabase.co", _) => {
                    (206, vec![("content-range", format!("bytes 0-0/{size}"))], Vec::new())
                }
                _ => match (
                    header("x-amz-target").rsplit('.').next().unwrap_or_default(),
                    body["TableName"].as_str(),
                ) {
                    ("GetItem", Some("jobs")) => {
                        (200, Vec::new(), json!({"Item": item(self.found)}).to_string().into())
                    }
                    ("GetItem", _) => {
                        let account =
                            json!({"Item": {"entries": {"N": "0"}, "balance": {"N": "0"}}});
                        (200, Vec::new(), account.to_string().into())
                    }
                    _ => (200, Vec::new(), b"{}".to_vec()),
                },
            };
        let mut response = lambda_http::http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        response.body(answer).expect("the answer is well formed").into()
    }
}

/// A job whose file was found at this moment, as DynamoDB gives it.
fn item(found: i64) -> Value {
    let (text, number) =
        (|text: &str| json!({"S": text}), |number: i64| json!({"N": number.to_string()}));
    let handle = json!({"M": {"fal": {"M": {
        "request_id": text("r"), "status_url": text("s"), "response_url": text("r"), "cancel_url": text("c"),
    }}}});
    let price = json!({"M": {
        "usd_per_second": number(40_000), "markup": number(1_050_000), "fx_mxn_per_usd": number(20_000_000),
    }});
    json!({
        "org": text(ORG), "job": text(JOB), "v": number(1), "write": text("w"), "revision": number(4),
        "status": text("processing"), "open": text("d"), "model": text("fal/kling-2"), "provider": text("fal"),
        "route": text("fal-ai/kling-video/v2"), "prompt": text("a hummingbird"), "seconds": number(5), "price": price,
        "cost": number(4_200_000), "poll_every_s": number(15), "created": number(found), "due": number(found),
        "handle": handle, "submitted": number(found), "file_url": text("https://v3.fal.media/a.mp4"),
        "file_found": number(found),
    })
}

/// Now, by the clock on the wall.
const NOW: i64 = 1_782_415_166;
const A_DAY: i64 = 24 * 60 * 60;

/// Who stops to answer.
const SILENT: [(&str, Silent); 4] = [
    ("everything", |_| true),
    ("the file host", |request| request.url().host_str() == Some("v3.fal.media")),
    ("storage", |request| request.url().host_str() == Some("project.supabase.co")),
    ("AWS", |request| request.headers().contains_key("x-amz-target")),
];

/// How long an invocation takes, how many exchanges it makes, and whether its message failed.
async fn invoke(outside: Outside) -> (Duration, usize, bool) {
    let asked = outside.asked.clone();
    let env = Env::from(
        [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "a"),
            ("TABLE_JOBS", "jobs"),
            ("TABLE_ACCOUNTS", "accounts"),
            ("TABLE_LEDGER", "ledger"),
            ("STORE_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/1/StoreQueue"),
            ("STORE_AGAIN_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/1/StoreAgainQueue"),
            ("SUPABASE_URL", "https://project.supabase.co"),
            ("SUPABASE_SECRET_KEY", "sb_secret_test"),
        ]
        .map(|(name, value)| (name, value.to_owned())),
    );
    let now = UNIX_EPOCH + Duration::from_secs(NOW.try_into().unwrap());
    let ambient = Ambient::with_clock(Arc::new(move || now));
    let world =
        World { env, ambient, outbound: Outbound::gated(Arc::new(outside)), ..World::process() };
    let function = StoreVideo::new(&world).await.unwrap();
    asked.store(0, Ordering::SeqCst);
    let record = json!({"messageId": "m", "body": json!({"org": ORG, "job": JOB}).to_string()});
    let event = serde_json::from_value(json!({"Records": [record]})).unwrap();
    let began = Instant::now();
    let response = function.handle(event).await;
    (began.elapsed(), asked.load(Ordering::SeqCst), !response.batch_item_failures.is_empty())
}

fn outside(video: &[u8]) -> Outside {
    Outside {
        video: video.to_vec(),
        found: NOW,
        takes: Duration::ZERO,
        silent_from: MANY,
        silent: |_| true,
        asked: Arc::default(),
    }
}

/// A video of two parts: the test picture, and 7 MiB that no player needs.
fn two_parts() -> Vec<u8> {
    const FREE: usize = 7 << 20;
    let size = u32::try_from(FREE).unwrap().to_be_bytes();
    [VIDEO, &size, b"free", &vec![0; FREE - 8]].concat()
}

#[tokio::test(start_paused = true)]
async fn an_invocation_ends_in_time_whatever_stops_to_answer_and_when() {
    let (small, large) = (VIDEO.to_vec(), two_parts());
    let (_, exchanges, failed) = invoke(outside(&large)).await;
    assert!(!failed && (10..MANY).contains(&exchanges), "undisturbed it has {exchanges} exchanges");
    let mut longest = Duration::ZERO;
    for (who, silent) in SILENT {
        for (video, found) in [(&small, NOW), (&large, NOW), (&large, NOW - 2 * A_DAY)] {
            for takes in [0, 2, 9] {
                for silent_from in 0..=exchanges + 4 {
                    let takes = Duration::from_secs(takes);
                    let (took, _, _) =
                        invoke(Outside { found, takes, silent_from, silent, ..outside(video) })
                            .await;
                    let left = TIMEOUT.saturating_sub(took);
                    assert!(
                        left >= Duration::from_secs(1),
                        "{who} silent from {silent_from} on, {takes:?} each: {took:?}"
                    );
                    longest = longest.max(took);
                }
            }
        }
    }
    assert!(longest > FIRST_ATTEMPT, "something was waited for: {longest:?}");
}

/// The same by adding up: what follows a transfer fits into what the transfer leaves.
#[test]
fn what_is_left_for_recording_is_enough() {
    let last_look = Duration::from_secs(1); // the store's, at a write whose answers were lost
    let message = Duration::from_secs(1);
    assert!(SETTLE_BUDGET + last_look + ANSWERING <= RECORDING);
    assert!(AGAIN_BUDGET + last_look + message + ANSWERING <= RECORDING);
    assert!(FIRST_ATTEMPT + RECORDING < TIMEOUT && WORTHWHILE > RECORDING);
    assert_eq!(
        TURN - TIMEOUT,
        Duration::from_secs(30),
        "two transfers of one file never run at once"
    );
}
