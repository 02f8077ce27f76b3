//! Reductions over some axes: sums, means, extremes, norms.
//!
//! Elements are taken in the order in which they lie in memory, so every result has one summation order
//! on every machine and for every batch size.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, DimList, Shape};
use crate::onnx::tensor::DType;

use super::axes::{AxisSet, Integers, unknown};
use super::broadcast::Plan;
use super::compute::{Class, Compute, class, fill, whole};
use super::log_sum_exp::LogSumExp;
use super::plain;

/// Adds a run of elements to one result, or element by element to as many results.
type Step<C> = fn(&[C], &mut [C]);
/// Turns the accumulated values into the results, given how many elements went into each.
type Finish<C> = fn(&mut [C], usize);

/// How one type is accumulated.
struct Fold<C> {
    start: C,
    step: Step<C>,
    finish: Finish<C>,
}

macro_rules! step {
    (|$acc:ident, $x:ident| $value:expr) => {
        |run, results| {
            if let [result] = results {
                let mut $acc = *result;
                for &$x in run {
                    $acc = $value;
                }
                *result = $acc;
            } else {
                for (result, &$x) in results.iter_mut().zip(run) {
                    let $acc = *result;
                    *result = $value;
                }
            }
        }
    };
}

macro_rules! finish {
    () => {
        |_, _| {}
    };
    (|$x:ident, $count:ident| $value:expr) => {
        |results, count| {
            let $count = count;
            for result in results {
                let $x = *result;
                *result = $value;
            }
        }
    };
}

/// The ways of one reduction: float, double, int64, and uint64 where its bits are not those of int64.
struct Folds {
    single: Fold<f32>,
    double: Fold<f64>,
    signed: Fold<i64>,
    unsigned: Option<Fold<u64>>,
}

macro_rules! folds {
    (start: $float:expr, $integer:expr; floats: |$acc:ident, $x:ident| $value:expr; integers: $whole:expr;
     finish: $single:expr, $double:expr, $signed:expr) => {
        Folds {
            single: Fold { start: $float, step: step!(|$acc, $x| $value), finish: $single },
            double: Fold { start: $float, step: step!(|$acc, $x| $value), finish: $double },
            signed: Fold { start: $integer, step: step!(|$acc, $x| $whole), finish: $signed },
            unsigned: None,
        }
    };
}

