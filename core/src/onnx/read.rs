//! Bytes to `proto`.
use super::proto::ModelProto;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
pub(crate) fn model<'m>(_bytes: &'m [u8], _limits: &Limits) -> Result<ModelProto<'m>> {
    Err(Error::new(ErrorCode::ModelMalformed, "not yet"))
}
