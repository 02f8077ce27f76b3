//! The macros that loop: `all`, `exists`, `exists_one`, `filter`, `map`, `transformList`,
//! `transformMap`; and `cel.bind`, which only names a register.

use cel::common::ast::{Expr, IdedExpr};

use super::emit::{Lowering, Operand};
use super::facts::Fact;
use super::signature::known;
use crate::error::Result;
use crate::rules::op::LoopKind;
use crate::rules::types::Type;

/// A macro call: how many variables, and what follows them.
struct Shape {
    kind: LoopKind,
    variables: usize,
    /// Expressions after the variables: a body, or a condition and a body.
    bodies: usize,
}

fn shape(name: &str, args: usize) -> Option<Shape> {
    let (kind, variables) = match (name, args) {
        ("all", 2 | 3) => (LoopKind::All, args - 1),
        ("exists", 2 | 3) => (LoopKind::Exists, args - 1),
        ("exists_one" | "existsOne", 2 | 3) => (LoopKind::ExistsOne, args - 1),
        ("filter", 2) => (LoopKind::Filter, 1),
        ("map", 2 | 3) => (LoopKind::List, 1),
        ("transformList", 3 | 4) => (LoopKind::List, 2),
        ("transformMap", 3 | 4) => (LoopKind::Map, 2),
        _ => return None,
    };
    Some(Shape { kind, variables, bodies: args - variables })
}

/// Whether a method call is a macro.
pub(super) fn is_macro(name: &str, args: usize) -> bool {
    shape(name, args).is_some()
}

impl Lowering<'_> {
    /// Lowers `range.name(variables, bodies)`.
    pub(super) fn looped(
        &mut self,
        name: &str,
        range: &IdedExpr,
        args: &[IdedExpr],
        id: u64,
    ) -> Result<Operand> {
        let Some(Shape { kind, variables, bodies }) = shape(name, args.len()) else {
            return Err(self.error(id, format!("{name} takes variables and a body")));
        };
        let range = self.expression(range)?;
        let (key, value) = match &range.ty {
            Type::List(item) => (Type::Int, known(item)),
            Type::Map(key, value) => (known(key), known(value)),
            Type::Dyn => (Type::Dyn, Type::Dyn),
            other => {
                let message = format!("{name} loops over a list or map, not over {other}");
                return Err(self.error(range.id, message));
            }
        };
        let (names, rest) = args.split_at(variables);
        let mut declared: Vec<(&str, Type, Fact)> = Vec::with_capacity(variables);
        for name in names {
            let Expr::Ident(text) = &name.expr else {
                return Err(self.error(name.id, "a loop variable is a plain name"));
            };
            if declared.iter().any(|(own, _, _)| *own == text.as_str()) {
                return Err(self.error(name.id, "the two loop variables need different names"));
            }
            let is_list = matches!(range.ty, Type::List(_));
            let element = (value.clone(), range.fact.clone());
            let (ty, fact) = match (variables, declared.len()) {
                (1, _) if is_list => element,
                (_, 0) => (key.clone(), Fact::default()),
                _ => element,
            };
            declared.push((text.as_str(), ty, fact));
        }
        self.open(&declared, id);
        let lowered = rest.iter().map(|body| self.expression(body)).collect::<Result<Vec<_>>>();
        let lowered = match lowered {
            Ok(lowered) => lowered,
            Err(error) => {
                self.frames.pop();
                return Err(error);
            }
        };
        // The first of two is the condition, the only one of a test is too.
        let tests = matches!(kind, LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne | LoopKind::Filter);
        if let Some(condition) = lowered.first().filter(|_| tests || bodies == 2)
            && !matches!(condition.ty, Type::Bool | Type::Dyn)
        {
            return Err(
                self.error(condition.id, format!("the condition of {name} is bool, not {}", condition.ty))
            );
        }
        let last = lowered.last().map_or(Type::Dyn, |body| body.ty.clone());
        let ty = match kind {
            LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne => Type::Bool,
            LoopKind::Filter => match &range.ty {
                Type::Map(key, _) => Type::list((**key).clone()),
                other => other.clone(),
            },
            LoopKind::List => Type::list(last),
            LoopKind::Map => Type::map(key, last),
        };
        let fact = match kind {
            LoopKind::Filter if matches!(range.ty, Type::List(_)) => range.fact.clone(),
            LoopKind::List => lowered.last().map(|body| body.fact.clone()).unwrap_or_default(),
            _ => Fact::default(),
        };
        let looped = self.close(kind, &range, &lowered.iter().collect::<Vec<_>>(), ty, id)?;
        Ok(Operand { fact, ..looped })
    }

    /// Lowers `cel.bind(name, value, body)`.
    pub(super) fn bind(&mut self, args: &[IdedExpr], id: u64) -> Result<Operand> {
        let [name, value, body] = args else {
            return Err(self.error(id, "cel.bind takes a name, a value and a body"));
        };
        let Expr::Ident(text) = &name.expr else {
            return Err(self.error(name.id, "cel.bind names a plain name"));
        };
        let value = self.expression(value)?;
        let depth = self.frames.len() - 1;
        self.frames[depth].variables.push((text.clone(), value));
        let body = self.expression(body);
        self.frames[depth].variables.pop();
        body
    }
}
