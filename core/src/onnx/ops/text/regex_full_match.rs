//! RegexFullMatch: whether a whole text is matched by an expression.

use super::pattern::{self, Machine, Pattern};
use crate::error::Result;
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::tensor::DType;

pub(super) const OPERATOR: Operator = Operator {
    domain: "",
    name: "RegexFullMatch",
    versions: &[20],
    inputs: (1, 1),
    outputs: (1, 1),
    types: "string",
    build,
};

struct FullMatch {
    pattern: Pattern,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    if spec.dtype(0)? != DType::Str {
        return Err(spec.wrong_type(0, "tensor(string)"));
    }
    let pattern = pattern::parse(spec.attributes.text("pattern")?.unwrap_or_default())?;
    Built::one(FullMatch { pattern }, Fact::shaped(DType::Bool, spec.input(0)?.dims.clone()))
}

impl Kernel for FullMatch {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let texts = io.strings(0)?;
        let shape = *io.tensor(0)?.shape();
        let mut machine = Machine::default();
        for (out, text) in io.output::<bool>(0, shape)?.iter_mut().zip(texts.iter()) {
            *out = machine.matches_fully(&self.pattern, text);
        }
        Ok(())
    }
}
