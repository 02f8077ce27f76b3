//! Convolution of what tract does not take: doubles, halves and small integers; and of a stream with state.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::{DType, Tensor};

use super::super::axes::unknown;
use super::super::compute::{Class, Compute, Real, Store, class, fill, whole};
use super::super::quantization::{quantized, range};
use super::window::Window;

/// A convolution's window and groups.
struct Filter {
    window: Window,
    group: usize,
}

impl Filter {
    fn read(spec: &NodeSpec<'_>) -> Result<Self> {
        let group = spec.attributes.int("group")?.unwrap_or(1);
        let group = usize::try_from(group).ok().filter(|group| (1..=1 << 16).contains(group));
        let group = group.ok_or_else(|| {
            Error::new(ErrorCode::ModelAttribute, "attribute \"group\" must be 1 to 65536".to_owned())
        })?;
        Ok(Self { window: Window::read(spec, false)?, group })
    }

    /// The sums of products, `x` by input and `w` by weights, one output channel after the other.
    fn apply<C: Compute>(
        &self,
        (x, x_shape): (&[C], &Shape),
        (w, w_shape): (&[C], &Shape),
        check: impl FnOnce(&Shape) -> Result<()>,
    ) -> Result<(Shape, Vec<C>)> {
        let unfit = |message: String| Error::new(ErrorCode::InputShape, message);
        let fits = x_shape.rank() == w_shape.rank() && x_shape.rank() > 2;
        let (&[_, channels, ..], &[makes, takes, ..]) = (x_shape.sizes(), w_shape.sizes()) else {
            return Err(unfit(format!("weights of shape {w_shape} do not fit an input of {x_shape}")));
        };
        if !fits || takes.checked_mul(self.group) != Some(channels) || !makes.is_multiple_of(self.group) {
            return Err(unfit(format!(
                "weights of shape {w_shape} in {} groups do not fit an input of shape {x_shape}",
                self.group
            )));
        }
        let placed = self.window.place(x_shape, &w_shape.sizes()[2..])?;
        if placed.taps() * makes * takes != w.len() {
            return Err(unfit("attribute \"kernel_shape\" and the shape of the weights differ".to_owned()));
        }
        let result = placed.result(x_shape, makes);
        check(&result)?;
        placed.check_work(x_shape.sizes()[0].saturating_mul(makes).saturating_mul(takes))?;
        let (windows, cells, taps) = (placed.windows(), placed.inputs(), placed.taps());
        let each = makes / self.group;
        let mut out = vec![C::default(); result.elements().unwrap_or(0)];
        for (at, out) in out.iter_mut().enumerate() {
            let (plane, window) = (at / windows, at % windows);
            let (row, make) = (plane / makes, plane % makes);
            let first = row * channels + make / each * takes;
            let mut sum = C::default();
            for take in 0..takes {
                let weights = &w[(make * takes + take) * taps..][..taps];
                let plane = &x[(first + take) * cells..][..cells];
                placed.visit(window, |cell| {
                    if let Some(place) = cell.input {
                        sum = sum.plus(plane[place].times(weights[cell.tap]));
                    }
                });
            }
            *out = sum;
        }
        Ok((result, out))
    }
}

/// Conv in double and float16; tract has it in float.
struct Convolution(Filter);

pub(in crate::onnx) fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if !dtype.is_float() {
        return Err(spec.wrong_type(0, "a tensor of floats"));
    }
    for at in [1, 2] {
        if spec.inputs.get(at).is_some_and(Option::is_some) && spec.dtype(at)? != dtype {
            return Err(spec.wrong_type(at, &format!("tensor({}) like input 0", dtype.name())));
        }
    }
    let rank = spec.input(0)?.rank();
    Built::one(Convolution(Filter::read(spec)?), Fact::shaped(dtype, rank.map(unknown)))
}

impl Convolution {
    fn run_in<C: Compute>(&self, io: &mut Io<'_>) -> Result<()> {
        let (x, w) = (io.tensor(0)?, io.tensor(1)?);
        let mut spaces = (Vec::new(), Vec::new(), Vec::new());
        let (xs, ws) = (whole::<C>(x.data(), &mut spaces.0), whole::<C>(w.data(), &mut spaces.1));
        let (shape, mut sums) = self.0.apply((xs, x.shape()), (ws, w.shape()), |shape| io.check(shape))?;
        if let Some(bias) = io.try_tensor(2) {
            let bias = whole::<C>(bias.data(), &mut spaces.2);
            let makes = shape.sizes()[1];
            if bias.len() != makes {
                return Err(Error::new(
                    ErrorCode::InputShape,
                    format!("the bias has {} values, the weights make {makes} channels", bias.len()),
                ));
            }
            let windows = shape.sizes()[2..].iter().product::<usize>().max(1);
            for (at, sum) in sums.iter_mut().enumerate() {
                *sum = sum.plus(bias[at / windows % makes]);
            }
        }
        let target = io.output_tensor(0)?.reset_as(x.dtype(), shape);
        fill::<C>(target, &mut Vec::new(), |out| out.copy_from_slice(&sums));
        Ok(())
    }
}

