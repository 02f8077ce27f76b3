"""Coarse classing and weight of evidence, and the points that come from them.

WOE of a bin = ln(share of the good in it / share of the bad in it): above zero is better than average.
Half a case is added to each count, so that a bin without bad cases has a finite value (Zdziarski; Siddiqi,
*Credit Risk Scorecards*, 2006, chapter 6). Information value = sum over bins of (share of good - share of
bad) * WOE.

Points follow Siddiqi, chapter 6: with factor = PDO / ln 2 and offset = base points - factor * ln(base
odds), bin j of characteristic i earns -(factor * beta_i * WOE_ij), where beta is the coefficient of the
log odds of *bad*; intercept and offset go to the base points. Points are whole numbers, so a total is
exactly the sum of what its bins show.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class Bin:
    """One bin: a half-open interval [low, high), or a set of values; `missing` for the bin of gaps."""

    low: float | None = None
    high: float | None = None
    values: list[str] = field(default_factory=list)
    missing: bool = False
    good: int = 0
    bad: int = 0
    woe: float = 0.0
    points: int = 0

    def holds(self, column: pd.Series) -> NDArray[np.bool_]:
        """Which cells are in the bin."""
        if self.missing:
            return column.isna().to_numpy()
        if self.values:
            return column.isin(self.values).to_numpy()
        inside = column.notna().to_numpy(copy=True)
        cells = column.to_numpy(dtype=np.float64)
        with np.errstate(invalid="ignore"):
            if self.low is not None:
                inside &= cells >= self.low
            if self.high is not None:
                inside &= cells < self.high
        return inside


@dataclass
class Binning:
    """The bins of one characteristic."""

    name: str
    bins: list[Bin]

    @property
    def information_value(self) -> float:
        """The characteristic's information value."""
        good = sum(part.good for part in self.bins)
        bad = sum(part.bad for part in self.bins)
        return float(sum((part.good / good - part.bad / bad) * part.woe for part in self.bins))

    def woe(self, column: pd.Series) -> Array:
        """The WOE of each cell; 0, the average, where no bin holds it."""
        return self._values(column, "woe")

    def points(self, column: pd.Series) -> Array:
        """The points of each cell; 0 where no bin holds it."""
        return self._values(column, "points")

    def _values(self, column: pd.Series, key: str) -> Array:
        out = np.zeros(len(column))
        for part in self.bins:
            out[part.holds(column)] = getattr(part, key)
        return out


def evidence(bins: list[Bin], column: pd.Series, bad: Array) -> None:
    """Counts good and bad in each bin and sets its WOE, rounded to 4 decimals."""
    for part in bins:
        inside = part.holds(column)
        part.bad = int(bad[inside].sum())
        part.good = int(inside.sum()) - part.bad
    good, wrong = sum(part.good for part in bins), sum(part.bad for part in bins)
    for part in bins:
        part.woe = round(float(np.log(((part.good + 0.5) / good) / ((part.bad + 0.5) / wrong))), 4)


def bin_number(
    name: str, column: pd.Series, bad: Array, *, trend: int, start: int = 20, least: float = 0.05
) -> Binning:
    """Bins a number: quantiles first, then neighbours are merged until each bin has `least` of the rows
    and the bad rate moves one way (`trend` 1 rising, -1 falling, 0 either way without merging for it).
    """
    known = column.dropna().to_numpy(dtype=np.float64)
    cuts = sorted(set(np.quantile(known, np.linspace(0, 1, start + 1)[1:-1], method="higher").tolist()))
    cuts = [cut for cut in cuts if cut > known.min()]
    marks = bad[column.notna().to_numpy()]

    def parts() -> list[tuple[int, float]]:
        places = np.searchsorted(np.array(cuts), known, side="right")
        rows = np.bincount(places, minlength=len(cuts) + 1)
        sums = np.bincount(places, weights=marks, minlength=len(cuts) + 1)
        return [(int(n), float(s) / max(int(n), 1)) for n, s in zip(rows, sums, strict=True)]

    while cuts:
        now = parts()
        small = [at for at, (rows, _) in enumerate(now) if rows < least * len(column)]
        wrong = [at for at in range(len(cuts)) if trend * (now[at + 1][1] - now[at][1]) < 0]
        if small:
            at = small[0]
            neighbours = [cut for cut in (at - 1, at) if 0 <= cut < len(cuts)]
            cuts.pop(min(neighbours, key=lambda cut: abs(now[cut + 1][1] - now[cut][1])))
        elif wrong:
            cuts.pop(min(wrong, key=lambda cut: abs(now[cut + 1][1] - now[cut][1])))
        else:
            break
    edges = [None, *cuts, None]
    bins = [Bin(low=low, high=high) for low, high in itertools.pairwise(edges)]
    if column.isna().any():
        bins.append(Bin(missing=True))
    evidence(bins, column, bad)
    return Binning(name, bins)


def bin_values(
    name: str, column: pd.Series, bad: Array, *, groups: list[list[str]] | None = None, least: float = 0.05
) -> Binning:
    """Bins a text: the groups given, or one bin per value, where values below `least` of the rows join the
    value with the nearest bad rate.
    """
    if groups is None:
        frame = pd.DataFrame({"value": column, "bad": bad}).dropna()
        table = frame.groupby("value")["bad"].agg(["size", "mean"]).sort_values("mean")
        groups = [[str(value)] for value in table.index]
        rows = [int(n) for n in table["size"]]
        rates = [float(rate) for rate in table["mean"]]
        while len(groups) > 2 and min(rows) < least * len(column):
            at = rows.index(min(rows))
            other = min(
                (place for place in (at - 1, at + 1) if 0 <= place < len(rows)),
                key=lambda place: abs(rates[place] - rates[at]),
            )
            left, right = sorted((at, other))
            total = rows[left] + rows[right]
            rates[left] = (rates[left] * rows[left] + rates[right] * rows[right]) / total
            rows[left], groups[left] = total, groups[left] + groups[right]
            del rows[right], rates[right], groups[right]
    bins = [Bin(values=sorted(group)) for group in groups]
    if column.isna().any():
        bins.append(Bin(missing=True))
    evidence(bins, column, bad)
    return Binning(name, bins)


def assign_points(
    binnings: list[Binning],
    coefficients: Array,
    intercept: float,
    *,
    base_points: float,
    base_odds: float,
    pdo: float,
) -> int:
    """Sets the points of every bin and gives the base points; all are whole numbers."""
    factor = pdo / np.log(2)
    offset = base_points - factor * np.log(base_odds)
    for binning, coefficient in zip(binnings, coefficients, strict=True):
        for part in binning.bins:
            part.points = round(float(-factor * coefficient * part.woe))
    return round(float(offset - factor * intercept))


def as_json(binning: Binning) -> list[dict[str, Any]]:
    """The bins as plain data, in order."""
    rows = []
    for part in binning.bins:
        where: dict[str, Any] = {"missing": True} if part.missing else {}
        if part.values:
            where["values"] = part.values
        if part.low is not None:
            where["min"] = part.low
        if part.high is not None:
            where["below"] = part.high
        rows.append({**where, "woe": part.woe, "points": part.points, "good": part.good, "bad": part.bad})
    return rows
