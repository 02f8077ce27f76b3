//! The order in which nodes run, found from the names that they make and use.
//!
//! The standard asks for nodes in order already. Some writers do not keep to that and the meaning is
//! clear without, so any order is taken; a name made twice, made by nobody, or that needs itself is not.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use super::proto::{AttributeValue, GraphProto, NodeProto};
use super::registry::full_name;
use crate::error::{Error, ErrorCode, Result};

/// Names a node in errors: `node "x" (ai.onnx.Add)`.
pub(crate) fn place(node: &NodeProto<'_>) -> String {
    let operator = full_name(super::registry::domain(node.domain), clip(node.op_type));
    match (node.name, node.outputs.iter().find(|name| !name.is_empty())) {
        ("", None) => format!("node ({operator})"),
        ("", Some(output)) => format!("node making \"{}\" ({operator})", clip(output)),
        (name, _) => format!("node \"{}\" ({operator})", clip(name)),
    }
}

/// The start of a name that may be a million characters long.
pub(crate) fn clip(name: &str) -> &str {
    name.char_indices().nth(80).map_or(name, |(at, _)| name.get(..at).unwrap_or(name))
}

/// The positions of `nodes` in an order in which every name is made before it is used. `given` says
/// whether a name is an input or initializer, `outer` whether an enclosing graph has it.
///
/// # Errors
/// [`ErrorCode::ModelInvalid`] for names made twice or by nobody, and for cycles.
pub(crate) fn order<'m>(
    nodes: &'m [NodeProto<'m>],
    given: impl Fn(&str) -> bool,
    outer: impl Fn(&str) -> bool,
) -> Result<Vec<usize>> {
    let mut makers: HashMap<&str, usize> = HashMap::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        for &name in node.outputs.iter().filter(|name| !name.is_empty()) {
            if given(name) || makers.insert(name, at).is_some() {
                return Err(Error::new(
                    ErrorCode::ModelInvalid,
                    format!("the name \"{}\" is made twice; every value needs a name of its own", clip(name)),
                )
                .at(place(node)));
            }
        }
    }
    let mut needs: Vec<Vec<usize>> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let mut before = Vec::new();
        for &name in node.inputs.iter().filter(|name| !name.is_empty()) {
            match makers.get(name) {
                Some(&maker) => before.push(maker),
                None if given(name) || outer(name) => {}
                None => {
                    return Err(Error::new(
                        ErrorCode::ModelInvalid,
                        format!("uses \"{}\", which no input, initializer or node makes", clip(name)),
                    )
                    .at(place(node)));
                }
            }
        }
        // Whether names used further inside exist is found out when the nested graph is planned.
        for name in nested_names(node) {
            before.extend(makers.get(name));
        }
        needs.push(before);
    }
    sort(nodes, &needs)
}

/// Earliest position first among the nodes that are ready.
fn sort(nodes: &[NodeProto<'_>], needs: &[Vec<usize>]) -> Result<Vec<usize>> {
    if needs.iter().enumerate().all(|(at, before)| before.iter().all(|&maker| maker < at)) {
        return Ok((0..nodes.len()).collect());
    }
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut open: Vec<usize> = vec![0; nodes.len()];
    for (at, before) in needs.iter().enumerate() {
        for &maker in before {
            users[maker].push(at);
            open[at] += 1;
        }
    }
    let mut ready: BinaryHeap<Reverse<usize>> =
        (0..nodes.len()).filter(|&at| open[at] == 0).map(Reverse).collect();
    let mut sorted = Vec::with_capacity(nodes.len());
    while let Some(Reverse(at)) = ready.pop() {
        sorted.push(at);
        for &user in &users[at] {
            open[user] -= 1;
            if open[user] == 0 {
                ready.push(Reverse(user));
            }
        }
    }
    if sorted.len() == nodes.len() { Ok(sorted) } else { Err(cycle(nodes, needs, &open)) }
}

/// An error that names the nodes of one cycle: walking from need to need must come round.
fn cycle(nodes: &[NodeProto<'_>], needs: &[Vec<usize>], open: &[usize]) -> Error {
    let mut at = open.iter().position(|&count| count > 0).unwrap_or(0);
    let mut path = Vec::new();
    let mut seen = HashSet::new();
    while seen.insert(at) {
        path.push(at);
        at = needs[at].iter().copied().find(|&maker| open[maker] > 0).unwrap_or(at);
    }
    let start = path.iter().position(|&node| node == at).unwrap_or(0);
    let names: Vec<String> = path[start..].iter().rev().take(5).map(|&at| place(&nodes[at])).collect();
    Error::new(ErrorCode::ModelInvalid, format!("the graph has a cycle: {}", names.join(" -> ")))
        .at(place(&nodes[at]))
}

/// The names that the graphs in a node's attributes take from outside themselves.
pub(crate) fn nested_names<'m>(node: &'m NodeProto<'m>) -> Vec<&'m str> {
    let mut names = Vec::new();
    for attribute in &node.attributes {
        match &attribute.value {
            AttributeValue::Graph(graph) => free_names(graph, &mut names),
            AttributeValue::Graphs(graphs) => graphs.iter().for_each(|graph| free_names(graph, &mut names)),
            _ => {}
        }
    }
    names
}

fn free_names<'m>(graph: &'m GraphProto<'m>, free: &mut Vec<&'m str>) {
    let inputs = graph.inputs.iter().map(|info| info.name);
    let initializers = graph.initializers.iter().map(|tensor| tensor.name);
    let made = graph.nodes.iter().flat_map(|node| node.outputs.iter().copied());
    let own: HashSet<&str> = inputs.chain(initializers).chain(made).collect();
    let outputs = graph.outputs.iter().map(|info| info.name);
    let used = graph.nodes.iter().flat_map(|node| {
        let nested = if node.attributes.is_empty() { Vec::new() } else { nested_names(node) };
        node.inputs.iter().copied().chain(nested)
    });
    free.extend(used.chain(outputs).filter(|name| !name.is_empty() && !own.contains(name)));
}
