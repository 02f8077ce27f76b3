//! Values planted in every personal field of every reference bundle: no decision, batch, error, count, log,
//! metric or line of the command shows one, unless it was asked for.
#![cfg(all(feature = "cli", feature = "server"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use scorebox::{Batch, BatchOutput, Bundle, Column, Data, Engine, Now, ScoreOptions};
use serde_json::{Map, Value, json};

/// What no text that leaves a host may hold.
const TEXT: &str = "Zanzibar-canary";
const NUMBER: f64 = 7_364_519.0;
const DIGITS: &str = "7364519";
const TIME: &str = "1987-08-19T03:47:51Z";
const TIMES: &[&str] = &["1987-08-19", "03:47:51"];
const NOW: &str = "2026-11-23T09:00:00Z";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The reference bundles.
fn names() -> Vec<String> {
    let folders = fs::read_dir(workspace().join("models")).unwrap().map(|entry| entry.unwrap().path());
    let bundles = folders.filter(|path| path.join("bundle.lock").is_file());
    let mut names: Vec<String> =
        bundles.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names.len(), 11, "{names:?}");
    names
}

#[track_caller]
fn clean(place: &str, shown: &str) {
    for canary in [TEXT, DIGITS].iter().chain(TIMES) {
        assert!(!shown.contains(canary), "{place} shows {canary}: {shown}");
    }
}

/// A value of the type that the input has.
fn canary(input: &Value) -> Value {
    match input["type"].as_str().unwrap() {
        "number" => json!(NUMBER),
        "integer" => json!(NUMBER as i64),
        "boolean" => json!(true),
        "timestamp" => json!(TIME),
        "records" => {
            let fields = input["fields"].as_array().unwrap();
            let record: Map<String, Value> = fields
                .iter()
                .map(|field| (field["name"].as_str().unwrap().to_owned(), canary(field)))
                .collect();
            json!([record.clone(), record])
        }
        _ => json!(TEXT),
    }
}

