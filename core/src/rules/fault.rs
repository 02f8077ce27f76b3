//! Why one row of one rule has no value. A fault is a value of the language, not an [`Error`](crate::Error):
//! the policy decides what a rule that faults means.

use std::fmt;

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $variant:ident = $number:literal, $text:literal;)*) => {
        /// The closed list of what an expression can meet on a row. It never carries the row's values.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Fault {
            $($(#[doc = $doc])+ $variant = $number,)*
        }

        impl Fault {
            /// What happened, for traces.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The fault of a cell's state byte; anything that is no fault reads as [`Fault::Overload`].
            pub(super) const fn of_state(state: u8) -> Self {
                match state { $($number => Self::$variant,)* _ => Self::Overload }
            }
        }
    };
}

// 0 and 1 are a cell's states "value" and "null".
faults! {
    /// The operation is not defined for these types, such as a text plus a number.
    Overload = 2, "no such overload";
    /// A missing value went into arithmetic, an order comparison or a function.
    Null = 3, "null operand";
    /// An integer division or modulus by zero.
    ZeroDivision = 4, "division by zero";
    /// An integer, duration or timestamp out of its range.
    Range = 5, "out of range";
    /// A list index out of range, or a text index past its end.
    Index = 6, "index out of range";
    /// A map has no such key.
    Key = 7, "no such key";
    /// A text, number or byte string that does not convert to the type asked for.
    Conversion = 8, "conversion failed";
    /// A map written with a repeated key, or with a key that is no bool, int, uint or string.
    MapKey = 9, "unsupported or repeated map key";
    /// A format text that does not fit its arguments.
    Format = 10, "bad format";
    /// The row needs more steps, text or list elements than the documented limits allow.
    Budget = 11, "row budget exceeded";
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
