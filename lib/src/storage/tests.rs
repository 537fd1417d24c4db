//! Odd answers of storage and what they lead to. The tests use no socket, and give each answer by
//! hand.

mod sizes;

use super::*;
use crate::outbound::{Exchange, Gate, Network, WireError};
use std::fmt;
use std::sync::{Arc, Mutex};

const BASE: &str = "https://project.supabase.co";
const KEY: &str = "sb_secret_test";
const PATH: &str = "org/job/video.mp4";
const SIZE: u64 = 1_234_567;

/// The status, the headers and the body of an answer.
type Answer = (u16, Vec<(&'static str, String)>, String);
type Answering = Box<dyn Fn(&Request) -> Option<Answer> + Send + Sync>;

/// Answers in place of storage. An exchange for which no answer is left fails.
struct Server {
    answering: Answering,
    asked: Mutex<Vec<(Method, Url, bool)>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

impl Gate for Server {
    fn exchange<'a>(&'a self, request: Request, _: Network<'a>) -> Exchange<'a> {
        let has_key =
            ["apikey", "authorization"].iter().any(|name| request.headers().contains_key(*name));
        assert_eq!(
            request.headers().get(ACCEPT_ENCODING),
            Some(&IDENTITY),
            "nothing here reads another coding"
        );
        self.asked.lock().unwrap().push((request.method().clone(), request.url().clone(), has_key));
        let answer = (self.answering)(&request);
        Box::pin(async move {
            let (status, headers, body) =
                answer.ok_or_else(|| WireError::Lost("no answer".into()))?;
            let mut response = lambda_http::http::Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            Ok(response.body(body).expect("the answer is well formed").into())
        })
    }
}

fn serving(
    answering: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static,
) -> (Storage, Arc<Server>) {
    let server = Arc::new(Server { answering: Box::new(answering), asked: Mutex::default() });
    let env = Env::from([("SUPABASE_URL", BASE.to_owned())]);
    let world = World { env, outbound: Outbound::gated(server.clone()), ..World::process() };
    (Storage::with_key(&world, Secret::new(KEY)).unwrap(), server)
}

fn json(status: u16, body: &str) -> Option<Answer> {
    Some((status, Vec::new(), body.to_owned()))
}

fn bare(status: u16, headers: &[(&'static str, &str)]) -> Option<Answer> {
    Some((
        status,
        headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        String::new(),
    ))
}

const NO_OBJECT: &str =
    r#"{"statusCode":"404","error":"not_found","message":"Object not found","code":"NoSuchKey"}"#;
const NO_BUCKET: &str = r#"{"statusCode":"404","error":"Bucket not found","message":"Bucket not found","code":"NoSuchBucket"}"#;

fn is_info(request: &Request) -> bool {
    request.url().path().contains("/object/info/")
}

fn is_public(request: &Request) -> bool {
    request.url().path().contains("/object/public/")
}

impl Server {
    fn asked(&self) -> Vec<(Method, Url, bool)> {
        self.asked.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_public_address_may_lead_on_and_sees_no_key() {
    for (to, followed) in [
        ("https://cdn.example/video.mp4", true),
        ("/storage/v1/object/sign/b/video.mp4?token=x", true),
        ("//cdn.example/video.mp4", true),
        ("http://cdn.example/video.mp4", false),
        ("https://169.254.169.254/latest", false),
        ("https://[::1]/x", false),
        ("http://127.0.0.1/x", false),
        ("ftp://cdn.example/x", false),
    ] {
        let (storage, server) = serving(move |request| match () {
            () if is_info(request) => json(200, r#"{"size":1234567}"#),
            () if is_public(request) => bare(302, &[("location", to)]),
            () => bare(206, &[("content-range", "bytes 0-0/1234567")]),
        });
        let told = storage.confirm(PATH, SIZE).await;
        assert_eq!(told.is_ok(), followed, "{to}: {told:?}");
        let asked = server.asked();
        assert_eq!(asked.len(), if followed { 3 } else { 2 }, "{to}: {asked:?}");
        assert!(asked[1..].iter().all(|(_, _, has_key)| !has_key), "{asked:?}");
    }
    let (storage, server) = serving(|request| match is_info(request) {
        true => json(200, r#"{"size":1234567}"#),
        false => bare(302, &[("location", request.url().as_str())]),
    });
    assert!(storage.confirm(PATH, SIZE).await.is_err(), "it leads to itself");
    assert_eq!(server.asked().len(), 1 + 4, "and is left");
    let (storage, _) =
        serving(
            |request| {
                if is_info(request) { json(200, r#"{"size":1234567}"#) } else { bare(302, &[]) }
            },
        );
    assert!(storage.confirm(PATH, SIZE).await.is_err(), "it leads nowhere");
}

#[tokio::test]
async fn an_upload_begins_below_our_own_address_or_not_at_all() {
    let expected = format!("{BASE}/storage/v1/upload/resumable/abc");
    for location in [
        "http://localhost:8000/storage/v1:8000/upload/resumable/abc",
        "//x/upload/resumable/abc",
        "abc",
    ] {
        let (storage, _) = serving(move |_| bare(201, &[("location", location)]));
        assert_eq!(storage.begin(PATH, Some(SIZE)).await.unwrap(), expected, "{location}");
    }
    for headers in [
        &[][..],
        &[("location", "")],
        &[("location", "https://elsewhere.example/")],
        &[("location", "..")],
    ] {
        let headers = headers.to_vec();
        let (storage, _) = serving(move |_| bare(201, &headers));
        let refused = storage.begin(PATH, None).await.unwrap_err();
        assert!(
            matches!(refused, StorageError::Location) && refused.forgets_the_upload(),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn the_key_goes_to_our_own_origin_whatever_the_location_says() {
    let (storage, server) = serving(|_| bare(200, &[("upload-offset", "7")]));
    let kept = "https://evil.example/upload/resumable/abc"; // as the version before kept it
    assert_eq!(storage.offset(kept).await.unwrap(), Some(7));
    assert_eq!(storage.append(kept, 0, Bytes::from_static(b"x"), None).await.unwrap(), 7);
    assert!(
        server.asked().iter().all(|(_, url, has_key)| url.as_str().starts_with(BASE) && *has_key)
    );
}

#[tokio::test]
async fn storage_that_does_not_know_an_upload_any_more_is_told_from_a_busy_one() {
    for status in [301, 400, 401, 403, 404, 409, 410, 500, 501] {
        let (storage, _) = serving(move |_| bare(status, &[]));
        assert_eq!(storage.offset("abc").await.unwrap(), None, "{status}");
    }
    let (storage, _) = serving(|_| bare(200, &[]));
    assert_eq!(storage.offset("abc").await.unwrap(), None, "an answer without an offset");
    for status in [408, 423, 429, 502, 503, 504] {
        let (storage, _) = serving(move |_| bare(status, &[]));
        assert!(storage.offset("abc").await.is_err(), "{status} passes");
    }
    let (storage, server) = serving(|_| None);
    assert!(storage.offset("abc").await.is_err(), "no answer passes");
    assert_eq!(storage.offset("..").await.unwrap(), None, "a location that names none is none");
    assert_eq!(server.asked().len(), 1, "and is not asked");
}

/// Removes a video, given the answers to the removal, to the description and to the public address.
async fn erase(
    url: &str,
    remove: Option<Answer>,
    info: Option<Answer>,
    public: Option<Answer>,
) -> (bool, Vec<String>) {
    let (storage, server) = serving(move |request| match request.method() {
        &Method::DELETE => remove.clone(),
        _ if is_info(request) => info.clone(),
        _ => public.clone(),
    });
    let gone = storage.erase(url).await.is_ok();
    let asked = server.asked().into_iter().map(|(method, url, has_key)| {
        format!(
            "{method} {}{}{}",
            url.host_str().unwrap(),
            url.path(),
            if has_key { " with the key" } else { "" }
        )
    });
    (gone, asked.collect())
}

const OURS: &str = "https://project.supabase.co/storage/v1/object/public/videos/org/job/video.mp4";
const THEIRS: &str = "https://before.supabase.co/storage/v1/object/public/videos/org/job/video.mp4";

#[tokio::test]
async fn a_video_is_gone_when_its_origin_says_so() {
    let (removed, no_object, no_bucket) =
        (json(200, "{}"), json(400, NO_OBJECT), json(400, NO_BUCKET));
    let there = json(200, r#"{"size":1}"#);
    let cached = bare(206, &[("cf-cache-status", "HIT"), ("content-range", "bytes 0-0/1")]);
    let page = json(404, "<h1>Not found</h1>");
    let denied = json(400, r#"{"statusCode":"403","code":"AccessDenied"}"#);
    for (name, remove, info, public, gone) in [
        ("removed", &removed, &no_object, &no_object, true),
        ("it was not there", &no_object, &no_object, &no_object, true),
        ("its bucket is not there", &no_object, &no_bucket, &no_bucket, true),
        (
            "its bucket is not there, and the server says so",
            &no_bucket,
            &no_bucket,
            &no_bucket,
            true,
        ),
        ("a cache still has it", &removed, &no_object, &cached, true),
        ("the removal did nothing", &removed, &there, &no_object, false),
        ("the description comes from a cache", &removed, &cached, &no_object, false),
        ("the key may not see it, and the public can", &no_object, &no_object, &there, false),
        ("the removal is denied", &denied, &no_object, &no_object, false),
        ("a page in the place of the removal", &page, &no_object, &no_object, false),
        ("a page in the place of the description", &removed, &page, &no_object, false),
        ("a page in the place of the public address", &removed, &no_object, &page, false),
        ("no answer to the removal", &None, &no_object, &no_object, false),
        ("no answer to the description", &removed, &None, &no_object, false),
        ("no answer to the public", &removed, &no_object, &None, false),
    ] {
        let (seen, asked) = erase(OURS, remove.clone(), info.clone(), public.clone()).await;
        assert_eq!(seen, gone, "{name}: {asked:?}");
    }
    let (_, asked) = erase(OURS, removed, no_object.clone(), no_object).await;
    assert_eq!(
        asked,
        [
            "DELETE project.supabase.co/storage/v1/object/videos/org/job/video.mp4 with the key",
            "GET project.supabase.co/storage/v1/object/info/videos/org/job/video.mp4 with the key",
            "GET project.supabase.co/storage/v1/object/public/videos/org/job/video.mp4",
        ],
        "in the bucket that the URL names"
    );
}

#[tokio::test]
async fn a_video_of_another_project_is_gone_when_that_project_says_so() {
    let (no_object, no_bucket) = (json(400, NO_OBJECT), json(400, NO_BUCKET));
    let cached = bare(206, &[("age", "12"), ("content-range", "bytes 0-0/1")]);
    for (name, public, gone) in [
        ("it is still there", json(200, "x"), false),
        ("a copy says nothing", cached, false),
        ("its bucket may be private", no_bucket, false),
        ("no answer", None, false),
        ("it is gone", no_object.clone(), true),
    ] {
        let (seen, asked) = erase(THEIRS, no_object.clone(), None, public).await;
        assert_eq!(seen, gone, "{name}");
        assert_eq!(
            asked[1], "GET before.supabase.co/storage/v1/object/public/videos/org/job/video.mp4",
            "without the key"
        );
        assert_eq!(asked.len(), 2);
    }
    for url in ["", "https://x.test/video.mp4", "video.mp4"] {
        assert_eq!(erase(url, None, None, None).await, (false, Vec::new()), "{url}");
    }
}
