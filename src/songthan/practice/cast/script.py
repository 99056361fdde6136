"""Another office's play: how its people write and what they type, from the plan's `cast.toml` (by way of people.json).

Without one the cast is that of the plan of 2566. `[words]` has the cast's Thai sentences as keys, `[answers]` lists what
is typed into a field of a form's rows, by the field's key or its kind; `[whole.FORM]` is what one person answers, as in
`whole-2566.toml`; `[habits]`, `[late]`, `[corrects]`, `[stranger]` as in `habits-2566-q2.toml`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

TABLES = ("habits", "late", "corrects", "stranger", "words", "answers", "whole")
_THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")


class CastError(Exception):
    """Something in the play cannot go on; the message names the file or call and what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Script:
    """`habits` holds the tables of habits as they were read."""

    words: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    whole: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    habits: Mapping[str, Mapping] = field(default_factory=dict)


_script = Script()


def read_script(data: Mapping, where: str) -> Script:
    """The script in a table; CastError names what does not belong there."""
    if unknown := set(data) - set(TABLES):
        raise CastError(f"{where}: the script has the unknown table {sorted(unknown)[0]!r}; known: {', '.join(TABLES)}")
    for name, table in data.items():
        if not isinstance(table, Mapping):
            raise CastError(f"{where}: {name} of the script is no table")
    for key, listed in data.get("answers", {}).items():
        if not isinstance(listed, list) or not listed or not all(isinstance(one, str) for one in listed):
            raise CastError(f"{where}: answers.{key} of the script is no list of texts")
    return Script(
        words=data.get("words", {}),
        answers=data.get("answers", {}),
        whole=data.get("whole", {}),
        habits={name: data[name] for name in TABLES[:4] if name in data},
    )


def use(script: Script) -> None:
    """From now on everybody in this process plays by it."""
    global _script
    _script = script


def foreign() -> bool:
    """Is this another office's play?"""
    return bool(_script.words)


def tell(sentence: str, /, **values: object) -> str:
    """A sentence of the cast (Thai, with {names}) in the play's own words."""
    text = _script.words.get(sentence, sentence)
    return text.format(**values) if values else text


def digits(value: object) -> str:
    """A number as these people write it."""
    return str(value) if foreign() else str(value).translate(_THAI)


def whole() -> Mapping[str, Mapping[str, object]]:
    """What is typed into the forms that one person answers whole, by form; empty without a script."""
    return _script.whole


def answer(chance: Random, *names: str) -> str | None:
    """One of the script's answers for the first of these names (a field's key, then its kind) that it lists."""
    listed = next((_script.answers[name] for name in names if name in _script.answers), None)
    return chance.choice(listed) if listed else None
