"""Charts of the cards: SVG whose bytes are the same for the same numbers."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from numpy.typing import NDArray

mpl.use("svg")
from matplotlib import pyplot as plt

Array = NDArray[np.float64]
INK, PALE = "#0b6e99", "#7fb5cc"


def draw_calibration(bins: pd.DataFrame, path: Path, what: str) -> None:
    """Observed rate over mean prediction, with 95 % intervals."""
    figure, axes = _figure(f"Calibration, held-out rows: {what}")
    limit = float(np.ceil(bins["high"].max() * 10) / 10)
    axes.plot([0, limit], [0, limit], color="#999999", linewidth=1, linestyle="--", label="perfect")
    errors = np.array([bins["observed"] - bins["low"], bins["high"] - bins["observed"]])
    axes.errorbar(
        bins["predicted"],
        bins["observed"],
        yerr=errors,
        fmt="o",
        markersize=5,
        color=INK,
        ecolor=PALE,
        capsize=3,
        label="equal-count bins, 95 % interval",
    )
    axes.set(xlim=(0, limit), ylim=(0, limit), xlabel="predicted", ylabel="observed")
    _save(figure, axes, path)


def draw_lines(lines: dict[str, tuple[Array, Array]], path: Path, title: str, x: str, y: str) -> None:
    """One line per name; the first in the strong colour."""
    figure, axes = _figure(title)
    colours = [INK, "#c2571a", "#6b7280", "#3b7d3b"]
    for (name, (across, up)), colour in zip(lines.items(), colours, strict=False):
        axes.plot(across, up, color=colour, linewidth=1.6, label=name)
    axes.set(xlabel=x, ylabel=y)
    _save(figure, axes, path)


def _figure(title: str) -> tuple[plt.Figure, plt.Axes]:
    plt.rcParams.update({"svg.hashsalt": "scorebox", "font.size": 10, "svg.fonttype": "none"})
    figure, axes = plt.subplots(figsize=(5, 4.2), layout="constrained")
    axes.set_title(title)
    axes.grid(visible=True, color="#eeeeee")
    return figure, axes


def _save(figure: plt.Figure, axes: plt.Axes, path: Path) -> None:
    axes.legend(loc="best", frameon=False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)
