"""Invented applicants for the demo: drawn from a Gaussian copula, so that no row is a person.

Each input's distribution is kept as 41 quantiles of the training rows with linear steps between them;
how inputs move together is kept as the rank correlation matrix. Rows are drawn from those two and
rounded. Nothing else of the public set reaches the file. Some rows are then given the faults that real
applications have: short histories, an empty field, an impossible value.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from features import BILLS, INPUTS, PAID, STATUS
from scipy.stats import norm, rankdata

QUANTILES = 41


def invent_applicants(rows: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """`count` applicants with an `application_id` and the model's inputs; blanks are missing values."""
    rng = np.random.default_rng(seed)
    real = rows[INPUTS].to_numpy(dtype=np.float64)
    # Ties are broken at random: most histories are equal, and a shared rank would hide how they move.
    jittered = real + rng.uniform(-1e-6, 1e-6, real.shape)
    scores = norm.ppf((rankdata(jittered, axis=0) - 0.5) / len(real))
    correlation = np.corrcoef(scores, rowvar=False)
    drawn = norm.cdf(rng.multivariate_normal(np.zeros(len(INPUTS)), correlation, size=count))
    table = pd.DataFrame(index=range(count), columns=INPUTS, dtype="float64")
    grid = np.linspace(0.005, 0.995, QUANTILES)
    for place, name in enumerate(INPUTS):
        values = np.quantile(real[:, place], grid)
        if name in STATUS:
            table[name] = np.quantile(real[:, place], drawn[:, place], method="nearest")
        else:
            table[name] = np.interp(drawn[:, place], grid, values)
    table["limit_bal"] = (table["limit_bal"] / 10_000).round().clip(lower=1) * 10_000
    table["age"] = table["age"].round()
    for name in [*BILLS, *PAID]:
        table[name] = (table[name] / 10).round() * 10 + 0.0
    table.insert(0, "application_id", [f"A{number:04d}" for number in range(1, count + 1)])
    return give_faults(table, rng)


def give_faults(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Short histories for one in eight, and single faults in a few rows."""
    faulty = table.astype(dict.fromkeys(INPUTS, "int64")).astype(dict.fromkeys(INPUTS, "object"))
    for row in range(len(table)):
        if rng.random() < 0.125:
            for month in range(int(rng.integers(1, 6)), 6):
                faulty.loc[row, [STATUS[month], BILLS[month], PAID[month]]] = None
    rows = rng.choice(len(table), size=6, replace=False)
    faulty.loc[rows[0], "age"] = 17
    faulty.loc[rows[1], "limit_bal"] = None
    faulty.loc[rows[2], "pay_amt1"] = -500
    faulty.loc[rows[3], "pay_0"] = 12
    faulty.loc[rows[4], "age"] = None
    faulty.loc[rows[5], "bill_amt1"] = "n/a"
    return faulty
