//! Requests that no client sends, written to the socket byte by byte: each is answered, and what is
//! ours is in the envelope.

use crate::stage::Stage;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Status, headers and body.
struct Answer {
    status: u16,
    headers: String,
    body: Value,
}

impl Stage {
    /// Sends a request line and headers as they are, with a good key.
    async fn raw(&self, line: &str, headers: &str) -> Answer {
        self.raw_with(line, headers, "").await
    }

    /// The same, with a body as it is.
    async fn raw_with(&self, line: &str, headers: &str, body: &str) -> Answer {
        let address = self
            .system
            .api
            .as_deref()
            .unwrap()
            .trim_start_matches("http://")
            .trim_end_matches("/v1");
        let key = &self.system.identity.live_key;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "{line}\r\n{headers}Authorization: Bearer {key}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no answer to {line}: {answer}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer {
            status,
            headers: head.to_lowercase(),
            body: serde_json::from_str(body).unwrap_or_default(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_or_a_protocol_that_is_none_changes_nothing() {
    let stage = Stage::new().await;
    for headers in [
        "Host: a b\r\n",
        "Host: \r\n",
        "Host: [\r\n",
        "Host: a:b:c\r\n",
        "Host: :99999\r\n",
        "Host: <script>\r\n",
        "Host: x\r\nX-Forwarded-Proto: https,http\r\n",
        "Host: x\r\nX-Forwarded-Proto: \r\n",
        "Host: x\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n",
        "Host: x\r\nX-Forwarded-Proto: a b://\r\n",
        "Host: x\r\nX-Forwarded-Host: \"\r\nForwarded: <>\r\nCookie: ;;=\r\n",
        "Host: x\r\nX-\u{f1}: y\r\n",
    ] {
        let answer = stage.raw("GET /v1/videos?limit=1 HTTP/1.1", headers).await;
        // A header's name of other characters is refused by the HTTP server itself, as API Gateway
        // refuses it.
        let expected = if headers.is_ascii() { (200, "list") } else { (400, "") };
        assert_eq!(
            (answer.status, answer.body["object"].as_str().unwrap_or_default()),
            expected,
            "{headers}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_no_part_of_a_url_is_read_as_far_as_it_goes() {
    let stage = Stage::new().await;
    for query in [
        "a=<b>",
        "a=\"b\"",
        "a=`{|}^\\",
        "%zz=%",
        "a=%00",
        "&&==&",
        "a=#",
        "a=b c",
        "a=\u{1}\u{7f}",
        "a=ñ",
    ] {
        let answer =
            stage.raw(&format!("GET /v1/videos?limit=0&{query} HTTP/1.1"), "Host: x\r\n").await;
        let message = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert!(answer.status == 400 && message.starts_with("limit: "), "{query}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_is_taken_as_it_was_sent() {
    let stage = Stage::new().await;
    for (line, says) in [
        ("GET /v1/../v1/models", "GET /v1/../v1/models; did you mean GET /v1/models?"),
        ("GET /v1/%2e%2e/v1/models", "GET /v1/../v1/models; did you mean GET /v1/models?"),
        ("GET /v1/./models", "did you mean GET /v1/models?"),
        ("GET //v1/models", "did you mean GET /v1/models?"),
        ("GET /v1//models", "did you mean GET /v1/models?"),
        ("GET /v1/models/", "did you mean GET /v1/models?"),
        ("GET /V1/Models", "did you mean GET /v1/models?"),
        ("HEAD /v1/credits/", ""),
        ("PURGE /nothing", "nothing is here: PURGE /nothing;"),
        ("get /v1/models", "/v1/models answers GET, HEAD only"),
        ("GET /v1/models`", "did you mean GET /v1/models?"),
        ("GET /nothing/<a b>", "nothing is here: GET /nothing/<a b>;"),
        ("GET /nothing/\u{7f}", "nothing is here: GET /nothing/;"),
        ("GET /nothing/%1b[2J%e2%80%ae/../..", "nothing is here: GET /nothing/"),
    ] {
        let answer = stage.raw(&format!("{line} HTTP/1.1"), "Host: x\r\n").await;
        let message = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(says), "{line}: {} {}", answer.status, answer.body);
        assert!(!message.contains(['\u{1b}', '\u{202e}']), "{line}: {message:?}");
        assert!(answer.headers.contains("x-request-id: req_"), "{line}: {}", answer.headers);
        assert!(matches!(answer.status, 200 | 404 | 405), "{line}: {}", answer.status);
    }
}

/// The route is chosen by the path as it was sent, and the message shows it decoded.
#[tokio::test(flavor = "multi_thread")]
async fn a_path_in_another_spelling_is_not_told_its_own_method() {
    let stage = Stage::new().await;
    for line in [
        "GET /v1/%6dodels",
        "GET /%76%31/models",
        "GET /v1%2Fmodels",
        "GET /v1/models%3F",
        "GET /v1/models%3Fx",
        "HEAD /v1/%6dodels",
        "DELETE /v1/%76ideos/abc",
        "POST /v1/videos/%67enerations",
    ] {
        let answer = stage.raw(&format!("{line} HTTP/1.1"), "Host: x\r\n").await;
        assert_eq!(
            (answer.status, answer.headers.contains("\r\nallow:")),
            (404, false),
            "{line}: {}",
            answer.body
        );
    }
    let answer = stage.raw("PUT /v1/%6dodels HTTP/1.1", "Host: x\r\n").await;
    assert!(
        answer.status == 405 && answer.headers.contains("\r\nallow: get, head\r\n"),
        "{}",
        answer.headers
    );
}

/// Only a body that is too long is called so.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_broken_chunks_is_a_bad_request() {
    let stage = Stage::new().await;
    let line = "POST /v1/videos/generations HTTP/1.1";
    for (chunks, status) in
        [("zz\r\n{}\r\n0\r\n\r\n", 400), ("2\r\n{}zz\r\n", 400), ("2\r\n[]\r\n0\r\n\r\n", 400)]
    {
        let answer =
            stage.raw_with(line, "Host: x\r\nTransfer-Encoding: chunked\r\n", chunks).await;
        assert_eq!(answer.status, status, "{chunks:?}: {}", answer.body);
    }
}
