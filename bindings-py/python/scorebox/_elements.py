"""NumPy arrays as the flat bytes that the native half takes, and back.

The element type's number is that of `TensorProto.DataType` in the ONNX standard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorebox._errors import Error

TEXT = 8
_DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype(np.float32),
    2: np.dtype(np.uint8),
    3: np.dtype(np.int8),
    4: np.dtype(np.uint16),
    5: np.dtype(np.int16),
    6: np.dtype(np.int32),
    7: np.dtype(np.int64),
    9: np.dtype(np.bool_),
    10: np.dtype(np.float16),
    11: np.dtype(np.float64),
    12: np.dtype(np.uint32),
    13: np.dtype(np.uint64),
}
_NUMBERS = {dtype: number for number, dtype in _DTYPES.items()}


def number_of(dtype: np.dtype[Any], place: str) -> int:
    """The element type's number; `input_type` for types that no model takes."""
    number = _NUMBERS.get(dtype.newbyteorder("="))
    if number is None:
        raise Error("input_type", f"arrays of {dtype} cannot be passed to a model", place)
    return number


def flatten(array: NDArray[Any], number: int) -> NDArray[np.uint8]:
    """The elements in row-major order as one `uint8` view; copied only if they do not lie so."""
    native = np.require(array, dtype=_DTYPES[number], requirements=["C", "A"])
    return native.reshape(-1).view(np.uint8)


def lower(array: NDArray[Any], place: str) -> tuple[int, NDArray[np.uint8] | list[Any]]:
    """The element type's number with the flat bytes, or with a list of `str`."""
    kind = array.dtype.kind
    if kind == "S":
        return TEXT, [item.decode("utf-8") for item in array.reshape(-1).tolist()]
    if kind in "OUT":
        texts = array.reshape(-1).tolist()
        for text in texts:
            if not isinstance(text, str):
                raise Error("input_type", f"an array of strings holds a {type(text).__name__}", place)
        return TEXT, texts
    number = number_of(array.dtype, place)
    return number, flatten(array, number)


def raise_(number: int, elements: NDArray[np.uint8] | Sequence[str], dims: Sequence[int]) -> NDArray[Any]:
    """An array of these sizes over the native half's elements; strings as objects."""
    if number == TEXT:
        array = np.empty(len(elements), dtype=object)
        array[:] = elements
        return array.reshape(dims)
    assert isinstance(elements, np.ndarray)
    return elements.view(_DTYPES[number]).reshape(dims)
