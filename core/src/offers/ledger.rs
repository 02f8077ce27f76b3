//! Why items are held back: the first cause of each pair of customer and item, or all of them.

/// Whether something is held back because nobody knows: a condition without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It is known.
    No,
    /// It is not.
    Yes,
}

/// Why an item is not offered, in the order in which causes are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// It is not in its time.
    Inactive,
    /// The customer is not to be contacted.
    DoNotContact(Fault),
    /// The gate at this place.
    Gated(usize, Fault),
    /// The condition of eligibility at this place, or the item's own.
    Ineligible(Option<usize>, Fault),
    /// Its risk level is above the customer's tolerance, or that is not known.
    Unsuitable(Fault),
    /// The cap at this place is reached.
    Capped(usize, Fault),
    /// No channel is open.
    NoChannel,
    /// It has no score, or no value.
    NoScore,
    /// Its score is too low.
    LowScore,
    /// Its score times value is too low.
    LowExpectedValue,
    /// There are enough of its category.
    Diversity,
    /// Others rank higher.
    Rank,
}

impl Cause {
    /// Names of all causes, in their order.
    pub const NAMES: [&str; 12] = [
        "inactive",
        "do_not_contact",
        "gated",
        "ineligible",
        "unsuitable",
        "capped",
        "no_channel",
        "no_score",
        "low_score",
        "low_expected_value",
        "diversity",
        "rank",
    ];

    /// Its place in [`Self::NAMES`].
    #[must_use]
    pub const fn kind(self) -> usize {
        match self {
            Self::Inactive => 0,
            Self::DoNotContact(_) => 1,
            Self::Gated(..) => 2,
            Self::Ineligible(..) => 3,
            Self::Unsuitable(_) => 4,
            Self::Capped(..) => 5,
            Self::NoChannel => 6,
            Self::NoScore => 7,
            Self::LowScore => 8,
            Self::LowExpectedValue => 9,
            Self::Diversity => 10,
            Self::Rank => 11,
        }
    }

    /// Whether it holds the item back because nobody knows.
    #[must_use]
    pub const fn fault(self) -> Fault {
        match self {
            Self::DoNotContact(fault)
            | Self::Gated(_, fault)
            | Self::Ineligible(_, fault)
            | Self::Unsuitable(fault)
            | Self::Capped(_, fault) => fault,
            _ => Fault::No,
        }
    }
}

/// The causes of some rows by as many items each.
pub(super) struct Ledger {
    first: Vec<Option<Cause>>,
    /// All causes of each pair, where they are asked for.
    all: Option<Vec<Vec<Cause>>>,
}

impl Ledger {
    pub(super) fn new(pairs: usize, all: bool) -> Self {
        Self { first: vec![None; pairs], all: all.then(|| vec![Vec::new(); pairs]) }
    }

    /// Holds a pair back.
    pub(super) fn hold(&mut self, pair: usize, cause: Cause) {
        if let Some(first) = self.first.get_mut(pair) {
            first.get_or_insert(cause);
        }
        if let Some(causes) = self.all.as_mut().and_then(|all| all.get_mut(pair)) {
            causes.push(cause);
        }
    }

    /// Whether nothing holds a pair back.
    pub(super) fn is_open(&self, pair: usize) -> bool {
        self.first.get(pair).is_some_and(Option::is_none)
    }

    /// The pairs on which conditions are looked at: those that are open, or all where all causes are asked
    /// for.
    pub(super) fn looked_at(&self) -> Vec<usize> {
        (0..self.first.len()).filter(|&pair| self.all.is_some() || self.is_open(pair)).collect()
    }

    /// The pairs that nothing holds back.
    pub(super) fn open(&self) -> Vec<usize> {
        (0..self.first.len()).filter(|&pair| self.is_open(pair)).collect()
    }

    /// The first cause of a pair.
    pub(super) fn first(&self, pair: usize) -> Option<Cause> {
        self.first.get(pair).copied().flatten()
    }

    /// All causes of a pair that are kept.
    pub(super) fn causes(&self, pair: usize) -> Vec<Cause> {
        match &self.all {
            Some(all) => all.get(pair).cloned().unwrap_or_default(),
            None => self.first(pair).into_iter().collect(),
        }
    }
}
