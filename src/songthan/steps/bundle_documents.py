"""The documents of a bundle: each form's report as the office submits it, the memo, the list of evidence.

Everything is made from accepted answers; the same answers and the same moment give the same bytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from songthan.domain.bundles import Exhibit
from songthan.domain.errors import SongthanError
from songthan.domain.evidence import items_in, links_in
from songthan.domain.forms import Answer, FormSpec, split_field_id, table_row
from songthan.domain.language import day_words, digits, say
from songthan.domain.plans import Deadline, Member
from songthan.domain.reports import appendix, merge_report, numbered, plain_organisation
from songthan.domain.rubric import Scoring
from songthan.steps.fill_form import whole_context
from songthan.steps.given_number import memo_number
from songthan.steps.office import Office
from songthan.steps.prefill import score_words, scoring_of

#: Letters of a criterion's result kept in the cover summary, tried in turn until it fits its sheets (0: all of it).
_SUMMARY_LETTERS = (0, 400, 250, 150, 80, 40)


@dataclass(frozen=True, kw_only=True)
class Papers:
    """Word documents by name («report», or «report-f1» … where several forms go in; «memo», «appendix») and what each
    is called on the bundle's first page; `pdfs` are the same as PDF."""

    documents: Mapping[str, bytes]
    titles: Mapping[str, str]
    pdfs: Mapping[str, bytes]


def make_papers(
    office: Office,
    deadline: Deadline,
    *,
    answers: Mapping[str, Mapping[str, Answer]],
    exhibits: Sequence[Exhibit],
    exhibit_pages: Mapping[int, int],
    created: datetime,
    signer: Member,
    capacity: str,
) -> Papers:
    """Every document of a deadline's bundle. `answers` are the accepted ones: form id → field id → answer."""
    merged = _Merged(office, deadline, answers, exhibits, scoring_of(office, deadline))
    documents: dict[str, bytes] = {}
    titles: dict[str, str] = {}
    covers: dict[str, Callable[[int], bytes]] = {}
    for form in deadline.forms:
        spec = office.forms[form]
        name = "report" if len(deadline.forms) == 1 else f"report-{form}"
        if spec.cover_template:
            covers[f"{name}-cover"] = merged.cover_maker(spec)
            documents[f"{name}-cover"], titles[f"{name}-cover"] = (
                b"",
                say("บทสรุป {short}", short=spec.short or spec.title),
            )
        documents[name], titles[name] = merged.report(spec), spec.title if len(deadline.forms) > 1 else deadline.title
    documents["memo"] = office.renderer.document(
        template="memo.docx", context=merged.memo(created=created, signer=signer, capacity=capacity)
    )
    documents["appendix"] = office.renderer.document(
        template="appendix.docx", context=appendix(office.plan, deadline, exhibits, exhibit_pages)
    )
    pdfs = dict(office.converter.to_pdf({name: data for name, data in documents.items() if data}, at=created))
    for name, make in covers.items():
        limit = office.plan.channels[name.removesuffix("-cover").rpartition("-")[2]].cover_max_sheets
        documents[name], pdfs[name] = _fitting_cover(office, name, make, limit, created)
    titles |= {"memo": say("บันทึกข้อความ"), "appendix": say("บัญชีหลักฐาน")}
    order = ["memo", *(n for n in documents if n not in ("memo", "appendix")), "appendix"]
    return Papers(documents={n: documents[n] for n in order}, titles=titles, pdfs=pdfs)


def _fitting_cover(
    office: Office, name: str, make: Callable[[int], bytes], limit: int | None, created: datetime
) -> tuple[bytes, bytes]:
    """The summary with as much text as its sheets hold (a sheet is one printed page); SongthanError when none fits."""
    for letters in _SUMMARY_LETTERS:
        document = make(letters)
        pdf = office.converter.to_pdf({name: document}, at=created)[name]
        if limit is None or office.press.pages(pdf) <= limit:
            return document, pdf
    raise SongthanError(
        f"บทสรุปปะหน้ายาวเกิน {digits(limit)} แผ่น แม้ย่อข้อความแล้ว",
        where=name,
        remedy="ลดขนาดตัวอักษรหรือระยะห่างในแม่แบบบทสรุป (cover_template) แล้วให้ระบบจัดทำใหม่",
    )


