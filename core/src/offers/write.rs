//! The offers in a decision.

use super::{Cause, ChannelCause, Fault, Offer, Offers, Recommendation};
use crate::decision::push_list;
use crate::json::{push_integer, push_number, push_text};
use crate::manifest::{self, Held, Reasons};

/// What the section needs beside the recommendation.
pub struct Notes<'a> {
    /// The manifest's offers.
    pub own: &'a manifest::Offers,
    /// Its reason codes with their texts.
    pub reasons: Option<&'a Reasons>,
    /// The language of the texts.
    pub language: &'a str,
    /// What is said of items that are not offered.
    pub held: Held,
}

impl Offers {
    /// Appends the section `offers` of a row that was scored.
    pub fn write(&self, made: &Recommendation, notes: &Notes<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"offers\":{\"top\":");
        push_list(out, &made.top, |out, offer| self.write_offer(offer, made, notes, out));
        out.extend_from_slice(b",\"held\":");
        push_list(out, &made.held, |out, (item, causes)| write_held(*item, causes, made, notes, out));
        if notes.held == Held::Counts {
            out.extend_from_slice(b",\"held_counts\":{");
            let start = out.len();
            for (name, &count) in Cause::NAMES.iter().zip(&made.counts).filter(|(_, count)| **count > 0) {
                if out.len() > start {
                    out.push(b',');
                }
                push_text(out, name);
                out.push(b':');
                push_integer(out, i64::from(count));
            }
            out.push(b'}');
        }
        if let (Some(learner), Some(trial)) = (&self.learner, &made.trial) {
            push_name(out, b",\"bandit\":{\"algorithm\":", Some(learner.algorithm().name()));
            push_name(out, b",\"state\":", Some(&trial.state.to_string()));
            out.extend_from_slice(if trial.drawn { b",\"drawn\":true" } else { b",\"drawn\":false" });
            out.extend_from_slice(b",\"propensities\":{");
            for (at, (item, chance)) in trial.chances.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                push_text(out, item_id(notes.own, *item));
                out.push(b':');
                push_number(out, *chance);
            }
            out.extend_from_slice(b"}}");
        }
        out.push(b'}');
    }

    fn write_offer(&self, offer: &Offer, made: &Recommendation, notes: &Notes<'_>, out: &mut Vec<u8>) {
        let item = notes.own.items.get(offer.item);
        push_name(out, b"{\"id\":", item.map(|item| item.id.as_str()));
        push_name(out, b",\"title\":", item.and_then(|item| item.title.in_language(notes.language)));
        push_name(out, b",\"category\":", item.and_then(|item| item.category.as_deref()));
        push_name(out, b",\"channel\":", channel_id(notes.own, offer.channel));
        for (key, number) in
            [(&b",\"score\":"[..], offer.score), (b",\"value\":", offer.value), (b",\"rank_by\":", offer.key)]
        {
            out.extend_from_slice(key);
            push_number(out, number);
        }
        let code = offer_code(notes.own, offer);
        push_name(out, b",\"reason\":", code);
        let text = code.and_then(|code| notes.reasons?.codes.iter().find(|own| own.code == code));
        push_name(out, b",\"reason_text\":", text.and_then(|own| own.text.in_language(notes.language)));
        if let Some(trial) = &made.trial {
            let chance = trial.chances.iter().find(|(item, _)| *item == offer.item);
            out.extend_from_slice(b",\"propensity\":");
            push_number(out, chance.map_or(f64::NAN, |(_, chance)| *chance));
        }
        out.push(b'}');
    }
}

/// The code of an offer's reason: that of the first condition that holds, else the item's own.
#[must_use]
pub fn offer_code<'m>(own: &'m manifest::Offers, offer: &Offer) -> Option<&'m str> {
    let rule = offer.reason.and_then(|at| own.reasons.get(at)).map(|own| own.reason.as_str());
    rule.or_else(|| own.items.get(offer.item)?.reason.as_deref())
}

