//! Attention: softmax(Q Kᵀ · scale + bias) V per head, as the standard's function body has it.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::{DType, Tensor};

use super::super::axes::{integers, unknown};
use super::super::compute::{Class, Real, class, fill, is_nan, whole};
use super::heads::Heads;

/// What attribute `qk_matmul_output_mode` asks the last output to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Product,
    Capped,
    Biased,
    Softmax,
}

struct Attention<C> {
    /// Heads of queries, and of keys and values, for inputs of three axes.
    heads: (Option<usize>, Option<usize>),
    scale: Option<f64>,
    softcap: C,
    causal: bool,
    /// How far a query sees to the left and to the right.
    window: (Option<usize>, Option<usize>),
    shown: Shown,
    /// Whether a mask that is too short stands for one filled up with minus infinity.
    fills_mask: bool,
    softmax: fn(&mut [C]),
    tanh: fn(C) -> C,
}

pub(super) fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    for at in [1, 2, 4, 5] {
        if spec.inputs.get(at).is_some_and(Option::is_some) && spec.dtype(at)? != dtype {
            return Err(spec.wrong_type(at, &format!("tensor({}) like input 0", dtype.name())));
        }
    }
    let given = |at: usize| spec.inputs.get(at).is_some_and(Option::is_some);
    if given(3) && spec.dtype(3)? != dtype && spec.dtype(3)? != DType::Bool {
        return Err(spec.wrong_type(3, &format!("tensor({}) like input 0, or tensor(bool)", dtype.name())));
    }
    let invalid = |message: &str| Err(Error::new(ErrorCode::ModelInvalid, message));
    if given(4) != given(5) {
        return invalid("past keys and past values must be given together");
    }
    if given(6) {
        if spec.opset < 24 {
            return invalid("input 6 exists from operator set 24 on");
        }
        if given(4) {
            return invalid("input 6 (nonpad_kv_seqlen) cannot be given together with a past");
        }
        if spec.dtype(6)? != DType::I64 {
            return Err(spec.wrong_type(6, "tensor(int64)"));
        }
    }
    let softmax_type = spec.attributes.int("softmax_precision")?;
    let double = softmax_type == Some(DType::F64 as i64);
    let precise = match dtype {
        DType::F16 => matches!(softmax_type, None | Some(1 | 10 | 11)),
        DType::F32 => matches!(softmax_type, None | Some(1 | 11)),
        _ => matches!(softmax_type, None | Some(11)),
    };
    if !precise {
        return Err(Error::new(
            ErrorCode::ModelUnsupported,
            "attribute \"softmax_precision\" must be at least as precise as the inputs",
        ));
    }
    let rank = spec.input(0)?.rank();
    let mut facts = vec![Fact::shaped(dtype, rank.map(unknown))];
    facts.extend((1..4).map(|_| Fact::shaped(dtype, Some(unknown(4)))));
    let kernel: Box<dyn Kernel> = match class(dtype) {
        Class::F32 => {
            let softmax = if double { softmax_in_double } else { |row: &mut [f32]| softmax(row, libm::expf) };
            Box::new(kernel(spec, softmax, libm::tanhf)?)
        }
        Class::F64 => Box::new(kernel(spec, |row: &mut [f64]| softmax(row, libm::exp), libm::tanh)?),
        _ => return Err(spec.wrong_type(0, "a tensor of floats")),
    };
    Ok(Built { kernel, outputs: facts })
}

