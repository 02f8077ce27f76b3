"""The public data set: reading it, splitting it, and shortening histories for training.

UCI Machine Learning Repository, data set 350, "Default of Credit Card Clients" (I-Cheng Yeh, 2016),
https://archive.ics.uci.edu/dataset/350, CC BY 4.0: 30,000 card holders of a bank in Taiwan, April to
September 2005, and whether they defaulted on the payment of October 2005. Amounts are in TWD.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from features import BILLS, INPUTS, PAID, STATUS
from sklearn.model_selection import train_test_split

SEED = 20261123
TARGET = "default_next_month"
GROUPS = {
    "sex": {1: "men", 2: "women"},
    "marriage": {1: "married", 2: "single", 3: "other", 0: "other"},
    "education": {
        1: "graduate school",
        2: "university",
        3: "high school",
        0: "other",
        4: "other",
        5: "other",
        6: "other",
    },
}
AGE_BANDS = [(0, 25), (26, 35), (36, 45), (46, 55), (56, 200)]


def read_rows(path: Path) -> pd.DataFrame:
    """All rows with lower-case names; fails if the file is not the set described above."""
    rows = pd.read_csv(path)
    rows.columns = [str(name).strip().lower() for name in rows.columns]
    rows = rows.rename(columns={"default.payment.next.month": TARGET, "default payment next month": TARGET})
    missing = [name for name in [*INPUTS, *GROUPS, TARGET] if name not in rows]
    if missing:
        raise SystemExit(f"{path}: no column {', '.join(missing)}")
    if len(rows) != 30_000 or int(rows[TARGET].sum()) != 6_636:
        raise SystemExit(f"{path}: expected 30,000 rows with 6,636 defaults")
    return rows


def split_rows(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """80 % for training and validation, 20 % held out, the same bad rate in both."""
    train, test = train_test_split(rows, test_size=0.2, random_state=SEED, stratify=rows[TARGET])
    return train.sort_index(), test.sort_index()


def shorten_histories(rows: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """Blanks the older months of a share of rows, so that the model learns what a short history means.

    The set has full six-month histories only; applicants have not.
    """
    rng = np.random.default_rng(seed)
    short = rows.astype(dict.fromkeys(INPUTS, "float64"))
    kept = np.where(rng.random(len(rows)) < share, rng.integers(1, 6, len(rows)), 6)
    for month in range(1, 6):
        blank = kept <= month
        short.loc[blank, [STATUS[month], BILLS[month], PAID[month]]] = np.nan
    return short


def age_band(age: pd.Series) -> list[str]:
    """The band of each age, as text."""
    names = []
    for value in age:
        low, high = next(band for band in AGE_BANDS if band[0] <= value <= band[1])
        names.append(
            f"{low} or younger".replace("0 or", f"{high} or")
            if low == 0
            else f"{low} or older"
            if high == 200
            else f"{low}-{high}"
        )
    return names
