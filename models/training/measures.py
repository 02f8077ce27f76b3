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


def lift(target: Array, score: Array, share: float) -> float:
    """Rate of `target` among the `share` of rows with the highest scores, over the rate of all."""
    count = max(1, round(len(score) * share))
    top = np.argsort(-score, kind="stable")[:count]
    return float(target[top].mean() / target.mean())


def alert_figures(fraud: Array, score: Array, share: float) -> dict[str, float]:
    """Alerts on the `share` of rows with the highest scores: precision, recall, and the threshold."""
    count = max(1, round(len(score) * share))
    top = np.argsort(-score, kind="stable")[:count]
    return {
        "alerts": count,
        "precision": float(fraud[top].mean()),
        "recall": float(fraud[top].sum() / fraud.sum()),
        "threshold": float(score[top[-1]]),
    }


def psi(expected: Array, actual: Array, bins: int = 10) -> float:
    """Population stability index over the quantile bins of `expected`; half a row is added to each bin."""
    edges = np.unique(np.quantile(expected, np.linspace(0, 1, bins + 1)[1:-1]))
    size = len(edges) + 1
    before = np.bincount(np.searchsorted(edges, expected, side="right"), minlength=size) + 0.5
    after = np.bincount(np.searchsorted(edges, actual, side="right"), minlength=size) + 0.5
    before, after = before / before.sum(), after / after.sum()
    return float(np.sum((after - before) * np.log(after / before)))


def poisson_deviance(claims: Array, expected: Array) -> float:
    """Mean Poisson deviance per row: 2 (y ln(y / mu) - (y - mu)), with y ln y = 0 at 0."""
    ratio = np.where(claims > 0, claims / expected, 1.0)
    return float(np.mean(2 * (claims * np.log(ratio) - (claims - expected))))


def gamma_deviance(cost: Array, expected: Array) -> float:
    """Mean gamma deviance per row: 2 ((y - mu) / mu - ln(y / mu)); costs are above 0."""
    return float(np.mean(2 * ((cost - expected) / expected - np.log(cost / expected))))


def tweedie_deviance(cost: Array, expected: Array, power: float) -> float:
    """Mean Tweedie deviance per row for 1 < power < 2 (Jorgensen 1987)."""
    p = power
    part = np.where(cost > 0, cost ** (2 - p) / ((1 - p) * (2 - p)), 0.0)
    return float(np.mean(2 * (part - cost * expected ** (1 - p) / (1 - p) + expected ** (2 - p) / (2 - p))))


def concentration(cost: Array, expected: Array, exposure: Array) -> float:
    """Gini index of the cost curve over exposure, rows sorted from the lowest expected cost up."""
    order = np.argsort(expected, kind="stable")
    x = np.concatenate([[0.0], np.cumsum(exposure[order]) / exposure.sum()])
    y = np.concatenate([[0.0], np.cumsum(cost[order]) / cost.sum()])
    area = float(np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2))
    return 1 - 2 * area


def hit_rate(ranks: Array, top: int) -> float:
    """Share of rows whose wanted item is among the first `top`; ranks count from 0."""
    return float(np.mean(ranks < top))


def ndcg(ranks: Array, top: int) -> float:
    """Mean 1 / log2(rank + 2) with one wanted item a row, 0 past `top`; ranks count from 0."""
    return float(np.mean(np.where(ranks < top, 1 / np.log2(ranks + 2), 0.0)))
