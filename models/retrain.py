"""Retrains every reference bundle and checks the digests: `python models/retrain.py <folder of public sets>`.

The folder holds the files named below, with the columns that the recipes ask for; each recipe says where its
set comes from. Sets that only test a recipe may be absent: then their figures are left out of the card, and
the shipped files are the same. Exits with 1 where a file of `SHA256SUMS` differs from the committed one.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

MODELS = Path(__file__).resolve().parent
# Bundle -> the sets that it is trained on, and those that test it. `complaints` comes before `customer360`,
# which takes its text models.
SETS: dict[str, tuple[list[str], list[str]]] = {
    "scorecard": (["german_credit.csv"], []),
    "fraud": ([], ["fraud_handbook_tx.csv.gz"]),
    "aml": ([], []),
    "insurance": ([], ["be_mtpl97_50k.csv.gz"]),
    "market": ([], []),
    "churn": (["telco_churn.csv.gz"], []),
    "offers": (["bank_additional_full.csv.gz", "nbo_telco_ownership.csv.gz"], []),
    "complaints": (
        ["banking77.csv.gz"],
        ["chnsenticorp_hotel.csv.gz", "waimai_10k.csv.gz", "cfpb_narratives_1500.csv.gz"],
    ),
    "segments": (["online_retail_top400.csv.gz"], []),
    "customer360": ([], []),
}


def main(data: Path, names: list[str]) -> int:
    """Runs the recipes one after another; gives the exit code."""
    changed = []
    for name in names or list(SETS):
        needed, tests = SETS[name]
        missing = [file for file in needed if not (data / file).is_file()]
        if missing:
            print(f"{name}: needs {', '.join(missing)} in {data}")
            return 2
        before = (MODELS / name / "SHA256SUMS").read_text()
        files = [data / file for file in needed]
        if all((data / file).is_file() for file in tests):
            files += [data / file for file in tests]
        began = time.monotonic()
        subprocess.run([sys.executable, str(MODELS / name / "recipe.py"), *map(str, files)], check=True)
        same = (MODELS / name / "SHA256SUMS").read_text() == before
        print(f"{name}: {time.monotonic() - began:.0f} s, {'the same files' if same else 'FILES DIFFER'}")
        changed += [] if same else [name]
    return 1 if changed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    raise SystemExit(main(Path(sys.argv[1]), sys.argv[2:]))
