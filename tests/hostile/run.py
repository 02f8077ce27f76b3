"""Loads and runs every hostile model, with a time and a memory budget each.

    python -m tests.hostile.run

A broken model must give ``scorebox.Error`` with a code, at load or at run; a legal one must score; a
mutant may do either. Nothing may take more than 2 seconds of processor time or 600 MiB, or end the process.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator

import numpy as np
import scorebox

from . import models

# A run may hold 512 MiB of tensors, the documented budget, before it is refused.
SECONDS, MEBIBYTES = 2.0, 600
ROWS = np.array([[0.0, 1.0, 2.0], [-1.0, 0.5, 1e6]], np.float32)


def cases() -> Iterator[tuple[str, bytes, str]]:
    """Name, bytes, and what must come out: ``error``, ``scores`` or ``either``."""
    for name, raw in models.bytes_models().items():
        yield f"bytes/{name}", raw, "error"
    for family in models.BROKEN:
        for name, model in family().items():
            yield f"{family.__name__}/{name}", model.SerializeToString(), "error"
    for name, model in models.legal().items():
        yield f"legal/{name}", model.SerializeToString(), "scores"
    for name, raw in models.mutated().items():
        yield f"mutated/{name}", raw, "either"


def outcome(raw: bytes) -> str:
    """What scoring two rows gives: ``scores`` or an error's code."""
    try:
        model = scorebox.Model.load(raw)
        model.run({port.name: ROWS for port in model.inputs})
    except scorebox.Error as error:
        return str(error.code)
    return "scores"


def main() -> int:
    """Runs, prints, and returns the exit status."""
    passed = failed = 0
    for name, raw, want in cases():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()
        got = outcome(raw)
        seconds = time.process_time() - start
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        right = want == "either" or (got == "scores") == (want == "scores")
        if right and got != "internal" and seconds < SECONDS and grown < MEBIBYTES:
            passed += 1
        else:
            failed += 1
            print(f"FAIL {name}: {got}, want {want}; {seconds:.1f} s, {grown:.0f} MiB more")
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0 or passed == 0)


if __name__ == "__main__":
    sys.exit(main())