fn kernel<C: Real>(spec: &NodeSpec<'_>, softmax: fn(&mut [C]), tanh: fn(C) -> C) -> Result<Attention<C>> {
    let wrong = |name: &str, wanted: &str| {
        Error::new(ErrorCode::ModelAttribute, format!("attribute \"{name}\" must be {wanted}"))
    };
    let heads = |name| match spec.attributes.int(name)? {
        None => Ok(None),
        Some(heads) => usize::try_from(heads)
            .ok()
            .filter(|&heads| heads > 0)
            .map(Some)
            .ok_or_else(|| wrong(name, "above zero")),
    };
    let heads = (heads("q_num_heads")?, heads("kv_num_heads")?);
    let scale = spec.attributes.float("scale")?.map(f64::from);
    // Both factors are scaled by its root.
    if scale.is_some_and(|scale| !(scale >= 0.0 && scale.is_finite())) {
        return Err(wrong("scale", "finite and not negative"));
    }
    let softcap = spec.attributes.float("softcap")?.unwrap_or(0.0);
    if !(softcap >= 0.0 && softcap.is_finite()) {
        return Err(wrong("softcap", "finite and not negative"));
    }
    let side = |name| match spec.attributes.int(name)? {
        None | Some(-1) => Ok(None),
        Some(size) => usize::try_from(size).map(Some).map_err(|_| wrong(name, "-1 or more")),
    };
    let window =
        if spec.opset >= 25 { (side("left_window_size")?, side("right_window_size")?) } else { (None, None) };
    let shown = match spec.attributes.int("qk_matmul_output_mode")?.unwrap_or(0) {
        0 => Shown::Product,
        1 => Shown::Capped,
        2 => Shown::Biased,
        3 => Shown::Softmax,
        _ => return Err(wrong("qk_matmul_output_mode", "0 to 3")),
    };
    Ok(Attention {
        heads,
        scale,
        softcap: C::from_f64(f64::from(softcap)),
        causal: spec.attributes.flag("is_causal", false)?,
        window,
        shown,
        fills_mask: spec.opset >= 24,
        softmax,
        tanh,
    })
}

/// e^x over the sum of all e^x. A row that is minus infinity throughout becomes zero.
fn softmax<C: Real>(row: &mut [C], exp: fn(C) -> C) {
    let lowest = C::from_f64(f64::NEG_INFINITY);
    let mut most = lowest;
    for &x in &*row {
        if x > most || is_nan(x) {
            most = x;
        }
    }
    if most == lowest {
        row.fill(C::default());
        return;
    }
    let mut sum = C::default();
    for x in &mut *row {
        *x = exp(x.minus(most));
        sum = sum.plus(*x);
    }
    for x in row {
        *x = x.over(sum);
    }
}

fn softmax_in_double(row: &mut [f32]) {
    let mut wide: Vec<f64> = row.iter().map(|&x| f64::from(x)).collect();
    softmax(&mut wide, libm::exp);
    for (x, wide) in row.iter_mut().zip(wide) {
        *x = wide as f32;
    }
}

/// A mask, and how far apart its elements are along batch, heads and queries; zero where it repeats.
struct Mask<'a, C> {
    values: &'a [C],
    steps: [usize; 3],
    /// Elements per query, no more than there are keys.
    width: usize,
    /// Whether its one element per query stands for all keys.
    repeats: bool,
    /// Whether it says which keys are seen (not zero) rather than what is added.
    selects: bool,
}

impl<'a, C: Real> Mask<'a, C> {
    fn new(tensor: &'a Tensor, values: &'a [C], sizes: [usize; 4], fills: bool) -> Result<Self> {
        let own = tensor.shape().sizes();
        let wrong = || {
            Error::new(
                ErrorCode::InputShape,
                format!(
                    "the mask has shape {}, which does not stretch to {}",
                    tensor.shape(),
                    Shape::new(&sizes).unwrap_or_default()
                ),
            )
        };
        if own.is_empty() || own.len() > 4 {
            return Err(wrong());
        }
        let mut padded = [1; 4];
        padded[4 - own.len()..].copy_from_slice(own);
        let width = padded[3];
        let repeats = !fills && width == 1;
        if width > sizes[3] && !repeats || width < sizes[3] && !fills && !repeats {
            return Err(wrong());
        }
        let (mut steps, mut step) = ([0; 3], width);
        for axis in (0..3).rev() {
            if padded[axis] == sizes[axis] {
                steps[axis] = step;
            } else if padded[axis] != 1 {
                return Err(wrong());
            }
            step *= padded[axis];
        }
        Ok(Self { values, steps, width, repeats, selects: tensor.dtype() == DType::Bool })
    }

