//! Builds the code: registers, captured registers of loop bodies, constants, shared subexpressions.

use std::collections::HashMap;

use cel::common::ast::{IdedExpr, SourceInfo};

use super::constant::{fold, keep};
use super::facts::{Fact, Facts};
use super::message::Source;
use super::units::Units;
use crate::error::{Error, Result};
use crate::rules::op::{LoopKind, Op};
use crate::rules::program::{Block, Code, Constant, Instruction, Variable};
use crate::rules::types::Type;
use crate::rules::value::Value;

/// What an expression became: a constant, or a register of the frame that made it.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Constant(Value),
    Register { frame: usize, register: Register },
}

/// A lowered expression.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) place: Place,
    pub(super) ty: Type,
    /// The node, for messages.
    pub(super) id: u64,
    /// What else is known of it.
    pub(super) fact: Fact,
}

/// A register before numbers are given: how many inputs or captures come first is known at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Register {
    Given(usize),
    Variable(usize),
    Made(usize),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Constant(usize),
    Call(Op, Vec<Register>),
}

enum Pending {
    Step(Step),
    Loop { kind: LoopKind, range: Register, body: Frame },
}

/// A block that is being built.
pub(super) struct Frame {
    /// For the program: unused. For a body: the registers of the enclosing frame.
    captures: Vec<Register>,
    pub(super) variables: Vec<(String, Operand)>,
    variable_count: usize,
    code: Vec<Pending>,
    known: HashMap<Step, usize>,
    gives: Vec<Register>,
}

impl Frame {
    fn new(variable_count: usize) -> Self {
        Self {
            captures: Vec::new(),
            variables: Vec::new(),
            variable_count,
            code: Vec::new(),
            known: HashMap::new(),
            gives: Vec::new(),
        }
    }
}

/// The state of one compilation.
pub(super) struct Lowering<'s> {
    source: Source,
    positions: SourceInfo,
    pub(super) declared: &'s [Variable],
    facts: &'s Facts,
    inputs: Vec<Variable>,
    constants: Vec<Constant>,
    pub(super) frames: Vec<Frame>,
}

impl<'s> Lowering<'s> {
    pub(super) fn new(
        source: Source,
        positions: SourceInfo,
        declared: &'s [Variable],
        facts: &'s Facts,
    ) -> Self {
        Self {
            source,
            positions,
            declared,
            facts,
            inputs: Vec::new(),
            constants: Vec::new(),
            frames: vec![Frame::new(0)],
        }
    }

    pub(super) fn error(&self, id: u64, message: impl AsRef<str>) -> Error {
        self.source.error_at(&self.positions, id, message)
    }

    /// An input's register, in the outermost frame.
    pub(super) fn input(&mut self, variable: &Variable, id: u64) -> Operand {
        let at = self.inputs.iter().position(|own| own.name == variable.name).unwrap_or_else(|| {
            self.inputs.push(variable.clone());
            self.inputs.len() - 1
        });
        let place = Place::Register { frame: 0, register: Register::Given(at) };
        let fact = self.facts.get(&variable.name).cloned().unwrap_or_default();
        Operand { place, ty: variable.ty.clone(), id, fact }
    }

    pub(super) fn constant(&self, value: Value, ty: Type, id: u64) -> Operand {
        Operand { place: Place::Constant(value), ty, id, fact: Fact::of(Units::Free) }
    }

    /// The operand's register in the innermost frame: loads constants, captures from outer frames.
    fn register(&mut self, operand: &Operand) -> Result<Register> {
        let innermost = self.frames.len() - 1;
        match &operand.place {
            Place::Constant(value) => {
                let constant = keep(value)
                    .ok_or_else(|| self.error(operand.id, "a constant that is no finite number"))?;
                let at = self.constants.iter().position(|own| same(own, &constant)).unwrap_or_else(|| {
                    self.constants.push(constant);
                    self.constants.len() - 1
                });
                Ok(self.step(Step::Constant(at)))
            }
            Place::Register { frame, register } => {
                let mut register = *register;
                for frame in self.frames.iter_mut().take(innermost + 1).skip(frame + 1) {
                    let at = frame.captures.iter().position(|own| *own == register).unwrap_or_else(|| {
                        frame.captures.push(register);
                        frame.captures.len() - 1
                    });
                    register = Register::Given(at);
                }
                Ok(register)
            }
        }
    }

    /// The register of a step in the innermost frame; a step that is there already is shared.
    fn step(&mut self, step: Step) -> Register {
        let frame = self.innermost();
        let next = frame.code.len();
        let at = *frame.known.entry(step.clone()).or_insert(next);
        if at == next {
            frame.code.push(Pending::Step(step));
        }
        Register::Made(at)
    }

