//! An expression of the manifest: where it stands, what it may name and what it must give. Packing
//! lowers it and loading binds it, both by this one description, so that they cannot disagree.

use crate::bundle::Lock;
use crate::error::{Error, ErrorCode, Result};
use crate::features::check_kind;
use crate::limits::Limits;
use crate::manifest::InputType;
use crate::rules::Type;
use crate::scope::{Bound, Scope};

/// What an expression must give. What is only known at run time is checked per row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// true or false.
    Condition,
    /// Any number.
    Number,
    /// Values of this kind.
    Kind(InputType),
    /// A whole number or a text.
    Level,
}

impl Wanted {
    /// Whether this type is what is wanted.
    ///
    /// # Errors
    /// `rule_invalid` that says which type is right.
    pub fn check(self, result: &Type) -> Result<()> {
        let wrong = |wanted: &str| {
            let message = format!("the expression gives {result}, it must give {wanted}");
            Err(Error::new(ErrorCode::RuleInvalid, message))
        };
        match (self, result) {
            (_, Type::Dyn | Type::Null) | (Self::Condition, Type::Bool) => Ok(()),
            (Self::Condition, _) => wrong("true or false"),
            (Self::Number, result) if result.is_number() => Ok(()),
            (Self::Number, _) => wrong("a number"),
            (Self::Kind(kind), result) => check_kind(kind, result),
            (Self::Level, Type::Int | Type::Uint | Type::String) => Ok(()),
            (Self::Level, _) => wrong("a whole number or a text"),
        }
    }
}

/// An expression of the manifest.
#[derive(Clone, Debug)]
pub struct Expression<'m> {
    /// Its program's name in the lock. Parts of lists go by name, so that an inserted one moves no other.
    pub program: String,
    /// Its JSON path in the manifest.
    pub place: String,
    /// Its text.
    pub text: &'m str,
    /// How many of the scope's columns it can name.
    pub visible: usize,
    /// What it must give.
    pub wanted: Wanted,
}

impl Expression<'_> {
    /// Binds the program that packing made of it.
    ///
    /// # Errors
    /// `bundle_not_packed` where the lock does not fit, `rule_invalid` and `rule_budget` where its code
    /// does not.
    pub fn bind(&self, scope: &Scope, lock: &Lock, limits: &Limits) -> Result<Bound> {
        let bind = || {
            let code = lock.program(&self.program, self.text)?;
            let bound = scope.bind(code, self.visible, limits)?;
            self.wanted.check(bound.result())?;
            Ok(bound)
        };
        bind().map_err(|error: Error| error.at(&self.place))
    }
}
