//! Matrix products of small integers: MatMulInteger and QLinearMatMul.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::tensor::{DType, Tensor};

use super::compute::{Compute, Store};
use super::matrix::multiply;
use super::plain;
use super::product::{Sizes, product_dims};
use super::quantization::{quantized, range};

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("MatMulInteger", &[10], (2, 4), "int8, uint8", |spec| {
        for at in [0, 1] {
            small(spec, at)?;
            if spec.inputs.get(at + 2).is_some_and(Option::is_some) {
                same_type(spec, at + 2, at)?;
            }
        }
        let dims = product_dims(&spec.input(0)?.dims, &spec.input(1)?.dims)?;
        Built::one(MatMulInteger, Fact::shaped(DType::I32, dims))
    }),
    plain("QLinearMatMul", &[10, 21], (8, 8), "int8, uint8", |spec| {
        for at in [0, 3] {
            small(spec, at)?;
            same_type(spec, at + 2, at)?;
        }
        for at in [1, 4, 6] {
            if !matches!(spec.dtype(at)?, DType::F32 | DType::F16) {
                return Err(spec.wrong_type(at, "a tensor of float or float16"));
            }
        }
        small(spec, 7)?;
        let dims = product_dims(&spec.input(0)?.dims, &spec.input(3)?.dims)?;
        let output = spec.dtype(7)?;
        Built::one(QLinearMatMul, Fact::shaped(output, dims))
    }),
];

fn small(spec: &NodeSpec<'_>, at: usize) -> Result<()> {
    match spec.dtype(at)? {
        DType::U8 | DType::I8 => Ok(()),
        _ => Err(spec.wrong_type(at, "a tensor of int8 or uint8")),
    }
}

fn same_type(spec: &NodeSpec<'_>, at: usize, like: usize) -> Result<()> {
    let wanted = spec.dtype(like)?;
    if spec.dtype(at)? == wanted {
        return Ok(());
    }
    Err(spec.wrong_type(at, &format!("tensor({}) like input {like}", wanted.name())))
}

/// The number that belongs to row `row` or column `column` of a matrix: one for all, or one each.
fn own<C: Copy>(values: &[C], at: usize) -> C {
    if values.len() == 1 { values[0] } else { values[at] }
}

/// Zero points or scales for the rows of the left factor (`per_row`) or the columns of the right one.
fn per_line<C: Compute>(tensor: Option<&Tensor>, lines: usize, absent: C) -> Result<Vec<C>> {
    let Some(tensor) = tensor else { return Ok(vec![absent]) };
    if tensor.len() != 1 && tensor.len() != lines {
        return Err(Error::new(
            ErrorCode::InputShape,
            format!("scales and zero points must be one number or {lines}, found shape {}", tensor.shape()),
        ));
    }
    let mut values = vec![C::default(); tensor.len()];
    C::widen(tensor.data(), 0, &mut values);
    Ok(values)
}

/// Sums of products of (a - a_zero) and (b - b_zero), exact and cut to 32 bits.
fn integer_product(sizes: &Sizes, a: &Tensor, b: &Tensor, a_zero: &[i64], b_zero: &[i64]) -> Vec<i32> {
    // Differences fit in 9 bits and their products in 18, so wrapping int64 sums cut to 32 bits are what
    // int32 sums would be.
    let mut left = vec![0i64; a.len()];
    i64::widen(a.data(), 0, &mut left);
    for (at, value) in left.iter_mut().enumerate() {
        *value -= own(a_zero, at / sizes.common.max(1) % sizes.rows.max(1));
    }
    let mut right = vec![0i64; b.len()];
    i64::widen(b.data(), 0, &mut right);
    for (at, value) in right.iter_mut().enumerate() {
        *value -= own(b_zero, at % sizes.columns.max(1));
    }
    let mut out = vec![0i64; sizes.shape.elements().unwrap_or(0)];
    let mut parts = out.chunks_exact_mut((sizes.rows * sizes.columns).max(1));
    let (a_len, b_len) = (sizes.rows * sizes.common, sizes.common * sizes.columns);
    sizes.products(|from_a, from_b| {
        if let Some(part) = parts.next() {
            let (left, right) = (&left[from_a * a_len..][..a_len], &right[from_b * b_len..][..b_len]);
            multiply(left, right, part, sizes.common, sizes.columns);
        }
    });
    out.into_iter().map(|value| value as i32).collect()
}

struct MatMulInteger;

impl Kernel for MatMulInteger {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (a, b) = (io.tensor(0)?, io.tensor(1)?);
        let sizes = Sizes::new(a.shape(), b.shape())?;
        let a_zero = per_line(io.try_tensor(2), sizes.rows, 0)?;
        let b_zero = per_line(io.try_tensor(3), sizes.columns, 0)?;
        io.check(&sizes.shape)?;
        let product = integer_product(&sizes, a, b, &a_zero, &b_zero);
        io.output::<i32>(0, sizes.shape)?.copy_from_slice(&product);
        Ok(())
    }
}

struct QLinearMatMul;

impl Kernel for QLinearMatMul {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (a, b) = (io.tensor(0)?, io.tensor(3)?);
        let sizes = Sizes::new(a.shape(), b.shape())?;
        let a_zero = per_line(io.try_tensor(2), sizes.rows, 0)?;
        let b_zero = per_line(io.try_tensor(5), sizes.columns, 0)?;
        let a_scale = per_line(io.try_tensor(1), sizes.rows, 1f32)?;
        let b_scale = per_line(io.try_tensor(4), sizes.columns, 1f32)?;
        let y_scale = per_line(io.try_tensor(6), 1, 1f32)?;
        let y_zero = per_line(io.try_tensor(7), 1, 0i64)?;
        io.check(&sizes.shape)?;
        let product = integer_product(&sizes, a, b, &a_zero, &b_zero);
        let output = io.tensor(7)?.dtype();
        let range = range(output).unwrap_or((0.0, 0.0));
        let target = io.output_tensor(0)?.reset_as(output, sizes.shape);
        for (at, &sum) in product.iter().enumerate() {
            let (row, column) = (at / sizes.columns % sizes.rows, at % sizes.columns);
            let scale = own(&a_scale, row) * own(&b_scale, column) / y_scale[0];
            let value = quantized(sum as f32 * scale, 1.0, y_zero[0], range);
            f32::narrow(&[value], target, at);
        }
        Ok(())
    }
}
