//! Layer, RMS, instance and group normalisation: lines of neighbouring elements brought to mean 0 and
//! variance 1, then scaled and shifted.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::{DType, Tensor};

use super::axes::{axis_at_load, axis_within};
use super::broadcast::Plan;
use super::compute::{Class, Real, class, fill, whole};
use super::plain;

const FLOATS: &str = "float, double, float16";

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        outputs: (1, 3),
        ..plain("LayerNormalization", &[17], (2, 3), FLOATS, |spec| {
            let axis = spec.attributes.int("axis")?.unwrap_or(-1);
            stash(spec)?;
            build(spec, Kind::Layer { axis, centred: true })
        })
    },
    plain("RMSNormalization", &[23], (2, 2), FLOATS, |spec| {
        let axis = spec.attributes.int("axis")?.unwrap_or(-1);
        stash(spec)?;
        build(spec, Kind::Layer { axis, centred: false })
    }),
    plain("InstanceNormalization", &[6, 22], (3, 3), FLOATS, |spec| build(spec, Kind::Instance)),
    plain("GroupNormalization", &[18, 21], (3, 3), FLOATS, |spec| {
        let groups = spec.attributes.int("num_groups")?.and_then(|groups| usize::try_from(groups).ok());
        let groups = groups.filter(|&groups| groups > 0).ok_or_else(|| {
            Error::new(ErrorCode::ModelAttribute, "attribute \"num_groups\" must be given and above zero")
        })?;
        if spec.opset >= 21 {
            stash(spec)?;
        }
        build(spec, Kind::Group { groups, per_group: spec.opset < 21 })
    }),
];

/// float16 is always computed in float, and nothing less precise is on offer.
fn stash(spec: &NodeSpec<'_>) -> Result<()> {
    match spec.attributes.int("stash_type")?.unwrap_or(1) {
        1 => Ok(()),
        11 if spec.dtype(0)? == DType::F64 => Ok(()),
        other => Err(Error::new(
            ErrorCode::ModelUnsupported,
            format!("attribute \"stash_type\" is {other}, must be 1 (float)"),
        )),
    }
}

enum Kind {
    /// A line is all axes from `axis` on; scale and bias are stretched over the whole.
    Layer { axis: i64, centred: bool },
    /// A line is one channel of one item.
    Instance,
    /// A line is a group of neighbouring channels; before operator set 21 the scales are per group.
    Group { groups: usize, per_group: bool },
}

struct Norm<C> {
    kind: Kind,
    epsilon: C,
}

fn build(spec: &NodeSpec<'_>, kind: Kind) -> Result<Built> {
    let epsilon = f64::from(spec.attributes.float("epsilon")?.unwrap_or(1e-5));
    let fact = Fact { constant: None, ..spec.input(0)?.clone() };
    for at in 1..spec.inputs.len() {
        if spec.inputs[at].is_some() && spec.dtype(at)? != spec.dtype(0)? {
            return Err(spec.wrong_type(at, "of the same type as input 0"));
        }
    }
    let mut moments = fact.dims.clone();
    if let Kind::Layer { axis, .. } = kind
        && let (Some(at), Some(dims)) = (axis_at_load(axis, fact.rank())?, &mut moments)
    {
        dims[at..].fill(Dim::Known(1));
    }
    let moment = if spec.dtype(0)? == DType::F64 { DType::F64 } else { DType::F32 };
    let outputs = vec![fact, Fact::shaped(moment, moments.clone()), Fact::shaped(moment, moments)];
    match class(spec.dtype(0)?) {
        Class::F32 => Ok(Built { kernel: Box::new(Norm { kind, epsilon: epsilon as f32 }), outputs }),
        Class::F64 => Ok(Built { kernel: Box::new(Norm { kind, epsilon }), outputs }),
        _ => Err(spec.wrong_type(0, "a tensor of floats")),
    }
}

