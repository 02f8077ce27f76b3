"""Does an exported model still say what its source says?"""

from __future__ import annotations

import hashlib
import json
import os
import textwrap
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorebox import _traps
from scorebox._bundle import Bundle
from scorebox._errors import Error
from scorebox._model import Model
from scorebox._native import __version__

#: Columns that are nudged, at most: each costs two runs.
MOST_COLUMNS = 512

#: A step of the answer that is larger than this many units in its last place, for one unit of an input,
#: is a jump over a threshold.
JUMP = 64


@dataclass(frozen=True)
class Parity:
    """How far an export's answers are from those of its source."""

    #: Rows that were compared.
    rows: int
    #: The output, or the bundle's score, that was compared.
    output: str
    #: Largest absolute difference; `None` where it is not finite, or labels were compared.
    largest_absolute: float | None
    #: Largest difference divided by the expected value; `None` as above.
    largest_relative: float | None
    #: Largest difference in units in the last place of the export's type; `None` where labels were compared.
    largest_ulp: int | None
    #: Rows that differ by more than the tolerance, by number from 0.
    differing: tuple[int, ...]
    #: Rows whose label is another one.
    flips: tuple[int, ...]
    #: Rows where moving one float32 input by one unit in the last place makes the answer jump.
    near_threshold: tuple[int, ...]
    #: The known trap that explains the difference, or `None`.
    trap: str | None
    #: What to do about it; empty without a trap.
    advice: str
    #: The tolerance, absolute and relative.
    tolerance: float
    #: sha256 of the model's file, where it was given as a path or bytes; else empty.
    model_digest: str
    #: sha256 of rows and expected answers.
    data_digest: str
    #: Version of this package.
    version: str

    @property
    def ok(self) -> bool:
        """Whether every row is within the tolerance and keeps its label."""
        return not self.differing and not self.flips

    def certificate(self) -> str:
        """The report as JSON text. `pack` takes it into a bundle as `parity/<name>.json`."""
        return json.dumps({"format": 1, "ok": self.ok} | asdict(self), indent=2, allow_nan=False) + "\n"

    def __str__(self) -> str:
        lines = [
            f"{'output':<24}{self.output}",
            f"{'rows':<24}{self.rows}",
            f"{'largest difference':<24}{_shown(self.largest_absolute)}",
            f"{'  relative':<24}{_shown(self.largest_relative)}",
            f"{'  in last places':<24}{'-' if self.largest_ulp is None else self.largest_ulp}",
            f"{'beyond ' + format(self.tolerance, 'g'):<24}{len(self.differing)}{_some(self.differing)}",
            f"{'label flips':<24}{len(self.flips)}{_some(self.flips)}",
            f"{'on a threshold':<24}{len(self.near_threshold)}{_some(self.near_threshold)}",
            f"{'result':<24}{'equal' if self.ok else 'different'}",
        ]
        if self.trap:
            lines.append(f"{'looks like':<24}{self.trap}")
            lines += textwrap.wrap(self.advice, 80, initial_indent="  ", subsequent_indent="  ")
        return "\n".join(lines)


def recheck(
    certificate: str, model: Model | Bundle | str | os.PathLike[str] | bytes, X: Any, expected: Any
) -> Parity:
    """Compares again what a certificate says was compared, with its tolerance.

    certificate: the text that `Parity.certificate` gave. Raises `Error` `request_invalid` where it is about
    another model or other rows, or does not say what is found now; and what `verify` raises.
    """
    try:
        said = json.loads(certificate)
        tolerance = float(said["tolerance"])
    except (ValueError, KeyError, TypeError):
        raise Error("request_invalid", "this is no certificate") from None
    found = verify(model, X, expected, tolerance=tolerance)
    now = json.loads(found.certificate())
    apart = [key for key in now if key != "version" and now[key] != said.get(key)]
    if apart:
        raise Error("request_invalid", f"the certificate does not hold: {', '.join(apart)} differ")
    return found


