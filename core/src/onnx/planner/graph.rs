//! One graph, nested graph or function body: its names, and how they reach into enclosing graphs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::super::body::Body;
use super::super::kernel::{Fact, Nested};
use super::super::model::ValueInfo;
use super::super::order::{clip, order};
use super::super::proto::{GraphProto, NodeProto, TensorProto, ValueInfoProto};
use super::super::value::Value;
use super::super::{declared, decode};
use super::builder::{Builder, Id, Origin};
use super::{Env, Shared, node};
use crate::error::{Error, ErrorCode, Result};

/// Stands for a function's input that the call leaves out.
pub(super) const ABSENT: Id = Id::MAX;

/// What the name of each value in sight stands for.
pub(super) struct Scope<'a> {
    pub(super) builder: &'a Builder,
    names: HashMap<&'a str, Id>,
    outer: Option<&'a Outer<'a>>,
}

/// The enclosing scope as a nested graph sees it.
pub(super) struct Outer<'a> {
    pub(super) scope: &'a Scope<'a>,
    /// How many inputs the enclosing node names; values taken from outside follow them.
    pub(super) explicit: usize,
    /// The values taken.
    pub(super) taken: RefCell<Vec<Id>>,
}

impl Outer<'_> {
    fn place_of(&self, id: Id) -> u32 {
        let mut taken = self.taken.borrow_mut();
        let at = taken.iter().position(|&other| other == id).unwrap_or_else(|| {
            taken.push(id);
            taken.len() - 1
        });
        (self.explicit + at) as u32
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorCode::ModelInvalid, message)
}

impl<'a> Scope<'a> {
    pub(super) fn new(builder: &'a Builder, outer: Option<&'a Outer<'a>>) -> Self {
        Self { builder, names: HashMap::new(), outer }
    }

    /// The value that a name stands for, here or in an enclosing graph.
    pub(super) fn resolve(&self, name: &str) -> Option<Id> {
        if let Some(&id) = self.names.get(name) {
            return Some(id);
        }
        let outer = self.outer?;
        let there = outer.scope.resolve(name)?;
        if there == ABSENT {
            return Some(ABSENT);
        }
        let builder = outer.scope.builder;
        Some(self.builder.take(there, || match builder.constant(there) {
            Some(tensor) => self.builder.add_constant(tensor),
            None => self.builder.add(builder.fact(there), Origin::Outer(outer.place_of(there))),
        }))
    }

    /// Gives a value a name.
    pub(super) fn bind(&mut self, name: &'a str, id: Id) -> Result<()> {
        if name.is_empty() {
            return Err(invalid("an input, initializer or output has no name".to_owned()));
        }
        match self.names.insert(name, id) {
            None => Ok(()),
            Some(_) => Err(invalid(format!(
                "the name \"{}\" is given twice; every value needs a name of its own",
                clip(name)
            ))),
        }
    }

    fn bind_initializer(&mut self, proto: &'a TensorProto<'a>) -> Result<()> {
        let id = self.builder.add_constant(Arc::new(decode::tensor(proto)?));
        self.bind(proto.name, id)
    }

    /// Gives the model's inputs and initializers their values; returns the inputs that a run is fed,
    /// and the defaults of those that have one.
    pub(super) fn declare_inputs(
        &mut self,
        graph: &'a GraphProto<'a>,
        shared: &Shared<'_>,
    ) -> Result<(Vec<ValueInfo>, Vec<Option<Value>>)> {
        let mut initial: HashMap<&str, &TensorProto<'_>> = HashMap::with_capacity(graph.initializers.len());
        for proto in &graph.initializers {
            if initial.insert(proto.name, proto).is_some() {
                return Err(invalid(format!("initializer \"{}\" is given twice", clip(proto.name))));
            }
        }
        refuse_sparse(graph)?;
        let (mut inputs, mut defaults) = (Vec::new(), Vec::new());
        for info in &graph.inputs {
            let default = initial.get(info.name);
            // Before version 4 of the format, initializers had to be inputs too, and were constants.
            if default.is_some() && shared.ir_version < 4 {
                continue;
            }
            let here = |error: Error| error.at(format!("input \"{}\"", clip(info.name)));
            let kind = declared::kind(&info.kind).map_err(here)?;
            let kind = kind.ok_or_else(|| here(invalid("its type is missing".to_owned())))?;
            let dims = declared::dims(&info.kind).map_err(here)?;
            let default =
                default.map(|proto| decode::tensor(proto).map(Value::Tensor)).transpose().map_err(here)?;
            if default.as_ref().is_some_and(|value| !value.is_of(&kind)) {
                return Err(here(Error::new(
                    ErrorCode::ModelType,
                    format!("declared as {kind}, but its initializer is of another type"),
                )));
            }
            let fact = Fact { kind: kind.clone(), dims: dims.clone(), constant: None };
            let id = self.builder.add(fact, Origin::Outer(inputs.len() as u32));
            self.bind(info.name, id)?;
            inputs.push(ValueInfo { name: info.name.into(), kind, dims });
            defaults.push(default);
        }
        for proto in &graph.initializers {
            if !self.names.contains_key(proto.name) {
                self.bind_initializer(proto)?;
            }
        }
        Ok((inputs, defaults))
    }

