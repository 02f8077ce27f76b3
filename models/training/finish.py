"""The last steps of every recipe: pack, measure through the module, write the card, pin the files.

A recipe's `bundle.json` is written by hand; what training fits (calibration, points, tables) is put between
the markers that the recipe names, so that the rest of the file stays as its author wrote it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import scorebox

BEGIN, END = "<!-- figures: recipe.py -->", "<!-- end of figures -->"


def pack(folder: Path, sample: pd.DataFrame | None) -> scorebox.Bundle:
    """Packs the folder in place (lock and reference profile) and loads what came of it."""
    golden = folder / "golden"
    archive = zipfile.ZipFile(io.BytesIO(scorebox.pack(folder, sample=sample, bless=golden.is_dir())))
    for name in archive.namelist():
        if name in ("bundle.lock", "reference.json") or name.startswith("golden/"):
            (folder / name).write_bytes(archive.read(name))
    return scorebox.Bundle.load(folder)


def put_in(path: Path, pattern: str, text: str) -> None:
    """Replaces the one place of a hand-written file that matches; fails where there are more or none."""
    before = path.read_text(encoding="utf-8")
    after, count = re.subn(pattern, lambda _: text, before, flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"{path}: {pattern!r} matches {count} places")
    path.write_text(after, encoding="utf-8")


def put_calibration(folder: Path, a: float, b: float, model: str) -> None:
    """Puts Platt's a and b into the calibration of this model."""
    pattern = rf'(?<="id": "{model}",)(.*?)"calibration": \{{[^{{}}]*\}}'
    path = folder / "bundle.json"
    before = path.read_text(encoding="utf-8")
    line = f'"calibration": {{"method": "platt", "a": {a}, "b": {b}}}'
    after, count = re.subn(pattern, lambda found: found.group(1) + line, before, count=1, flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"{path}: model {model!r} has no calibration")
    path.write_text(after, encoding="utf-8")


def put_figures(folder: Path, figures: str) -> None:
    """Puts the figures into the card."""
    put_in(folder / "CARD.md", f"{re.escape(BEGIN)}.*?{re.escape(END)}", f"{BEGIN}\n\n{figures}\n\n{END}")


def cell(value: Any, spec: str) -> str:
    """A value as text; a number that there is none of is a dash."""
    if isinstance(value, float) and value != value:
        return "-"
    return format(value, spec) if spec else str(value)


def table(rows: list[dict[str, Any]], formats: dict[str, str]) -> str:
    """A Markdown table of these columns; a format is Python's, empty for text."""
    lines = [
        "| " + " | ".join(name.replace("_", " ") for name in formats) + " |",
        "|" + "---|" * len(formats),
    ]
    for row in rows:
        cells = [cell(row[name], spec) for name, spec in formats.items()]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def frame(records: list[dict[str, Any]]) -> pd.DataFrame:
    """Records as a table, with lists as the JSON texts that tables hold them in."""
    rows = pd.DataFrame(records)
    for name in rows:
        lists = rows[name].map(lambda cell: isinstance(cell, list))
        if lists.any():
            rows[name] = rows[name].map(lambda cell: json.dumps(cell, ensure_ascii=False))
    return rows


def write_records(path: Path, records: list[dict[str, Any]]) -> None:
    """Records as CSV, the form in which each row may have its own `now`: lists as JSON, truth values in lower
    case, nothing for what is missing.
    """

    def text(value: Any) -> str:
        if value is None:
            return ""
        return json.dumps(value, ensure_ascii=False) if isinstance(value, (bool, list)) else str(value)

    names = list(dict.fromkeys(name for record in records for name in record))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([text(record.get(name)) for name in names] for record in records)


def write_figures_file(folder: Path, figures: dict[str, Any]) -> None:
    """`figures.json`: the headline numbers that the table of `models/README.md` is made of."""
    text = json.dumps(figures, indent=1, ensure_ascii=False)
    (folder / "figures.json").write_text(text + "\n", encoding="utf-8")


def write_sums(folder: Path) -> None:
    """`SHA256SUMS` of what the recipe made."""
    names = sorted(path.name for path in folder.iterdir() if path.suffix in {".onnx", ".csv", ".ndjson"})
    names += sorted(path.relative_to(folder).as_posix() for path in folder.glob("scenarios/*.csv"))
    names += [name for name in ("reference.json",) if (folder / name).is_file()]
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}" for name in names]
    (folder / "SHA256SUMS").write_text("\n".join(lines) + "\n")
