"""What the bureau must submit: channels and deadlines made of the forms' boxes and of the members' own dates.

`external` is printed in a box; `internal` is the last date the members hand in on before it (a run of days close together
gives `internal_to` too). A form that is named in an activity's note and not printed («แบบ ๑») has that activity's date.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from difflib import SequenceMatcher
from typing import Any

from songthan.adapters.import_boxes import FoundForm
from songthan.adapters.import_cells import D, bare
from songthan.adapters.import_channels import channel_of
from songthan.domain.calendars import FiscalYears
from songthan.domain.import_notes import Notebook
from songthan.domain.thai import thai_date, to_thai_digits

__all__ = ["build_channels", "build_deadlines"]

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
#: members' dates this close to one another are one hand-in
_ONE_RUN = timedelta(days=3)
#: a members' date further before the external one belongs to something else
_NEAR = timedelta(days=45)
_NAMED = re.compile(rf"(แบบ(?!ฟอร์ม)[^()«»]{{4,160}}?)\s*\(\s*(แบบ(?:ที่)?\s*[{D}]{{1,2}})\s*\)")


def build_channels(forms: Sequence[FoundForm], notes: Notebook) -> dict[str, dict[str, Any]]:
    """`[channels.FORM]` of every form printed; what was only assumed is a doubt."""
    channels = {}
    for form in forms:
        channel, assumed = channel_of(form)
        channels[form.id] = channel
        for said in assumed:
            notes.doubt("assumed", form.id, said, form.place)
        if re.search("ระบบ\\s?สารบัญ", form.text):
            spot = next((b.place for b in form.boxes if "สารบัญ" in b.text), form.place)
            notes.doubt("slip", form.id, "«ระบบสารบัญ» อ่านเป็น «ระบบสารบรรณ»", spot)
        if not channel["registry"] and not channel["website"]:
            notes.ask(f"plan.toml [channels.{form.id}]", f"«{form.title}» ส่งทางใด เป็นไฟล์ชนิดใด", form.place)
        how = "สารบรรณ " + "+".join(channel["registry"]) + " เว็บไซต์ " + "+".join(channel["website"])
        notes.row("form", form.id, form.title, form.place, how)
        for box in form.boxes:
            notes.row("box", form.id, box.text, box.place)
    return channels


def build_deadlines(
    forms: Sequence[FoundForm],
    channels: dict[str, dict[str, Any]],
    activities: Sequence[Mapping[str, Any]],
    year: int,
    notes: Notebook,
) -> list[dict[str, Any]]:
    """`[[deadlines]]` in the order of their dates; «official» adds its own channel to `channels`."""
    handed_in = sorted({d["due"] for a in activities for d in a["deliverables"] if d["due"]})
    tail = f"ประจำปีงบประมาณ พ.ศ. {to_thai_digits(year)}"
    built = [
        *_quarterly(forms, handed_in, year, tail, notes),
        *_single(forms, activities, handed_in, year, tail, notes),
    ]
    built += _named_only(channels, activities, year, tail, notes)
    if not built:
        notes.ask("plan.toml [[deadlines]]", "ไม่พบกรอบกำหนดส่งของแบบใด หน่วยงานต้องส่งแบบใด เมื่อใด")
    for form in forms:
        if not any(form.id in d["forms"] for d in built):
            notes.ask("plan.toml [[deadlines]]", f"«{form.title}» ต้องส่งเมื่อใด ไม่พบวันในแผน", form.place)
    built.sort(key=lambda d: (d["external"], d["kind"] != "quarterly"))
    for d in built:
        until = d.get("internal_to", d["internal"])
        when = f"สมาชิกส่งถึง {thai_date(until) if until else '(ยังไม่ทราบ)'} หน่วยงานส่งภายใน {thai_date(d['external'])}"
        notes.row("deadline", d["id"], d["title"], d["source"], f"แบบ {', '.join(d['forms']).upper()}", when)
    return built


def _quarterly(
    forms: Sequence[FoundForm], handed_in: Sequence[date], year: int, tail: str, notes: Notebook
) -> list[dict[str, Any]]:
    built = []
    before = FiscalYears().days(year - 1)[1]
    spots = [(day, q, form, box) for form in forms for box in form.boxes for q, day in box.quarters.items()]
    for day, quarter, form, box in sorted(spots, key=lambda s: (s[0], s[1])):
        key = f"{year}-q{quarter}"
        if any(b["id"] == key for b in built):
            notes.doubt("two-dates", key, f"ไตรมาสที่ {to_thai_digits(quarter)} มีสองวัน", box.place)
            continue
        if not _in_quarter(day, quarter, year):
            notes.doubt(
                "date",
                key,
                f"วันส่ง {to_thai_digits(day.isoformat())} ไม่อยู่ในหรือหลังไตรมาสที่ {to_thai_digits(quarter)}",
                box.place,
            )
        subject = re.sub("^แบบ", "", form.title).split(" ")[0]
        built.append(
            {
                "id": key, "title": f"{subject} ไตรมาสที่ {to_thai_digits(quarter)} {tail}", "kind": "quarterly",
                "quarter": quarter, "forms": [form.id], **_internal(day, handed_in, key, notes, box.place, before),
                "external": day, "activities": "all", "source": box.place,
            }
        )  # fmt: skip
        before = day
    return built


def _in_quarter(day: date, quarter: int, year: int) -> bool:
    """A quarter's report is due within it (near its end) or in the two months after."""
    start, _ = FiscalYears().quarter_days(year, quarter)
    return start + timedelta(days=45) <= day <= start + timedelta(days=155)


