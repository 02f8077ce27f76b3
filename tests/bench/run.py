"""Measures scorebox beside its peers and writes a report: `make bench`.

    python -m tests.bench.run [--quick] [--only substring]

Answers are compared first, and a row whose answers differ is an error, not a figure. Contestants take turns
in one process, each timed by the processor time of its thread. `--quick` takes small models and two rounds:
it shows that everything runs and agrees, and its times mean nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from pathlib import Path

# Before any peer is imported: one thread is what is compared.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
# Who counts processors to choose a number of threads, as scorebox does for batches, finds one.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np  # noqa: E402

from . import report  # noqa: E402
from .contestants import Contestant  # noqa: E402
from .models import FULL, QUICK, Models  # noqa: E402
from .table import Row, Table  # noqa: E402

ROUNDS, TURN_NS = 15, 20e6
QUICK_ROUNDS, QUICK_TURN_NS = 2, 1e5
#: Rows of the table with its models of each size; fewer means that one was lost on the way.
ROWS, QUICK_ROWS = 15, 13


def difference(row: Row, peer: str) -> float | None:
    """The largest difference from a peer as a share of its largest answer; none where it has other trees."""
    if peer not in row.equal:
        return None
    rows = min(row.rows, 1000)
    ours, theirs = row.ours.answers(rows), row.peers[peer].answers(rows)
    if ours.size == 0 or ours.shape != theirs.shape or not np.isfinite(ours).all():
        raise RuntimeError(f"{row.name}: {ours.size} answers, {peer} gives {theirs.size}")
    apart = float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-30))
    if not apart <= row.tolerance:
        raise RuntimeError(f"{row.name}: {apart:.2e} apart from {peer}; at most {row.tolerance:g}")
    return apart


def calls_of(who: Contestant, rows: int, turn_ns: float) -> int:
    """As many calls as fill a turn; also warms up."""
    who.time(rows, 1, 0)
    once = who.time(rows, 3, 0) / 3
    return max(1, min(20_000, round(turn_ns / max(once, 1))))


def measure(row: Row, rounds: int, turn_ns: float) -> list[report.Ratio]:
    """Checks, then lets all contestants take turns."""
    apart = {peer: difference(row, peer) for peer in row.peers}
    everybody = {"": row.ours, **row.peers}
    calls = {name: calls_of(who, row.rows, turn_ns) for name, who in everybody.items()}
    times: dict[str, list[float]] = {name: [] for name in everybody}
    names = list(everybody)
    for turn in range(rounds):
        # Nobody always follows the same neighbour's caches.
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            took = everybody[name].time(row.rows, calls[name], turn * 997)
            times[name].append(took / calls[name] / row.rows)
    found = []
    for peer in row.peers:
        ratios = sorted(theirs / ours for theirs, ours in zip(times[peer], times[""], strict=True))
        low, median, high = np.percentile(ratios, (25, 50, 75)).tolist()
        ours, theirs = statistics.median(times[""]), statistics.median(times[peer])
        ratio = report.Ratio(
            row.name, peer, ours, theirs, low, median, high, row.goals.get(peer), apart[peer]
        )
        print(f"{row.name:<62}{peer:<38}{median:>9.2f}  ({low:.2f} to {high:.2f})", flush=True)
        found.append(ratio)
    return found


def main() -> int:
    """Reads the arguments, measures, reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("target/bench"), help="for models and the report")
    parser.add_argument(
        "--lleaves", type=Path, help="the Python that has lleaves; without it lleaves is left out"
    )
    parser.add_argument("--quick", action="store_true", help="small models, two rounds: for the shape only")
    parser.add_argument("--only", default="", help="rows with this in their name")
    given = parser.parse_args()
    size, rounds, turn_ns = (QUICK, QUICK_ROUNDS, QUICK_TURN_NS) if given.quick else (FULL, ROUNDS, TURN_NS)
    folder = given.folder.resolve() / ("quick" if given.quick else "full")
    models = Models(folder / "models", size)
    # Not resolved: a virtual environment's Python is known by the link that started it.
    lleaves = given.lleaves.absolute() if given.lleaves else None
    table = Table(models, lleaves)
    ratios, count = [], 0
    for row in table.rows():
        count += 1
        if given.only in row.name:
            ratios += measure(row, rounds, turn_ns)
    wanted = QUICK_ROWS if given.quick else ROWS
    if count != wanted:
        print(f"{count} rows were made, not {wanted}", file=sys.stderr)
        return 1
    notes = [] if lleaves else ["lleaves was left out: no Python with it was named (`--lleaves`)."]
    if given.quick:
        notes.append("A quick run on small models: the times mean nothing.")
    report.write(folder / "report", ratios, notes)
    print(f"{count} rows, {len(ratios)} ratios: {folder / 'report' / 'report.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
