"""One returned file in the making: the Word file and, beside it, what the member typed into it.

Whoever edits the file says in the same breath what was typed and meant; nothing here asks Songthan's reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from writers import answers, paper
from writers.ooxml import Docx, own_text, q, run

__all__ = ["Entry", "Returned", "Sheet", "Writer", "filled"]


@dataclass
class Entry:
    """One field: the text as it stands in the file, what the member meant (numbers as a plain decimal, dates as ISO,
    choices by value, None: nothing a machine could know), and what is expected.

    «read»: the value must come out right and without a problem. «flag»: a person must be asked. «any»: either is well
    (but never a wrong value, or none, without a problem).
    """

    typed: str | None = None
    means: str | None = None
    expect: str = "any"


@dataclass
class Returned:
    """A finished file: name without folder, bytes, the truth. `expect` «flag»: a problem must lie on the whole file.

    `token` is the assignment the paper belongs to; None when no mark of it is left.
    """

    name: str
    data: bytes
    about: str
    form: str
    fields: dict[str, Entry] = field(default_factory=dict)
    expect: str = "read"
    token: str | None = None
    writer: str = ""

    def as_json(self, writer: str) -> dict[str, object]:
        """The sidecar `<name>.typed.json`; a field that is not in it was left alone."""
        return {
            "writer": self.writer or writer, "form": self.form, "about": self.about, "expect": self.expect, "token": self.token,
            "fields": {
                key: {"typed": e.typed, "means": e.means, "expect": e.expect}
                for key, e in sorted(self.fields.items())
                if e.typed or e.expect != "any" or e.means not in (None, "no")
            },
        }  # fmt: skip


class Sheet:
    """A form on a member's screen."""

    def __init__(self, form: str = "f3", *, data: bytes | None = None) -> None:
        self.form = form
        self.docx = Docx(data if data is not None else paper.blank(form))
        self.kinds = paper.field_ids(form)
        # A lone box that was not clicked says «no».
        self.fields = {key: Entry(None, "no" if paper.is_lone(form, key) else None) for key in self.kinds}
        self.token: str | None = paper.TOKENS[form]

    def says(self, key: str, typed: str | None, means: str | None = None, expect: str = "read") -> None:
        """Write down the truth alone (the caller edits the file itself)."""
        meant = typed if means is None and self.kinds.get(key) not in answers.PARSED else means
        # An empty field may be asked about (required, a missing reason) or not: that is the form's affair.
        self.fields[key] = Entry(typed, meant, expect if meant or expect == "flag" else "any")

    def type(self, key: str, typed: str, means: str | None = None, expect: str = "read") -> None:
        """Type into a control."""
        self.docx.put(key, run(typed))
        self.says(key, typed, means, expect)

    def choose(self, key: str, value: str, glyph: str = "☒") -> None:
        """Click the box of a choice; «no» of a lone box is leaving it."""
        if value != "no" or not paper.is_lone(self.form, key):
            self.docx.tick(f"{key}={value}", True, glyph)
        self.says(key, value)

    def roomy(self) -> frozenset[str]:
        """The fields that stand alone in a cell: only there a member types more than a few words."""
        found = set()
        for tag, sdt in self.docx.controls():
            cell = next(sdt.iterancestors(q("w:tc")), None)
            if cell is not None and own_text(cell) == own_text(sdt):
                found.add(tag)
        return frozenset(found)

    def doubt(self, *keys: str) -> Sheet:
        """A person must be asked about these."""
        for key in keys:
            self.fields[key].expect = "flag"
        return self

    def either(self, *keys: str) -> Sheet:
        """These may be read or asked about."""
        for key in keys or self.fields:
            if self.fields[key].expect == "read":
                self.fields[key].expect = "any"
        return self

    def done(self, name: str, about: str, *, expect: str = "read", data: bytes | None = None) -> Returned:
        """The file as it is now."""
        return Returned(name, data or self.docx.bytes(), about, self.form, dict(self.fields), expect, self.token)


def filled(turn: int, form: str = "f3", *, plain: bool = False) -> Sheet:
    """A form filled in tidily with the answers of this turn; `plain`: short answers on one line (for PDF)."""
    sheet = Sheet(form)
    for key, (typed, means) in answers.usual(form, sheet.kinds, turn, plain=plain, roomy=sheet.roomy()).items():
        if sheet.kinds[key] in ("choice", "yes_no"):
            sheet.choose(key, typed)
        elif typed:
            sheet.type(key, typed, means)
    if sheet.fields.get("report_date", Entry()).typed in [
        typed for typed, _ in answers.DATES if typed.startswith("วันที่")
    ]:
        # «วันที่» typed behind the printed «วันที่»: without controls nobody knows where the place before it ends.
        sheet.either("report_date", "reporter_position")
    return sheet


class Writer:
    """The cases of one writer: functions that edit a filled sheet and may return the file's bytes when they are made
    otherwise. A case's name is its function's name, what it is about its docstring."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._cases: list[tuple[Callable, dict]] = []

    def case(self, *, form: str = "f3", start: str = "filled", expect: str = "read", suffix: str = ".docx") -> Callable:
        """Register a case; `start` is «filled», «plain» (short answers) or «blank»."""

        def keep(function: Callable[[Sheet], bytes | None]) -> Callable:
            self._cases.append((function, {"form": form, "start": start, "expect": expect, "suffix": suffix}))
            return function

        return keep

    def make(self) -> Iterator[Returned]:
        """Every file of this writer."""
        for turn, (function, how) in enumerate(self._cases):
            form, start = how["form"], how["start"]
            sheet = Sheet(form) if start == "blank" else filled(turn, form, plain=start == "plain")
            data = function(sheet)
            name = function.__name__.replace("_", "-") + how["suffix"]
            yield sheet.done(name, (function.__doc__ or "").strip(), expect=how["expect"], data=data)
