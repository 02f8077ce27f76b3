//! Names: loop variables, declared variables (which may contain dots), types; and for an unknown one
//! the nearest that is known.

use std::sync::Arc;

use super::emit::{Lowering, Operand};
use crate::error::{Error, Result};
use crate::rules::types::Type;
use crate::rules::value::Value;

/// Types that have a name in expressions.
fn type_named(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "null_type" => Type::Null,
        "type" => Type::Type,
        "list" => Type::list(Type::Dyn),
        "map" => Type::map(Type::Dyn, Type::Dyn),
        "google.protobuf.Timestamp" => Type::Timestamp,
        "google.protobuf.Duration" => Type::Duration,
        _ => return None,
    })
}

impl Lowering<'_> {
    /// A loop variable of this name, innermost first.
    pub(super) fn local(&self, name: &str) -> Option<Operand> {
        let all = self.frames.iter().rev().flat_map(|frame| frame.variables.iter().rev());
        all.into_iter().find(|(own, _)| own == name).map(|(_, operand)| operand.clone())
    }

    /// A declared variable or type of this name, which may be qualified with dots.
    pub(super) fn global(&mut self, name: &str, id: u64) -> Option<Operand> {
        if let Some(variable) = self.declared.iter().find(|own| own.name == name) {
            return Some(self.input(variable, id));
        }
        let ty = type_named(name)?;
        Some(self.constant(Value::Type(Arc::new(ty)), Type::Type, id))
    }

    /// What a plain name means.
    pub(super) fn name(&mut self, name: &str, id: u64) -> Result<Operand> {
        if let Some(mut operand) = self.local(name).or_else(|| self.global(name, id)) {
            operand.id = id;
            return Ok(operand);
        }
        Err(self.unknown_name(name, id))
    }

    pub(super) fn unknown_name(&self, name: &str, id: u64) -> Error {
        let locals = self.frames.iter().flat_map(|frame| frame.variables.iter().map(|(own, _)| own.as_str()));
        let known = locals.chain(self.declared.iter().map(|own| own.name.as_str()));
        let advice = match nearest(name, known) {
            Some(near) => format!("; did you mean {near:?}?"),
            None if self.declared.is_empty() => "; no names are declared here".to_owned(),
            None => {
                let names: Vec<_> = self.declared.iter().take(12).map(|own| own.name.as_str()).collect();
                let more = if self.declared.len() > 12 { ", …" } else { "" };
                format!("; known are {}{more}", names.join(", "))
            }
        };
        self.error(id, format!("unknown name {name:?}{advice}"))
    }
}

/// The known name with the fewest edits, if these are at most a third of its length.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    known
        .map(|own| (edits(name, own), own))
        .filter(|(edits, own)| *edits <= own.chars().count().max(3) / 3)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, own)| own)
}

/// Levenshtein distance, letter case aside.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, b) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX);
            let cost = (diagonal + usize::from(a != *b)).min(above.saturating_add(1)).min(left + 1);
            diagonal = above;
            if let Some(cell) = row.get_mut(j) {
                *cell = left;
            }
            left = cost;
        }
        if let Some(cell) = row.get_mut(b.len()) {
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}
