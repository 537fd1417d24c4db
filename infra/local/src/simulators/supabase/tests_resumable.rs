//! Resumable uploads over HTTP.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::json;

use super::testing::{KEY, MIB, Server, client, eventually, header, pattern, refusal};

const CHUNK: usize = 6 * MIB;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// `bucketName` videos, `objectName` a.mp4, `contentType` video/mp4, `cacheControl` 3600
const METADATA: &str =
    "bucketName dmlkZW9z,objectName YS5tcDQ=,contentType dmlkZW8vbXA0,cacheControl MzYwMA==";

fn tus(server: &Server, method: Method, path: &str) -> RequestBuilder {
    let path = path.strip_prefix(&format!("{}/storage/v1", server.origin)).unwrap_or(path);
    server.send(method, path).header("tus-resumable", "1.0.0").header("x-upsert", "true")
}

fn creation(server: &Server, length: usize) -> RequestBuilder {
    creation_of(server, length, METADATA)
}

fn creation_of(server: &Server, length: usize, metadata: &str) -> RequestBuilder {
    tus(server, Method::POST, "/upload/resumable")
        .header("upload-length", length)
        .header("upload-metadata", metadata)
}

/// The location of a new upload.
async fn create(server: &Server, length: usize) -> String {
    let answer = creation(server, length).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    header(&answer, "location").to_owned()
}

fn chunk(server: &Server, location: &str, offset: usize, bytes: &[u8]) -> RequestBuilder {
    let request = tus(server, Method::PATCH, location)
        .header("content-type", "application/offset+octet-stream");
    request.header("upload-offset", offset).body(bytes.to_vec())
}

async fn head(server: &Server, location: &str) -> Response {
    tus(server, Method::HEAD, location).send().await.unwrap()
}