const fn row(
    name: &'static str,
    versions: &'static [i64],
    types: &'static str,
    build: fn(&mut NodeSpec<'_>) -> Result<Built>,
) -> Operator {
    plain(name, versions, (1, 2), types, build)
}

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    row("ReduceSum", &[1, 11, 13], "numeric", |spec| {
        build(
            spec,
            13,
            folds!(start: 0.0, 0; floats: |acc, x| acc + x; integers: acc.wrapping_add(x);
            finish: finish!(), finish!(), finish!()),
        )
    }),
    row("ReduceMean", &[1, 11, 13, 18], "numeric", |spec| {
        let mut folds = folds!(start: 0.0, 0; floats: |acc, x| acc + x; integers: acc.wrapping_add(x);
            finish: finish!(|x, count| x / count as f32), finish!(|x, count| x / count as f64),
            finish!(|x, count| x.checked_div(count as i64).unwrap_or(0)));
        let finish: Finish<u64> = finish!(|x, count| x.checked_div(count as u64).unwrap_or(0));
        folds.unsigned = Some(Fold { start: 0, step: step!(|acc, x| acc.wrapping_add(x)), finish });
        build(spec, 18, folds)
    }),
    row("ReduceProd", &[1, 11, 13, 18], "numeric", |spec| {
        build(
            spec,
            18,
            folds!(start: 1.0, 1; floats: |acc, x| acc * x; integers: acc.wrapping_mul(x);
            finish: finish!(), finish!(), finish!()),
        )
    }),
    row("ReduceMax", &[1, 11, 12, 13, 18, 20], "numeric, bool", |spec| {
        let mut folds = folds!(start: 0.0, 0;
            floats: |acc, x| if x > acc || x.is_nan() { x } else { acc }; integers: acc.max(x);
            finish: finish!(), finish!(), finish!());
        (folds.single.start, folds.double.start) = (f32::NEG_INFINITY, f64::NEG_INFINITY);
        folds.signed.start = bounds(spec.dtype(0)?).0;
        folds.unsigned = Some(Fold { start: 0, step: step!(|acc, x| acc.max(x)), finish: finish!() });
        build(spec, 18, folds)
    }),
    row("ReduceMin", &[1, 11, 12, 13, 18, 20], "numeric, bool", |spec| {
        let mut folds = folds!(start: 0.0, 0;
            floats: |acc, x| if x < acc || x.is_nan() { x } else { acc }; integers: acc.min(x);
            finish: finish!(), finish!(), finish!());
        (folds.single.start, folds.double.start) = (f32::INFINITY, f64::INFINITY);
        folds.signed.start = bounds(spec.dtype(0)?).1;
        folds.unsigned = Some(Fold { start: u64::MAX, step: step!(|acc, x| acc.min(x)), finish: finish!() });
        build(spec, 18, folds)
    }),
    row("ReduceL1", &[1, 11, 13, 18], "numeric", |spec| {
        let mut folds = folds!(start: 0.0, 0; floats: |acc, x| acc + x.abs(); integers: acc.wrapping_add(x);
            finish: finish!(), finish!(), finish!());
        // uint64 keeps the plain sum.
        if spec.dtype(0)? != DType::U64 {
            folds.signed.step = step!(|acc, x| acc.wrapping_add(x.wrapping_abs()));
        }
        build(spec, 18, folds)
    }),
    row("ReduceL2", &[1, 11, 13, 18], "numeric", |spec| {
        let mut folds = folds!(start: 0.0, 0;
            floats: |acc, x| acc + x * x; integers: acc.wrapping_add(x.wrapping_mul(x));
            finish: finish!(|x, _count| x.sqrt()), finish!(|x, _count| x.sqrt()),
            finish!(|x, _count| (x as f64).sqrt() as i64));
        if spec.dtype(0)? == DType::U64 {
            folds.signed.finish = finish!(|x, _count| (x as u64 as f64).sqrt() as i64);
        }
        build(spec, 18, folds)
    }),
    row("ReduceSumSquare", &[1, 11, 13, 18], "numeric", |spec| {
        build(
            spec,
            18,
            folds!(start: 0.0, 0;
            floats: |acc, x| acc + x * x; integers: acc.wrapping_add(x.wrapping_mul(x));
            finish: finish!(), finish!(), finish!()),
        )
    }),
    row("ReduceLogSum", &[1, 11, 13, 18, 28], "float, double, float16", |spec| {
        floats_only(spec)?;
        build(
            spec,
            18,
            folds!(start: 0.0, 0; floats: |acc, x| acc + x; integers: acc.wrapping_add(x);
            finish: finish!(|x, _count| libm::logf(x)), finish!(|x, _count| libm::log(x)), finish!()),
        )
    }),
    row("ReduceLogSumExp", &[1, 11, 13, 18, 28], "float, double, float16", |spec| {
        floats_only(spec)?;
        let scope = Scope::read(spec, 18)?;
        let fact = scope.fact(spec)?;
        match class(spec.dtype(0)?) {
            Class::F64 => Built::one(LogSumExp::<f64>::new(scope), fact),
            _ => Built::one(LogSumExp::<f32>::new(scope), fact),
        }
    }),
];

fn floats_only(spec: &NodeSpec<'_>) -> Result<()> {
    if spec.dtype(0)?.is_float() { Ok(()) } else { Err(spec.wrong_type(0, "a tensor of floats")) }
}

/// The least and greatest value of a type that is computed in int64.
const fn bounds(dtype: DType) -> (i64, i64) {
    match dtype {
        DType::Bool => (0, 1),
        DType::U8 => (0, u8::MAX as i64),
        DType::U16 => (0, u16::MAX as i64),
        DType::U32 => (0, u32::MAX as i64),
        DType::I8 => (i8::MIN as i64, i8::MAX as i64),
        DType::I16 => (i16::MIN as i64, i16::MAX as i64),
        DType::I32 => (i32::MIN as i64, i32::MAX as i64),
        _ => (i64::MIN, i64::MAX),
    }
}

/// Which axes a reduction goes over, and whether they stay as axes of size 1.
pub(super) struct Scope {
    axes: Integers,
    keep: bool,
    /// Whether no axes means none rather than all.
    none_is_none: bool,
}

impl Scope {
    /// Reads `axes` (an attribute before operator set `since`, then input 1), `keepdims` and
    /// `noop_with_empty_axes`.
    pub(super) fn read(spec: &NodeSpec<'_>, since: i64) -> Result<Self> {
        let axes = Integers::attribute_until(spec, "axes", since, 1)?;
        let keep = spec.attributes.flag("keepdims", true)?;
        let none_is_none = spec.opset >= since && spec.attributes.flag("noop_with_empty_axes", false)?;
        Ok(Self { axes, keep, none_is_none })
    }

