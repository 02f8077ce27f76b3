//! Decision tables in CSV files.

use scorebox_core::bundle::Lock;
use scorebox_core::{ErrorCode, Limits, scorer::Scorer};
use serde_json::{Value, json};

use crate::case::{decide, folder, load};
use crate::support::Folder;

const PRICING: &str = "\
@id,burden = amount / income,risk,@scope:country,-> rate: number,-> note,@reason,@from,@until,@note
# amounts are a month's
small,< 0.2,-,,0.04,\"cheap, quick\",,,,
large_low,>= 0.2,\"low, medium\",,income * 0.001,\"\"\"quoted\"\"\",A,,,from the meeting

large_high,>= 0.2,high,DE,0.09,null,B,2026-01-01,2027-01-01,
large_high,>= 0.2,high,\"FR,NL\",0.1,null,B,,,
";

fn with_sheet(text: &str, extra: &Value) -> Folder {
    let mut table = json!({"hit_policy": "first", "file": "tables/pricing.csv", "check": false});
    for (key, value) in extra.as_object().unwrap() {
        table[key] = value.clone();
    }
    folder(&json!({"steps": [{"id": "pricing", "table": table}]}))
        .edit(|manifest| manifest["features"] = json!([]))
        .with("tables/pricing.csv", text.as_bytes().to_vec())
}

fn outputs() -> Value {
    json!({"outputs": [{"name": "note", "type": "string", "default": "none"}, {"name": "rate", "type": "number"}]})
}

#[test]
fn a_sheet_is_a_table() {
    for text in [
        PRICING.to_owned(),
        format!("\u{feff}{}", PRICING.replace('\n', "\r\n")),
        // Semicolons where they are the delimiter.
        PRICING
            .replace("\"low, medium\"", "\u{1}")
            .replace("\"FR,NL\"", "\u{2}")
            .replace("\"cheap, quick\"", "\u{3}")
            .replace(',', ";")
            .replace('\u{1}', "low, medium")
            .replace('\u{2}', "FR,NL")
            .replace('\u{3}', "cheap, quick"),
    ] {
        let mut scorer = load(&with_sheet(&text, &outputs()));
        for (record, fired, rate, note) in [
            (
                json!({"amount": 10, "income": 100, "country": "DE", "risk": "x"}),
                "small",
                0.04,
                json!("cheap, quick"),
            ),
            (
                json!({"amount": 20, "income": 100, "country": "DE", "risk": "medium"}),
                "large_low",
                0.1,
                json!("quoted"),
            ),
            (
                json!({"amount": 20, "income": 100, "country": "DE", "risk": "high"}),
                "large_high",
                0.09,
                Value::Null,
            ),
            (
                json!({"amount": 20, "income": 100, "country": "NL", "risk": "high"}),
                "large_high",
                0.1,
                Value::Null,
            ),
        ] {
            let decision = decide(&mut scorer, &record);
            let table = &decision["tables"][0];
            assert_eq!(table["fired"], json!([fired]), "{record}: {decision}");
            assert_eq!(table["outputs"], json!({"rate": rate, "note": note}), "{record}");
        }
        let about: Value = serde_json::from_str(&scorer.describe()).unwrap();
        let rows = &about["steps"][0]["rows"];
        assert_eq!(rows[1]["when"], "burden != null && burden >= 0.2 && risk in [\"low\", \"medium\"]");
        assert_eq!(rows[3]["scope"], json!({"country": ["FR", "NL"]}));
        assert_eq!(about["steps"][0]["inputs"][0], json!({"name": "burden", "expr": "amount / income"}));
        assert_eq!(
            about["columns"],
            json!([
                {"name": "pricing.rate", "type": "number", "pointer": "/tables/0/outputs/rate"},
                {"name": "pricing.note", "type": "string", "pointer": "/tables/0/outputs/note"},
                {"name": "pricing.fired", "type": "string", "pointer": "/tables/0/fired"}
            ])
        );
    }
}

#[test]
fn a_sheet_is_pinned() {
    let packed = with_sheet(PRICING, &outputs()).pack().unwrap();
    let files = Folder::unzip(&packed);
    let lock = Lock::read(&files.0["bundle.lock"]).unwrap();
    assert!(lock.files.contains_key("tables/pricing.csv"));
    assert!(
        lock.programs.contains_key("policy.steps.pricing.rows.large_high#2.when"),
        "{:?}",
        lock.programs.keys()
    );
    let load = |files: &Folder| Scorer::load(&files.zip(), &Limits::DEFAULT, [0; 32]).err();
    assert!(load(&files).is_none());
    let other = files.clone().with("tables/pricing.csv", PRICING.replace("0.04", "0.05").into_bytes());
    assert_eq!(load(&other).unwrap().code(), ErrorCode::BundleDigest);
    let mut gone = files;
    gone.0.remove("tables/pricing.csv");
    assert_eq!(load(&gone).unwrap().code(), ErrorCode::ManifestInvalid);
}

