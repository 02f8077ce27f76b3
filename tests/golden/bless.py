"""Runs every golden case through the Python package and writes what it gives.

`python tests/golden/bless.py [--pack]`: with `--pack`, the bundles of `tests/bundles` are packed first.
What changed is printed, to be read before it is committed.
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import scorebox
from cases import HERE, MODULE, ROOT, Case, read_cases


def pack_bundle(folder: Path) -> None:
    """Packs in place: writes the lock, and the reference profile where there is a sample."""
    sample_path = ROOT / "tests" / "bundles" / "samples" / f"{folder.name}.csv"
    sample = None
    if sample_path.is_file():
        sample = np.genfromtxt(sample_path, delimiter=",", names=True, dtype=None, encoding="utf-8")
    archive = zipfile.ZipFile(io.BytesIO(scorebox.pack(folder, sample=sample)))
    for name in ("bundle.lock", "reference.json"):
        if name in archive.namelist():
            (folder / name).write_bytes(archive.read(name))


def bless(case: Case, bundle: scorebox.Bundle) -> str | None:
    """Runs a case; the new expectation as a line of the table, or `None` where it did not change."""
    if case.expect == "decision":
        try:
            decision = bundle.score_request(case.request())
        except scorebox.Error as error:
            return f"NO DECISION: {error}"
        found = decision.bytes.replace(bundle.module_digest.encode(), MODULE.encode())
        if case.decision_path.is_file() and case.decision_path.read_bytes() == found:
            return None
        case.decision_path.write_bytes(found)
        issues = ",".join(f"{issue['field']}:{issue['issue']}" for issue in decision["quality"]["issues"])
        reasons = ",".join(reason["code"] for reason in decision["reasons"])
        fired = ",".join(decision["policy"]["fired"]) if decision["policy"] else "-"
        verdict = decision["quality"]["verdict"]
        return f"{decision['outcome']!s:8} {verdict:8} [{issues}] {decision['scores']} {fired} | {reasons}"
    try:
        bundle.score_request(case.request())
    except scorebox.Error as error:
        wanted = case.expect["error"]
        return None if error.code == wanted else f"ERROR IS {error.code}, EXPECTED {wanted}: {error}"
    return "NO ERROR"


def main() -> None:
    """Blesses all cases and counts them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", action="store_true", help="pack the bundles of tests/bundles first")
    if parser.parse_args().pack:
        for manifest in sorted((ROOT / "tests" / "bundles").glob("*/bundle.json")):
            if not (manifest.parent / "broken").is_file():
                pack_bundle(manifest.parent)
    bundles: dict[str, scorebox.Bundle | scorebox.Error] = {}
    count = 0
    for case in read_cases():
        count += 1
        if case.bundle not in bundles:
            try:
                bundles[case.bundle] = scorebox.Bundle.load(case.bundle_folder())
            except scorebox.Error as error:
                bundles[case.bundle] = error
        bundle = bundles[case.bundle]
        if isinstance(bundle, scorebox.Error):
            wanted = case.expect.get("load_error") if isinstance(case.expect, dict) else None
            line = None if bundle.code == wanted else f"DOES NOT LOAD: {bundle}"
        else:
            line = bless(case, bundle)
        if line is not None:
            print(f"{case.id:34} {line}\n{'':34} ({case.why})")
    known = {case.decision_path for case in read_cases() if case.expect == "decision"}
    for orphan in set(HERE.glob("*/*.decision")) - known:
        print(f"{orphan}: no case expects it")
    (HERE / "count.txt").write_text(f"{count}\n")
    print(json.dumps({"cases": count}))


if __name__ == "__main__":
    main()
