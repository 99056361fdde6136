"""LibreOffice itself: filled in and saved again, once or twice, in its own format, in old Word's, as RTF, as PDF."""

from __future__ import annotations

import re
from collections.abc import Iterator

from writers import programs
from writers.ooxml import paragraph, run
from writers.sheet import Returned, Sheet, filled

__all__ = ["WRITER"]

#: name, about, formats on the way, turn, expect of the file. Other formats than docx and pdf go to a person.
_CASES = (
    ("saved-again", "docx → docx", ("docx",), 0, "read"),
    ("saved-again-long-answers", "docx → docx", ("docx",), 2, "read"),
    ("saved-again-links", "docx → docx", ("docx",), 4, "read"),
    ("saved-twice", "docx → docx → docx", ("docx", "docx"), 1, "read"),
    ("saved-three-times", "docx → docx → docx → docx", ("docx", "docx", "docx"), 5, "read"),
    ("by-way-of-odt", "docx → odt → docx", ("odt", "docx"), 3, "read"),
    ("by-way-of-rtf", "docx → rtf → docx", ("rtf", "docx"), 6, "any"),
    ("by-way-of-doc", "docx → doc → docx: tags are lost", ("doc", "docx"), 7, "read"),
    ("open-document", "docx → odt", ("odt",), 0, "flag"),
    ("old-word", "docx → doc", ("doc",), 1, "flag"),
    ("rich-text", "docx → rtf", ("rtf",), 2, "flag"),
)


def _typed_beside(sheet: Sheet) -> None:
    """Typed behind the controls, where LibreOffice puts the cursor."""
    for key in ("1.4(1).done", "2.1.done"):
        sheet.docx.up(key, "w:p").append(run(" (แล้วเสร็จ)"))
        sheet.docx.up(key, "w:p").addnext(paragraph("บรรทัดเพิ่ม"))
        sheet.says(key, f"{sheet.fields[key].typed} (แล้วเสร็จ)\nบรรทัดเพิ่ม")


class _LibreOffice:
    name = "libreoffice"

    def make(self) -> Iterator[Returned]:
        """Every file, converted together step by step."""
        work: dict[str, tuple[Sheet, str, list[str], str]] = {}
        for name, about, chain, turn, expect in _CASES:
            work[name] = (filled(turn), about, list(chain), expect)
        beside = filled(8)
        _typed_beside(beside)
        work["typed-beside-then-saved"] = (beside, "typed beside the controls, docx → docx", ["docx"], "read")
        work["empty-saved-again"] = (Sheet(), "untouched, docx → docx", ["docx"], "read")
        data = {name: sheet.docx.bytes() for name, (sheet, *_) in work.items()}
        kind = dict.fromkeys(work, "docx")
        while pending := {(kind[n], w[2][0]) for n, w in work.items() if w[2]}:
            source, target = sorted(pending)[0]
            names = [n for n, w in work.items() if w[2] and (kind[n], w[2][0]) == (source, target)]
            data |= programs.convert({n: data[n] for n in names}, target, source=source)
            for name in names:
                kind[name] = work[name][2].pop(0)
        # The QR as hexadecimal digits, twice a footer, would be nine tenths of the file.
        data["rich-text"] = re.sub(rb"(\\(?:pngblip|wmetafile8))\s[0-9a-f\s]+", rb"\1 00", data["rich-text"])
        for name, (sheet, about, _, expect) in work.items():
            if expect != "read":
                sheet.either()
            whole = "flag" if expect == "flag" else "read"
            yield sheet.done(f"{name}.{kind[name]}", about, expect=whole, data=data[name])


WRITER = _LibreOffice()
