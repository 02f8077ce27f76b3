//! Comparisons and logic on two tensors, with bool results; bit operations on two integer tensors.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::DType;

use super::broadcast::{Plan, join_facts};
use super::compute::{Class, by_class, class};
use super::pairwise::{Pair, build, build_test, pair, same_type};
use super::plain;

/// Whether the first operand is before the second, or equal; a comparison the other way round exchanges
/// the operands.
fn ordered(spec: &NodeSpec<'_>, or_equal: bool, exchanged: bool) -> Result<Built> {
    let dtype = same_type(spec)?;
    if matches!(dtype, DType::Str | DType::Bool) {
        return Err(spec.wrong_type(0, "a tensor of numbers"));
    }
    by_class!(dtype, C => {
        let test: Pair<C, bool> = if or_equal { pair!(|a, b| a <= b) } else { pair!(|a, b| a < b) };
        build_test(spec, test, exchanged)
    }, _ => Err(spec.wrong_type(0, "a tensor of numbers")))
}

macro_rules! logic {
    ($name:literal, $operator:tt) => {
        plain($name, &[7], (2, 2), "bool", |spec| {
            for at in [0, 1] {
                if spec.dtype(at)? != DType::Bool {
                    return Err(spec.wrong_type(at, "tensor(bool)"));
                }
            }
            build_test::<i64>(spec, pair!(|a, b| (a != 0) $operator (b != 0)), false)
        })
    };
}

macro_rules! bits {
    ($name:literal, $operator:tt) => {
        plain($name, &[18], (2, 2), "integer", |spec| {
            let dtype = integer(spec)?;
            // uint64 goes by its bits.
            build::<i64, i64>(spec, dtype, pair!(|a, b| a $operator b), false)
        })
    };
}

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("Equal", &[7, 11, 13, 19], (2, 2), "all", equal),
    plain("Greater", &[7, 9, 13], (2, 2), "numeric", |spec| ordered(spec, false, true)),
    plain("GreaterOrEqual", &[12, 16], (2, 2), "numeric", |spec| ordered(spec, true, true)),
    plain("Less", &[7, 9, 13], (2, 2), "numeric", |spec| ordered(spec, false, false)),
    plain("LessOrEqual", &[12, 16], (2, 2), "numeric", |spec| ordered(spec, true, false)),
    logic!("And", &),
    logic!("Or", |),
    logic!("Xor", ^),
    bits!("BitwiseAnd", &),
    bits!("BitwiseOr", |),
    bits!("BitwiseXor", ^),
    plain("BitShift", &[11, 28], (2, 2), "integer", shift),
];

fn integer(spec: &NodeSpec<'_>) -> Result<DType> {
    let dtype = same_type(spec)?;
    if dtype.is_float() || matches!(dtype, DType::Str | DType::Bool) {
        return Err(spec.wrong_type(0, "a tensor of integers"));
    }
    Ok(dtype)
}

fn equal(spec: &mut NodeSpec<'_>) -> Result<Built> {
    match class(same_type(spec)?) {
        Class::F32 => build_test::<f32>(spec, pair!(|a, b| a == b), false),
        Class::F64 => build_test::<f64>(spec, pair!(|a, b| a == b), false),
        // uint64 goes by its bits.
        Class::I64 | Class::U64 => build_test::<i64>(spec, pair!(|a, b| a == b), false),
        Class::Text => Built::one(EqualTexts, Fact::shaped(DType::Bool, join_facts(&spec.inputs)?)),
    }
}

struct EqualTexts;

impl Kernel for EqualTexts {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (left, right) = (io.strings(0)?, io.strings(1)?);
        let shapes: [&Shape; 2] = [io.tensor(0)?.shape(), io.tensor(1)?.shape()];
        let plan = Plan::new(shapes)?;
        let out = io.output::<bool>(0, plan.shape)?;
        let mut slots = out.iter_mut();
        plan.rows(&mut |[from_a, from_b]| {
            for at in 0..plan.inner() {
                if let Some(slot) = slots.next() {
                    *slot = left.get(from_a + at * plan.step(0)) == right.get(from_b + at * plan.step(1));
                }
            }
        });
        Ok(())
    }
}

/// Bits shifted out are lost. A shift by a negative number or by the type's width or more leaves what the
/// sign fills in: -1 for a right shift of a negative number, else 0.
fn shift(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = integer(spec)?;
    let left = match spec.attributes.text("direction")? {
        Some("LEFT") => true,
        Some("RIGHT") => false,
        _ => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                "attribute \"direction\" must be \"LEFT\" or \"RIGHT\"",
            ));
        }
    };
    if class(dtype) == Class::U64 {
        let forms: [Pair<u64, u64>; 2] = [
            pair!(|a, b| u32::try_from(b).ok().and_then(|by| a.checked_shr(by)).unwrap_or(0)),
            pair!(|a, b| u32::try_from(b).ok().and_then(|by| a.checked_shl(by)).unwrap_or(0)),
        ];
        return build(spec, dtype, forms[usize::from(left)], false);
    }
    let forms: [Pair<i64, i64>; 2] = [
        pair!(|a, b| if (0..64).contains(&b) { a >> b } else { a >> 63 }),
        pair!(|a, b| u32::try_from(b).ok().and_then(|by| a.checked_shl(by)).unwrap_or(0)),
    ];
    build(spec, dtype, forms[usize::from(left)], false)
}
