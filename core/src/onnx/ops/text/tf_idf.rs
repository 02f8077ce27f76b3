//! TfIdfVectorizer: counts the n-grams of a pool in each row of tokens, and weighs them.

use super::ngrams::{Item, Ngrams, ROOT, UNKNOWN};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::ops::ml::lookup::{Duplicates, Lookup};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;

pub(super) const OPERATOR: Operator = Operator {
    domain: "",
    name: "TfIdfVectorizer",
    versions: &[9],
    inputs: (1, 1),
    outputs: (1, 1),
    types: "string, int32, int64",
    build,
};

/// The longest n-grams that are counted; exporters stay below ten.
const MAX_LENGTH: usize = 1_000;

/// The widest output; a vocabulary of a million n-grams is a large one.
const MAX_COLUMNS: usize = 1 << 24;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Counts.
    Tf,
    /// The weight of each n-gram that is there.
    Idf,
    /// Counts times weights.
    TfIdf,
}

struct Vectorizer {
    mode: Mode,
    lengths: std::ops::RangeInclusive<usize>,
    /// Items between those of an n-gram, at most.
    skips: usize,
    items: Lookup,
    pool: Ngrams,
    /// The column of each n-gram.
    columns: Vec<u32>,
    /// The weight of each n-gram; empty for 1.
    weights: Vec<f32>,
    /// The weight of each column, for counts.
    column_weights: Vec<f32>,
    width: usize,
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::ModelAttribute, message)
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let attributes = &spec.attributes;
    let mode = match attributes.text("mode")? {
        Some("TF") => Mode::Tf,
        Some("IDF") => Mode::Idf,
        Some("TFIDF") => Mode::TfIdf,
        _ => return Err(wrong("attribute \"mode\" must be TF, IDF or TFIDF")),
    };
    let size = |name: &str, least: usize| {
        let value = attributes.int(name)?.and_then(|value| usize::try_from(value).ok());
        value
            .filter(|&value| value >= least)
            .ok_or_else(|| wrong(format!("attribute \"{name}\" must be given and at least {least}")))
    };
    let (shortest, longest) = (size("min_gram_length", 1)?, size("max_gram_length", 1)?);
    let skips = size("max_skip_count", 0)?;
    let starts = attributes.ints("ngram_counts")?.unwrap_or_default();
    let columns = attributes.ints("ngram_indexes")?.unwrap_or_default();
    let weights = attributes.floats("weights")?.unwrap_or_default();
    if shortest > longest || longest > starts.len() || longest > MAX_LENGTH {
        return Err(wrong(format!(
            "attributes \"min_gram_length\" ({shortest}) and \"max_gram_length\" ({longest}) must be ascending and at \
             most as many as \"ngram_counts\" has values ({})",
            starts.len().min(MAX_LENGTH)
        )));
    }
    let columns = columns
        .iter()
        .map(|&column| {
            u32::try_from(column).map_err(|_| wrong(format!("attribute \"ngram_indexes\" has {column}")))
        })
        .collect::<Result<Vec<u32>>>()?;
    let Some(width) = columns.iter().max().map(|&last| last as usize + 1) else {
        return Err(wrong("attribute \"ngram_indexes\" must not be empty"));
    };
    if width > MAX_COLUMNS {
        return Err(Error::new(
            ErrorCode::ModelBudget,
            format!(
                "attribute \"ngram_indexes\" asks for {width} columns, at most {MAX_COLUMNS} are supported"
            ),
        ));
    }
    if !weights.is_empty() && weights.len() != columns.len() {
        return Err(wrong(format!(
            "attribute \"weights\" has {} values, \"ngram_indexes\" has {}",
            weights.len(),
            columns.len()
        )));
    }
    let (items, pool) = read_pool(spec)?;
    let pool = grams(&pool, starts, shortest..=longest, columns.len())?;
    let rows = match spec.input(0)?.dims.as_deref() {
        None => None,
        Some([_]) => Some(vec![Dim::Known(width)]),
        Some([rows, _]) => Some(vec![rows.clone(), Dim::Known(width)]),
        Some(_) => return Err(Error::new(ErrorCode::ModelShape, "the input must have one or two axes")),
    };
    let mut column_weights = Vec::new();
    if mode == Mode::TfIdf && !weights.is_empty() {
        column_weights.resize(width, 1.0);
        for (&column, &weight) in columns.iter().zip(weights) {
            column_weights[column as usize] = weight;
        }
    }
    let kernel = Vectorizer {
        mode,
        lengths: shortest..=longest,
        skips,
        items,
        pool,
        columns,
        weights: weights.to_vec(),
        column_weights,
        width,
    };
    Built::one(kernel, Fact::shaped(DType::F32, rows))
}

