//! Request lines that are no HTTP, such as one with `<` in its query. hyper answers them with 400
//! and no body; here what has to be encoded is encoded before hyper reads it. This holds for the
//! first request of a connection. A header that is none, over about 100 headers and a path over 64
//! KiB stay hyper's to refuse.

use axum::serve::Listener;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// No longer line is waited for.
const LONGEST: usize = 64 << 10;

/// What a request line may not have, beside all that is not ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

/// Accepts connections and mends the first line of each.
pub(super) struct Mending(pub(super) TcpListener);

/// A connection, and what was read of it to find its first line.
pub(super) struct Connection {
    socket: TcpStream,
    read: Vec<u8>,
    has_line: bool,
}

impl Listener for Mending {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (socket, address) = Listener::accept(&mut self.0).await;
        (Connection { socket, read: Vec::new(), has_line: false }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while !this.has_line {
            let mut bytes = [0; 4096];
            let mut more = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.socket).poll_read(context, &mut more))?;
            this.read.extend_from_slice(more.filled());
            let end = this.read.iter().position(|byte| *byte == b'\n');
            this.has_line = end.is_some() || more.filled().is_empty() || this.read.len() > LONGEST;
            if let Some(end) = end {
                let (line, rest) = this.read.split_at(end);
                this.read = [&mended(line), rest].concat();
            }
        }
        if this.read.is_empty() {
            return Pin::new(&mut this.socket).poll_read(context, to);
        }
        let now = this.read.len().min(to.remaining());
        to.put_slice(&this.read[..now]);
        this.read.drain(..now);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

/// The line with everything between its method and its protocol encoded where that is needed.
fn mended(line: &[u8]) -> Vec<u8> {
    let blanks =
        || line.iter().enumerate().filter(|(_, byte)| **byte == b' ').map(|(place, _)| place);
    match (blanks().next(), blanks().next_back()) {
        (Some(first), Some(last)) if first < last => {
            let (method, rest) = line.split_at(first + 1);
            let (target, protocol) = rest.split_at(last - first - 1);
            let target = percent_encode(target, ENCODED).to_string();
            [method, target.as_bytes(), protocol].concat()
        }
        _ => line.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_http_does_not_take_is_encoded() {
        for (sent, right) in [
            ("GET /v1/videos?a=%3C&b=c#d HTTP/1.1\r", "GET /v1/videos?a=%3C&b=c#d HTTP/1.1\r"),
            ("GET /a?b=<\"> HTTP/1.1\r", "GET /a?b=%3C%22%3E HTTP/1.1\r"),
            ("GET /a b?c d  HTTP/1.1", "GET /a%20b?c%20d%20 HTTP/1.1"),
            ("GET /`\u{7f}\u{1}ñ HTTP/1.1", "GET /%60%7F%01%C3%B1 HTTP/1.1"),
            ("PRI * HTTP/2.0\r", "PRI * HTTP/2.0\r"),
            ("GET /a", "GET /a"),
            ("\r", "\r"),
        ] {
            assert_eq!(mended(sent.as_bytes()), right.as_bytes(), "{sent:?}");
        }
    }
}
