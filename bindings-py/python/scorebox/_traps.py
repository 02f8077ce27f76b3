"""Known ways in which exporters move a model away from its source, recognised from the two answers.

Each trap is a hypothesis: what the export would answer, were the trap the cause. It is named where that
explains every row, so a trap is never named for a difference that only resembles it. Where users met them:
onnx/sklearn-onnx issue 1192 (thresholds of histogram boosting), onnx/onnxmltools issues 150 (one-versus-all
exported as softmax), 462 and 658 (log links), 708 and 728 (LightGBM's double thresholds and missing values).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: How well a hypothesis must explain the answers: float32 exports keep six digits.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Trap:
    """A cause that fits, and what to do about it."""

    #: Short name, stable.
    name: str
    #: What the exporter did, and the way out.
    advice: str


ADVICE: dict[str, str] = {
    "doubled_logits": (
        "the export applies the link to a decision value twice (linear discriminant analysis in "
        "skl2onnx): probabilities are too sure. Export the coefficients as LogisticRegression, or "
        "calibrate on the export's answers"
    ),
    "dropped_exp": (
        "the export gives the logarithm of the answer: the log link of a Poisson, gamma or Tweedie "
        "objective was dropped. Put the exponential into the bundle's calibration or score expression, or "
        "pack the library's own model file"
    ),
    "dropped_logistic": (
        "the export gives the margin, not the probability: the logistic link was dropped. Read the output "
        "as a margin, or append a Sigmoid node"
    ),
    "ova_softmax": (
        "one-versus-all probabilities (a sigmoid for each class) were exported as a softmax. Train with "
        "the multi-class objective, or pack the library's own model file"
    ),
    "not_normalised": (
        "scores of the classes are exported without dividing by their sum. Divide in a score expression"
    ),
    "scaled": (
        "all answers are the source's times one factor: a mean over trees was taken with the wrong "
        "number of trees, or a scale was lost. Pack the library's own model file"
    ),
    "summed_forest": (
        "the margins of a random forest's trees were summed, not averaged, and the probability was "
        "divided by 100 (LightGBM's boosting_type rf in onnxmltools). Pack the library's own model file"
    ),
    "shifted": (
        "all answers are off by one constant: a base score or intercept was lost or added twice. Compare "
        "base_score with the export's base_values"
    ),
    "shifted_margin": (
        "all margins are off by one constant: a base score was lost, or given as a probability where a "
        "margin was meant. Compare base_score with the export's base_values"
    ),
    "swapped_classes": "the columns of the two classes are exchanged. Compare the order of the labels",
    "distance_weights": (
        "neighbours weighted by distance: in float32 a row is at distance zero from itself and from its "
        "twins only almost, so weights explode differently. Use uniform weights, or export float64 inputs"
    ),
    "isotonic_steps": (
        "an isotonic curve has steps; in float32 a score falls on the other side of one. Export float64 "
        "inputs, or calibrate in the bundle"
    ),
    "threshold_rounding": (
        "rows on a tree's threshold: the source compares doubles, the export floats. Round the training "
        "data to float32 before fitting, or pack LightGBM's or XGBoost's own model file, where thresholds "
        "are rounded so that float32 inputs take the source's branch"
    ),
    "missing_values": (
        "only rows with missing values differ: the source treats them in another way (zero_as_missing, an "
        "imputer that was not exported). Impute before the model, in the bundle's features"
    ),
    "unicode_text": (
        "only rows with text beyond ASCII differ: the exported pattern for words knows ASCII letters "
        "only. Give the vectoriser a token_pattern of your own, or normalise the text before"
    ),
    "float32_sums": (
        "small differences on many rows: sums and constants in float32. Harmless unless a cut-off lies "
        "between; export float64 inputs where it matters"
    ),
}


def _softmax(x: Array) -> Array:
    shifted = np.exp(x - x.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _logit(p: Array) -> Array:
    return np.asarray(np.log(p) - np.log1p(-p))


def _fits(guess: Array, got: Array) -> bool:
    finite = np.isfinite(guess)
    if guess.shape != got.shape or not finite.any() or not (finite == np.isfinite(got)).all():
        return False
    return bool(np.allclose(guess[finite], got[finite], rtol=TOLERANCE, atol=TOLERANCE))


def _constant(values: Array) -> float | None:
    finite = values[np.isfinite(values)]
    if finite.size < 3:
        return None
    middle = float(np.median(finite))
    return middle if np.allclose(finite, middle, rtol=TOLERANCE, atol=TOLERANCE) else None


def _is_constant(values: Array, plain: float) -> bool:
    found = _constant(values)
    return found is not None and abs(found - plain) > 10 * TOLERANCE


def _proportional(got: Array, want: Array) -> bool:
    if not (got != 0).any():
        return False
    used = np.abs(want) > TOLERANCE
    return bool(used.any()) and _is_constant(got[used] / want[used], 1.0)


def _summed(got: Array, want: Array) -> bool:
    """Whether the margins are one multiple of the source's, on the rows where they are not saturated."""
    used = (got > 1e-4) & (got < 1 - 1e-4) & (np.abs(_logit(want)) > 0.05)
    if used.sum() < 3 or (got > 1 + TOLERANCE).any():
        return False
    ratio = _logit(got[used]) / _logit(want[used])
    return bool(np.allclose(ratio, np.median(ratio), rtol=1e-2) and np.median(ratio) > 1.5)


