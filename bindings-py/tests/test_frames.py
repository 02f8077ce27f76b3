from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scorebox
from conftest import NOW


@pytest.fixture
def table(record: dict[str, Any]) -> pd.DataFrame:
    rows = [
        record | {"pay_0": late, "pay_2": late, "application_id": f"é{late}"} for late in (-1, 0, 1, 2, 3)
    ]
    return pd.DataFrame(rows, index=[10, 20, 30, 40, 50])


def wanted(credit: scorebox.Bundle, table: pd.DataFrame) -> list[scorebox.Decision]:
    records = [
        {name: value for name, value in row.items() if value == value} for row in table.to_dict("records")
    ]
    return credit.score(records, now=NOW)


def test_pandas_comes_back_as_pandas(credit: scorebox.Bundle, table: pd.DataFrame) -> None:
    result = credit.score(table, now=NOW)
    assert isinstance(result, pd.DataFrame)
    assert list(result.index) == list(table.index)
    decisions = wanted(credit, table)
    assert list(result["outcome"]) == [decision.outcome for decision in decisions]
    assert list(result["pd"]) == [decision["scores"]["pd"] for decision in decisions]
    assert list(result["points"]) == [decision["scores"]["points"] for decision in decisions]
    assert str(result["points"].dtype) == "Int64"
    assert list(result["grade"]) == [decision["scores"]["grade"] for decision in decisions]


def test_every_kind_gives_the_bytes_of_its_records(credit: scorebox.Bundle, table: pd.DataFrame) -> None:
    bytes_ = [decision.bytes.decode() for decision in wanted(credit, table)]
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    structured = np.array(
        list(table.itertuples(index=False, name=None)),
        dtype=[(name, "U8" if name == "application_id" else "i8") for name in table.columns],
    )

    frame = credit.score(table, now=NOW, output="decisions")
    assert list(frame["decision"]) == bytes_
    polars = credit.score(pl.from_pandas(table), now=NOW, output="decisions")
    assert isinstance(polars, pl.DataFrame)
    assert polars["decision"].to_list() == bytes_
    answer = credit.score(arrow, now=NOW, output="decisions")
    assert isinstance(answer, pa.Table)
    assert answer["decision"].to_pylist() == bytes_
    batch = credit.score(arrow.to_batches()[0], now=NOW, output="decisions")
    assert isinstance(batch, pa.RecordBatch)
    assert batch["decision"].to_pylist() == bytes_
    array = credit.score(structured, now=NOW, output="decisions")
    assert isinstance(array, np.ndarray)
    assert array["decision"].tolist() == bytes_


def test_layouts_do_not_matter(credit: scorebox.Bundle, table: pd.DataFrame) -> None:
    bytes_ = [decision.bytes.decode() for decision in wanted(credit, table)]
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    text = arrow.schema.get_field_index("application_id")
    for kind in (pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())):
        column = arrow["application_id"].cast(kind)
        changed = arrow.set_column(text, "application_id", column)
        assert credit.score(changed, now=NOW, output="decisions")["decision"].to_pylist() == bytes_
    halves = pa.concat_tables([arrow.slice(0, 3), arrow.slice(3)])
    assert credit.score(halves, now=NOW, output="decisions")["decision"].to_pylist() == bytes_
    assert credit.score(arrow.slice(1, 3), now=NOW, output="decisions")["decision"].to_pylist() == bytes_[1:4]
    for changed in (
        table.astype({"application_id": "category"}),
        table.astype({"application_id": object, "pay_0": "Int8", "bill_amt1": "Float32", "age": "float32"}),
        table.astype({"pay_0": str, "limit_bal": str}),
        table[table.columns[::-1]],
        table.astype(object),
    ):
        assert list(credit.score(changed, now=NOW, output="decisions")["decision"]) == bytes_


