//! `scorebox verify --model`: what is equal, what is off and why, on the terminal and as a certificate.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Rows of three numbers; the first lies on a threshold of `trees.onnx` only once it is a float32.
const ROWS: [[f64; 3]; 6] = [
    [1.500_000_01, 0.5, 2.0],
    [0.25, -1.0, 0.0],
    [1.5, 0.0, 1.0],
    [7.0, 2.0, -3.5],
    [-2.0, 1.0, 4.0],
    [3.0, -0.5, 0.125],
];

fn model(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/fixtures").join(name);
    path.to_str().unwrap().to_owned()
}

fn logistic(margin: f64) -> f64 {
    1.0 / (1.0 + (-margin).exp())
}

/// What `linear.onnx` was made from.
fn linear([a, b, c]: [f64; 3]) -> f64 {
    0.5 * a - 2.0 * b + c - 0.25
}

/// What `trees.onnx` was made from, in doubles.
fn trees([a, b, _]: [f64; 3]) -> f64 {
    (if a <= 1.5 { -1.0 } else { 1.0 }) + if b <= 0.0 { 0.5 } else { -0.5 }
}

/// A column of answers: its name, and the answer to a row.
type Answer = (&'static str, fn([f64; 3]) -> String);

/// A file of the rows with an id and columns of answers.
fn data(folder: &Path, columns: &[Answer]) -> PathBuf {
    let mut text = String::from("id,a,b,c");
    columns.iter().for_each(|(name, _)| write!(text, ",{name}").unwrap());
    for (at, row) in ROWS.into_iter().enumerate() {
        write!(text, "\nr{at},{},{},{}", row[0], row[1], row[2]).unwrap();
        columns.iter().for_each(|(_, answer)| write!(text, ",{}", answer(row)).unwrap());
    }
    let path = folder.join("rows.csv");
    fs::write(&path, text + "\n").unwrap();
    path
}

fn verify(model: &str, data: &Path, more: &[&str]) -> Output {
    let fixed = ["verify", "--model", model, "--data", data.to_str().unwrap(), "--ignore", "id"];
    Command::new(env!("CARGO_BIN_EXE_scorebox")).args(fixed).args(more).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The exit code and the report.
fn report(model: &str, data: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let output = verify(model, data, &[more, &["--json"]].concat());
    let report = serde_json::from_slice(&output.stdout);
    (output.status.code(), report.unwrap_or_else(|_| panic!("{}", text(&output.stderr))))
}

#[test]
fn equal_answers_are_equal_and_give_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path(), &[("expected", |row| linear(row).to_string())]);
    let path = folder.path().join("parity/linear.json");
    let arguments = ["--expected", "expected", "--output", "margin", "--certificate", path.to_str().unwrap()];
    let output = verify(&model("linear.onnx"), &data, &arguments);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    for line in [
        "output                  margin",
        "rows                    6",
        "label flips             0",
        "result                  equal",
    ] {
        assert!(said.lines().any(|found| found == line), "{line}: {said}");
    }
    let certificate: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!((&certificate["format"], &certificate["ok"]), (&1.into(), &true.into()));
    assert_eq!((&certificate["rows"], &certificate["trap"]), (&6.into(), &Value::Null));
    assert!(certificate["largest_absolute"].as_f64().unwrap() < 1e-6);
    assert_eq!(certificate["model_digest"].as_str().unwrap().len(), 64);
}

#[test]
fn a_lost_link_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path(), &[("pd", |row| logistic(linear(row)).to_string())]);
    let linear = model("linear.onnx");
    let (code, found) = report(&linear, &data, &["--expected", "pd", "--output", "margin"]);
    assert_eq!((code, &found["trap"]), (Some(1), &"dropped_logistic".into()), "{found}");
    assert_eq!(found["differing"].as_array().unwrap().len(), 6);
    assert!(found["advice"].as_str().unwrap().contains("Sigmoid"));
    let (code, found) = report(&linear, &data, &["--expected", "pd"]);
    assert_eq!((code, &found["ok"]), (Some(0), &true.into()), "{found}");
    let shown = verify(&linear, &data, &["--expected", "pd", "--output", "margin"]);
    assert!(
        text(&shown.stdout).contains("looks like              dropped_logistic\n"),
        "{}",
        text(&shown.stdout)
    );
}