#[test]
fn what_is_wrong_with_a_sheet_has_its_line_and_column() {
    let sheet = |change: &dyn Fn(&str) -> String, place: &str, part: &str| {
        let error =
            with_sheet(&change(PRICING), &outputs()).pack().err().unwrap_or_else(|| panic!("{place} packs"));
        assert!(matches!(error.code(), ErrorCode::ManifestInvalid | ErrorCode::RuleInvalid), "{error}");
        assert_eq!(error.path(), "tables/pricing.csv", "{error}");
        assert!(error.message().starts_with(place), "{place}: {error}");
        assert!(error.message().contains(part), "{error}");
    };
    let replace = |from: &'static str, to: &'static str| {
        move |text: &str| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        }
    };
    sheet(&replace("< 0.2", "< 0,2x"), "line 3: the line has 11 cells, the header has 10", "needs quotes");
    sheet(&replace("< 0.2", "< 2%"), "line 3, column 2 (`burden`): at character 3 of `< 2%`", "no number");
    sheet(&replace("high,DE", "> high,DE"), "line 6, column 3 (`risk`)", "texts have no order");
    sheet(&replace(",DE,", ",GB,"), "line 6", "`country` is never \"GB\"");
    sheet(&replace("2027-01-01", "1/1/2027"), "line 6", "2026-01-31");
    sheet(
        &replace("income * 0.001", "incme * 0.001"),
        "line 4, column 5 (`rate`)",
        "did you mean \"income\"?",
    );
    sheet(
        &replace("income * 0.001", "purpose"),
        "line 4, column 5 (`rate`)",
        "neither a number nor an expression",
    );
    sheet(&replace("income * 0.001", ""), "line 4, column 5 (`-> rate: number`)", "is empty");
    sheet(&replace(",A,", ",Z,"), "line 4", "known: A, B, C");
    sheet(&replace("-> rate: number", "-> rate: decimal"), "line 1, column 5", "of type number, integer");
    sheet(&replace("-> rate: number", "-> rate: integer"), "line 1, column 5", "the manifest says");
    sheet(&replace("-> note", "-> text: string"), "line 1", "no column `-> note`");
    sheet(
        &replace("burden = amount / income", "burden = amount / incme"),
        "line 1, column 2 (`burden`): line 1, column 10",
        "did you mean \"income\"?",
    );
    sheet(
        &replace("burden = amount / income", "brden"),
        "line 1, column 2 (`brden`)",
        "there is no `brden` here",
    );
    sheet(&replace("burden = amount / income", "risk"), "line 1, column 3 (`risk`)", "is a column already");
    sheet(&replace("@scope:country", "@scope:land"), "line 6", "no input or feature \"land\"");
    sheet(&replace("@reason", "@because"), "line 1, column 7 (`@because`)", "@id, @reason");
    sheet(&|_| String::new(), "line 1", "the file is empty");
    sheet(&|text: &str| text.lines().next().unwrap().to_owned(), "line 2", "no rows");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let mut bytes = PRICING.as_bytes().to_vec();
    let at = PRICING.find("quick").unwrap();
    bytes[at] = 0xe9;
    let error = with_sheet("", &outputs()).with("tables/pricing.csv", bytes).pack().unwrap_err();
    assert!(error.message().starts_with("line 3: the file is no UTF-8"), "{error}");
}

#[test]
fn tables_have_budgets() {
    let limits = Limits { table_cells: 20, ..Limits::DEFAULT };
    let packed = with_sheet(PRICING, &outputs()).pack().unwrap();
    let error = Scorer::load(&packed, &limits, [0; 32]).err().unwrap();
    assert!(error.message().contains("more than 20 cells"), "{error}");
}

#[test]
fn what_the_manifest_says_of_a_sheet_must_fit() {
    for (extra, path, part) in [
        (json!({"file": "pricing.xlsx"}), "policy.steps[0].table.file", "ends in `.csv`"),
        (json!({"file": "other.csv"}), "policy.steps[0].table.file", "the folder needs the file"),
        (json!({"rows": [{"when": [], "then": []}]}), "policy.steps[0].table.rows", "drop `rows` or `file`"),
        (json!({"inputs": [{"name": "age"}]}), "policy.steps[0].table.inputs", "drop `inputs` or `file`"),
        (
            json!({"aggregate": "sum", "outputs": outputs()["outputs"]}),
            "policy.steps[0].table.aggregate",
            "is for the hit policy `collect`",
        ),
    ] {
        let error = with_sheet(PRICING, &extra).pack().unwrap_err();
        assert_eq!((error.code(), error.path()), (ErrorCode::ManifestInvalid, path), "{error}");
        assert!(error.message().contains(part) && error.message().contains("(bundle.json line "), "{error}");
    }
}
