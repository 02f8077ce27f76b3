"""What is compared in a case, and how: outputs, empty batches, single rows, rows that honest data lacks."""

from __future__ import annotations

import numpy as np
import onnxruntime

from .case import Case, Feeds, hostile_feeds


def runtime(case: Case) -> onnxruntime.InferenceSession:
    """onnxruntime with one thread and no rewriting: the rule where the standard is silent."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(case.model, options, providers=["CPUExecutionProvider"])


def peer_outputs(session: onnxruntime.InferenceSession, feeds: Feeds) -> dict[str, object]:
    """Every output of onnxruntime by name."""
    return dict(zip((o.name for o in session.get_outputs()), session.run(None, feeds), strict=True))


def matrix(value: object) -> np.ndarray:
    """A ZipMap's list of dicts as columns in key order; anything else as an array."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return np.array([[row[key] for key in sorted(row)] for row in value], np.float32)
    return np.asarray(value)


def differs(got: object, want: object, tolerance: float) -> str:
    """Empty where equal: labels exactly, floats within the tolerance, NaN equal to NaN."""
    a, b = matrix(got), matrix(want)
    if a.shape != b.shape and not a.size == b.size == 0:
        return f"shape {a.shape}, want {b.shape}"
    if b.dtype.kind != "f":
        same = a.astype(str) == b.astype(str) if b.dtype.kind in "OU" else a == b
        return "" if np.all(same) else f"{np.sum(~same)} of {same.size} labels"
    if a.dtype != b.dtype and b.size:
        return f"type {a.dtype}, want {b.dtype}"
    with np.errstate(all="ignore"):
        close = np.isclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
        largest = np.nanmax(np.abs(a.astype(float) - b), initial=0.0)
    return "" if close.all() else f"{np.sum(~close)} of {close.size}, largest {largest:.3g}"


def differs_from_source(got: object, want: np.ndarray, tolerance: float) -> str:
    """Empty where the exported model says what the training library says."""
    value = matrix(got)
    if value.size != want.size:
        return f"shape {value.shape}, want {want.shape}"
    if want.dtype.kind == "f":
        return differs(value.astype(want.dtype).reshape(want.shape), want, tolerance)
    return differs(value.reshape(want.shape), want, 0)


def rows_of(feeds: Feeds) -> int:
    """Rows of the batch."""
    return len(next(iter(feeds.values())))


def take(feeds: Feeds, rows: slice) -> Feeds:
    """Some rows of each input."""
    return {name: value[rows] for name, value in feeds.items()}


def single_rows(model: object, case: Case, got: dict[str, object]) -> str:
    """Empty where a batch of one gives the bits that the row has in the whole batch."""
    rows = rows_of(case.feeds)
    for at in sorted({0, rows // 2, rows - 1}):
        single = model.run(take(case.feeds, slice(at, at + 1)))
        for name, value in got.items():
            batch, one = matrix(value), matrix(single[name])
            if len(batch) == rows and batch.dtype.kind == "f":
                same = np.array_equal(one[0], batch[at], equal_nan=True)
            else:
                same = len(batch) != rows or np.array_equal(one[0], batch[at])
            if not same:
                return f"{name}: row {at} alone gives other bits than among {rows}"
    return ""


def no_rows(model: object, case: Case, got: dict[str, object]) -> str:
    """Empty where no rows give no rows. onnxruntime is not asked: some of its kernels end the process."""
    try:
        empty = model.run(take(case.feeds, slice(0, 0)))
    except Exception as error:
        return f"no rows: {error}"
    batched = [name for name, value in got.items() if len(matrix(value)) == rows_of(case.feeds)]
    return next(
        (f"no rows: {n} has shape {matrix(empty[n]).shape}" for n in batched if matrix(empty[n]).size), ""
    )


def strange_rows(model: object, session: onnxruntime.InferenceSession, case: Case) -> str:
    """Empty where NaN, infinities, extremes and unknown texts give what onnxruntime gives.

    Where onnxruntime gives no answer there is nothing to compare with. We may refuse such a row, but
    the case must say so.
    """
    feeds = hostile_feeds(case.feeds)
    try:
        want = peer_outputs(session, feeds)
    except Exception:
        return ""
    try:
        got = model.run(feeds)
    except Exception as error:
        return f"strange rows: {error}"
    found = (
        f"strange rows: {name}: {why}"
        for name, v in want.items()
        if (why := differs(got[name], v, case.tolerance))
    )
    return next(found, "")