    /// Adds nodes in an order in which each finds what it needs.
    pub(super) fn add_nodes(
        &mut self,
        nodes: &'a [NodeProto<'a>],
        env: &Env<'_>,
        shared: &Shared<'_>,
    ) -> Result<()> {
        let outer = |name: &str| self.outer.is_some_and(|outer| outer.scope.resolve(name).is_some());
        for at in order(nodes, |name| self.names.contains_key(name), outer)? {
            node::add(self, &nodes[at], env, shared)?;
        }
        Ok(())
    }

    /// The value that a graph gives as this output, checked against the declared type.
    pub(super) fn output(&self, info: &ValueInfoProto<'_>) -> Result<Id> {
        let here = |error: Error| error.at(format!("output \"{}\"", clip(info.name)));
        let id = self
            .resolve(info.name)
            .filter(|&id| id != ABSENT)
            .ok_or_else(|| here(invalid("no input, initializer or node of the graph makes it".to_owned())))?;
        check_type(info, &self.builder.fact(id)).map_err(here)?;
        Ok(id)
    }
}

fn check_type(info: &ValueInfoProto<'_>, fact: &Fact) -> Result<()> {
    match declared::kind(&info.kind)? {
        Some(kind) if kind != fact.kind => Err(Error::new(
            ErrorCode::ModelType,
            format!("declared as {kind}, but the graph makes {}", fact.kind),
        )),
        _ => Ok(()),
    }
}

fn refuse_sparse(graph: &GraphProto<'_>) -> Result<()> {
    if graph.sparse_initializers == 0 {
        return Ok(());
    }
    Err(Error::new(ErrorCode::ModelUnsupported, "sparse initializers are not supported; store them dense"))
}

/// Plans the graphs in the attributes of one node.
pub(super) struct Nest<'n> {
    pub(super) outer: Outer<'n>,
    pub(super) env: &'n Env<'n>,
    pub(super) shared: &'n Shared<'n>,
}

impl Nested for Nest<'_> {
    fn plan(&self, graph: &GraphProto<'_>, inputs: &[Fact]) -> Result<Body> {
        let builder = Builder::default();
        let mut scope = Scope::new(&builder, Some(&self.outer));
        if graph.inputs.len() != inputs.len() {
            return Err(invalid(format!(
                "the nested graph \"{}\" has {} inputs, must have {}",
                clip(graph.name),
                graph.inputs.len(),
                inputs.len()
            )));
        }
        refuse_sparse(graph)?;
        let mut input_ids = Vec::with_capacity(inputs.len());
        for (info, fact) in graph.inputs.iter().zip(inputs) {
            check_type(info, fact).map_err(|error| error.at(format!("input \"{}\"", clip(info.name))))?;
            let id = builder.add(fact.clone(), Origin::Made);
            scope.bind(info.name, id)?;
            input_ids.push(id);
        }
        for proto in &graph.initializers {
            scope.bind_initializer(proto)?;
        }
        scope.add_nodes(&graph.nodes, self.env, self.shared)?;
        let output_ids = graph.outputs.iter().map(|info| scope.output(info)).collect::<Result<Vec<Id>>>()?;
        drop(scope);
        let facts = output_ids.iter().map(|&id| builder.fact(id)).collect();
        let id = self.shared.next_body.replace(self.shared.next_body.get() + 1);
        let finished = builder.finish(&input_ids, &output_ids);
        Ok(Body { plan: finished.plan, inputs: finished.inputs, facts, id })
    }
}
