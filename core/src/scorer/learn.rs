//! Rewards: a bandit's state goes in, with what came of some offers, and a new state comes out.

use super::Scorer;
use crate::error::{Error, ErrorCode, Result};
use crate::frame::read_record;
use crate::json::{self, Json};
use crate::offers::State;
use crate::request::{Fields, Options};
use crate::time::Timestamp;

/// Bytes of one update, as a multiple of those of one record: a day's rewards of a branch.
const RECORDS_PER_UPDATE: usize = 64;

/// What came of one offer.
struct Reward<'a> {
    record: Fields<'a>,
    now: Option<Timestamp>,
    item: String,
    reward: f64,
}

/// Reads `{"state": …, "rewards": [{"record", "now", "item", "reward"}]}` and writes the state that has
/// learned from the rewards, in their order, to `out`.
pub(super) fn update(scorer: &mut Scorer, text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let limit = scorer.limits.record_bytes.saturating_mul(RECORDS_PER_UPDATE);
    if text.len() > limit {
        let message =
            format!("the update has {} bytes, the limit is {limit}; send fewer rewards", text.len());
        return Err(Error::new(ErrorCode::RecordBudget, message));
    }
    let Json::Object(entries) = json::read(text)? else { return Err(invalid("an update is an object")) };
    let (mut state, mut rewards) = (None, None);
    for (key, value) in entries {
        match (&*key, value) {
            ("state", Json::Null) => {}
            ("state", value) => state = Some(State::read(&value).map_err(|error| error.at("state"))?),
            ("rewards", Json::List(list)) => rewards = Some(list),
            _ => return Err(invalid("an update has `state` and the list `rewards`, nothing else")),
        }
    }
    let rewards = rewards.ok_or_else(|| invalid("the list `rewards` is missing"))?;
    let mut state = match &scorer.offers {
        Some(offers) => offers.learn(state)?,
        None => return Err(invalid("the bundle has no bandit that could learn")),
    };
    for (at, reward) in rewards.into_iter().enumerate() {
        read(reward)
            .and_then(|reward| learn(scorer, &mut state, &reward))
            .map_err(|error| error.at(format_args!("rewards[{at}]")))?;
    }
    state.write(out);
    Ok(())
}

fn read(value: Json<'_>) -> Result<Reward<'_>> {
    let wrong = || invalid("a reward has `record`, `item` and `reward`, a finite number, and may have `now`");
    let Json::Object(entries) = value else { return Err(wrong()) };
    let (mut record, mut now, mut item, mut reward) = (None, None, None, None);
    for (key, value) in entries {
        match (&*key, value) {
            ("record", Json::Object(fields)) => record = Some(fields),
            ("now", Json::Null) => {}
            ("now", Json::Text(text)) => {
                let wrong = || invalid("must be a date and time like \"2026-11-23T09:00:00Z\"").at("now");
                now = Some(Timestamp::parse_rfc3339(&text).ok_or_else(wrong)?);
            }
            ("item", Json::Text(id)) => item = Some(id.into_owned()),
            ("reward", Json::Number(number)) => reward = Some(number),
            ("reward", Json::Integer(number)) => reward = Some(number as f64),
            _ => return Err(wrong()),
        }
    }
    match (record, item, reward) {
        (Some(record), Some(item), Some(reward)) => Ok(Reward { record, now, item, reward }),
        _ => Err(wrong()),
    }
}

fn learn(scorer: &mut Scorer, state: &mut State, reward: &Reward<'_>) -> Result<()> {
    let frame = read_record(&reward.record, scorer.schema.layout(), reward.now);
    let options = Options { now: reward.now, reasons: Some(0), ..Options::default() };
    let assessment = scorer.assess(frame, &options)?;
    let Some(offers) = scorer.offers.as_ref().filter(|_| assessment.scored(0)) else {
        return Err(
            invalid("the record is not good enough to be scored, so nothing was offered").at("record")
        );
    };
    offers.reward(state, &assessment.columns, 0, &reward.item, reward.reward)
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorCode::RequestInvalid, message)
}
