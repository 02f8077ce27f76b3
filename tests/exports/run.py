"""Makes every case, scores it with scorebox and onnxruntime, and prints a table per family.

    python -m tests.exports.run [--quick] [substring]

A case passes where scorebox gives what onnxruntime gives on the batch, on rows that honest data lacks and on
no rows at all, gives a row the same bits alone and in a batch, and gives what the library says that trained
the model. Every case that does otherwise is in `expectations.py` with its reason; one that is not there
fails, and so does one that is there without need, or that was not made. ``--quick`` takes the
representative part that `make test` has time for.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator

import numpy as np
import scorebox

from . import boosting, handmade, neural, opsets, sklearn_models, sklearn_more, text
from .case import Case, Family
from .compare import (
    differs,
    differs_from_source,
    no_rows,
    peer_outputs,
    runtime,
    single_rows,
    strange_rows,
)
from .expectations import CASES, QUICK_CASES, TRAPS, expected, takes_no_rows

#: What makes the cases whose names begin so.
FAMILIES: dict[str, tuple[Family, ...]] = {
    "sklearn": (
        sklearn_models.classifiers,
        sklearn_models.regressors,
        sklearn_models.transformers,
        sklearn_models.pipelines,
        sklearn_more.classifiers,
        sklearn_more.regressors,
        sklearn_more.transformers,
        sklearn_more.outliers,
        sklearn_more.mixed,
    ),
    "opsets": (opsets.sweeps,),
    "lightgbm": (boosting.lightgbm_models,),
    "xgboost": (boosting.xgboost_models,),
    "catboost": (boosting.catboost_models,),
    "text": (text.text_models,),
    "neural": (neural.graphs,),
    "trees": (handmade.regressors, handmade.classifiers),
}
#: Families that are made for the representative part; the others take minutes to train.
QUICK_FAMILIES = (
    sklearn_models.pipelines,
    sklearn_more.outliers,
    boosting.lightgbm_models,
    boosting.xgboost_models,
    boosting.catboost_models,
    text.text_models,
    neural.graphs,
    handmade.regressors,
    handmade.classifiers,
)
VERDICTS = ("pass", "standard", "drift", "refused", "wrong")


def judge(case: Case) -> tuple[str, str]:
    """The verdict, and why.

    ``standard``: the standard speaks and onnxruntime does otherwise. ``drift``: scorebox and onnxruntime
    agree, and both have left the source library, so the exporter moved the scores. ``refused``: by us.
    """
    try:
        session = runtime(case)
        want, peer = peer_outputs(session, case.feeds), ""
    except Exception as error:  # onnxruntime raises many kinds; its refusal is not our failure
        session, want, peer = None, {}, str(error).splitlines()[0][:90]
    try:
        model = scorebox.Model.load(case.model)
        got = model.run(case.feeds)
    except scorebox.Error as error:
        return "refused", f"{error}" + (f"; onnxruntime: {peer}" if peer else "")
    wrong = [f"{n} by the standard: {w}" for n, v in case.standard.items() if (w := differs(got[n], v, 1e-6))]
    if case.batched:
        wrong.append(single_rows(model, case, got))
    if case.batched and takes_no_rows(case.name):
        wrong.append(no_rows(model, case, got))
    wrong = [why for why in wrong if why]
    if wrong:
        return "wrong", ", ".join(wrong)
    apart = [f"{n} ({w})" for n, v in want.items() if (w := differs(got[n], v, case.tolerance))]
    if session and case.batched and not apart and (why := strange_rows(model, session, case)):
        apart.append(why)
    source = case.source.items()
    drift = [
        f"{n} ({w})"
        for n, v in source
        if n in got and (w := differs_from_source(got[n], v, case.source_tolerance))
    ]
    if case.name in TRAPS and (why := not_named(case, TRAPS[case.name])):
        return "wrong", why
    if apart:
        return "standard", "against onnxruntime: " + ", ".join(apart)
    if drift:
        return "drift", "against the source: " + ", ".join(drift)
    return ("pass", "") if want or case.source else ("standard", f"onnxruntime refuses: {peer}")


def not_named(case: Case, trap: str) -> str:
    """Empty where the parity check names the trap that the exporter fell into."""
    output, want = next(
        (n, v) for n, v in case.source.items() if v.dtype.kind == "f" or len(case.source) == 1
    )
    feeds = next(iter(case.feeds.values()))
    found = scorebox.verify(case.model, feeds, want.astype(np.float64), output=output).trap
    return "" if found == trap else f"parity names {found}, not {trap}"


def cases(wanted: str, quick: bool) -> Iterator[Case]:
    """Every case whose name contains ``wanted``."""
    for prefix, families in FAMILIES.items():
        if ("/" in wanted and not wanted.startswith(prefix)) or (wanted in FAMILIES and wanted != prefix):
            continue
        for family in families:
            if not quick or family in QUICK_FAMILIES:
                yield from (case for case in family() if wanted in case.name)


def main() -> int:
    """Runs, prints, and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("substring", nargs="?", default="", help="only cases whose name contains this")
    parser.add_argument("--quick", action="store_true", help="the representative part of the cases")
    parser.add_argument("--verbose", action="store_true", help="also the cases that do as expected")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    began = time.monotonic()
    counts: dict[str, Counter[str]] = {}
    surprises, done = 0, 0
    for case in cases(arguments.substring, arguments.quick):
        done += 1
        verdict, why = judge(case)
        wanted, reason = expected(case.name)
        counts.setdefault(case.name.split("/")[0], Counter())[verdict] += 1
        if verdict != wanted:
            surprises += 1
            print(f"FAILED {case.name}: {verdict}, expected {wanted}: {why}", flush=True)
        elif arguments.verbose and verdict != "pass":
            print(f"{verdict:8} {case.name}: {reason}: {why}", flush=True)
    print("\n" + "".join(f"{k:>12}" for k in ("family", *VERDICTS)))
    for family, counter in counts.items():
        print(f"{family:>12}" + "".join(f"{counter[k] or '':>12}" for k in VERDICTS))
    total = sum(counts.values(), Counter[str]())
    print(f"{'all':>12}" + "".join(f"{total[k] or '':>12}" for k in VERDICTS))
    known = ", ".join(f"{total[k]} {k}" for k in VERDICTS[1:4])
    print(f"\n{done} cases in {time.monotonic() - began:.0f} s; by name in expectations.py: {known}")
    must = QUICK_CASES if arguments.quick else CASES
    if not arguments.substring and done != must:
        print(f"{must} cases must run, {done} did")
        surprises += abs(must - done)
    print(f"{done - min(surprises, done)} passed, {surprises} failed")
    return int(surprises > 0 or done == 0)


if __name__ == "__main__":
    sys.exit(main())
