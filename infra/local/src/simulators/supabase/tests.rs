//! The REST paths over HTTP.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::testing::{KEY, Server, eventually, header, pattern, refusal};

#[tokio::test]
async fn buckets_are_created_once_and_read_back() {
    let server = Server::start().await;
    let new = json!({
        "name": "films", "id": "films", "file_size_limit": "10MB",
        "allowed_mime_types": ["video/mp4"],
    });
    let create = || server.send(Method::POST, "/bucket").json(&new);
    assert_eq!(create().send().await.unwrap().text().await.unwrap(), r#"{"name":"films"}"#);
    let again = refusal(create()).await;
    assert_eq!(again, (400, "409".into(), "Duplicate".into(), "BucketAlreadyExists".into()));
    let bucket: Value =
        server.send(Method::GET, "/bucket/films").send().await.unwrap().json().await.unwrap();
    assert_eq!(bucket["file_size_limit"], 10_000_000);
    assert_eq!(bucket["public"], false);
    assert_eq!(bucket["created_at"], "2026-11-22T10:26:03.000Z");
    let change = server
        .send(Method::PUT, "/bucket/films")
        .json(&json!({ "public": true }))
        .send()
        .await
        .unwrap();
    assert_eq!(change.text().await.unwrap(), r#"{"message":"Successfully updated"}"#);
    let bucket: Value =
        server.send(Method::GET, "/bucket/films").send().await.unwrap().json().await.unwrap();
    assert_eq!((&bucket["public"], &bucket["file_size_limit"]), (&json!(true), &json!(10_000_000)));
}

#[tokio::test]
async fn an_object_is_read_as_it_was_stored() {
    let server = Server::start().await;
    let upload = server
        .send(Method::POST, "/object/videos/u1/job%201.mp4")
        .header("content-type", "video/mp4")
        .header("cache-control", "max-age=31536000")
        .header("x-metadata", "eyJqb2IiOiIxIn0=")
        .body("0123456789");
    let answer: Value = upload.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["Key"], "videos/u1/job 1.mp4");

    let path = "/object/public/videos/u1/job%201.mp4";
    let read = server.bare(Method::GET, path).send().await.unwrap();
    assert_eq!(read.status(), 200);
    for (name, value) in [
        ("etag", "\"781e5e245d69b566979b86e28d23f2c7\""),
        ("accept-ranges", "bytes"),
        ("cache-control", "max-age=31536000"),
        ("x-robots-tag", "none"),
        ("content-type", "video/mp4"),
        ("content-length", "10"),
        ("last-modified", "Sun, 22 Nov 2026 10:26:03 GMT"),
    ] {
        assert_eq!(header(&read, name), value, "{name}");
        let head = server.bare(Method::HEAD, path).send().await.unwrap();
        assert_eq!(header(&head, name), value, "{name} of HEAD");
    }
    assert_eq!(read.text().await.unwrap(), "0123456789");

    let info = server.send(Method::GET, "/object/info/videos/u1/job%201.mp4").send().await.unwrap();
    let info: Value = info.json().await.unwrap();
    assert_eq!(info["id"], answer["Id"]);
    assert_eq!((&info["size"], &info["metadata"]), (&json!(10), &json!({ "job": "1" })));
    assert_eq!(info["etag"], "\"781e5e245d69b566979b86e28d23f2c7\"");

    let object = server.supabase.object("videos", "u1/job 1.mp4").unwrap();
    assert_eq!(std::fs::read(object.file).unwrap(), b"0123456789");
}

#[tokio::test]
async fn ranges_are_honoured() {
    let server = Server::start().await;
    server.put("/object/videos/a.mp4", "0123456789").await;
    let read = |name: &'static str, value: &'static str| {
        server.bare(Method::GET, "/object/public/videos/a.mp4").header(name, value).send()
    };
    let part = read("range", "bytes=2-4").await.unwrap();
    assert_eq!((part.status().as_u16(), header(&part, "content-range")), (206, "bytes 2-4/10"));
    assert_eq!(part.text().await.unwrap(), "234");
    for refused in ["bytes=10-", "bytes=0-1,4-5", "bytes=5-4", "items=0-1"] {
        let answer = read("range", refused).await.unwrap();
        assert_eq!(answer.status(), 416, "{refused}");
        let body: Value = answer.json().await.unwrap();
        let seen = (&body["statusCode"], &body["error"], &body["code"]);
        assert_eq!(
            seen,
            (&json!("416"), &json!("invalid_range"), &json!("InvalidRange")),
            "{refused}"
        );
    }
}

/// The error's number, name and code, which are inside a 400.
type Inside = (&'static str, &'static str, &'static str);

const EXISTS: Inside = ("409", "Duplicate", "KeyAlreadyExists");
const NO_BUCKET: Inside = ("404", "Bucket not found", "NoSuchBucket");
const NO_OBJECT: Inside = ("404", "not_found", "NoSuchKey");
const DENIED: Inside = ("403", "Unauthorized", "AccessDenied");
const TOO_LARGE: Inside = ("413", "Payload too large", "EntityTooLarge");
const BAD_KEY: Inside = ("400", "InvalidKey", "InvalidKey");

/// A server with an object in `videos`, and a private bucket that takes 4 bytes of video.
async fn with_a_small_bucket() -> Server {
    let server = Server::start().await;
    let small = json!({ "name": "small", "file_size_limit": 4, "allowed_mime_types": ["video/*"] });
    server.send(Method::POST, "/bucket").json(&small).send().await.unwrap();
    server.put("/object/videos/a.mp4", "a").await;
    server
}

async fn expect_inside(what: &str, request: RequestBuilder, (number, error, code): Inside) {
    let expected = (400, number.to_owned(), error.to_owned(), code.to_owned());
    assert_eq!(refusal(request).await, expected, "{what}");
}

#[tokio::test]
async fn refused_reads_are_400_with_the_truth_inside() {
    let server = with_a_small_bucket().await;
    let (get, delete) = (Method::GET, Method::DELETE);
    for (method, path, inside) in [
        (&get, "/object/public/none/a", NO_BUCKET),
        (&get, "/object/public/small/a", NO_BUCKET),
        (&get, "/object/public/videos/x", NO_OBJECT),
        (&get, "/object/info/videos/x", NO_OBJECT),
        (&get, "/object/info/none/x", NO_BUCKET),
        (&get, "/object/videos/x", NO_OBJECT),
        (&delete, "/object/videos/x", NO_OBJECT),
        (&delete, "/object/none/x", NO_OBJECT),
    ] {
        expect_inside(path, server.send(method.clone(), path), inside).await;
    }
}

#[tokio::test]
async fn refused_uploads_are_400_with_the_truth_inside() {
    let server = with_a_small_bucket().await;
    let post = |path: &str| {
        server.send(Method::POST, path).header("content-type", "video/mp4").body("12345")
    };
    let anon = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2ln";
    let bare = || server.bare(Method::POST, "/object/videos/b.mp4").body("x");
    let parts = futures::stream::iter([Ok::<_, std::io::Error>("123"), Ok("45")]);
    let chunked = post("/object/small/a.mp4").body(reqwest::Body::wrap_stream(parts));
    let untyped = server.send(Method::POST, "/object/small/a").body("1");
    for (what, request, inside) in [
        ("exists", post("/object/videos/a.mp4"), EXISTS),
        ("no bucket", post("/object/none/a.mp4"), NO_BUCKET),
        ("opaque bearer", bare().bearer_auth(KEY), DENIED),
        ("anon", bare().header("authorization", anon), DENIED),
        ("no key", bare(), ("400", "Error", "InvalidRequest")),
        ("mime", untyped, ("415", "invalid_mime_type", "InvalidMimeType")),
        ("size", post("/object/small/a.mp4"), TOO_LARGE),
        ("size, chunked", chunked, TOO_LARGE),
        ("key", post("/object/videos/a~b.mp4"), BAD_KEY),
        ("key", post("/object/videos/a%5B1%5D.mp4"), BAD_KEY),
    ] {
        expect_inside(what, request, inside).await;
    }
    assert_eq!(server.supabase.object("small", "a.mp4"), None);
}

#[tokio::test]
async fn a_secret_key_from_a_browser_is_a_genuine_401() {
    let server = Server::start().await;
    let browser =
        server.send(Method::GET, "/bucket/videos").header("user-agent", "Mozilla/5.0 (X11)");
    assert_eq!(browser.send().await.unwrap().status(), 401);
    let seen = server.supabase.requests().pop().unwrap();
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/storage/v1/bucket/videos"));
    assert_eq!((seen.apikey_present, seen.authorization), (true, None));
}

#[tokio::test]
async fn forms_and_chunked_bodies_are_uploads_too() {
    let server = Server::start().await;
    let form = "--b\r\nContent-Disposition: form-data; name=\"cacheControl\"\r\n\r\n3600\r\n\
        --b\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\"job\":\"1\"}\r\n\
        --b\r\nContent-Disposition: form-data; name=\"anything\"; filename=\"a.mp4\"\r\nContent-Type: video/mp4\r\n\r\n\
        0123456789\r\n--b--\r\n";
    let upload = server.send(Method::POST, "/object/videos/form.mp4");
    let upload = upload.header("content-type", "multipart/form-data; boundary=b").body(form);
    assert_eq!(upload.send().await.unwrap().status(), 200);
    let info = server.send(Method::GET, "/object/info/videos/form.mp4").send().await.unwrap();
    let info: Value = info.json().await.unwrap();
    assert_eq!(
        (&info["cache_control"], &info["content_type"]),
        (&json!("max-age=3600"), &json!("video/mp4"))
    );
    assert_eq!((&info["size"], &info["metadata"]["job"]), (&json!(10), &json!("1")));

    let parts = futures::stream::iter([Ok::<_, std::io::Error>("01234"), Ok("56789")]);
    let put = server
        .send(Method::PUT, "/object/videos/chunked.mp4")
        .body(reqwest::Body::wrap_stream(parts));
    assert_eq!(put.send().await.unwrap().status(), 200);
    assert_eq!(server.supabase.object("videos", "chunked.mp4").unwrap().size, 10);
}

#[tokio::test]
async fn folders_are_listed_and_objects_deleted() {
    let server = Server::start().await;
    for name in ["u1/b.mp4", "u1/a.mp4", "u1/deep/c.mp4", "u2/d.mp4"] {
        server.put(&format!("/object/videos/{name}"), "x").await;
    }
    let list = async |body: Value| -> Vec<String> {
        let answer =
            server.send(Method::POST, "/object/list/videos").json(&body).send().await.unwrap();
        let rows: Vec<Value> = answer.json().await.unwrap();
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(list(json!({ "prefix": "" })).await, ["u1", "u2"]);
    assert_eq!(list(json!({ "prefix": "u1/" })).await, ["a.mp4", "b.mp4", "deep"]);
    assert_eq!(list(json!({ "prefix": "u1", "limit": 1, "offset": 1 })).await, ["b.mp4"]);

    let many = json!({ "prefixes": ["u1/a.mp4", "u1/none.mp4", "u2/d.mp4"] });
    let gone = server.send(Method::DELETE, "/object/videos").json(&many).send().await.unwrap();
    let gone: Vec<Value> = gone.json().await.unwrap();
    assert_eq!(gone.iter().map(|row| &row["name"]).collect::<Vec<_>>(), ["u1/a.mp4", "u2/d.mp4"]);
    let one = server.send(Method::DELETE, "/object/videos/u1/b.mp4").send().await.unwrap();
    assert_eq!(one.text().await.unwrap(), r#"{"message":"Successfully deleted"}"#);
    assert_eq!(list(json!({ "prefix": "u1" })).await, ["deep"]);
    assert!(!server.directory.0.join("objects/videos/u2/d.mp4").exists());
}

#[tokio::test]
async fn a_signed_url_opens_a_private_object_for_a_while() {
    let server = Server::start().await;
    server.put("/object/videos/a.mp4", "0123456789").await;
    server.supabase.set_public("videos", false).unwrap();
    let sign =
        server.send(Method::POST, "/object/sign/videos/a.mp4").json(&json!({ "expiresIn": 60 }));
    let url: Value = sign.send().await.unwrap().json().await.unwrap();
    let read = || server.bare(Method::GET, url["signedURL"].as_str().unwrap());
    assert_eq!(read().send().await.unwrap().text().await.unwrap(), "0123456789");
    server.pass(Duration::from_secs(60));
    assert_eq!(refusal(read()).await.0, 400);
}

#[tokio::test]
async fn everything_survives_a_restart_and_a_replacement() {
    let server = Server::start().await;
    server.put("/object/videos/a", "first").await;
    server.put("/object/videos/a/b.mp4", "below").await;
    let before = server.supabase.object("videos", "a").unwrap();
    server.put("/object/videos/a", "second").await;
    assert!(!before.file.exists());
    let server = server.restart().await;
    let read = async |path: &str| {
        server.bare(Method::GET, path).send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(read("/object/public/videos/a").await, "second");
    assert_eq!(read("/object/public/videos/a/b.mp4").await, "below");
}

#[tokio::test]
async fn a_broken_upload_leaves_nothing() {
    let server = Server::start().await;
    let head =
        "POST /storage/v1/object/videos/a.mp4 HTTP/1.1\r\nhost: x\r\napikey: sb_secret_test\r\n";
    let mut request = format!("{head}content-length: 100000\r\n\r\n").into_bytes();
    request.extend(pattern(50_000));
    server.cut_off(&request).await;
    let temporary = server.directory.0.join("tmp");
    eventually(async || server.supabase.requests().len() == 2).await;
    eventually(async || std::fs::read_dir(&temporary).unwrap().next().is_none()).await;
    assert_eq!(server.supabase.object("videos", "a.mp4"), None);
}
