//! What one instance holds: its configuration, what is loaded, the last result.

use std::cell::RefCell;

use scorebox_core::json::{json, push_value};
use scorebox_core::scorer::Scorer;
use scorebox_core::{Error, ErrorCode, Result};

use crate::configuration::Configuration;
use crate::memory::ResultBytes;
use crate::models::LoadedModel;

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::default());
}

enum Loaded {
    Bundle(Box<Scorer>),
    Model(Box<LoadedModel>),
}

/// Everything of one instance.
#[derive(Default)]
pub(crate) struct State {
    configuration: Configuration,
    loaded: Vec<Option<Loaded>>,
    /// The last result.
    pub(crate) result: ResultBytes,
}

/// Reads or changes the state. Exports do not call each other, so the borrow never clashes.
pub(crate) fn with<T>(call: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(call)
}

/// Runs a call that writes a result, keeps the result or the error, and gives the status.
pub(crate) fn answer(call: impl FnOnce(&mut State, &mut Vec<u8>) -> Result<()>) -> i32 {
    with(|state| {
        let mut out = state.result.take();
        let status = match call(state, &mut out) {
            Ok(()) => scorebox_abi::STATUS_OK,
            Err(error) => failed(&error, &mut out),
        };
        state.result.put(out);
        status
    })
}

/// Runs a call that loads something, and gives its handle.
pub(crate) fn answer_handle(call: impl FnOnce(&mut State) -> Result<i32>) -> i32 {
    let mut handle = 0;
    let status = answer(|state, _| {
        handle = call(state)?;
        Ok(())
    });
    if status == scorebox_abi::STATUS_OK { handle } else { status }
}

fn failed(error: &Error, out: &mut Vec<u8>) -> i32 {
    let error = json!({"code": error.code().as_str(), "path": error.path(), "message": error.message()});
    out.clear();
    push_value(out, &error);
    scorebox_abi::STATUS_FAILED
}

impl State {
    /// Sets digest and limits for what is loaded from now on.
    pub(crate) fn configure(&mut self, json: &[u8]) -> Result<()> {
        self.configuration = Configuration::read(json)?;
        Ok(())
    }

    /// Loads a bundle and gives its handle.
    pub(crate) fn load_bundle(&mut self, zip: &[u8]) -> Result<i32> {
        let scorer = Scorer::load(zip, &self.configuration.limits, self.configuration.module)?;
        self.keep(Loaded::Bundle(Box::new(scorer)))
    }

    /// Loads a bare model and gives its handle.
    pub(crate) fn load_model(&mut self, onnx: &[u8]) -> Result<i32> {
        let model = LoadedModel::load(onnx, &self.configuration.limits)?;
        self.keep(Loaded::Model(Box::new(model)))
    }

    /// Handles count from 1; one that was unloaded is given out again.
    fn keep(&mut self, loaded: Loaded) -> Result<i32> {
        let free = self.loaded.iter().position(Option::is_none);
        let at = free.unwrap_or(self.loaded.len());
        if at >= scorebox_abi::MAX_HANDLES {
            return Err(Error::new(ErrorCode::RequestInvalid, "too many handles; unload some"));
        }
        match self.loaded.get_mut(at) {
            Some(slot) => *slot = Some(loaded),
            None => self.loaded.push(Some(loaded)),
        }
        Ok(at as i32 + 1)
    }

    fn slot(&mut self, handle: i32) -> Result<&mut Option<Loaded>> {
        let at = usize::try_from(handle).ok().and_then(|handle| handle.checked_sub(1));
        at.and_then(|at| self.loaded.get_mut(at)).filter(|slot| slot.is_some()).ok_or_else(|| {
            Error::new(ErrorCode::RequestInvalid, format!("nothing is loaded as handle {handle}"))
        })
    }

    /// The bundle with this handle.
    pub(crate) fn bundle(&mut self, handle: i32) -> Result<&mut Scorer> {
        match self.slot(handle)? {
            Some(Loaded::Bundle(scorer)) => Ok(scorer),
            _ => Err(Error::new(
                ErrorCode::RequestInvalid,
                format!("handle {handle} is a model, not a bundle"),
            )),
        }
    }

    /// The bare model with this handle.
    pub(crate) fn model(&mut self, handle: i32) -> Result<&mut LoadedModel> {
        match self.slot(handle)? {
            Some(Loaded::Model(model)) => Ok(model),
            _ => Err(Error::new(
                ErrorCode::RequestInvalid,
                format!("handle {handle} is a bundle, not a model"),
            )),
        }
    }

    /// Writes what is known about a handle as JSON.
    pub(crate) fn describe(&mut self, handle: i32, out: &mut Vec<u8>) -> Result<()> {
        let description = match self.slot(handle)? {
            Some(Loaded::Bundle(scorer)) => scorer.describe(),
            Some(Loaded::Model(model)) => model.describe(),
            None => String::new(),
        };
        out.extend_from_slice(description.as_bytes());
        Ok(())
    }

    /// Drops what is loaded.
    pub(crate) fn unload(&mut self, handle: i32) -> Result<()> {
        *self.slot(handle)? = None;
        Ok(())
    }
}
