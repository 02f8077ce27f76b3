"""The table of ratios as Markdown and JSON, and as a picture."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

PEERS = "scorebox onnxruntime lightgbm xgboost-cpu tl2cgen ydf shap".split()


@dataclass
class Ratio:
    """How much longer a peer takes than scorebox on one row of the table."""

    row: str
    peer: str
    #: Nanoseconds for one row of data: medians of the rounds.
    ours_ns: float
    peer_ns: float
    #: Quartiles of the ratios of the rounds.
    low: float
    median: float
    high: float
    goal: float | None
    #: The largest difference of the answers as a share of the largest answer; none where trees differ.
    apart: float | None


def write(folder: Path, ratios: list[Ratio], notes: list[str]) -> None:
    """Writes `report.md`, `report.json` and `ratios.svg`."""
    folder.mkdir(parents=True, exist_ok=True)
    versions = {name: metadata.version(name) for name in PEERS}
    date = datetime.now(UTC).date().isoformat()
    body = {
        "date": date,
        "machine": _machine(),
        "versions": versions,
        "notes": notes,
        "ratios": [asdict(r) for r in ratios],
    }
    (folder / "report.json").write_text(json.dumps(body, indent=1) + "\n")
    peers = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [
        "# Scorebox beside its peers",
        "",
        f"{date}, {_machine()}; {peers}.",
        "",
        "A ratio is a peer's time over scorebox's, of one thread and from the same round of one run; above 1",
        "scorebox is faster. Median of the rounds and quartiles.",
        "",
        "| work | peer | scorebox | peer's | ratio | spread | at least | answers apart |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for r in ratios:
        goal = "" if r.goal is None else f"{r.goal:g}" + ("" if r.median >= r.goal else " (not reached)")
        apart = "own trees" if r.apart is None else f"{r.apart:.1e}"
        lines.append(
            f"| {r.row} | {r.peer} | {_time(r.ours_ns)} | {_time(r.peer_ns)} | {r.median:.2f} "
            f"| {r.low:.2f} to {r.high:.2f} | {goal} | {apart} |"
        )
    lines += ["", "Times are those of one row of data.", "", *(f"- {note}" for note in notes)]
    (folder / "report.md").write_text("\n".join(lines).rstrip() + "\n")
    _plot(folder / "ratios.svg", ratios)


def _time(ns: float) -> str:
    for unit, scale in (("ms", 1e6), ("us", 1e3)):
        if ns >= scale:
            return f"{ns / scale:.3g} {unit}"
    return f"{ns:.3g} ns"


def _machine() -> str:
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    return name or platform.processor() or platform.machine()


def _plot(path: Path, ratios: list[Ratio]) -> None:
    labels = [f"{r.row}: {r.peer}" for r in ratios]
    figure, axes = plt.subplots(figsize=(11, 0.32 * len(ratios) + 1.2), layout="constrained")
    places = range(len(ratios), 0, -1)
    spread = [[r.median - r.low for r in ratios], [r.high - r.median for r in ratios]]
    axes.barh(places, [r.median for r in ratios], xerr=spread, color="#3b6ea5", height=0.7, capsize=2)
    goals = [(place, r.goal) for place, r in zip(places, ratios, strict=True) if r.goal is not None]
    axes.scatter(
        [goal for _, goal in goals], [place for place, _ in goals], marker="|", s=120, color="#c0392b"
    )
    axes.set_yticks(places, labels, fontsize=8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlabel("peer's time / scorebox's time (red: at least)")
    figure.savefig(path)
    plt.close(figure)
