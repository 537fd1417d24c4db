//! What a client sees of each misbehaviour, and what was done meanwhile.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::Step;
use super::testing::{KEY, Server, client, header, pattern, refusal};
use crate::faults::{Fault, Then};

async fn order(server: &Server, plan: Value) {
    let orders = client().post(format!("{}/_simulator/faults", server.origin)).json(&plan);
    assert_eq!(orders.send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn an_answer_is_given_as_often_as_ordered() {
    let server = Server::start().await;
    let answer = json!({ "status": 503, "headers": { "retry-after": "7" }, "body": "busy" });
    let answer = json!({ "step": "upload", "after": 1, "then": { "answer": answer } });
    order(&server, answer).await;
    assert_eq!(server.put("/object/videos/a", "1").await.status(), 200);
    let busy = server.put("/object/videos/b", "1").await;
    assert_eq!((busy.status().as_u16(), header(&busy, "retry-after")), (503, "7"));
    assert_eq!(busy.text().await.unwrap(), "busy");
    assert_eq!(server.supabase.object("videos", "b"), None);
    assert_eq!(server.put("/object/videos/b", "1").await.status(), 200);
}

#[tokio::test]
async fn a_closed_connection_carries_no_byte_whatever_the_method() {
    let server = Server::start().await;
    let lines = [
        "POST /storage/v1/object/videos/a",
        "GET /storage/v1/object/public/videos/a",
        "HEAD /storage/v1/object/public/videos/a",
        "HEAD /storage/v1/upload/resumable/x",
    ];
    let send = async |line: &str| {
        let fields =
            format!("host: x\r\napikey: {KEY}\r\ncontent-length: 1\r\nconnection: close\r\n");
        String::from_utf8(server.raw(format!("{line} HTTP/1.1\r\n{fields}\r\nx").as_bytes()).await)
            .unwrap()
    };
    for line in lines {
        assert!(send(line).await.starts_with("HTTP/1.1 "), "{line}");
    }
    for step in [Step::Upload, Step::Public, Step::TusHead] {
        server.supabase.faults().add(Fault::forever(step, Then::CloseBefore)).unwrap();
    }
    for line in lines {
        assert_eq!(send(line).await, "", "{line}");
    }
    let seen = server.bare(Method::GET, "/object/public/videos/a").send().await.unwrap_err();
    assert!(seen.is_request() && !seen.is_connect() && !seen.is_timeout(), "{seen:?}");
    assert!(server.send(Method::POST, "/object/videos/b").body("x").send().await.is_err());
    assert_eq!(server.supabase.object("videos", "b"), None);

    let clear =
        client().delete(format!("{}/_simulator/faults", server.origin)).send().await.unwrap();
    assert_eq!(clear.status(), 204);
    assert_eq!(server.put("/object/videos/b", "x").await.status(), 200);
}

#[tokio::test]
async fn work_is_done_and_its_answer_lost() {
    let server = Server::start().await;
    order(&server, json!({ "step": "upload", "then": "close_after" })).await;
    let lost = server
        .send(Method::POST, "/object/videos/a")
        .body(pattern(300_000))
        .send()
        .await
        .unwrap_err();
    assert!(lost.is_request() && !lost.is_connect());
    assert_eq!(server.supabase.object("videos", "a").unwrap().size, 300_000);
}

#[tokio::test]
async fn a_patch_breaks_after_so_many_bytes() {
    let server = Server::start().await;
    order(&server, json!({ "step": "tus_patch", "then": { "break_after": { "bytes": 70_000 } } }))
        .await;
    let metadata = "bucketName dmlkZW9z,objectName YS5tcDQ=";
    let tus = |method, path: &str| server.send(method, path).header("tus-resumable", "1.0.0");
    let create = tus(Method::POST, "/upload/resumable").header("upload-length", 200_000);
    let created = create.header("upload-metadata", metadata).send().await.unwrap();
    let path = header(&created, "location")
        .strip_prefix(&format!("{}/storage/v1", server.origin))
        .unwrap();
    let bytes = pattern(200_000);
    let patch = |offset: usize| {
        let request =
            tus(Method::PATCH, path).header("content-type", "application/offset+octet-stream");
        request.header("upload-offset", offset).body(bytes[offset..].to_vec()).send()
    };
    assert!(patch(0).await.is_err());
    let head = tus(Method::HEAD, path).send().await.unwrap();
    assert_eq!(header(&head, "upload-offset"), "70000");
    assert_eq!(patch(70_000).await.unwrap().status(), 204);
    assert_eq!(
        std::fs::read(server.supabase.object("videos", "a.mp4").unwrap().file).unwrap(),
        bytes
    );
}

#[tokio::test]
async fn sizes_are_not_told_and_locations_are_odd() {
    let server = Server::start().await;
    server.put("/object/videos/a", "12345").await;
    order(&server, json!({ "step": "public", "then": "chunked" })).await;
    order(&server, json!({ "step": "public", "then": "unknown_total" })).await;
    let range =
        || server.bare(Method::GET, "/object/public/videos/a").header("range", "bytes=0-0").send();
    let chunked = range().await.unwrap();
    assert_eq!((chunked.status().as_u16(), chunked.content_length()), (200, None));
    assert_eq!(header(&chunked, "content-range"), "");
    let unknown = range().await.unwrap();
    assert_eq!(
        (unknown.status().as_u16(), header(&unknown, "content-range")),
        (206, "bytes 0-0/*")
    );

    order(
        &server,
        json!({ "step": "tus_create", "then": { "location": { "location": "//x/{id}?y" } } }),
    )
    .await;
    let create = server.send(Method::POST, "/upload/resumable").header("tus-resumable", "1.0.0");
    let create = create
        .header("upload-length", 1)
        .header("upload-metadata", "bucketName dmlkZW9z,objectName YS5tcDQ=");
    let created = create.send().await.unwrap();
    let id = header(&created, "location")
        .strip_prefix("//x/")
        .and_then(|rest| rest.strip_suffix("?y"))
        .unwrap();
    let head = server
        .send(Method::HEAD, &format!("/upload/resumable/{id}"))
        .header("tus-resumable", "1.0.0");
    assert_eq!(head.send().await.unwrap().status(), 200, "the upload is there");
}

#[tokio::test]
async fn silence_lasts_as_long_as_ordered() {
    let server = Server::start().await;
    server.put("/object/videos/a", "x").await;
    order(&server, json!({ "step": "info", "then": { "hang_before": { "ms": 3_600_000 } } })).await;
    let info = || server.send(Method::GET, "/object/info/videos/a");
    assert!(info().timeout(Duration::from_millis(50)).send().await.unwrap_err().is_timeout());
    assert_eq!(info().send().await.unwrap().status(), 200);
    order(&server, json!({ "step": "info", "then": { "hang": { "ms": 1 } } })).await;
    assert_eq!(info().send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_bucket_turns_private_and_a_size_is_wrong() {
    let server = Server::start().await;
    server.put("/object/videos/a", "12345").await;
    order(&server, json!({ "step": "public", "then": "private" })).await;
    order(&server, json!({ "step": "info", "then": { "wrong_size": { "size": 4 } } })).await;
    let read = || server.bare(Method::GET, "/object/public/videos/a");
    assert_eq!(
        refusal(read()).await,
        (400, "404".into(), "Bucket not found".into(), "NoSuchBucket".into())
    );
    assert_eq!(read().send().await.unwrap().status(), 200);
    let size = async || {
        let info = server.send(Method::GET, "/object/info/videos/a").send().await.unwrap();
        info.json::<Value>().await.unwrap()["size"].clone()
    };
    assert_eq!(size().await, 4);
    assert_eq!(size().await, 5);
}
