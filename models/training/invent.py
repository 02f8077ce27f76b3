"""Invented rows for demos: drawn from a Gaussian copula, so that no row is a person.

Each number's distribution is kept as 41 quantiles of the training rows with linear steps between them, each
text's as the shares of its values; how columns move together is kept as their rank correlations. Rows are
drawn from those and rounded. Nothing else of the set reaches the file.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

QUANTILES = 41


def invent_rows(rows: pd.DataFrame, decimals: dict[str, int], count: int, seed: int) -> pd.DataFrame:
    """`count` rows with the columns of `rows`; `decimals` says which are numbers and how they are rounded."""
    rng = np.random.default_rng(seed)
    orders = {name: list(rows[name].value_counts().index) for name in rows if name not in decimals}
    codes = rows.copy()
    for name, order in orders.items():
        codes[name] = rows[name].map({value: place for place, value in enumerate(order)})
    grid = codes.to_numpy(dtype=np.float64)
    # Ties are broken at random: a shared rank would hide how columns move together.
    jittered = grid + rng.uniform(-1e-6, 1e-6, grid.shape)
    scores = norm.ppf((rankdata(jittered, axis=0) - 0.5) / len(grid))
    correlation = np.corrcoef(scores, rowvar=False)
    drawn = norm.cdf(rng.multivariate_normal(np.zeros(grid.shape[1]), correlation, size=count))
    table = pd.DataFrame(index=range(count))
    steps = np.linspace(0.005, 0.995, QUANTILES)
    for place, name in enumerate(rows.columns):
        if name in decimals:
            # A number of few values is drawn as it is, a fine one between its quantiles.
            few = rows[name].nunique() <= QUANTILES
            if few:
                values = np.quantile(grid[:, place], drawn[:, place], method="nearest")
            else:
                values = np.interp(drawn[:, place], steps, np.quantile(grid[:, place], steps))
            values = np.round(values, decimals[name]) + 0.0
            table[name] = values.astype(np.int64) if decimals[name] == 0 else values
        else:
            shares = rows[name].value_counts(normalize=True).to_numpy()
            places = np.searchsorted(np.cumsum(shares), drawn[:, place]).clip(max=len(shares) - 1)
            table[name] = [orders[name][at] for at in places]
    return table
