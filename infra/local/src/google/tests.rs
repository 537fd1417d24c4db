//! The wire over a real socket, with a clock that the test moves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::faults::{Fault, Then};
use crate::video;

const MODEL: &str = "projects/local/locations/us-central1/publishers/google/models/veo-3.1-generate-001";
const START_S: u64 = 1_800_000_000;

/// A simulator that renders 60 s, and its clock in seconds.
struct World {
    google: Google,
    clock: Arc<AtomicU64>,
    port: u16,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// HTTP's status, and Google's name for it or the one OAuth has.
    fn refusal(&self) -> (u16, String) {
        let body = self.json();
        let name = body["error"]["status"].as_str().or(body["error"].as_str()).unwrap_or_default();
        (self.status, name.to_owned())
    }
}

impl World {
    async fn new() -> Self {
        Self::in_directory(None, Arc::new(AtomicU64::new(START_S))).await
    }

    async fn in_directory(data_dir: Option<PathBuf>, clock: Arc<AtomicU64>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, time) = (listener.local_addr().unwrap().port(), clock.clone());
        let google = Google::new(Options {
            base_url: "http://google.test".to_owned(),
            project: "local".to_owned(),
            location: "us-central1".to_owned(),
            data_dir,
            render: Render { queued: Duration::from_secs(10), rendering: Duration::from_secs(50) },
            now: Arc::new(move || SystemTime::UNIX_EPOCH + Duration::from_secs(time.load(Ordering::SeqCst))),
        });
        tokio::spawn(axum::serve(listener, google.router()).into_future());
        Self { google, clock, port }
    }

    fn wait(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    /// HTTP/1.0, so that a body of unknown length ends with its connection and not in chunks.
    async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let length = body.len();
        let request = format!("{method} {path} HTTP/1.0\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        let _ = socket.read_to_end(&mut all).await;
        let at = all.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or_default();
        let head = String::from_utf8_lossy(&all[..at]).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Answer { status, head, body: all.split_off(all.len().min(at + 4)) }
    }

    async fn ask_for_token(&self, claims: &Value, key: &[u8]) -> Answer {
        let assertion = encode(&Header::new(Algorithm::RS256), claims, &EncodingKey::from_rsa_der(key)).unwrap();
        let grant_type = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        self.send("POST", "/token", "", &format!("grant_type={grant_type}&assertion={assertion}")).await
    }

    fn claims(&self) -> Value {
        let now_s = self.clock.load(Ordering::SeqCst);
        json!({
            "iss": account::EMAIL, "aud": "http://google.test/token", "iat": now_s, "exp": now_s + 3600,
            "scope": "https://www.googleapis.com/auth/cloud-platform",
        })
    }

    /// A token that is good now, as a header.
    async fn bearer(&self) -> String {
        rs256::install();
        let answer = self.ask_for_token(&self.claims(), &account::der()).await;
        format!("authorization: Bearer {}\r\n", answer.json()["access_token"].as_str().unwrap())
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, &self.bearer().await, &body.to_string()).await
    }

    async fn submit(&self, prompt: &str, parameters: Value) -> String {
        let body = json!({"instances": [{"prompt": prompt}], "parameters": parameters});
        let answer = self.post(&format!("/v1/{MODEL}:predictLongRunning"), body).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()["name"].as_str().unwrap().to_owned()
    }

    async fn poll(&self, name: &str) -> Answer {
        self.post(&format!("/v1beta1/{MODEL}:fetchPredictOperation"), json!({"operationName": name})).await
    }

    /// What is said of an operation that ends so.
    async fn ended(&self, ending: Ending, parameters: Value) -> Value {
        self.google.decide(Verdict::next(1, ending));
        let name = self.submit("a cat", parameters).await;
        self.wait(60);
        let answer = self.poll(&name).await;
        assert_eq!((answer.status, &answer.json()["done"]), (200, &json!(true)));
        answer.json()
    }
}