    /// Sets the bias of every key for one query.
    fn add_to(&self, bias: &mut [C], at: [usize; 3]) {
        let start: usize = at.iter().zip(self.steps).map(|(at, step)| at * step).sum();
        let masked = C::from_f64(f64::NEG_INFINITY);
        for (key, slot) in bias.iter_mut().enumerate() {
            let key = if self.repeats { 0 } else { key };
            *slot = match self.values.get(start + key).filter(|_| key < self.width) {
                None => masked,
                Some(&x) if !self.selects => x,
                Some(&x) if x == C::default() => masked,
                Some(_) => C::default(),
            };
        }
    }
}

/// The mask's elements in the type that is computed in: truth as 1 and 0.
fn mask_values<'a, C: Real>(tensor: &'a Tensor, space: &'a mut Vec<C>) -> &'a [C] {
    match tensor.elements::<bool>() {
        None => whole(tensor.data(), space),
        Some(flags) => {
            space.extend(flags.iter().map(|&flag| C::from_f64(f64::from(u8::from(flag)))));
            space
        }
    }
}

impl<C: Real> Kernel for Attention<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let queries = Heads::new(0, io.tensor(0)?, self.heads.0)?;
        let keys = Heads::new(1, io.tensor(1)?, self.heads.1)?;
        let values = Heads::new(2, io.tensor(2)?, self.heads.1)?;
        let unfit = |message: &str| Err(Error::new(ErrorCode::InputShape, message));
        if (keys.batch, keys.width) != (queries.batch, queries.width)
            || (keys.batch, keys.heads, keys.length) != (values.batch, values.heads, values.length)
            || queries.is_flat() != keys.is_flat()
            || keys.is_flat() != values.is_flat()
        {
            return unfit("queries, keys and values do not fit each other");
        }
        if keys.heads == 0 || queries.heads % keys.heads != 0 {
            return unfit("the heads of queries must be a multiple of those of keys and values");
        }
        let dtype = io.tensor(0)?.dtype();
        let (past, (key_shape, all_keys)) =
            (io.try_tensor(4), keys.append::<C>(1, io.try_tensor(4), io.tensor(1)?)?);
        let (value_shape, all_values) = values.append::<C>(2, io.try_tensor(5), io.tensor(2)?)?;
        let before = past.map_or(0, |past| past.shape().sizes()[2]);
        let total = before + keys.length;
        if value_shape.sizes()[2] != total {
            return unfit("past keys and past values are not equally long");
        }
        let sizes = [queries.batch, queries.heads, queries.length, total];
        let (mut query_space, mut mask_space) = (Vec::new(), Vec::new());
        let mask = match io.try_tensor(3) {
            None => None,
            Some(tensor) => {
                Some(Mask::new(tensor, mask_values(tensor, &mut mask_space), sizes, self.fills_mask)?)
            }
        };
        let filled = io.try_tensor(6).map(integers);
        if filled.as_ref().is_some_and(|filled| filled.len() != queries.batch) {
            return unfit("input 6 must have one number per item of the batch");
        }
        let scale = self.scale.unwrap_or_else(|| 1.0 / (queries.width as f64).sqrt()).sqrt();
        let root = C::from_f64(scale);
        let scaled = |x: &C| x.times(root);
        let lines: Vec<C> = whole::<C>(io.tensor(0)?.data(), &mut query_space).iter().map(scaled).collect();
        let scaled_keys: Vec<C> = all_keys.iter().map(scaled).collect();

        let shown_shape = Shape::new(&sizes).unwrap_or_default();
        let wants_shown = io.wants(3);
        if wants_shown {
            io.check(&shown_shape)?;
        }
        let width = values.width;
        let result_shape = if queries.is_flat() {
            Shape::new(&[queries.batch, queries.length, queries.heads.saturating_mul(width)])
        } else {
            Shape::new(&[queries.batch, queries.heads, queries.length, width])
        };
        let result_shape = result_shape.unwrap_or_default();
        io.check(&result_shape)?;
        io.check(&Shape::vector(total))?;
        let mut shown = Vec::new();
        let mut results = vec![C::default(); result_shape.elements().unwrap_or(0)];
        let (mut bias, mut row) = (vec![C::default(); total], vec![C::default(); total]);
        let group = queries.heads / keys.heads;
        for at in 0..queries.batch * queries.heads * queries.length {
            let (query, head) = (at % queries.length, at / queries.length % queries.heads);
            let batch = at / queries.length / queries.heads;
            let filled = filled.as_ref().map(|filled| filled[batch]);
            bias.fill(C::default());
            if let Some(mask) = &mask {
                mask.add_to(&mut bias, [batch, head, query]);
            }
            self.hide(&mut bias, query, before, queries.length, filled);
            let line = &lines[queries.line(batch, head, query)..][..queries.width];
            let own = (batch * keys.heads + head / group) * total;
            for (key, slot) in row.iter_mut().enumerate() {
                let other = &scaled_keys[(own + key) * keys.width..][..keys.width];
                *slot = line.iter().zip(other).fold(C::default(), |sum, (&a, &b)| sum.plus(a.times(b)));
            }
            let mut show = |row: &[C], now: Shown| {
                if wants_shown && self.shown == now {
                    shown.extend_from_slice(row);
                }
            };
            show(&row, Shown::Product);
            if self.softcap > C::default() {
                for x in &mut row {
                    *x = (self.tanh)(x.over(self.softcap)).times(self.softcap);
                }
            }
            show(&row, Shown::Capped);
            for (x, &bias) in row.iter_mut().zip(&bias) {
                *x = x.plus(bias);
            }
            show(&row, Shown::Biased);
            if bias.iter().all(|&bias| bias == C::from_f64(f64::NEG_INFINITY)) {
                row.fill(C::default());
            } else {
                (self.softmax)(&mut row);
            }
            show(&row, Shown::Softmax);
            let place =
                if queries.is_flat() { (batch * queries.length + query) * queries.heads + head } else { at };
            let result = &mut results[place * width..][..width];
            for (key, &weight) in row.iter().enumerate() {
                let other = &all_values[(own + key) * width..][..width];
                for (slot, &x) in result.iter_mut().zip(other) {
                    *slot = slot.plus(weight.times(x));
                }
            }
        }
        put(io, 0, dtype, result_shape, &results)?;
        for (at, shape, values) in
            [(1, key_shape, &all_keys), (2, value_shape, &all_values), (3, shown_shape, &shown)]
        {
            if io.wants(at) {
                put(io, at, dtype, shape, values)?;
            }
        }
        Ok(())
    }
}

