//! LinearAttention: a state per head that forgets, is corrected, is written and is read at each place.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::{DType, Tensor};

use super::super::axes::unknown;
use super::super::compute::{fill, whole};
use super::heads::Heads;

struct Linear {
    /// Heads of queries, and of keys and values.
    heads: (usize, usize),
    scale: Option<f32>,
    /// Whether the state is forgotten by input 4, and corrected by input 5.
    rules: (bool, bool),
}

pub(super) fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if !matches!(dtype, DType::F32 | DType::F16) {
        return Err(spec.wrong_type(0, "tensor(float) or tensor(float16)"));
    }
    for at in 1..spec.inputs.len() {
        if spec.inputs[at].is_some() && spec.dtype(at)? != dtype {
            return Err(spec.wrong_type(at, &format!("tensor({}) like input 0", dtype.name())));
        }
    }
    let wrong = |name: &str, wanted: &str| {
        Error::new(ErrorCode::ModelAttribute, format!("attribute \"{name}\" must be {wanted}"))
    };
    let heads = |name| {
        let heads = spec.attributes.int(name)?.and_then(|heads| usize::try_from(heads).ok());
        heads.filter(|&heads| heads > 0).ok_or_else(|| wrong(name, "given and above zero"))
    };
    let heads = (heads("q_num_heads")?, heads("kv_num_heads")?);
    if heads.0 % heads.1 != 0 {
        return Err(wrong("q_num_heads", "a multiple of \"kv_num_heads\""));
    }
    let rules = match spec.attributes.text("update_rule")?.unwrap_or("gated_delta") {
        "linear" => (false, false),
        "gated" => (true, false),
        "delta" => (false, true),
        "gated_delta" => (true, true),
        _ => return Err(wrong("update_rule", "linear, gated, delta or gated_delta")),
    };
    let given = |at: usize| spec.inputs.get(at).is_some_and(Option::is_some);
    if (given(4), given(5)) != rules {
        return Err(Error::new(
            ErrorCode::ModelInvalid,
            "decay and beta must be given where attribute \"update_rule\" needs them, and only there",
        ));
    }
    let scale = spec.attributes.float("scale")?.filter(|&scale| scale != 0.0);
    // How many places are worked on at a time changes nothing.
    spec.attributes.int("chunk_size")?;
    let kernel = Linear { heads, scale, rules };
    let outputs = vec![Fact::shaped(dtype, Some(unknown(3))), Fact::shaped(dtype, Some(unknown(4)))];
    Ok(Built { kernel: Box::new(kernel), outputs })
}

/// Numbers per place and head: one for all, one per head, or one per element of a key.
fn per_place(tensor: Option<&Tensor>, at: usize, keys: &Heads, widths: &[usize]) -> Result<usize> {
    match tensor.map(|tensor| tensor.shape().sizes()) {
        None => Ok(0),
        Some(&[batch, length, width])
            if (batch, length) == (keys.batch, keys.length) && widths.contains(&width) =>
        {
            Ok(width)
        }
        Some(_) => Err(Error::new(
            ErrorCode::InputShape,
            format!("input {at} does not have the batch, places and heads of the keys"),
        )),
    }
}

impl Kernel for Linear {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let queries = Heads::new(0, io.tensor(0)?, Some(self.heads.0))?;
        let keys = Heads::new(1, io.tensor(1)?, Some(self.heads.1))?;
        let values = Heads::new(2, io.tensor(2)?, Some(self.heads.1))?;
        let unfit = |message: &str| Err(Error::new(ErrorCode::InputShape, message));
        if ![&queries, &keys, &values].iter().all(|input| input.is_flat()) {
            return unfit("queries, keys and values must have three axes");
        }
        if (keys.batch, keys.length, keys.width) != (queries.batch, queries.length, queries.width)
            || (keys.batch, keys.length) != (values.batch, values.length)
        {
            return unfit("queries, keys and values do not fit each other");
        }
        let (width, wide) = (keys.width, values.width);
        let state_shape = Shape::new(&[keys.batch, keys.heads, width, wide]).unwrap_or_default();
        let result_shape = Shape::new(&[queries.batch, queries.length, queries.heads.saturating_mul(wide)]);
        let result_shape = result_shape.unwrap_or_default();
        io.check(&state_shape)?;
        io.check(&result_shape)?;
        let decays = per_place(io.try_tensor(4), 4, &keys, &[keys.heads, keys.heads * width])?;
        let betas = per_place(io.try_tensor(5), 5, &keys, &[keys.heads, 1])?;
        let mut spaces: [Vec<f32>; 6] = Default::default();
        let mut inputs: [&[f32]; 6] = [&[]; 6];
        for (at, (input, space)) in inputs.iter_mut().zip(&mut spaces).enumerate() {
            if let Some(tensor) = io.try_tensor(at) {
                *input = whole(tensor.data(), space);
            }
        }
        let [query, key, value, past, decay, beta] = inputs;
        let mut states = vec![0f32; state_shape.elements().unwrap_or(0)];
        if let Some(tensor) = io.try_tensor(3) {
            if *tensor.shape() != state_shape {
                return unfit("the past state does not fit keys and values");
            }
            states.copy_from_slice(past);
        }
        let scale = self.scale.unwrap_or_else(|| (1.0 / (width as f64).sqrt()) as f32);
        let group = queries.heads / keys.heads;
        let mut results = vec![0f32; result_shape.elements().unwrap_or(0)];
        let mut change = vec![0f32; wide];
        for at in 0..keys.batch * keys.heads * keys.length {
            let (place, head) = (at % keys.length, at / keys.length % keys.heads);
            let batch = at / keys.length / keys.heads;
            let state = &mut states[(batch * keys.heads + head) * width * wide..][..width * wide];
            let row = batch * keys.length + place;
            let own = &key[keys.line(batch, head, place)..][..width];
            change.copy_from_slice(&value[values.line(batch, head, place)..][..wide]);
            if self.rules.0 {
                for at in 0..width {
                    let number = if decays == keys.heads { head } else { head * width + at };
                    let factor = libm::expf(decay[row * decays + number]);
                    state[at * wide..][..wide].iter_mut().for_each(|x| *x *= factor);
                }
            }
            if self.rules.1 {
                let factor = beta[row * betas + if betas == 1 { 0 } else { head }];
                for (to, slot) in change.iter_mut().enumerate() {
                    let known: f32 = own.iter().enumerate().map(|(at, k)| state[at * wide + to] * k).sum();
                    *slot = factor * (*slot - known);
                }
            }
            for (at, slot) in state.iter_mut().enumerate() {
                *slot += own[at / wide] * change[at % wide];
            }
            for head in head * group..(head + 1) * group {
                let line = &query[queries.line(batch, head, place)..][..width];
                let result = &mut results[(row * queries.heads + head) * wide..][..wide];
                for (to, slot) in result.iter_mut().enumerate() {
                    let sum: f32 = line.iter().enumerate().map(|(at, q)| q * state[at * wide + to]).sum();
                    *slot = scale * sum;
                }
            }
        }
        let dtype = io.tensor(0)?.dtype();
        for (at, shape, made) in [(0, result_shape, &results), (1, state_shape, &states)] {
            if io.wants(at) {
                let target = io.output_tensor(at)?.reset_as(dtype, shape);
                fill(target, &mut Vec::new(), |out| out.copy_from_slice(made));
            }
        }
        Ok(())
    }
}