def _two(p: Array) -> Array:
    return np.column_stack([1 - p[:, 0], p[:, 0]]) if p.shape[1] == 1 else p


def _probabilities(want: Array) -> bool:
    return bool((want >= 0).all() and (want <= 1).all())


def whole_answer(got: Array, want: Array) -> str | None:
    """The trap that explains every row of two tables of answers, where there is one."""
    columns = want.shape[1]
    probable = _probabilities(want)
    checks: Sequence[tuple[str, bool, Callable[[], bool]]] = (
        ("swapped_classes", columns == 2, lambda: _fits(want[:, ::-1], got)),
        ("dropped_exp", not probable or columns == 1, lambda: _fits(np.log(want), got)),
        ("dropped_logistic", probable, lambda: _fits(_logit(want), got)),
        (
            "doubled_logits",
            probable,
            lambda: _fits(
                (_two(want) ** 2 / (_two(want) ** 2).sum(axis=1, keepdims=True))[:, -columns:], got
            ),
        ),
        ("ova_softmax", probable and columns > 2, lambda: _fits(_softmax(_logit(want)), got)),
        (
            "not_normalised",
            columns > 1,
            lambda: _fits(want, got / got.sum(axis=1, keepdims=True)),
        ),
        ("summed_forest", probable, lambda: _summed(got[:, -1] * 100, want[:, -1])),
        ("scaled", True, lambda: _proportional(got[:, -1], want[:, -1])),
        ("shifted", True, lambda: _is_constant((got - want)[:, -1], 0.0)),
        (
            "shifted_margin",
            probable and _probabilities(got),
            lambda: _is_constant(_logit(got[:, -1]) - _logit(want[:, -1]), 0.0),
        ),
    )
    with np.errstate(all="ignore"):
        return next((name for name, may_be, holds in checks if may_be and holds()), None)


def some_rows(
    off: NDArray[np.bool_],
    near: NDArray[np.bool_],
    missing: NDArray[np.bool_],
    not_ascii: NDArray[np.bool_],
    largest: float,
    source: str,
) -> str | None:
    """The trap that explains why these rows are off, and not the others.

    near: rows on a threshold. missing, not_ascii: rows with such values. source: what is known of the
    estimator, as text.
    """
    if not off.any():
        return None
    if "weights='distance'" in source:
        return "distance_weights"
    if "isotonic" in source:
        return "isotonic_steps"
    if missing[off].all() and not missing.all():
        return "missing_values"
    if not_ascii[off].all() and not not_ascii.all():
        return "unicode_text"
    if near[off].all():
        return "threshold_rounding"
    return "float32_sums" if largest < 1e-3 else None
