"""Writes the table of `README.md` from the recipes' `figures.json`: `python models/table.py [--check]`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

MODELS = Path(__file__).resolve().parent
GOLDEN = MODELS.parent / "tests" / "golden"
BEGIN, END = "<!-- table: table.py -->", "<!-- end of table -->"


def table() -> str:
    """One row per bundle."""
    lines = [
        "| bundle | data | rows | model | metric | simple baseline | published | ONNX "
        "| one decision, credit = 1 | golden cases |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|---|---|")
    latency = json.loads((MODELS / "latency.json").read_text(encoding="utf-8"))
    for path in sorted(MODELS.glob("*/figures.json")):
        name = path.parent.name
        row = json.loads(path.read_text(encoding="utf-8"))
        size = sum(file.stat().st_size for file in path.parent.glob("*.onnx")) / 1000
        cases = len(list((GOLDEN / name).glob("*.json")))
        cells = [f"[{name}]({name}/CARD.md)", row["data"], f"{row['rows']:,}", row["model"], row["metric"]]
        cells += [
            row["baseline"],
            row["published"],
            f"{size:.0f} kB",
            f"{latency[name]['to_credit']}",
            str(cases),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Puts the table between its marks, or checks that it is there."""
    path = MODELS / "README.md"
    before = path.read_text(encoding="utf-8")
    after = re.sub(
        f"{re.escape(BEGIN)}.*?{re.escape(END)}",
        lambda _: f"{BEGIN}\n\n{table()}\n\n{END}",
        before,
        flags=re.DOTALL,
    )
    if "--check" in sys.argv[1:]:
        raise SystemExit(after != before)
    path.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
