#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::Path;

use super::traps::{ADVICE, Answers, Rows, difference, flips, some_rows, whole_answer};

fn answers(columns: usize, values: impl IntoIterator<Item = f64>) -> Answers {
    Answers { values: values.into_iter().collect(), columns, double: false }
}

fn shares(columns: usize, values: &[f64]) -> Vec<f64> {
    let share = |row: &[f64]| row.iter().map(|value| value / row.iter().sum::<f64>()).collect::<Vec<_>>();
    values.chunks(columns).flat_map(share).collect()
}

fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

fn logistic(margin: f64) -> f64 {
    1.0 / (1.0 + (-margin).exp())
}

/// Probabilities of the second of two classes.
const P: [f64; 6] = [0.1, 0.35, 0.5, 0.8, 0.97, 0.02];
/// Three one-versus-all probabilities a row.
const THREE: [f64; 12] = [0.7, 0.2, 0.4, 0.1, 0.9, 0.3, 0.5, 0.5, 0.2, 0.05, 0.3, 0.6];
const VALUES: [f64; 4] = [0.5, 2.0, 7.5, 40.0];

#[test]
fn whole_answers_are_explained() {
    let two: Vec<f64> = P.iter().flat_map(|p| [1.0 - p, *p]).collect();
    let squared = shares(2, &two.iter().map(|p| p * p).collect::<Vec<_>>());
    let second = |table: &[f64]| table.chunks(2).map(|row| row[1]).collect::<Vec<_>>();
    let odds = shares(3, &THREE.map(|p| logit(p).exp()));
    let want = answers(2, two.clone());
    let pd = answers(1, P);
    let values = answers(1, VALUES);
    let cases = [
        (Some("doubled_logits"), answers(2, squared.clone()), want.clone()),
        (Some("doubled_logits"), answers(1, second(&squared)), pd.clone()),
        (Some("dropped_exp"), answers(1, VALUES.map(f64::ln)), values.clone()),
        (Some("dropped_logistic"), answers(2, two.iter().map(|p| logit(*p))), want.clone()),
        (Some("ova_softmax"), answers(3, odds), answers(3, THREE)),
        (Some("not_normalised"), answers(3, THREE), answers(3, shares(3, &THREE))),
        (Some("scaled"), answers(1, P.map(|p| p * 0.15)), pd.clone()),
        (Some("summed_forest"), answers(1, P.map(|p| logistic(4.0 * logit(p)) / 100.0)), pd.clone()),
        (Some("shifted"), answers(1, VALUES.map(|value| value + 0.5)), values),
        (Some("shifted_margin"), answers(1, P.map(|p| logistic(logit(p) + 0.8))), pd),
        (Some("swapped_classes"), answers(2, two.chunks(2).flat_map(|row| [row[1], row[0]])), want.clone()),
        (
            None,
            answers(
                2,
                two.iter()
                    .enumerate()
                    .map(|(at, p)| p + if at % 2 == 0 { 0.1 } else { -0.1 } * (at / 2) as f64 / 6.0),
            ),
            want,
        ),
    ];
    for (trap, got, want) in &cases {
        assert_eq!(whole_answer(got, want), *trap);
    }
    println!("{} answers, {} traps", cases.len(), cases.len() - 2);
}

#[test]
fn some_rows_are_explained_by_what_is_in_them() {
    let rows = |near: [bool; 4], missing: [bool; 4], not_ascii: [bool; 4]| Rows {
        near: near.into(),
        missing: missing.into(),
        not_ascii: not_ascii.into(),
    };
    let (off, none) = ([false, true, false, true], [false; 4]);
    let cases = [
        (Some("missing_values"), rows(none, off, none), 1.0, ""),
        (Some("unicode_text"), rows(none, none, off), 1.0, ""),
        (Some("threshold_rounding"), rows(off, none, none), 1.0, ""),
        (Some("float32_sums"), rows(none, none, none), 1e-4, ""),
        (None, rows(none, none, none), 1.0, ""),
        // A trap that explains only one of the two rows is not named.
        (None, rows([false, true, false, false], none, none), 1.0, ""),
        (Some("distance_weights"), rows(none, none, none), 1.0, "KNeighborsClassifier(weights='distance')"),
        (Some("isotonic_steps"), rows(none, none, none), 1.0, "CalibratedClassifierCV(method='isotonic')"),
    ];
    for (trap, rows, largest, source) in &cases {
        assert_eq!(some_rows(&off, rows, *largest, source), *trap);
    }
    println!("{} cases", cases.len());
}

#[test]
fn differences_are_measured() {
    let want = answers(1, [1.0, -2.0, f64::NAN, f64::INFINITY, 0.0]);
    let same = difference(&want, &want, 0.0);
    assert_eq!((same.absolute, same.relative, same.ulp), (0.0, 0.0, 0));
    assert!(!same.off.contains(&true));
    let got = answers(1, [1.0 + f64::from(f32::EPSILON), -2.0, 1.0, f64::INFINITY, -0.0]);
    let apart = difference(&got, &want, 1e-5);
    assert_eq!((apart.absolute, apart.ulp), (f64::INFINITY, 1), "a number where none was expected");
    assert_eq!(apart.off, [false, false, true, false, false]);
}

#[test]
fn the_better_class_of_one_column_is_told_at_a_half() {
    let (got, want) = (answers(1, [0.4, 0.6, 0.5]), answers(1, [0.6, 0.7, 0.4]));
    assert_eq!(flips(&got, &want, true), [true, false, false]);
    assert_eq!(flips(&got, &want, false), [false; 3], "an amount has no classes");
    let (got, want) = (answers(2, [0.4, 0.6, 0.5, 0.5]), answers(2, [0.6, 0.4, 0.5, 0.5]));
    assert_eq!(flips(&got, &want, false), [true, false]);
}

/// The command and `scorebox.verify` in Python name the same traps and advise the same.
#[test]
fn python_says_the_same() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bindings-py/python/scorebox/_traps.py");
    let text = std::fs::read_to_string(path).unwrap();
    let body = text.split_once("ADVICE: dict[str, str] = {").unwrap().1.split_once("\n}").unwrap().0;
    let mut python: BTreeMap<&str, String> = BTreeMap::new();
    let mut trap = "";
    for line in body.lines() {
        let mut line = line.trim();
        if let Some((name, rest)) = line.strip_prefix('"').and_then(|line| line.split_once("\": ")) {
            (trap, line) = (name, rest);
        }
        let piece = line.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"'));
        python.entry(trap).or_default().push_str(piece.map_or("", |(piece, _)| piece));
    }
    python.remove("");
    let ours: BTreeMap<&str, String> =
        ADVICE.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    assert_eq!(ours, python);
    println!("{} traps", ours.len());
}
