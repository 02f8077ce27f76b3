//! Checks a stranger's code completely: registers, constants, arity, loops and sizes. After it,
//! evaluation indexes nothing that is not there and ends after a bounded number of steps.

use std::sync::Arc;

use super::op::Op;
use super::program::{Block, Code, Constant, Instruction, Program};
use super::types::Type;
use super::value::{List, MAX_VALUE_DEPTH, Map, Value};
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::time::Timestamp;

/// Loops within loops.
pub(super) const MAX_LOOP_DEPTH: usize = 8;
/// Rows evaluated together by code that only runs typed kernels: the columns in use stay in cache.
const FAST_ROWS: usize = 1_024;
/// Rows evaluated together by code that makes texts, lists or loops. Bounds the memory of a hostile
/// program, since each row may hold [`super::meter::ROW_UNITS`] bytes.
pub(super) const GENERAL_ROWS: usize = 32;

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::RuleInvalid, message)
}

impl Program {
    /// Verifies code.
    ///
    /// # Errors
    /// [`ErrorCode::RuleBudget`] for more instructions, constants or loops than the limits allow,
    /// [`ErrorCode::RuleInvalid`] for anything that packing would not have written.
    pub fn new(code: Code, limits: &Limits) -> Result<Self> {
        let instructions: usize =
            code.blocks.iter().map(|block| block.code.len() + block.captures.len()).sum();
        if instructions > limits.rule_instructions {
            return Err(Error::new(
                ErrorCode::RuleBudget,
                format!("{instructions} instructions; at most {} are allowed", limits.rule_instructions),
            ));
        }
        if code.inputs.len() > usize::from(u16::MAX) {
            return Err(invalid("more inputs than registers"));
        }
        let mut size = 0;
        let constants =
            code.constants.iter().map(|constant| load(constant, 0, &mut size)).collect::<Result<_>>()?;
        let releases = check_blocks(&code)?;
        let chunk_rows = if makes_only_scalars(&code) { FAST_ROWS } else { GENERAL_ROWS };
        Ok(Self { code, constants, releases, chunk_rows })
    }
}

/// Whether every register that the code makes is a number, boolean or time, so that many rows can be
/// held at one time.
fn makes_only_scalars(code: &Code) -> bool {
    let [main] = code.blocks.as_slice() else { return false };
    let is_big = |ty: &Type| {
        matches!(
            ty,
            Type::Dyn | Type::String | Type::Bytes | Type::List(_) | Type::Map(..) | Type::Type | Type::Null
        )
    };
    // Per register: whether it may hold a text, list or map.
    let mut big: Vec<bool> = code.inputs.iter().map(|input| is_big(&input.ty)).collect();
    for instruction in &main.code {
        let is_big = |register: &u16| big.get(usize::from(*register)).copied().unwrap_or(true);
        let made = match instruction {
            Instruction::Constant(index) => code.constants.get(usize::from(*index)).is_none_or(|constant| {
                matches!(
                    constant,
                    Constant::String(_)
                        | Constant::Bytes(_)
                        | Constant::List(_)
                        | Constant::Map(_)
                        | Constant::Type(_)
                )
            }),
            Instruction::Call(Op::Add, args) => args.iter().any(is_big),
            Instruction::Call(op, _) => !is_small(*op),
            Instruction::Loop(..) => true,
        };
        if made && !matches!(instruction, Instruction::Constant(_)) {
            return false;
        }
        big.push(made);
    }
    true
}

