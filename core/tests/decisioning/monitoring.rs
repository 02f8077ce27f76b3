//! Monitoring: counts that add up, and reports on what has moved and what has not.

use scorebox_core::scorer::Scorer;
use scorebox_core::{Error, ErrorCode, Limits, authoring};
use serde_json::{Value, json};

use crate::page::{folder, refused};
use crate::support::{Folder, text_table};

const PAGE: &str = include_str!("../../../docs/manifest/monitoring.md");

/// Rows of a customer base in which income is shifted and some values are bad.
struct Base {
    rows: u32,
    shift: f64,
    missing_every: u32,
    wild_every: u32,
    web_share: u32,
}

const TRAINING: Base = Base { rows: 2_000, shift: 0.0, missing_every: 0, wild_every: 100, web_share: 3 };

fn table(base: &Base, rows: impl IntoIterator<Item = u32>) -> Vec<u8> {
    let rows: Vec<u32> = rows.into_iter().collect();
    let column = |cell: &dyn Fn(u32) -> String| rows.iter().map(|&row| cell(row)).collect::<Vec<_>>();
    let every = |row: u32, every: u32| every > 0 && row.is_multiple_of(every);
    let columns = [
        (
            "income",
            column(&|row| {
                let income = 2_000.0 + f64::from(row * 7_919 % 3_000) + base.shift;
                if every(row, base.wild_every) { "200000".into() } else { income.to_string() }
            }),
        ),
        ("debt", column(&|row| (row * 104_729 % 1_500).to_string())),
        ("employed", column(&|row| (row % 4 > 0).to_string())),
        (
            "channel",
            column(&|row| {
                if every(row, base.missing_every) {
                    String::new()
                } else if row % 10 < base.web_share {
                    "web".into()
                } else if row % 2 == 0 {
                    "app".into()
                } else {
                    "branch".into()
                }
            }),
        ),
        ("note", column(&|row| format!("secret-{row}"))),
    ];
    let texts: Vec<Vec<&str>> =
        columns.iter().map(|(_, cells)| cells.iter().map(String::as_str).collect()).collect();
    let columns: Vec<(&str, &[&str])> =
        columns.iter().zip(&texts).map(|((name, _), cells)| (*name, cells.as_slice())).collect();
    text_table(&columns)
}

fn pack(folder: &Folder) -> Vec<u8> {
    let sample = table(&TRAINING, 0..TRAINING.rows);
    authoring::pack(&folder.zip(), &sample, b"").unwrap_or_else(|error| panic!("{error}"))
}

fn load(zip: &[u8]) -> Scorer {
    Scorer::load(zip, &Limits::DEFAULT, [0; 32]).unwrap_or_else(|error| panic!("{error}"))
}

fn count(scorer: &mut Scorer, table: &[u8]) -> Value {
    let mut out = Vec::new();
    scorer.score_table(table, br#"{"monitor":true}"#, &mut out).unwrap();
    take(scorer)
}

fn take(scorer: &mut Scorer) -> Value {
    let mut out = Vec::new();
    scorer.take_counts(&mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn try_monitor(scorer: &Scorer, counts: &[&Value]) -> Result<Value, Error> {
    let mut out = Vec::new();
    scorer.monitor(json!({"counts": counts}).to_string().as_bytes(), &mut out)?;
    Ok(serde_json::from_slice(&out).unwrap())
}

fn report(scorer: &Scorer, counts: &Value) -> Value {
    try_monitor(scorer, &[counts]).unwrap_or_else(|error| panic!("{error}"))["report"].take()
}

fn field<'r>(report: &'r Value, name: &str) -> &'r Value {
    report["fields"].as_array().unwrap().iter().find(|own| own["field"] == name).unwrap()
}

#[test]
fn counts_add_up_however_records_are_divided() {
    let mut scorer = load(&pack(&folder(PAGE)));
    let whole = count(&mut scorer, &table(&TRAINING, 0..600));
    let parts: Vec<Value> =
        [0..7, 7..350, 350..600].map(|range| count(&mut scorer, &table(&TRAINING, range))).into();
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let parts: Vec<&Value> = order.iter().map(|&at| &parts[at]).collect();
        assert_eq!(try_monitor(&scorer, &parts).unwrap()["counts"], whole, "{order:?}");
    }
    // Associative: sums of sums, and nothing adds nothing.
    let pair = try_monitor(&scorer, &[&parts[0], &parts[1]]).unwrap()["counts"].take();
    let nothing = take(&mut scorer);
    assert_eq!(nothing["rows"], 0);
    assert_eq!(try_monitor(&scorer, &[&nothing, &parts[2], &pair]).unwrap()["counts"], whole);
    // Records one by one count as a batch does, and without the option nothing is counted.
    let mut out = Vec::new();
    for row in 0..7 {
        let income = if row == 0 { 200_000.0 } else { 2_000.0 + f64::from(row * 7_919 % 3_000) };
        let channel = if row % 10 < 3 {
            "web"
        } else if row % 2 == 0 {
            "app"
        } else {
            "branch"
        };
        let record = json!({
            "income": income, "debt": row * 104_729 % 1_500, "employed": row % 4 > 0, "channel": channel, "note": "x",
        });
        for monitor in [false, true] {
            let request = json!({"record": record, "monitor": monitor}).to_string();
            scorer.score(request.as_bytes(), &mut out).unwrap();
        }
    }
    assert_eq!(take(&mut scorer), parts[0]);
}

