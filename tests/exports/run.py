"""Makes every case, scores it with scorebox and onnxruntime, and prints a table per family.

    python -m tests.exports.run [substring]

Fails where a value is wrong. A refusal by scorebox is counted and named; onnxruntime's own refusals are
skipped by name, since there is nothing to compare with but the source library.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Iterator

import numpy as np
import onnxruntime
import scorebox

from . import boosting, handmade, sklearn_models, text
from .case import Case, Family

FAMILIES: tuple[Family, ...] = (
    sklearn_models.classifiers,
    sklearn_models.regressors,
    sklearn_models.transformers,
    sklearn_models.pipelines,
    boosting.lightgbm_models,
    boosting.xgboost_models,
    boosting.catboost_models,
    text.text_models,
    handmade.regressors,
    handmade.classifiers,
)


def runtime(case: Case) -> dict[str, object]:
    """onnxruntime with one thread and no rewriting: the tie-breaker where the standard is silent."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(case.model, options, providers=["CPUExecutionProvider"])
    return dict(zip((o.name for o in session.get_outputs()), session.run(None, case.feeds), strict=True))


def matrix(value: object) -> np.ndarray:
    """A ZipMap's list of dicts as columns in key order; anything else as an array."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return np.array([[row[key] for key in sorted(row)] for row in value])
    return np.asarray(value)


def differs(got: object, want: object, tolerance: float) -> str:
    """Empty where equal: labels exactly, floats within the tolerance, NaN equal to NaN."""
    a, b = matrix(got), matrix(want)
    if a.shape != b.shape:
        return f"shape {a.shape}, want {b.shape}"
    if b.dtype.kind == "f":
        if a.dtype != b.dtype:
            return f"type {a.dtype}, want {b.dtype}"
        close = np.isclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
        return (
            "" if close.all() else f"{(~close).sum()} of {close.size}, largest {np.nanmax(np.abs(a - b)):.3g}"
        )
    same = a.astype(str) == b.astype(str) if b.dtype.kind == "O" else a == b
    return "" if np.all(same) else f"{(~same).sum()} of {same.size} labels"


def differs_from_source(got: object, want: np.ndarray, case: Case) -> str:
    """Empty where the exported model still says what the training library says."""
    value = matrix(got)
    if want.dtype.kind == "f":
        return differs(value.astype(want.dtype).reshape(want.shape), want, case.source_tolerance)
    return differs(value.reshape(want.shape), want, 0)


def judge(case: Case) -> tuple[str, str]:
    """``pass``, ``refused``, ``wrong``, ``no peer`` or ``drift``, and why.

    ``drift`` is a pass whose export has left its source library: scorebox and onnxruntime agree with each
    other, so the exporter moved the scores.
    """
    try:
        want = runtime(case)
    except Exception as error:  # onnxruntime raises many kinds; its refusal is not our failure
        want, peer = {}, str(error)[:80]
    try:
        model = scorebox.Model.load(case.model)
        got = model.run(case.feeds)
    except scorebox.Error as error:
        return ("refused", f"{error}") if want else ("no peer", f"both refuse: {peer}")
    for name, value in want.items():
        if why := differs(got[name], value, case.tolerance):
            return "wrong", f"{name} against onnxruntime: {why}"
    rows = len(next(iter(case.feeds.values())))
    single = model.run({k: v[rows // 2 : rows // 2 + 1] for k, v in case.feeds.items()})
    for name, value in got.items():
        batch = matrix(value)
        if len(batch) != rows:  # an output without a batch axis
            continue
        if not np.array_equal(matrix(single[name])[0], batch[rows // 2], equal_nan=batch.dtype.kind == "f"):
            return "wrong", f"{name}: a batch of one gives other bits than a batch of {rows}"
    drift = [
        f"{n} ({why})"
        for n, v in case.source.items()
        if n in got and (why := differs_from_source(got[n], v, case))
    ]
    if not want:
        return "no peer", peer
    return ("drift", ", ".join(drift)) if drift else ("pass", "")


def cases(wanted: str) -> Iterator[Case]:
    """Every case whose name contains ``wanted``."""
    for family in FAMILIES:
        yield from (case for case in family() if wanted in case.name)


def main() -> int:
    """Runs, prints, and returns the exit status."""
    warnings.simplefilter("ignore")
    counts: dict[str, Counter[str]] = {}
    for case in cases(sys.argv[1] if len(sys.argv) > 1 else ""):
        verdict, why = judge(case)
        counts.setdefault(case.name.split("/")[0], Counter())[verdict] += 1
        if verdict != "pass":
            print(f"{verdict:8} {case.name}: {why}")
    kinds = ("pass", "drift", "refused", "wrong", "no peer")
    print("\n" + "".join(f"{k:>12}" for k in ("family", *kinds)))
    for family, counter in counts.items():
        print(f"{family:>12}" + "".join(f"{counter[k]:>12}" for k in kinds))
    total = Counter[str]()
    for counter in counts.values():
        total.update(counter)
    passed, skipped = total["pass"] + total["drift"], total["refused"] + total["no peer"]
    print(f"\n{passed} passed, {total['wrong']} failed, {skipped} skipped")
    return int(total["wrong"] > 0 or total["pass"] == 0)


if __name__ == "__main__":
    sys.exit(main())
