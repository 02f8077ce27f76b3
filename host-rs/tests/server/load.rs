//! More requests than instances: some wait, the rest are told so at once; and a slow client.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use scorebox::server::{Settings, serve_listener};

use crate::client::{Server, config, loaded};

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

#[test]
fn a_client_that_sends_no_head_is_cut_off() {
    let server = Server::start(Settings { head_ms: 300, ..Settings::default() });
    let good = "GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";
    // Nothing, half a head, and a connection that stays idle after a good request.
    for (sent, answers) in [("", false), ("GET /health/live HTTP/1.1\r\nho", false), (good, true)] {
        let begin = Instant::now();
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap_or_else(|error| panic!("{sent:?} is still open: {error}"));
        assert_eq!(answer.contains("200 OK"), answers, "{sent:?}: {answer}");
        assert!(begin.elapsed() >= Duration::from_millis(250), "{sent:?} was cut off at once");
    }
}

#[test]
fn a_head_is_bounded() {
    let server = Server::start(Settings::default());
    let head = format!("GET /health/live HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "y".repeat(40 << 10));
    assert_eq!(server.exchange(head.as_bytes()).status, 431);
    assert_eq!(server.get("/health/live").status, 200);
}

#[test]
fn one_connection_more_waits_for_a_place() {
    let server = Server::start(Settings { connections: 2, head_ms: 1_000, ..Settings::default() });
    let idle: Vec<TcpStream> = (0..2).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    // The third is answered only when the first two have been cut off.
    let begin = Instant::now();
    assert_eq!(server.get("/health/live").status, 200);
    assert!(begin.elapsed() >= Duration::from_millis(500), "{:?}", begin.elapsed());
    drop(idle);
}

#[test]
fn a_client_that_reads_nothing_gives_its_place_back() {
    let settings = Settings { connections: 1, answer_ms: 300, ..Settings::default() };
    let server = Server::start(settings);
    let mut deaf = TcpStream::connect(server.address).unwrap();
    deaf.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    // So many answers that the system's buffers cannot hold them.
    let question = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(2_000);
    deaf.write_all(question.as_bytes()).unwrap();
    let begin = Instant::now();
    let mut cut_off = false;
    while !cut_off && begin.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(50));
        cut_off = deaf.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").is_err();
    }
    assert!(cut_off, "the server still listens to who does not read");
    assert_eq!(server.get("/health/live").status, 200);
}

#[test]
fn a_stop_ends_idle_connections_and_finishes_what_has_begun() {
    let (runtime, state) = loaded(config(), Settings { head_ms: 60_000, ..Settings::default() });
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = runtime.spawn(serve_listener(state, listener, async { drop(stopped.await) }));
    let mut idle = TcpStream::connect(address).unwrap();
    idle.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut busy = TcpStream::connect(address).unwrap();
    busy.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = "POST /v1/bundles/scripted/score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    busy.write_all(format!("{head}content-length: {}\r\n\r\n{ENDLESS}", ENDLESS.len()).as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    stop.send(()).unwrap();
    runtime.block_on(serving).unwrap();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    assert_eq!(idle.read(&mut [0; 8]).unwrap_or(0), 0);
    assert!(TcpStream::connect(address).is_err(), "still listening");
}
