//! The walk over the parsed expression: types are checked and code is emitted in one pass. It recurses
//! as deep as `guard` lets an expression nest.

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, MapExpr, SelectExpr};

use super::constant::literal;
use super::emit::{Lowering, Operand, Place};
use super::functions::{FUNCTIONS, Style, function, namespace, operator, written};
use super::loops::is_macro;
use super::names::nearest;
use super::signature::{join, result};
use crate::error::{Error, Result};
use crate::rules::op::Op;
use crate::rules::types::Type;
use crate::rules::value::Value;
use crate::time::parse_offset;

impl Lowering<'_> {
    /// Lowers one expression.
    pub(super) fn expression(&mut self, node: &IdedExpr) -> Result<Operand> {
        let id = node.id;
        match &node.expr {
            Expr::Literal(own) => {
                let value = literal(own);
                let ty = value.type_of();
                Ok(self.constant(value, ty, id))
            }
            Expr::Ident(name) => {
                let name = name.strip_prefix('.').unwrap_or(name);
                self.name(name, id)
            }
            Expr::Select(select) => self.select(select, id),
            Expr::List(list) => {
                let items =
                    list.elements.iter().map(|item| self.expression(item)).collect::<Result<Vec<_>>>()?;
                let ty = items.iter().fold(Type::Null, |ty, item| join(&ty, &item.ty));
                let items: Vec<&Operand> = items.iter().collect();
                let fact = self.fact(Op::List, &items, id)?;
                Ok(Operand { fact, ..self.call(Op::List, &items, Type::list(ty), id)? })
            }
            Expr::Map(map) => self.map(map, id),
            Expr::Call(call) => self.called(call, id),
            Expr::Struct(message) => Err(self.error(
                id,
                format!("messages such as {} are outside the supported subset", message.type_name),
            )),
            Expr::Comprehension(_) | Expr::Unspecified => {
                Err(self.error(id, "this is outside the supported subset"))
            }
        }
    }

    fn map(&mut self, map: &MapExpr, id: u64) -> Result<Operand> {
        let mut operands = Vec::with_capacity(map.entries.len() * 2);
        let (mut keys, mut values) = (Type::Null, Type::Null);
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                return Err(self.error(entry.id, "messages are outside the supported subset"));
            };
            let key = self.expression(&entry.key)?;
            let value = self.expression(&entry.value)?;
            if !matches!(key.ty, Type::Bool | Type::Int | Type::Uint | Type::String | Type::Dyn) {
                return Err(
                    self.error(key.id, format!("a map key is bool, int, uint or string, not {}", key.ty))
                );
            }
            keys = join(&keys, &key.ty);
            values = join(&values, &value.ty);
            operands.extend([key, value]);
        }
        self.call(Op::Map, &operands.iter().collect::<Vec<_>>(), Type::map(keys, values), id)
    }

    /// `a.b`: the longest qualified name that is declared, else a field.
    fn select(&mut self, select: &SelectExpr, id: u64) -> Result<Operand> {
        if let Some(path) = qualified(select)
            && path.split('.').next().is_some_and(|root| self.local(root).is_none())
            && let Some(mut operand) = self.global(&path, id)
        {
            operand.id = id;
            return Ok(operand);
        }
        let from = match &select.operand.expr {
            // Better told about the whole name than about its first part.
            Expr::Ident(name) if self.local(name).is_none() && self.global(name, id).is_none() => {
                let path = qualified(select).unwrap_or_else(|| name.clone());
                return Err(self.unknown_name(&path, select.operand.id));
            }
            _ => self.expression(&select.operand)?,
        };
        self.field(&from, &select.field, id)
    }

    /// A field of a record; of its own type where the fields are known.
    fn field(&mut self, from: &Operand, field: &str, id: u64) -> Result<Operand> {
        let known = self.field_of(from, field, id)?;
        let name = self.constant(Value::text(field), Type::String, id);
        let operand = self.typed(Op::Field, &[from, &name], id)?;
        Ok(match known {
            Some((ty, fact)) => Operand { ty, fact, ..operand },
            None => operand,
        })
    }

    fn called(&mut self, call: &CallExpr, id: u64) -> Result<Operand> {
        let name = call.func_name.as_str();
        let Some(target) = &call.target else {
            return self.global_call(name, &call.args, id);
        };
        if let Expr::Ident(space) = &target.expr
            && self.local(space).is_none()
            && !self.declared.iter().any(|own| own.name == *space)
        {
            if space == "cel" && name == "bind" {
                return self.bind(&call.args, id);
            }
            if let Some(space) = namespace(space) {
                return match function(Style::Namespace(space), name) {
                    Some(op) => self.apply(op, None, &call.args, id),
                    None => Err(self.unknown_function(&format!("{space}.{name}"), id)),
                };
            }
        }
        if is_macro(name, call.args.len()) {
            return self.looped(name, target, &call.args, id);
        }
        match function(Style::Method, name) {
            Some(op) => self.apply(op, Some(target), &call.args, id),
            None => Err(self.unknown_function(name, id)),
        }
    }

    fn global_call(&mut self, name: &str, args: &[IdedExpr], id: u64) -> Result<Operand> {
        if let Some(op) = operator(name) {
            return self.apply(op, None, args, id);
        }
        match (name, args) {
            ("dyn", [value]) => {
                let mut operand = self.expression(value)?;
                operand.ty = Type::Dyn;
                operand.id = id;
                Ok(operand)
            }
            ("has", [IdedExpr { expr: Expr::Select(select), .. }]) => {
                let from = self.expression(&select.operand)?;
                if self.field_of(&from, &select.field, id)?.is_some() {
                    // A record of a list has all its fields; one that is missing is null.
                    let field = self.field(&from, &select.field, id)?;
                    let null = self.constant(Value::Null, Type::Null, id);
                    return self.typed(Op::Ne, &[&field, &null], id);
                }
                let field = self.constant(Value::text(select.field.as_str()), Type::String, id);
                self.typed(Op::Has, &[&from, &field], id)
            }
            ("has", [IdedExpr { expr: Expr::Ident(name), .. }]) => {
                Err(self.error(id, format!("has() asks for a field of a record; write {name} != null")))
            }
            ("has", _) => Err(self.error(id, "has() takes one field, as in has(record.field)")),
            _ => match function(Style::Global, name) {
                Some(op) => self.apply(op, None, args, id),
                None => Err(self.unknown_function(name, id)),
            },
        }
    }

    fn apply(&mut self, op: Op, target: Option<&IdedExpr>, args: &[IdedExpr], id: u64) -> Result<Operand> {
        let nodes = target.into_iter().chain(args);
        let operands = nodes.map(|node| self.expression(node)).collect::<Result<Vec<_>>>()?;
        let (min, max) = op.arity();
        if operands.len() < min || operands.len() > max {
            return Err(self.error(id, format!("{} does not take {} arguments", written(op), args.len())));
        }
        self.typed(op, &operands.iter().collect::<Vec<_>>(), id)
    }

    /// Applies an operation after checking the types of its operands.
    fn typed(&mut self, op: Op, operands: &[&Operand], id: u64) -> Result<Operand> {
        if let (Op::Choose, [condition, then, other]) = (op, operands) {
            if !matches!(condition.ty, Type::Bool | Type::Dyn) {
                return Err(self.error(id, format!("the condition of ?: is bool, not {}", condition.ty)));
            }
            let ty = join(&then.ty, &other.ty);
            if ty == Type::Dyn && then.ty != Type::Dyn && other.ty != Type::Dyn {
                let hint = literal_hint(op, &[then, other]).unwrap_or_default();
                let message =
                    format!("the sides of ?: are {} and {}; both need one type{hint}", then.ty, other.ty);
                return Err(self.error(id, message));
            }
            let fact = self.fact(op, operands, id)?;
            return Ok(Operand { fact, ..self.call(op, operands, ty, id)? });
        }
        if let [_, Operand { place: Place::Constant(Value::Text(zone)), .. }] = operands
            && is_civil(op)
            && parse_offset(zone).is_none()
        {
            let message = format!(
                "the time zone {zone:?} is outside the supported subset; write UTC or an offset such as \"+08:00\""
            );
            return Err(self.error(id, message));
        }
        let types: Vec<&Type> = operands.iter().map(|operand| &operand.ty).collect();
        match result(op, &types) {
            Ok(ty) => {
                let fact = self.fact(op, operands, id)?;
                let operand = self.call(op, operands, ty, id)?;
                // What is computed from literals is a literal.
                let is_constant = matches!(operand.place, Place::Constant(_));
                Ok(if is_constant { operand } else { Operand { fact, ..operand } })
            }
            Err(said) => {
                let hint = literal_hint(op, operands).unwrap_or_default();
                Err(self.error(id, format!("{}: {said}{hint}", written(op))))
            }
        }
    }

    fn unknown_function(&self, name: &str, id: u64) -> Error {
        if name == "matches" {
            return self
                .error(id, "matches is outside the supported subset; use contains, startsWith or endsWith");
        }
        let written: Vec<String> = FUNCTIONS
            .iter()
            .map(|(style, own, _)| match style {
                Style::Namespace(space) => format!("{space}.{own}"),
                _ => (*own).to_owned(),
            })
            .chain(
                ["has", "all", "exists", "exists_one", "filter", "map", "transformList", "transformMap"]
                    .map(String::from),
            )
            .collect();
        let advice = match nearest(name, written.iter().map(String::as_str)) {
            Some(near) if near == name => {
                "; it is called on a value, as in text.size(), or with other arguments".to_owned()
            }
            Some(near) => format!("; did you mean {near}?"),
            None => String::new(),
        };
        self.error(id, format!("unknown function {name:?}{advice}"))
    }
}

