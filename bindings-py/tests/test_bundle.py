from __future__ import annotations

import json
import pickle
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scorebox
from conftest import NOW


def test_a_bundle_says_what_it_is(credit: scorebox.Bundle) -> None:
    about = credit.describe()
    assert (credit.name, credit.version) == ("credit", "1.0.0") == (about["name"], about["version"])
    assert credit.digest.startswith("sha256:")
    assert len(credit.digest) == 71 == len(credit.module_digest)
    assert [field["name"] for field in about["inputs"]][:3] == ["application_id", "limit_bal", "age"]
    assert repr(credit) == "<scorebox.Bundle credit 1.0.0>"


def test_folder_archive_and_bytes_are_one_bundle(root: Path, tmp_path: Path, record: dict[str, Any]) -> None:
    folder = root / "models" / "credit"
    packed = scorebox.pack(folder, tmp_path / "credit.zip")
    answers = {
        scorebox.Bundle.load(source).score(record, now=NOW).bytes
        for source in (folder, str(folder), tmp_path / "credit.zip", packed)
    }
    assert len(answers) == 1


def test_a_decision_reads_as_a_dict(credit: scorebox.Bundle, record: dict[str, Any]) -> None:
    decision = credit.score(record, now=NOW)
    assert decision["outcome"] == decision.outcome == "approve"
    assert decision["scores"].keys() == {"pd", "points", "grade"}
    assert json.loads(decision.bytes) == decision.to_dict() == dict(decision)
    assert decision == credit.score(record, now=NOW)
    assert len({decision, credit.score(record, now=NOW)}) == 1
    assert "digests" in decision
    assert "outcome" in repr(decision)


def test_records_of_all_kinds_are_the_same_record(credit: scorebox.Bundle, record: dict[str, Any]) -> None:
    kinds: list[Any] = [
        record,
        json.dumps(record),
        json.dumps(record).encode(),
        pd.Series(record),
        {name: np.float64(value) if "amt" in name else np.int64(value) for name, value in record.items()},
        {name: Decimal(value) if "amt" in name else value for name, value in record.items()},
        record | {"application_id": None},
        record | {"application_id": float("nan")},
        record | {"application_id": pd.NA},
        record | {"application_id": pd.NaT},
        record | {"application_id": np.datetime64("NaT")},
    ]
    assert len({credit.score(kind, now=NOW).bytes for kind in kinds}) == 1
    assert credit.score([record, record], now=NOW) == [credit.score(record, now=NOW)] * 2
    assert credit.score([]) == []


def test_time_is_the_clock_or_what_is_said(credit: scorebox.Bundle, record: dict[str, Any]) -> None:
    before = datetime.now(timezone.utc) - timedelta(milliseconds=1)
    said = datetime.fromisoformat(credit.score(record)["now"].replace("Z", "+00:00"))
    assert before <= said <= datetime.now(timezone.utc)
    taipei = datetime(2026, 11, 23, 17, tzinfo=timezone(timedelta(hours=8)))
    assert credit.score(record, now=taipei) == credit.score(record, now=NOW)
    with pytest.raises(scorebox.Error, match="zone") as caught:
        credit.score(record, now=datetime(2026, 11, 23))
    assert caught.value.code == "request_invalid"


def test_times_of_a_record_may_be_python_times(linear: scorebox.Bundle) -> None:
    record = {"country": "TW", "name": "Ω", "opened": "2026-01-01T00:00:00Z"}
    wanted = linear.score(record, now=NOW).bytes
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    for opened in (
        moment,
        moment.replace(tzinfo=None),
        moment.date(),
        pd.Timestamp(moment),
        np.datetime64("2026-01-01"),
    ):
        assert linear.score(record | {"opened": opened}, now=NOW).bytes == wanted


def test_options_reach_the_module(credit: scorebox.Bundle, record: dict[str, Any]) -> None:
    late = record | {"pay_0": 2, "pay_2": 2}
    plain, salted = credit.score(late, now=NOW), credit.score(late, now=NOW, salt=b"\x00\xff")
    assert plain["digests"]["input"] != salted["digests"]["input"]
    assert plain["scores"] == salted["scores"]
    model = [
        reason for reason in credit.score(late, now=NOW, reasons=1)["reasons"] if reason["source"] == "model"
    ]
    assert len(model) == 1
    chinese = credit.score(late, now=NOW, lang="zh")["reasons"]
    assert any("逾期" in reason["text"] for reason in chinese)


def test_a_bad_field_is_a_verdict_not_an_exception(credit: scorebox.Bundle, record: dict[str, Any]) -> None:
    refused = credit.score(record | {"limit_bal": None}, now=NOW)
    assert (refused.outcome, refused["quality"]["verdict"], refused["scores"]) == ("refuse", "refuse", {})
    assert refused["quality"]["issues"] == [{"field": "limit_bal", "issue": "missing"}]


def test_what_is_no_record_is_an_error(credit: scorebox.Bundle, record: dict[str, Any]) -> None:
    bad: list[tuple[Any, str]] = [
        ("{", "record_malformed"),
        ("[1]", "record_malformed"),
        (b"\xff", "record_malformed"),
        (record | {"age": float("inf")}, "record_malformed"),
        (record | {"age": object()}, "record_malformed"),
        (record | {"application_id": "x" * 2_000_000}, "record_budget"),
        (7, "request_invalid"),
        (pl.Series([1]), "request_invalid"),
        (pa.chunked_array([[1]]), "record_malformed"),
        (np.zeros((2, 2)), "request_invalid"),
    ]
    for data, code in bad:
        with pytest.raises(scorebox.Error) as caught:
            credit.score(data, now=NOW)
        assert caught.value.code == code, data
    deep: Any = 1.5
    for _ in range(100):
        deep = [deep, np.int64(1)]
    with pytest.raises(scorebox.Error, match="nested"):
        credit.score(record | {"age": deep}, now=NOW)


def test_errors_say_where(tmp_path: Path) -> None:
    with pytest.raises(scorebox.Error) as caught:
        scorebox.Bundle.load(tmp_path / "nothing")
    error = caught.value
    assert error.code == "io"
    assert error.path.endswith("nothing")
    assert str(error).startswith("io: ")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.code, copy.message, copy.path) == (error.code, error.message, error.path)


def test_every_code_is_listed_and_explained() -> None:
    from scorebox import _native

    codes = dict(_native.error_codes())
    assert {"model_malformed", "record_malformed", "deadline", "io"} <= codes.keys()
    assert all(codes.values())


def test_golden_records_of_the_bundle_replay(credit: scorebox.Bundle) -> None:
    report = credit.verify()
    assert report["failed"] == 0, report
