//! Det: determinants of square matrices.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, Operator};

use super::axes::shape_of;
use super::compute::{Class, Real, class, fill, whole};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] =
    &[plain("Det", &[11, 22], (1, 1), "float, double, float16", |spec| {
        let dims = spec
            .input(0)?
            .dims
            .as_ref()
            .and_then(|dims| Some(dims.get(..dims.len().checked_sub(2)?)?.to_vec()));
        let dtype = spec.dtype(0)?;
        let fact = Fact::shaped(dtype, dims);
        match class(dtype) {
            Class::F32 => Built::one(Det { determinant: determinant::<f32> }, fact),
            Class::F64 => Built::one(Det { determinant: determinant::<f64> }, fact),
            _ => Err(spec.wrong_type(0, "a tensor of floats")),
        }
    })];

struct Det<C> {
    determinant: fn(&mut [C], usize) -> C,
}

impl<C: Real> Kernel for Det<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let shape = *input.shape();
        let (batch, size) = match shape.sizes() {
            [batch @ .., rows, columns] if rows == columns => (shape_of(batch)?, *rows),
            _ => {
                return Err(Error::new(
                    ErrorCode::InputShape,
                    format!("shape {shape} is not that of square matrices"),
                ));
            }
        };
        io.check(&batch)?;
        let target = io.output_tensor(0)?.reset_as(input.dtype(), batch);
        let (mut space, mut results) = (Vec::new(), Vec::new());
        let mut values = whole::<C>(input.data(), &mut space).to_vec();
        fill(target, &mut results, |out| {
            // The determinant of a matrix without elements is 1.
            out.fill(C::from_f64(1.0));
            for (slot, matrix) in out.iter_mut().zip(values.chunks_exact_mut((size * size).max(1))) {
                *slot = (self.determinant)(matrix, size);
            }
        });
        Ok(())
    }
}

/// By elimination with the largest pivot of each column.
fn determinant<C: Real>(matrix: &mut [C], size: usize) -> C {
    let magnitude = |x: C| if x < C::default() { C::default().minus(x) } else { x };
    let mut product = C::from_f64(1.0);
    for step in 0..size {
        let mut pivot = step;
        for row in step + 1..size {
            if magnitude(matrix[row * size + step]) > magnitude(matrix[pivot * size + step]) {
                pivot = row;
            }
        }
        let value = matrix[pivot * size + step];
        if value == C::default() {
            return value;
        }
        if pivot != step {
            for column in 0..size {
                matrix.swap(pivot * size + column, step * size + column);
            }
            product = C::default().minus(product);
        }
        product = product.times(value);
        for row in step + 1..size {
            let factor = matrix[row * size + step].over(value);
            for column in step..size {
                let change = factor.times(matrix[step * size + column]);
                matrix[row * size + column] = matrix[row * size + column].minus(change);
            }
        }
    }
    product
}