impl Kernel for Convolution {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        match class(io.tensor(0)?.dtype()) {
            Class::F64 => self.run_in::<f64>(io),
            _ => self.run_in::<f32>(io),
        }
    }
}

fn small(spec: &NodeSpec<'_>, at: usize) -> Result<()> {
    match spec.dtype(at)? {
        DType::U8 | DType::I8 => Ok(()),
        _ => Err(spec.wrong_type(at, "a tensor of int8 or uint8")),
    }
}

/// The numbers of a tensor of which there is one for all output channels, or one each.
fn per_channel<C: Compute>(tensor: Option<&Tensor>, channels: usize, absent: C) -> Result<Vec<C>> {
    let Some(tensor) = tensor else { return Ok(vec![absent; channels]) };
    let mut values = vec![C::default(); tensor.len()];
    C::widen(tensor.data(), 0, &mut values);
    match values.as_slice() {
        &[value] => Ok(vec![value; channels]),
        list if list.len() == channels => Ok(values),
        list => Err(Error::new(
            ErrorCode::InputShape,
            format!("a scale, zero point or bias has {} values, must have 1 or {channels}", list.len()),
        )),
    }
}

/// The tensor's numbers less their zero point; `group` of them share one.
fn shifted(tensor: &Tensor, zeros: &[i64], group: usize) -> Vec<i64> {
    let mut values = vec![0i64; tensor.len()];
    i64::widen(tensor.data(), 0, &mut values);
    for (at, value) in values.iter_mut().enumerate() {
        *value -= zeros.get(at / group.max(1)).or(zeros.first()).copied().unwrap_or(0);
    }
    values
}

/// How many weights one output channel has.
fn weights_each(w: &Tensor) -> usize {
    w.shape().sizes().get(1..).unwrap_or(&[]).iter().product()
}

/// ConvInteger: exact sums, cut to 32 bits.
struct Integers(Filter);

pub(super) fn build_integers(spec: &mut NodeSpec<'_>) -> Result<Built> {
    small(spec, 0)?;
    small(spec, 1)?;
    for at in [0, 1] {
        if spec.inputs.get(at + 2).is_some_and(Option::is_some) && spec.dtype(at + 2)? != spec.dtype(at)? {
            return Err(spec.wrong_type(at + 2, &format!("the type of input {at}")));
        }
    }
    let rank = spec.input(0)?.rank();
    Built::one(Integers(Filter::read(spec)?), Fact::shaped(DType::I32, rank.map(unknown)))
}

impl Kernel for Integers {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (x, w) = (io.tensor(0)?, io.tensor(1)?);
        let x_zero = per_channel(io.try_tensor(2), 1, 0i64)?;
        let makes = w.shape().sizes().first().copied().unwrap_or(0);
        let w_zero = per_channel(io.try_tensor(3), makes, 0i64)?;
        let (xs, ws) = (shifted(x, &x_zero, x.len()), shifted(w, &w_zero, weights_each(w)));
        let (shape, sums) = self.0.apply((&xs, x.shape()), (&ws, w.shape()), |shape| io.check(shape))?;
        i64::narrow(&sums, io.output_tensor(0)?.reset_as(DType::I32, shape), 0);
        Ok(())
    }
}

/// QLinearConv: exact sums, scaled and rounded once.
struct Quantised(Filter);

pub(super) fn build_quantised(spec: &mut NodeSpec<'_>) -> Result<Built> {
    for (at, like) in [(0, 2), (3, 5), (7, 7)] {
        small(spec, at)?;
        if spec.dtype(like)? != spec.dtype(at)? {
            return Err(spec.wrong_type(like, &format!("the type of input {at}")));
        }
    }
    for at in [1, 4, 6] {
        if spec.dtype(at)? != DType::F32 {
            return Err(spec.wrong_type(at, "tensor(float)"));
        }
    }
    if spec.inputs.get(8).is_some_and(Option::is_some) && spec.dtype(8)? != DType::I32 {
        return Err(spec.wrong_type(8, "tensor(int32)"));
    }
    let rank = spec.input(0)?.rank();
    let fact = Fact::shaped(spec.dtype(7)?, rank.map(unknown));
    Built::one(Quantised(Filter::read(spec)?), fact)
}

