//! MatMul and Gemm.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, DimList, Shape};
use crate::onnx::tensor::{DType, Tensor};

use super::broadcast::{Plan, join_dims};
use super::compute::{Class, Compute, class, fill, whole};
use super::matrix::{multiply, transpose};
use super::pairwise::same_type;
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("MatMul", &[1, 9, 13], (2, 2), "float, double, float16, int32, int64, uint32, uint64", |spec| {
        let dtype = same_type(spec)?;
        let fact = Fact::shaped(dtype, product_dims(&spec.input(0)?.dims, &spec.input(1)?.dims)?);
        match class(dtype) {
            Class::F32 => Built::one(MatMul { multiply: multiply::<f32> }, fact),
            Class::F64 => Built::one(MatMul { multiply: multiply::<f64> }, fact),
            Class::I64 | Class::U64 if dtype.width() >= 4 => {
                Built::one(MatMul { multiply: multiply::<i64> }, fact)
            }
            _ => Err(spec.wrong_type(0, "a tensor of floats or of integers of 32 or 64 bits")),
        }
    }),
    plain("Gemm", &[7, 9, 11, 13], (2, 3), "float, double, float16, int32, int64, uint32, uint64", |spec| {
        let dtype = same_type(spec)?;
        match class(dtype) {
            Class::F32 => gemm::<f32>(spec),
            Class::F64 => gemm::<f64>(spec),
            Class::I64 | Class::U64 if dtype.width() >= 4 => gemm::<i64>(spec),
            _ => Err(spec.wrong_type(0, "a tensor of floats or of integers of 32 or 64 bits")),
        }
    }),
];

/// The axes of a matrix product as far as they are known.
pub(super) fn product_dims(a: &DimList, b: &DimList) -> Result<DimList> {
    let (Some(a), Some(b)) = (a, b) else { return Ok(None) };
    let (a_batch, rows, k) = match a.as_slice() {
        [] => return Err(no_matrix()),
        [k] => (&[][..], None, k),
        [batch @ .., rows, k] => (batch, Some(rows), k),
    };
    let (b_batch, same_k, columns) = match b.as_slice() {
        [] => return Err(no_matrix()),
        [k] => (&[][..], k, None),
        [batch @ .., k, columns] => (batch, k, Some(columns)),
    };
    if let (Dim::Known(k), Dim::Known(other)) = (k, same_k)
        && k != other
    {
        return Err(Error::new(
            ErrorCode::ModelShape,
            format!("a matrix of {k} columns cannot be multiplied by one of {other} rows"),
        ));
    }
    let batch = join_dims([&Some(a_batch.to_vec()), &Some(b_batch.to_vec())])?;
    Ok(batch.map(|mut dims| {
        dims.extend(rows.into_iter().chain(columns).cloned());
        dims
    }))
}

fn no_matrix() -> Error {
    Error::new(ErrorCode::ModelShape, "a scalar cannot be multiplied as a matrix")
}

/// The sizes of a batch of matrix products.
pub(super) struct Sizes {
    /// Rows of each left matrix.
    pub(super) rows: usize,
    /// Columns of each left and rows of each right matrix.
    pub(super) common: usize,
    /// Columns of each right matrix.
    pub(super) columns: usize,
    batches: Plan<2>,
    /// The shape of the result.
    pub(super) shape: Shape,
}

impl Sizes {
    /// The sizes for two shapes: lists become a row and a column, which the result leaves out, and the
    /// axes before the last two are batches that stretch.
    pub(super) fn new(a: &Shape, b: &Shape) -> Result<Self> {
        let unfit = || {
            Error::new(ErrorCode::InputShape, format!("shapes {a} and {b} cannot be multiplied as matrices"))
        };
        let (a_batch, rows, common) = match a.sizes() {
            [] => return Err(unfit()),
            [k] => (&[][..], None, *k),
            [batch @ .., rows, k] => (batch, Some(*rows), *k),
        };
        let (b_batch, same, columns) = match b.sizes() {
            [] => return Err(unfit()),
            [k] => (&[][..], *k, None),
            [batch @ .., k, columns] => (batch, *k, Some(*columns)),
        };
        if common != same {
            return Err(unfit());
        }
        let shapes = (Shape::new(a_batch).unwrap_or_default(), Shape::new(b_batch).unwrap_or_default());
        let batches = Plan::new([&shapes.0, &shapes.1])?;
        let mut shape = batches.shape;
        for size in rows.into_iter().chain(columns) {
            if !shape.push(size) {
                return Err(unfit());
            }
        }
        Ok(Self { rows: rows.unwrap_or(1), common, columns: columns.unwrap_or(1), batches, shape })
    }

    /// Calls `each` with the numbers of the left and right matrix of each product, in order.
    pub(super) fn products(&self, mut each: impl FnMut(usize, usize)) {
        if self.shape.elements() == Some(0) {
            return;
        }
        let plan = &self.batches;
        plan.rows(&mut |[a, b]| {
            for at in 0..plan.inner() {
                each(a + at * plan.step(0), b + at * plan.step(1));
            }
        });
    }
}

type Multiply<C> = fn(&[C], &[C], &mut [C], usize, usize);

struct MatMul<C> {
    multiply: Multiply<C>,
}