def _internal(
    external: date, handed_in: Sequence[date], key: str, notes: Notebook, place: str, after: date | None = None
) -> dict[str, date | str]:
    before = [d for d in handed_in if d <= external and external - d <= _NEAR and (after is None or d > after)]
    if not before:
        notes.ask(
            f"plan.toml [[deadlines]] {key} internal", "สมาชิกต้องส่งภายในวันใด (ไม่พบวันส่งเอกสารก่อนวันส่งของหน่วยงาน)", place
        )
        return {"internal": ""}
    run = [before[-1]]
    for day in reversed(before[:-1]):
        if run[0] - day > _ONE_RUN:
            break
        run.insert(0, day)
    return {"internal": run[0], **({"internal_to": run[-1]} if len(run) > 1 else {})}


def _single(
    forms: Sequence[FoundForm],
    activities: Sequence[Mapping[str, Any]],
    handed_in: Sequence[date],
    year: int,
    tail: str,
    notes: Notebook,
) -> list[dict[str, Any]]:
    """Deadlines that are no quarter's: forms of one date are one deadline, a review of one's own stands alone."""
    by_day: dict[tuple[date, str], list[tuple[FoundForm, str]]] = {}
    rounds: dict[tuple[date, str], int] = {}
    for form in forms:
        for box in form.boxes:
            for n, day in enumerate(sorted(box.rounds.values()), 1):
                rounds[day, form.id] = n
                by_day.setdefault((day, form.id), []).append((form, box.place))
    for first in (True, False):
        for form in forms:
            days = [b.external for b in form.boxes if b.external] if first else [b.extra for b in form.boxes if b.extra]
            if days:
                alone = form.id if first and _is_review(form) else ""
                spot = next(b.place for b in form.boxes if b.external or b.extra)
                by_day.setdefault((min(days), alone), []).append((form, spot))
    built = []
    for (day, alone), found in sorted(by_day.items()):
        turn = rounds.get((day, alone))
        key = f"{year}-review" if alone and not turn else f"{year}-{_MONTHS[day.month - 1]}"
        key = key if all(b["id"] != key for b in built) else f"{key}-{day.day}"
        place = ", ".join(dict.fromkeys(p for _, p in found))
        form = found[0][0]
        mine = _activities_of(form, activities) if len(found) == 1 else []
        if mine:
            said = f"«{form.title[:60]}» เชื่อมกับกิจกรรม {to_thai_digits(', '.join(mine))} ด้วยถ้อยคำที่ตรงกัน"
            notes.doubt("assumed", key, said, place)
        dues = [
            d["due"] for a in activities if a["id"] in mine for d in a["deliverables"] if d["due"] and d["due"] <= day
        ]
        prize = next((m[0] for f, _ in found if (m := re.search("(?:พิจารณา|ส่วนหนึ่งของ)", f.text))), "")
        title = re.sub("^แบบ", "", form.title).partition(" ประจำปีงบประมาณ")[0]
        title += f" รอบที่ {to_thai_digits(turn)}" if turn else ""
        built.append(
            {
                "id": key, "title": f"{title} {tail}", "kind": "review" if _is_review(form) and alone else "annual",
                "forms": list(dict.fromkeys(f.id for f, _ in found)),
                **_internal(day, sorted(set(dues)) or handed_in, key, notes, place), "external": day,
                "activities": mine or "all", "source": place, **({"short": _short(form, year)} if alone or prize else {}),
            }
        )  # fmt: skip
    return built


