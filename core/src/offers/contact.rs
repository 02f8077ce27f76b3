//! The contact policy at work: who may be reached now, through which channel.

use super::catalogue::Catalogue;
use super::ledger::Fault;
use crate::error::Result;
use crate::manifest::{self, CapScope};
use crate::rules::{Column, Data};
use crate::scope::{Bound, Scope};
use crate::time::{Timestamp, parse_minute, parse_offset};

const DAY_SECONDS: i64 = 86_400;

/// Why a channel is closed to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelCause {
    /// Its condition does not hold, or has no value.
    NoConsent(Fault),
    /// The customer's day has quiet hours now, or nobody knows.
    QuietHours(Fault),
    /// The cap at this place is reached, or the list of contacts is missing.
    Capped(usize, Fault),
}

impl ChannelCause {
    /// The name in decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoConsent(_) => "no_consent",
            Self::QuietHours(_) => "quiet_hours",
            Self::Capped(..) => "capped",
        }
    }
}

/// A contact policy, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Contacts {
    do_not_contact: Option<Bound>,
    channels: Vec<Channel>,
    quiet: Option<Quiet>,
    history: Option<History>,
    caps: Vec<manifest::Cap>,
}

#[derive(Clone, Debug)]
struct Channel {
    id: String,
    consent: Option<Bound>,
    score: Option<Bound>,
    quiet: bool,
}

#[derive(Clone, Debug)]
struct Quiet {
    from: i64,
    until: i64,
    offset_seconds: i64,
    /// The place of the column that holds the offset.
    column: Option<usize>,
}

#[derive(Clone, Debug)]
struct History {
    /// The place of the list's column.
    column: usize,
    spec: manifest::History,
}

/// A past contact.
struct Past {
    at: Option<Timestamp>,
    channel: Option<usize>,
    item: Option<usize>,
    category: Option<usize>,
}

/// What the policy says about one customer.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    /// Whether nothing may be offered at all, and whether that is known.
    pub(super) silent: Option<Fault>,
    /// Per channel why it is closed.
    pub(super) closed: Vec<Option<ChannelCause>>,
    /// Per channel how good it is; NaN where nobody knows.
    pub(super) scores: Vec<f64>,
    /// Caps that hold items back: the cap, and the item, or all of them.
    pub(super) capped: Vec<(usize, Option<usize>, Fault)>,
}

impl Contacts {
    /// Prepares the policy from the programs of its expressions, in the order of the manifest.
    pub(super) fn new(
        spec: &manifest::Contact,
        scope: &Scope,
        bound: &mut impl Iterator<Item = Bound>,
    ) -> Self {
        let mut next = |there: bool| if there { bound.next() } else { None };
        let do_not_contact = next(spec.do_not_contact.is_some());
        let channels = spec.channels.iter().map(|channel| Channel {
            id: channel.id.clone(),
            consent: next(channel.consent.is_some()),
            score: next(channel.score.is_some()),
            quiet: channel.quiet,
        });
        let channels = channels.collect();
        let quiet = spec.quiet_hours.as_ref().map(|quiet| Quiet {
            from: parse_minute(&quiet.from).unwrap_or_default(),
            until: parse_minute(&quiet.until).unwrap_or_default(),
            offset_seconds: quiet.offset.as_deref().and_then(parse_offset).unwrap_or_default(),
            column: quiet.offset_from.as_ref().and_then(|name| scope.position(name)),
        });
        let history = spec.history.as_ref().and_then(|history| {
            Some(History { column: scope.position(&history.list)?, spec: history.clone() })
        });
        Self { do_not_contact, channels, quiet, history, caps: spec.caps.clone() }
    }

    /// The programs that it runs.
    pub(super) fn programs(&self) -> impl Iterator<Item = &Bound> {
        let channels = self.channels.iter().flat_map(|channel| [&channel.consent, &channel.score]);
        channels.flatten().chain(&self.do_not_contact)
    }

    /// Whether it depends on the time.
    pub(super) fn uses_time(&self) -> bool {
        self.quiet.is_some() || !self.caps.is_empty()
    }

    /// What it says about each row. `now` is known for every row that was scored.
    pub(super) fn reach(
        &self,
        columns: &[Column],
        now: &[Option<Timestamp>],
        catalogue: &Catalogue,
        rows: usize,
    ) -> Result<Vec<Reach>> {
        let evaluate =
            |bound: &Option<Bound>| bound.as_ref().map(|own| own.evaluate(columns, rows)).transpose();
        let silent = evaluate(&self.do_not_contact)?;
        let consents = self.channels.iter().map(|own| evaluate(&own.consent)).collect::<Result<Vec<_>>>()?;
        let scores = self.channels.iter().map(|own| evaluate(&own.score)).collect::<Result<Vec<_>>>()?;
        let mut reach = Vec::with_capacity(rows);
        for row in 0..rows {
            let now = now.get(row).copied().flatten();
            let silent = silent.as_ref().and_then(|silent| match silent.truth(row) {
                Ok(Some(false)) => None,
                Ok(Some(true)) => Some(Fault::No),
                _ => Some(Fault::Yes),
            });
            let mut own = Reach { silent, ..Reach::default() };
            let quiet = self.quiet.as_ref().and_then(|quiet| quiet.hold(columns, row, now));
            for (channel, (consent, score)) in self.channels.iter().zip(consents.iter().zip(&scores)) {
                let refused = consent.as_ref().and_then(|consent| match consent.truth(row) {
                    Ok(Some(true)) => None,
                    Ok(Some(false)) => Some(ChannelCause::NoConsent(Fault::No)),
                    _ => Some(ChannelCause::NoConsent(Fault::Yes)),
                });
                own.closed.push(refused.or_else(|| quiet.filter(|_| channel.quiet)));
                let score = score.as_ref().and_then(|score| score.number(row).ok().flatten());
                own.scores.push(score.unwrap_or(f64::NAN));
            }
            self.cap(columns, row, now, catalogue, &mut own);
            reach.push(own);
        }
        Ok(reach)
    }

