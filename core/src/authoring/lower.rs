//! The manifest's expressions as programs.

use crate::bundle::{LockedProgram, Programs, sha256};
use crate::error::Result;
use crate::features;
use crate::limits::Limits;
use crate::manifest::Manifest;
use crate::policy;
use crate::rules::{Type, lower};
use crate::scope::Scope;
use crate::scores;
use crate::view;

/// Lowers every expression.
///
/// # Errors
/// `rule_invalid` and `rule_budget`; the path names the expression, the message the place in it and what
/// would be right.
pub(super) fn lower_all(manifest: &Manifest, limits: &Limits) -> Result<Programs> {
    let scope = Scope::new(manifest);
    let mut programs = Programs::new();
    for (at, feature) in manifest.features.iter().enumerate() {
        let lowered = lower::compile(&feature.expr, scope.before_feature(at), limits).and_then(|code| {
            features::check_type(feature, &code.result)?;
            Ok(code)
        });
        let code = lowered.map_err(|error| error.at(format_args!("features[{at}].expr")))?;
        let source = sha256(feature.expr.as_bytes());
        programs.insert(features::program_path(feature), LockedProgram { source, code });
    }
    for (name, score) in &manifest.scores {
        let Some(expr) = &score.expr else { continue };
        let lowered = lower::compile(expr, &scope.for_score(name), limits).and_then(|code| {
            scores::check_type(score, &code.result)?;
            Ok(code)
        });
        let code = lowered.map_err(|error| error.at(format_args!("scores.{name}.expr")))?;
        programs.insert(scores::program_path(name), LockedProgram { source: sha256(expr.as_bytes()), code });
    }
    for own in view::expressions(manifest, &scope) {
        let lowered = lower::compile(own.text, scope.before(own.visible), limits).and_then(|code| {
            own.wanted.check(&code.result)?;
            Ok(code)
        });
        let code = lowered.map_err(|error| error.at(&own.place))?;
        programs.insert(own.program, LockedProgram { source: sha256(own.text.as_bytes()), code });
    }
    for (at, rule) in manifest.policy.iter().flat_map(|policy| &policy.rules).enumerate() {
        let code = lower::compile_as(&rule.when, scope.all(), &Type::Bool, limits)
            .map_err(|error| error.at(format_args!("policy.rules[{at}].when")))?;
        programs
            .insert(policy::program_path(rule), LockedProgram { source: sha256(rule.when.as_bytes()), code });
    }
    Ok(programs)
}