def verify(
    model: Model | Bundle | str | os.PathLike[str] | bytes,
    X: Any,
    expected: Any = None,
    *,
    estimator: Any = None,
    output: str | None = None,
    tolerance: float = 1e-5,
) -> Parity:
    """Compares a model's answers with those of its source, row by row.

    model: an ONNX model or a packed bundle, loaded or as a path; bytes are an ONNX file.
    X: the rows, as `Model.predict` and `Bundle.score` take them.
    expected: the source's answers: one column, or one per class; labels may be texts or integers.
    estimator: or the fitted source itself; its `predict_proba` is asked where it has one, else `predict`.
    output: the output to compare; by default the probabilities, or the first output that fits the answers.
    tolerance: absolute and relative; 1e-5 is what float32 allows.

    Rows on a threshold are found by moving each float input of the model one unit in the last place up and
    down and looking for a jump: that needs no knowledge of the model, and sees what a caller would see.

    Raises `Error`: `request_invalid` where nothing can be compared, and what the model raises.
    """
    if (expected is None) == (estimator is None):
        raise Error("request_invalid", "give either expected answers or the estimator")
    data = _bytes_of(model)
    loaded = _loaded(model, data)
    if estimator is not None:
        expected = estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else estimator.predict(X)
    want = np.asarray(expected)
    if want.dtype == object and all(isinstance(value, (int, float)) for value in want.ravel()):
        want = want.astype(np.float64)
    name, answers = _answers(loaded, X, want, output)
    got = np.asarray(answers)
    if len(got) != len(want):
        raise Error("request_invalid", f"{len(want)} answers are expected, the model gives {len(got)}")
    if got.dtype.kind == "f" and want.dtype.kind in "fiub":
        want = want.astype(np.float64, copy=False)
    else:
        return _labels(loaded, X, got, want, name, tolerance, data)
    return _numbers(loaded, X, got, want, name, tolerance, data, repr(estimator))


def _numbers(
    model: Model | Bundle,
    X: Any,
    got: NDArray[Any],
    want: NDArray[Any],
    output: str,
    tolerance: float,
    data: bytes,
    source: str,
) -> Parity:
    a = got.astype(np.float64).reshape(len(got), -1)
    b = want.astype(np.float64).reshape(len(want), -1)
    is_binary = a.shape[1] == 2 and b.shape[1] == 1
    if is_binary:
        a = a[:, 1:]
    same_shape = a.shape == b.shape
    if not same_shape:
        message = f"answers of shape {want.shape} are expected, the model gives {got.shape}"
        raise Error("request_invalid", message)
    with np.errstate(all="ignore"):
        apart = np.where(a == b, 0.0, np.abs(a - b))
        apart = np.where(np.isnan(a) & np.isnan(b), 0.0, np.where(np.isnan(apart), np.inf, apart))
        relative = np.where(apart == 0, 0.0, apart / np.maximum(np.abs(b), np.finfo(np.float64).tiny))
        bound = tolerance + tolerance * np.where(np.isfinite(b), np.abs(b), 0.0)
    off: NDArray[np.bool_] = np.asarray((apart > bound).any(axis=1))
    flips = np.zeros(len(a), dtype=np.bool_)
    if a.shape[1] > 1:
        flips = a.argmax(axis=1) != b.argmax(axis=1)
    elif is_binary:
        flips = (a[:, 0] > 0.5) != (b[:, 0] > 0.5)
    near = _near(model, X, got, output, want)
    trap = None
    if off.any():
        trap = _traps.whole_answer(a, b) or _traps.some_rows(
            off, near, *_kinds(X, len(a)), float(apart.max(initial=0.0)), source
        )
    return _report(
        X, want, output, data, tolerance, off, flips, near, trap,
        (_finite(apart), _finite(relative), _ulps(a, b, got.dtype)),
    )  # fmt: skip


def _labels(
    model: Model | Bundle,
    X: Any,
    got: NDArray[Any],
    want: NDArray[Any],
    output: str,
    tolerance: float,
    data: bytes,
) -> Parity:
    kind = np.float64 if got.dtype.kind in "iub" and want.dtype.kind in "fiub" else np.str_
    flips = got.reshape(-1).astype(kind) != want.reshape(-1).astype(kind)
    near = _near(model, X, got, output, want)
    trap = _traps.some_rows(flips, near, *_kinds(X, len(flips)), np.inf, "") if flips.any() else None
    nothing = np.zeros(len(flips), dtype=np.bool_)
    return _report(X, want, output, data, tolerance, nothing, flips, near, trap, (None, None, None))


def _report(
    X: Any,
    want: NDArray[Any],
    output: str,
    data: bytes,
    tolerance: float,
    off: NDArray[np.bool_],
    flips: NDArray[np.bool_],
    near: NDArray[np.bool_],
    trap: str | None,
    largest: tuple[float | None, float | None, int | None],
) -> Parity:
    digest = hashlib.sha256()
    for part in (_matrix(X), want):
        text = part.dtype.kind in "OUS"
        digest.update(json.dumps(part.tolist(), default=str).encode() if text else part.tobytes())
    return Parity(
        rows=len(off),
        output=output,
        largest_absolute=largest[0],
        largest_relative=largest[1],
        largest_ulp=largest[2],
        differing=tuple(np.flatnonzero(off).tolist()),
        flips=tuple(np.flatnonzero(flips).tolist()),
        near_threshold=tuple(np.flatnonzero(near).tolist()),
        trap=trap,
        advice=_traps.ADVICE[trap] if trap else "",
        tolerance=tolerance,
        model_digest=hashlib.sha256(data).hexdigest() if data else "",
        data_digest=digest.hexdigest(),
        version=__version__,
    )


