"""Measures one full decision per bundle: `python models/latency.py` writes `latency.json`.

All bundles take turns in one run, each with a golden record of its own; medians of the turns, in milliseconds
and as a ratio to `credit`, because machines differ and ratios travel.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

import scorebox

MODELS = Path(__file__).resolve().parent
TURNS = 200


def main() -> None:
    """Loads, warms up, takes turns, writes."""
    requests, bundles = {}, {}
    for path in sorted(MODELS.glob("*/bundle.json")):
        name = path.parent.name
        golden = sorted((path.parent / "golden").glob("*.json"))[-1]
        body = json.loads(golden.read_text(encoding="utf-8"))
        requests[name] = json.dumps(body["request"], ensure_ascii=False).encode()
        bundles[name] = scorebox.Bundle.load(path.parent)
    times: dict[str, list[float]] = {name: [] for name in bundles}
    for turn in range(TURNS + 20):
        for name, bundle in bundles.items():
            began = time.perf_counter()
            bundle.score_request(requests[name])
            if turn >= 20:
                times[name].append((time.perf_counter() - began) * 1000)
    medians = {name: statistics.median(values) for name, values in times.items()}
    found = {
        name: {"median_ms": round(value, 3), "to_credit": round(value / medians["credit"], 1)}
        for name, value in medians.items()
    }
    text = json.dumps(found, indent=1)
    (MODELS / "latency.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
