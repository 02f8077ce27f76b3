//! One node: looked up, checked by its builder, and folded or made a step; or a call of a function,
//! whose nodes take its place.

use std::cell::RefCell;
use std::sync::Arc;

use super::super::attributes::Attributes;
use super::super::kernel::{Built, Fact, NodeSpec, Operator};
use super::super::order::{clip, nested_names, place};
use super::super::proto::{AttributeValue, FunctionProto, NodeProto};
use super::super::registry::{domain, full_name, imports};
use super::super::tensor::Tensor;
use super::builder::{Draft, Id, Origin};
use super::fold::fold;
use super::graph::{ABSENT, Nest, Outer, Scope};
use super::{Call, Env, Shared};
use crate::error::{Error, ErrorCode, Result};

fn invalid(message: String) -> Error {
    Error::new(ErrorCode::ModelInvalid, message)
}

/// Adds a node to the plan.
pub(super) fn add<'a>(
    scope: &mut Scope<'a>,
    node: &'a NodeProto<'a>,
    env: &Env<'_>,
    shared: &Shared<'_>,
) -> Result<()> {
    add_any(scope, node, env, shared).map_err(|error| error.at(place(node)))
}

fn add_any<'a>(
    scope: &mut Scope<'a>,
    node: &'a NodeProto<'a>,
    env: &Env<'_>,
    shared: &Shared<'_>,
) -> Result<()> {
    shared.count_node()?;
    check_attributes(node, env)?;
    let domain = domain(node.domain);
    if let Some(function) = shared.functions.get(&(domain, node.op_type, node.overload)) {
        return call(scope, node, function, env, shared);
    }
    let opset = env.opsets.iter().find(|(name, _)| *name == domain).map(|(_, version)| *version);
    let opset = opset.ok_or_else(|| {
        invalid(format!(
            "operator {} needs its domain among the imported operator sets",
            full_name(domain, clip(node.op_type))
        ))
    })?;
    let operator = shared.registry.find(domain, clip(node.op_type), opset)?;
    let inputs = inputs(scope, node)?;
    let outputs = trimmed(&node.outputs);
    check_counts(operator, &inputs, outputs.len())?;
    let nest =
        Nest { outer: Outer { scope, explicit: inputs.len(), taken: RefCell::default() }, env, shared };
    let mut spec = NodeSpec {
        attributes: Attributes::within(&node.attributes, env.bound),
        inputs: inputs.iter().map(|id| id.map(|id| scope.builder.fact(id))).collect(),
        outputs: outputs.len(),
        opset,
        nested: Some(&nest),
    };
    let built = (operator.build)(&mut spec)?;
    if let Some(unknown) = spec.attributes.unknown() {
        return Err(Error::new(
            ErrorCode::ModelAttribute,
            format!("attribute \"{}\" is unknown to {}", clip(unknown), full_name(domain, operator.name)),
        ));
    }
    drop(spec);
    let mut inputs = inputs;
    inputs.extend(nest.outer.taken.into_inner().into_iter().map(Some));
    let ids = finish(scope, node, operator.name, built, inputs, outputs.len(), shared)?;
    for (name, id) in outputs.iter().zip(ids) {
        if !name.is_empty() {
            scope.bind(name, id)?;
        }
    }
    Ok(())
}

/// Folds the node or makes it a step. Returns the values of its outputs.
fn finish(
    scope: &Scope<'_>,
    node: &NodeProto<'_>,
    operator: &'static str,
    built: Built,
    inputs: Vec<Option<Id>>,
    outputs: usize,
    shared: &Shared<'_>,
) -> Result<Vec<Id>> {
    let builder = scope.builder;
    let Built { kernel, outputs: mut facts } = built;
    if facts.len() < outputs {
        return Err(Error::new(
            ErrorCode::Internal,
            format!("{} outputs of {outputs} were built", facts.len()),
        ));
    }
    facts.truncate(outputs);
    let constants: Vec<Option<Arc<Tensor>>> =
        inputs.iter().map(|id| id.and_then(|id| builder.constant(id))).collect();
    let all_constant = inputs.iter().zip(&constants).all(|(id, tensor)| id.is_none() || tensor.is_some());
    if all_constant
        && facts.iter().all(|fact| fact.dtype().is_some())
        && let Some(made) = fold(&*kernel, &constants, outputs, shared)
    {
        return made
            .into_iter()
            .zip(facts)
            .map(|(tensor, fact)| folded(tensor, &fact).map(|tensor| builder.add_constant(tensor)))
            .collect();
    }
    // A shape may be known although the values are not. A fact that was copied from an input says
    // nothing of the output's value.
    for fact in &mut facts {
        let is_input = |made: &Arc<Tensor>| constants.iter().flatten().any(|input| Arc::ptr_eq(input, made));
        fact.constant = fact.constant.take().filter(|made| !is_input(made));
    }
    if let Some(known) = facts.iter().map(|fact| fact.constant.clone()).collect::<Option<Vec<_>>>() {
        return Ok(known.into_iter().map(|tensor| builder.add_constant(tensor)).collect());
    }
    let ids: Vec<Id> = facts.into_iter().map(|fact| builder.add(fact, Origin::Made)).collect();
    builder.step(Draft { kernel, inputs, outputs: ids.clone(), place: place(node).into(), operator });
    Ok(ids)
}

fn folded(tensor: Tensor, fact: &Fact) -> Result<Arc<Tensor>> {
    if fact.dtype() == Some(tensor.dtype()) {
        return Ok(Arc::new(tensor));
    }
    Err(Error::new(ErrorCode::Internal, format!("made {}, announced {}", tensor.dtype().name(), fact.kind)))
}

