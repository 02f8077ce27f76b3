//! StringConcat and StringSplit.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::ops::broadcast::{Plan, join_dims};
use crate::onnx::shape::Dim;
use crate::onnx::tensor::DType;

pub(super) const CONCAT: Operator = Operator {
    domain: "",
    name: "StringConcat",
    versions: &[20],
    inputs: (2, 2),
    outputs: (1, 1),
    types: "string",
    build: build_concat,
};

pub(super) const SPLIT: Operator = Operator {
    domain: "",
    name: "StringSplit",
    versions: &[20],
    inputs: (1, 1),
    outputs: (2, 2),
    types: "string",
    build: build_split,
};

struct Concat;

fn build_concat(spec: &mut NodeSpec<'_>) -> Result<Built> {
    for at in 0..2 {
        if spec.dtype(at)? != DType::Str {
            return Err(spec.wrong_type(at, "tensor(string)"));
        }
    }
    let dims = join_dims([&spec.input(0)?.dims, &spec.input(1)?.dims])?;
    Built::one(Concat, Fact::shaped(DType::Str, dims))
}

impl Kernel for Concat {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let plan = Plan::<2>::new([io.tensor(0)?.shape(), io.tensor(1)?.shape()])?;
        let (left, right) = (io.strings(0)?, io.strings(1)?);
        let mut text = std::mem::take(&mut io.scratch.text);
        let out = io.output_strings(0, plan.shape)?;
        plan.rows(&mut |[start_left, start_right]| {
            for at in 0..plan.inner() {
                text.clear();
                text.push_str(left.get(start_left + at * plan.step(0)));
                text.push_str(right.get(start_right + at * plan.step(1)));
                out.push(&text);
            }
        });
        io.scratch.text = text;
        Ok(())
    }
}

struct Split {
    /// Empty for runs of white space.
    delimiter: Box<str>,
    most: usize,
}

fn build_split(spec: &mut NodeSpec<'_>) -> Result<Built> {
    if spec.dtype(0)? != DType::Str {
        return Err(spec.wrong_type(0, "tensor(string)"));
    }
    let delimiter = spec.attributes.text("delimiter")?.unwrap_or_default().into();
    let most = match spec.attributes.int("maxsplit")? {
        None => usize::MAX,
        Some(most) => usize::try_from(most).map_err(|_| {
            Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"maxsplit\" is {most}, must not be negative"),
            )
        })?,
    };
    let dims = spec.input(0)?.dims.clone();
    let mut longer = dims.clone();
    if let Some(dims) = &mut longer {
        dims.push(Dim::Unknown);
    }
    let outputs = vec![Fact::shaped(DType::Str, longer), Fact::shaped(DType::I64, dims)];
    Ok(Built { kernel: Box::new(Split { delimiter, most }), outputs })
}

impl Split {
    /// Calls `part` with each part of a text. An empty text has none, as in ONNX Runtime.
    fn parts<'t>(&self, text: &'t str, mut part: impl FnMut(&'t str)) {
        if self.delimiter.is_empty() {
            let mut rest = text.trim();
            let mut splits = 0;
            while !rest.is_empty() {
                let end = if splits == self.most { None } else { rest.find(char::is_whitespace) };
                part(&rest[..end.unwrap_or(rest.len())]);
                rest = end.map_or("", |end| rest[end..].trim_start());
                splits += 1;
            }
        } else if !text.is_empty() {
            text.splitn(self.most.saturating_add(1), &*self.delimiter).for_each(part);
        }
    }
}

impl Kernel for Split {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensor = io.tensor(0)?;
        let texts = io.strings(0)?;
        let mut counts = std::mem::take(&mut io.scratch.i64);
        counts.clear();
        for text in texts.iter() {
            let mut count = 0;
            self.parts(text, |_| count += 1);
            counts.push(count);
        }
        let width = counts.iter().copied().max().unwrap_or(0);
        let mut shape = *tensor.shape();
        let fits = shape.push(width as usize);
        if fits && io.wants(1) {
            io.output::<i64>(1, *tensor.shape())?.copy_from_slice(&counts);
        }
        io.scratch.i64 = counts;
        if !fits {
            return Err(Error::new(
                ErrorCode::InputShape,
                format!("an input of shape {shape} has too many axes"),
            ));
        }
        let out = io.output_strings(0, shape)?;
        for text in texts.iter() {
            let mut missing = width;
            self.parts(text, |part| {
                out.push(part);
                missing -= 1;
            });
            for _ in 0..missing {
                out.push("");
            }
        }
        Ok(())
    }
}