/// The items of the pool: a table that finds their numbers, and all of them in order by number.
fn read_pool(spec: &NodeSpec<'_>) -> Result<(Lookup, Vec<Item>)> {
    let dtype = spec.dtype(0)?;
    let texts = spec.attributes.texts("pool_strings")?;
    let integers = spec.attributes.ints("pool_int64s")?;
    let number = |place: Option<usize>| place.map_or(UNKNOWN, |place| place as Item);
    match (dtype, texts, integers) {
        (DType::Str, Some(texts), None) => {
            let items = Lookup::texts(texts.iter().copied(), Duplicates::First);
            let pool = texts.iter().map(|text| number(items.text(text))).collect();
            Ok((items, pool))
        }
        (DType::I32 | DType::I64, None, Some(integers)) => {
            let items = Lookup::integers(integers.iter().copied(), Duplicates::First);
            let pool = integers.iter().map(|&integer| number(items.integer(integer))).collect();
            Ok((items, pool))
        }
        (DType::Str | DType::I32 | DType::I64, ..) => Err(wrong(
            "one pool must be given, of the type of the input (attributes \"pool_strings\" and \"pool_int64s\")",
        )),
        _ => Err(spec.wrong_type(0, "a tensor of string, int32 or int64")),
    }
}

/// The n-grams of all lengths in `lengths`; `starts` says where those of each length start in the pool.
fn grams(
    pool: &[Item],
    starts: &[i64],
    lengths: std::ops::RangeInclusive<usize>,
    columns: usize,
) -> Result<Ngrams> {
    let mut grams = Ngrams::default();
    let mut number = 0;
    for (at, &start) in starts.iter().enumerate() {
        let length = at + 1;
        let end = starts.get(length).copied().unwrap_or(pool.len() as i64);
        let part =
            usize::try_from(start).ok().zip(usize::try_from(end).ok()).and_then(|(a, b)| pool.get(a..b));
        let Some(part) = part.filter(|part| part.len() % length == 0) else {
            return Err(wrong(format!(
                "attribute \"ngram_counts\" says that the pool's {length}-grams go from {start} to {end}, which is not \
                 a whole number of them"
            )));
        };
        for gram in part.chunks_exact(length) {
            if lengths.contains(&length) {
                grams.add(gram, number)?;
            }
            number += 1;
        }
    }
    if number as usize > columns {
        return Err(wrong(format!("attribute \"ngram_indexes\" has {columns} values for {number} n-grams")));
    }
    Ok(grams)
}

impl Vectorizer {
    /// Counts the n-grams of one row of items into its columns.
    fn count(&self, row: &[Item], out: &mut [f32]) {
        let (shortest, longest) = (*self.lengths.start(), *self.lengths.end());
        // A single item has nothing to skip, so those are counted once; for the others each distance
        // between items gives n-grams of its own.
        let distances = if longest == 1 { 1 } else { self.skips.saturating_add(1).min(row.len().max(1)) };
        for distance in 1..=distances {
            for start in 0..row.len() {
                let mut node = ROOT;
                for (at, &item) in row[start..].iter().step_by(distance).take(longest).enumerate() {
                    let Some(next) = self.pool.step(node, item) else { break };
                    node = next;
                    let length = at + 1;
                    if length < shortest || (length == 1 && distance > 1) {
                        continue;
                    }
                    if let Some(gram) = self.pool.end(node) {
                        self.hit(gram as usize, out);
                    }
                }
            }
        }
    }

    fn hit(&self, gram: usize, out: &mut [f32]) {
        let Some(out) = self.columns.get(gram).and_then(|&column| out.get_mut(column as usize)) else {
            return;
        };
        let weight = self.weights.get(gram).copied().unwrap_or(1.0);
        match self.mode {
            Mode::Tf | Mode::TfIdf => *out += 1.0,
            Mode::Idf => *out = weight,
        }
    }

    /// Turns counts into weighted counts. Done once at the end, because a count times a weight is not
    /// the same float as a sum of weights.
    fn weigh(&self, out: &mut [f32]) {
        if self.column_weights.is_empty() {
            return;
        }
        for row in out.chunks_exact_mut(self.width) {
            for (count, weight) in row.iter_mut().zip(&self.column_weights) {
                *count *= weight;
            }
        }
    }
}

impl Kernel for Vectorizer {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensor = io.tensor(0)?;
        let (shape, tokens) = match *tensor.shape().sizes() {
            [tokens] => (Shape::vector(self.width), tokens),
            [rows, tokens] => (Shape::matrix(rows, self.width), tokens),
            _ => {
                return Err(Error::new(
                    ErrorCode::InputShape,
                    format!("the input has shape {}, must have one or two axes", tensor.shape()),
                ));
            }
        };
        let mut places = std::mem::take(&mut io.scratch.usize);
        self.items.places(tensor.data(), UNKNOWN as usize, &mut places);
        let items: Vec<Item> = places.iter().map(|&place| place as Item).collect();
        io.scratch.usize = places;
        let out = io.output::<f32>(0, shape)?;
        out.fill(0.0);
        if tokens > 0 {
            for (row, out) in items.chunks_exact(tokens).zip(out.chunks_exact_mut(self.width)) {
                self.count(row, out);
            }
        }
        self.weigh(out);
        Ok(())
    }
}
