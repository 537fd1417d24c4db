//! Those whom the functions must not trust: answers that are none, a host that is none of ours, a
//! peer that drops connections.

use local::faults::Then;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a test calls the answers that its tables treat in a way of their own.
pub(super) const SLOW: &str = "a body that comes a byte a second";
pub(super) const ENDLESS: &str = "a body without end";
pub(super) const ANOTHER_JSON: &str = "JSON of another kind";

/// Every way in which an answer can be none, with a name for each.
pub(super) fn answers(elsewhere: &str) -> Vec<(String, Then)> {
    let page = "<!doctype html><title>502 Bad Gateway</title>".to_owned();
    let html = [("content-type".to_owned(), "text/html".to_owned())];
    let mut all: Vec<(String, Then)> = [
        ("a web page", Then::Answer { status: 200, headers: html.into(), body: page }),
        (ANOTHER_JSON, Then::answer(200, "[1]")),
        ("nothing at all", Then::answer(200, "")),
        ("closed before", Then::CloseBefore),
        ("closed after", Then::CloseAfter),
        ("cut short", Then::TruncatedBody { keep_bytes: 10 }),
        ("sent elsewhere", Then::Redirect { url: format!("{elsewhere}/requests/1/status") }),
        (SLOW, Then::SlowBody { chunk_bytes: 1, pause_ms: 1000 }),
        (ENDLESS, Then::EndlessBody),
    ]
    .map(|(name, then)| (name.to_owned(), then))
    .into();
    let statuses = [401, 402, 403, 404, 408, 429, 500, 502, 503, 504];
    all.extend(
        statuses.map(|status| {
            (format!("HTTP {status}"), Then::answer(status, json!({"detail": "no"})))
        }),
    );
    all
}

/// A host that is none of ours. It notes what reaches it and answers everything alike.
pub(super) struct Foreign {
    pub(super) origin: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Foreign {
    /// Answers with this body.
    pub(super) fn answering(body: impl Into<Vec<u8>>) -> Self {
        let (listener, heard) =
            (TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), Arc::default());
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (notes, body): (Arc<Mutex<Vec<String>>>, Vec<u8>) = (Arc::clone(&heard), body.into());
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut request = vec![0; 64 << 10];
                let read = stream.read(&mut request).unwrap_or(0);
                notes
                    .lock()
                    .unwrap()
                    .push(String::from_utf8_lossy(&request[..read]).to_lowercase());
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                // a client that has gone away misses it
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
            }
        });
        Self { origin, heard }
    }

    /// The requests that reached it, in lower case.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// How a peer treats connections that are kept alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// When the test says so, it is gone without a word: what is sent then is lost.
    Tires,
    /// It closes a connection in the moment in which the second request arrives.
    TakesOneRequest,
}

/// A server of one kind in front of another: passes everything on, and treats connections as it is
/// told.
pub(super) struct Proxy {
    pub(super) port: u16,
    connections: Arc<Mutex<Vec<TcpStream>>>,
    made: Arc<AtomicUsize>,
    tired: Arc<AtomicUsize>,
}

impl Proxy {
    pub(super) fn in_front_of(port: u16, peer: Peer) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            connections: Arc::default(),
            made: Arc::default(),
            tired: Arc::default(),
        };
        let (kept, made) = (Arc::clone(&proxy.connections), Arc::clone(&proxy.made));
        let tired = Arc::clone(&proxy.tired);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server =
                    TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap();
                kept.lock().unwrap().push(client.try_clone().unwrap());
                let number = made.fetch_add(1, Ordering::SeqCst);
                let (tired, answered) = (Arc::clone(&tired), Arc::new(AtomicBool::new(false)));
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let noted = Arc::clone(&answered);
                thread::spawn(move || carried(back, |_| noted.store(true, Ordering::SeqCst)));
                thread::spawn(move || {
                    let there = (client.try_clone().unwrap(), server.try_clone().unwrap());
                    carried(there, |_| {
                        let drops = match peer {
                            Peer::Tires => number < tired.load(Ordering::SeqCst),
                            Peer::TakesOneRequest => answered.load(Ordering::SeqCst),
                        };
                        if drops {
                            let _ =
                                // either may be closed already
                                (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
                        }
                    });
                });
            }
        });
        proxy
    }

    /// Is gone from every connection there is.
    pub(super) fn tire(&self) {
        self.tired.store(self.connections(), Ordering::SeqCst);
    }

    /// Closes every connection, and says so, as a server does that has waited long enough.
    pub(super) fn close_all(&self) {
        for connection in self.connections.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both); // one that is closed already is as good
        }
    }

    /// How many connections were made.
    pub(super) fn connections(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }
}

/// Carries what one side says to the other, until either is gone.
fn carried((mut from, mut to): (TcpStream, TcpStream), mut before: impl FnMut(&[u8])) {
    let mut piece = [0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        before(&piece[..read]);
        if to.write_all(&piece[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both); // it may be closed already
}