/// Whether an operation never makes a text or list.
fn is_small(op: Op) -> bool {
    matches!(
        op,
        Op::And
            | Op::Or
            | Op::Not
            | Op::Negate
            | Op::Eq
            | Op::Ne
            | Op::Lt
            | Op::Le
            | Op::Gt
            | Op::Ge
            | Op::Choose
            | Op::Subtract
            | Op::Multiply
            | Op::Divide
            | Op::Remainder
            | Op::In
            | Op::Size
            | Op::ToInt
            | Op::ToDouble
            | Op::ToUint
            | Op::ToBool
            | Op::Contains
            | Op::StartsWith
            | Op::EndsWith
            | Op::Ceil
            | Op::Floor
            | Op::Round
            | Op::Trunc
            | Op::Abs
            | Op::Sign
            | Op::Sqrt
            | Op::IsNan
            | Op::IsInf
            | Op::IsFinite
            | Op::Has
            | Op::Greatest
            | Op::Least
            | Op::FullYear
            | Op::Month
            | Op::Date
            | Op::DayOfMonth
            | Op::DayOfWeek
            | Op::DayOfYear
            | Op::Hours
            | Op::Minutes
            | Op::Seconds
            | Op::Milliseconds
    )
}

fn check_blocks(code: &Code) -> Result<Vec<Vec<Vec<u16>>>> {
    let main = code.blocks.first().ok_or_else(|| invalid("code without a block"))?;
    if !main.captures.is_empty() || main.variables != 0 || main.gives.len() != 1 {
        return Err(invalid("the first block must take only the inputs and give one register"));
    }
    // Depth of a block, once the loop that uses it has been met.
    let mut depths: Vec<Option<usize>> = vec![None; code.blocks.len()];
    depths[0] = Some(0);
    let mut releases = Vec::with_capacity(code.blocks.len());
    for (index, block) in code.blocks.iter().enumerate() {
        let depth = depths[index].ok_or_else(|| invalid("a block that no earlier loop uses"))?;
        let given =
            if index == 0 { code.inputs.len() } else { block.captures.len() + usize::from(block.variables) };
        for (position, instruction) in block.code.iter().enumerate() {
            check_instruction(code, instruction, given + position)?;
            let Instruction::Loop(_, _, body) = instruction else { continue };
            let slot =
                depths.get_mut(usize::from(*body)).ok_or_else(|| invalid("a loop without its block"))?;
            if slot.is_some() || usize::from(*body) <= index {
                return Err(invalid("a block that two loops use, or a loop around itself"));
            }
            if depth + 1 > MAX_LOOP_DEPTH {
                return Err(Error::new(
                    ErrorCode::RuleBudget,
                    format!("loops nest deeper than {MAX_LOOP_DEPTH}"),
                ));
            }
            *slot = Some(depth + 1);
            let body = &code.blocks[usize::from(*body)];
            if body.captures.iter().any(|register| usize::from(*register) >= given + position) {
                return Err(invalid("a loop captures a register that is not made yet"));
            }
            if !(1..=2).contains(&body.variables) {
                return Err(invalid("a loop has one or two variables"));
            }
            check_gives(instruction, body)?;
        }
        let registers = given + block.code.len();
        if registers > usize::from(u16::MAX) || block.gives.iter().any(|give| usize::from(*give) >= registers)
        {
            return Err(invalid("a block gives a register that it does not make"));
        }
        releases.push(release_plan(code, block, registers, given));
    }
    Ok(releases)
}

fn check_gives(instruction: &Instruction, body: &Block) -> Result<()> {
    use super::op::LoopKind::{All, Exists, ExistsOne, Filter, List, Map};
    let Instruction::Loop(kind, _, _) = instruction else { return Ok(()) };
    let most = match kind {
        All | Exists | ExistsOne | Filter => 1,
        List | Map => 2,
    };
    if body.gives.is_empty() || body.gives.len() > most {
        return Err(invalid("a loop body gives one register, or a condition and a value"));
    }
    Ok(())
}