#[tokio::test]
async fn a_token_is_given_to_the_service_account_alone() {
    let world = World::new().await;
    rs256::install();
    let answer = world.ask_for_token(&world.claims(), &account::der()).await;
    assert_eq!((answer.status, &answer.json()["expires_in"]), (200, &json!(3599)));
    assert_eq!(answer.json()["token_type"], "Bearer");

    for (claim, value, error, text) in [
        ("aud", json!("https://oauth2.googleapis.com/token"), "", ""),
        ("aud", json!("https://elsewhere/token"), "invalid_grant", "audience"),
        ("iss", json!("somebody@else"), "invalid_grant", "account not found"),
        ("scope", json!("https://www.googleapis.com/auth/devstorage.read_only"), "invalid_scope", "scope"),
        ("exp", json!(START_S + 7200), "invalid_grant", "short-lived"),
        ("iat", json!(START_S - 10), "invalid_grant", "short-lived"),
        ("exp", json!(START_S), "invalid_grant", "short-lived"),
        ("iat", json!("now"), "invalid_grant", "Bad Request"),
    ] {
        let mut claims = world.claims();
        claims[claim] = value;
        let answer = world.ask_for_token(&claims, &account::der()).await;
        let body = answer.json();
        let expected = if error.is_empty() { 200 } else { 400 };
        assert_eq!(answer.refusal(), (expected, error.to_owned()));
        assert!(body["error_description"].as_str().unwrap_or_default().contains(text), "{claim}: {body}");
    }
    let claims = world.claims();
    world.wait(3600 + 301);
    assert_eq!(world.ask_for_token(&claims, &account::der()).await.refusal(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn what_is_no_assertion_of_this_account_is_refused() {
    let world = World::new().await;
    rs256::install();
    let good = encode(&Header::new(Algorithm::RS256), &world.claims(), &EncodingKey::from_rsa_der(&account::der()));
    let good = good.unwrap();
    let (signed, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", "A".repeat(342));
    let grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    for (body, error, text) in [
        (format!("grant_type={grant_type}&assertion={forged}"), "invalid_grant", "Invalid JWT Signature."),
        (format!("grant_type={grant_type}&assertion=nonsense"), "invalid_grant", "Bad Request"),
        (format!("grant_type={grant_type}"), "invalid_request", "assertion"),
        (format!("grant_type=refresh_token&assertion={good}"), "unsupported_grant_type", "refresh_token"),
        (String::new(), "unsupported_grant_type", ""),
    ] {
        let answer = world.send("POST", "/token", "", &body).await;
        assert_eq!(answer.refusal(), (400, error.to_owned()), "{body}");
        assert!(answer.json()["error_description"].as_str().unwrap().contains(text), "{}", answer.json());
    }
    let key: Value = serde_json::from_str(&world.google.service_account_json()).unwrap();
    assert_eq!((&key["type"], &key["token_uri"]), (&json!("service_account"), &json!("http://google.test/token")));
    assert_eq!((&key["project_id"], &key["client_email"]), (&json!("local"), &json!(account::EMAIL)));
}

#[tokio::test]
async fn a_token_ends_and_outlives_a_restart() {
    let world = World::new().await;
    let (bearer, path) = (world.bearer().await, format!("/v1/{MODEL}:fetchPredictOperation"));
    let name = format!("{MODEL}/operations/x");
    let body = json!({"operationName": name}).to_string();
    let other = World::in_directory(None, world.clock.clone()).await;
    for (wait_s, expected) in [(0, 404), (3598, 404), (1, 401)] {
        world.wait(wait_s);
        assert_eq!(world.send("POST", &path, &bearer, &body).await.status, expected);
        assert_eq!(other.send("POST", &path, &bearer, &body).await.status, expected);
    }
    let answer = world.send("POST", &path, &bearer, &body).await;
    assert_eq!(answer.json()["error"]["details"][0]["reason"], "ACCESS_TOKEN_EXPIRED");
    for authorization in ["", "authorization: Bearer ya29.1-2-3\r\n", "authorization: Basic eDp5\r\n"] {
        let answer = world.send("POST", &path, authorization, &body).await;
        assert_eq!(answer.refusal(), (401, "UNAUTHENTICATED".to_owned()));
        assert!(answer.head.contains("www-authenticate: bearer"), "{}", answer.head);
    }
}

#[tokio::test]
async fn an_operation_is_done_when_its_time_has_passed() {
    let world = World::new().await;
    let sent = json!({"durationSeconds": 4, "aspectRatio": "9:16", "generateAudio": true});
    let name = world.submit("a cat", sent.clone()).await;
    assert!(name.starts_with(&format!("{MODEL}/operations/")), "{name}");
    world.wait(59);
    assert_eq!(world.poll(&name).await.json(), json!({"name": name}));
    world.google.configure(|settings| settings.pending = Pending::DoneFalse);
    assert_eq!(world.poll(&name).await.json()["done"], false);

    world.wait(1);
    let answer = world.poll(&name).await;
    assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
    let response = &answer.json()["response"];
    assert_eq!(response["@type"], "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse");
    assert_eq!(
        (&response["raiMediaFilteredCount"], &response["videos"][0]["mimeType"]),
        (&json!(0), &json!("video/mp4"))
    );
    let bytes = STANDARD.decode(response["videos"][0]["bytesBase64Encoded"].as_str().unwrap()).unwrap();
    assert!(bytes == video::mp4(4, "9:16"), "the video that was ordered");
    assert_eq!((world.google.renders(), world.google.renders_of("a cat"), world.google.renders_of("a dog")), (1, 1, 0));
    assert_eq!(world.google.parameters_of("a cat"), [sent]);
}

#[tokio::test]
async fn a_storage_uri_sends_the_files_to_its_bucket() {
    let world = World::new().await;
    let parameters = json!({"storageUri": "gs://films/of mine", "sampleCount": 2, "durationSeconds": 4});
    let name = world.submit("a cat", parameters).await;
    world.wait(60);
    let videos = world.poll(&name).await.json()["response"]["videos"].clone();
    let uri = videos[1]["gcsUri"].as_str().unwrap();
    assert!(uri.starts_with("gs://films/of mine/") && uri.ends_with("/sample_1.mp4"), "{uri}");
    let object = uri.trim_start_matches("gs://films/").replace(' ', "%20");
    let json_path = format!("/storage/v1/b/films/o/{}", object.replace('/', "%2F"));
    let (media, xml_path) = (format!("{json_path}?alt=media"), format!("/films/{object}"));
    let bearer = world.bearer().await;

    let whole = world.send("GET", &media, &bearer, "").await;
    assert!((whole.status, &whole.body[..]) == (200, &video::mp4(4, "16:9")[..]), "{}", whole.head);
    assert!(whole.head.contains(&format!("content-length: {}", whole.body.len())), "{}", whole.head);
    let part = world.send("GET", &xml_path, &format!("{bearer}range: bytes=4-7\r\n"), "").await;
    assert_eq!((part.status, &part.body[..]), (206, &b"ftyp"[..]));
    let about = world.send("GET", &json_path, &bearer, "").await;
    assert_eq!(about.json()["size"], whole.body.len().to_string());

    for (path, headers, expected) in [
        (media.as_str(), "", 401),
        (media.as_str(), "authorization: Bearer other\r\n", 401),
        (xml_path.as_str(), "", 403),
        (xml_path.as_str(), "authorization: Bearer other\r\n", 401),
        (&media.replace("sample_1", "sample_2"), &bearer, 404),
        (&media.replace("/b/films/", "/b/others/"), &bearer, 404),
        (&xml_path.replace("sample_1", "sample_2"), &bearer, 404),
    ] {
        assert_eq!(world.send("GET", path, headers, "").await.status, expected, "{path} {headers}");
    }
}

#[tokio::test]
async fn each_ending_has_its_own_shape() {
    let world = World::new().await;
    let said = world.ended(Ending::error(8, "No capacity."), json!({})).await;
    assert_eq!((&said["error"], said.get("response")), (&json!({"code": 8, "message": "No capacity."}), None));

    let said = world.ended(Ending::filtered("58061214: Child"), json!({})).await;
    let (response, kind) = (&said["response"], &said["response"]["@type"]);
    let expected = json!({"@type": kind, "raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["58061214: Child"]});
    assert_eq!(response, &expected);

    let shorter = Ending::Filtered { reasons: Vec::new(), left: Left::Videos(1) };
    let said = world.ended(shorter, json!({"sampleCount": 3})).await;
    assert_eq!(said["response"]["raiMediaFilteredCount"], 2);
    assert_eq!(said["response"]["videos"].as_array().unwrap().len(), 1);
    assert_eq!(world.ended(Ending::Nothing, json!({})).await.as_object().unwrap().len(), 2);
    assert_eq!(world.ended(Ending::NoVideos, json!({})).await["response"].get("videos"), None);

    let said = world.ended(Ending::ForeignUri { uri: "https://elsewhere/x".to_owned() }, json!({})).await;
    assert_eq!(said["response"]["videos"][0]["gcsUri"], "https://elsewhere/x");
    let inline = |said: Value| STANDARD.decode(said["response"]["videos"][0]["bytesBase64Encoded"].as_str().unwrap());
    assert!(inline(world.ended(Ending::Garbled, json!({})).await).is_err());
    assert!(inline(world.ended(Ending::Html, json!({})).await).unwrap().starts_with(b"<!doctype"));
    assert_eq!(inline(world.ended(Ending::CutVideo { keep_bytes: 1000 }, json!({})).await).unwrap().len(), 1000);
    assert_eq!(inline(world.ended(Ending::padded(2_000_000), json!({})).await).unwrap().len(), 2_000_000);
}

#[tokio::test]
async fn what_is_wrong_is_refused_or_fails_the_operation() {
    let world = World::new().await;
    let order = json!({"instances": [{"prompt": "a cat"}], "parameters": {}});
    let path = |model: &str, verb: &str| format!("/v1/{}:{verb}", MODEL.replace("veo-3.1-generate-001", model));
    let submit = "predictLongRunning";
    for (path, body, expected) in [
        (path("veo-3.0-generate-001", submit), order.clone(), (404, "NOT_FOUND")),
        (path("veo-3.1-generate-preview", submit), order.clone(), (404, "NOT_FOUND")),
        (
            path("veo-3.1-fast-generate-001", submit).replace("/local/", "/other/"),
            order.clone(),
            (403, "PERMISSION_DENIED"),
        ),
        (path("veo-3-local", submit).replace("us-central1", "mars"), order.clone(), (400, "INVALID_ARGUMENT")),
        (path("veo-3.1-generate-001", submit), json!({"instances": []}), (400, "INVALID_ARGUMENT")),
        (path("veo-3.1-generate-001", "fetchPredictOperation"), json!({}), (400, "INVALID_ARGUMENT")),
        (path("veo-3.1-generate-001", "predict"), order.clone(), (404, "")),
        (path("veo-3.1-generate-001", submit).replace("/v1/", "/v9/"), order.clone(), (404, "")),
    ] {
        let answer = world.post(&path, body).await;
        assert_eq!(answer.refusal(), (expected.0, expected.1.to_owned()), "{path}");
    }
    for name in [format!("{MODEL}/operations/unknown"), "operations/x".to_owned()] {
        let expected = if name.starts_with("operations") { 400 } else { 404 };
        assert_eq!(world.poll(&name).await.status, expected);
    }
    assert_eq!(world.google.renders(), 0);

    world.google.configure(|settings| settings.validate_at = ValidateAt::Operation);
    let name = world.submit("a dog", json!({"durationSeconds": 5})).await;
    world.wait(60);
    let error = world.poll(&name).await.json()["error"].clone();
    assert_eq!(error["code"], 3);
    assert!(error["message"].as_str().unwrap().contains("[8,6,4]"), "{error}");
}

#[tokio::test]
async fn a_fault_decides_whether_something_renders() {
    let world = World::new().await;
    let path = format!("/v1/{MODEL}:predictLongRunning");
    let order = json!({"instances": [{"prompt": "a cat"}]});
    world.google.faults().add(Fault::once("submit", resource_exhausted(34))).unwrap();
    let answer = world.post(&path, order.clone()).await;
    assert_eq!(answer.refusal(), (429, "RESOURCE_EXHAUSTED".to_owned()));
    assert_eq!(answer.json()["error"]["details"][0]["retryDelay"], "34s");
    assert_eq!(world.google.renders(), 0);

    world.google.faults().add(Fault::once("submit", Then::CloseAfter)).unwrap();
    assert_eq!(world.post(&path, order.clone()).await.status, 0);
    assert_eq!(world.google.renders(), 1);
    world.google.faults().add(Fault::once("token", rpc_error(503, "UNAVAILABLE", "Later."))).unwrap();
    rs256::install();
    assert_eq!(world.ask_for_token(&world.claims(), &account::der()).await.status, 503);
    assert_eq!(world.google.requests().iter().filter(|seen| seen.path == "/token").count(), 3);
}

#[tokio::test]
async fn operations_survive_a_restart_and_follow_a_change() {
    let directory = std::env::temp_dir().join(format!("google-{}", uuid::Uuid::new_v4()));
    let world = World::in_directory(Some(directory.clone()), Arc::new(AtomicU64::new(START_S))).await;
    let done = world.submit("a cat", json!({})).await;
    world.wait(40);
    let running = world.submit("a dog", json!({})).await;
    world.wait(20);

    let world = World::in_directory(Some(directory.clone()), world.clock).await;
    assert_eq!(world.poll(&done).await.json()["done"], true);
    assert_eq!(world.poll(&running).await.json(), json!({"name": running}));
    world.google.set_render(Render { queued: Duration::ZERO, rendering: Duration::from_secs(25) });
    world.wait(5);
    assert_eq!(world.poll(&running).await.json()["done"], true);
    assert_eq!(world.google.renders(), 2);
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn another_process_scripts_it_over_http() {
    let world = World::new().await;
    let json_type = "content-type: application/json\r\n";
    let verdict = json!({"prompt_contains": "gore", "ending": {"filtered": {"left": {"videos": 0}}}}).to_string();
    assert_eq!(world.send("POST", "/_simulator/verdicts", json_type, &verdict).await.status, 204);
    let change = json!({"rendering_ms": 0, "queued_ms": 0, "pretty": false, "reversed": true}).to_string();
    assert_eq!(world.send("PATCH", "/_simulator/settings", json_type, &change).await.status, 204);
    let name = world.submit("gore", json!({})).await;
    let answer = world.poll(&name).await;
    let start = r#"{"response":{"videos":[],"raiMediaFilteredCount":1,"@type":"#;
    assert!(answer.body.starts_with(start.as_bytes()), "{}", answer.json());
    let renders = world.send("GET", "/_simulator/renders", "", "").await;
    assert_eq!(renders.json(), json!({"accepted": 1, "by_prompt": {"gore": 1}}));
}
