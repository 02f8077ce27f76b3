"""Gradient-boosted trees as the recipes fit them: repeatable, monotone where said, calibrated out of fold."""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

Array = NDArray[np.float64]

REPEATABLE: dict[str, Any] = {
    "n_jobs": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


def classifier(parameters: dict[str, Any], directions: dict[str, int], seed: int) -> lgb.LGBMClassifier:
    """An unfitted classifier; `directions` says per feature 1 rising, -1 falling, 0 either way."""
    return lgb.LGBMClassifier(
        objective="binary",
        monotone_constraints=list(directions.values()),
        random_state=seed,
        **REPEATABLE,
        **parameters,
    )


def margins(model: lgb.LGBMClassifier, features: pd.DataFrame) -> Array:
    """Log odds."""
    return np.asarray(model.predict(features, raw_score=True), dtype=np.float64)


def out_of_fold(
    features: pd.DataFrame,
    target: Array,
    parameters: dict[str, Any],
    directions: dict[str, int],
    seed: int,
    groups: NDArray[Any] | None = None,
) -> Array:
    """Log odds of each row from a model that has not seen it (nor, with groups, its group)."""
    out = np.zeros(len(target))
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    for fit, rest in kind(5, shuffle=True, random_state=seed).split(features, target, groups):
        model = classifier(parameters, directions, seed).fit(features.iloc[fit], target[fit])
        out[rest] = margins(model, features.iloc[rest])
    return out


def fit_platt(margin: Array, target: Array) -> tuple[float, float]:
    """a and b of `p = 1 / (1 + exp(a * margin + b))` by maximum likelihood (Platt 1999), 4 decimals."""

    def loss(ab: Array) -> float:
        z = ab[0] * margin + ab[1]
        return float(np.mean(np.logaddexp(0.0, np.where(target == 1, z, -z))))

    found = minimize(loss, np.array([-1.0, 0.0]), method="BFGS")
    return round(float(found.x[0]), 4), round(float(found.x[1]), 4)


def check_export(model: bytes, output: str, features: pd.DataFrame, wanted: Array, gap: float) -> None:
    """Fails where ONNX Runtime's answers differ from the library's by more than `gap`, relative above 1."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    found = session.run([output], {"X": features.to_numpy(dtype=np.float32)})[0]
    found = found[:, -1] if found.ndim == 2 else found
    worst = float(np.max(np.abs(found - wanted) / np.maximum(1.0, np.abs(wanted))))
    if not worst <= gap:
        raise SystemExit(f"the exported model differs from the fitted one by {worst}")
