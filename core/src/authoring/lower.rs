//! The manifest's expressions as programs.

mod feature;
mod policy;

use std::rc::Rc;

use self::feature::FeatureLowering;
use crate::bundle::{LockedProgram, Programs, sha256};
use crate::error::{Error, ErrorCode, Result};
use crate::expression::Wanted;
use crate::limits::Limits;
use crate::manifest::{Feature, Input, InputType, Manifest, within};
use crate::quantity::Slot;
use crate::rules::lower::{Fact, Facts, RecordFields, Units, compile_as_with, compile_fact, compile_with};
use crate::rules::{Code, Type, Variable};
use crate::scope::{Scope, rule_type};
use crate::{exposure, offers, risk, schema, scores, view};

/// Lowers every expression.
///
/// # Errors
/// `rule_invalid` and `rule_budget`; the path names the expression, the message the place in it and what
/// would be right.
pub(super) fn lower_all(manifest: &Manifest, limits: &Limits) -> Result<Programs> {
    let scope = Scope::new(manifest);
    let facts = manifest.inputs.iter().map(|input| (input.name.clone(), fact(input, None))).collect();
    let mut lowering = Lowering { manifest, scope: &scope, limits, facts, programs: Programs::new() };
    for (at, feature) in manifest.features.iter().enumerate() {
        let visible = scope.before_feature(at);
        let own = FeatureLowering { manifest, feature, visible, facts: &lowering.facts, limits };
        let fact = own
            .lower(&mut lowering.programs)
            .and_then(|fact| declared(feature, fact))
            .map_err(|error| error.at(format_args!("features[{at}]")))?;
        let personal = match feature.personal {
            Some(personal) => personal.then(|| feature.name.as_str().into()),
            None => fact.personal,
        };
        lowering.facts.insert(feature.name.clone(), Fact { personal, ..fact });
    }
    for (name, score) in &manifest.scores {
        lowering.facts.insert(name.clone(), Fact::of(Units::declared(score.unit.as_deref())));
    }
    for (name, score) in &manifest.scores {
        let Some(expr) = &score.expr else { continue };
        let compiled = compile_fact(expr, &scope.for_score(name), &lowering.facts, limits);
        let lowered = compiled.and_then(|(code, fact)| {
            scores::check_type(score, &code.result)?;
            check_shown(&fact)?;
            Ok(code)
        });
        let code = lowered.map_err(|error| error.at(format_args!("scores.{name}.expr")))?;
        lowering.add(scores::program_path(name), expr, code);
    }
    for own in view::expressions(manifest, &scope).into_iter().chain(offers::expressions(manifest, &scope)) {
        let compiled = compile_fact(own.text, scope.before(own.visible), &lowering.facts, limits);
        let lowered = compiled.and_then(|(code, fact)| {
            own.wanted.check(&code.result)?;
            // A condition is shown as what it says, everything else as its value.
            if own.wanted != Wanted::Condition {
                check_shown(&fact)?;
            }
            Ok(code)
        });
        let code = lowered.map_err(|error| error.at(&own.place))?;
        lowering.add(own.program, own.text, code);
    }
    lowering.amounts(&scores::losses(manifest, &scope))?;
    lowering.amounts(&scores::amounts(manifest, &scope))?;
    for (name, portfolio) in &manifest.portfolios {
        let Some(pnl) = &portfolio.pnl else { continue };
        let lowered = lowering.compile(pnl, scope.before(scope.after_scores())).and_then(|(code, _)| {
            let numbers = |item: &Type| item.is_number() || matches!(item, Type::Dyn | Type::Null);
            match &code.result {
                Type::Dyn => Ok(code),
                Type::List(item) if numbers(item) => Ok(code),
                other => {
                    let message = format!("gains are a list of numbers, this gives {other}");
                    Err(Error::new(ErrorCode::RuleInvalid, message))
                }
            }
        });
        let code = lowered.map_err(|error| error.at(format_args!("portfolios.{name}.pnl")))?;
        lowering.add(scores::pnl_path(name), pnl, code);
    }
    lowering.amounts(&risk::amounts(manifest, &scope))?;
    lowering.amounts(&exposure::amounts(manifest, &scope))?;
    for (at, field) in manifest.view.iter().flat_map(|view| &view.fields).enumerate() {
        // A field without an expression shows what has its name.
        let named = lowering.facts.get(&field.name).filter(|_| field.expr.is_none() && field.model.is_none());
        named
            .map_or(Ok(()), check_shown)
            .map_err(|error| error.at(format_args!("view.fields[{at}].name")))?;
    }
    for (at, check) in manifest.checks.iter().enumerate() {
        let code = lowering.condition(&check.when, scope.before_scores());
        let code = code.map_err(|error| error.at(format_args!("checks[{at}].when")))?;
        lowering.add(schema::program_path(check), &check.when, code);
    }
    if let Some(policy) = &manifest.policy {
        lowering.policy(policy).map_err(|error| within(error, "policy"))?;
    }
    Ok(lowering.programs)
}