#[test]
fn a_sample_has_not_moved_from_itself() {
    let mut scorer = load(&pack(&folder(PAGE)));
    let counts = count(&mut scorer, &table(&TRAINING, 0..TRAINING.rows));
    let report = report(&scorer, &counts);
    assert_eq!((&report["level"], &report["rows"]), (&json!("ok"), &json!(2_000)));
    for field in report["fields"].as_array().unwrap() {
        if field["field"] == "note" {
            // A text without allowed values has no bins: only what is missing is known.
            assert_eq!((&field["index"], &field["level"]), (&Value::Null, &json!("unknown")));
        } else {
            assert_eq!((&field["index"], &field["level"]), (&json!(0.0), &json!("ok")), "{field}");
        }
    }
    for name in ["verdicts", "outcomes", "grades"] {
        assert_eq!(report["mix"][name]["index"], json!(0.0), "{name}: {report:#}");
    }
    assert!(report["quality"].as_array().unwrap().iter().all(|own| own["difference"] == json!(0.0)));
    assert!(report["fields"].as_array().unwrap().iter().all(|own| own["field"] != "none"), "ignored");
}

#[test]
fn what_moves_is_found_and_the_rest_is_not() {
    let mut scorer = load(&pack(&folder(PAGE)));
    let richer = Base { shift: 600.0, ..TRAINING };
    let counts = count(&mut scorer, &table(&richer, 0..2_000));
    let moved = report(&scorer, &counts);
    assert_eq!((&moved["level"], &field(&moved, "income")["level"]), (&json!("alert"), &json!("alert")));
    assert_eq!(field(&moved, "debt")["level"], "ok");
    assert_eq!(field(&moved, "employed")["level"], "ok");
    // By hand from the shares in the report, with half a row more per bin: eleven bins with the missing ones.
    let income = field(&moved, "income");
    let rows = counts["scored"].as_f64().unwrap();
    let smooth = |share: &Value| (share.as_f64().unwrap() * rows + 0.5) / (rows + 0.5 * 11.0);
    let mut bins: Vec<(f64, f64)> = income["bins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bin| (smooth(&bin["share"]), smooth(&bin["sample"])))
        .collect();
    bins.push((smooth(&json!(0.0)), smooth(&json!(0.0))));
    let index: f64 = bins.iter().map(|(a, e)| (a - e) * (a / e).ln()).sum();
    assert!((income["index"].as_f64().unwrap() - index).abs() < 1e-9, "{income:#}");
    // The same customers through another channel.
    let counts = count(&mut scorer, &table(&Base { web_share: 8, ..TRAINING }, 0..2_000));
    let moved = report(&scorer, &counts);
    assert_eq!(
        (&field(&moved, "channel")["level"], &field(&moved, "income")["level"]),
        (&json!("alert"), &json!("ok"))
    );
    assert_eq!(field(&moved, "channel")["bins"][2]["value"], "web");
    assert_eq!(field(&moved, "channel")["bins"][2]["share"], 0.8);
    // Debt has thresholds of its own: what would be an alert is worth a look.
    let mut doubled = load(&pack(&folder(PAGE).edit(|m| {
        m["monitoring"]["fields"]["income"] = json!({"stability": {"watch": 0.2, "alert": 50.0}});
    })));
    let counts = count(&mut doubled, &table(&richer, 0..2_000));
    assert_eq!(field(&report(&doubled, &counts), "income")["level"], "watch");
}

#[test]
fn quality_and_decisions_are_compared_too() {
    let mut scorer = load(&pack(&folder(PAGE)));
    let line = |report: &Value, name: &str, issue: &str| {
        let lines = report["quality"].as_array().unwrap();
        lines.iter().find(|own| own["field"] == name && own["issue"] == issue).cloned().unwrap_or_default()
    };
    // One in a hundred of the sample was out of range; now it is one in ten.
    let counts = count(&mut scorer, &table(&Base { wild_every: 10, ..TRAINING }, 0..2_000));
    let wild = report(&scorer, &counts);
    let income = line(&wild, "income", "out_of_range");
    assert_eq!(
        (&income["share"], &income["sample"], &income["level"]),
        (&json!(0.1), &json!(0.01), &json!("alert"))
    );
    assert_eq!(wild["mix"]["verdicts"]["level"], "watch");
    // Missing texts are accepted by this bundle, so they are no issue; the bins know them.
    let counts = count(&mut scorer, &table(&Base { missing_every: 4, ..TRAINING }, 0..2_000));
    let gaps = report(&scorer, &counts);
    assert_eq!(field(&gaps, "channel")["missing"], json!({"share": 0.25, "sample": 0.0}));
    assert_eq!(field(&gaps, "channel")["level"], "alert");
    // More declines.
    let poorer = Base { shift: -1_500.0, ..TRAINING };
    let counts = count(&mut scorer, &table(&poorer, 0..2_000));
    let declines = report(&scorer, &counts);
    let outcomes = &declines["mix"]["outcomes"];
    assert_eq!(outcomes["level"], "alert", "{outcomes:#}");
    let of = |name: &str| {
        outcomes["shares"].as_array().unwrap().iter().find(|own| own["name"] == name).unwrap().clone()
    };
    assert!(of("decline")["share"].as_f64() > of("decline")["sample"].as_f64());
}

#[test]
fn few_records_raise_no_alarm() {
    let mut scorer = load(&pack(&folder(PAGE)));
    let counts = count(&mut scorer, &table(&Base { shift: 600.0, ..TRAINING }, 0..99));
    assert_eq!(report(&scorer, &counts)["level"], "few");
    // Of the sample itself, 120 rows pass 0.1 by chance; the noise says so.
    let counts = count(&mut scorer, &table(&TRAINING, (0..120).map(|row| row * 617 % 2_000)));
    let report = report(&scorer, &counts);
    for field in report["fields"].as_array().unwrap().iter().filter(|own| own["index"].is_number()) {
        assert!(field["noise"].as_f64().unwrap() > 0.02, "{field}");
        assert_eq!(field["level"], "ok", "{field:#}");
    }
    // Nothing at all is finite too.
    let nothing = take(&mut scorer);
    let empty = crate::monitoring::report(&scorer, &nothing);
    assert_eq!((&empty["level"], &empty["fields"][0]["noise"]), (&json!("few"), &Value::Null));
}

#[test]
fn reports_hold_no_values_of_records() {
    let mut scorer = load(&pack(&folder(PAGE)));
    let mut out = Vec::new();
    let record = json!({
        "income": 3_141.5, "debt": 271.8, "employed": true, "channel": "carrier pigeon", "note": "my-secret",
        "another-secret": 1,
    });
    let request = json!({"record": record, "monitor": true}).to_string();
    scorer.score(request.as_bytes(), &mut out).unwrap();
    let counts = take(&mut scorer);
    let answer = try_monitor(&scorer, &[&counts]).unwrap().to_string();
    for secret in ["secret", "pigeon", "3141", "271.8"] {
        assert!(!answer.contains(secret), "{secret}: {answer}");
    }
    assert_eq!(counts["mix"]["issues"]["unknown_field"]["unknown_field"], 1);
    assert_eq!(counts["mix"]["issues"]["channel"]["unknown_value"], 1);
    // Bounds of personal fields, and of features that may be made of them, are left out; others are there.
    let report = report(&scorer, &counts);
    assert_eq!(field(&report, "income")["bins"][0].get("up_to"), None);
    assert_eq!(field(&report, "debt_ratio")["bins"][0].get("up_to"), None);
    assert!(field(&report, "debt")["bins"][0]["up_to"].is_number());
}

#[test]
fn a_bundle_without_a_sample_or_section_still_counts() {
    let plain = folder(PAGE).edit(|m| {
        m.as_object_mut().unwrap().remove("monitoring");
    });
    // With a profile but no section: bins are compared, quality and outcomes are only told.
    let packed = pack(&plain);
    let reference = Folder::unzip(&packed).0["reference.json"].to_vec();
    assert!(!String::from_utf8(reference).unwrap().contains("mix"), "the profile is as it was before");
    let mut scorer = load(&packed);
    let counts = count(&mut scorer, &table(&Base { wild_every: 10, ..TRAINING }, 0..2_000));
    let told = report(&scorer, &counts);
    assert_eq!(
        (&told["mix"]["outcomes"]["level"], &told["quality"][0]["level"]),
        (&json!("unknown"), &json!("unknown"))
    );
    assert_eq!(field(&told, "debt")["level"], "ok");
    // Without a profile there are only shares.
    let mut bare = load(&plain.pack().unwrap());
    let counts = count(&mut bare, &table(&TRAINING, 0..300));
    let report = report(&bare, &counts);
    assert_eq!((&report["level"], &report["sample"]), (&json!("unknown"), &Value::Null));
    assert_eq!(report["mix"]["grades"]["shares"][0]["sample"], Value::Null);
}

#[test]
fn counts_that_are_none() {
    let mut scorer = load(&pack(&folder(PAGE)));
    let sound = count(&mut scorer, &table(&TRAINING, 0..50));
    let wrong = |path: &str, says: &str, change: &dyn Fn(&mut Value)| {
        let mut counts = sound.clone();
        change(&mut counts);
        let error = try_monitor(&scorer, &[&sound, &counts]).unwrap_err();
        assert_eq!((error.code(), error.path()), (ErrorCode::RequestInvalid, path), "{error}");
        assert!(error.message().contains(says) && !error.message().contains("evil"), "{error}");
    };
    wrong("counts[1].bundle", "another bundle", &|c| {
        c["bundle"] = json!(format!("sha256:{}", "0".repeat(64)));
    });
    wrong("counts[1].format", "another format", &|c| c["format"] = json!(2));
    wrong("counts[1].fields", "not those", &|c| c["fields"]["income"]["bins"] = json!([1, 2]));
    wrong("counts[1].fields", "not those", &|c| c["fields"]["evil"] = json!({"missing": 0}));
    wrong("counts[1].issues", "no such name", &|c| c["mix"]["issues"]["evil"] = json!({"missing": 1}));
    wrong("counts[1].issues", "no such name", &|c| c["mix"]["issues"]["income"] = json!({"evil": 1}));
    wrong("counts[1].outcomes", "no such name", &|c| c["mix"]["outcomes"]["evil"] = json!(1));
    wrong("", "line 1", &|c| c["rows"] = json!(-1));
    wrong("", "line 1", &|c| c["evil"] = json!(1));
    wrong("counts[1]", "64 bits", &|c| c["rows"] = json!(u64::MAX));
    let mut out = Vec::new();
    let error = scorer.monitor(b"{}", &mut out).unwrap_err();
    assert_eq!(error.code(), ErrorCode::RequestInvalid);
    let error = scorer.score(br#"{"record":{},"monitor":1}"#, &mut out).unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::RequestInvalid, "monitor"));
}

#[test]
fn what_is_wrong_with_monitoring_is_said_when_packing() {
    refused(PAGE, "monitoring.stability.watch", "`alert` not less", |m| {
        m["monitoring"]["stability"] = json!({"watch": 0.3, "alert": 0.1});
    });
    refused(PAGE, "monitoring.quality.watch", "greater than 0", |m| {
        m["monitoring"]["quality"]["watch"] = json!(0);
    });
    refused(PAGE, "monitoring.fields.incom", "no input, feature or score", |m| {
        m["monitoring"]["fields"]["incom"] = json!({});
    });
    refused(PAGE, "monitoring.fields.pd.quality", "only inputs", |m| {
        m["monitoring"]["fields"]["pd"] = json!({"quality": {"watch": 0.1, "alert": 0.2}});
    });
}