impl<C: Compute> Kernel for MatMul<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (a, b) = (io.tensor(0)?, io.tensor(1)?);
        let sizes = Sizes::new(a.shape(), b.shape())?;
        io.check(&sizes.shape)?;
        let target = io.output_tensor(0)?.reset_as(a.dtype(), sizes.shape);
        let mut spaces = (Vec::new(), Vec::new(), Vec::new());
        let (a, b) = (whole::<C>(a.data(), &mut spaces.0), whole::<C>(b.data(), &mut spaces.1));
        let (left, right) = (sizes.rows * sizes.common, sizes.common * sizes.columns);
        fill(target, &mut spaces.2, |out| {
            let mut out = out.chunks_exact_mut((sizes.rows * sizes.columns).max(1));
            sizes.products(|from_a, from_b| {
                if let Some(out) = out.next() {
                    let (a, b) = (&a[from_a * left..][..left], &b[from_b * right..][..right]);
                    (self.multiply)(a, b, out, sizes.common, sizes.columns);
                }
            });
        });
        Ok(())
    }
}

/// alpha * A' * B' + beta * C, where ' is an optional transposition.
struct Gemm<C> {
    transposed: [bool; 2],
    alpha: C,
    beta: C,
    /// B, ready to be multiplied by, where it is a constant of the model.
    packed: Option<Vec<C>>,
}

fn gemm<C: Compute>(spec: &NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let factor = |name| {
        let value = f64::from(spec.attributes.float(name)?.unwrap_or(1.0));
        if dtype.is_float() || value == value.trunc() {
            return Ok(C::from_f64(value));
        }
        Err(Error::new(
            ErrorCode::ModelAttribute,
            format!("attribute \"{name}\" must be a whole number for integers"),
        ))
    };
    let (alpha, beta) = (factor("alpha")?, factor("beta")?);
    let transposed = [spec.attributes.flag("transA", false)?, spec.attributes.flag("transB", false)?];
    let mut factors = [spec.input(0)?.dims.clone(), spec.input(1)?.dims.clone()];
    for (dims, transposed) in factors.iter_mut().zip(transposed) {
        match dims {
            Some(dims) if dims.len() != 2 => {
                return Err(Error::new(ErrorCode::ModelShape, "inputs 0 and 1 must have two axes"));
            }
            Some(dims) if transposed => dims.reverse(),
            _ => {}
        }
    }
    let dims = product_dims(&factors[0], &factors[1])?.or(Some(vec![Dim::Unknown; 2]));
    if let Some(Some(addend)) = spec.inputs.get(2) {
        if addend.dtype() != Some(dtype) {
            return Err(spec.wrong_type(2, &format!("tensor({}) like input 0", dtype.name())));
        }
        join_dims([&dims, &addend.dims])?;
    }
    let packed = match spec.constant(1) {
        Some(tensor) if tensor.shape().rank() == 2 => Some(oriented(tensor, transposed[1], &mut Vec::new())),
        _ => None,
    };
    Built::one(Gemm { transposed, alpha, beta, packed }, Fact::shaped(dtype, dims))
}

/// The elements of a matrix, transposed if asked.
fn oriented<C: Compute>(tensor: &Tensor, transposed: bool, space: &mut Vec<C>) -> Vec<C> {
    let values = whole::<C>(tensor.data(), space);
    if !transposed {
        return values.to_vec();
    }
    let mut turned = Vec::with_capacity(values.len());
    transpose(values, tensor.shape().sizes()[1], &mut turned);
    turned
}

impl<C: Compute> Kernel for Gemm<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (a, b) = (io.tensor(0)?, io.tensor(1)?);
        let mut shapes = [*a.shape(), *b.shape()];
        for (shape, transposed) in shapes.iter_mut().zip(self.transposed) {
            if shape.rank() != 2 {
                return Err(Error::new(
                    ErrorCode::InputShape,
                    format!("shape {shape} is not that of a matrix"),
                ));
            }
            if transposed {
                shape.sizes_mut().reverse();
            }
        }
        let sizes = Sizes::new(&shapes[0], &shapes[1])?;
        io.check(&sizes.shape)?;
        let addend = io.try_tensor(2);
        let plan = match addend {
            Some(tensor) => {
                let plan = Plan::new([&sizes.shape, tensor.shape()])?;
                if plan.shape != sizes.shape {
                    return Err(Error::new(
                        ErrorCode::InputShape,
                        format!("the addend does not fit {}", sizes.shape),
                    ));
                }
                Some(plan)
            }
            None => None,
        };
        let dtype: DType = a.dtype();
        let target = io.output_tensor(0)?.reset_as(dtype, sizes.shape);
        let mut spaces = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let turned;
        let left = if self.transposed[0] {
            turned = oriented(a, true, &mut spaces.0);
            turned.as_slice()
        } else {
            whole::<C>(a.data(), &mut spaces.0)
        };
        let other;
        let right = match &self.packed {
            Some(packed) => packed.as_slice(),
            None if self.transposed[1] => {
                other = oriented(b, true, &mut spaces.1);
                other.as_slice()
            }
            None => whole::<C>(b.data(), &mut spaces.1),
        };
        let addend = addend.map(|tensor| whole::<C>(tensor.data(), &mut spaces.2));
        fill(target, &mut spaces.3, |out| {
            multiply(left, right, out, sizes.common, sizes.columns);
            let one = C::from_f64(1.0);
            if self.alpha != one {
                out.iter_mut().for_each(|value| *value = value.times(self.alpha));
            }
            if let (Some(plan), Some(addend)) = (&plan, addend) {
                plan.rows(&mut |[to, from]| {
                    let out = &mut out[to..to + plan.inner()];
                    if plan.step(1) == 1 {
                        let terms = &addend[from..from + plan.inner()];
                        out.iter_mut().zip(terms).for_each(|(sum, &c)| *sum = sum.plus(self.beta.times(c)));
                        return;
                    }
                    for (at, sum) in out.iter_mut().enumerate() {
                        *sum = sum.plus(self.beta.times(addend[from + at * plan.step(1)]));
                    }
                });
            }
        });
        Ok(())
    }
}
