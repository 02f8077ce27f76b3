//! Normalisations over channels: BatchNormalization outside training, MeanVarianceNormalization, LRN.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};

use super::axes::AxisSet;
use super::broadcast::Plan;
use super::compute::{Class, Real, class, fill, whole};
use super::plain;
use super::reduction::walk;

const FLOATS: &str = "float, double, float16";

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("BatchNormalization", &[7, 9, 14, 15], (5, 5), FLOATS, |spec| {
        let epsilon = f64::from(spec.attributes.float("epsilon")?.unwrap_or(1e-5));
        spec.attributes.float("momentum")?;
        if spec.opset >= 14 && spec.attributes.flag("training_mode", false)? {
            return Err(Error::new(ErrorCode::ModelUnsupported, "attribute \"training_mode\" must be 0"));
        }
        if spec.opset < 9 && !spec.attributes.flag("spatial", true)? {
            return Err(Error::new(ErrorCode::ModelUnsupported, "attribute \"spatial\" must be 1"));
        }
        match class(spec.dtype(0)?) {
            Class::F32 => Built::one(Batch { epsilon: epsilon as f32 }, fact(spec)?),
            Class::F64 => Built::one(Batch { epsilon }, fact(spec)?),
            _ => Err(spec.wrong_type(0, "a tensor of floats")),
        }
    }),
    plain("MeanVarianceNormalization", &[9, 13], (1, 1), FLOATS, |spec| {
        let axes = spec.attributes.ints("axes")?.unwrap_or(&[0, 2, 3]).to_vec();
        match class(spec.dtype(0)?) {
            Class::F32 => Built::one(MeanVariance::<f32> { axes, tiny: 1e-9 }, fact(spec)?),
            Class::F64 => Built::one(MeanVariance::<f64> { axes, tiny: 1e-9 }, fact(spec)?),
            _ => Err(spec.wrong_type(0, "a tensor of floats")),
        }
    }),
    plain("LRN", &[1, 13], (1, 1), FLOATS, response),
];

fn fact(spec: &NodeSpec<'_>) -> Result<Fact> {
    Ok(Fact { constant: None, ..spec.input(0)?.clone() })
}

/// (x - mean) / sqrt(variance + epsilon) * scale + bias, each per channel.
struct Batch<C> {
    epsilon: C,
}

impl<C: Real> Kernel for Batch<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let shape = *input.shape();
        let channels = shape.sizes().get(1).copied().unwrap_or(1);
        let inner: usize = shape.sizes().iter().skip(2).product();
        let mut spaces = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        let mut parts: [&[C]; 4] = [&[]; 4];
        for (at, (part, space)) in parts.iter_mut().zip(&mut spaces).enumerate() {
            *part = whole::<C>(io.tensor(at + 1)?.data(), space);
            if part.len() != channels {
                return Err(Error::new(
                    ErrorCode::InputShape,
                    format!("input {} must have one element per channel, which are {channels}", at + 1),
                ));
            }
        }
        let [scale, bias, mean, variance] = parts;
        io.check(&shape)?;
        let target = io.output_tensor(0)?.reset_as(input.dtype(), shape);
        let (mut space, mut results) = (Vec::new(), Vec::new());
        let values = whole::<C>(input.data(), &mut space);
        fill(target, &mut results, |out| {
            for (at, (slot, &x)) in out.iter_mut().zip(values).enumerate() {
                let own = at / inner % channels;
                let factor = scale[own].over(variance[own].plus(self.epsilon).root());
                *slot = x.minus(mean[own]).times(factor).plus(bias[own]);
            }
        });
        Ok(())
    }
}

/// (x - mean) / (sqrt(mean of squares - square of mean) + tiny) over some axes.
struct MeanVariance<C> {
    axes: Vec<i64>,
    tiny: C,
}

