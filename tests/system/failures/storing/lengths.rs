//! F20: a file host says another length than comes, or none.

use super::{expect_untouched, in_storage};
use crate::failures::Quiet;
use ghub::status::Status;
use local::fal::{Ending, Verdict};
use local::faults::Then;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

/// A length that no video has may be false: the bytes that come decide.
#[tokio::test(flavor = "multi_thread")]
async fn f20_a_false_length_is_no_verdict() {
    let video: Vec<u8> = local::video::mp4(5, "16:9").into();
    let cut = video[..video.len() / 2].to_vec();
    let page = b"<!doctype html><title>502</title>".to_vec();
    for (name, body, stored) in
        [("whole", video.clone(), true), ("cut", cut, false), ("a page", page, false)]
    {
        let host = Lying::about(1 << 40, body);
        let quiet = Quiet::with(&[("DownloadHosts", &host.name)]).await;
        let url = format!("http://{}/video.mp4", host.name);
        quiet.stage.fal().decide(Verdict::next(1, Ending::ForeignUrl { url }));
        let (job, _) = quiet.render(name).await;
        quiet.store_by_message(&job).await;
        let object = in_storage(&quiet, &job);
        assert_eq!(
            (quiet.status(&job).await == Status::Completed, object.is_some()),
            (stored, stored),
            "{name}"
        );
        if let Some(object) = object {
            assert_eq!(std::fs::read(object.file).unwrap(), video);
        } else {
            expect_untouched(&quiet, &job).await;
        }
        quiet.expect_charge_for(u64::from(stored)).await;
    }
}

/// Nor is one that says nothing of its length and does not end: it is left at the same size.
#[tokio::test(flavor = "multi_thread")]
async fn f20_a_file_without_end_is_not_stored() {
    let quiet = Quiet::new().await;
    let (job, request) = quiet.render("without end").await;
    quiet.goes_wrong("file", 1, &request, Then::EndlessBody);
    quiet.store_by_message(&job).await;
    assert_ne!(quiet.status(&job).await, Status::Completed);
    assert!(in_storage(&quiet, &job).is_none());
    quiet.expect_charge_for(0).await;
}

/// A file host that says another length than its body has, and closes behind it.
struct Lying {
    name: String,
}

impl Lying {
    fn about(length: u64, body: Vec<u8>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let name = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
                let asked = stream.read(&mut [0; 64 << 10]);
                let _ = asked
                    .and_then(|_| stream.write_all(head.as_bytes()))
                    .and_then(|()| stream.write_all(&body)); // a client that left misses it
            }
        });
        Self { name }
    }
}
