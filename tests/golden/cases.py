"""The golden cases as Python reads them; `FORMAT.md` says what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KEYS = {"why", "bundle", "request", "text", "hex", "expect"}
MODULE = "{module}"


@dataclass(frozen=True)
class Case:
    """One case and where it lies."""

    path: Path
    bundle: str
    why: str
    expect: Any
    body: dict[str, Any]

    @property
    def id(self) -> str:
        """Group and name."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def decision_path(self) -> Path:
        """Where the expected bytes lie."""
        return self.path.with_suffix(".decision")

    def request(self) -> bytes:
        """The request's bytes."""
        if "request" in self.body:
            return json.dumps(self.body["request"], ensure_ascii=False).encode("utf-8")
        if "hex" in self.body:
            return bytes.fromhex(self.body["hex"])
        text = self.body["text"]
        parts = [(text, 1)] if isinstance(text, str) else text
        return "".join(part * times for part, times in parts).encode("utf-8")

    def bundle_folder(self) -> Path:
        """The bundle."""
        return bundle_folder(self.bundle)


def bundle_folder(name: str) -> Path:
    """`models/<name>` if there is one, else `tests/bundles/<name>`."""
    model = ROOT / "models" / name
    return model if model.is_dir() else ROOT / "tests" / "bundles" / name


def read_cases() -> Iterator[Case]:
    """All cases, sorted by path; fails on a key that `FORMAT.md` does not know."""
    for path in sorted(HERE.glob("*/*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        requests = KEYS & {"request", "text", "hex"} & set(body)
        unloadable = isinstance(body["expect"], dict) and "load_error" in body["expect"]
        if set(body) - KEYS or len(requests) != (0 if unloadable else 1):
            raise ValueError(f"{path}: not as FORMAT.md says")
        yield Case(path, body["bundle"], body["why"], body["expect"], body)