impl Kernel for Quantised {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (x, w) = (io.tensor(0)?, io.tensor(3)?);
        let makes = w.shape().sizes().first().copied().unwrap_or(0);
        let one = |at: usize| Ok::<f32, Error>(per_channel(io.try_tensor(at), 1, 1f32)?[0]);
        let (x_scale, y_scale) = (one(1)?, one(6)?);
        let w_scale = per_channel(io.try_tensor(4), makes, 1f32)?;
        let x_zero = per_channel(io.try_tensor(2), 1, 0i64)?;
        let w_zero = per_channel(io.try_tensor(5), makes, 0i64)?;
        let y_zero = per_channel(io.try_tensor(7), 1, 0i64)?[0];
        let bias = per_channel(io.try_tensor(8), makes, 0i64)?;
        let (xs, ws) = (shifted(x, &x_zero, x.len()), shifted(w, &w_zero, weights_each(w)));
        let (shape, sums) = self.0.apply((&xs, x.shape()), (&ws, w.shape()), |shape| io.check(shape))?;
        let windows = shape.sizes()[2..].iter().product::<usize>().max(1);
        let dtype = io.tensor(7)?.dtype();
        let range = range(dtype).unwrap_or((0.0, 0.0));
        let target = io.output_tensor(0)?.reset_as(dtype, shape);
        for (at, &sum) in sums.iter().enumerate() {
            let make = at / windows % makes;
            let scale = x_scale * w_scale[make] / y_scale;
            let sum = sum.wrapping_add(bias[make]) as i32;
            f32::narrow(&[quantized(sum as f32 * scale, 1.0, y_zero, range)], target, at);
        }
        Ok(())
    }
}

/// CausalConvWithState: each channel convolved with what came before it, and what the next call needs.
struct Causal {
    gated: bool,
}

pub(super) fn build_causal(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if !dtype.is_float() {
        return Err(spec.wrong_type(0, "a tensor of floats"));
    }
    for at in 1..4 {
        if spec.inputs.get(at).is_some_and(Option::is_some) && spec.dtype(at)? != dtype {
            return Err(spec.wrong_type(at, &format!("tensor({}) like input 0", dtype.name())));
        }
    }
    let gated = match spec.attributes.text("activation")?.unwrap_or("none") {
        "none" => false,
        "silu" | "swish" => true,
        other => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"activation\" is \"{other}\", must be none, silu or swish"),
            ));
        }
    };
    let outputs = vec![Fact::shaped(dtype, Some(unknown(3))); 2];
    Ok(Built { kernel: Box::new(Causal { gated }), outputs })
}

impl Causal {
    fn run_in<C: Real>(&self, io: &mut Io<'_>, exp: fn(C) -> C) -> Result<()> {
        let (x, w) = (io.tensor(0)?, io.tensor(1)?);
        let unfit = |what: &str| Error::new(ErrorCode::InputShape, format!("{what} does not fit the input"));
        let &[batch, channels, length] = x.shape().sizes() else { return Err(unfit("the number of axes")) };
        let size = match *w.shape().sizes() {
            [own, 1, size] if own == channels && size > 0 => size,
            _ => return Err(unfit("the weights' shape")),
        };
        let before = size - 1;
        let state = Shape::new(&[batch, channels, before]).ok_or_else(|| unfit("the state"))?;
        let past = io.try_tensor(3);
        if past.is_some_and(|past| *past.shape() != state) {
            return Err(unfit("the state's shape"));
        }
        let bias = io.try_tensor(2);
        if bias.is_some_and(|bias| bias.len() != channels) {
            return Err(unfit("the number of biases"));
        }
        io.check(x.shape())?;
        io.check(&state)?;
        let mut spaces = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (xs, ws) = (whole::<C>(x.data(), &mut spaces.0), whole::<C>(w.data(), &mut spaces.1));
        let bias = bias.map(|bias| whole::<C>(bias.data(), &mut spaces.2));
        let past = past.map(|past| whole::<C>(past.data(), &mut spaces.3));
        let (mut out, mut next) =
            (Vec::with_capacity(x.len()), Vec::with_capacity(batch * channels * before));
        let mut line = Vec::with_capacity(before + length);
        for at in 0..batch * channels {
            let channel = at % channels;
            line.clear();
            match past {
                Some(past) => line.extend_from_slice(&past[at * before..][..before]),
                None => line.resize(before, C::default()),
            }
            line.extend_from_slice(&xs[at * length..][..length]);
            for window in line.windows(size) {
                let products = window.iter().zip(&ws[channel * size..][..size]);
                let sum = products.fold(C::default(), |sum, (&x, &w)| sum.plus(x.times(w)));
                let sum = bias.map_or(sum, |bias| sum.plus(bias[channel]));
                out.push(sum);
            }
            next.extend_from_slice(&line[line.len() - before..]);
        }
        let (dtype, shape) = (x.dtype(), *x.shape());
        let target = io.output_tensor(0)?.reset_as(dtype, shape);
        C::narrow(&out, target, 0);
        if self.gated {
            // The gate sees the sums as they are stored.
            let one = C::from_f64(1.0);
            C::widen(target, 0, &mut out);
            for value in &mut out {
                *value = value.times(one.over(one.plus(exp(C::default().minus(*value)))));
            }
            C::narrow(&out, target, 0);
        }
        if io.wants(1) {
            C::narrow(&next, io.output_tensor(1)?.reset_as(dtype, state), 0);
        }
        Ok(())
    }
}

impl Kernel for Causal {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        match class(io.tensor(0)?.dtype()) {
            Class::F64 => self.run_in::<f64>(io, libm::exp),
            _ => self.run_in::<f32>(io, libm::expf),
        }
    }
}
