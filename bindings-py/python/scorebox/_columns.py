"""Columns of any frame without Arrow, as the native half takes them: `(name, type, elements, valid)`.

A missing value is what the frame's library calls missing: NaN, `None`, `NaT` and `NA` in pandas and
NumPy. `valid` is a bitmap, least significant bit first, or `None` where nothing is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorebox import _elements
from scorebox._errors import Error

Column = tuple[str, int, "NDArray[np.uint8] | list[str | None]", "NDArray[np.uint8] | None"]

_INT64, _BOOL, _DOUBLE = 7, 9, 11


def pandas_columns(frame: Any) -> list[Column]:
    """The columns of a pandas DataFrame; plain numeric ones are borrowed."""
    return [_pandas_column(str(name), frame.iloc[:, place]) for place, name in enumerate(frame.columns)]


def structured_columns(array: NDArray[Any]) -> list[Column]:
    """The fields of a structured array."""
    flat = array.reshape(-1)
    return [array_column(name, flat[name]) for name in flat.dtype.names or ()]


def _pandas_column(name: str, series: Any) -> Column:
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        return array_column(name, series.to_numpy())
    kind = getattr(dtype, "kind", "O")
    missing = np.asarray(series.isna(), dtype=np.bool_)
    if kind == "M":
        times = series.to_numpy(dtype="datetime64[ms]")
        return array_column(name, times)
    if kind in "iufb" and type(dtype).__name__ != "CategoricalDtype":
        zero = False if kind == "b" else 0
        wanted = np.dtype(np.bool_) if kind == "b" else np.dtype(getattr(dtype, "numpy_dtype", np.float64))
        values = series.to_numpy(dtype=wanted, na_value=zero)
        number = _elements.number_of(values.dtype, name)
        return (name, number, _elements.flatten(values, number), _bitmap(~missing))
    values = series.astype(object).to_numpy(dtype=object, copy=True)
    values[missing] = None
    return object_column(name, values.tolist())


def array_column(name: str, values: NDArray[Any]) -> Column:
    """A one-dimensional array."""
    kind = values.dtype.kind
    if kind == "M":
        return (
            name,
            _INT64,
            _elements.flatten(values.astype("datetime64[ms]").view(np.int64), _INT64),
            _bitmap(~np.isnat(values)),
        )
    if kind in "US":
        return (name, *_elements.lower(values, name), None)
    if kind in "OT":
        return object_column(name, values.tolist())
    number = _elements.number_of(values.dtype, name)
    valid = _bitmap(~np.isnan(values)) if kind == "f" else None
    return (name, number, _elements.flatten(values, number), valid)


def object_column(name: str, values: list[Any]) -> Column:
    """A list of Python values: of one kind where they are, else as text, which the module reads."""
    present = [value is not None and value == value for value in values]
    kinds = {type(value) for value, there in zip(values, present, strict=True) if there}
    valid = None if all(present) else _bitmap(np.array(present, dtype=np.bool_))
    if kinds and all(issubclass(kind, (bool, np.bool_)) for kind in kinds):
        flags = np.array([there and bool(value) for value, there in zip(values, present, strict=True)])
        return (name, _BOOL, _elements.flatten(flags, _BOOL), valid)
    if kinds and all(
        issubclass(kind, (int, float, np.integer, np.floating)) and kind is not bool for kind in kinds
    ):
        number = _INT64 if all(issubclass(kind, (int, np.integer)) for kind in kinds) else _DOUBLE
        numbers = [value if there else 0 for value, there in zip(values, present, strict=True)]
        try:
            array = np.array(numbers, dtype=np.int64 if number == _INT64 else np.float64)
        except OverflowError:
            array, number = np.array(numbers, dtype=np.float64), _DOUBLE
        return (name, number, _elements.flatten(array, number), valid)
    texts = [_text(name, value) if there else None for value, there in zip(values, present, strict=True)]
    return (name, _elements.TEXT, texts, None)


def time_text(value: date) -> str:
    """RFC 3339 in milliseconds UTC; a time without a zone is UTC."""
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
    if value.tzinfo is None:
        value = value.replace(tzinfo=timezone.utc)
    return value.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, date):
        return time_text(value)
    if isinstance(value, Iterable):
        raise Error("record_malformed", f"a column of {type(value).__name__} is no input", name)
    return str(value)


def _bitmap(present: NDArray[np.bool_]) -> NDArray[np.uint8] | None:
    return None if bool(present.all()) else np.packbits(present, bitorder="little")