impl<C: Real> Attention<C> {
    /// Adds minus infinity to the keys that one query must not see: those after it, outside its window,
    /// and those that only fill up a cache of which `filled` keys are in use.
    fn hide(&self, bias: &mut [C], query: usize, before: usize, queries: usize, filled: Option<i64>) {
        let masked = C::from_f64(f64::NEG_INFINITY);
        let offset = filled.map_or(before as i64, |filled| filled.saturating_sub(queries as i64));
        let place = offset.saturating_add(query as i64);
        for (key, slot) in bias.iter_mut().enumerate() {
            let key = key as i64;
            let ahead = key.saturating_sub(place);
            let beyond = |side: Option<usize>, distance: i64| {
                side.is_some_and(|side| distance > i64::try_from(side).unwrap_or(i64::MAX))
            };
            if self.causal && ahead > 0
                || beyond(self.window.0, ahead.saturating_neg())
                || beyond(self.window.1, ahead)
                || filled.is_some_and(|filled| key >= filled)
            {
                *slot = slot.plus(masked);
            }
        }
    }
}

/// Writes an output.
fn put<C: Real>(io: &mut Io<'_>, at: usize, dtype: DType, shape: Shape, values: &[C]) -> Result<()> {
    io.check(&shape)?;
    let target = io.output_tensor(at)?.reset_as(dtype, shape);
    fill(target, &mut Vec::new(), |out| out.copy_from_slice(values));
    Ok(())
}
