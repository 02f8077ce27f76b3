"""A bare ONNX model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorebox import _elements, _native
from scorebox._errors import Error
from scorebox._frames import named_columns


@dataclass(frozen=True)
class Port:
    """An input or output of a model."""

    #: Its name.
    name: str
    #: Its type as ONNX writes it, such as `tensor(float)` or `seq(map(int64,float))`.
    type: str
    #: Sizes of the axes: a number, a name (most often the batch), or `None` where only the run tells;
    #: `None` as a whole where not even their number is known.
    shape: tuple[int | str | None, ...] | None


class Model:
    """An ONNX model, loaded and checked. Immutable; threads may call it at the same time.

    `run` is the plain interface: arrays by name in, every output by name out. `predict` and
    `predict_proba` have scikit-learn's habits.
    """

    def __init__(self, native: _native.NativeModel) -> None:
        self._native = native
        self._inputs = tuple(_port(port) for port in native.inputs())
        self._outputs = tuple(_port(port) for port in native.outputs())

    @classmethod
    def load(cls, source: str | os.PathLike[str] | bytes) -> Model:
        """Loads an ONNX file from its path or its bytes.

        Raises `Error`: `io`, a code beginning with `model_`, `deadline` or `memory`.
        """
        return cls(_native.NativeModel.load(source if isinstance(source, bytes) else os.fspath(source)))

    @property
    def inputs(self) -> tuple[Port, ...]:
        """What the model takes."""
        return self._inputs

    @property
    def outputs(self) -> tuple[Port, ...]:
        """What it gives."""
        return self._outputs

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Runs the model on arrays by input name and gives every output by name.

        Arrays must have the element types of the inputs; strings are arrays of `str` (object or unicode).
        A map input takes a dict, a sequence a list, an optional one may be `None`. Outputs are arrays,
        strings as object arrays; ZipMap gives a list of dicts, a sequence a list, an empty optional `None`.

        Raises `Error`: `input_type`, `input_shape`, `run_value`, `run_budget`, `deadline`, `memory`.
        """
        pairs = [(name, _lower(value, name)) for name, value in inputs.items()]
        return {name: _lift(value) for name, value in self._native.run(pairs)}

    def predict(self, X: Any) -> NDArray[Any]:
        """The model's label, or its value for a regressor: one per row.

        `X` is a matrix (or a data frame) for a model with one input, else a data frame, structured array
        or dict with a column per input. Numbers are converted to the inputs' element types.
        """
        outputs = self.run(self._feed(X))
        first = outputs[self._outputs[0].name]
        if not isinstance(first, np.ndarray):
            raise Error(
                "request_invalid", "the model's first output is no array; use run", self._outputs[0].name
            )
        return first.reshape(-1) if first.ndim == 2 and first.shape[1] == 1 else first

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """The probabilities of a classifier: a row per row of `X`, a column per class in label order.

        Takes what `predict` takes. Raises `request_invalid` for a model that gives no probabilities.
        """
        port = self._probability_port()
        value = self.run(self._feed(X))[port.name]
        if isinstance(value, list):
            keys = list(value[0]) if value else []
            return np.array([[row[key] for key in keys] for row in value], dtype=np.float32)
        table: NDArray[Any] = value
        return table

    def _probability_port(self) -> Port:
        for port in self._outputs:
            if port.type.startswith("seq(map("):
                return port
        floats = [port for port in self._outputs if port.type in ("tensor(float)", "tensor(double)")]
        named = [port for port in floats if "prob" in port.name.lower()]
        labels = len(floats) < len(self._outputs)
        if named or (labels and floats):
            return (named or floats)[0]
        raise Error("request_invalid", "no output of the model holds probabilities; use predict or run")

    def _feed(self, X: Any) -> dict[str, Any]:
        if len(self._inputs) == 1:
            port = self._inputs[0]
            if isinstance(X, Mapping) and set(X) == {port.name}:
                X = X[port.name]
            return {port.name: _convert(np.asarray(X), port)}
        columns = named_columns(X)
        missing = [port.name for port in self._inputs if port.name not in columns]
        if missing:
            raise Error("input_type", "there is no column for this input", missing[0])
        return {port.name: _column(columns[port.name], port) for port in self._inputs}

    def __repr__(self) -> str:
        inputs = ", ".join(f"{port.name}: {port.type}" for port in self._inputs)
        outputs = ", ".join(f"{port.name}: {port.type}" for port in self._outputs)
        return f"<scorebox.Model ({inputs}) -> ({outputs})>"


_TYPES: dict[str, Any] = {
    "float": np.float32,
    "double": np.float64,
    "float16": np.float16,
    "bool": np.bool_,
    "string": object,
    **{name: np.dtype(name) for name in "int8 int16 int32 int64 uint8 uint16 uint32 uint64".split()},
}


def _port(port: tuple[str, str, Sequence[int | str | None] | None]) -> Port:
    name, kind, dims = port
    return Port(name, kind, None if dims is None else tuple(dims))


def _convert(array: NDArray[Any], port: Port) -> NDArray[Any]:
    """The array with the input's element type; text and numbers are not turned into each other."""
    wanted = _TYPES.get(port.type.removeprefix("tensor(").removesuffix(")"))
    if wanted is None:
        raise Error("request_invalid", f"an input of type {port.type} is fed through run", port.name)
    textual = array.dtype.kind in "OUST"
    if wanted is object:
        return array if textual else array.astype(str).astype(object)
    try:
        return array.astype(wanted, copy=False)
    except (TypeError, ValueError):
        message = f"values of {array.dtype} are no {port.type}"
        raise Error("input_type", message, port.name) from None


def _column(values: NDArray[Any], port: Port) -> NDArray[Any]:
    column = _convert(values, port)
    return column.reshape(-1, 1) if port.shape is not None and len(port.shape) == 2 else column


def _lower(value: Any, place: str) -> tuple[Any, ...]:
    if value is None:
        return ("none",)
    if isinstance(value, Mapping):
        keys, values = np.asarray(list(value)), np.asarray(list(value.values()))
        return ("map", _lower(keys, place), _lower(values, place))
    if isinstance(value, list) and value and isinstance(value[0], (np.ndarray, Mapping)):
        return ("sequence", [_lower(item, place) for item in value])
    array = np.asarray(value)
    number, elements = _elements.lower(array, place)
    return ("tensor", number, list(array.shape), elements)


def _lift(value: tuple[Any, ...]) -> Any:
    kind = value[0]
    if kind == "tensor":
        return _elements.raise_(value[1], value[3], value[2])
    if kind == "zipmap":
        keys = _lift(value[1]).tolist()
        return [dict(zip(keys, row, strict=True)) for row in _lift(value[2]).tolist()]
    if kind == "map":
        return dict(zip(_lift(value[1]).tolist(), _lift(value[2]).tolist(), strict=True))
    if kind == "sequence":
        return [_lift(item) for item in value[1]]
    return None
