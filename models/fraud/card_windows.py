"""Velocity features of card transactions: what the last 30 days of a card say about the next payment.

The same definitions stand in `bundle.json`, over the list `history` of a record; here they are computed for
every transaction of a table at once. A test compares the two through the scoring module. A window of so many
hours before the payment at `now` holds what lies less than that long before it, and nothing of that second.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HOUR, DAY = 3_600, 86_400
HISTORY_DAYS = 30
SMALL = 5.0
SPAN = 10**9  # more seconds than a table has

# Feature -> direction in which the probability of fraud may move with it (0: either way).
DIRECTIONS = {
    "amount": 1,
    "hour": 0,
    "online": 0,
    "is_foreign": 1,
    "count_1h": 1,
    "count_24h": 0,
    "count_7d": 0,
    "count_30d": 0,
    "sum_24h": 0,
    "online_24h": 0,
    "mean_30d": 0,
    "amount_to_mean": 1,
    "amount_to_max": 1,
    "minutes_since_last": 0,
    "small_1h": 1,
    "countries_24h": 0,
    "same_merchant_30d": -1,
    "same_category_30d": 0,
    "same_country_30d": -1,
}


def build_features(rows: pd.DataFrame) -> pd.DataFrame:
    """The model's columns for each row of a table in order of time, in float32; missing is NaN."""
    at = rows["at"].to_numpy(dtype="datetime64[s]").astype(np.int64)
    at = at - (at.min() // DAY - 2 * HISTORY_DAYS) * DAY  # midnights stay midnights
    customer = pd.factorize(rows["customer"])[0]
    amount = rows["amount"].to_numpy(dtype=np.float64)
    online = rows["online"].to_numpy(dtype=bool)
    foreign = (rows["country"] != rows["home_country"]).to_numpy()
    everything = Window(customer, at, amount)
    size, total = everything.before(HISTORY_DAYS * DAY)
    day_count, day_sum = everything.before(DAY)
    same = {}
    for name in ("merchant", "category", "country"):
        pairs = customer * 100_000 + pd.factorize(rows[name])[0]
        same[name] = Window(pairs, at, amount).before(HISTORY_DAYS * DAY)[0]
    countries = np.zeros(len(rows))
    for country in rows["country"].unique():
        there = (rows["country"] == country).to_numpy()
        countries += Window(customer[there], at[there], amount[there]).of(customer, at, DAY)[0] > 0
    some = size > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(some, total / size, np.nan)
        latest, most = everything.latest_and_most(HISTORY_DAYS * DAY)
        values = {
            "amount": amount,
            "hour": (at % DAY) // HOUR,
            "online": online,
            "is_foreign": foreign,
            "count_1h": everything.before(HOUR)[0],
            "count_24h": day_count,
            "count_7d": everything.before(7 * DAY)[0],
            "count_30d": size,
            "sum_24h": day_sum,
            "online_24h": Window(customer[online], at[online], amount[online]).of(customer, at, DAY)[0],
            "mean_30d": mean,
            "amount_to_mean": amount / mean,
            "amount_to_max": amount / np.where(some, most, np.nan),
            "minutes_since_last": np.where(some, (at - latest) / 60, np.nan),
            "small_1h": Window(customer[amount < SMALL], at[amount < SMALL], amount[amount < SMALL]).of(
                customer, at, HOUR
            )[0],
            "countries_24h": countries,
            "same_merchant_30d": same["merchant"],
            "same_category_30d": same["category"],
            "same_country_30d": same["country"],
        }
    return pd.DataFrame({name: np.asarray(values[name], dtype=np.float32) for name in DIRECTIONS})


class Window:
    """Counts and sums of rows of a group within a span of seconds before a time, for many at once.

    Rows are sorted by group and time as one number, so that both ends of a window are binary searches.
    """

    def __init__(self, group: NDArray[np.int64], at: NDArray[np.int64], amount: NDArray[np.float64]) -> None:
        self.group, self.at = group, at
        key = group * SPAN + at
        order = np.argsort(key, kind="stable")
        self.key, self.sorted_at, self.sorted_amount = key[order], at[order], amount[order]
        self.sums = np.concatenate([[0.0], np.cumsum(amount[order])])

    def before(self, span: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Count and sum for each of the window's own rows; rows of the same second are not before it."""
        return self.of(self.group, self.at, span)

    def of(
        self, group: NDArray[np.int64], at: NDArray[np.int64], span: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Count and sum for other rows' groups and times."""
        low, high = self._ends(group, at, span)
        return high - low, self.sums[high] - self.sums[low]

    def latest_and_most(self, span: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The newest time before each row, and the largest amount of the window before it."""
        low, high = self._ends(self.group, self.at, span)
        latest = self.sorted_at[np.maximum(high - 1, 0)]
        # A table of maxima over 2^k rows: any window is two of them.
        levels = [self.sorted_amount]
        while 2 ** len(levels) <= max(int((high - low).max()), 1):
            half = 2 ** (len(levels) - 1)
            levels.append(np.maximum(levels[-1][:-half], levels[-1][half:]))
        most = np.zeros(len(low))
        length = high - low
        level = np.where(length > 0, np.log2(np.maximum(length, 1)).astype(np.int64), -1)
        for place, maxima in enumerate(levels):
            mine = level == place
            most[mine] = np.maximum(maxima[low[mine]], maxima[high[mine] - 2**place])
        return latest, most

    def _ends(
        self, group: NDArray[np.int64], at: NDArray[np.int64], span: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        key = group * SPAN + at
        return np.searchsorted(self.key, key - span, "right"), np.searchsorted(self.key, key, "left")
