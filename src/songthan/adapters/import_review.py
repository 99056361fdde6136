"""The review of an import, for the person who confirms it: questions first, then doubts by kind, then every row with its
place. As HTML (one file, prints on A4, asks nothing of the network) and as plain Thai text; both from the same sections.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from songthan.adapters.import_difference import Difference
from songthan.adapters.import_plan import Imported
from songthan.domain.import_notes import DOUBTS, Doubt, Found, change_words
from songthan.domain.language import digits, say

__all__ = ["html_review", "text_review"]

_KINDS = {
    "organisation": "หน่วยงาน", "measure": "มาตรการ", "guideline": "แนวทาง", "project": "โครงการ",
    "activity": "กิจกรรม", "deliverable": "เอกสารที่มีกำหนดวัน", "form": "แบบรายงานและช่องทางส่ง", "box": "กรอบกำหนดส่ง",
    "deadline": "กำหนดส่งของหน่วยงาน", "seat": "ตำแหน่งในคณะทำงาน", "criterion": "เกณฑ์", "level": "ระดับ",
}  # fmt: skip
_COUNTS = {
    "measures": "มาตรการ", "guidelines": "แนวทาง", "projects": "โครงการ", "activities": "กิจกรรม",
    "deliverables": "เอกสารที่มีกำหนดวัน", "forms": "แบบ", "deadlines": "กำหนดส่ง", "seats": "ตำแหน่ง",
    "criteria": "เกณฑ์", "levels": "ระดับ", "doubts": "จุดที่สงสัย", "questions": "คำถาม",
}  # fmt: skip
_CHANGES = {"changed": "เปลี่ยน", "added": "เพิ่ม", "removed": "ตัดออก", "held": "คงเดิม (อยู่ระหว่างดำเนินการ)"}


@dataclass(frozen=True, kw_only=True)
class _Section:
    """A heading, what it says in one line, the head of its table and its rows (a cell: its lines)."""

    title: str
    lead: str
    head: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], ...], ...]
    marks: tuple[bool, ...] = ()


def _sections(imported: Imported, changes: Sequence[Difference]) -> list[_Section]:
    notes = imported.notes
    by_row: dict[str, list[Doubt]] = {}
    for d in notes.doubts:
        by_row.setdefault(d.about, []).append(d)
    sections = [_questions(imported)]
    if changes:
        sections.append(_changed(changes))
    for code, title in DOUBTS.items():
        mine = [d for d in notes.doubts if d.code == code]
        if mine:
            rows = tuple(((d.about,), (d.text,), (d.place,)) for d in mine)
            lead = say("{n} จุด", n=digits(len(mine)))
            sections.append(
                _Section(
                    title=say("สงสัย: ") + say(title), lead=lead, head=(say("เรื่อง"), say("ที่สงสัย"), say("ที่มา")), rows=rows
                )
            )
    for kind, title in _KINDS.items():
        found = [f for f in notes.found if f.kind == kind]
        if found:
            sections.append(_found(say(title), found, by_row))
    return sections


def _questions(imported: Imported) -> _Section:
    asked = imported.notes.questions
    rows = tuple(((digits(n),), (q.text,), (q.field,), (q.place,)) for n, q in enumerate(asked, 1))
    lead = say(
        "ข้อมูลที่แผนมิได้พิมพ์ไว้ ระบบไม่เดา โปรดกรอกในแฟ้มและคีย์ที่ระบุ แล้วสั่ง songthan plan check --plan ตามด้วยโฟลเดอร์นี้ ({n} ข้อ)", n=digits(len(asked))
    )
    return _Section(
        title=say("คำถามที่ต้องตอบ"), lead=lead, head=(say("ข้อ"), say("คำถาม"), say("กรอกที่"), say("ที่มา")), rows=rows
    )


def _changed(changes: Sequence[Difference]) -> _Section:
    rows = tuple(
        ((say(_CHANGES[c.kind]),), (f"{c.file} {c.where}",), (change_words(c.old),), (change_words(c.new),))
        for c in changes
    )
    lead = say("{n} รายการ", n=digits(len(changes)))
    head = (say("อย่าง"), say("ที่"), say("เดิม"), say("ใหม่"))
    return _Section(title=say("ต่างจากแผนที่มีอยู่"), lead=lead, head=head, rows=rows)


def _found(title: str, found: Sequence[Found], by_row: Mapping[str, list[Doubt]]) -> _Section:
    rows, marks = [], []
    for f in found:
        # a member's doubts stand beside his seat: m01, s01
        key = f"m{f.id[1:]}" if f.kind == "seat" else f.id
        mine = [] if f.kind in ("measure", "guideline", "project", "level", "box") else by_row.get(key, [])
        doubts = tuple(f"⚠ {d.text}" for d in mine)
        rows.append(((f.id,), (f.text, *f.more, *doubts), (f.place,)))
        marks.append(bool(doubts))
    lead = say("{n} แถว", n=digits(len(found)))
    head = (say("รหัส"), say("ข้อความที่อ่านได้"), say("ที่มา"))
    return _Section(title=title, lead=lead, head=head, rows=tuple(rows), marks=tuple(marks))


def _lead(imported: Imported) -> list[str]:
    organisation = imported.documents["plan"]["organisation"]
    counts = " · ".join(f"{say(_COUNTS[k])} {digits(v)}" for k, v in imported.counts().items())
    lines = [
        organisation["plan_title"] or say("(ไม่พบชื่อแผน)"),
        say(
            "{name} ปีงบประมาณ พ.ศ. {year}",
            name=organisation["name"],
            year=digits(imported.documents["plan"]["fiscal_year"]),
        ),
        say("ที่มา: {file}", file=imported.source.name),
        counts,
    ]
    return [*lines, *imported.source.remarks]


def text_review(imported: Imported, changes: Sequence[Difference] = ()) -> str:
    """The review as plain text."""
    out = [say("ผลการนำเข้าแผน"), "", *_lead(imported)]
    for section in _sections(imported, changes):
        out += ["", f"== {section.title} — {section.lead}"]
        for row in section.rows:
            cells = [" | ".join(line for line in cell if line) for cell in row]
            out.append("- " + " — ".join(c for c in cells if c))
    return "\n".join(out) + "\n"


_STYLE = """
@page { size: A4; margin: 2cm 1.5cm; }
body { font-family: "TH Sarabun New", "TH SarabunPSK", Sarabun, Laksaman, sans-serif; font-size: 14pt; line-height: 1.35;
  max-width: 60rem; margin: 1.5rem auto; padding: 0 1rem; color: #111; }
h1 { font-size: 20pt; margin: 0 0 .3rem; } h2 { font-size: 16pt; margin: 1.4rem 0 .2rem; break-after: avoid; }
p.lead { margin: .1rem 0 .4rem; color: #333; break-after: avoid; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; } thead { display: table-header-group; }
th, td { border: 1px solid #888; padding: .15rem .4rem; vertical-align: top; text-align: left; overflow-wrap: anywhere; }
th { background: #eee; } tr { break-inside: avoid; } tr.doubt td { background: #fff6d6; }
td div + div { margin-top: .2rem; color: #333; font-size: 13pt; } td div.mark { color: #8a3b00; font-weight: bold; }
col.key { width: 13%; } col.place { width: 20%; } col.no { width: 6%; }
section.ask th { background: #fde2d2; } section.ask td:first-child { white-space: nowrap; padding: .15rem .2rem; }
@media print { body { margin: 0; max-width: none; padding: 0 2px; } tr.doubt td { background: none; } }
"""


def html_review(imported: Imported, changes: Sequence[Difference] = ()) -> str:
    """The review as one HTML page; every text is escaped, nothing is fetched."""
    lead = _lead(imported)
    body = [f"<h1>{html.escape(say('ผลการนำเข้าแผน'))}</h1>"]
    body += [f'<p class="lead">{html.escape(line)}</p>' for line in lead]
    sections = _sections(imported, changes)
    for n, section in enumerate(sections):
        body.append(_as_html(section, ask=n == 0))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="th"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(say('ผลการนำเข้าแผน'))} {html.escape(lead[1])}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


_WIDTHS = {3: ("key", "", "place"), 4: ("no", "", "place", "place")}


def _as_html(section: _Section, *, ask: bool) -> str:
    columns = "".join(f'<col class="{name}">' if name else "<col>" for name in _WIDTHS[len(section.head)])
    if section.head[0] == say("อย่าง"):
        columns = '<col class="key"><col class="place"><col><col>'
    head = "".join(f'<th scope="col">{html.escape(h)}</th>' for h in section.head)
    rows = []
    for n, row in enumerate(section.rows):
        doubted = bool(section.marks) and section.marks[n]
        cells = "".join(f"<td>{''.join(_line(x) for x in cell if x)}</td>" for cell in row)
        rows.append(f'<tr class="doubt">{cells}</tr>' if doubted else f"<tr>{cells}</tr>")
    kind = ' class="ask"' if ask else ""
    return (
        f'<section{kind}><h2>{html.escape(section.title)}</h2><p class="lead">{html.escape(section.lead)}</p>'
        f"<table><colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></section>"
    )


def _line(text: str) -> str:
    return f'<div class="mark">{html.escape(text)}</div>' if text.startswith("⚠") else f"<div>{html.escape(text)}</div>"
