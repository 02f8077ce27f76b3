#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{Batch, Field, Frame, Issue, Layout, read_record};
use crate::json::{Json, read};
use crate::limits::Limits;
use crate::manifest::Input;
use crate::rules::{Cell, Value};
use crate::table::{self, Writer};

fn layout() -> Layout {
    let inputs: Vec<Input> = serde_json::from_str(
        r#"[{"name":"x","type":"number"},{"name":"n","type":"integer"},{"name":"s","type":"string"},
            {"name":"b","type":"boolean"},{"name":"t","type":"timestamp"}]"#,
    )
    .unwrap();
    Layout::new(&inputs, &Limits::DEFAULT)
}

fn record(text: &str) -> Frame {
    let Json::Object(fields) = read(text.as_bytes()).unwrap() else { panic!("an object") };
    read_record(&fields, &layout(), None)
}

/// The cells of a row as text: values, `-` for missing.
fn cells(frame: &Frame, row: usize) -> Vec<String> {
    let show = |cell| match cell {
        Cell::Value(Value::Double(number)) => format!("{number}"),
        Cell::Value(Value::Int(number)) => format!("{number}i"),
        Cell::Value(Value::Text(text)) => format!("'{text}'"),
        Cell::Value(Value::Bool(truth)) => format!("{truth}"),
        Cell::Value(Value::Timestamp(instant)) => instant.to_string(),
        _ => "-".into(),
    };
    frame.columns.iter().map(|column| show(column.cell(row))).collect()
}

fn issues(frame: &Frame) -> Vec<(&Field, Issue)> {
    frame.flaws.iter().map(|flaw| (&flaw.field, flaw.issue)).collect()
}

