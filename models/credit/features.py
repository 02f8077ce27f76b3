"""The credit model's features, as `bundle.json` writes them in CEL, for a whole table at once.

Missing values follow CEL: an operation on a missing value is missing, a condition that cannot be
decided makes the feature missing, and the branch that is not taken does not matter. A test compares the
two definitions through the scoring module.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Column = NDArray[np.float64]

STATUS = ["pay_0", "pay_2", "pay_3", "pay_4", "pay_5", "pay_6"]
BILLS = [f"bill_amt{month}" for month in range(1, 7)]
PAID = [f"pay_amt{month}" for month in range(1, 7)]
INPUTS = ["limit_bal", "age", *STATUS, *BILLS, *PAID]

# Feature -> direction in which the probability of default may move with it (0: either way).
MODEL_FEATURES: dict[str, int] = {
    "limit_bal": -1,
    "late_1": 1,
    "late_2": 1,
    "late_3": 1,
    "late_4": 1,
    "late_5": 1,
    "late_6": 1,
    "late_months": 1,
    "worst_late": 1,
    "revolving": 0,
    "inactive": 0,
    "bill_amt1": 0,
    "utilisation": 0,
    "utilisation_3m": 0,
    "utilisation_change": 0,
    "pay_amt1": -1,
    "pay_amt2": -1,
    "pay_amt3": -1,
    "paid_3m": -1,
    "paid_ratio_1": -1,
    "paid_ratio_2": -1,
    "paid_ratio_6m": -1,
}


def choose(condition: Column, yes: Column | float, no: Column | float) -> Column:
    """CEL's `condition ? yes : no`, where the condition is 1, 0 or missing."""
    taken = np.where(condition == 1.0, yes, no)
    return np.where(np.isnan(condition), np.nan, taken)


def above(value: Column, bound: float) -> Column:
    """CEL's `value > bound` as 1, 0 or missing."""
    return np.where(np.isnan(value), np.nan, (value > bound).astype(np.float64))


def ratio(part: Column, whole: Column) -> Column:
    """Part of whole, at most 2; 1 where nothing was owed."""
    owed = above(whole, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(owed == 1.0, part / whole, np.nan)
    return choose(owed, choose(above(share, 2.0), 2.0, share), 1.0)


def build_features(rows: pd.DataFrame) -> pd.DataFrame:
    """The model's features in its column order, in float32 as the model sees them."""
    raw = {name: rows[name].to_numpy(dtype=np.float64) for name in INPUTS}
    limit = raw["limit_bal"]
    status = [raw[name] for name in STATUS]
    bill = [raw[name] for name in BILLS]
    paid = [raw[name] for name in PAID]
    late = [choose(above(s, 0.0), s, 0.0) for s in status]
    known = [np.nan_to_num(months, nan=0.0) for months in late]
    worst = known[0]
    for months in known[1:]:
        worst = np.where(months > worst, months, worst)
    newest = status[0]
    newest_missing = np.isnan(newest)
    features = {f"late_{month}": late[month - 1] for month in range(1, 7)}
    features |= {
        "limit_bal": limit,
        "late_months": sum((months > 0.0).astype(np.float64) for months in known),
        "worst_late": worst,
        "revolving": np.where(newest_missing, np.nan, (newest == 0.0).astype(np.float64)),
        "inactive": np.where(newest_missing, np.nan, (newest == -2.0).astype(np.float64)),
        "bill_amt1": bill[0],
        "utilisation": bill[0] / limit,
        "utilisation_3m": (bill[0] + bill[1] + bill[2]) / (3.0 * limit),
        "utilisation_change": (bill[0] - bill[3]) / limit,
        "pay_amt1": paid[0],
        "pay_amt2": paid[1],
        "pay_amt3": paid[2],
        "paid_3m": (paid[0] + paid[1] + paid[2]) / limit,
        "paid_ratio_1": ratio(paid[0], bill[1]),
        "paid_ratio_2": ratio(paid[1], bill[2]),
        "paid_ratio_6m": ratio(
            paid[0] + paid[1] + paid[2] + paid[3] + paid[4],
            bill[1] + bill[2] + bill[3] + bill[4] + bill[5],
        ),
    }
    return pd.DataFrame({name: features[name].astype(np.float32) for name in MODEL_FEATURES})
