//! What packing knows of a name beyond its type: the unit of a number, the fields of the records of a list.
//! It is looked at while an expression is lowered and leaves no trace in the code.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::emit::{Lowering, Operand, Place};
use super::functions::written;
use super::names::nearest;
use super::units::Units;
use crate::error::Result;
use crate::rules::op::Op;
use crate::rules::types::Type;
use crate::rules::value::Value;

/// What is known of names, by name.
pub type Facts = BTreeMap<String, Fact>;

/// What is known of a value.
#[derive(Clone, Debug, Default)]
pub struct Fact {
    /// Its unit.
    pub units: Units,
    /// The fields of its records, where it is a list of such or one of them.
    pub records: Option<Rc<RecordFields>>,
    /// The personal input whose value it gives away, as it is or so that it can be had back.
    pub personal: Option<Rc<str>>,
}

/// The fields of the records of a list.
#[derive(Clone, Debug)]
pub struct RecordFields {
    /// The name of the list, for messages.
    pub list: String,
    /// Name and type of each field, and what is known of its values.
    pub fields: Vec<(String, Type, Fact)>,
}

impl Fact {
    /// A value of these units.
    #[must_use]
    pub fn of(units: Units) -> Self {
        Self { units, ..Self::default() }
    }

    /// Only the records: what an operation keeps that drops the unit.
    fn list(records: &Option<Rc<RecordFields>>) -> Self {
        Self { records: records.clone(), ..Self::default() }
    }
}

/// A number that is written in the source.
fn number(operand: &Operand) -> Option<f64> {
    match &operand.place {
        Place::Constant(Value::Double(number)) => Some(*number),
        Place::Constant(Value::Int(number)) => Some(*number as f64),
        Place::Constant(Value::Uint(number)) => Some(*number as f64),
        _ => None,
    }
}

/// The personal input whose value an operation's result gives away: a part or another spelling of a text, a
/// number but for its sign, its type, rounding or a number that is written beside it. A comparison, a share of two
/// inputs, the year of a time do not.
fn given_away(op: Op, operands: &[&Operand]) -> Option<Rc<str>> {
    let passed: &[&Operand] = match (op, operands) {
        (Op::Choose, [_, branches @ ..]) => branches,
        (
            Op::Negate
            | Op::Abs
            | Op::Ceil
            | Op::Floor
            | Op::Round
            | Op::Trunc
            | Op::ToInt
            | Op::ToUint
            | Op::ToDouble
            | Op::ToString
            | Op::ToBytes
            | Op::ToTimestamp
            | Op::ToDuration
            | Op::CharAt
            | Op::Substring
            | Op::LowerAscii
            | Op::UpperAscii
            | Op::Trim
            | Op::Reverse
            | Op::Quote
            | Op::Replace
            | Op::Split
            | Op::Join
            | Op::Format
            | Op::List
            | Op::Map
            | Op::Index
            | Op::Greatest
            | Op::Least,
            all,
        ) => all,
        (Op::Add, all)
            if all.iter().any(|own| matches!(own.ty, Type::String | Type::Bytes | Type::List(_))) =>
        {
            all
        }
        (Op::Add | Op::Subtract | Op::Multiply | Op::Divide, [a, b])
            if number(a).is_some()
                || number(b).is_some()
                || a.ty == Type::Duration
                || b.ty == Type::Duration =>
        {
            operands
        }
        _ => &[],
    };
    passed.iter().find_map(|operand| operand.fact.personal.clone())
}

impl Lowering<'_> {
    /// What is known of an operation's result.
    ///
    /// # Errors
    /// `rule_invalid` where operands of different units are added, compared or chosen between.
    pub(super) fn fact(&self, op: Op, operands: &[&Operand], id: u64) -> Result<Fact> {
        let fact = self.units(op, operands, id)?;
        Ok(Fact { personal: given_away(op, operands), ..fact })
    }

    fn units(&self, op: Op, operands: &[&Operand], id: u64) -> Result<Fact> {
        let meet = |operands: &[&Operand]| {
            let mut units = Units::Free;
            for operand in operands {
                units = units
                    .meet(&operand.fact.units)
                    .map_err(|problem| self.error(id, format!("{}: {problem}", written(op))))?;
            }
            Ok(units)
        };
        Ok(match (op, operands) {
            (Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge, _) => {
                meet(operands)?;
                Fact::default()
            }
            (Op::Add | Op::Subtract | Op::Greatest | Op::Least, _) => Fact::of(meet(operands)?),
            (Op::Choose, [_, then, other]) => {
                let records = if then.fact.records.is_some() { &then.fact } else { &other.fact };
                Fact { units: meet(&[*then, *other])?, ..Fact::list(&records.records) }
            }
            (Op::Multiply, [a, b]) => Fact::of(match (number(a), number(b)) {
                (_, Some(factor)) => a.fact.units.scaled(factor),
                (Some(factor), _) => b.fact.units.scaled(factor),
                _ => a.fact.units.times(&b.fact.units, 1),
            }),
            (Op::Divide, [a, b]) => Fact::of(match number(b) {
                Some(factor) => a.fact.units.scaled(1.0 / factor),
                None => a.fact.units.times(&b.fact.units, -1),
            }),
            (
                Op::Negate
                | Op::Abs
                | Op::Ceil
                | Op::Floor
                | Op::Round
                | Op::Trunc
                | Op::ToInt
                | Op::ToUint
                | Op::ToDouble,
                [a],
            ) if a.ty.is_number() => Fact::of(a.fact.units.clone()),
            (Op::List, _) => Fact::of(meet(operands).unwrap_or_default()),
            (Op::In, [item, list]) => {
                item.fact
                    .units
                    .meet(&list.fact.units)
                    .map_err(|problem| self.error(id, format!("{}: {problem}", written(op))))?;
                Fact::default()
            }
            (Op::Size, _) => Fact::of(Units::Free),
            // A list has the units of its elements.
            (Op::Index, [list, _]) => {
                Fact { units: list.fact.units.clone(), ..Fact::list(&list.fact.records) }
            }
            _ => Fact::default(),
        })
    }

    /// The type and unit of a field, where the fields of its record are known.
    ///
    /// # Errors
    /// `rule_invalid` where there is no such field, with the one that may be meant.
    pub(super) fn field_of(&self, record: &Operand, field: &str, id: u64) -> Result<Option<(Type, Fact)>> {
        let Some(records) = record.fact.records.as_ref().filter(|_| !matches!(record.ty, Type::List(_)))
        else {
            return Ok(None);
        };
        if let Some((_, ty, fact)) = records.fields.iter().find(|(name, _, _)| name == field) {
            return Ok(Some((ty.clone(), fact.clone())));
        }
        let names = || records.fields.iter().map(|(name, _, _)| name.as_str());
        let advice = match nearest(field, names()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("known are {}", names().collect::<Vec<_>>().join(", ")),
        };
        Err(self.error(id, format!("the records of {} have no field {field:?}; {advice}", records.list)))
    }
}