#[test]
fn records_keep_the_types_of_json() {
    let frame = record(r#"{"b":true,"s":"30","n":30.0,"x":-0.5,"t":"2026-01-31"}"#);
    assert_eq!(cells(&frame, 0), ["-0.5", "30i", "'30'", "true", "2026-01-31T00:00:00Z"]);
    let frame = record(r#"{"x":9007199254740993,"n":-9223372036854775808,"t":1500}"#);
    assert_eq!(
        cells(&frame, 0),
        ["9007199254740992", "-9223372036854775808i", "-", "-", "1970-01-01T00:00:01.500Z"]
            .map(|text| text.replace(".500Z", ".5Z"))
    );
    assert!(frame.flaws.is_empty());
    let frame = record(r#"{"x":null,"q":null}"#);
    assert_eq!((cells(&frame, 0), frame.flaws.len()), (vec!["-".to_owned(); 5], 0));
}

#[test]
fn a_wrong_type_is_never_a_value() {
    for (field, at, values) in [
        ("x", 0, &["\"1\"", "true", "[1]", "{}"][..]),
        ("n", 1, &["1.5", "\"1\"", "1e30", "false", "9223372036854775808"]),
        ("s", 2, &["1", "true", "[]"]),
        ("b", 3, &["1", "\"true\"", "0.0"]),
        ("t", 4, &["\"31.01.2026\"", "true", "1.5", "\"\"", "1e300"]),
    ] {
        for value in values {
            let frame = record(&format!("{{\"{field}\":{value}}}"));
            assert_eq!(issues(&frame), [(&Field::Input(at), Issue::WrongType)], "{field}: {value}");
            assert_eq!(cells(&frame, 0), vec!["-"; 5], "{field}: {value}");
        }
    }
}

#[test]
fn unknown_fields_are_told_and_bounded() {
    let long = "z".repeat(1_000);
    let frame = record(&format!("{{\"zz\":1,\"{long}\":2,\"a\":\"\",\"x\":1}}"));
    let names: Vec<_> = frame.flaws.iter().map(|flaw| format!("{:?}", flaw.field)).collect();
    assert_eq!(names[0], "Unknown(\"a\")");
    assert_eq!(names.len(), 3);
    assert!(names.iter().all(|name| name.len() < 100));
    let many: String = (0..5_000).map(|at| format!("\"f{at}\":1,")).collect();
    assert_eq!(record(&format!("{{{many}\"x\":1}}")).flaws.len(), 32);
}

fn batch(columns: &[(&str, &[&str])]) -> Vec<u8> {
    let mut writer = Writer::default();
    for (name, cells) in columns {
        writer.texts(name, cells.iter().copied(), None);
    }
    let mut out = Vec::new();
    writer.finish(columns[0].1.len(), &mut out).unwrap();
    out
}

fn whole(bytes: &[u8]) -> Frame {
    let table = table::read(bytes).unwrap();
    let batch = Batch::new(&table, &layout(), false).unwrap();
    batch.frame(0..batch.rows(), &layout(), None)
}

#[test]
fn text_columns_are_read_by_the_fields_type() {
    let bytes = batch(&[
        ("x", &[" 1.5e2 ", "1,5", "NaN", "1e999", "", "0x10", "+.5", "1_000"]),
        ("n", &["30", "30.0", "30.5", "-7 ", "9223372036854775807", "infinity", "thirty", " "]),
        ("s", &["a", "", " ", "NaN", "null", "信用", "1", "true"]),
        ("b", &["true", "False", "1", "0", "yes", "2", "", "TRUE"]),
        (
            "t",
            &[
                "2026-01-31",
                "2026-01-31T01:00:00+01:00",
                "1500",
                "31/01/2026",
                "",
                "2026-02-30",
                " 2026-01-31 ",
                "x",
            ],
        ),
    ]);
    let frame = whole(&bytes);
    let expected = [
        ["150", "30i", "'a'", "true", "2026-01-31T00:00:00Z"],
        ["-", "30i", "-", "false", "2026-01-31T00:00:00Z"],
        ["-", "-", "' '", "true", "-"],
        ["-", "-7i", "'NaN'", "false", "-"],
        ["-", "9223372036854775807i", "'null'", "-", "-"],
        ["-", "-", "'信用'", "-", "-"],
        ["0.5", "-", "'1'", "-", "2026-01-31T00:00:00Z"],
        ["-", "-", "'true'", "true", "-"],
    ];
    for (row, expected) in expected.iter().enumerate() {
        assert_eq!(cells(&frame, row), expected, "row {row}");
    }
    let of = |row: usize| -> Vec<String> {
        let flaws = frame.flaws.iter().filter(|flaw| flaw.row == row);
        flaws.map(|flaw| format!("{:?} {}", flaw.field, flaw.issue.name())).collect()
    };
    assert_eq!(of(0), [""; 0]);
    assert_eq!(of(1), ["Input(0) wrong_type"]);
    assert_eq!(of(2), ["Input(0) not_finite", "Input(1) wrong_type", "Input(4) wrong_type"]);
    assert_eq!(of(3), ["Input(0) not_finite", "Input(4) wrong_type"]);
    assert_eq!(
        of(5),
        ["Input(0) wrong_type", "Input(1) not_finite", "Input(3) wrong_type", "Input(4) wrong_type"]
    );
}

#[test]
fn typed_columns_and_their_own_time() {
    let mut writer = Writer::default();
    writer.column("x", &[1.5, f64::NAN, f64::INFINITY, 4.0], Some(&[true, true, true, false]));
    writer.column("n", &[1.0_f32, 1.5, -0.0, f32::NAN], None);
    writer.column("b", &[true, false, true, true], None);
    writer.column("t", &[0_i64, 1, i64::MAX, 2], None);
    writer.column("s", &[1_i32, 2, 3, 4], Some(&[true, false, false, false]));
    writer.texts("now", ["2026-01-31T00:00:00Z", "", "soon", "2026-02-01"].into_iter(), None);
    let mut bytes = Vec::new();
    writer.finish(4, &mut bytes).unwrap();
    let frame = whole(&bytes);
    assert_eq!(cells(&frame, 0), ["1.5", "1i", "-", "true", "1970-01-01T00:00:00Z"]);
    assert_eq!(cells(&frame, 1)[..2], ["-", "-"]);
    assert_eq!(cells(&frame, 2)[..2], ["-", "0i"]);
    assert_eq!(cells(&frame, 3)[..2], ["-", "-"]);
    let found: Vec<_> = frame.flaws.iter().map(|flaw| (flaw.row, &flaw.field, flaw.issue)).collect();
    assert_eq!(
        found,
        [
            (0, &Field::Input(2), Issue::WrongType),
            (1, &Field::Input(1), Issue::WrongType),
            (2, &Field::Input(0), Issue::NotFinite),
            (2, &Field::Input(4), Issue::WrongType),
            (2, &Field::Now, Issue::WrongType),
        ]
    );
    let now: Vec<_> = frame.now.iter().map(|now| now.map(|now| now.to_string())).collect();
    assert_eq!(now, [Some("2026-01-31T00:00:00Z".into()), None, None, Some("2026-02-01T00:00:00Z".into())]);
}

#[test]
fn a_batch_must_be_columns_of_one_length() {
    let refused = |bytes: &[u8]| {
        let table = table::read(bytes).unwrap();
        Batch::new(&table, &layout(), false).err().unwrap().to_string()
    };
    assert!(refused(&batch(&[("x", &["1", "2"]), ("n", &["1"])])).contains("2 elements"));
    assert!(refused(&batch(&[("x", &["1"]), ("x", &["1"])])).contains("two columns"));
}
