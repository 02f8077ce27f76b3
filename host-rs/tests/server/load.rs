//! More requests than instances: some wait, the rest are told so at once; and a slow client.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use scorebox::server::Settings;

use crate::client::{Server, config};

const ENDLESS: &str = r#"{"record":{"l":1}}"#;

#[test]
fn one_scores_one_waits_the_third_is_refused() {
    let settings = Settings { waiting: 1, ..Settings::default() };
    let server = Server::start_with(config().deadline_ms(3_000), settings);
    thread::scope(|scope| {
        let first = scope.spawn(|| server.score(ENDLESS));
        // The endless call holds the only instance for three seconds; by now it has begun.
        thread::sleep(Duration::from_millis(300));
        let second = scope.spawn(|| server.score(r#"{"record":{"a":1}}"#));
        wait_until(|| server.get("/metrics").body.contains(r#"waiting_requests{bundle="scripted"} 1"#));
        let started = Instant::now();
        let third = server.score(r#"{"record":{"a":1}}"#);
        assert_eq!((third.status, third.code().as_str()), (503, "overloaded"));
        assert_eq!(third.header("retry-after"), Some("1"));
        assert!(started.elapsed() < Duration::from_secs(2), "a refusal does not wait");
        assert_eq!(first.join().unwrap().status, 504);
        assert_eq!(second.join().unwrap().status, 200, "who waited is served");
    });
    assert!(server.get("/metrics").body.contains(r#"waiting_requests{bundle="scripted"} 0"#));
}

#[test]
fn a_request_has_a_deadline_that_a_slow_client_meets_too() {
    let settings = Settings { deadline_ms: 400, ..Settings::default() };
    let server = Server::start_with(config().deadline_ms(5_000), settings);
    let endless = server.score(ENDLESS);
    assert_eq!((endless.status, endless.code().as_str()), (504, "deadline"));

    let slow = server.exchange(
        b"POST /v1/bundles/scripted/score HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 50\r\n\r\n{\"rec",
    );
    assert_eq!((slow.status, slow.code().as_str()), (504, "deadline"));
}

#[test]
fn a_client_that_leaves_gives_its_place_back() {
    let server = Server::start(Settings { waiting: 2, ..Settings::default() });
    for _ in 0..6 {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let length = ENDLESS.len();
        let head = format!(
            "POST /v1/bundles/scripted/score HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{ENDLESS}"
        );
        stream.write_all(head.as_bytes()).unwrap();
    }
    wait_until(|| server.score(r#"{"record":{"a":1}}"#).status == 200);
}

fn wait_until(mut reached: impl FnMut() -> bool) {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < Duration::from_secs(10), "waited in vain");
        thread::sleep(Duration::from_millis(10));
    }
}
