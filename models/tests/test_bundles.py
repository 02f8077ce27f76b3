"""What every reference bundle keeps: pinned files, texts in two languages, golden records, a card that says
what ships, and a walk-through that runs.
"""

from __future__ import annotations

import doctest
import hashlib
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
import scorebox

MODELS = Path(__file__).resolve().parents[1]
BUNDLES = sorted(folder.parent.name for folder in MODELS.glob("*/bundle.json"))
NEW = [name for name in BUNDLES if name != "credit"]
ONNX_LIMIT, ALL_LIMIT = 300_000, 4_000_000
# What no model may be fed with, under any name.
PROTECTED = {
    "sex",
    "gender",
    "marital",
    "marriage",
    "religion",
    "nationality",
    "partner",
    "dependents",
    "education",
}


def manifest(name: str) -> dict[str, Any]:
    """The bundle's manifest."""
    return dict(json.loads((MODELS / name / "bundle.json").read_text(encoding="utf-8")))


def test_there_is_a_bundle_for_every_part_of_the_field() -> None:
    wanted = {"aml", "churn", "complaints", "credit", "customer360", "fraud", "insurance", "market", "offers"}
    assert wanted | {"scorecard", "segments"} == set(BUNDLES)


@pytest.mark.parametrize("name", BUNDLES)
def test_files_are_those_of_the_recipe(name: str) -> None:
    lines = (MODELS / name / "SHA256SUMS").read_text().splitlines()
    assert lines
    for line in lines:
        digest, file = line.split()
        assert hashlib.sha256((MODELS / name / file).read_bytes()).hexdigest() == digest, file


def test_models_are_small() -> None:
    sizes = {path: path.stat().st_size for path in MODELS.glob("*/*.onnx")}
    assert max(sizes.values()) <= ONNX_LIMIT
    assert sum(sizes.values()) <= ALL_LIMIT


@pytest.mark.parametrize("name", NEW)
def test_texts_are_in_english_and_chinese(name: str) -> None:
    found = manifest(name)
    assert {"en", "zh"} <= found["title"].keys()
    for field in found["inputs"]:
        assert {"en", "zh"} <= field["title"].keys(), field["name"]
    for code in found["reasons"]["codes"]:
        assert {"en", "zh"} <= code["text"].keys(), code["code"]
    for part in ("tags", "alerts", "fields"):
        for item in found.get("view", {}).get(part, []):
            assert {"en", "zh"} <= item["title"].keys(), item


@pytest.mark.parametrize("name", NEW)
def test_rules_are_enough_and_each_has_a_reason(name: str) -> None:
    policy = manifest(name)["policy"]
    assert len(policy["rules"]) >= 6
    codes = {code["code"] for code in manifest(name)["reasons"]["codes"]}
    assert {rule["reason"] for rule in policy["rules"]} <= codes
    assert all("en" in rule["description"] for rule in policy["rules"])


@pytest.mark.parametrize("name", NEW)
def test_no_protected_attribute_is_an_input(name: str) -> None:
    assert not PROTECTED & {field["name"] for field in manifest(name)["inputs"]}


@pytest.mark.parametrize("name", NEW)
def test_the_card_says_what_ships_and_what_it_cannot(name: str) -> None:
    card = (MODELS / name / "CARD.md").read_text(encoding="utf-8")
    for part in (
        "| ships |",
        "| data |",
        "## Figures",
        "## Limits",
        "## Files",
        "<!-- figures: recipe.py -->",
    ):
        assert part in card, part
    assert not re.search(r"\bnan\b", card)


@pytest.mark.parametrize("name", BUNDLES)
def test_golden_records_replay(name: str) -> None:
    report = scorebox.Bundle.load(MODELS / name).verify()
    assert report["failed"] == 0, report
    assert len(report["cases"]) >= 2


@pytest.mark.parametrize("name", NEW)
def test_the_walkthrough_runs(name: str) -> None:
    spec = importlib.util.spec_from_file_location(f"{name}_walkthrough", MODELS / name / "walkthrough.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    failed, tried = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0
    assert tried >= 4


@pytest.mark.parametrize("name", NEW)
def test_the_demo_rows_score(name: str) -> None:
    (path,) = [file for file in (MODELS / name).iterdir() if file.suffix in {".csv", ".ndjson"}]
    if path.suffix == ".csv":
        import pandas as pd

        rows = pd.read_csv(path, dtype="str")
    else:
        import pandas as pd

        rows = pd.DataFrame([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])
        for column in rows:
            lists = rows[column].map(lambda cell: isinstance(cell, list))
            if lists.any():
                rows[column] = rows[column].map(lambda cell: json.dumps(cell, ensure_ascii=False))
    options = {} if "now" in rows else {"now": "2026-11-23T09:00:00Z"}
    decisions = scorebox.Bundle.load(MODELS / name).score(rows, **options)
    assert len(decisions) == len(rows) >= 15
    assert decisions["outcome"].notna().all()
    assert decisions["outcome"].nunique() >= 2