fn is_civil(op: Op) -> bool {
    matches!(
        op,
        Op::FullYear
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

/// `a.b.c` as one name, if it is made of names only.
fn qualified(select: &SelectExpr) -> Option<String> {
    let mut parts = vec![select.field.as_str()];
    let mut inner = &select.operand.expr;
    loop {
        match inner {
            Expr::Select(next) => {
                parts.push(next.field.as_str());
                inner = &next.operand.expr;
            }
            Expr::Ident(name) => {
                parts.push(name.as_str());
                parts.reverse();
                return Some(parts.join("."));
            }
            _ => return None,
        }
    }
}

/// What to write when an int meets a double, which CEL never converts by itself.
fn literal_hint(op: Op, operands: &[&Operand]) -> Option<String> {
    let [a, b] = operands else { return None };
    if !matches!(op, Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Choose) {
        return None;
    }
    let whole = match (&a.ty, &b.ty) {
        (Type::Int | Type::Uint, Type::Double) => a,
        (Type::Double, Type::Int | Type::Uint) => b,
        _ => return None,
    };
    Some(match &whole.place {
        Place::Constant(Value::Int(number)) => format!("; write {number}.0"),
        Place::Constant(Value::Uint(number)) => format!("; write {number}.0"),
        _ => "; convert the whole number with double(…)".to_owned(),
    })
}
