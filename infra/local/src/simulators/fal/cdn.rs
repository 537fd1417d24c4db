//! The CDN: finished files under public URLs, whole or in ranges, that ask for no key.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::{Fal, Rendering};

pub(super) const PATH: &str = "/files/{id}/output.mp4";
pub(super) const FILE_NAME: &str = "output.mp4";

/// The public URL of a request's file.
pub(super) fn url(base_url: &str, id: &str) -> String {
    format!("{base_url}/files/{id}/{FILE_NAME}")
}

/// The size that a result states.
pub(super) fn size(render: &Rendering) -> Option<u64> {
    render.output().map(|output| output.file.len())
}

pub(super) async fn file(
    State(fal): State<Fal>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let (now_ms, state) = (fal.now_ms(), fal.state());
    let finished = state.renders.iter().find(|render| render.id == id && render.is_done(now_ms));
    match finished.and_then(Rendering::output) {
        Some(output) => output.send(&format!("\"{id}\""), &headers),
        None => (StatusCode::NOT_FOUND, "Not Found").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_router_serves_ranges_to_anybody_and_notes_who_asked() {
        use std::sync::Arc;
        use std::time::{Duration, SystemTime};

        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        let fal = Fal::new(super::super::Options {
            base_url: String::new(),
            key: "key".to_owned(),
            data_dir: None,
            render: super::super::Render { queued: Duration::ZERO, rendering: Duration::ZERO },
            now: Arc::new(SystemTime::now),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, fal.router()).into_future());
        let send = async |request: String| {
            let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
            socket.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            socket.read_to_end(&mut answer).await.unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        };

        let body = r#"{"prompt":"a cat"}"#;
        let head = "host: x\r\nconnection: close\r\nauthorization: Key key\r\ncontent-length: 18";
        send(format!("POST /fal-ai/veo3.1 HTTP/1.1\r\n{head}\r\n\r\n{body}")).await;
        let id = fal.state().renders[0].id.clone();
        let path = format!("/files/{id}/output.mp4");
        let range = "host: x\r\nconnection: close\r\nrange: bytes=4-7";
        let answer = send(format!("GET {path} HTTP/1.1\r\n{range}\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 206") && answer.ends_with("\r\n\r\nftyp"), "{answer}");
        assert!(answer.contains("content-range: bytes 4-7/"), "{answer}");

        let seen: Vec<_> =
            fal.requests().into_iter().map(|seen| (seen.path, seen.authorization)).collect();
        assert_eq!(seen, [("/fal-ai/veo3.1".to_owned(), Some("Key key".to_owned())), (path, None)]);
    }
}
