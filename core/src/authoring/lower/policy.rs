//! The policy's expressions as programs: rules, and tables whose cells are CEL by then.

use super::{Lowering, check_shown};
use crate::authoring::coverage;
use crate::error::{Error, ErrorCode, Result};
use crate::manifest::{Policy, Rule, Table, TableOutput, TableOutputType, within};
use crate::policy::layout::{Layout, Literal};
use crate::policy::{self, RULES};
use crate::rules::lower::{Fact, Units, compile_as_with, compile_fact};
use crate::rules::{Code, Type};
use crate::scope::Scope;

impl Lowering<'_> {
    /// Lowers steps and rules; errors name places below the policy.
    pub(super) fn policy(&mut self, policy: &Policy) -> Result<()> {
        let paths = policy::step_paths(policy);
        let mut visible = self.scope.before_steps();
        for (_, places) in policy::groups(policy) {
            let mut results = 0;
            for at in places {
                let (step, path) = (&policy.steps[at], &paths[at]);
                results = policy::step_results(step).len();
                let lowered = match (&step.table, &step.list) {
                    (Some(table), _) => {
                        self.table(table, &step.id, path, visible).map_err(|error| within(error, "table"))
                    }
                    (None, Some(list)) => self
                        .rules(&list.rules, &format!("{path}.rules"), visible)
                        .map_err(|error| error.at("list")),
                    (None, None) => Ok(()),
                };
                lowered.map_err(|error| within(error, format_args!("steps[{at}]")))?;
            }
            visible += results;
        }
        self.rules(&policy.rules, RULES, visible)
    }

    fn rules(&mut self, rules: &[Rule], prefix: &str, visible: usize) -> Result<()> {
        for (at, (rule, path)) in rules.iter().zip(policy::rule_paths(prefix, rules)).enumerate() {
            let code = self
                .condition(&rule.when, self.scope.before(visible))
                .map_err(|error| error.at(format_args!("rules[{at}].when")))?;
            self.add(path.clone(), &rule.when, code);
            self.amounts(&policy::amounts(rule, &path, &format!("rules[{at}]"), visible))?;
            self.evidence(rule).map_err(|error| error.at(format_args!("rules[{at}].actions.alert")))?;
        }
        Ok(())
    }

    /// Evidence must be there, and must not be what identifies a customer.
    fn evidence(&self, rule: &Rule) -> Result<()> {
        let alert = rule.actions.as_ref().and_then(|actions| actions.alert.as_ref());
        for (at, name) in alert.iter().flat_map(|alert| &alert.evidence).enumerate() {
            let place = format!("evidence[{at}]");
            if self.scope.position(name).is_none() {
                let message =
                    format!("there is no `{name}`; evidence is an input, a feature, a score or a result");
                return Err(Error::new(ErrorCode::ManifestInvalid, message).at(place));
            }
            if self.manifest.input(name).is_some_and(|input| input.personal) {
                let message =
                    format!("`{name}` is personal and stays out of decisions; show a feature made of it");
                return Err(Error::new(ErrorCode::ManifestInvalid, message).at(place));
            }
            self.facts.get(name).map_or(Ok(()), check_shown).map_err(|error| error.at(place))?;
        }
        Ok(())
    }

    fn table(&mut self, table: &Table, id: &str, prefix: &str, visible: usize) -> Result<()> {
        let mut made: Vec<(String, String, Code)> = Vec::new();
        let mut units: Vec<Units> = Vec::new();
        let layout = Layout::new(table, prefix, self.scope, visible, |path, expr| {
            let (code, own) = self.compile(expr, self.scope.before(visible))?;
            let ty = code.result.clone();
            made.push((path.to_owned(), expr.to_owned(), code));
            units.push(own);
            Ok(ty)
        })?;
        // The columns have the units of their expressions while the rows are lowered.
        let local = table.inputs.iter().filter(|input| input.expr.is_some());
        let local: Vec<&String> = local.map(|input| &input.name).collect();
        for (name, units) in local.iter().zip(units) {
            self.facts.insert((*name).clone(), Fact::of(units));
        }
        let scope = layout.scope(self.scope, visible);
        for at in 0..table.rows.len() {
            let row = layout.row(at);
            if let Some(test) = &row.test {
                let code = self
                    .condition(test, scope.all())
                    .map_err(|error| self.test_error(table, &layout, at, &scope, &error))?;
                made.push((row.when.clone(), test.clone(), code));
            }
            for (index, (output, (literal, path))) in table.outputs.iter().zip(&row.then).enumerate() {
                let Literal::Expression(expr) = literal else { continue };
                let code = self
                    .output(output, expr, &scope)
                    .map_err(|error| table.then_error(at, index, error.message()).with_code(error.code()))?;
                made.push((path.clone(), expr.clone(), code));
            }
        }
        coverage::check(table, &layout, self.manifest)?;
        for name in local {
            self.facts.remove(name);
        }
        for output in &table.outputs {
            let units = Units::declared(output.unit.as_deref());
            self.facts.insert(format!("{id}.{}", output.name), Fact::of(units));
        }
        for (path, text, code) in made {
            self.add(path, &text, code);
        }
        Ok(())
    }

    /// An output that an expression gives.
    fn output(&self, output: &TableOutput, expr: &str, scope: &Scope) -> Result<Code> {
        let wanted = match output.kind {
            TableOutputType::Integer => Type::Int,
            TableOutputType::Boolean => Type::Bool,
            _ => Type::Double,
        };
        let code =
            compile_as_with(expr, scope.all(), &self.facts, &wanted, self.limits).map_err(|error| {
                let kind = output.kind.name();
                let message = format!("`{expr}` is neither a {kind} nor an expression: {}", error.message());
                Error::new(error.code(), message)
            })?;
        compile_fact(expr, scope.all(), &self.facts, self.limits)
            .and_then(|(_, fact)| check_shown(&fact))
            .map(|()| code)
    }

    /// Whose fault it is that a row's test does not compile: that of the first cell which does not alone.
    fn test_error(&self, table: &Table, layout: &Layout, at: usize, scope: &Scope, error: &Error) -> Error {
        for (index, cell) in layout.row(at).cells.iter().enumerate() {
            let Some(cel) = cell.to_cel(&layout.column(index).name) else { continue };
            if let Err(own) = self.condition(&cel, scope.all()) {
                let message = format!("as CEL, `{cel}`: {}", own.message());
                return table.when_error(at, index, message).with_code(own.code());
            }
        }
        table.row_error(at, "when", error.message()).with_code(error.code())
    }
}
