"""Runs every node test of the onnx package and prints a table per operator: pass, refused, wrong.

    python -m tests.conformance.run [substring] [--native path/to/run_model]

Without ``--native`` the tests run in the module, through the Python package. Fails where a value is wrong.
Refusals are named; those about training or about types below 16 bits that tabular models do not use are
counted apart, as out of scope.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

import numpy as np

from .cases import Case, node_tests
from .runners import Module, Native, RefusedError, Runner, text_of

# Passes of a whole run through the module, both artefacts. Fewer is a failure: an operator that used to
# run and is now refused must not go unnoticed. Raise it when operators are added.
LEAST_PASSES = 1636
VERDICTS = ("pass", "refused", "wrong", "out of scope")


def differs(got: object, want: object, case: Case) -> str:
    """Empty where equal: type and shape exactly, floats within the test's tolerance, the rest exactly."""
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            return f"{got!r}, want a list of {len(want)}"
        return next((why for pair in zip(got, want, strict=True) if (why := differs(*pair, case))), "")
    if isinstance(want, dict):
        if not isinstance(got, dict) or set(got) != set(want):
            return f"{got!r}, want keys {set(want)}"
        return next((why for key in want if (why := differs(got[key], want[key], case))), "")
    if want is None or got is None:
        return "" if got is want else f"{got!r}, want {want!r}"
    a, b = np.asarray(got), np.asarray(want)
    if a.shape != b.shape:
        return f"shape {a.shape}, want {b.shape}"
    if b.dtype.kind in "OUS":
        return "" if [*map(text_of, a.ravel())] == [*map(text_of, b.ravel())] else f"{a}, want {b}"
    if a.dtype != b.dtype:
        return f"type {a.dtype}, want {b.dtype}"
    if b.dtype.kind == "f":
        # Steps of a definition in float16 may each be rounded or not: two units in the last place.
        rtol = max(case.rtol, 2 * np.finfo(np.float16).eps) if b.dtype == np.float16 else case.rtol
        # Transforms are expected as float makes them: a zero is as far off as the largest element.
        transform = case.operator in ("DFT", "STFT") and b.size
        atol = max(case.atol, np.finfo(b.dtype).eps * np.abs(b).max()) if transform else case.atol
        close = np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
    else:
        close = a == b
    return (
        ""
        if close.all()
        else f"{(~close).sum()} of {close.size} differ: {a[~close][:4]}, want {b[~close][:4]}"
    )


def judge(case: Case, runner: Runner) -> tuple[str, str]:
    """The verdict, and why."""
    names = [info.name for info in case.model.graph.input]
    try:
        outputs = runner.run(case.model.SerializeToString(), dict(zip(names, case.feeds, strict=True)))
    except RefusedError as refusal:
        return ("out of scope" if case.out_of_scope else "refused"), str(refusal)
    for info, want in zip(case.model.graph.output, case.expected, strict=True):
        if why := differs(outputs[info.name], want, case):
            return "wrong", f"{info.name}: {why}"
    return "pass", ""


def main() -> int:
    """Runs, prints, and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("substring", nargs="?", default="", help="only tests whose name contains this")
    parser.add_argument("--native", help="path of the core's run_model example, to run without the module")
    arguments = parser.parse_args()
    runner: Runner = Native(arguments.native) if arguments.native else Module()
    counts: dict[str, Counter[str]] = {}
    for case in node_tests():
        if arguments.substring in case.name:
            verdict, why = judge(case, runner)
            counts.setdefault(case.operator, Counter())[verdict] += 1
            if verdict in ("wrong", "refused"):
                print(f"{verdict:8} {case.name}: {why}")
    print("\n" + f"{'operator':44}" + "".join(f"{verdict:>14}" for verdict in VERDICTS))
    for operator, counter in sorted(counts.items()):
        print(f"{operator:44}" + "".join(f"{counter[verdict] or '':>14}" for verdict in VERDICTS))
    total = Counter[str]()
    for counter in counts.values():
        total.update(counter)
    print(f"{'all':44}" + "".join(f"{total[verdict]:>14}" for verdict in VERDICTS))
    in_scope = total["pass"] + total["refused"] + total["wrong"]
    skipped = total["refused"] + total["out of scope"]
    print(f"\n{total['pass']} passed, {total['wrong']} failed, {skipped} skipped")
    print(f"{100 * total['pass'] / max(in_scope, 1):.1f} % of the tests in scope pass")
    least = 1 if arguments.substring or arguments.native else LEAST_PASSES
    if total["pass"] < least:
        print(f"{least} tests must pass, {least - total['pass']} of them no longer do")
    return int(total["wrong"] > 0 or total["pass"] < least)


if __name__ == "__main__":
    sys.exit(main())
