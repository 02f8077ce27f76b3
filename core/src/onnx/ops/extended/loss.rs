//! NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::DType;

use super::super::axes::integers;
use super::super::compute::{Class, Real, class, fill, is_nan, whole};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reduction {
    None,
    Mean,
    Sum,
}

type ExpAndLog<C> = (fn(C) -> C, fn(C) -> C);

/// -weight * (logarithm of the probability of the right class), per element or over all of them.
struct Loss<C> {
    reduction: Reduction,
    ignored: Option<i64>,
    /// exp and log, where the input are scores rather than logarithms of probabilities.
    softmax: Option<ExpAndLog<C>>,
}

pub(super) fn build(spec: &mut NodeSpec<'_>, scores: bool) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if !matches!(spec.dtype(1)?, DType::I32 | DType::I64) {
        return Err(spec.wrong_type(1, "tensor(int32) or tensor(int64)"));
    }
    if spec.inputs.get(2).is_some_and(Option::is_some) && spec.dtype(2)? != dtype {
        return Err(spec.wrong_type(2, &format!("tensor({}) like input 0", dtype.name())));
    }
    let reduction = match spec.attributes.text("reduction")?.unwrap_or("mean") {
        "none" => Reduction::None,
        "mean" => Reduction::Mean,
        "sum" => Reduction::Sum,
        other => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"reduction\" is \"{other}\", must be none, mean or sum"),
            ));
        }
    };
    let ignored = spec.attributes.int("ignore_index")?;
    let dims = match reduction {
        Reduction::None => spec.input(1)?.dims.clone(),
        _ => Some(Vec::new()),
    };
    let kernel: Box<dyn Kernel> = match class(dtype) {
        Class::F32 => {
            Box::new(Loss::<f32> { reduction, ignored, softmax: scores.then_some((libm::expf, libm::logf)) })
        }
        Class::F64 => {
            Box::new(Loss::<f64> { reduction, ignored, softmax: scores.then_some((libm::exp, libm::log)) })
        }
        _ => return Err(spec.wrong_type(0, "a tensor of floats")),
    };
    let logs = Fact { constant: None, ..spec.input(0)?.clone() };
    Ok(Built { kernel, outputs: vec![Fact::shaped(dtype, dims), logs] })
}

/// Replaces the scores of one element's classes, `inner` apart, by logarithms of probabilities.
fn log_softmax<C: Real>(logs: &mut [C], inner: usize, exp: fn(C) -> C, log: fn(C) -> C) {
    let mut most = C::from_f64(f64::NEG_INFINITY);
    for &x in logs.iter().step_by(inner) {
        if x > most || is_nan(x) {
            most = x;
        }
    }
    let mut sum = C::default();
    for x in logs.iter_mut().step_by(inner) {
        *x = x.minus(most);
        sum = sum.plus(exp(*x));
    }
    let sum = log(sum);
    for x in logs.iter_mut().step_by(inner) {
        *x = x.minus(sum);
    }
}

impl<C: Real> Kernel for Loss<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (input, targets, weights) = (io.tensor(0)?, io.tensor(1)?, io.try_tensor(2));
        let (shape, dtype) = (*input.shape(), input.dtype());
        let unfit = |message: String| Err(Error::new(ErrorCode::InputShape, message));
        let &[items, classes, ref rest @ ..] = shape.sizes() else {
            return unfit(format!("input 0 has shape {shape}, must have two axes or more"));
        };
        if targets.shape().sizes().split_first() != Some((&items, rest)) {
            return unfit(format!(
                "targets have shape {}, which must be {shape} without its second axis",
                targets.shape()
            ));
        }
        if weights.is_some_and(|weights| weights.shape().sizes() != [classes]) {
            return unfit(format!("input 2 must be a list of {classes} weights, one per class"));
        }
        let inner: usize = rest.iter().product();
        let (mut space, mut weight_space) = (Vec::new(), Vec::new());
        let mut logs = whole::<C>(input.data(), &mut space).to_vec();
        let weights = weights.map(|weights| whole::<C>(weights.data(), &mut weight_space));
        if let Some((exp, log)) = self.softmax {
            for item in logs.chunks_exact_mut((classes * inner).max(1)) {
                for at in 0..inner {
                    log_softmax(&mut item[at..], inner, exp, log);
                }
            }
        }
        let targets = integers(targets);
        let mut losses = vec![C::default(); targets.len()];
        let (mut sum, mut total) = (C::default(), C::default());
        for (at, (loss, &target)) in losses.iter_mut().zip(targets.iter()).enumerate() {
            if self.ignored == Some(target) {
                continue;
            }
            let own = usize::try_from(target).ok().filter(|&own| own < classes).ok_or_else(|| {
                Error::new(ErrorCode::RunValue, format!("a target is not one of the {classes} classes"))
            })?;
            let weight = weights.map_or(C::from_f64(1.0), |weights| weights[own]);
            let log = logs[(at / inner * classes + own) * inner + at % inner];
            *loss = C::default().minus(log).times(weight);
            sum = sum.plus(*loss);
            total = total.plus(weight);
        }
        let (result, shape_of_result) = match self.reduction {
            Reduction::None => (losses, *io.tensor(1)?.shape()),
            Reduction::Sum => (vec![sum], Shape::SCALAR),
            Reduction::Mean => (vec![sum.over(total)], Shape::SCALAR),
        };
        let mut put = |at: usize, shape: Shape, values: &[C]| {
            io.check(&shape)?;
            let target = io.output_tensor(at)?.reset_as(dtype, shape);
            fill(target, &mut Vec::new(), |out| out.copy_from_slice(values));
            Ok(())
        };
        put(0, shape_of_result, &result)?;
        if io.wants(1) {
            let target = io.output_tensor(1)?.reset_as(dtype, shape);
            fill(target, &mut Vec::new(), |out| out.copy_from_slice(&logs));
        }
        Ok(())
    }
}
