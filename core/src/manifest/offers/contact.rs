//! Contact policy: channels, consent, quiet hours and how often a customer may be contacted.

use serde::{Deserialize, Serialize};

use super::super::texts::Texts;

/// Which channels may be used, when, and how often.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Contact {
    /// CEL condition under which nothing is offered at all. Without a value it counts as holding.
    #[serde(default)]
    pub do_not_contact: Option<String>,
    /// The channels. Of those that are permitted, an offer takes the one with the highest `score`; without
    /// scores, and of equals, the first.
    pub channels: Vec<Channel>,
    /// When a customer is left in peace.
    #[serde(default)]
    pub quiet_hours: Option<QuietHours>,
    /// Where past contacts are listed.
    #[serde(default)]
    pub history: Option<History>,
    /// How often a customer may be contacted.
    #[serde(default)]
    pub caps: Vec<Cap>,
}

/// A way to reach a customer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Channel {
    /// Its name in decisions and in the list of past contacts.
    pub id: String,
    /// What people call it, by language.
    #[serde(default)]
    pub title: Texts,
    /// CEL condition that must hold for the channel to be used, such as consent. Without a value it does
    /// not hold.
    #[serde(default)]
    pub consent: Option<String>,
    /// CEL expression for how good the channel is for this customer. A channel without a value comes last.
    #[serde(default)]
    pub score: Option<String>,
    /// Whether quiet hours apply; true by default, false for what does not disturb.
    #[serde(default = "yes")]
    pub quiet: bool,
}

const fn yes() -> bool {
    true
}

/// Hours of the day in which channels that disturb are not used.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct QuietHours {
    /// First quiet minute of the customer's day, as `21:00`.
    pub from: String,
    /// First minute that is quiet no longer, as `08:00`; it may lie before `from`, over midnight.
    pub until: String,
    /// The customer's offset from UTC, as `+08:00`; UTC by default.
    #[serde(default)]
    pub offset: Option<String>,
    /// An input or feature of type string that holds the offset; where it has no value that is one, the
    /// customer counts as in quiet hours.
    #[serde(default)]
    pub offset_from: Option<String>,
}

/// The list of past contacts: an input of type `records`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct History {
    /// Name of the input.
    pub list: String,
    /// Field that holds the time of the contact; a contact without one counts as recent.
    #[serde(default = "at")]
    pub at: String,
    /// Field that holds the channel.
    #[serde(default = "channel")]
    pub channel: String,
    /// Field that holds the item's id.
    #[serde(default = "item")]
    pub item: String,
    /// Field that holds the item's category; by default that of the item in the catalogue.
    #[serde(default)]
    pub category: Option<String>,
}

fn at() -> String {
    "at".to_owned()
}

fn channel() -> String {
    "channel".to_owned()
}

fn item() -> String {
    "item".to_owned()
}

/// How often within some days. Where the list of past contacts is missing, the cap counts as reached.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Cap {
    /// Its name in decisions.
    pub id: String,
    /// Contacts that are allowed: with so many in the last days no further one is made.
    pub max: u32,
    /// Days, of 24 hours each, before the time of the decision.
    pub days: u32,
    /// What is counted together.
    #[serde(default)]
    pub per: CapScope,
    /// Code of the reason why an item is held back.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What a cap counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum CapScope {
    /// All contacts of the customer.
    #[default]
    Customer,
    /// Contacts through one channel; it closes that channel.
    Channel,
    /// Contacts about one item.
    Item,
    /// Contacts about items of one category.
    Category,
}
