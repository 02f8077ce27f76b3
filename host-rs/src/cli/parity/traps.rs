//! Known ways in which exporters move a model away from its source, recognised from the two answers.
//!
//! Each trap is a hypothesis: what the export would answer, were the trap the cause. It is named where
//! that explains every row. Names and advice are those of `scorebox.verify` in Python; weights by distance
//! and isotonic steps are told from the source's own description alone.

/// How well a hypothesis must explain the answers: float32 exports keep six digits.
const TOLERANCE: f64 = 1e-4;

/// Answers, row-major.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub(super) values: Vec<f64>,
    /// Answers per row, at least one.
    pub(super) columns: usize,
    /// Whether they were float64 rather than float32.
    pub(super) double: bool,
}

impl Answers {
    pub(super) fn rows(&self) -> impl Iterator<Item = &[f64]> + Clone {
        self.values.chunks_exact(self.columns)
    }

    fn last(&self) -> impl Iterator<Item = f64> + Clone {
        self.rows().filter_map(|row| row.last().copied())
    }

    pub(super) fn last_column(&self) -> Self {
        Self { values: self.last().collect(), columns: 1, double: self.double }
    }

    fn map_rows(&self, change: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
        self.rows().flat_map(change).collect()
    }
}

/// What two answers differ in.
pub(super) struct Difference {
    pub(super) absolute: f64,
    pub(super) relative: f64,
    pub(super) ulp: u64,
    /// Rows beyond the tolerance.
    pub(super) off: Vec<bool>,
}

pub(super) fn difference(got: &Answers, want: &Answers, tolerance: f64) -> Difference {
    let mut found = Difference { absolute: 0.0, relative: 0.0, ulp: 0, off: Vec::new() };
    for (got_row, want_row) in got.rows().zip(want.rows()) {
        let mut off = false;
        for (&a, &b) in got_row.iter().zip(want_row) {
            let apart = match (a - b).abs() {
                _ if a.to_bits() == b.to_bits() || a == b || a.is_nan() && b.is_nan() => 0.0,
                apart if apart.is_nan() => f64::INFINITY,
                apart => apart,
            };
            let size = if b.is_finite() { b.abs() } else { 0.0 };
            off |= apart > tolerance + tolerance * size;
            found.absolute = found.absolute.max(apart);
            if apart > 0.0 {
                found.relative = found.relative.max(apart / size.max(f64::MIN_POSITIVE));
            }
            if a.is_finite() && b.is_finite() {
                found.ulp = found.ulp.max(ulps(a, b, got.double));
            }
        }
        found.off.push(off);
    }
    found
}

/// The number of representable values between two numbers, in the export's type.
fn ulps(a: f64, b: f64, double: bool) -> u64 {
    let place = |value: f64| -> i128 {
        let (bits, sign) = if double {
            (i128::from(value.to_bits() & !(1 << 63)), value.is_sign_negative())
        } else {
            (i128::from((value as f32).to_bits() & !(1 << 31)), value.is_sign_negative())
        };
        if sign { -bits } else { bits }
    };
    u64::try_from((place(a) - place(b)).abs()).unwrap_or(u64::MAX)
}

/// Rows where another class is the best; `is_binary`: the one column is the probability of the second of
/// two.
pub(super) fn flips(got: &Answers, want: &Answers, is_binary: bool) -> Vec<bool> {
    let best = |row: &[f64]| match row {
        [p] => usize::from(is_binary && *p > 0.5),
        row => (1..row.len()).fold(0, |best, at| if row[at] > row[best] { at } else { best }),
    };
    got.rows().zip(want.rows()).map(|(got, want)| best(got) != best(want)).collect()
}

fn logit(p: f64) -> f64 {
    p.ln() - (-p).ln_1p()
}

fn shares(row: Vec<f64>) -> Vec<f64> {
    let sum: f64 = row.iter().sum();
    row.into_iter().map(|value| value / sum).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE + TOLERANCE * b.abs()
}

