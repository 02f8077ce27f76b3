//! What a bandit has learned: for each arm a table A (ridge plus the sum of x xᵀ) and a list b (the sum of
//! reward times x), as JSON that goes in with a request and comes out of an update.

use std::collections::BTreeMap;

use super::linear::packed;
use crate::bundle::{Sha256Digest, sha256};
use crate::error::{Error, ErrorCode, Result};
use crate::json::{Json, push_integer, push_number, push_text};

/// The format's number.
const FORMAT: i64 = 1;
/// Most arms that a state may hold: those of items that are no longer offered are kept.
const MAX_ARMS: usize = 4_096;
/// The name of the only arm where all items learn together.
pub(super) const SHARED: &str = "*";

/// One arm.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arm {
    /// Rewards that it has learned from.
    pub(super) count: i64,
    /// The lower triangle of A by rows.
    pub(super) a: Vec<f64>,
    /// b.
    pub(super) b: Vec<f64>,
}

impl Arm {
    /// What is known before the first reward.
    pub(super) fn prior(dimension: usize, ridge: f64) -> Self {
        let mut a = vec![0.0; packed(dimension)];
        for row in 0..dimension {
            a[row * (row + 1) / 2 + row] = ridge;
        }
        Self { count: 0, a, b: vec![0.0; dimension] }
    }

    /// Learns from a reward.
    pub(super) fn learn(&mut self, x: &[f64], reward: f64) -> Result<()> {
        let mut at = 0;
        for (row, &own) in x.iter().enumerate() {
            for &other in &x[..=row] {
                self.a[at] += own * other;
                at += 1;
            }
            self.b[row] += reward * own;
        }
        self.count = self.count.saturating_add(1);
        if self.a.iter().chain(&self.b).all(|number| number.is_finite()) {
            return Ok(());
        }
        Err(Error::new(ErrorCode::RunValue, "the state would pass the range of doubles; scale the context"))
    }
}

/// A state: the names of the context's terms, and the arms by item.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    terms: Vec<String>,
    arms: BTreeMap<String, Arm>,
}

impl State {
    /// Nothing learned yet.
    pub(super) const fn new(terms: Vec<String>) -> Self {
        Self { terms, arms: BTreeMap::new() }
    }

    pub(super) fn arms(&self) -> &BTreeMap<String, Arm> {
        &self.arms
    }

    pub(super) fn arms_mut(&mut self) -> &mut BTreeMap<String, Arm> {
        &mut self.arms
    }

    /// Reads a state. Whether it fits a bundle is seen later, by [`Self::check_terms`].
    ///
    /// # Errors
    /// `request_invalid` that names the place and what would be right.
    pub fn read(json: &Json<'_>) -> Result<Self> {
        let Json::Object(entries) = json else { return Err(invalid("a state is an object")) };
        let (mut format, mut terms, mut arms) = (None, None, None);
        for (key, value) in entries {
            match (&**key, value) {
                ("format", Json::Integer(number)) => format = Some(*number),
                ("terms", Json::List(names)) => terms = Some(read_terms(names)?),
                ("arms", Json::Object(list)) => arms = Some(list),
                _ => return Err(invalid("a state has `format`, `terms` and `arms`, nothing else")),
            }
        }
        if format != Some(FORMAT) {
            return Err(invalid(format!("the state's format must be {FORMAT}")).at("format"));
        }
        let (Some(terms), Some(list)) = (terms, arms) else {
            return Err(invalid("a state has `format`, `terms` and `arms`"));
        };
        if list.len() > MAX_ARMS {
            return Err(invalid(format!("there are at most {MAX_ARMS} arms")).at("arms"));
        }
        let arm = |(at, (name, arm)): (usize, &(std::borrow::Cow<'_, str>, Json<'_>))| {
            // The name comes from a stranger; its place is enough.
            let arm = read_arm(arm, terms.len()).map_err(|error| error.at(format_args!("arms[{at}]")))?;
            Ok((name.to_string(), arm))
        };
        let arms = list.iter().enumerate().map(arm).collect::<Result<_>>()?;
        Ok(Self { terms, arms })
    }

    /// Whether the state is about this context.
    ///
    /// # Errors
    /// `request_invalid` where it is not.
    pub(super) fn check_terms(&self, terms: &[String]) -> Result<()> {
        if self.terms == terms {
            return Ok(());
        }
        let message = format!("the state is about another context; the bundle's is {}", terms.join(", "));
        Err(invalid(message).at("terms"))
    }

    /// Appends the canonical JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"format\":");
        push_integer(out, FORMAT);
        out.extend_from_slice(b",\"terms\":");
        crate::decision::push_list(out, &self.terms, |out, term| push_text(out, term));
        out.extend_from_slice(b",\"arms\":{");
        for (at, (name, arm)) in self.arms.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_text(out, name);
            out.extend_from_slice(b":{\"count\":");
            push_integer(out, arm.count);
            out.extend_from_slice(b",\"a\":");
            crate::decision::push_list(out, &arm.a, |out, &number| push_number(out, number));
            out.extend_from_slice(b",\"b\":");
            crate::decision::push_list(out, &arm.b, |out, &number| push_number(out, number));
            out.push(b'}');
        }
        out.extend_from_slice(b"}}");
    }

    /// The digest of the canonical JSON.
    #[must_use]
    pub fn digest(&self) -> Sha256Digest {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        sha256(&bytes)
    }
}

fn read_terms(names: &[Json<'_>]) -> Result<Vec<String>> {
    let name = |name: &Json<'_>| match name {
        Json::Text(name) if name.len() <= 256 => Ok(name.to_string()),
        _ => Err(invalid("a term is a name").at("terms")),
    };
    if names.is_empty() || names.len() > crate::manifest::MAX_DIMENSION {
        return Err(invalid("there are 1 to 128 terms").at("terms"));
    }
    names.iter().map(name).collect()
}

fn read_arm(json: &Json<'_>, dimension: usize) -> Result<Arm> {
    let wrong = || invalid("an arm has `count`, a whole number, and the lists of numbers `a` and `b`");
    let Json::Object(entries) = json else { return Err(wrong()) };
    let (mut count, mut a, mut b) = (None, None, None);
    for (key, value) in entries {
        match (&**key, value) {
            ("count", Json::Integer(number)) if *number >= 0 => count = Some(*number),
            ("a", Json::List(items)) => {
                a = Some(numbers(items, packed(dimension)).map_err(|error| error.at("a"))?);
            }
            ("b", Json::List(items)) => b = Some(numbers(items, dimension).map_err(|error| error.at("b"))?),
            _ => return Err(wrong()),
        }
    }
    match (count, a, b) {
        (Some(count), Some(a), Some(b)) => Ok(Arm { count, a, b }),
        _ => Err(wrong()),
    }
}

fn numbers(items: &[Json<'_>], count: usize) -> Result<Vec<f64>> {
    if items.len() != count {
        return Err(invalid(format!("there must be {count} numbers, not {}", items.len())));
    }
    let number = |item: &Json<'_>| match item {
        Json::Number(number) => Ok(*number),
        Json::Integer(number) => Ok(*number as f64),
        _ => Err(invalid("every item must be a number")),
    };
    items.iter().map(number).collect()
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::RequestInvalid, message)
}
