"""Splits of a table into what a model learns from and what it is measured on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import RepeatedStratifiedKFold, train_test_split

Places = NDArray[np.intp]


def held_out(
    rows: pd.DataFrame, target: str | None, *, share: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and held-out rows in their old order; the same rate of `target` in both."""
    by = None if target is None else rows[target]
    train, test = train_test_split(rows, test_size=share, random_state=seed, stratify=by)
    return train.sort_index(), test.sort_index()


def held_out_groups(groups: NDArray[Any], *, share: float, seed: int) -> NDArray[np.bool_]:
    """Which rows are held out, where all rows of one group (a customer, an account) go to one side."""
    names = np.unique(groups)
    rng = np.random.default_rng(seed)
    taken = rng.choice(names, size=round(len(names) * share), replace=False)
    return np.isin(groups, taken)


def later_rows(times: NDArray[Any], *, share: float) -> NDArray[np.bool_]:
    """Which rows are the latest `share`: what a model must predict lies after what it has learned."""
    return times > np.quantile(times.astype(np.float64), 1 - share)


def folds(target: NDArray[Any], *, splits: int, repeats: int, seed: int) -> Iterator[tuple[Places, Places]]:
    """Places to fit and to measure, `splits * repeats` times, each fold with the same rate of `target`."""
    maker = RepeatedStratifiedKFold(n_splits=splits, n_repeats=repeats, random_state=seed)
    yield from maker.split(np.zeros(len(target)), target)