impl<C: Real> Kernel for MeanVariance<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let shape = *input.shape();
        let set = AxisSet::new(&self.axes, shape.rank(), ErrorCode::InputShape)?;
        let (mut kept, mut count) = (shape, 1usize);
        for (axis, size) in kept.sizes_mut().iter_mut().enumerate() {
            if set.has(axis) {
                count = count.saturating_mul(*size);
                *size = 1;
            }
        }
        io.check(&shape)?;
        let plan = Plan::new([&shape, &kept])?;
        let target = io.output_tensor(0)?.reset_as(input.dtype(), shape);
        let (mut space, mut results) = (Vec::new(), Vec::new());
        let values = whole::<C>(input.data(), &mut space);
        let mut sums = vec![(C::default(), C::default()); kept.elements().unwrap_or(0)];
        walk(&plan, &mut |from, to| {
            for (at, &x) in values[from].iter().enumerate() {
                let sums = &mut sums[if to.len() == 1 { to.start } else { to.start + at }];
                *sums = (sums.0.plus(x), sums.1.plus(x.times(x)));
            }
        });
        let count = C::from_f64(count as f64);
        for (mean, square) in &mut sums {
            *mean = mean.over(count);
            *square = square.over(count).minus(mean.times(*mean)).root().plus(self.tiny);
        }
        fill(target, &mut results, |out| {
            walk(&plan, &mut |from, to| {
                for (at, slot) in out[from.clone()].iter_mut().enumerate() {
                    let (mean, deviation) = sums[if to.len() == 1 { to.start } else { to.start + at }];
                    *slot = values[from.start + at].minus(mean).over(deviation);
                }
            });
        });
        Ok(())
    }
}

/// x / (bias + alpha / size * sum of squares over neighbouring channels) ^ beta.
struct Response<C> {
    alpha: C,
    beta: C,
    bias: C,
    size: usize,
}

fn response(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let factor = |name, default: f32| Ok(f64::from(spec.attributes.float(name)?.unwrap_or(default)));
    let (alpha, beta, bias) = (factor("alpha", 1e-4)?, factor("beta", 0.75)?, factor("bias", 1.0)?);
    let size = spec.attributes.int("size")?.and_then(|size| usize::try_from(size).ok());
    let size = size.filter(|&size| size > 0).ok_or_else(|| {
        Error::new(ErrorCode::ModelAttribute, "attribute \"size\" must be given and above zero")
    })?;
    match class(spec.dtype(0)?) {
        Class::F32 => {
            let kernel = Response { alpha: alpha as f32, beta: beta as f32, bias: bias as f32, size };
            Built::one(kernel, fact(spec)?)
        }
        Class::F64 => Built::one(Response { alpha, beta, bias, size }, fact(spec)?),
        _ => Err(spec.wrong_type(0, "a tensor of floats")),
    }
}

impl<C: Real> Kernel for Response<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let shape = *input.shape();
        let &[_, channels, ref rest @ ..] = shape.sizes() else {
            return Err(Error::new(ErrorCode::InputShape, "input 0 must have two axes or more"));
        };
        let inner: usize = rest.iter().product();
        io.check(&shape)?;
        let target = io.output_tensor(0)?.reset_as(input.dtype(), shape);
        let (mut space, mut results) = (Vec::new(), Vec::new());
        let values = whole::<C>(input.data(), &mut space);
        let scale = self.alpha.over(C::from_f64(self.size as f64));
        fill(target, &mut results, |out| {
            for (at, slot) in out.iter_mut().enumerate() {
                let channel = at / inner % channels;
                let start = channel.saturating_sub((self.size - 1) / 2);
                let end = channel.saturating_add(self.size / 2).min(channels - 1);
                let first = at - channel * inner;
                let squares = (start..=end).fold(C::default(), |sum, channel| {
                    let x = values[first + channel * inner];
                    sum.plus(x.times(x))
                });
                *slot = values[at].over(self.bias.plus(scale.times(squares)).power(self.beta));
            }
        });
        Ok(())
    }
}
