"""A bundle: models, schema, features, scorecard, policy and reasons of one decision."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Literal, TypeVar, overload

from scorebox import _native
from scorebox._columns import Column, time_text
from scorebox._decision import Decision
from scorebox._errors import Error
from scorebox._frames import kind_of, score_frame
from scorebox._monitoring import Counts, Monitoring
from scorebox._records import record_text

Frame = TypeVar("Frame")


class Bundle:
    """A bundle, loaded and checked. Immutable; threads may call it at the same time.

    >>> bundle = Bundle.load("models/credit")
    >>> bundle.name, bundle.describe()["scores"]
    ('credit', ['pd', 'points', 'grade'])

    A frame comes back as a frame of the same kind, one row per row:

    >>> import numpy as np
    >>> rows = np.array([(34, 120_000.0, 0, 9_000.0), (17, 20_000.0, 3, 24_000.0)],
    ...                 dtype=[("age", "i8"), ("limit_bal", "f8"), ("pay_0", "i8"), ("bill_amt1", "f8")])
    >>> bundle.score(rows, now="2026-11-23T09:00:00Z")["outcome"].tolist()
    ['review', 'decline']
    """

    def __init__(self, native: _native.NativeBundle) -> None:
        self._native = native
        self._description: dict[str, Any] = json.loads(native.describe())

    @classmethod
    def load(cls, source: str | os.PathLike[str] | bytes) -> Bundle:
        """Loads a bundle from its folder, its zip archive, or the archive's bytes.

        Raises `Error`: `io`; a code beginning with `bundle_`, `manifest_`, `rule_` or `model_` where the
        bundle is wrong; `deadline` or `memory` where it costs more than a call may.
        """
        return cls(_native.NativeBundle.load(source if isinstance(source, bytes) else os.fspath(source)))

    @overload
    def score(
        self,
        data: Mapping[str, Any] | str | bytes,
        now: str | datetime | None = None,
        salt: bytes | None = None,
        reasons: int | None = None,
        lang: str | None = None,
        held: Literal["first", "all", "counts"] | None = None,
        state: Mapping[str, Any] | str | None = None,
        monitor: bool = False,
        what_if: bool = False,
    ) -> Decision: ...
    @overload
    def score(
        self,
        data: Sequence[Mapping[str, Any]],
        now: str | datetime | None = None,
        salt: bytes | None = None,
        reasons: int | None = None,
        lang: str | None = None,
        held: Literal["first", "all", "counts"] | None = None,
        state: Mapping[str, Any] | str | None = None,
        monitor: bool = False,
        what_if: bool = False,
    ) -> list[Decision]: ...
    @overload
    def score(
        self,
        data: Frame,
        now: str | datetime | None = None,
        salt: bytes | None = None,
        reasons: int | None = None,
        lang: str | None = None,
        held: Literal["first", "all", "counts"] | None = None,
        state: Mapping[str, Any] | str | None = None,
        monitor: bool = False,
        what_if: bool = False,
        output: Literal["columns", "decisions"] = "columns",
    ) -> Frame: ...
    def score(
        self,
        data: Any,
        now: str | datetime | None = None,
        salt: bytes | None = None,
        reasons: int | None = None,
        lang: str | None = None,
        held: Literal["first", "all", "counts"] | None = None,
        state: Mapping[str, Any] | str | None = None,
        monitor: bool = False,
        what_if: bool = False,
        output: Literal["columns", "decisions"] = "columns",
    ) -> Any:
        """Scores a record, a list of records, or a frame.

        A record (a dict, a pandas Series, or JSON text) gives a `Decision`; a list of records a list of
        them. A frame (pandas or polars DataFrame, pyarrow Table or RecordBatch, NumPy structured array)
        gives a frame of the same kind with one row per row and a column per field of the decision, or,
        with `output="decisions"`, one column `decision` of canonical JSON. Anything else that speaks the
        Arrow PyCapsule interface gives an object that does.

        now: the time of the decision, RFC 3339 or an aware `datetime`; by default this moment. A frame's
            column `now` gives each row its own.
        salt: bytes put before the record when its digest is made, so that the digest of a guessable record
            cannot be guessed.
        reasons: how many reasons to give; by default what the bundle says.
        lang: the language of the reasons' texts, such as `en` or `zh`.
        held: what decisions say of items that are not offered; by default what the bundle says.
        state: what a bandit has learned, as `update` gives it; by default what the bundle brings.
        monitor: whether what is decided is counted, for `counts`.
        what_if: whether the decision says what would change its outcome; not for frames, and only of a bundle
            whose manifest says which fields may be varied.

        A missing or wrong field is no exception: the decision's quality verdict says so. Raises `Error`:
        `record_malformed`, `record_budget`, `request_invalid`, `deadline`, `memory`.
        """
        options = (_time(now), salt, reasons, lang, held, _state(state), monitor, what_if)
        kind = kind_of(data)
        if kind is not None:
            decisions = _decisions(output)

            def columns(lowered: list[Column], rows: int) -> _native.Stream:
                return self._native.score_columns(lowered, rows, options, decisions)

            def stream(frame: Any) -> _native.Stream:
                return self._native.score_stream(frame, options, decisions)

            return score_frame(kind, data, columns, stream)
        if isinstance(data, (list, tuple)):
            return [Decision(self._native.score(record_text(record), options)) for record in data]
        if isinstance(data, (Mapping, str, bytes, bytearray)) or hasattr(data, "to_dict"):  # a pandas Series
            return Decision(self._native.score(record_text(data), options))
        message = f"{type(data).__name__} is neither a record nor a frame with named columns"
        raise Error("request_invalid", message)

    def score_request(self, request: bytes) -> Decision:
        """Scores one request in the module's own form, `{"record": {...}, "now": "...", ...}`.

        Nothing is added to it: without `now`, a bundle that uses the time refuses.
        """
        return Decision(self._native.score_request(request))

    def update(
        self, rewards: Iterable[Mapping[str, Any]], state: Mapping[str, Any] | str | None = None
    ) -> dict[str, Any]:
        """What a bandit knows after some rewards: its new state, a dict to keep as JSON.

        rewards: dicts of `record` and `now` of the decision, `item`, the id of what was offered, and
            `reward`, what came of it.
        state: what it knew before; by default what the bundle brings.

        The bundle itself does not change. Raises `Error`: `request_invalid` where the bundle has no bandit,
        or the state or a reward is none of its own.
        """
        parts = [
            f'{{"record":{record_text(own["record"])},"item":{json.dumps(own["item"])},'
            f'"reward":{json.dumps(float(own["reward"]))},"now":{json.dumps(own.get("now"))}}}'
            for own in rewards
        ]
        update = f'{{"state":{_state(state) or "null"},"rewards":[{",".join(parts)}]}}'
        learned: dict[str, Any] = json.loads(self._native.update(update))
        return learned

    def counts(self) -> Counts:
        """What was decided on with `monitor=True` since this was last called, counted.

        Counts hold no value of any record; those of several days or hosts add up with `+`.
        """
        return Counts(json.loads(self._native.take_counts()))

    def monitor(self, *counts: Counts | Mapping[str, Any] | str) -> Monitoring:
        """What has moved since the bundle was made: the sum of these counts and the report on it.

        Without any, those of `counts()`. Raises `Error` with `request_invalid` where they are none of this
        bundle.
        """
        given = counts or (self.counts(),)
        texts = [own if isinstance(own, str) else json.dumps(dict(own)) for own in given]
        answer = json.loads(self._native.monitor(texts))
        return Monitoring(Counts(answer["counts"]), answer["report"])

    def describe(self) -> dict[str, Any]:
        """Name, version, digest, inputs and outputs, as the module says them."""
        description: dict[str, Any] = json.loads(self._native.describe())
        return description

    def verify(self) -> dict[str, Any]:
        """Replays the bundle's golden records and reports each."""
        report: dict[str, Any] = json.loads(self._native.verify())
        return report

    @property
    def name(self) -> str:
        """The bundle's name."""
        return str(self._description["name"])

    @property
    def version(self) -> str:
        """The bundle's version."""
        return str(self._description["version"])

    @property
    def digest(self) -> str:
        """The bundle's identity: `sha256:` and 64 hex digits over all that scores."""
        return str(self._description["digest"])

    @property
    def module_digest(self) -> str:
        """The digest of the module that runs it."""
        return self._native.module_digest()

    def __repr__(self) -> str:
        return f"<scorebox.Bundle {self.name} {self.version}>"


def _time(now: str | datetime | None) -> str:
    if isinstance(now, str):
        return now
    if now is None:
        return time_text(datetime.now(timezone.utc))
    if now.tzinfo is None:
        raise Error(
            "request_invalid", "a time without a zone; give datetime(..., tzinfo=timezone.utc)", "now"
        )
    return time_text(now)


def _state(state: Mapping[str, Any] | str | None) -> str | None:
    return state if state is None or isinstance(state, str) else json.dumps(dict(state))


def _decisions(output: str) -> bool:
    if output not in ("columns", "decisions"):
        raise Error("request_invalid", "output is 'columns' or 'decisions'", "output")
    return output == "decisions"
