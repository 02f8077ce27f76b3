"""A decision: a mapping over the canonical JSON, which is kept as the module wrote it."""

from __future__ import annotations

import builtins
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any


class Decision(Mapping[str, Any]):
    """The answer to one record.

    It reads as a dict (`decision["scores"]["pd"]`); `bytes` are the canonical JSON that every host gives
    for the same module, bundle, record, time and salt, which is what to store and compare.

    >>> decision = Decision(b'{"outcome":"approve","quality":{"verdict":"ok","issues":[]}}')
    >>> decision["quality"]["verdict"], decision.outcome, len(decision.bytes)
    ('ok', 'approve', 60)
    """

    #: The canonical JSON.
    bytes: builtins.bytes

    def __init__(self, data: builtins.bytes) -> None:
        self.bytes = data

    @cached_property
    def _fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads(self.bytes)
        return fields

    @property
    def outcome(self) -> str | None:
        """`approve`, `review`, `decline` or `refuse`; `None` where the bundle has no policy."""
        outcome: str | None = self._fields["outcome"]
        return outcome

    def to_dict(self) -> dict[str, Any]:
        """A dict of its own."""
        fields: dict[str, Any] = json.loads(self.bytes)
        return fields

    def __getitem__(self, key: str) -> Any:
        return self._fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Decision):
            return self.bytes == other.bytes
        return self._fields == other

    def __hash__(self) -> int:
        return hash(self.bytes)

    def __repr__(self) -> str:
        return f"Decision({self.bytes!r})"