#[test]
fn rounded_thresholds_are_found_in_probabilities_and_labels() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(
        folder.path(),
        &[
            ("p0", |row| (1.0 - logistic(trees(row))).to_string()),
            ("p1", |row| logistic(trees(row)).to_string()),
            ("label", |row| i32::from(trees(row) > 0.0).to_string()),
        ],
    );
    let trees = model("trees.onnx");
    let rows = |found: &Value, key: &str| -> Vec<u64> {
        found[key].as_array().unwrap().iter().map(|row| row.as_u64().unwrap()).collect()
    };
    let cases: [(&[&str], &str); 3] = [
        (&["--expected", "p0,p1", "--ignore", "label"], "probabilities"),
        (&["--expected", "p1", "--ignore", "p0,label"], "probabilities"),
        (&["--expected", "label", "--ignore", "p0,p1"], "label"),
    ];
    for (arguments, output) in cases {
        let (code, found) = report(&trees, &data, arguments);
        assert_eq!((code, &found["output"]), (Some(1), &output.into()), "{found}");
        assert_eq!(found["trap"], "threshold_rounding", "{found}");
        assert_eq!(rows(&found, "flips"), [0], "{found}");
        // Rows 0 and 2 lie on the threshold 1.5, row 2 also on 0.
        assert_eq!(rows(&found, "near_threshold"), [0, 2], "{found}");
        let is_label = output == "label";
        assert_eq!(rows(&found, "differing"), if is_label { vec![] } else { vec![0] });
        assert_eq!(found["largest_absolute"].is_null(), is_label);
    }
    println!("{} comparisons", cases.len());
}

#[test]
fn parquet_gives_what_csv_gives() {
    use std::sync::Arc;

    use arrow::array::{Float64Array, RecordBatch, StringArray};
    let folder = tempfile::tempdir().unwrap();
    let csv = data(folder.path(), &[("expected", |row| linear(row).to_string())]);
    let column = |at: usize| Arc::new(Float64Array::from_iter_values(ROWS.map(|row| row[at]))) as _;
    let batch = RecordBatch::try_from_iter([
        ("id", Arc::new(StringArray::from_iter_values(["u", "v", "w", "x", "y", "z"])) as _),
        ("a", column(0)),
        ("b", column(1)),
        ("c", column(2)),
        ("expected", Arc::new(Float64Array::from_iter_values(ROWS.map(linear))) as _),
    ])
    .unwrap();
    let parquet = folder.path().join("rows.parquet");
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(fs::File::create(&parquet).unwrap(), batch.schema(), None)
            .unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let found = [csv, parquet].map(|path| {
        let (code, mut found) =
            report(&model("linear.onnx"), &path, &["--expected", "expected", "--output", "margin"]);
        assert_eq!(code, Some(0), "{found}");
        found.as_object_mut().unwrap().remove("data_file_digest").unwrap();
        found
    });
    assert_eq!(found[0], found[1]);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let data =
        data(folder.path(), &[("expected", |row| linear(row).to_string()), ("kind", |_| "good".into())]);
    let linear = model("linear.onnx");
    let missing = folder.path().join("none.csv");
    fs::write(&missing, "id,a,b,c,expected\n").unwrap();
    let cases: &[(&Path, &[&str], &str)] = &[
        (
            &data,
            &["--expected", "answer", "--ignore", "kind"],
            "there is no column \"answer\"; the data have id, a, b, c",
        ),
        (&data, &["--expected", "expected", "--ignore", "sort"], "there is no column \"sort\""),
        (
            &data,
            &["--expected", "expected,a", "--ignore", "kind"],
            "input \"X\" takes 3 columns, the data have 2",
        ),
        (&data, &["--expected", "expected"], "input \"X\" takes 3 columns, the data have 4: a, b, c, kind"),
        (&data, &["--expected", "kind", "--ignore", "expected"], "column \"kind\", row 0: not a number"),
        (
            &data,
            &["--expected", "expected", "--ignore", "kind", "--output", "odds"],
            "the model gives probability, margin",
        ),
        (&data, &["--expected", "expected", "--ignore", "kind", "--tolerance", "NaN"], "--tolerance"),
        (&missing, &["--expected", "expected"], "there are no rows to compare"),
    ];
    for (path, arguments, expected) in cases {
        let output = verify(&linear, path, arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("request_invalid") && said.contains(expected), "{arguments:?}: {said}");
    }
    let usage =
        Command::new(env!("CARGO_BIN_EXE_scorebox")).args(["verify", "--model", &linear]).output().unwrap();
    assert_eq!(usage.status.code(), Some(2), "--data and --expected are missing");
    println!("{} wrong comparisons", cases.len() + 1);
}