class _Merged:
    """What the documents of one deadline are made from."""

    def __init__(
        self,
        office: Office,
        deadline: Deadline,
        answers: Mapping[str, Mapping[str, Answer]],
        exhibits: Sequence[Exhibit],
        scoring: Scoring | None,
    ) -> None:
        self._office, self._deadline, self._answers = office, deadline, answers
        self._exhibits, self._scoring = exhibits, scoring
        repeating = [f for f in deadline.forms if office.forms[f].repeat]
        rows = answers.get(repeating[0], {}) if repeating else {}
        fields = office.forms[repeating[0]].fields if repeating else ()
        self._table = merge_report(office.plan, deadline, rows, exhibits, fields=fields) if repeating else None
        self._percents = any(f.key == "percent" for f in fields)

    def report(self, spec: FormSpec) -> bytes:
        """The form as it is submitted: the merged table of a repeating form, else the form with its answers."""
        template = spec.report_template or spec.template
        context = self._table if spec.repeat and self._table is not None else self._whole(spec)
        return self._office.renderer.document(template=template, context=context)

    def _whole(self, spec: FormSpec) -> dict[str, object]:
        office, deadline = self._office, self._deadline
        rows = [r for r in office.ledger.assignment_rows(deadline.id) if r["form"] == spec.id]
        filled: dict[str, dict[str, dict[str, object]]] = {}
        for field_id, answer in self._answers.get(spec.id, {}).items():
            row, key = split_field_id(field_id)
            value = answer.value or ""
            if not row and any(f.key == key and f.kind == "evidence" for f in spec.fields):
                value = numbered(value, [e for e in self._exhibits if e.activity == spec.id])
            filled.setdefault(row, {})[key] = {"value": value, "carried": False}
        _dash_empty(spec, filled)
        words = score_words(self._scoring, office.rubric)
        assignment = office.ledger.as_assignment(rows[0])
        context = whole_context(office.plan, deadline, assignment, spec, filled, words, spare_rows=False)
        return {**context, "token": ""}

    def cover_maker(self, spec: FormSpec) -> Callable[[int], bytes]:
        """Renders the summary with at most so many letters of each result (0: all)."""
        context = self._whole(spec)
        rubric = self._office.rubric
        signer = self._office.plan.roster.member(self._office.plan.roster.director)

        def make(letters: int) -> bytes:
            criteria = [
                {
                    "number_th": digits(c.number),
                    "title": c.text,
                    "score_th": context["scores"][c.id],  # type: ignore[index]
                    "summary": _shortened(self._text(spec.id, f"{c.id}_result"), letters),
                    "evidence_th": self._evidence(spec.id, c.id),
                }
                for c in (rubric.criteria if rubric else ())
            ]
            more = {
                "criteria": criteria,
                "level_title": context["scores"].get("level_title", ""),  # type: ignore[attr-defined]
                "signer": {"name": signer.full_name, "position": signer.position},
            }
            return self._office.renderer.document(template=spec.cover_template, context={**context, **more})

        return make

    def _text(self, form: str, field: str) -> str:
        answer = self._answers.get(form, {}).get(field)
        return (answer.value if answer else None) or ""

    def _evidence(self, form: str, criterion: str) -> str:
        """«๓ รายการ»: the lines of a criterion's evidence; links count as one each."""
        text = self._text(form, f"{criterion}_evidence")
        count = max(len(items_in(text)), len(links_in(text)))
        return say("{count} รายการ", count=digits(count)) if count else "-"

    def memo(self, *, created: datetime, signer: Member, capacity: str) -> dict[str, object]:
        """The context of the covering memo (บันทึกข้อความ)."""
        organisation, roster = self._office.plan.organisation, self._office.plan.roster
        return {
            "organisation": plain_organisation(self._office.plan),
            "agency": say("{name} โทร. {phone}", name=organisation.name, phone=digits(roster.phone))
            if roster.phone
            else organisation.name,
            "number": digits(memo_number(self._office, self._deadline)),
            "date_th": day_words(created.date()),
            "subject": self._deadline.title,
            "to": organisation.addressee or organisation.parent,
            "paragraphs": [self._occasion(), *self._results()],
            "closing": say("จึงเรียนมาเพื่อโปรดทราบและพิจารณา"),
            "signer": {"name": signer.full_name, "position": signer.position},
            "acting": bool(capacity),
            "acting_as": capacity,
        }

    def _occasion(self) -> str:
        organisation, deadline = self._office.plan.organisation, self._deadline
        return say(
            "ตามที่{parent}กำหนดให้สำนัก/กลุ่มรายงานผลการดำเนินการตาม{plan_title} โดยให้จัดส่ง{title} ภายใน{external} นั้น",
            parent=organisation.parent,
            plan_title=organisation.plan_title,
            title=deadline.title,
            external=day_words(deadline.external, weekday=True),
        )

    def _results(self) -> list[str]:
        name = self._office.plan.organisation.name
        evidence = say(" พร้อมหลักฐาน {count} รายการ", count=digits(len(self._exhibits))) if self._exhibits else ""
        whole = [self._office.forms[f] for f in self._deadline.forms if not self._office.forms[f].repeat]
        paragraphs = []
        if whole:
            listed = " ".join(f"({digits(n)}) {spec.title}" for n, spec in enumerate(whole, 1))
            own = "" if self._table is not None else evidence
            paragraphs.append(
                say(
                    "{name}ได้จัดทำ{listed} เรียบร้อยแล้ว{own}{level} รายละเอียดปรากฏตามเอกสารที่แนบมาพร้อมนี้",
                    name=name,
                    listed=" " + listed if len(whole) > 1 else whole[0].title,
                    own=own,
                    level=self._level(),
                )
            )
        if self._table is not None:
            paragraphs += self._table_results(name, evidence)
        return paragraphs

    def _level(self) -> str:
        if self._scoring is None or self._office.rubric is None:
            return ""
        words = score_words(self._scoring, self._office.rubric)
        return say(
            " ผลการประเมินตนเองได้ {total} คะแนน อยู่ในระดับที่ {level} {level_title}",
            total=words["total"],
            level=words["level"],
            level_title=words["level_title"],
        )

    def _table_results(self, name: str, evidence: str) -> list[str]:
        table = self._table or {}
        footer, missing = table["footer"], table["missing"]
        asked = len(self._office.plan.activities_of(self._deadline))
        found = [
            say(
                "{name}ได้รวบรวมผลการดำเนินการจากผู้รับผิดชอบแล้ว จำนวน {reported} กิจกรรม จากทั้งหมด {planned} กิจกรรม{evidence} รายละเอียดปรากฏตามรายงานที่แนบมาพร้อมนี้",
                name=name,
                reported=digits(asked - len(missing)),
                planned=digits(asked),
                evidence=evidence,
            )
            if not self._percents
            else say(
                "{name}ได้รวบรวมผลการดำเนินการจากผู้รับผิดชอบแล้ว จำนวน {reported} กิจกรรม จากทั้งหมด {planned} กิจกรรม{evidence} ผลการดำเนินการในภาพรวมคิดเป็นระดับคะแนน {percent} (ค่าเฉลี่ยร้อยละของกิจกรรมที่ได้รับรายงาน) ในส่วนของแนวทางการดำเนินการตามมาตรการ ดำเนินการแล้วเสร็จ {finished} แนวทาง อยู่ระหว่างการดำเนินการ {underway} แนวทาง รายละเอียดปรากฏตามรายงานที่แนบมาพร้อมนี้",
                name=name,
                reported=digits(asked - len(missing)),
                planned=digits(asked),
                evidence=evidence,
                percent=footer["overall_percent_th"],
                finished=footer["finished_th"],
                underway=footer["underway_th"],
            ),  # type: ignore[index]
        ]
        if missing:
            found.append(say("ทั้งนี้ ยังไม่ได้รับรายงาน {count} กิจกรรม ตามที่ระบุไว้ท้ายรายงาน", count=digits(len(missing))))  # type: ignore[arg-type]
        return found


def _dash_empty(spec: FormSpec, filled: dict[str, dict[str, dict[str, object]]]) -> None:
    """What nobody had to answer is handed in as «-», not as a place still to be filled in."""
    rows = {"": spec.fields} | {r: spec.field(table[0]).columns for r in filled if (table := table_row(r))}
    for row, fields in rows.items():
        for item in fields:
            if item.kind in ("table", "signature", "choice", "yes_no"):
                continue
            entry = filled.setdefault(row, {}).setdefault(item.key, {"value": "", "carried": False})
            entry["value"] = entry["value"] or "-"


def _shortened(text: str, letters: int) -> str:
    """`text` cut after at most so many letters (0: not at all), and saying so: at a space where one is near, and never
    between a letter and the marks above or below it."""
    line = " ".join(text.split())
    if not letters or len(line) <= letters:
        return line
    while letters > 1 and unicodedata.category(line[letters]) == "Mn":
        letters -= 1
    cut, head = line[:letters], line[:letters].rpartition(" ")[0]
    return say("{text} … (รายละเอียดตามแบบ)", text=head if len(head) > letters // 2 else cut)