fn write_held(item: usize, causes: &[Cause], made: &Recommendation, notes: &Notes<'_>, out: &mut Vec<u8>) {
    push_name(out, b"{\"id\":", Some(item_id(notes.own, item)));
    let Some((first, more)) = causes.split_first() else {
        out.push(b'}');
        return;
    };
    out.push(b',');
    write_cause(item, *first, made, notes, out);
    if !more.is_empty() {
        out.extend_from_slice(b",\"more\":");
        push_list(out, more, |out, cause| {
            out.push(b'{');
            write_cause(item, *cause, made, notes, out);
            out.push(b'}');
        });
    }
    out.push(b'}');
}

/// Appends the members that say what a cause is.
fn write_cause(item: usize, cause: Cause, made: &Recommendation, notes: &Notes<'_>, out: &mut Vec<u8>) {
    let own = notes.own;
    push_name(out, b"\"cause\":", Cause::NAMES.get(cause.kind()).copied());
    let caps = own.contact.as_ref().map_or(&[][..], |contact| &contact.caps);
    let (rule, reason) = match cause {
        Cause::Gated(at, _) => own.gates.get(at).map(|own| (own.id.as_str(), own.reason.as_deref())).unzip(),
        Cause::Ineligible(Some(at), _) => {
            own.eligibility.get(at).map(|own| (own.id.as_str(), own.reason.as_deref())).unzip()
        }
        Cause::Capped(at, _) => caps.get(at).map(|own| (own.id.as_str(), own.reason.as_deref())).unzip(),
        Cause::Unsuitable(_) => (None, own.suitability.as_ref().map(|own| own.reason.as_deref())),
        _ => (None, None),
    };
    if rule.is_some() {
        push_name(out, b",\"rule\":", rule);
    }
    if let Some(reason) = reason.flatten() {
        push_name(out, b",\"reason\":", Some(reason));
    }
    if let (Cause::Unsuitable(_), Some(risk)) = (cause, own.items.get(item).and_then(|item| item.risk)) {
        out.extend_from_slice(b",\"risk\":\"R");
        push_integer(out, risk.number());
        out.push(b'"');
    }
    if cause.fault() == Fault::Yes {
        out.extend_from_slice(b",\"fault\":true");
    }
    if cause == Cause::NoChannel {
        let open = |at: usize| made.closed.get(at).copied().flatten();
        let may = own.items.get(item).and_then(|item| item.channels.as_ref());
        let all = own.contact.as_ref().map_or(&[][..], |contact| &contact.channels).iter().enumerate();
        let mine: Vec<(&str, ChannelCause)> = all
            .filter(|(_, channel)| may.is_none_or(|may| may.contains(&channel.id)))
            .filter_map(|(at, channel)| Some((channel.id.as_str(), open(at)?)))
            .collect();
        out.extend_from_slice(b",\"channels\":");
        push_list(out, &mine, |out, (channel, cause)| {
            push_name(out, b"{\"channel\":", Some(channel));
            push_name(out, b",\"cause\":", Some(cause.name()));
            let fault = match cause {
                ChannelCause::Capped(at, fault) => {
                    push_name(out, b",\"rule\":", caps.get(*at).map(|own| own.id.as_str()));
                    fault
                }
                ChannelCause::NoConsent(fault) | ChannelCause::QuietHours(fault) => fault,
            };
            if *fault == Fault::Yes {
                out.extend_from_slice(b",\"fault\":true");
            }
            out.push(b'}');
        });
    }
}

fn item_id(own: &manifest::Offers, item: usize) -> &str {
    own.items.get(item).map_or("", |item| &item.id)
}

fn channel_id(own: &manifest::Offers, channel: Option<usize>) -> Option<&str> {
    Some(&own.contact.as_ref()?.channels.get(channel?)?.id)
}

/// Appends a key and a text, or null.
fn push_name(out: &mut Vec<u8>, key: &[u8], name: Option<&str>) {
    out.extend_from_slice(key);
    match name {
        Some(name) => push_text(out, name),
        None => out.extend_from_slice(b"null"),
    }
}
