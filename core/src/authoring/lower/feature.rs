//! The expressions of one feature as programs, and the units of what it gives.

use std::rc::Rc;

use crate::bundle::{LockedProgram, Programs, sha256};
use crate::error::{Error, Result};
use crate::features::{self, Elements, check_value};
use crate::limits::Limits;
use crate::manifest::{Feature, ListAggregate, ListFunction, Manifest};
use crate::rules::lower::{Fact, Facts, Unit, Units, compile_as_with, compile_fact};
use crate::rules::{Type, Variable};

/// Lowers one feature.
pub(super) struct FeatureLowering<'m> {
    pub(super) manifest: &'m Manifest,
    pub(super) feature: &'m Feature,
    /// What it can name.
    pub(super) visible: &'m [Variable],
    pub(super) facts: &'m Facts,
    pub(super) limits: &'m Limits,
}

impl FeatureLowering<'_> {
    /// Adds the programs of the feature; gives what is known of its values.
    pub(super) fn lower(&self, programs: &mut Programs) -> Result<Fact> {
        let feature = self.feature;
        if let Some(expr) = &feature.expr {
            let compiled = compile_fact(expr, self.visible, self.facts, self.limits);
            let lowered = compiled.and_then(|(code, fact)| {
                features::check_type(feature, &code.result)?;
                Ok((code, fact))
            });
            let (code, fact) = lowered.map_err(|error| error.at("expr"))?;
            let source = sha256(expr.as_bytes());
            programs.insert(features::program_path(feature), LockedProgram { source, code });
            return Ok(fact);
        }
        if let Some(own) = &feature.aggregate {
            return self.aggregate(own, programs).map_err(|error| error.at("aggregate"));
        }
        if let Some(own) = &feature.ratio {
            let units = |name: &str| self.facts.get(name).map(|fact| fact.units.clone()).unwrap_or_default();
            return Ok(Fact::of(units(&own.of).times(&units(&own.by), -1)));
        }
        // Labels, and numbers that an author gives to bins, have the unit that he says.
        Ok(Fact::default())
    }

    fn aggregate(&self, own: &ListAggregate, programs: &mut Programs) -> Result<Fact> {
        let Some(list) = self.manifest.input(&own.from) else { return Ok(Fact::default()) };
        let elements = Elements::new(list, self.visible);
        let mut facts = self.facts.clone();
        for field in &list.fields {
            facts.insert(field.name.clone(), super::field_fact(list, field));
        }
        if let Some(text) = own.condition.as_ref().filter(|text| !elements.is_field(text)) {
            let code = compile_as_with(text, elements.variables(), &facts, &Type::Bool, self.limits)
                .map_err(|error| error.at("where"))?;
            let source = sha256(text.as_bytes());
            programs.insert(features::condition_path(self.feature), LockedProgram { source, code });
        }
        let value = match &own.value {
            None => Fact::of(Units::Free),
            Some(text) => self
                .value(own.function, text, &elements, &facts, programs)
                .map_err(|error| error.at("value"))?,
        };
        // One record's value as it is.
        let picks = matches!(
            own.function,
            ListFunction::First | ListFunction::Last | ListFunction::Min | ListFunction::Max
        );
        let personal: Option<Rc<str>> = value.personal.filter(|_| picks);
        let value = value.units;
        let units = match own.function {
            ListFunction::Count | ListFunction::Distinct => Units::Free,
            ListFunction::ShareOfCount | ListFunction::ShareOfSum => Units::one_of([Unit::default()]),
            ListFunction::DaysSinceLast | ListFunction::DaysSinceFirst => {
                Units::one_of([Unit::parse("days")])
            }
            ListFunction::HoursSinceLast | ListFunction::HoursSinceFirst => {
                Units::one_of([Unit::parse("hours")])
            }
            // The sum of a month is an amount, and the amount of a month.
            ListFunction::Sum => match (&value, span(own)) {
                (Units::OneOf(units), Some(span)) => {
                    let span = Units::one_of([Unit::parse(span)]);
                    match value.times(&span, -1) {
                        Units::OneOf(per_span) => Units::one_of(units.iter().cloned().chain(per_span)),
                        other => other,
                    }
                }
                _ => value,
            },
            _ => value,
        };
        Ok(Fact { personal, ..Fact::of(units) })
    }

    fn value(
        &self,
        function: ListFunction,
        text: &str,
        elements: &Elements,
        facts: &Facts,
        programs: &mut Programs,
    ) -> Result<Fact> {
        let check = |ty: &Type| check_value(function, ty, self.feature.kind);
        if elements.is_field(text) {
            let name = text.trim();
            let field = elements.variables().iter().find(|variable| variable.name == name);
            field.map_or(Ok(()), |field| check(&field.ty))?;
            return Ok(facts.get(name).cloned().unwrap_or_default());
        }
        let (code, fact) = compile_fact(text, elements.variables(), facts, self.limits)?;
        check(&code.result)?;
        let source = sha256(text.as_bytes());
        programs.insert(features::value_path(self.feature), LockedProgram { source, code });
        Ok::<_, Error>(fact)
    }
}

/// The span of time that a window is one of.
fn span(own: &ListAggregate) -> Option<&'static str> {
    let hours = own.window_days.map(|days| days * 24.0).or(own.window_hours)?;
    let spans = [
        ("hour", 1.0, 1.0),
        ("day", 24.0, 24.0),
        ("week", 168.0, 168.0),
        ("month", 28.0 * 24.0, 31.0 * 24.0),
        ("year", 365.0 * 24.0, 366.0 * 24.0),
    ];
    spans.into_iter().find(|(_, least, most)| (*least..=*most).contains(&hours)).map(|(name, _, _)| name)
}
