//! The instruction set. Every operation is total: whatever values reach it, it gives a value or a
//! fault. So the verifier has to check arity and registers only, never types.

use serde::{Deserialize, Serialize};

macro_rules! ops {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal, $min:literal ..= $max:literal;)*) => {
        /// An operation of a [`Code`](super::Code).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Op {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $variant,)*
        }

        impl Op {
            /// How many arguments it takes: smallest and largest number.
            pub(super) const fn arity(self) -> (usize, usize) {
                match self { $(Self::$variant => ($min, $max),)* }
            }
        }
    };
}

/// The most arguments of a list, a map or `math.greatest`.
const MANY: usize = 4_096;

ops! {
    /// `a && b`: false absorbs a fault on the other side.
    And = "and", 2..=2;
    /// `a || b`: true absorbs a fault on the other side.
    Or = "or", 2..=2;
    /// `condition ? a : b`: only the chosen side's fault counts.
    Choose = "choose", 3..=3;
    /// `!a`.
    Not = "not", 1..=1;
    /// `-a`.
    Negate = "negate", 1..=1;
    /// `a == b`.
    Eq = "eq", 2..=2;
    /// `a != b`.
    Ne = "ne", 2..=2;
    /// `a < b`.
    Lt = "lt", 2..=2;
    /// `a <= b`.
    Le = "le", 2..=2;
    /// `a > b`.
    Gt = "gt", 2..=2;
    /// `a >= b`.
    Ge = "ge", 2..=2;
    /// `a + b`: numbers, texts, bytes, lists, durations, timestamps.
    Add = "add", 2..=2;
    /// `a - b`.
    Subtract = "subtract", 2..=2;
    /// `a * b`.
    Multiply = "multiply", 2..=2;
    /// `a / b`.
    Divide = "divide", 2..=2;
    /// `a % b`.
    Remainder = "remainder", 2..=2;
    /// `a in list` or `key in map`.
    In = "in", 2..=2;
    /// `list[i]`, `map[key]`.
    Index = "index", 2..=2;
    /// `map.field`.
    Field = "field", 2..=2;
    /// `has(map.field)`.
    Has = "has", 2..=2;
    /// `[a, b, …]`.
    List = "list", 0..=4096;
    /// `{key: value, …}`: keys and values in turn.
    Map = "map", 0..=4096;
    /// `size(a)`: characters, bytes, elements or entries.
    Size = "size", 1..=1;
    /// `bool(a)`.
    ToBool = "to_bool", 1..=1;
    /// `int(a)`.
    ToInt = "to_int", 1..=1;
    /// `uint(a)`.
    ToUint = "to_uint", 1..=1;
    /// `double(a)`.
    ToDouble = "to_double", 1..=1;
    /// `string(a)`.
    ToString = "to_string", 1..=1;
    /// `bytes(a)`.
    ToBytes = "to_bytes", 1..=1;
    /// `timestamp(a)`.
    ToTimestamp = "to_timestamp", 1..=1;
    /// `duration(a)`.
    ToDuration = "to_duration", 1..=1;
    /// `type(a)`.
    TypeOf = "type_of", 1..=1;
    /// `a.contains(b)`.
    Contains = "contains", 2..=2;
    /// `a.startsWith(b)`.
    StartsWith = "starts_with", 2..=2;
    /// `a.endsWith(b)`.
    EndsWith = "ends_with", 2..=2;
    /// `a.charAt(i)`.
    CharAt = "char_at", 2..=2;
    /// `a.indexOf(b)`, `a.indexOf(b, from)`.
    IndexOf = "index_of", 2..=3;
    /// `a.lastIndexOf(b)`, `a.lastIndexOf(b, from)`.
    LastIndexOf = "last_index_of", 2..=3;
    /// `list.join()`, `list.join(separator)`.
    Join = "join", 1..=2;
    /// `a.lowerAscii()`.
    LowerAscii = "lower_ascii", 1..=1;
    /// `a.upperAscii()`.
    UpperAscii = "upper_ascii", 1..=1;
    /// `a.replace(old, new)`, `a.replace(old, new, count)`.
    Replace = "replace", 3..=4;
    /// `a.split(separator)`, `a.split(separator, count)`.
    Split = "split", 2..=3;
    /// `a.substring(start)`, `a.substring(start, end)`.
    Substring = "substring", 2..=3;
    /// `a.trim()`.
    Trim = "trim", 1..=1;
    /// `a.reverse()`.
    Reverse = "reverse", 1..=1;
    /// `strings.quote(a)`.
    Quote = "quote", 1..=1;
    /// `a.format(list)`.
    Format = "format", 2..=2;
    /// `math.greatest(…)` of numbers, or of one list.
    Greatest = "greatest", 1..=4096;
    /// `math.least(…)`.
    Least = "least", 1..=4096;
    /// `math.ceil(a)`.
    Ceil = "ceil", 1..=1;
    /// `math.floor(a)`.
    Floor = "floor", 1..=1;
    /// `math.round(a)`: halves away from zero.
    Round = "round", 1..=1;
    /// `math.trunc(a)`.
    Trunc = "trunc", 1..=1;
    /// `math.abs(a)`.
    Abs = "abs", 1..=1;
    /// `math.sign(a)`.
    Sign = "sign", 1..=1;
    /// `math.sqrt(a)`.
    Sqrt = "sqrt", 1..=1;
    /// `math.isNaN(a)`.
    IsNan = "is_nan", 1..=1;
    /// `math.isInf(a)`.
    IsInf = "is_inf", 1..=1;
    /// `math.isFinite(a)`.
    IsFinite = "is_finite", 1..=1;
    /// `math.bitAnd(a, b)`.
    BitAnd = "bit_and", 2..=2;
    /// `math.bitOr(a, b)`.
    BitOr = "bit_or", 2..=2;
    /// `math.bitXor(a, b)`.
    BitXor = "bit_xor", 2..=2;
    /// `math.bitNot(a)`.
    BitNot = "bit_not", 1..=1;
    /// `math.bitShiftLeft(a, bits)`.
    ShiftLeft = "shift_left", 2..=2;
    /// `math.bitShiftRight(a, bits)`: zeros come in from the left.
    ShiftRight = "shift_right", 2..=2;
    /// `t.getFullYear()`; with an offset from UTC as a second argument, like all that follow.
    FullYear = "full_year", 1..=2;
    /// `t.getMonth()`, 0 to 11.
    Month = "month", 1..=2;
    /// `t.getDate()`, 1 to 31.
    Date = "date", 1..=2;
    /// `t.getDayOfMonth()`, 0 to 30.
    DayOfMonth = "day_of_month", 1..=2;
    /// `t.getDayOfWeek()`, 0 is Sunday.
    DayOfWeek = "day_of_week", 1..=2;
    /// `t.getDayOfYear()`, 0 to 365.
    DayOfYear = "day_of_year", 1..=2;
    /// `t.getHours()`; of a duration, all its hours.
    Hours = "hours", 1..=2;
    /// `t.getMinutes()`; of a duration, all its minutes.
    Minutes = "minutes", 1..=2;
    /// `t.getSeconds()`; of a duration, all its seconds.
    Seconds = "seconds", 1..=2;
    /// `t.getMilliseconds()`: those after the second, also of a duration.
    Milliseconds = "milliseconds", 1..=2;
}

const _: () = assert!(
    MANY == Op::List.arity().1,
    "lists and maps take as many arguments as a program has instructions"
);

/// What a loop over a list or map makes of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoopKind {
    /// `all`: whether the body holds for every element; false absorbs faults.
    All,
    /// `exists`: whether it holds for some element; true absorbs faults.
    Exists,
    /// `exists_one`: whether it holds for exactly one.
    ExistsOne,
    /// `filter`: the elements (of a map: the keys) for which it holds.
    Filter,
    /// `map` and `transformList`: the body's values, where its condition (if it has one) holds.
    List,
    /// `transformMap`: the same with the keys kept.
    Map,
}
