//! The score route: forms of bodies, options, and what each failure answers.

use scorebox::server::Settings;

use crate::client::Server;
use crate::module::DECISION;

const LINES: (&str, &str) = ("content-type", "application/x-ndjson");
const ROUTE: &str = "/v1/bundles/scripted/score";

#[test]
fn one_record_gets_the_modules_own_bytes_and_a_salt() {
    let server = Server::start(Settings::default());
    let answer = server.score(r#"{"record":{"a":1},"now":"2026-11-23T09:00:00Z","lang":"en","reasons":2}"#);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.starts_with(&format!("{{\"decision\":{DECISION},\"salt\":\"")), "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let salt = |answer: &crate::client::Answer| answer.json()["salt"].as_str().unwrap().to_owned();
    assert_eq!(salt(&answer).len(), 32);
    assert_ne!(salt(&answer), salt(&server.score(r#"{"record":{"a":1}}"#)), "a salt is fresh");
    assert_eq!(salt(&server.score(r#"{"record":{"a":1},"salt":"AB01"}"#)), "ab01");
}

#[test]
fn many_records_keep_their_order_and_a_bad_one_its_place() {
    let server = Server::start(Settings::default());
    let answer = server.score(r#"{"records":[{"a":1},{"m":1},{"t":1},{"a":2}]}"#);
    assert_eq!(answer.status, 200);
    let results = answer.json()["results"].clone();
    let codes: Vec<&str> = results
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["error"]["code"].as_str().unwrap_or("decided"))
        .collect();
    assert_eq!(codes, ["decided", "record_malformed", "trap", "decided"]);
    assert_eq!(server.score(r#"{"records":[]}"#).json()["results"].as_array().map(Vec::len), Some(0));
}

#[test]
fn lines_are_answered_with_lines() {
    let server = Server::start(Settings::default());
    let body = b"{\"a\":1}\n\n{\"v\":1}\r\n{broken\n{\"a\":2}";
    let answer = server.send("POST", &format!("{ROUTE}?salt=00ff&reasons=1"), &[LINES], body);
    assert_eq!((answer.status, answer.header("scorebox-salt")), (200, Some("00ff")));
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<&str> = answer.body.lines().collect();
    assert_eq!(lines.len(), 4, "one line for each record: {}", answer.body);
    assert_eq!(lines[0], format!("{{\"decision\":{DECISION}}}"));
    assert!(lines[1].contains("run_value") && lines[2].contains("record_malformed"), "{}", answer.body);
    assert!(!answer.body.contains("broken"), "an error never quotes a record");
}

#[test]
fn wrong_requests_say_what_would_be_right() {
    let server = Server::start(Settings::default());
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"record":{},"records":[]}"#,
        r#"{"record":{},"other":1}"#,
        r#"{"record":{},"reasons":"secret"}"#,
        r#"{"record":{},"salt":"abc"}"#,
        r#"{"record":{},"salt":"zz"}"#,
        r#"{"record":{},"salt":"é"}"#,
        "\"secret\"",
    ] {
        let answer = server.score(body);
        assert_eq!((answer.status, answer.code().as_str()), (400, "request_invalid"), "{body}");
        assert!(!answer.body.contains("secret"), "an error never quotes the request: {}", answer.body);
    }
    let queried = server.send("POST", &format!("{ROUTE}?reasons=many"), &[LINES], b"{}");
    assert_eq!((queried.status, queried.code().as_str()), (400, "request_invalid"));
    let utf8 = server.send("POST", ROUTE, &[LINES], b"\xff\xfe");
    assert_eq!((utf8.status, utf8.code().as_str()), (400, "request_invalid"));
}

#[test]
fn every_failure_of_a_call_has_its_status() {
    let server = Server::start(Settings::default());
    for (record, status, code) in [
        (r#"{"m":1}"#, 400, "record_malformed"),
        (r#"{"v":1}"#, 422, "run_value"),
        (r#"{"s":1}"#, 500, "reasons_sum"),
        (r#"{"t":1}"#, 500, "trap"),
        (r#"{"g":1}"#, 503, "memory"),
        (r#"{"l":1}"#, 504, "deadline"),
    ] {
        let answer = server.score(&format!("{{\"record\":{record}}}"));
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{record}");
        let after = server.score(r#"{"record":{"a":1}}"#);
        assert_eq!(after.status, 200, "after {code} the server goes on: {}", after.body);
    }
}

#[test]
fn media_types_and_sizes_are_bounded() {
    let server = Server::start(Settings { body_bytes: 4_096, records: 3, ..Settings::default() });
    for kind in ["text/csv", "application/x-www-form-urlencoded", "application/xml"] {
        let answer = server.send("POST", ROUTE, &[("content-type", kind)], b"{}");
        assert_eq!((answer.status, answer.code().as_str()), (415, "media_type"), "{kind}");
    }
    let plain = server.send("POST", ROUTE, &[], br#"{"record":{"a":1}}"#);
    assert_eq!(plain.status, 200, "a body without a type is JSON");
    let charset = [("content-type", "application/json; charset=utf-8")];
    assert_eq!(server.send("POST", ROUTE, &charset, br#"{"record":{"a":1}}"#).status, 200);

    let long = format!("{{\"record\":{{\"a\":\"{}\"}}}}", "x".repeat(5_000));
    let answer = server.score(&long);
    assert_eq!((answer.status, answer.code().as_str()), (413, "record_budget"));
    let many = server.score(r#"{"records":[{},{},{},{}]}"#);
    assert_eq!((many.status, many.code().as_str()), (413, "record_budget"));
    // A length that is a lie is refused before its bytes are waited for.
    let lie = server.send("POST", ROUTE, &[("content-length", "99999999999")], b"");
    assert_eq!(lie.status, 413, "{}", lie.body);
}
