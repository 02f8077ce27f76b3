//! Which operators there are, and in which versions: looked up once per node at load.

use std::collections::{BTreeMap, HashMap};

use super::kernel::Operator;
use super::neural;
use super::ops::{FAMILIES, extended};
use crate::error::{Error, ErrorCode, Result};

/// The domains that operators come from, with the newest version of each that is known here.
pub const DOMAINS: &[(&str, i64)] = &[("", 28), ("ai.onnx.ml", 5), ("com.microsoft", 1)];

/// The newest `ir_version` that is known here.
pub const IR_VERSION: i64 = 14;

/// All operators by domain and name.
pub(crate) struct Registry {
    operators: HashMap<(&'static str, &'static str), &'static Operator>,
}

/// `ai.onnx` has two names; this gives the one that is used here.
pub(crate) fn domain(name: &str) -> &str {
    if name == "ai.onnx" { "" } else { name }
}

/// Domain and operator as people write them.
pub(crate) fn full_name(domain: &str, operator: &str) -> String {
    format!("{}.{operator}", if domain.is_empty() { "ai.onnx" } else { domain })
}

/// Every operator by domain and name, and whether only the full module runs it; for the documentation.
#[must_use]
pub fn listing() -> BTreeMap<(&'static str, &'static str), (&'static Operator, bool)> {
    let by_tract = neural::OPERATORS.iter().map(|operator| (operator, true));
    let own = FAMILIES.iter().copied().flatten().map(|operator| (operator, false));
    let extended = extended::OPERATORS.iter().map(|operator| (operator, true));
    // As in the registry: what is run here wins over tract.
    by_tract.chain(own).chain(extended).map(|row| ((row.0.domain, row.0.name), row)).collect()
}

impl Registry {
    pub(crate) fn new() -> Self {
        // What the tabular runtime has itself comes last and wins.
        let all = neural::OPERATORS.iter().chain(FAMILIES.iter().flat_map(|family| family.iter()));
        Self { operators: all.map(|operator| ((operator.domain, operator.name), operator)).collect() }
    }

    /// The operator, whatever its versions.
    pub(crate) fn get(&self, domain: &str, name: &str) -> Option<&'static Operator> {
        self.operators.get(&(domain, name)).copied()
    }

    /// The operator as version `opset` of its domain has it.
    pub(crate) fn find(&self, domain: &str, name: &str, opset: i64) -> Result<&'static Operator> {
        let unsupported = |message: String| Err(Error::new(ErrorCode::ModelUnsupported, message));
        let Some(operator) = self.get(domain, name) else {
            return if DOMAINS.iter().any(|(known, _)| *known == domain) {
                unsupported(format!("operator {} is not supported", full_name(domain, name)))
            } else {
                unsupported(format!("domain \"{domain}\" of operator {name} is not supported"))
            };
        };
        match operator.versions.first() {
            Some(&first) if opset < first => unsupported(format!(
                "operator {} is supported from version {first} of its operator set, the model imports {opset}",
                full_name(domain, name)
            )),
            _ => Ok(operator),
        }
    }
}

/// Checks a list of imported operator sets and gives it with one name per domain.
///
/// # Errors
/// [`ErrorCode::ModelInvalid`] where it is empty, names a domain twice with different versions, or a
/// version below 1; [`ErrorCode::ModelUnsupported`] where a known domain is newer than known here.
pub(crate) fn imports<'m>(opsets: &[(&'m str, i64)]) -> Result<Vec<(&'m str, i64)>> {
    let mut list: Vec<(&str, i64)> = Vec::with_capacity(opsets.len().min(64));
    for &(name, version) in opsets {
        let name = domain(name);
        let shown = if name.is_empty() { "ai.onnx" } else { name };
        if version < 1 {
            return Err(Error::new(ErrorCode::ModelInvalid, format!("operator set {shown} has no version")));
        }
        if let Some((_, newest)) = DOMAINS.iter().find(|(known, newest)| *known == name && version > *newest)
        {
            return Err(Error::new(
                ErrorCode::ModelUnsupported,
                format!("the model imports version {version} of {shown}, the newest supported is {newest}"),
            ));
        }
        match list.iter().find(|(known, _)| *known == name) {
            None if list.len() < 64 => list.push((name, version)),
            None => {
                return Err(Error::new(ErrorCode::ModelInvalid, "more than 64 operator sets are imported"));
            }
            Some((_, other)) if *other == version => {}
            Some(_) => {
                return Err(Error::new(
                    ErrorCode::ModelInvalid,
                    format!("operator set {shown} is imported twice, in different versions"),
                ));
            }
        }
    }
    if list.is_empty() {
        return Err(Error::new(
            ErrorCode::ModelInvalid,
            "no operator set is imported (opset_import): the meaning of the nodes is not defined",
        ));
    }
    Ok(list)
}