/// The first golden record of a bundle that is decided on.
fn golden(name: &str) -> Map<String, Value> {
    let mut paths: Vec<PathBuf> = fs::read_dir(workspace().join("tests/golden").join(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    paths.sort();
    let cases = paths.iter().map(|path| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap());
    let mut records = cases.filter(|case| case["expect"] == "decision" && case["bundle"] == name);
    records.find_map(|case| case["request"]["record"].as_object().cloned()).unwrap()
}

/// Records with values planted: of the right type in all personal fields together and in each by itself, and of
/// a wrong type, which is an issue that must name the field only.
fn planted(bundle: &Bundle) -> Vec<Map<String, Value>> {
    let record = golden(bundle.name());
    let inputs = bundle.describe()["inputs"].as_array().unwrap().clone();
    let personal: Vec<&Value> = inputs.iter().filter(|input| input["personal"] == true).collect();
    assert!(!personal.is_empty(), "{} has no personal field", bundle.name());
    let mut all = record.clone();
    let mut records = Vec::new();
    for input in personal {
        let name = input["name"].as_str().unwrap();
        all.insert(name.into(), canary(input));
        for value in [canary(input), json!(TEXT), json!(NUMBER), json!([TEXT]), json!({"a": TEXT})] {
            let mut one = record.clone();
            one.insert(name.into(), value);
            records.push(one);
        }
    }
    records.push(all);
    records
}

/// Names and cells of a batch.
fn text_of(batch: &Batch<'_>) -> String {
    let mut text = String::new();
    for column in &batch.columns {
        text += &format!("{}\n", column.name);
        for row in 0..batch.rows {
            text += &column.text(row).map_or_else(String::new, |cell| format!("{cell}\n"));
        }
        if !matches!(column.data, Data::Text { .. }) {
            text += &format!("{:?}\n", column.data);
        }
    }
    text
}

#[test]
fn what_is_planted_would_be_seen() {
    let batch = Batch {
        rows: 1,
        columns: vec![
            Column::new("a", Data::texts([TEXT])),
            Column::new("b", Data::F64(vec![NUMBER].into())),
            Column::new("c", Data::I64(vec![NUMBER as i64].into())),
        ],
    };
    let text = text_of(&batch);
    assert_eq!((text.matches(TEXT).count(), text.matches(DIGITS).count()), (1, 2));
}

/// The records as columns of texts, as a CSV has them.
fn texts(bundle: &Bundle, records: &[Map<String, Value>]) -> Batch<'static> {
    let inputs = bundle.describe()["inputs"].as_array().unwrap();
    let cell = |value: Option<&Value>| match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    let columns = inputs.iter().map(|input| {
        let name = input["name"].as_str().unwrap().to_owned();
        let cells: Vec<String> = records.iter().map(|record| cell(record.get(&name))).collect();
        Column::new(name, Data::texts(cells.iter().map(String::as_str)))
    });
    Batch { rows: records.len(), columns: columns.collect() }
}

#[test]
fn the_library_shows_no_personal_value() {
    let engine = Engine::new().unwrap();
    let options = ScoreOptions { now: Now::At(NOW.into()), monitor: true, ..ScoreOptions::default() };
    let (mut decisions, mut errors) = (0, 0);
    for name in names() {
        let bundle = Bundle::load(&engine, workspace().join("models").join(&name)).unwrap();
        let records = planted(&bundle);
        for record in &records {
            let text = Value::Object(record.clone()).to_string();
            let decision = bundle.score(&text, &options).unwrap();
            clean(&name, decision.as_str());
            decisions += 1;
            // Cut short, with an option that there is not, and with a name that is no input's.
            let broken = [
                format!("{{\"record\":{}", &text[..text.len() - 1]),
                format!("{{\"record\":{text},\"{TEXT}\":1}}"),
                format!("{{\"record\":{text},\"now\":\"{TEXT}\"}}"),
                format!("{{\"record\":{text},\"lang\":\"{TEXT}\",\"echo\":[\"{TEXT}\"]}}"),
                format!("{{\"record\":[{text}]}}"),
            ];
            for request in broken {
                let Err(error) = bundle.score_request(request.as_bytes()) else { continue };
                clean(&name, &format!("{error} {error:?}"));
                errors += 1;
            }
        }
        let batch = texts(&bundle, &records);
        for output in [BatchOutput::Columns, BatchOutput::Decisions] {
            clean(&name, &text_of(&bundle.score_batch(&batch, &options, output).unwrap()));
        }
        let counts = bundle.take_counts().unwrap();
        assert!(counts.rows() > 0);
        clean(&name, &counts.json().to_string());
        clean(&name, &bundle.monitor(&[counts]).unwrap().to_string());
    }
    println!("privacy: {decisions} decisions and {errors} errors of {} bundles", names().len());
    assert!(errors >= decisions * 3);
}

#[test]
fn a_field_is_shown_where_it_is_asked_for() {
    let engine = Engine::new().unwrap();
    let bundle = Bundle::load(&engine, workspace().join("models/customer360")).unwrap();
    let mut record = golden("customer360");
    record.insert("customer_id".into(), json!(TEXT));
    let ask = |echo: Value| {
        let request = json!({"record": record, "now": NOW, "echo": echo}).to_string();
        bundle.score_request(request.as_bytes()).unwrap()
    };
    assert_eq!(ask(json!(["customer_id"])).json()["record"]["customer_id"], TEXT);
    clean("echo of all", ask(json!(true)).as_str());
}

fn lines(records: &[Map<String, Value>]) -> String {
    records.iter().map(|record| Value::Object(record.clone()).to_string() + "\n").collect()
}

#[test]
fn the_command_shows_no_personal_value() {
    let engine = Engine::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let counts = folder.path().join("counts.json");
    for name in ["customer360", "credit", "aml"] {
        let path = workspace().join("models").join(name);
        let bundle = Bundle::load(&engine, &path).unwrap();
        // A line that is cut short, and one that is no object.
        let input = lines(&planted(&bundle)) + &format!("{{\"customer_id\":\"{TEXT}\n[\"{TEXT}\"]\n");
        for format in ["table", "csv", "ndjson", "decisions"] {
            let mut child = Command::new(env!("CARGO_BIN_EXE_scorebox"))
                .args(["score", "--input-format", "ndjson", "--now", NOW, "--format", format, "--bundle"])
                .arg(&path)
                .args(["--show", "1000", "--monitor"])
                .arg(&counts)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let (mut stdin, input) = (child.stdin.take().unwrap(), input.clone());
            let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
            let output = child.wait_with_output().unwrap();
            writer.join().unwrap();
            let place = format!("score --bundle {name} --format {format}");
            let (shown, said) =
                (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.status.code(), Some(3), "{place}: {said}");
            assert!(shown.lines().count() > 3, "{place}: {shown}");
            clean(&place, &shown);
            clean(&place, &said);
            clean(&place, &fs::read_to_string(&counts).unwrap());
        }
    }
}

fn exchange(address: &str, method: &str, path: &str, kind: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    // A server that refuses early may close before it has read everything.
    let _ = stream.write_all(&[head.as_bytes(), body.as_bytes()].concat());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The loopback address and port in a line.
fn address_in(line: &str) -> Option<String> {
    let at = line.find("127.0.0.1:")?;
    let end = line[at..].find(|sign: char| !sign.is_ascii_digit() && !".:".contains(sign));
    Some(line[at..].split_at(end.unwrap_or(line.len() - at)).0.to_owned())
}

#[test]
fn the_server_shows_and_logs_no_personal_value() {
    let path = workspace().join("models/customer360");
    let mut child = Command::new(env!("CARGO_BIN_EXE_scorebox"))
        .args(["serve", "--listen", "127.0.0.1:0", "--bundle"])
        .arg(format!("customer360={}", path.display()))
        .env("RUST_LOG", "trace")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = Arc::new(Mutex::new(String::new()));
    let streams: [Box<dyn Read + Send>; 2] =
        [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
    let readers = streams.map(|stream| {
        let log = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines() {
                *log.lock().unwrap() += &(line.unwrap() + "\n");
            }
        })
    });
    let address = (0..600).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        log.lock().unwrap().lines().filter(|line| line.contains("listening")).find_map(address_in)
    });
    let Some(address) = address else {
        child.kill().unwrap();
        panic!("the server does not say where it listens: {}", log.lock().unwrap());
    };

    let bundle = Bundle::load(&Engine::new().unwrap(), &path).unwrap();
    let records = planted(&bundle);
    let score = "/v1/bundles/customer360/score";
    let mut answers = Vec::new();
    for record in &records {
        answers.push(exchange(
            &address,
            "POST",
            score,
            "application/json",
            &json!({"record": record}).to_string(),
        ));
    }
    let all = json!({"records": records}).to_string();
    answers.push(exchange(&address, "POST", score, "application/json", &all));
    answers.push(exchange(&address, "POST", score, "application/x-ndjson", &lines(&records)));
    let decided = answers.len();
    for (place, answer) in answers.iter().enumerate() {
        assert!(answer.starts_with("HTTP/1.1 200"), "{place}: {answer}");
    }
    for (kind, body) in [
        ("application/json", all[..all.len() - 2].to_owned()),
        ("application/json", format!("{{\"{TEXT}\":{NUMBER}}}")),
        ("application/json", format!("{{\"record\":\"{TEXT}\"}}")),
        ("application/json", format!("{{\"record\":{{}},\"now\":\"{TEXT}\"}}")),
        ("application/x-ndjson", format!("{{\"customer_id\":\"{TEXT}\n")),
        (TEXT, String::new()),
    ] {
        answers.push(exchange(&address, "POST", score, kind, &body));
    }
    for place in [format!("/v1/bundles/{TEXT}/score"), format!("{score}?lang={TEXT}&{TEXT}={DIGITS}")] {
        answers.push(exchange(&address, "POST", &place, "application/json", "{\"record\":{}}"));
    }
    for place in ["/metrics", "/v1/bundles/customer360/monitoring", "/v1/bundles/customer360"] {
        answers.push(exchange(&address, "GET", place, "text/plain", ""));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    readers.into_iter().for_each(|reader| reader.join().unwrap());
    for answer in &answers {
        clean("an answer", answer);
    }
    let log = log.lock().unwrap().clone();
    assert!(log.lines().filter(|line| line.contains("request")).count() >= decided, "{log}");
    clean("the log", &log);
}
