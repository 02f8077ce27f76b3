"""Daily returns of eight asset classes: Student-t shocks with changing variance and fixed correlations.

Variance of each class follows GARCH(1, 1): h = w + 0.09 r^2 + 0.89 h, with w such that the long-run yearly
volatility is the one below. Shocks are Student-t with 5 degrees of freedom, scaled to variance 1, drawn
with the correlations below (a Gaussian copula's normals divided by one chi-square for all classes, so that
bad days come together).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

# Class -> (yearly volatility, yearly drift)
CLASSES = {
    "cash": (0.002, 0.020),
    "government_bonds": (0.055, 0.022),
    "corporate_bonds": (0.075, 0.032),
    "equity_home": (0.185, 0.055),
    "equity_world": (0.165, 0.060),
    "equity_emerging": (0.225, 0.065),
    "property": (0.140, 0.045),
    "commodities": (0.210, 0.030),
}
CORRELATION = np.array(
    [
        [1.00, 0.05, 0.02, 0.00, 0.00, 0.00, 0.00, 0.00],
        [0.05, 1.00, 0.55, -0.20, -0.22, -0.15, 0.05, -0.15],
        [0.02, 0.55, 1.00, 0.30, 0.32, 0.35, 0.30, 0.10],
        [0.00, -0.20, 0.30, 1.00, 0.82, 0.65, 0.60, 0.25],
        [0.00, -0.22, 0.32, 0.82, 1.00, 0.70, 0.58, 0.30],
        [0.00, -0.15, 0.35, 0.65, 0.70, 1.00, 0.45, 0.40],
        [0.00, 0.05, 0.30, 0.60, 0.58, 0.45, 1.00, 0.15],
        [0.00, -0.15, 0.10, 0.25, 0.30, 0.40, 0.15, 1.00],
    ]
)
ARCH, GARCH, FREEDOM, YEAR = 0.09, 0.89, 5, 252


def simulate_returns(seed: int, days: int) -> pd.DataFrame:
    """`days` rows of daily returns, a column per class, oldest first."""
    rng = np.random.default_rng(seed)
    long_run = np.array([volatility**2 / YEAR for volatility, _ in CLASSES.values()])
    drift = np.array([mean / YEAR for _, mean in CLASSES.values()])
    root = np.linalg.cholesky(CORRELATION)
    variance, rows = long_run.copy(), []
    for day in range(days + 250):  # 250 days until the variance has forgotten where it began
        normal = root @ rng.standard_normal(len(CLASSES))
        shock = normal * np.sqrt((FREEDOM - 2) / rng.chisquare(FREEDOM))
        surprise = np.sqrt(variance) * shock
        if day >= 250:
            rows.append(drift + surprise)
        variance = long_run * (1 - ARCH - GARCH) + ARCH * surprise**2 + GARCH * variance
    return pd.DataFrame(rows, columns=list(CLASSES))