/// Whether a guess explains every answer; where it is not finite, the answer must not be either.
fn fits(guess: &[f64], got: &[f64]) -> bool {
    let pairs = || guess.iter().zip(got);
    guess.len() == got.len()
        && pairs().any(|(guess, _)| guess.is_finite())
        && pairs().all(|(&guess, &got)| match guess.is_finite() {
            true => close(guess, got),
            false => !got.is_finite(),
        })
}

/// Whether the values are one constant, other than `plain`.
fn is_constant(values: impl Iterator<Item = f64>, plain: f64) -> bool {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let Some(&middle) = values.get(values.len() / 2) else { return false };
    values.len() >= 3
        && values.iter().all(|&value| close(value, middle))
        && (middle - plain).abs() > 10.0 * TOLERANCE
}

/// Whether the margins are one multiple of the source's, on the rows where they are not saturated.
fn is_summed(got: &Answers, want: &Answers) -> bool {
    if got.last().any(|value| value * 100.0 > 1.0 + TOLERANCE) {
        return false;
    }
    let used = |(got, want): (f64, f64)| {
        let got = got * 100.0;
        (got > 1e-4 && got < 1.0 - 1e-4 && logit(want).abs() > 0.05).then(|| logit(got) / logit(want))
    };
    let mut ratios: Vec<f64> = got.last().zip(want.last()).filter_map(used).collect();
    ratios.sort_by(f64::total_cmp);
    let middle = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    ratios.len() >= 3 && middle > 1.5 && ratios.iter().all(|ratio| (ratio - middle).abs() <= 1e-2 * middle)
}

/// The trap that explains every row, where there is one.
pub(super) fn whole_answer(got: &Answers, want: &Answers) -> Option<&'static str> {
    let columns = want.columns;
    let within = |answers: &Answers| answers.values.iter().all(|value| (0.0..=1.0).contains(value));
    let probable = within(want);
    let each = |change: fn(f64) -> f64| want.map_rows(|row| row.iter().map(|&value| change(value)).collect());
    let doubled = || {
        want.map_rows(|row| match *row {
            [p] => shares(vec![(1.0 - p).powi(2), p * p]).split_off(1),
            _ => shares(row.iter().map(|p| p * p).collect()),
        })
    };
    let softmax = || want.map_rows(|row| shares(row.iter().map(|&p| logit(p).exp()).collect()));
    let normal = got.map_rows(|row| shares(row.to_vec()));
    let pairs = || got.last().zip(want.last());
    let scaled = || pairs().filter(|(_, want)| want.abs() > TOLERANCE).map(|(got, want)| got / want);
    let is_zero = got.values.iter().all(|&value| value == 0.0);
    let margins = || pairs().map(|(got, want)| logit(got) - logit(want));
    if columns == 2 && fits(&want.map_rows(|row| row.iter().rev().copied().collect()), &got.values) {
        Some("swapped_classes")
    } else if (!probable || columns == 1) && fits(&each(f64::ln), &got.values) {
        Some("dropped_exp")
    } else if probable && fits(&each(logit), &got.values) {
        Some("dropped_logistic")
    } else if probable && fits(&doubled(), &got.values) {
        Some("doubled_logits")
    } else if probable && columns > 2 && fits(&softmax(), &got.values) {
        Some("ova_softmax")
    } else if columns > 1 && fits(&want.values, &normal) {
        Some("not_normalised")
    } else if probable && is_summed(got, want) {
        Some("summed_forest")
    } else if !is_zero && is_constant(scaled(), 1.0) {
        Some("scaled")
    } else if is_constant(pairs().map(|(got, want)| got - want), 0.0) {
        Some("shifted")
    } else if probable && within(got) && is_constant(margins(), 0.0) {
        Some("shifted_margin")
    } else {
        None
    }
}

/// What is known of each row.
pub(super) struct Rows {
    /// It lies on a threshold.
    pub(super) near: Vec<bool>,
    /// It lacks a value.
    pub(super) missing: Vec<bool>,
    /// It has text beyond ASCII.
    pub(super) not_ascii: Vec<bool>,
}