/// What has been lowered so far, and what is known of the names that expressions can write.
struct Lowering<'m> {
    manifest: &'m Manifest,
    scope: &'m Scope,
    limits: &'m Limits,
    facts: Facts,
    programs: Programs,
}

impl Lowering<'_> {
    fn add(&mut self, path: String, text: &str, code: Code) {
        self.programs.insert(path, LockedProgram { source: sha256(text.as_bytes()), code });
    }

    fn compile(&self, text: &str, names: &[Variable]) -> Result<(Code, Units)> {
        compile_with(text, names, &self.facts, self.limits)
    }

    /// Lowers those amounts that are expressions.
    fn amounts(&mut self, slots: &[Slot<'_>]) -> Result<()> {
        for slot in slots {
            let Some(own) = slot.expression() else { continue };
            let names = self.scope.before(own.visible);
            let compiled = compile_fact(own.text, names, &self.facts, self.limits);
            let lowered = compiled.and_then(|(code, fact)| {
                own.wanted.check(&code.result)?;
                check_shown(&fact)?;
                match (slot.unit, fact.units.meet(&Units::declared(slot.unit))) {
                    (Some(unit), Err(problem)) => {
                        let message = format!("this is to be in {unit}: {problem}");
                        Err(Error::new(ErrorCode::RuleInvalid, message))
                    }
                    _ => Ok(code),
                }
            });
            let code = lowered.map_err(|error| error.at(&own.place))?;
            self.add(own.program, own.text, code);
        }
        Ok(())
    }

    fn condition(&self, text: &str, names: &[Variable]) -> Result<Code> {
        compile_as_with(text, names, &self.facts, &Type::Bool, self.limits)
    }
}

/// What the manifest says of an input, or of a field of the list of this name, beyond its type.
fn fact(input: &Input, list: Option<&str>) -> Fact {
    let field = |field: &Input| (field.name.clone(), rule_type(field.kind), field_fact(input, field));
    let records = (input.kind == InputType::Records).then(|| {
        Rc::new(RecordFields { list: input.name.clone(), fields: input.fields.iter().map(field).collect() })
    });
    let name = || match list {
        Some(list) => format!("{list}.{}", input.name).into(),
        None => input.name.as_str().into(),
    };
    let personal = input.personal.then(name);
    Fact { units: Units::declared(input.unit.as_deref()), records, personal }
}

/// What it says of a field of a list; what is in a personal list is personal.
fn field_fact(list: &Input, field: &Input) -> Fact {
    fact(&Input { personal: field.personal || list.personal, ..field.clone() }, Some(&list.name))
}

/// Refuses what would show a personal input in every decision.
fn check_shown(fact: &Fact) -> Result<()> {
    let Some(personal) = &fact.personal else { return Ok(()) };
    let message = format!(
        "this would show `{personal}`, which is personal, in every decision; show a band, a comparison or a ratio of \
         it, or a feature that says `\"personal\": false`"
    );
    Err(Error::new(ErrorCode::RuleInvalid, message))
}

/// The units of a feature: those that it declares, which its values must be able to have.
fn declared(feature: &Feature, found: Fact) -> Result<Fact> {
    let units = Units::declared(feature.unit.as_deref());
    if feature.unit.is_none() {
        return Ok(found);
    }
    match found.units.meet(&units) {
        Ok(_) => Ok(Fact { units, ..found }),
        Err(problem) => {
            let message = format!("the values of `{}` have another unit: {problem}", feature.name);
            Err(Error::new(ErrorCode::RuleInvalid, message).at("unit"))
        }
    }
}