    fn innermost(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push(Frame::new(0));
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    fn made(&self, register: Register, ty: Type, id: u64) -> Operand {
        let place = Place::Register { frame: self.frames.len() - 1, register };
        Operand { place, ty, id, fact: Fact::default() }
    }

    /// Applies an operation, at once if all operands are constants.
    pub(super) fn call(&mut self, op: Op, args: &[&Operand], ty: Type, id: u64) -> Result<Operand> {
        let values: Option<Vec<Value>> = args
            .iter()
            .map(|arg| match &arg.place {
                Place::Constant(value) => Some(value.clone()),
                Place::Register { .. } => None,
            })
            .collect();
        if let Some(values) = values {
            match fold(op, &values) {
                Ok(value) if keep(&value).is_some() => return Ok(self.constant(value, ty, id)),
                Err(fault) if matches!(op, Op::ToTimestamp | Op::ToDuration) && ty != Type::Dyn => {
                    let right = if op == Op::ToTimestamp {
                        "an RFC 3339 time such as \"2026-11-23T09:00:00Z\", in the years 0001 to 9999"
                    } else {
                        "a duration such as \"36h\" or \"1h30m\", of at most 292 years"
                    };
                    return Err(self.error(id, format!("{fault}: this is not {right}")));
                }
                _ => {}
            }
        }
        let registers = args.iter().map(|arg| self.register(arg)).collect::<Result<Vec<_>>>()?;
        let register = self.step(Step::Call(op, registers));
        Ok(self.made(register, ty, id))
    }

    /// Opens the body of a loop with these variables.
    pub(super) fn open(&mut self, variables: &[(&str, Type, Fact)], id: u64) {
        let frame = self.frames.len();
        let mut body = Frame::new(variables.len());
        for (at, (name, ty, fact)) in variables.iter().enumerate() {
            let place = Place::Register { frame, register: Register::Variable(at) };
            let operand = Operand { place, ty: ty.clone(), id, fact: fact.clone() };
            body.variables.push(((*name).to_owned(), operand));
        }
        self.frames.push(body);
    }

    /// Closes the innermost body, which gives these operands, and loops over `range` with it.
    pub(super) fn close(
        &mut self,
        kind: LoopKind,
        range: &Operand,
        gives: &[&Operand],
        ty: Type,
        id: u64,
    ) -> Result<Operand> {
        let gives = gives.iter().map(|give| self.register(give)).collect::<Result<Vec<_>>>()?;
        let Some(mut body) = self.frames.pop() else { return Err(self.error(id, "a loop without a body")) };
        body.gives = gives;
        let range = self.register(range)?;
        let frame = self.innermost();
        frame.code.push(Pending::Loop { kind, range, body });
        let register = Register::Made(frame.code.len() - 1);
        Ok(self.made(register, ty, id))
    }

    /// The code, with numbers for all registers.
    pub(super) fn finish(mut self, result: &Operand, root: &IdedExpr) -> Result<Code> {
        let register = self.register(result)?;
        let mut main = self.frames.pop().ok_or_else(|| self.error(root.id, "an empty expression"))?;
        main.gives = vec![register];
        let mut blocks = Vec::new();
        if number(&mut blocks, main, self.inputs.len()).is_none() {
            let message = format!("more than {} registers or blocks", u16::MAX);
            return Err(self.source.error(crate::ErrorCode::RuleBudget, 0, message));
        }
        Ok(Code { inputs: self.inputs, result: published(&result.ty), constants: self.constants, blocks })
    }
}

/// Whether two constants are the same bits: 0.0 and -0.0 are equal, but not the same.
fn same(a: &Constant, b: &Constant) -> bool {
    a == b && format!("{a:?}") == format!("{b:?}")
}

/// The type that others see: the elements of `[]` are of any type.
fn published(ty: &Type) -> Type {
    let inner = |ty: &Type| if *ty == Type::Null { Type::Dyn } else { published(ty) };
    match ty {
        Type::List(item) => Type::list(inner(item)),
        Type::Map(key, value) => Type::map(inner(key), inner(value)),
        _ => ty.clone(),
    }
}

/// Writes a frame and, after it, the bodies of its loops; gives the block's number.
fn number(blocks: &mut Vec<Block>, frame: Frame, inputs: usize) -> Option<u16> {
    let own = blocks.len();
    let is_main = own == 0;
    let given = if is_main { inputs } else { frame.captures.len() };
    let variables = frame.variable_count;
    let place = |register: &Register| {
        u16::try_from(match register {
            Register::Given(at) => *at,
            Register::Variable(at) => given + at,
            Register::Made(at) => given + variables + at,
        })
        .ok()
    };
    // Captures are registers of the enclosing frame; that frame writes them in its own numbers.
    blocks.push(Block {
        captures: Vec::new(),
        variables: u16::try_from(variables).ok()?,
        code: Vec::new(),
        gives: frame.gives.iter().map(place).collect::<Option<_>>()?,
    });
    let mut code = Vec::with_capacity(frame.code.len());
    for pending in frame.code {
        code.push(match pending {
            Pending::Step(Step::Constant(at)) => Instruction::Constant(u16::try_from(at).ok()?),
            Pending::Step(Step::Call(op, args)) => {
                Instruction::Call(op, args.iter().map(place).collect::<Option<_>>()?)
            }
            Pending::Loop { kind, range, body } => {
                let captures = body.captures.iter().map(place).collect::<Option<_>>()?;
                let body = number(blocks, body, inputs)?;
                blocks.get_mut(usize::from(body))?.captures = captures;
                Instruction::Loop(kind, place(&range)?, body)
            }
        });
    }
    blocks.get_mut(own)?.code = code;
    u16::try_from(own).ok()
}