async fn say(request: RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    assert_eq!(header(&answer, "tus-resumable"), "1.0.0");
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn an_upload_in_chunks_becomes_an_object() {
    let server = Server::start().await;
    let bytes = pattern(CHUNK + 1000);
    let created = creation(&server, bytes.len()).send().await.unwrap();
    let location = header(&created, "location").to_owned();
    assert!(location.starts_with(&format!("{}/storage/v1/upload/resumable/", server.origin)));
    assert_eq!(header(&created, "upload-expires"), "Mon, 23 Nov 2026 10:26:03 GMT");

    let first = chunk(&server, &location, 0, &bytes[..CHUNK]).send().await.unwrap();
    assert_eq!((first.status().as_u16(), header(&first, "upload-offset")), (204, "6291456"));
    assert_eq!(header(&first, "tus-complete"), "");
    assert_eq!(server.supabase.object("videos", "a.mp4"), None);
    let half = head(&server, &location).await;
    assert_eq!((half.status().as_u16(), header(&half, "upload-offset")), (200, "6291456"));
    assert_eq!(
        (header(&half, "upload-length"), header(&half, "cache-control")),
        ("6292456", "no-store")
    );

    let last = chunk(&server, &location, CHUNK, &bytes[CHUNK..]).send().await.unwrap();
    assert_eq!((header(&last, "upload-offset"), header(&last, "tus-complete")), ("6292456", "1"));
    let read = server.bare(Method::GET, "/object/public/videos/a.mp4").send().await.unwrap();
    assert_eq!(
        (header(&read, "cache-control"), header(&read, "content-type")),
        ("max-age=3600", "video/mp4")
    );
    assert_eq!(read.bytes().await.unwrap(), bytes);

    let finished = head(&server, &location).await;
    assert_eq!((finished.status().as_u16(), header(&finished, "upload-offset")), (200, "6292456"));
}

#[tokio::test]
async fn refusals_are_genuine_codes_with_text() {
    let server = Server::start().await;
    let small =
        json!({ "name": "small", "file_size_limit": 4, "allowed_mime_types": ["image/png"] });
    server.send(Method::POST, "/bucket").json(&small).send().await.unwrap();
    let location = create(&server, 2 * CHUNK).await;
    let patch = |offset, length| chunk(&server, &location, offset, &pattern(length));
    let untyped = || tus(&server, Method::PATCH, &location).header("upload-offset", 0);
    let to_small = |length| creation_of(&server, length, &METADATA.replace("dmlkZW9z", "c21hbGw="));
    let nowhere = creation_of(&server, 1, &METADATA.replace("dmlkZW9z", "bm9uZQ=="));
    let bad_key = creation_of(&server, 1, &METADATA.replace("YS5tcDQ=", "YX5i"));
    for (request, status, text) in [
        (patch(5, CHUNK), 409, "Upload-Offset conflict\n"),
        (patch(0, 1000), 400, "Chunks must be exactly 6291456 bytes, except the last\n"),
        (patch(0, 2 * CHUNK + 1), 413, "upload's size exceeded\n"),
        (to_small(5), 413, "Maximum size exceeded\n"),
        (to_small(4), 415, "mime type video/mp4 is not supported"),
        (nowhere, 404, "Bucket not found"),
        (bad_key, 400, "Invalid key: a~b"),
        (tus(&server, Method::PATCH, &location), 403, "Upload-Offset header required\n"),
        (untyped(), 403, "Content-Type header required\n"),
        (
            tus(&server, Method::PATCH, &location).header("upload-offset", "-1"),
            400,
            "Invalid upload-offset\n",
        ),
        (untyped().header("content-type", "video/mp4"), 400, "Invalid content-type\n"),
        (
            tus(&server, Method::POST, "/upload/resumable"),
            400,
            "Upload-Length or Upload-Defer-Length header required\n",
        ),
    ] {
        assert_eq!(say(request).await, (status, text.to_owned()));
    }
    let unknown = location.replace(location.rsplit('/').next().unwrap(), UNKNOWN);
    assert_eq!(head(&server, &unknown).await.status(), 404);
    let old = server.send(Method::HEAD, "/upload/resumable/x").send().await.unwrap();
    assert_eq!(old.status(), 412);
    let bearer = server
        .bare(Method::POST, "/upload/resumable")
        .header("tus-resumable", "1.0.0")
        .bearer_auth(KEY);
    assert_eq!(
        refusal(bearer).await,
        (400, "403".into(), "Unauthorized".into(), "AccessDenied".into())
    );
    assert_eq!(header(&head(&server, &location).await, "upload-offset"), "0");
}

const UNKNOWN: &str = "dmlkZW9zL2EubXA0LzdiMmMyYzRlLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMA";

#[tokio::test]
async fn an_existing_object_is_in_the_way_without_upsert_on_every_request() {
    let server = Server::start().await;
    let location = create(&server, 3).await;
    server.put("/object/videos/a.mp4", "other").await;
    let without = |request: RequestBuilder| {
        let mut request = request.build().unwrap();
        request.headers_mut().remove("x-upsert");
        RequestBuilder::from_parts(client(), request)
    };
    let exists = (409, "The resource already exists".to_owned());
    assert_eq!(say(without(creation(&server, 3))).await, exists);
    assert_eq!(say(without(chunk(&server, &location, 0, b"abc"))).await, exists);
    assert_eq!(say(chunk(&server, &location, 0, b"abc")).await.0, 204);
    assert_eq!(server.supabase.object("videos", "a.mp4").unwrap().size, 3);
}

#[tokio::test]
async fn what_arrived_before_a_connection_broke_is_kept() {
    let server = Server::start().await;
    let bytes = pattern(CHUNK + 1000);
    let location = create(&server, bytes.len()).await;
    let path = location.strip_prefix(&server.origin).unwrap();
    let mut request = format!(
        "PATCH {path} HTTP/1.1\r\nhost: x\r\napikey: {KEY}\r\ntus-resumable: 1.0.0\r\nx-upsert: true\r\n\
         upload-offset: 0\r\ncontent-type: application/offset+octet-stream\r\ncontent-length: {CHUNK}\r\n\r\n"
    )
    .into_bytes();
    request.extend(&bytes[..100_000]);
    server.cut_off(&request).await;
    eventually(async || header(&head(&server, &location).await, "upload-offset") == "100000").await;

    let server = server.restart().await;
    let path = path.trim_start_matches("/storage/v1");
    assert_eq!(header(&head(&server, path).await, "upload-offset"), "100000");
    assert_eq!(say(chunk(&server, path, 100_000, &bytes[100_000..CHUNK])).await.0, 400);
    assert_eq!(say(chunk(&server, path, 100_000, &bytes[100_000..])).await.0, 204);
    assert_eq!(
        std::fs::read(server.supabase.object("videos", "a.mp4").unwrap().file).unwrap(),
        bytes
    );
}

#[tokio::test]
async fn an_upload_url_ends_after_a_day() {
    let server = Server::start().await;
    let location = create(&server, 3).await;
    server.pass(DAY);
    assert_eq!(head(&server, &location).await.status(), 200);
    server.pass(Duration::from_secs(1));
    assert_eq!(head(&server, &location).await.status(), 410);
    let late = say(chunk(&server, &location, 0, b"abc")).await;
    assert_eq!(late, (410, "The file for this url no longer exists\n".into()));
}

#[tokio::test]
async fn a_length_may_be_said_later() {
    let server = Server::start().await;
    let later = tus(&server, Method::POST, "/upload/resumable").header("upload-defer-length", "1");
    let later = later.header("upload-metadata", METADATA).send().await.unwrap();
    let location = header(&later, "location").to_owned();
    assert_eq!(header(&head(&server, &location).await, "upload-defer-length"), "1");
    let last =
        chunk(&server, &location, 0, b"abcde").header("upload-length", 5).send().await.unwrap();
    assert_eq!(header(&last, "tus-complete"), "1");
    assert_eq!(server.supabase.object("videos", "a.mp4").unwrap().size, 5);
}