def _bytes_of(model: Any) -> bytes:
    if isinstance(model, bytes):
        return model
    if isinstance(model, (Model, Bundle)):
        return b""
    path = Path(os.fspath(model))
    return path.read_bytes() if path.is_file() else b""


def _loaded(model: Any, data: bytes) -> Model | Bundle:
    if isinstance(model, (Model, Bundle)):
        return model
    if isinstance(model, bytes) or str(model).endswith(".onnx"):
        return Model.load(data)
    return Bundle.load(model)


def _answers(model: Model | Bundle, X: Any, want: NDArray[Any], output: str | None) -> tuple[str, Any]:
    """The output's name and its answers."""
    if isinstance(model, Bundle):
        if output is None:
            raise Error("request_invalid", "name the score of the bundle to compare: output=…")
        return output, model.score(X)[output]
    if output is None and want.dtype.kind == "f":
        try:
            output = model._probability_port().name
        except Error as error:
            if error.code != "request_invalid":
                raise
    output = output or model.outputs[0].name
    value = model.run(model._feed(X)).get(output)
    if value is None:
        known = ", ".join(port.name for port in model.outputs)
        raise Error("request_invalid", f"there is no output {output!r}; the model gives {known}")
    if isinstance(value, list):
        return output, np.array([list(row.values()) for row in value], np.float32)
    return output, value.reshape(-1) if value.ndim == 2 and value.shape[1] == 1 else value


def _matrix(X: Any) -> NDArray[Any]:
    return np.asarray(list(X.values()), dtype=object).T if isinstance(X, dict) else np.asarray(X)


def _near(
    model: Model | Bundle, X: Any, got: NDArray[Any], output: str, want: NDArray[Any]
) -> NDArray[np.bool_]:
    """Rows whose answer jumps where one float input moves by one unit in the last place."""
    near = np.zeros(len(got), dtype=np.bool_)
    if isinstance(model, Bundle) or not len(got):
        return near
    feeds = model._feed(X)
    floats = [name for name, value in feeds.items() if value.dtype == np.float32 and value.ndim <= 2]
    for name in floats:
        table = feeds[name].reshape(len(got), -1)
        for column in range(min(table.shape[1], MOST_COLUMNS)):
            for to in (np.float32(np.inf), np.float32(-np.inf)):
                moved = table.copy()
                moved[:, column] = np.nextafter(table[:, column], to)
                X_moved = feeds | {name: moved.reshape(feeds[name].shape)}
                near |= _jumps(got, np.asarray(_answers_from(model, X_moved, want, output)))
    return near


def _answers_from(model: Model, feeds: dict[str, Any], want: NDArray[Any], output: str) -> Any:
    X = next(iter(feeds.values())) if len(feeds) == 1 else {k: v.reshape(len(v)) for k, v in feeds.items()}
    return _answers(model, X, want, output)[1]


def _jumps(got: NDArray[Any], moved: NDArray[Any]) -> NDArray[np.bool_]:
    if got.dtype.kind != "f":
        return np.asarray(got.reshape(-1) != moved.reshape(-1))
    step = JUMP * np.finfo(got.dtype).eps
    with np.errstate(all="ignore"):
        jump = np.abs(got - moved) > step * np.maximum(1.0, np.abs(got))
    return np.asarray(jump.reshape(len(got), -1).any(axis=1))


def _kinds(X: Any, rows: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows with a missing value, and rows with text beyond ASCII."""
    table = _matrix(X).reshape(rows, -1)
    cells = table.tolist()
    missing = [any(value is None or value != value for value in row) for row in cells]
    strange = [any(isinstance(value, str) and not value.isascii() for value in row) for row in cells]
    return np.array(missing, np.bool_), np.array(strange, np.bool_)


def _ulps(a: NDArray[Any], b: NDArray[Any], kind: np.dtype[Any]) -> int:
    """The largest number of representable values between two answers, in the export's type."""
    wide = kind == np.float64
    integer: Any = np.int64 if wide else np.int32
    with np.errstate(all="ignore"):
        pair = [np.asarray(part, np.float64 if wide else np.float32).view(integer) for part in (a, b)]
    ordered = [np.where(part < 0, np.iinfo(integer).min - part, part).astype(object) for part in pair]
    finite = np.isfinite(a) & np.isfinite(b)
    return int(max(np.abs(ordered[0] - ordered[1])[finite], default=0))


def _finite(apart: NDArray[np.float64]) -> float | None:
    """The largest difference, where it is a number."""
    largest = float(apart.max(initial=0.0))
    return largest if np.isfinite(largest) else None


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3e}"


def _some(rows: tuple[int, ...]) -> str:
    if not rows:
        return ""
    return "  rows " + ", ".join(map(str, rows[:5])) + (", …" if len(rows) > 5 else "")
