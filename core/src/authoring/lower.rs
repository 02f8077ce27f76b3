//! The manifest's expressions as programs.

use std::rc::Rc;

use crate::bundle::{LockedProgram, Programs, sha256};
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::manifest::{Feature, Input, InputType, Manifest};
use crate::rules::Type;
use crate::rules::lower::{Fact, Facts, RecordFields, Units, compile_as_with, compile_with};
use crate::scope::{Scope, rule_type};
use crate::{features, policy, schema, scores, view};

/// Lowers every expression.
///
/// # Errors
/// `rule_invalid` and `rule_budget`; the path names the expression, the message the place in it and what
/// would be right.
pub(super) fn lower_all(manifest: &Manifest, limits: &Limits) -> Result<Programs> {
    let scope = Scope::new(manifest);
    let mut programs = Programs::new();
    let mut facts: Facts = manifest.inputs.iter().map(|input| (input.name.clone(), fact(input))).collect();
    for (at, feature) in manifest.features.iter().enumerate() {
        let place = |error: Error| error.at(format_args!("features[{at}]"));
        let compiled = compile_with(&feature.expr, scope.before_feature(at), &facts, limits);
        let lowered = compiled.and_then(|(code, units)| {
            features::check_type(feature, &code.result)?;
            Ok((code, units))
        });
        let (code, units) = lowered.map_err(|error| place(error.at("expr")))?;
        let source = sha256(feature.expr.as_bytes());
        programs.insert(features::program_path(feature), LockedProgram { source, code });
        facts.insert(feature.name.clone(), Fact::of(declared(feature, units).map_err(place)?));
    }
    for (name, score) in &manifest.scores {
        facts.insert(name.clone(), Fact::of(Units::declared(score.unit.as_deref())));
    }
    for (name, score) in &manifest.scores {
        let Some(expr) = &score.expr else { continue };
        let lowered = compile_with(expr, &scope.for_score(name), &facts, limits).and_then(|(code, _)| {
            scores::check_type(score, &code.result)?;
            Ok(code)
        });
        let code = lowered.map_err(|error| error.at(format_args!("scores.{name}.expr")))?;
        programs.insert(scores::program_path(name), LockedProgram { source: sha256(expr.as_bytes()), code });
    }
    for own in view::expressions(manifest, &scope) {
        let lowered =
            compile_with(own.text, scope.before(own.visible), &facts, limits).and_then(|(code, _)| {
                own.wanted.check(&code.result)?;
                Ok(code)
            });
        let code = lowered.map_err(|error| error.at(&own.place))?;
        programs.insert(own.program, LockedProgram { source: sha256(own.text.as_bytes()), code });
    }
    let mut condition = |path: String, place: String, text: &str, names| {
        let code =
            compile_as_with(text, names, &facts, &Type::Bool, limits).map_err(|error| error.at(place))?;
        programs.insert(path, LockedProgram { source: sha256(text.as_bytes()), code });
        Ok(())
    };
    for (at, check) in manifest.checks.iter().enumerate() {
        let place = format!("checks[{at}].when");
        condition(schema::program_path(check), place, &check.when, scope.before_scores())?;
    }
    for (at, rule) in manifest.policy.iter().flat_map(|policy| &policy.rules).enumerate() {
        let place = format!("policy.rules[{at}].when");
        condition(policy::program_path(rule), place, &rule.when, scope.all())?;
    }
    Ok(programs)
}

/// What the manifest says of an input beyond its type.
fn fact(input: &Input) -> Fact {
    let field =
        |field: &Input| (field.name.clone(), rule_type(field.kind), Units::declared(field.unit.as_deref()));
    let records = (input.kind == InputType::Records).then(|| {
        Rc::new(RecordFields { list: input.name.clone(), fields: input.fields.iter().map(field).collect() })
    });
    Fact { units: Units::declared(input.unit.as_deref()), records }
}

/// The units of a feature: those that it declares, which its values must be able to have.
fn declared(feature: &Feature, found: Units) -> Result<Units> {
    let units = Units::declared(feature.unit.as_deref());
    if feature.unit.is_none() {
        return Ok(found);
    }
    match found.meet(&units) {
        Ok(_) => Ok(units),
        Err(problem) => {
            let message = format!("the values of `{}` have another unit: {problem}", feature.name);
            Err(Error::new(ErrorCode::RuleInvalid, message).at("unit"))
        }
    }
}
