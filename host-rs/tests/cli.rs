//! The command, end to end: files and pipes in, every format out, bad rows kept.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value;

/// Six rows: four good, one ragged, one that is not UTF-8.
const CSV: &[u8] = b"id,income,risk_class,years,consent,comment\n\
    a,52000,1,4,true,\n\
    b,800,3,,true,\"late, twice\"\n\
    c,31000,2\n\
    d,12000,2,1,false,\n\
    e,100,3,1,true,\xff\n\
    f,,1,30,true,ok\n";

fn bundle() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/bundles/stump")
}

fn scorebox(arguments: &[&str], input: Option<&[u8]>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scorebox"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.unwrap_or_default().to_vec();
    // From another thread: a command that answers while it reads would otherwise wait for us, and we for
    // it. One that fails early closes the pipe; that is its answer, not this test's failure.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn score(arguments: &[&str], input: &[u8]) -> Output {
    let bundle = bundle();
    let fixed = ["score", "--bundle", bundle.to_str().unwrap(), "--now", "2026-11-23T09:00:00Z"];
    scorebox(&[&fixed, arguments].concat(), Some(input))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn lines(output: &Output) -> Vec<&str> {
    text(&output.stdout).lines().collect()
}

fn json_lines(output: &Output) -> Vec<Value> {
    lines(output).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_is_decided_is_counted_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let rows = |skip: usize, count: usize| {
        let mut text = String::from("income,risk_class,years,consent\n");
        for row in skip..skip + count {
            text += &format!("{},{},{},true\n", row * 7_919 % 60_000, row % 5, row % 30);
        }
        text
    };
    for (name, skip) in [("monday", 0), ("tuesday", 150)] {
        let file = path(name);
        let output = score(&["--quiet", "--monitor", &file], rows(skip, 150).as_bytes());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let counted: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(counted["counts"]["rows"], 150);
    }
    let bundle = bundle();
    let monitor = |arguments: &[&str]| {
        scorebox(&[&["monitor", "--bundle", bundle.to_str().unwrap()], arguments].concat(), None)
    };
    let (monday, tuesday, sum) = (path("monday"), path("tuesday"), path("sum"));
    let output = monitor(&[&monday, &tuesday, "--output", &sum]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    for part in ["300 records", "stability", "income", "decisions", "outcomes"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // The other order, and a sum in place of its parts, say the same.
    let again = monitor(&[&tuesday, &monday]);
    assert_eq!(text(&again.stdout), shown);
    assert_eq!(text(&monitor(&[&sum]).stdout), shown);
    let output = monitor(&[&sum, "--json", "--fail-on", "alert"]);
    let report: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    assert_eq!(output.status.code(), Some(i32::from(report["level"] == "alert")));
    let output = monitor(&[&path("nothing")]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn offers_have_columns_and_bandits_learn() {
    let folder = tempfile::tempdir().unwrap();
    let bandit = bundle().with_file_name("bandit");
    let bandit = bandit.to_str().unwrap();
    let rows = b"customer,age,app\nc-1,60,true\nc-2,25,false\n";
    let output = scorebox(&["score", "--bundle", bandit, "--quiet"], Some(rows));
    let head = lines(&output)[0];
    assert!(
        head.ends_with(
            "offer,offer_channel,offer_score,offer_rank_by,offer_reason,offer_propensity,offers,held,error"
        ),
        "{head}"
    );
    assert_eq!(lines(&output).len(), 3);
    let rewards = br#"{"record":{"customer":"c-1","age":60,"app":true},"item":"travel","reward":1}
{"record":{"customer":"c-2","age":25,"app":false},"item":"cashback","reward":0}
"#;
    let state = folder.path().join("state.json");
    let state = state.to_str().unwrap();
    let output = scorebox(&["learn", "--bundle", bandit, "--output", state], Some(rewards));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let learned: Value = serde_json::from_str(&std::fs::read_to_string(state).unwrap()).unwrap();
    assert_eq!(
        (&learned["arms"]["travel"]["count"], &learned["arms"]["cashback"]["count"]),
        (&2.into(), &1.into())
    );
    let asked = ["score", "--bundle", bandit, "--quiet", "--format", "ndjson"];
    let own = json_lines(&scorebox(&asked, Some(rows)));
    let given = json_lines(&scorebox(&[&asked[..], &["--state", state]].concat(), Some(rows)));
    let digest = |line: &Value| line["decision"]["offers"]["bandit"]["state"].clone();
    assert_ne!(digest(&own[0]), digest(&given[0]));
    let output = scorebox(&["learn", "--bundle", bandit], Some(b"{broken"));
    assert!(!output.status.success() && text(&output.stderr).contains("line 1"), "{}", text(&output.stderr));
}

#[test]
fn csv_from_a_pipe_keeps_order_ids_and_bad_rows() {
    let output = score(&["--keep", "id"], CSV);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let lines = lines(&output);
    assert!(lines[0].starts_with("row,id,outcome,quality,"), "{}", lines[0]);
    assert!(lines[0].ends_with("rules,reasons,reason_texts,error"), "{}", lines[0]);
    assert_eq!(lines.len(), 7);
    let starts: Vec<String> =
        lines[1..].iter().map(|line| line.split(',').take(2).collect::<Vec<_>>().join(",")).collect();
    assert_eq!(starts, ["2,a", "3,b", "4,c", "5,d", "6,e", "7,f"]);
    assert!(lines[3].contains("record_malformed: the line has 3 cells, the header 6"), "{}", lines[3]);
    assert!(lines[5].contains("record_malformed: the line is not UTF-8"), "{}", lines[5]);
    assert!(text(&output.stderr).contains("6 rows"), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("2 in error"), "{}", text(&output.stderr));
    println!("6 rows in, 6 rows out, 2 of them bad");
}

#[test]
fn a_good_file_exits_with_0_and_is_quiet_when_asked() {
    let output = score(&["--quiet"], b"income,risk_class,years,consent\n52000,1,4,true\n");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    assert_eq!(lines(&output).len(), 2);
}

#[test]
fn ndjson_keeps_broken_lines_and_skips_blank_ones() {
    let input = br#"{"id": 7, "income": 52000, "risk_class": 1, "years": 4, "consent": true}

{"income": 1,
[1]
{"income": 800, "risk_class": 3, "consent": true, "comment": "late"}
"#;
    let output = score(&["--format", "ndjson", "--keep", "id"], input);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let rows = json_lines(&output);
    let numbers: Vec<u64> = rows.iter().map(|row| row["row"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 3, 4, 5]);
    assert_eq!(rows[0]["kept"]["id"], 7);
    assert_eq!(rows[0]["decision"]["quality"]["issues"].as_array().unwrap().len(), 0, "{}", rows[0]);
    assert_eq!(rows[1]["error"]["code"], "record_malformed");
    assert_eq!(rows[2]["error"]["code"], "record_malformed");
    assert!(rows[3]["decision"]["scores"]["pd"].is_number());
}

#[test]
fn csv_ndjson_and_parquet_give_the_same_decisions() {
    let folder = tempfile::tempdir().unwrap();
    let csv = b"income,risk_class,years,consent\n52000,1,4,true\n800,3,,true\n12000,2,1,false\n";
    let from_csv = score(&["--format", "decisions"], csv);
    assert_eq!(from_csv.status.code(), Some(0), "{}", text(&from_csv.stderr));
    let ndjson = br#"{"income": 52000, "risk_class": 1, "years": 4, "consent": true}
{"income": 800, "risk_class": 3, "consent": true}
{"income": 12000, "risk_class": 2, "years": 1, "consent": false}
"#;
    let from_ndjson = score(&["--format", "decisions"], ndjson);
    assert_eq!(text(&from_csv.stdout), text(&from_ndjson.stdout));
    let parquet = folder.path().join("rows.parquet");
    write_parquet(&parquet);
    let from_parquet = score(&["--format", "decisions", "--input", parquet.to_str().unwrap()], b"");
    assert_eq!(text(&from_csv.stdout), text(&from_parquet.stdout), "{}", text(&from_parquet.stderr));
    let piped = score(&["--format", "decisions"], &std::fs::read(&parquet).unwrap());
    assert_eq!(text(&from_csv.stdout), text(&piped.stdout));
    println!("3 rows as CSV, NDJSON and Parquet, the same bytes");
}

fn write_parquet(path: &Path) {
    use std::sync::Arc;

    use arrow::array::{BooleanArray, Float64Array, Int64Array, RecordBatch};
    let years = Float64Array::from(vec![Some(4.0), None, Some(1.0)]);
    let batch = RecordBatch::try_from_iter([
        ("income", Arc::new(Float64Array::from(vec![52_000.0, 800.0, 12_000.0])) as _),
        ("risk_class", Arc::new(Int64Array::from(vec![1, 3, 2])) as _),
        ("years", Arc::new(years) as _),
        ("consent", Arc::new(BooleanArray::from(vec![true, true, false])) as _),
    ])
    .unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn parquet_out_holds_every_row() {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decisions.parquet");
    let output = score(&["--keep", "id", "--output", path.to_str().unwrap()], CSV);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let file = std::fs::File::open(&path).unwrap();
    let batches: Vec<_> = ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(batches.iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>(), 6);
    let errors = batches[0].column_by_name("error").unwrap();
    assert_eq!(errors.len() - errors.null_count(), 2);
    assert!(batches[0].schema().field_with_name("pd").unwrap().data_type().is_floating());
}

#[test]
fn many_rows_stream_through_in_order() {
    let mut csv = String::from("id,income,risk_class,years,consent\n");
    let rows = 20_000;
    for row in 0..rows {
        csv += &format!("{row},{},{},{},{}\n", row * 7 % 90_000, row % 3 + 1, row % 40, row % 5 != 0);
    }
    let output = score(&["--keep", "id"], csv.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines = lines(&output);
    assert_eq!(lines.len(), rows + 1);
    for (at, line) in lines[1..].iter().enumerate() {
        assert!(line.starts_with(&format!("{},{at},", at + 2)), "{line}");
    }
    println!("{rows} rows in order");
}

#[test]
fn the_table_is_for_people() {
    let output = score(&["--format", "table", "--keep", "id", "--show", "2"], CSV);
    let table = text(&output.stdout);
    for word in ["outcome", "points", "grade", "why", "the first 2 of 6 rows"] {
        assert!(table.contains(word), "{word} is not in\n{table}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let mut csv = String::from("income,risk_class,years,consent\n");
    csv.extend((0..20_000).map(|_| "52000,1,4,true\n"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_scorebox"))
        .args(["score", "--quiet", "--format", "decisions", "--bundle"])
        .arg(bundle())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    drop(child.stdin.take().unwrap().write_all(csv.as_bytes()));
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

#[test]
fn what_is_wrong_is_said_and_costs_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.zip");
    std::fs::write(&broken, b"PK\x03\x04 and no more").unwrap();
    let broken = broken.to_str().unwrap();
    let bundle = bundle();
    let bundle = bundle.to_str().unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["score", "--bundle", "no/such/folder"], "io: no/such/folder"),
        (&["score", "--bundle", broken], "bundle_malformed"),
        (&["inspect", "no-such.onnx"], "io: no-such.onnx"),
        (&["score", "--bundle", bundle, "--input", "no-such.csv"], "io: no-such.csv"),
        (&["score", "--bundle", bundle, "--salt", "xyz"], "request_invalid: --salt"),
        (&["score", "--bundle", bundle, "--now", "yesterday"], "request_invalid"),
        (&["verify", broken], "bundle_malformed"),
    ];
    for (arguments, expected) in cases {
        let output = scorebox(arguments, Some(b"income\n1\n"));
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    assert_eq!(scorebox(&["score"], None).status.code(), Some(2), "usage");
    println!("{} wrong commands", cases.len() + 1);
}

/// The file that `score` reads in `ulimit -v` kilobytes of address space.
#[cfg(target_os = "linux")]
fn score_within(kilobytes: &str, input: &Path) -> Output {
    let bundle = bundle();
    Command::new("sh")
        .args(["-c", "ulimit -v \"$1\" && shift && exec \"$@\"", "sh", kilobytes])
        .args([env!("CARGO_BIN_EXE_scorebox"), "--no-cache", "--instances", "2", "score", "--bundle"])
        .args([bundle.to_str().unwrap(), "--now", "2026-11-23T09:00:00Z", "--input", input.to_str().unwrap()])
        .output()
        .unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn little_address_space_changes_no_decision_and_too_little_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("rows.csv");
    std::fs::write(&input, "id,income,risk_class,years,consent,comment\na,52000,1,4,true,\n").unwrap();
    let whole = score_within("unlimited", &input);
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole.stderr));
    let little = score_within("4000000", &input);
    assert_eq!(little.status.code(), Some(0), "{}", text(&little.stderr));
    assert_eq!(little.stdout, whole.stdout);
    assert!(!whole.stdout.is_empty());
    let none = score_within("500000", &input);
    assert_eq!(none.status.code(), Some(1));
    assert!(
        text(&none.stderr).contains("host_setup: the system gives no address space"),
        "{}",
        text(&none.stderr)
    );
}

#[test]
fn inspect_and_version_name_the_digests() {
    let bundle = bundle();
    let output = scorebox(&["inspect", bundle.to_str().unwrap(), "--json"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let about: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(about["name"], "stump");
    let module = about["module"].as_str().unwrap();
    assert!(module.starts_with("sha256:") && module.len() == 71);
    let version = scorebox(&["--version"], None);
    assert!(text(&version.stdout).contains(module), "{}", text(&version.stdout));
}