fn check_instruction(code: &Code, instruction: &Instruction, own: usize) -> Result<()> {
    match instruction {
        Instruction::Constant(index) => {
            if usize::from(*index) >= code.constants.len() {
                return Err(invalid("a constant that is not there"));
            }
        }
        Instruction::Call(op, args) => {
            let (min, max) = op.arity();
            if args.len() < min || args.len() > max || (*op == Op::Map && args.len() % 2 != 0) {
                return Err(invalid(format!("{op:?} with {} arguments", args.len())));
            }
            if args.iter().any(|register| usize::from(*register) >= own) {
                return Err(invalid("an instruction reads a register that is not made yet"));
            }
        }
        Instruction::Loop(_, range, _) => {
            if usize::from(*range) >= own {
                return Err(invalid("a loop reads a register that is not made yet"));
            }
        }
    }
    Ok(())
}

/// Per instruction, the registers whose last reader it is. What the block gives is never released.
fn release_plan(code: &Code, block: &Block, registers: usize, given: usize) -> Vec<Vec<u16>> {
    let mut last_reader: Vec<Option<usize>> = vec![None; registers];
    let mut note = |register: u16, reader: usize| {
        if let Some(slot) = last_reader.get_mut(usize::from(register)) {
            *slot = Some(reader);
        }
    };
    for (position, instruction) in block.code.iter().enumerate() {
        match instruction {
            Instruction::Constant(_) => {}
            Instruction::Call(_, args) => args.iter().for_each(|register| note(*register, position)),
            Instruction::Loop(_, range, body) => {
                note(*range, position);
                let captures = code.blocks.get(usize::from(*body)).map_or(&[][..], |body| &body.captures);
                captures.iter().for_each(|register| note(*register, position));
            }
        }
    }
    let mut plan = vec![Vec::new(); block.code.len()];
    for (register, reader) in last_reader.iter().enumerate() {
        let Ok(number) = u16::try_from(register) else { continue };
        if block.gives.contains(&number) {
            continue;
        }
        // An instruction that nobody reads releases its own register.
        let at = reader.or_else(|| register.checked_sub(given));
        if let Some(releases) = at.and_then(|at| plan.get_mut(at)) {
            releases.push(number);
        }
    }
    plan
}

/// Bytes and elements that all constants of one program may have together.
const MAX_CONSTANT_SIZE: usize = 1 << 20;

fn load(constant: &Constant, depth: u8, size: &mut usize) -> Result<Value> {
    if depth > MAX_VALUE_DEPTH {
        return Err(invalid("a constant nests too deep"));
    }
    *size += match constant {
        Constant::String(text) => text.len() + 1,
        Constant::Bytes(bytes) => bytes.len() + 1,
        Constant::List(items) => items.len() + 1,
        Constant::Map(entries) => entries.len() * 2 + 1,
        _ => 1,
    };
    if *size > MAX_CONSTANT_SIZE {
        return Err(Error::new(
            ErrorCode::RuleBudget,
            format!("constants of more than {MAX_CONSTANT_SIZE} bytes"),
        ));
    }
    Ok(match constant {
        Constant::Null => Value::Null,
        Constant::Bool(value) => Value::Bool(*value),
        Constant::Int(value) => Value::Int(*value),
        Constant::Uint(value) => Value::Uint(*value),
        Constant::Double(value) => Value::Double(*value),
        Constant::String(text) => Value::text(text.as_str()),
        Constant::Bytes(bytes) => Value::Bytes(bytes.as_slice().into()),
        Constant::Timestamp(text) => Value::Timestamp(
            Timestamp::parse_rfc3339(text).ok_or_else(|| invalid("a constant that is no timestamp"))?,
        ),
        Constant::Duration(nanos) => Value::Duration(*nanos),
        Constant::Type(ty) => Value::Type(Arc::new(ty.clone())),
        Constant::List(items) => {
            let items: Vec<_> =
                items.iter().map(|item| load(item, depth + 1, size)).collect::<Result<_>>()?;
            Value::List(List::new(items).map_err(|fault| invalid(fault.as_str()))?)
        }
        Constant::Map(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| Ok((load(key, depth + 1, size)?, load(value, depth + 1, size)?)))
                .collect::<Result<_>>()?;
            Value::Map(Map::new(entries).map_err(|fault| invalid(fault.as_str()))?)
        }
    })
}
