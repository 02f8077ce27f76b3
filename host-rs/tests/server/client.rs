//! A server on a loopback port of its own, and the few lines of HTTP/1.1 that tests need.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use scorebox::server::{Settings, State, serve_listener};
use scorebox::{Config, Engine};

use crate::module::scripted;

/// A running server; it ends with the test's process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) state: Arc<State>,
    _runtime: tokio::runtime::Runtime,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The code of a failure, which always has a message.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        let error = &self.json()["error"];
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{}", self.body);
        assert!(error["path"].is_string(), "{}", self.body);
        error["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// The configuration that tests share: one instance, short deadlines.
pub(crate) fn config() -> Config {
    Config::new().instances(1).deadline_ms(300).memory_bytes(64 << 20).cache(false).module(scripted())
}

/// A state with the scripted bundle, and a runtime to serve it.
pub(crate) fn loaded(config: Config, settings: Settings) -> (tokio::runtime::Runtime, Arc<State>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scripted.zip");
    std::fs::write(&path, b"PK any bytes will do").unwrap();
    let bundles: Vec<(String, PathBuf)> = vec![("scripted".into(), path)];
    let state = State::load(&Engine::with_config(config).unwrap(), &bundles, settings).unwrap();
    (tokio::runtime::Runtime::new().unwrap(), Arc::new(state))
}

impl Server {
    pub(crate) fn start(settings: Settings) -> Self {
        Self::start_with(config(), settings)
    }

    pub(crate) fn start_with(config: Config, settings: Settings) -> Self {
        let (runtime, state) = loaded(config, settings);
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve_listener(Arc::clone(&state), listener, std::future::pending()));
        Self { address, state, _runtime: runtime }
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// Posts a JSON body to the bundle's score route.
    #[track_caller]
    pub(crate) fn score(&self, body: &str) -> Answer {
        self.send(
            "POST",
            "/v1/bundles/scripted/score",
            &[("content-type", "application/json")],
            body.as_bytes(),
        )
    }

    #[track_caller]
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !head.contains("content-length") {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        self.exchange(&[head.as_bytes(), b"\r\n", body].concat())
    }

    /// Sends bytes as they are and reads until the server closes.
    #[track_caller]
    pub(crate) fn exchange(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // A server that refuses early may close before it has read everything.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| {
            panic!("no answer to {:?}: {text:?}", String::from_utf8_lossy(bytes).get(..120))
        });
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }
}