/// The trap that explains why these rows are off, and not the others. `source`: the source as its library
/// prints it, where that is known.
pub(super) fn some_rows(off: &[bool], rows: &Rows, largest: f64, source: &str) -> Option<&'static str> {
    let explained = |cause: &[bool]| off.iter().zip(cause).all(|(off, cause)| !off || *cause);
    if source.contains("weights='distance'") {
        Some("distance_weights")
    } else if source.contains("isotonic") {
        Some("isotonic_steps")
    } else if explained(&rows.missing) && rows.missing.contains(&false) {
        Some("missing_values")
    } else if explained(&rows.not_ascii) && rows.not_ascii.contains(&false) {
        Some("unicode_text")
    } else if explained(&rows.near) {
        Some("threshold_rounding")
    } else {
        (largest < 1e-3).then_some("float32_sums")
    }
}

/// Every trap, and what to do about it.
pub(super) const ADVICE: [(&str, &str); 16] = [
    (
        "doubled_logits",
        "the export applies the link to a decision value twice (linear discriminant analysis in \
         skl2onnx): probabilities are too sure. Export the coefficients as LogisticRegression, or \
         calibrate on the export's answers",
    ),
    (
        "dropped_exp",
        "the export gives the logarithm of the answer: the log link of a Poisson, gamma or Tweedie \
         objective was dropped. Put the exponential into the bundle's calibration or score \
         expression, or pack the library's own model file",
    ),
    (
        "dropped_logistic",
        "the export gives the margin, not the probability: the logistic link was dropped. Read the \
         output as a margin, or append a Sigmoid node",
    ),
    (
        "ova_softmax",
        "one-versus-all probabilities (a sigmoid for each class) were exported as a softmax. Train \
         with the multi-class objective, or pack the library's own model file",
    ),
    (
        "not_normalised",
        "scores of the classes are exported without dividing by their sum. Divide in a score \
         expression",
    ),
    (
        "scaled",
        "all answers are the source's times one factor: a mean over trees was taken with the wrong \
         number of trees, or a scale was lost. Pack the library's own model file",
    ),
    (
        "summed_forest",
        "the margins of a random forest's trees were summed, not averaged, and the probability was \
         divided by 100 (LightGBM's boosting_type rf in onnxmltools). Pack the library's own model \
         file",
    ),
    (
        "shifted",
        "all answers are off by one constant: a base score or intercept was lost or added twice. \
         Compare base_score with the export's base_values",
    ),
    (
        "shifted_margin",
        "all margins are off by one constant: a base score was lost, or given as a probability where \
         a margin was meant. Compare base_score with the export's base_values",
    ),
    ("swapped_classes", "the columns of the two classes are exchanged. Compare the order of the labels"),
    (
        "distance_weights",
        "neighbours weighted by distance: in float32 a row is at distance zero from itself and from \
         its twins only almost, so weights explode differently. Use uniform weights, or export \
         float64 inputs",
    ),
    (
        "isotonic_steps",
        "an isotonic curve has steps; in float32 a score falls on the other side of one. Export \
         float64 inputs, or calibrate in the bundle",
    ),
    (
        "threshold_rounding",
        "rows on a tree's threshold: the source compares doubles, the export floats. Round the \
         training data to float32 before fitting, or pack LightGBM's or XGBoost's own model file, \
         where thresholds are rounded so that float32 inputs take the source's branch",
    ),
    (
        "missing_values",
        "only rows with missing values differ: the source treats them in another way \
         (zero_as_missing, an imputer that was not exported). Impute before the model, in the \
         bundle's features",
    ),
    (
        "unicode_text",
        "only rows with text beyond ASCII differ: the exported pattern for words knows ASCII letters \
         only. Give the vectoriser a token_pattern of your own, or normalise the text before",
    ),
    (
        "float32_sums",
        "small differences on many rows: sums and constants in float32. Harmless unless a cut-off \
         lies between; export float64 inputs where it matters",
    ),
];

/// What to do about a trap.
pub(super) fn advice(trap: &str) -> &'static str {
    ADVICE.iter().find(|(name, _)| *name == trap).map_or("", |(_, advice)| advice)
}