def _is_review(form: FoundForm) -> bool:
    return "ทบทวน" in form.title


def _short(form: FoundForm, year: int) -> str:
    word = "ทบทวน" if _is_review(form) else "รายงานประจำปี"
    return f"{word} ปี {to_thai_digits(year)}"


def _activities_of(form: FoundForm, activities: Sequence[Mapping[str, Any]]) -> list[str]:
    """The one activity whose title shares the longest run of words with the form's (18 letters or more), if one leads."""
    title = re.sub(r"[“”\"]", "", bare(form.title))
    runs = []
    for a in activities:
        other = re.sub(r"[“”\"]", "", bare(a["title"]))
        match = SequenceMatcher(None, title, other, autojunk=False).find_longest_match()
        runs.append((match.size, a["id"]))
    runs.sort(reverse=True)
    if not runs or runs[0][0] < 18 or (len(runs) > 1 and runs[1][0] >= runs[0][0]):
        return []
    return [runs[0][1]]


def _named_only(
    channels: dict[str, dict[str, Any]], activities: Sequence[Mapping[str, Any]], year: int, tail: str, notes: Notebook
) -> list[dict[str, Any]]:
    """Forms an activity's notes name by a number and the plan does not print: one deadline on that activity's date."""
    built: list[dict[str, Any]] = []
    for a in activities:
        named = [(m[1].strip(), m[2]) for n in [*a["notes"], *a["documents"]] for m in _NAMED.finditer(n)]
        if not named:
            continue
        part = _nearest_part(named[0][0], a)
        if not part["due"]:
            continue
        form = "official" if "official" not in channels else f"official-{a['id']}"
        place = next((f.place for f in notes.found if f.kind == "activity" and f.id == a["id"]), "")
        titles = [f"{title} ({mark})" for title, mark in named]
        channels[form] = {
            "short": " และ".join(mark for _, mark in named), "title": " และ".join(titles), "registry": ["word", "pdf"],
            "website": [], "evidence": True, "pictures": False, "signed_by": "director",
        }  # fmt: skip
        said = (
            "แบบนี้ถูกกล่าวถึงแต่มิได้พิมพ์ไว้ในแผน ถือว่าส่งทางสารบรรณเป็น WORD และ PDF พร้อมเอกสารแนบ และใช้วันเดียวกันทั้งภายในและภายนอก"
        )
        notes.doubt("assumed", form, said, place)
        marks = " และ".join(mark for _, mark in named)
        built.append(
            {
                "id": f"{year}-{form}", "title": f"{named[0][0]} ({marks})".partition("ประจำปีงบประมาณ")[0].strip() + f" {tail}",
                "short": marks, "kind": "official", "forms": [form], "internal": part["due"], "external": part["due"],
                "activities": [a["id"]], "source": place,
            }
        )  # fmt: skip
    return built


def _nearest_part(title: str, activity: Mapping[str, Any]) -> Mapping[str, Any]:
    """The deliverable whose title shares most with the form's."""

    def near(d: Mapping[str, Any]) -> int:
        match = SequenceMatcher(None, bare(title), bare(d["title"]), autojunk=False)
        return sum(b.size for b in match.get_matching_blocks() if b.size > 5)

    return max(activity["deliverables"], key=near)
