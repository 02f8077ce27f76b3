"""Measures of a credit score: discrimination, calibration, and how groups are treated."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, roc_auc_score, roc_curve

Array = NDArray[np.float64]


def discrimination(bad: Array, pd_: Array) -> dict[str, float]:
    """AUC, Gini (2 AUC - 1), KS (largest gap of the two cumulative shares) and Brier score."""
    auc = float(roc_auc_score(bad, pd_))
    false_rate, true_rate, _ = roc_curve(bad, pd_)
    return {
        "rows": len(bad),
        "bad_rate": float(bad.mean()),
        "auc": auc,
        "gini": 2 * auc - 1,
        "ks": float(np.max(true_rate - false_rate)),
        "brier": float(brier_score_loss(bad, pd_)),
    }


def auc_interval(bad: Array, pd_: Array, rounds: int, seed: int) -> tuple[float, float]:
    """95 % bootstrap interval of the AUC."""
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(rounds):
        rows = rng.integers(0, len(bad), len(bad))
        draws.append(roc_auc_score(bad[rows], pd_[rows]))
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def calibration_bins(bad: Array, pd_: Array, bins: int = 10) -> pd.DataFrame:
    """Mean prediction and observed bad rate (with its 95 % Wilson interval) in equal-count bins."""
    order = np.argsort(pd_, kind="stable")
    rows = []
    for part in np.array_split(order, bins):
        n, rate = len(part), float(bad[part].mean())
        z = 1.959963984540054
        centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
        rows.append(
            {
                "rows": n,
                "predicted": float(pd_[part].mean()),
                "observed": rate,
                "low": float(centre - half),
                "high": float(centre + half),
            }
        )
    return pd.DataFrame(rows)


def expected_calibration_error(bins: pd.DataFrame) -> float:
    """Mean absolute gap of the calibration bins, weighted by rows."""
    gap = (bins["predicted"] - bins["observed"]).abs()
    return float((gap * bins["rows"]).sum() / bins["rows"].sum())


def by_group(bad: Array, pd_: Array, approved: NDArray[np.bool_], groups: Iterable[Any]) -> pd.DataFrame:
    """Per group: rows, bad rate, mean PD, AUC, approval rate and adverse impact ratio.

    The adverse impact ratio is the group's approval rate over that of the group with the highest
    one; the four-fifths rule of thumb asks for at least 0.8. Good customers' approval rate (equal
    opportunity) is shown beside it, since groups with different bad rates are approved differently
    by any score that tells good from bad.
    """
    frame = pd.DataFrame({"group": list(groups), "bad": bad, "pd": pd_, "approved": approved})
    rows = []
    for group, part in frame.groupby("group"):
        both = part["bad"].nunique() == 2
        rows.append(
            {
                "group": group,
                "rows": len(part),
                "bad_rate": part["bad"].mean(),
                "mean_pd": part["pd"].mean(),
                "auc": roc_auc_score(part["bad"], part["pd"]) if both else float("nan"),
                "approval": part["approved"].mean(),
                "approval_of_good": part.loc[part["bad"] == 0, "approved"].mean(),
            }
        )
    table = pd.DataFrame(rows)
    # A reference group must be large enough for its rate to mean something.
    best = table.loc[table["rows"] >= 100, "approval"].max()
    table["impact_ratio"] = table["approval"] / best
    return table
