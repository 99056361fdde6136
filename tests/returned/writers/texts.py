"""How truths and golden readings are written down."""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["as_text"]


def as_text(document: Mapping[str, object]) -> str:
    """A document as JSON, one line for each field, so that a change shows in its line."""
    lines = []
    for key, value in document.items():
        if isinstance(value, dict) and value:
            inner = ",\n".join(f"  {_line(k)}: {_line(v)}" for k, v in value.items())
            lines.append(f" {_line(key)}: {{\n{inner}\n }}")
        else:
            lines.append(f" {_line(key)}: {_line(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
