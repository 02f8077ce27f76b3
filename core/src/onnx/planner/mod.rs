//! From names to a plan: nodes are put in order, checked by their builders, folded where everything
//! about them is known, and their values laid into slots.

mod builder;
mod fold;
mod graph;
mod node;
mod slots;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use super::declared;
use super::kernel::Scratch;
use super::model::ValueInfo;
use super::neural;
use super::plan::Plan;
use super::proto::{AttributeValue, FunctionProto, ModelProto};
use super::registry::{self, Registry};
use super::value::Value;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use builder::Builder;
use graph::Scope;

/// A planned model.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) inputs: Vec<ValueInfo>,
    pub(crate) defaults: Vec<Option<Value>>,
    pub(crate) outputs: Vec<ValueInfo>,
}

/// What all graphs of one model share while they are planned.
struct Shared<'m> {
    registry: Registry,
    functions: HashMap<(&'m str, &'m str, &'m str), &'m FunctionProto<'m>>,
    limits: &'m Limits,
    ir_version: i64,
    /// Nodes that may still come.
    nodes_left: Cell<usize>,
    /// Number of the next nested graph.
    next_body: Cell<usize>,
    /// What folding may still cost.
    fold_left: Cell<usize>,
    scratch: RefCell<Scratch>,
}

impl Shared<'_> {
    fn count_node(&self) -> Result<()> {
        let left = self.nodes_left.get().checked_sub(1).ok_or_else(|| {
            Error::new(
                ErrorCode::ModelBudget,
                format!(
                    "the model has more than {} nodes, nested graphs and functions included",
                    self.limits.nodes
                ),
            )
        })?;
        self.nodes_left.set(left);
        Ok(())
    }
}

/// What the nodes of one graph or function body mean: the operator sets they are written in, and, in
/// a function, the attributes of the call.
struct Env<'a> {
    opsets: &'a [(&'a str, i64)],
    bound: &'a [(&'a str, &'a AttributeValue<'a>)],
    call: Option<&'a Call<'a>>,
    depth: usize,
}

/// The functions that are being expanded, innermost first.
struct Call<'a> {
    function: &'a FunctionProto<'a>,
    caller: Option<&'a Call<'a>>,
}

/// Plans a model.
///
/// # Errors
/// Whatever is wrong with it; the path names node and operator.
pub(crate) fn plan(model: &ModelProto<'_>, limits: &Limits) -> Result<Planned> {
    if !(3..=registry::IR_VERSION).contains(&model.ir_version) {
        return Err(Error::new(
            ErrorCode::ModelUnsupported,
            format!("ir_version is {}, supported are 3 to {}", model.ir_version, registry::IR_VERSION),
        ));
    }
    let Some(graph) = &model.graph else {
        return Err(Error::new(ErrorCode::ModelMalformed, "the model has no graph"));
    };
    let opsets = registry::imports(&model.opsets)?;
    let shared = Shared {
        registry: Registry::new(),
        functions: functions(model)?,
        limits,
        ir_version: model.ir_version,
        nodes_left: Cell::new(limits.nodes),
        next_body: Cell::new(0),
        fold_left: Cell::new(fold::BUDGET),
        scratch: RefCell::default(),
    };
    let env = Env { opsets: &opsets, bound: &[], call: None, depth: limits.nesting };
    let builder = Builder::default();
    let mut scope = Scope::new(&builder, None);
    let (inputs, defaults) = scope.declare_inputs(graph, &shared)?;
    scope.add_nodes(&graph.nodes, &env, &shared).map_err(|error| name_all(error, model))?;
    let mut outputs = Vec::with_capacity(graph.outputs.len());
    let mut ids = Vec::with_capacity(graph.outputs.len());
    let mut names = HashSet::new();
    for info in &graph.outputs {
        let id = scope.output(info)?;
        let fact = builder.fact(id);
        if !names.insert(info.name) {
            return Err(Error::new(
                ErrorCode::ModelInvalid,
                format!("output \"{}\" is declared twice", info.name),
            ));
        }
        let dims = declared::dims(&info.kind)?.or(fact.dims);
        outputs.push(ValueInfo { name: info.name.into(), kind: fact.kind, dims });
        ids.push(id);
    }
    if outputs.is_empty() {
        return Err(Error::new(ErrorCode::ModelInvalid, "the graph has no output"));
    }
    drop(scope);
    Ok(Planned { plan: builder.finish(&[], &ids).plan, inputs, defaults, outputs })
}

/// Where the module lacks operators that the full one has, names all of them and not only the first.
fn name_all(error: Error, model: &ModelProto<'_>) -> Error {
    if error.code() != ErrorCode::BundleNeedsFull {
        return error;
    }
    let names = Vec::from_iter(neural::used_by(model)).join(", ");
    let message = format!("the model needs the full module (scorebox-full.wasm) for its operators {names}");
    Error::new(ErrorCode::BundleNeedsFull, message).at(error.path())
}

type Functions<'m> = HashMap<(&'m str, &'m str, &'m str), &'m FunctionProto<'m>>;

fn functions<'m>(model: &'m ModelProto<'m>) -> Result<Functions<'m>> {
    let mut functions = HashMap::with_capacity(model.functions.len());
    for function in &model.functions {
        let key = (registry::domain(function.domain), function.name, function.overload);
        if functions.insert(key, function).is_some() {
            return Err(Error::new(
                ErrorCode::ModelInvalid,
                format!("function {} is defined twice", registry::full_name(function.domain, function.name)),
            ));
        }
    }
    Ok(functions)
}