    fn set(&self, list: &[i64], rank: usize, code: ErrorCode) -> Result<AxisSet> {
        match (list.is_empty(), self.none_is_none) {
            (true, false) => Ok(AxisSet::all(rank)),
            _ => AxisSet::new(list, rank, code),
        }
    }

    /// What is known of the result.
    pub(super) fn fact(&self, spec: &NodeSpec<'_>) -> Result<Fact> {
        let fact = spec.input(0)?;
        let list = if self.axes.is_absent() { Some(&[][..]) } else { self.axes.fixed() };
        let dims: DimList = match (&fact.dims, list) {
            (Some(dims), Some(list)) => {
                let set = self.set(list, dims.len(), ErrorCode::ModelShape)?;
                let reduced = dims.iter().enumerate().filter(|(axis, _)| self.keep || !set.has(*axis));
                Some(
                    reduced
                        .map(|(axis, dim)| if set.has(axis) { Dim::Known(1) } else { dim.clone() })
                        .collect(),
                )
            }
            (Some(dims), None) if self.keep => Some(unknown(dims.len())),
            _ => None,
        };
        Ok(Fact::shaped(spec.dtype(0)?, dims))
    }

    /// For a tensor of this shape: the shape with reduced axes of size 1, the shape of the result, and
    /// how many elements go into each result.
    pub(super) fn shapes(&self, io: &Io<'_>, from: &Shape) -> Result<(Shape, Shape, usize)> {
        let list = self.axes.get(io)?.unwrap_or_default();
        let set = self.set(&list, from.rank(), ErrorCode::InputShape)?;
        let (mut kept, mut result, mut count) = (*from, Shape::SCALAR, 1usize);
        for (axis, size) in kept.sizes_mut().iter_mut().enumerate() {
            if set.has(axis) {
                count = count.saturating_mul(*size);
                *size = 1;
            }
            if self.keep || !set.has(axis) {
                // Cannot fail: no more axes than before.
                let _ = result.push(*size);
            }
        }
        Ok((kept, result, count))
    }
}

fn build(spec: &NodeSpec<'_>, since: i64, folds: Folds) -> Result<Built> {
    let scope = Scope::read(spec, since)?;
    let fact = scope.fact(spec)?;
    let dtype = spec.dtype(0)?;
    match class(dtype) {
        Class::F32 => Built::one(Reduction { scope, dtype, fold: folds.single }, fact),
        Class::F64 => Built::one(Reduction { scope, dtype, fold: folds.double }, fact),
        Class::I64 | Class::U64 => match folds.unsigned {
            Some(fold) if dtype == DType::U64 => Built::one(Reduction { scope, dtype, fold }, fact),
            _ => Built::one(Reduction { scope, dtype, fold: folds.signed }, fact),
        },
        Class::Text => Err(spec.wrong_type(0, "a tensor of numbers")),
    }
}

struct Reduction<C> {
    scope: Scope,
    dtype: DType,
    fold: Fold<C>,
}

impl<C: Compute> Kernel for Reduction<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let (kept, result, count) = self.scope.shapes(io, input.shape())?;
        io.check(&result)?;
        let target = io.output_tensor(0)?.reset_as(self.dtype, result);
        let (mut space, mut totals) = (Vec::new(), Vec::new());
        let values = whole::<C>(input.data(), &mut space);
        let plan = Plan::new([input.shape(), &kept])?;
        fill(target, &mut totals, |results| {
            results.fill(self.fold.start);
            walk(&plan, &mut |from, to| (self.fold.step)(&values[from], &mut results[to]));
            (self.fold.finish)(results, count);
        });
        Ok(())
    }
}

/// Calls `visit` with each run of elements and the results that it goes into, in order.
pub(super) fn walk(plan: &Plan<2>, visit: &mut dyn FnMut(std::ops::Range<usize>, std::ops::Range<usize>)) {
    let inner = plan.inner();
    let results = if plan.step(1) == 0 { 1 } else { inner };
    plan.rows(&mut |[from, to]| visit(from..from + inner, to..to + results));
}

/// Refuses a reduction that has no answer without elements.
pub(super) fn refuse_empty(size: usize) -> Result<()> {
    if size > 0 {
        return Ok(());
    }
    Err(Error::new(ErrorCode::InputShape, "an axis without elements has no extreme"))
}
