//! A program: what `bundle.lock` keeps of a rule. [`Code`] is data from a stranger; a [`Program`] is
//! code that has been verified, and the only thing that can be evaluated.

use serde::{Deserialize, Serialize};

use super::op::{LoopKind, Op};
use super::types::Type;
use super::value::Value;

/// A name that expressions can use, with its type. A missing field is null, whatever its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Name, as written in expressions.
    pub name: String,
    /// Type.
    #[serde(rename = "type")]
    pub ty: Type,
}

impl Variable {
    /// A variable of this name and type.
    #[must_use]
    pub fn new(name: impl Into<String>, ty: Type) -> Self {
        Self { name: name.into(), ty }
    }
}

/// A program as it is kept: plain data, not yet trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The variables it reads, in the order in which [`Program::evaluate`] takes their columns.
    pub inputs: Vec<Variable>,
    /// What it gives; `dyn` if that is only known at run time.
    pub result: Type,
    /// Values written in the source, or computed from such at pack time.
    pub constants: Vec<Constant>,
    /// Straight-line code. The first block is the program; the others are bodies of loops, each
    /// used by one loop in an earlier block.
    pub blocks: Vec<Block>,
}

/// Straight-line code. Its registers are, in order: what it is given (the program's inputs, or a loop
/// body's captured registers and then its variables), then one per instruction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Registers of the enclosing block that the body reads. Empty for the program itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captures: Vec<u16>,
    /// Loop variables: 1 (element or key) or 2 (index or key, and element or value); 0 for the program.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub variables: u16,
    /// The instructions.
    pub code: Vec<Instruction>,
    /// The registers it gives: one, or a condition and a value for loops that have both.
    pub gives: Vec<u16>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
fn is_zero(number: &u16) -> bool {
    *number == 0
}

/// One instruction; registers are numbers smaller than its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Instruction {
    /// The constant of this index.
    #[serde(rename = "const")]
    Constant(u16),
    /// An operation on these registers.
    #[serde(rename = "op")]
    Call(Op, Vec<u16>),
    /// A loop over the list or map in a register, with the block that is its body.
    #[serde(rename = "loop")]
    Loop(LoopKind, u16, u16),
}

/// A constant, as JSON can hold it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Constant {
    /// Null.
    Null,
    /// true or false.
    Bool(bool),
    /// Integer.
    Int(i64),
    /// Unsigned integer.
    Uint(u64),
    /// Finite double.
    Double(f64),
    /// Text.
    String(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Instant, as RFC 3339.
    Timestamp(String),
    /// Nanoseconds.
    Duration(i64),
    /// A type.
    Type(Type),
    /// List.
    List(Vec<Constant>),
    /// Map.
    Map(Vec<(Constant, Constant)>),
}

/// A verified program. Made by [`Program::new`]; evaluated by [`Program::evaluate`].
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) code: Code,
    pub(super) constants: Vec<Value>,
    /// Per block and instruction: the registers that no later instruction reads.
    pub(super) releases: Vec<Vec<Vec<u16>>>,
    /// Rows that are evaluated together.
    pub(super) chunk_rows: usize,
}

impl Program {
    /// The code that was verified.
    #[must_use]
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// The variables whose columns [`Self::evaluate`] takes, in that order.
    #[must_use]
    pub fn inputs(&self) -> &[Variable] {
        &self.code.inputs
    }

    /// The type of the result.
    #[must_use]
    pub fn result(&self) -> &Type {
        &self.code.result
    }
}