/// Names without the left-out ones at the end.
fn trimmed<'n, 'm>(names: &'n [&'m str]) -> &'n [&'m str] {
    let len = names.iter().rposition(|name| !name.is_empty()).map_or(0, |at| at + 1);
    names.get(..len).unwrap_or(names)
}

fn inputs(scope: &Scope<'_>, node: &NodeProto<'_>) -> Result<Vec<Option<Id>>> {
    let mut ids = Vec::with_capacity(node.inputs.len());
    for &name in &node.inputs {
        ids.push(match (name, scope.resolve(name)) {
            ("", _) | (_, Some(ABSENT)) => None,
            (_, Some(id)) => Some(id),
            (_, None) => return Err(invalid(format!("uses \"{}\", which nothing makes", clip(name)))),
        });
    }
    while ids.last() == Some(&None) {
        ids.pop();
    }
    // A nested graph may use names that are nowhere; saying so here names the right node.
    for name in nested_names(node) {
        if scope.resolve(name).is_none() {
            return Err(invalid(format!("its nested graph uses \"{}\", which nothing makes", clip(name))));
        }
    }
    Ok(ids)
}

fn check_counts(operator: &Operator, inputs: &[Option<Id>], outputs: usize) -> Result<()> {
    let count = |what: &str, found: usize, (least, most): (usize, usize)| {
        if (least..=most).contains(&found) {
            return Ok(());
        }
        let expected = match (least, most) {
            (least, usize::MAX) => format!("at least {least}"),
            (least, most) if least == most => format!("{least}"),
            (least, most) => format!("{least} to {most}"),
        };
        Err(invalid(format!("has {found} {what}, must have {expected}")))
    };
    count("inputs", inputs.len(), operator.inputs)?;
    count("outputs", outputs, operator.outputs)
}

/// Names must be unique; a reference has a meaning in functions only.
fn check_attributes(node: &NodeProto<'_>, env: &Env<'_>) -> Result<()> {
    let attribute = |message: String| Err(Error::new(ErrorCode::ModelAttribute, message));
    if node.attributes.len() > 64 {
        return attribute(format!("has {} attributes, no operator has more than 64", node.attributes.len()));
    }
    for (at, one) in node.attributes.iter().enumerate() {
        if node.attributes.iter().take(at).any(|other| other.name == one.name) {
            return attribute(format!("attribute \"{}\" is given twice", clip(one.name)));
        }
        if !one.reference.is_empty() && env.call.is_none() {
            return attribute(format!(
                "attribute \"{}\" refers to an attribute of a function, but is in none",
                clip(one.name)
            ));
        }
        if one.reference.is_empty() && matches!(one.value, AttributeValue::Missing) {
            return attribute(format!("attribute \"{}\" has no value", clip(one.name)));
        }
    }
    Ok(())
}

/// Puts a function's nodes in the place of its call.
fn call<'a>(
    scope: &mut Scope<'a>,
    node: &'a NodeProto<'a>,
    function: &FunctionProto<'_>,
    env: &Env<'_>,
    shared: &Shared<'_>,
) -> Result<()> {
    let mut open = env.call;
    while let Some(call) = open {
        if std::ptr::eq(call.function, function) {
            return Err(invalid("the function calls itself".to_owned()));
        }
        open = call.caller;
    }
    let depth = env.depth.checked_sub(1).ok_or_else(|| {
        Error::new(
            ErrorCode::ModelBudget,
            format!("functions call functions deeper than {}", shared.limits.nesting),
        )
    })?;
    let given = inputs(scope, node)?;
    let wanted = trimmed(&node.outputs);
    if given.len() > function.inputs.len() || wanted.len() > function.outputs.len() {
        return Err(invalid(format!(
            "calls a function of {} inputs and {} outputs with {} and {}",
            function.inputs.len(),
            function.outputs.len(),
            given.len(),
            wanted.len()
        )));
    }
    let bound = bind_attributes(node, function, env)?;
    let opsets = imports(&function.opsets)?;
    let inner_env =
        Env { opsets: &opsets, bound: &bound, call: Some(&Call { function, caller: env.call }), depth };
    let mut inner = Scope::new(scope.builder, None);
    for (at, name) in function.inputs.iter().enumerate() {
        inner.bind(name, given.get(at).copied().flatten().unwrap_or(ABSENT))?;
    }
    inner.add_nodes(&function.nodes, &inner_env, shared)?;
    for (&name, inside) in wanted.iter().zip(&function.outputs) {
        let id = inner.resolve(inside).filter(|&id| id != ABSENT);
        let id = id.ok_or_else(|| invalid(format!("the function does not make \"{}\"", clip(inside))))?;
        if !name.is_empty() {
            scope.bind(name, id)?;
        }
    }
    Ok(())
}

/// The attributes that a function's nodes may refer to: those of the call, or their defaults.
fn bind_attributes<'b>(
    node: &'b NodeProto<'b>,
    function: &'b FunctionProto<'b>,
    env: &Env<'b>,
) -> Result<Vec<(&'b str, &'b AttributeValue<'b>)>> {
    let defaults = &function.attribute_defaults;
    for one in &node.attributes {
        let known = function.attributes.contains(&one.name)
            || defaults.iter().any(|default| default.name == one.name);
        if !known {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"{}\" is unknown to the function", clip(one.name)),
            ));
        }
    }
    let mut bound: Vec<(&str, &AttributeValue<'_>)> = Vec::new();
    for one in &node.attributes {
        let value = match one.reference {
            "" => Some(&one.value),
            name => env.bound.iter().find(|(bound, _)| *bound == name).map(|(_, value)| *value),
        };
        bound.extend(value.map(|value| (one.name, value)));
    }
    for default in defaults {
        if !bound.iter().any(|(name, _)| *name == default.name) {
            bound.push((default.name, &default.value));
        }
    }
    Ok(bound)
}
