//! The places where servers state the size of a stored file.

use super::*;

/// Confirms a video, given the answers to the description, to HEAD and to the public address.
async fn confirm(
    info: &'static str,
    head: Option<Answer>,
    public: Option<Answer>,
) -> Result<(), StorageError> {
    let (storage, _) = serving(move |request| match request.method() {
        &Method::HEAD => head.clone(),
        _ if is_info(request) => json(200, info),
        _ => public.clone(),
    });
    storage.confirm(PATH, SIZE).await
}

#[tokio::test]
async fn a_size_is_read_wherever_it_is_told() {
    let range = || bare(206, &[("content-range", "bytes 0-0/1234567")]);
    let silent_head = || json(404, NO_OBJECT);
    for info in [
        r#"{"size":1234567}"#,
        r#"{"size":"1234567"}"#,
        r#"{"size":null,"metadata":{"size":1234567}}"#,
        r#"{"metadata":{"contentLength":"1234567"}}"#,
        r#"{"contentLength":1234567}"#,
        r#"{"content_length":1234567}"#,
        r#"{"metadata":{"job":"1"}}"#,
        "{}",
        "not JSON",
        "",
    ] {
        assert!(confirm(info, silent_head(), range()).await.is_ok(), "{info}");
    }
    let head = || bare(200, &[("content-length", "1234567")]);
    for (name, public) in [
        ("an unknown total", bare(206, &[("content-range", "bytes 0-0/*")])),
        ("no total", bare(206, &[("content-length", "1")])),
        ("chunked", bare(200, &[("transfer-encoding", "chunked")])),
        ("compressed", bare(200, &[("content-encoding", "gzip"), ("content-length", "77")])),
        ("the whole file", bare(200, &[("content-length", "1234567")])),
        ("a range", range()),
    ] {
        let told = confirm("{}", head(), public.clone()).await;
        assert!(told.is_ok(), "{name}, after a HEAD: {told:?}");
        assert!(
            confirm(r#"{"size":"1234567"}"#, None, public).await.is_ok(),
            "{name}, after the info"
        );
    }
}

#[tokio::test]
async fn one_size_that_differs_is_enough() {
    let right = || bare(206, &[("content-range", "bytes 0-0/1234567")]);
    for (name, info, head, public) in [
        ("info", r#"{"size":"1"}"#, None, right()),
        ("info, below", r#"{"metadata":{"size":1}}"#, None, right()),
        ("info says 0", r#"{"size":0}"#, None, right()),
        ("head", "{}", bare(200, &[("content-length", "1")]), right()),
        ("range", r#"{"size":1234567}"#, None, bare(206, &[("content-range", "bytes 0-0/1")])),
        ("length", r#"{"size":1234567}"#, None, bare(200, &[("content-length", "0")])),
    ] {
        let told = confirm(info, head, public).await;
        assert!(matches!(told, Err(StorageError::Size { expected: SIZE, .. })), "{name}: {told:?}");
    }
}

#[tokio::test]
async fn bytes_are_counted_where_nothing_tells_a_size() {
    for (length, right) in [(SIZE, true), (SIZE - 1, false), (SIZE + 1, false), (0, false)] {
        let body = "x".repeat(usize::try_from(length).unwrap());
        let told = confirm(
            "{}",
            json(405, ""),
            json(200, "").map(|(status, headers, _)| (status, headers, body)),
        )
        .await;
        assert_eq!(told.is_ok(), right, "{length}: {told:?}");
    }
    let unknown =
        confirm("{}", None, bare(206, &[("content-range", "bytes 0-0/*")])).await.unwrap_err();
    assert!(unknown.to_string().contains("does not say how large"), "{unknown}");
}

/// Confirms a video, given the answers to the description, to HEAD, and to the public address with
/// a range and without one.
async fn confirm_at(
    info: Option<Answer>,
    head: Option<Answer>,
    range: Option<Answer>,
    whole: Option<Answer>,
) -> Result<(), StorageError> {
    let (storage, _) = serving(move |request| match request.method() {
        &Method::HEAD => head.clone(),
        _ if is_info(request) => info.clone(),
        _ if request.headers().contains_key("range") => range.clone(),
        _ => whole.clone(),
    });
    storage.confirm(PATH, SIZE).await
}

/// Some servers, or proxies in front of them, have no descriptions of objects.
#[tokio::test]
async fn a_refused_description_tells_no_size_and_is_not_the_end() {
    let head = || bare(200, &[("content-length", "1234567")]);
    let range = || bare(206, &[("content-range", "bytes 0-0/1234567")]);
    let route = r#"{"message":"Route GET:/object/info/b/p not found","error":"Not Found","statusCode":404}"#;
    for (status, body) in [
        (404, route),
        (404, "<h1>Not found</h1>"),
        (400, NO_BUCKET),
        (400, NO_OBJECT),
        (403, ""),
        (405, ""),
        (501, "not implemented"),
        (302, ""),
    ] {
        let name = format!("{status} {body}");
        let info = || json(status, body);
        let confirmed = confirm_at(info(), head(), range(), None).await;
        assert!(confirmed.is_ok(), "{name}: {confirmed:?}");
        let no_head = confirm_at(info(), json(405, ""), range(), None).await;
        assert_eq!(no_head.is_ok(), body != NO_OBJECT, "{name}, and no HEAD: {no_head:?}");
        let other = confirm_at(info(), bare(200, &[("content-length", "1")]), range(), None).await;
        assert!(matches!(other, Err(StorageError::Size { found: 1, .. })), "{name}: {other:?}");
        let gone =
            confirm_at(info(), json(400, NO_OBJECT), json(400, NO_OBJECT), None).await.unwrap_err();
        assert!(gone.says_no_object(), "{name}: {gone:?}");
        assert!(
            confirm_at(info(), head(), json(403, ""), None).await.is_err(),
            "{name}, and not public"
        );
    }
    for status in [408, 429, 502, 503, 504] {
        assert!(
            confirm_at(bare(status, &[]), head(), range(), None).await.is_err(),
            "{status} passes"
        );
    }
    assert!(confirm_at(None, head(), range(), None).await.is_err(), "no answer passes");
}

/// If the object of an upload is not there, the upload begins again. The refusal of the description
/// shows it.
#[tokio::test]
async fn an_object_that_is_not_there_is_the_descriptions_word() {
    let no_object = || json(400, NO_OBJECT);
    let gone = confirm_at(no_object(), no_object(), no_object(), None).await;
    assert!(
        matches!(gone, Err(StorageError::Refused { step: "info", status: 404, .. })),
        "{gone:?}"
    );
    let (storage, server) = serving(|_| json(400, NO_OBJECT));
    assert!(storage.confirm(PATH, SIZE).await.is_err());
    assert!(
        server.asked().iter().all(|(_, _, has_key)| *has_key),
        "a CDN would keep the answer to the public"
    );
    let head = bare(200, &[("content-length", "1234567")]);
    let lost = confirm_at(no_object(), head.clone(), None, None).await;
    assert!(matches!(lost, Err(StorageError::Wire(_))), "{lost:?}");
    let gone = confirm_at(no_object(), head, no_object(), None).await;
    assert!(
        matches!(gone, Err(StorageError::Refused { step: "info", status: 404, .. })),
        "{gone:?}"
    );
}

/// A server that answers ranges without a total may state the size with the whole file.
#[tokio::test]
async fn the_whole_is_asked_for_where_a_range_has_no_total() {
    let unknown = || bare(206, &[("content-range", "bytes 0-0/*")]);
    let body = |length: u64| json(200, &"x".repeat(usize::try_from(length).unwrap()));
    let says = |length: &str| bare(200, &[("content-length", length)]);
    for (name, whole, right) in [
        ("it says its length", says("1234567"), true),
        ("it says another", says("1234566"), false),
        ("its bytes are counted", body(SIZE), true),
        ("there are fewer", body(SIZE - 1), false),
        ("there are more", body(SIZE + 1), false),
        ("it is refused", json(403, ""), false),
        ("it is a range again", unknown(), false),
        ("no answer", None, false),
    ] {
        let confirmed = confirm_at(json(200, "{}"), json(405, ""), unknown(), whole).await;
        assert_eq!(confirmed.is_ok(), right, "{name}: {confirmed:?}");
    }
}
