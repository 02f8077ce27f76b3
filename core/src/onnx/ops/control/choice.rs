//! If: one of two nested graphs, chosen by a condition.

use super::{body, common, is_true};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::body::Body;
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::tensor::DType;

struct If {
    yes: Body,
    no: Body,
}

pub(super) fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    if spec.dtype(0)? != DType::Bool {
        return Err(spec.wrong_type(0, "tensor(bool)"));
    }
    let yes = body(spec, "then_branch", &[])?;
    let no = body(spec, "else_branch", &[])?;
    for (name, branch) in [("then_branch", &yes), ("else_branch", &no)] {
        if branch.outputs().len() != spec.outputs {
            return Err(Error::new(
                ErrorCode::ModelInvalid,
                format!("{name} makes {} outputs, the node has {}", branch.outputs().len(), spec.outputs),
            ));
        }
    }
    let mut outputs = Vec::with_capacity(spec.outputs);
    for (at, (one, other)) in yes.outputs().iter().zip(no.outputs()).enumerate() {
        if one.kind != other.kind {
            return Err(Error::new(
                ErrorCode::ModelType,
                format!("output {at} is {} in then_branch and {} in else_branch", one.kind, other.kind),
            ));
        }
        outputs.push(Fact { kind: one.kind.clone(), dims: common(&one.dims, &other.dims), constant: None });
    }
    Ok(Built { kernel: Box::new(If { yes, no }), outputs })
}

impl Kernel for If {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let branch = if is_true(io.tensor(0)?)? { &self.yes } else { &self.no };
        let mut frame = branch.open(io);
        let done = branch
            .run(&mut frame, io)
            .and_then(|()| (0..io.output_count()).try_for_each(|at| branch.give(&mut frame, at, io, at)));
        branch.close(io, frame);
        done
    }
}