    /// Applies the caps to one customer.
    fn cap(
        &self,
        columns: &[Column],
        row: usize,
        now: Option<Timestamp>,
        catalogue: &Catalogue,
        reach: &mut Reach,
    ) {
        if self.caps.is_empty() {
            return;
        }
        let past = self.history.as_ref().and_then(|history| self.past(history, columns, row, catalogue));
        for (at, cap) in self.caps.iter().enumerate() {
            let Some(past) = &past else {
                // Nobody knows how often: the cap counts as reached.
                reach.capped.push((at, None, Fault::Yes));
                continue;
            };
            let start = now.map(|now| now.seconds().saturating_sub(i64::from(cap.days) * DAY_SECONDS));
            let nanos = now.map_or(0, Timestamp::nanos);
            let recent = |own: &&Past| match (own.at, start) {
                (Some(at), Some(start)) => (at.seconds(), at.nanos()) > (start, nanos),
                _ => true,
            };
            let count =
                |same: &dyn Fn(&Past) -> bool| past.iter().filter(recent).filter(|own| same(own)).count();
            let reached = |same: &dyn Fn(&Past) -> bool| count(same) >= cap.max as usize;
            match cap.per {
                CapScope::Customer => {
                    if reached(&|_| true) {
                        reach.capped.push((at, None, Fault::No));
                    }
                }
                CapScope::Channel => {
                    for (channel, closed) in reach.closed.iter_mut().enumerate() {
                        if closed.is_none() && reached(&|own| own.channel == Some(channel)) {
                            *closed = Some(ChannelCause::Capped(at, Fault::No));
                        }
                    }
                }
                CapScope::Item | CapScope::Category => {
                    for item in 0..catalogue.len() {
                        let category = catalogue.category(item);
                        let same = |own: &Past| match cap.per {
                            CapScope::Item => own.item == Some(item),
                            _ => own.category == Some(category),
                        };
                        if reached(&same) {
                            reach.capped.push((at, Some(item), Fault::No));
                        }
                    }
                }
            }
        }
    }

    /// The past contacts of a row; `None` where they are not known.
    fn past(
        &self,
        history: &History,
        columns: &[Column],
        row: usize,
        catalogue: &Catalogue,
    ) -> Option<Vec<Past>> {
        let column = columns.get(history.column)?;
        if column.is_null(row) || column.fault(row).is_some() {
            return None;
        }
        let Data::Records(records) = column.data() else { return None };
        let spec = &history.spec;
        let field = |name: &str| {
            let at = records.names().iter().position(|own| **own == *name)?;
            records.field(at)
        };
        let (at, channel, item) = (field(&spec.at), field(&spec.channel), field(&spec.item));
        let category = spec.category.as_deref().and_then(field);
        let one = |record: usize| {
            let item = text(item, record).and_then(|id| catalogue.ids().iter().position(|own| own == id));
            Past {
                at: instant(at, record),
                channel: text(channel, record)
                    .and_then(|id| self.channels.iter().position(|own| own.id == id)),
                item,
                category: match &spec.category {
                    Some(_) => text(category, record).and_then(|name| catalogue.category_named(name)),
                    None => item.map(|item| catalogue.category(item)),
                },
            }
        };
        Some(records.range(row).map(one).collect())
    }
}

fn text(column: Option<&Column>, record: usize) -> Option<&str> {
    let column = column.filter(|column| !column.is_null(record))?;
    if let Data::Text(cells) = column.data() { Some(cells.get(record)) } else { None }
}

fn instant(column: Option<&Column>, record: usize) -> Option<Timestamp> {
    let column = column.filter(|column| !column.is_null(record))?;
    if let Data::Timestamp(cells) = column.data() { cells.get(record).copied() } else { None }
}

impl Quiet {
    /// Whether channels that disturb are closed to this row now.
    fn hold(&self, columns: &[Column], row: usize, now: Option<Timestamp>) -> Option<ChannelCause> {
        let offset = match self.column {
            None => Some(self.offset_seconds),
            Some(place) => columns.get(place).filter(|column| !column.is_null(row)).and_then(|column| {
                let Data::Text(cells) = column.data() else { return None };
                // No text is an answer: the empty one is not taken for UTC.
                parse_offset(Some(cells.get(row)).filter(|text| !text.is_empty())?)
            }),
        };
        let (Some(now), Some(offset)) = (now, offset) else {
            return Some(ChannelCause::QuietHours(Fault::Yes));
        };
        let minute = (now.seconds() + offset).rem_euclid(DAY_SECONDS) / 60;
        let quiet = match self.from < self.until {
            true => (self.from..self.until).contains(&minute),
            false => minute >= self.from || minute < self.until,
        };
        quiet.then_some(ChannelCause::QuietHours(Fault::No))
    }
}
