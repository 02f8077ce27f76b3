"""A case: an exported model, what to feed it, and what the source library says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import helper

SEED = 20261123

Feeds = dict[str, np.ndarray]


@dataclass
class Case:
    """One exported model.

    ``source`` holds what the training library answers for some outputs, by output name; it is compared
    with ``source_tolerance`` because exporters round thresholds and coefficients to float32.
    """

    name: str
    model: bytes
    feeds: Feeds
    source: dict[str, np.ndarray] = field(default_factory=dict)
    source_tolerance: float = 1e-4
    tolerance: float = 1e-5
    #: What the standard says of some outputs, by output name, from a slow and obvious evaluation.
    standard: dict[str, np.ndarray] = field(default_factory=dict)
    #: Whether rows may be added and left out: not where an input has no batch axis.
    batched: bool = True


Family = Callable[[], Iterator[Case]]


def table(rows: int = 300, columns: int = 8, seed: int = SEED) -> np.ndarray:
    """Rows with what credit data has: skew, integers, zeros, repeated values."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns))
    x[:, 0] = np.round(np.exp(x[:, 0] * 1.2) * 1000)
    x[:, 1] = rng.integers(-2, 9, rows)
    x[:, 2] = np.where(rng.random(rows) < 0.4, 0.0, np.abs(x[:, 2]) * 50)
    return x.astype(np.float32)


def target(x: np.ndarray, classes: int = 2, seed: int = SEED) -> np.ndarray:
    """A learnable label: ranks of a noisy combination."""
    rng = np.random.default_rng(seed + 1)
    raw = np.log1p(np.abs(x[:, 0])) - x[:, 1] * 0.5 + x[:, 3] + rng.normal(size=len(x)) * 0.7
    return np.digitize(raw, np.quantile(raw, np.arange(1, classes) / classes))


def hostile(x: np.ndarray) -> np.ndarray:
    """A few rows that honest data does not have: NaN, infinities, signed zero, denormals, extremes."""
    values = [np.nan, np.inf, -np.inf, -0.0, 1e-40, 3.4e38, -3.4e38]
    rows = np.repeat(x[:1], len(values) * 2, axis=0).copy()
    for i, value in enumerate(values):
        rows[2 * i, :] = value
        rows[2 * i + 1, i % x.shape[1]] = value
    return rows.astype(np.float32)


def hostile_feeds(feeds: Feeds) -> Feeds:
    """The first row many times over, each time with something that honest data does not have."""
    strange: list[Feeds] = []
    first = {name: value[:1] for name, value in feeds.items()}

    def add(name: str, at: int, value: Any) -> None:
        row = {key: array.copy() for key, array in first.items()}
        row[name].reshape(1, -1)[0, at] = value
        strange.append(row)

    for name, value in first.items():
        columns = value.reshape(1, -1).shape[1]
        if value.dtype.kind == "f":
            for i, number in enumerate([np.nan, np.inf, -np.inf, -0.0, 1e-40, 3.4e38, -3.4e38]):
                add(name, i % columns, number)
                add(name, (i + 1) % columns, number)
        elif value.dtype.kind == "O":
            for i, text in enumerate(
                ["", "never seen", "ß", "İstanbul", "\u00e9", "e\u0301", "😀", " a ", "NaN"]
            ):
                add(name, i % columns, text)
    return {name: np.concatenate([row[name] for row in strange or [first]]) for name in feeds}


def plain_integers() -> None:
    """Lets onnx take the NumPy integers that skl2onnx hands it for histogram boosting."""
    original = helper.make_attribute

    def make_attribute(key: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, list) and value and isinstance(value[0], np.integer):
            value = [int(item) for item in value]
        return original(key, value, *args, **kwargs)

    helper.make_attribute = make_attribute
