//! Graph to plan.
use super::model::ValueInfo;
use super::plan::Plan;
use super::proto::ModelProto;
use super::value::Value;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) inputs: Vec<ValueInfo>,
    pub(crate) defaults: Vec<Option<Value>>,
    pub(crate) outputs: Vec<ValueInfo>,
}
pub(crate) fn plan(_proto: &ModelProto<'_>, _limits: &Limits) -> Result<Planned> {
    Err(Error::new(ErrorCode::ModelMalformed, "not yet"))
}
