"""Which kind of frame it is, and the same kind back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorebox import _elements, _native
from scorebox._columns import Column, array_column, object_column, pandas_columns, structured_columns
from scorebox._errors import Error


def kind_of(data: Any) -> str | None:
    """`pandas`, `polars`, `pyarrow`, `numpy` (structured), `arrow` (anything with the PyCapsule
    interface), or `None` for what is no frame. Never imports a library.
    """
    if isinstance(data, np.ndarray):
        return "numpy" if data.dtype.names is not None else None
    for library in ("pandas", "polars"):
        module = sys.modules.get(library)
        if module is not None and isinstance(data, module.DataFrame):
            return library
        if module is not None and isinstance(data, module.Series):
            return None  # it speaks Arrow, but not as a table
    pyarrow = sys.modules.get("pyarrow")
    if pyarrow is not None and isinstance(data, (pyarrow.Table, pyarrow.RecordBatch)):
        return "pyarrow"
    return "arrow" if hasattr(data, "__arrow_c_stream__") else None


def score_frame(
    kind: str,
    data: Any,
    columns: Callable[[list[Column], int], _native.Stream],
    stream: Callable[[Any], _native.Stream],
) -> Any:
    """Scores a frame of the kind by whichever way fits it and gives back the same kind."""
    if kind == "pandas":
        return _to_pandas(columns(pandas_columns(data), len(data)), data.index)
    if kind == "numpy":
        return _to_structured(columns(structured_columns(data), data.size), data.shape)
    if kind == "polars":
        return sys.modules["polars"].DataFrame(stream(data))
    if kind == "pyarrow":
        pyarrow = sys.modules["pyarrow"]
        if isinstance(data, pyarrow.RecordBatch):
            table = pyarrow.table(stream(pyarrow.Table.from_batches([data])))
            return table.combine_chunks().to_batches(max_chunksize=None)[0]
        return pyarrow.table(stream(data))
    return stream(data)


def named_columns(data: Any) -> dict[str, NDArray[Any]]:
    """The columns of a frame, structured array or dict of arrays, by name."""
    kind = kind_of(data)
    if kind == "numpy":
        return {name: data[name] for name in data.dtype.names}
    if kind == "pandas":
        return {str(name): data.iloc[:, place].to_numpy() for place, name in enumerate(data.columns)}
    if kind == "polars":
        return {name: data[name].to_numpy() for name in data.columns}
    if kind == "pyarrow":
        return {name: np.asarray(data.column(place)) for place, name in enumerate(data.schema.names)}
    if isinstance(data, Mapping):
        return {name: np.asarray(values) for name, values in data.items()}
    message = "a model with several inputs takes a data frame, a structured array or a dict of columns"
    raise Error("request_invalid", message)


def lowered_columns(data: Any) -> tuple[list[Column], int]:
    """The columns of any frame without Arrow, and the number of rows. For samples, which are small."""
    kind = kind_of(data)
    if kind == "pandas":
        return pandas_columns(data), len(data)
    if kind == "numpy":
        return structured_columns(data), data.size
    if kind == "polars":
        return [object_column(name, data[name].to_list()) for name in data.columns], data.height
    if kind == "pyarrow":
        names = data.schema.names
        columns = [object_column(name, data.column(place).to_pylist()) for place, name in enumerate(names)]
        return columns, data.num_rows
    columns = [array_column(name, values) for name, values in named_columns(data).items()]
    return columns, max((len(values) for values in named_columns(data).values()), default=0)


def _to_pandas(stream: _native.Stream, index: Any) -> Any:
    pandas = sys.modules["pandas"]
    series = {}
    for name, number, elements, flags in stream.columns():
        values: Any
        if number == _elements.TEXT:
            values = pandas.Series(_with_none(elements, flags), index=index, dtype="str")
        else:
            array = _elements.raise_(number, elements, [-1])
            if array.dtype.kind == "f":
                values = _with_nan(array, flags)
            else:
                # Nullable types always, so that one refused record does not change a column's type.
                missing = np.zeros(len(array), dtype=np.bool_) if flags is None else flags == 0
                maker = pandas.arrays.BooleanArray if array.dtype.kind == "b" else pandas.arrays.IntegerArray
                values = maker(array.copy(), missing)
        series[name] = values
    return pandas.DataFrame(series, index=index)


def _to_structured(stream: _native.Stream, shape: tuple[int, ...]) -> NDArray[Any]:
    """Numbers as float64, where NaN can say missing; texts as objects."""
    columns = stream.columns()
    kinds = [(name, object if number == _elements.TEXT else np.float64) for name, number, _, _ in columns]
    table = np.empty(shape, dtype=kinds)
    for name, number, elements, flags in columns:
        values: Any
        if number == _elements.TEXT:
            values = np.empty(len(elements), dtype=object)
            values[:] = _with_none(elements, flags)
        else:
            values = _with_nan(_elements.raise_(number, elements, [-1]).astype(np.float64), flags)
        table[name] = values.reshape(shape)
    return table


def _with_none(elements: Any, flags: NDArray[np.uint8] | None) -> list[str | None]:
    if flags is None:
        return list(elements)
    return [element if flag else None for element, flag in zip(elements, flags.tolist(), strict=True)]


def _with_nan(array: NDArray[Any], flags: NDArray[np.uint8] | None) -> NDArray[Any]:
    return array if flags is None else np.where(flags != 0, array, np.nan)
