//! Tokenizer of `com.microsoft`: cuts each text into tokens, by an expression that tokens match or by
//! expressions that separate them; rows are padded to the longest.

use super::pattern::{self, Machine, Pattern};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;

pub(super) const OPERATOR: Operator = Operator {
    domain: "com.microsoft",
    name: "Tokenizer",
    versions: &[1],
    inputs: (1, 1),
    outputs: (1, 1),
    types: "string",
    build,
};

/// How a text is cut.
enum Cut {
    /// Every character is a token.
    Characters,
    /// What matches is a token.
    Tokens(Pattern),
    /// What is left between matches is a token; one expression after the other.
    Separators(Vec<Pattern>),
}

struct Tokenizer {
    cut: Cut,
    mark: bool,
    pad: Box<str>,
    /// Characters that a token has at least.
    least: usize,
}

const START: &str = "\u{2}";
const END: &str = "\u{3}";

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    if spec.dtype(0)? != DType::Str {
        return Err(spec.wrong_type(0, "tensor(string)"));
    }
    let wrong = |message: &str| Err(Error::new(ErrorCode::ModelAttribute, message));
    let mark = spec.attributes.int("mark")?.unwrap_or(0) != 0;
    let pad = spec.attributes.text("pad_value")?.unwrap_or_default().into();
    let least = match spec.attributes.int("mincharnum")?.map(usize::try_from) {
        Some(Ok(least @ 1..)) => least,
        _ => return wrong("attribute \"mincharnum\" must be positive"),
    };
    let token = spec.attributes.text("tokenexp")?;
    let separators = spec.attributes.texts("separators")?;
    let cut = match (separators, token) {
        (None, None | Some("")) => {
            return wrong("one of the attributes \"tokenexp\" and \"separators\" must be given");
        }
        (None, Some(".")) => Cut::Characters,
        (None, Some(token)) => Cut::Tokens(pattern::parse(token)?),
        (Some(list), _) if list == [""] => Cut::Characters,
        (Some(list), _) if list.is_empty() => return wrong("attribute \"separators\" must not be empty"),
        (Some(list), _) => {
            let patterns = list.into_iter().map(pattern::parse).collect::<Result<Vec<_>>>()?;
            if patterns.iter().any(|pattern| Machine::default().matches_fully(pattern, "")) {
                return wrong("attribute \"separators\" has an expression that matches the empty text");
            }
            Cut::Separators(patterns)
        }
    };
    if matches!(cut, Cut::Characters) && least > 1 {
        return wrong("attribute \"mincharnum\" must be 1 where every character is a token");
    }
    let dims = match spec.input(0)?.dims.clone() {
        Some(mut dims) if matches!(dims.len(), 1 | 2) => {
            dims.push(Dim::Unknown);
            Some(dims)
        }
        Some(_) => return Err(Error::new(ErrorCode::ModelShape, "the input must have one or two axes")),
        None => None,
    };
    Built::one(Tokenizer { cut, mark, pad, least }, Fact::shaped(DType::Str, dims))
}

/// Tokens of all texts, as ranges of bytes.
#[derive(Default)]
struct Cuts {
    tokens: Vec<(usize, usize)>,
    /// How many tokens each text has.
    counts: Vec<usize>,
    machine: Machine,
    pieces: Vec<(usize, usize)>,
}

impl Tokenizer {
    fn long_enough(&self, piece: &str) -> bool {
        piece.chars().take(self.least).count() >= self.least
    }

    fn cut(&self, text: &str, cuts: &mut Cuts) {
        let first = cuts.tokens.len();
        match &self.cut {
            Cut::Characters => {
                cuts.tokens.extend(text.char_indices().map(|(at, c)| (at, at + c.len_utf8())));
            }
            Cut::Tokens(pattern) => {
                let mut from = 0;
                while let Some((start, end)) = cuts.machine.find(pattern, text, from) {
                    if self.long_enough(&text[start..end]) {
                        cuts.tokens.push((start, end));
                        from = end;
                    } else {
                        from = start + text[start..].chars().next().map_or(1, char::len_utf8);
                    }
                }
            }
            Cut::Separators(patterns) => {
                let mut row = vec![(0, text.len())];
                for pattern in patterns {
                    cuts.pieces.clear();
                    for (start, end) in row.drain(..) {
                        self.separate(pattern, text, (start, end), &mut cuts.machine, &mut cuts.pieces);
                    }
                    row.extend_from_slice(&cuts.pieces);
                }
                cuts.tokens.extend(row);
            }
        }
        cuts.counts.push(cuts.tokens.len() - first);
    }

    fn separate(
        &self,
        pattern: &Pattern,
        text: &str,
        (start, end): (usize, usize),
        machine: &mut Machine,
        pieces: &mut Vec<(usize, usize)>,
    ) {
        let piece = &text[start..end];
        let mut from = 0;
        let mut keep = |low: usize, high: usize| {
            if self.long_enough(&piece[low..high]) {
                pieces.push((start + low, start + high));
            }
        };
        while let Some((low, high)) = machine.find(pattern, piece, from) {
            keep(from, low);
            from = high;
        }
        keep(from, piece.len());
    }
}

impl Kernel for Tokenizer {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensor = io.tensor(0)?;
        let texts = io.strings(0)?;
        if !matches!(tensor.shape().rank(), 1 | 2) {
            return Err(Error::new(
                ErrorCode::InputShape,
                format!("the input has shape {}, must have one or two axes", tensor.shape()),
            ));
        }
        if texts.is_empty() {
            let shape = match *tensor.shape().sizes() {
                [rows, _] => Shape::matrix(rows, 0),
                _ => Shape::vector(0),
            };
            io.output_strings(0, shape)?;
            return Ok(());
        }
        let mut cuts = Cuts::default();
        for text in texts.iter() {
            self.cut(text, &mut cuts);
        }
        let most = cuts.counts.iter().copied().max().unwrap_or(0);
        let mut shape = *tensor.shape();
        let marks = if self.mark && most > 0 { 2 } else { 0 };
        if !shape.push(most + marks) {
            return Err(Error::new(ErrorCode::InputShape, "the input has too many axes"));
        }
        let out = io.output_strings(0, shape)?;
        if most == 0 {
            return Ok(());
        }
        let mut tokens = cuts.tokens.iter();
        for (text, &count) in texts.iter().zip(&cuts.counts) {
            if self.mark {
                out.push(START);
            }
            for &(start, end) in tokens.by_ref().take(count) {
                out.push(&text[start..end]);
            }
            if self.mark {
                out.push(END);
            }
            for _ in count..most {
                out.push(&self.pad);
            }
        }
        Ok(())
    }
}