/// Normalises a line in place; returns its mean and the factor that it was multiplied by.
fn normalise<C: Real>(line: &mut [C], epsilon: C, centred: bool) -> (C, C) {
    let count = C::from_f64(line.len() as f64);
    let mut mean = C::default();
    if centred {
        mean = line.iter().fold(C::default(), |sum, &x| sum.plus(x)).over(count);
        line.iter_mut().for_each(|x| *x = x.minus(mean));
    }
    let squares = line.iter().fold(C::default(), |sum, &x| sum.plus(x.times(x)));
    let factor = C::from_f64(1.0).over(squares.over(count).plus(epsilon).root());
    line.iter_mut().for_each(|x| *x = x.times(factor));
    (mean, factor)
}

impl<C: Real> Norm<C> {
    /// Elements per line.
    fn line(&self, shape: &Shape) -> Result<usize> {
        let unfit =
            || Error::new(ErrorCode::InputShape, format!("shape {shape} cannot be normalised this way"));
        let sizes = shape.sizes();
        match self.kind {
            Kind::Layer { axis, .. } => {
                let axis = axis_within(axis, sizes.len(), ErrorCode::InputShape)?;
                Ok(sizes[axis..].iter().product())
            }
            Kind::Instance => Ok(sizes.get(2..).ok_or_else(unfit)?.iter().product()),
            Kind::Group { groups, .. } => {
                let &channels = sizes.get(1).filter(|&&channels| channels % groups == 0).ok_or_else(unfit)?;
                Ok(channels / groups * sizes[2..].iter().product::<usize>())
            }
        }
    }

    /// Scales and shifts the normalised elements.
    fn adjust(&self, out: &mut [C], shape: &Shape, line: usize, tensors: [Option<&Tensor>; 2]) -> Result<()> {
        for (at, tensor) in tensors.into_iter().enumerate() {
            let Some(tensor) = tensor else { continue };
            let unfit =
                || Error::new(ErrorCode::InputShape, format!("input {} does not fit {shape}", at + 1));
            let mut space = Vec::new();
            let values = whole::<C>(tensor.data(), &mut space);
            let apply = |slot: &mut C, own: C| *slot = if at == 0 { slot.times(own) } else { slot.plus(own) };
            if let Kind::Layer { .. } = self.kind {
                let plan = Plan::new([shape, tensor.shape()])?;
                if plan.shape != *shape {
                    return Err(unfit());
                }
                plan.rows(&mut |[to, from]| {
                    for at in 0..plan.inner() {
                        apply(&mut out[to + at], values[from + at * plan.step(1)]);
                    }
                });
                continue;
            }
            let channels = shape.sizes().get(1).copied().unwrap_or(1);
            let (own, count) = match self.kind {
                Kind::Group { groups, per_group: true } => (line, groups),
                _ => (shape.sizes().iter().skip(2).product::<usize>(), channels),
            };
            if values.len() != count {
                return Err(unfit());
            }
            out.chunks_exact_mut(own.max(1)).enumerate().for_each(|(number, part)| {
                part.iter_mut().for_each(|slot| apply(slot, values[number % count]));
            });
        }
        Ok(())
    }
}

impl<C: Real> Kernel for Norm<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let shape = *input.shape();
        let line = self.line(&shape)?;
        let centred = !matches!(self.kind, Kind::Layer { centred: false, .. });
        let tensors = [io.try_tensor(1), io.try_tensor(2)];
        io.check(&shape)?;
        let mut moments = Vec::new();
        let target = io.output_tensor(0)?.reset_as(input.dtype(), shape);
        let mut spaces = (Vec::new(), Vec::new());
        let values = whole::<C>(input.data(), &mut spaces.0);
        let mut adjusted = Ok(());
        fill(target, &mut spaces.1, |out| {
            out.copy_from_slice(values);
            moments
                .extend(out.chunks_exact_mut(line.max(1)).map(|line| normalise(line, self.epsilon, centred)));
            adjusted = self.adjust(out, &shape, line, tensors);
        });
        adjusted?;
        if let Kind::Layer { axis, .. } = self.kind {
            let axis = axis_within(axis, shape.rank(), ErrorCode::InputShape)?;
            let mut kept = shape;
            kept.sizes_mut()[axis..].fill(1);
            for at in [1, 2] {
                if io.wants(at) {
                    let out = io.output::<C>(at, kept)?;
                    for (slot, (mean, factor)) in out.iter_mut().zip(&moments) {
                        *slot = if at == 1 { *mean } else { *factor };
                    }
                }
            }
        }
        Ok(())
    }
}
