"""What the reader may know of a form, as JSON for the child process and back (`ports.Expectation`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import lru_cache

from songthan.domain.forms import Check, Choice, Field, FormSpec
from songthan.domain.layouts import layout_from_json
from songthan.ports import Expectation

__all__ = ["args_of", "expectation_of"]


# By identity: comparing or hashing a whole form takes longer than reading it. The kept expectation keeps its ids taken.
_made: dict[tuple[int, int, tuple[tuple[str, str], ...]], tuple[Expectation, Mapping[str, object]]] = {}
_KEPT = 64


def args_of(expectation: Expectation) -> Mapping[str, object]:
    """The job arguments that carry `expectation`: {«expectation»: JSON text}; made once for the same spec and layout."""
    key = (id(expectation.spec), id(expectation.layout), expectation.activities)
    known = _made.get(key)
    if known is None:
        data = {
            "spec": asdict(expectation.spec),
            "activities": [list(a) for a in expectation.activities],
            "layout": expectation.layout.as_json() if expectation.layout is not None else None,
        }
        args = {"expectation": json.dumps(data, ensure_ascii=False, separators=(",", ":"))}
        while len(_made) >= _KEPT:
            _made.pop(next(iter(_made)), None)
        known = _made[key] = (expectation, args)
    return known[1]


def expectation_of(args: Mapping[str, object]) -> Expectation:
    """The expectation in a job's arguments: `args_of`'s text, or «spec», «activities» and «layout» as plain data.

    KeyError, TypeError or ValueError when they hold something else.
    """
    text = args.get("expectation")
    return _parsed(text) if isinstance(text, str) else _built(args)


# A worker reads many files of few forms: each form's data is taken apart once.
@lru_cache(maxsize=32)
def _parsed(text: str) -> Expectation:
    return _built(json.loads(text))


def _built(data: Mapping) -> Expectation:
    layout = data.get("layout")
    return Expectation(
        spec=_spec(data["spec"]),
        activities=tuple((str(a), str(n)) for a, n in data.get("activities") or ()),
        layout=layout_from_json(layout) if layout is not None else None,
    )


def _spec(data: Mapping) -> FormSpec:
    known = _tuples(data, FormSpec)
    known["fields"] = tuple(_field(item) for item in data.get("fields") or ())
    known["checks"] = tuple(Check(**_tuples(item, Check)) for item in data.get("checks") or ())
    return FormSpec(**known)


def _field(data: Mapping) -> Field:
    known = _tuples(data, Field)
    known["choices"] = tuple(Choice(**item) for item in data.get("choices") or ())
    known["columns"] = tuple(_field(item) for item in data.get("columns") or ())
    return Field(**known)


def _tuples(data: Mapping, kind: type) -> dict:
    """The keys of `data` that are fields of `kind`; JSON's lists are tuples again."""
    names = {f.name for f in fields(kind)}
    unknown = set(data) - names
    if unknown:
        raise TypeError(f"{kind.__name__} has no {sorted(unknown)}")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