def test_missing_is_missing_in_every_kind(credit: scorebox.Bundle, table: pd.DataFrame) -> None:
    table = table.astype({"pay_amt1": "float64", "pay_6": "Int64", "limit_bal": "float64"})
    table.loc[20, ["pay_amt1", "application_id", "pay_6"]] = None
    table.loc[40, "limit_bal"] = np.nan
    decisions = wanted(credit, table.astype(object).where(table.notna(), np.nan))
    bytes_ = [decision.bytes.decode() for decision in decisions]
    assert [decision.outcome for decision in decisions].count("refuse") == 1
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    assert list(credit.score(table, now=NOW, output="decisions")["decision"]) == bytes_
    assert credit.score(pl.DataFrame(arrow), now=NOW, output="decisions")["decision"].to_list() == bytes_
    assert credit.score(arrow, now=NOW, output="decisions")["decision"].to_pylist() == bytes_
    result = credit.score(table, now=NOW)
    assert result["points"].isna().tolist() == [False, False, False, True, False]
    assert result["pd"].isna().tolist() == [False, False, False, True, False]
    assert credit.score(pl.DataFrame(arrow), now=NOW)["points"].null_count() == 1


def test_long_frames_are_cut_and_joined(credit: scorebox.Bundle, table: pd.DataFrame) -> None:
    long = pd.concat([table] * 2_700, ignore_index=True)
    once = credit.score(table, now=NOW, reasons=0)
    for frame in (long, pa.Table.from_pandas(long, preserve_index=False)):
        result = credit.score(frame, now=NOW, reasons=0)
        assert len(result) == 13_500
        points = np.asarray(result["points"], dtype=np.int64)
        assert (points.reshape(-1, 5) == once["points"].to_numpy(dtype=np.int64)).all()


def test_an_empty_frame_has_the_columns_of_the_answer(credit: scorebox.Bundle, table: pd.DataFrame) -> None:
    columns = list(credit.score(table, now=NOW).columns)
    assert list(credit.score(table.iloc[:0], now=NOW).columns) == columns
    arrow = pa.Table.from_pandas(table.iloc[:0], preserve_index=False)
    assert credit.score(arrow, now=NOW).column_names == columns
    assert credit.score(pl.DataFrame(arrow), now=NOW).columns == columns


def test_a_column_now_is_each_rows_own(credit: scorebox.Bundle, record: dict[str, Any]) -> None:
    times = ["2026-11-23T09:00:00Z", "2027-01-01T00:00:00Z"]
    table = pd.DataFrame([record | {"now": time} for time in times])
    for frame in (table, table.assign(now=pd.to_datetime(table["now"], utc=True)), pl.from_pandas(table)):
        result = credit.score(frame, output="decisions")
        decisions = [scorebox.Decision(text.encode()) for text in result["decision"]]
        assert [decision["now"] for decision in decisions] == [time.replace("Z", ".000Z") for time in times]


def test_what_is_no_column_is_named(credit: scorebox.Bundle, table: pd.DataFrame) -> None:
    with pytest.raises(scorebox.Error) as caught:
        credit.score(table.assign(age=[[1]] * 5), now=NOW)
    assert (caught.value.code, caught.value.path) == ("record_malformed", "age")
    nested = pa.table({"limit_bal": [1.0], "age": [[1]]})
    with pytest.raises(scorebox.Error) as caught:
        credit.score(nested, now=NOW)
    assert (caught.value.code, caught.value.path) == ("record_malformed", "age")
    with pytest.raises(scorebox.Error, match="output"):
        credit.score(table, output="rows")  # type: ignore[call-overload]


def test_any_arrow_producer_will_do(credit: scorebox.Bundle, table: pd.DataFrame) -> None:
    class Producer:
        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return pa.Table.from_pandas(table, preserve_index=False).__arrow_c_stream__(requested_schema)

    result = pa.table(credit.score(Producer(), now=NOW))
    assert result["outcome"].to_pylist() == [decision.outcome for decision in wanted(credit, table)]
