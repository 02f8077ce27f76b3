"""Ways of running a model: the module through the Python package, or the core built natively."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Protocol

import numpy as np
import onnx

NUMBERS = {
    1: "<f4", 2: "u1", 3: "i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8",
    9: "?", 10: "<f2", 11: "<f8", 12: "<u4", 13: "<u8",
}  # fmt: skip
CODES = {np.dtype(kind): code for code, kind in NUMBERS.items()}


class RefusedError(Exception):
    """The model or its feeds were refused, with a code."""


class Runner(Protocol):
    """Runs a model once."""

    def run(self, model: bytes, feeds: dict[str, object]) -> dict[str, object]:
        """Outputs by name, or :class:`RefusedError`."""


class Module:
    """The WebAssembly module, as users of the Python package run it."""

    def run(self, model: bytes, feeds: dict[str, object]) -> dict[str, object]:
        """Outputs by name, or :class:`RefusedError`."""
        import scorebox

        try:
            return dict(scorebox.Model.load(model).run(feeds))
        except scorebox.Error as error:
            raise RefusedError(str(error)) from error


class Native:
    """The core's ``run_model`` example: the same code without the sandbox, quick to rebuild."""

    def __init__(self, program: str) -> None:
        """Starts ``program``."""
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.folder = tempfile.TemporaryDirectory()

    def run(self, model: bytes, feeds: dict[str, object]) -> dict[str, object]:
        """Outputs by name, or :class:`RefusedError`."""
        path = Path(self.folder.name) / "model.onnx"
        path.write_bytes(model)
        optional = {
            i.name for i in onnx.load_from_string(model).graph.input if i.type.HasField("optional_type")
        }
        values = {
            name: {"optional": None if value is None else encoded(value)}
            if name in optional
            else encoded(value)
            for name, value in feeds.items()
        }
        request = {"model": str(path), "feeds": values}
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the runner has no pipes")
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the runner ended")
        answer = json.loads(line)
        if "error" in answer:
            raise RefusedError("{code} {path}: {message}".format(**answer["error"]))
        return {name: decoded(value) for name, value in answer["outputs"].items()}


def encoded(value: object) -> dict[str, object]:
    """A value as ``run_model`` reads it; types that it lacks get a number that no type has."""
    if value is None:
        return {"optional": None}
    if isinstance(value, list):
        return {"sequence": [encoded(item) for item in value]}
    if isinstance(value, dict):
        keys, items = list(value), list(value.values())
        texts = bool(keys) and isinstance(keys[0], str)
        return {"map": [encoded(np.array(keys, object if texts else np.int64)), encoded(np.array(items))]}
    array = np.asarray(value)
    shape = list(array.shape)
    if array.dtype.kind in "OUS":
        return {"dtype": 8, "shape": shape, "strings": [text_of(item) for item in array.ravel()]}
    return {"dtype": CODES.get(array.dtype, 99), "shape": shape, "hex": array.tobytes().hex()}


def text_of(item: object) -> str:
    """A text that may come as bytes."""
    return item.decode() if isinstance(item, bytes) else str(item)


def decoded(value: dict[str, object]) -> object:
    """What ``run_model`` wrote."""
    if "sequence" in value:
        return [decoded(item) for item in value["sequence"]]
    if "optional" in value:
        return None if value["optional"] is None else decoded(value["optional"])
    if "zipmap" in value:
        keys, table = (decoded(part) for part in value["zipmap"])
        return [dict(zip(keys.tolist(), row, strict=True)) for row in table]
    if "map" in value:
        keys, items = (decoded(part) for part in value["map"])
        return dict(zip(keys.tolist(), items, strict=True))
    if "strings" in value:
        return np.array(value["strings"], object).reshape(value.get("shape", -1))
    return np.frombuffer(bytes.fromhex(value["hex"]), NUMBERS[value["dtype"]]).reshape(value["shape"])
