"""What a member types: official Thai sentences, the same every time for (seed, member, deadline, activity, field).

Styles change the tone: «short» (one line, for those who print), «tricky» (what breaks careless programs), «evidence»
(the evidence cell names an attached file), «forged» (the stranger's). A mistake spoils the first activity only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random

from songthan.practice.cast import script
from songthan.practice.cast.filler import FIRST_BOX
from songthan.practice.cast.people import CastError
from songthan.practice.cast.script import digits, tell

THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
KINDS = {
    "percent": "percent", "done": "text", "output_reached": "choice", "outcome_reached": "choice",
    "evidence": "evidence", "note": "text",
}  # fmt: skip
_COUNTS = ("percent", "count", "persons", "number", "headcount", "topics", "channels")
# a corrector's first attempt: the mistake, the field it spoils, what stands there then
MISTAKES_TYPED = (("empty", "done", ""), ("percent", "percent", "๑๒๐"), ("no_reason", "note", ""))
PERCENTS = ("40", "55", "60", "65", "72.5", "75", "80", "85", "87.25", "90", "95", "100")
FIRST = (
    "จัดประชุมคณะทำงานเพื่อกำหนดแนวทางการดำเนินกิจกรรม เมื่อวันที่ {day} {month} ๒๕๖๖ มีผู้เข้าร่วม {n} คน",
    "ดำเนินการจัดทำร่างเอกสารและเสนอผู้อำนวยการสำนักพิจารณาให้ความเห็นชอบแล้ว เมื่อวันที่ {day} {month} ๒๕๖๖",
    "จัดกิจกรรมตามแผนโดยมีข้าราชการและพนักงานราชการเข้าร่วม {n} คน จากทั้งหมด {head} คน",
    "รวบรวมข้อมูลจากทุกกลุ่มงานและสรุปผลการดำเนินงานเรียบร้อยแล้ว จำนวน {k} ฉบับ",
    "ประชุมชี้แจงบุคลากรในสำนักให้รับทราบและร่วมกันลงนามในประกาศเจตนารมณ์ จำนวน {n} คน",
)
SECOND = (
    "เผยแพร่ประชาสัมพันธ์ทางกลุ่มไลน์ของสำนักและเว็บไซต์ภายในหน่วยงาน",
    "ประเมินความพึงพอใจของผู้เข้าร่วมกิจกรรม ได้คะแนนเฉลี่ย ๔.{k}๕ จากคะแนนเต็ม ๕",
    "มอบหมายให้กลุ่มงานที่เกี่ยวข้องนำไปปฏิบัติและติดตามผลทุกเดือน",
    "จัดทำรายงานการประชุมและเวียนให้คณะทำงานรับรองแล้ว",
)
THIRD = ("อยู่ระหว่างสรุปผลเพื่อนำเสนอที่ประชุมครั้งถัดไป", "กำหนดดำเนินการส่วนที่เหลือภายในเดือน{month}", "")
LINKS = (
    "https://www.facebook.example/ThaiForeignBureau/posts/{n}{k}", "https://intranet.example/news/2566/{n}",
    "บันทึกข้อความ ที่ สว ๐๐๑๒.{k}/{n} ลงวันที่ {day} {month} ๒๕๖๖", "รายงานการประชุมคณะทำงาน ครั้งที่ {k}/๒๕๖๖",
    "ภาพถ่ายกิจกรรม จำนวน {n} ภาพ", "https://drive.example/folder/ita-{n}?usp=sharing",
)  # fmt: skip
# the months a deadline's report speaks of, the month by which the rest is to be done, and from where its percents start
SEASONS = {
    "2566-q3": (("เมษายน", "พฤษภาคม"), "กรกฎาคม", 3), "2566-july": (("พฤษภาคม", "มิถุนายน"), "กันยายน", 5),
    "2566-q4": (("กรกฎาคม", "สิงหาคม"), "กันยายน", 8),
}  # fmt: skip
FIRST_SEASON = (("มกราคม", "กุมภาพันธ์"), "มิถุนายน", 0)
NOTES = ("", "", "", "ดำเนินการต่อเนื่องตลอดปีงบประมาณ", "อยู่ระหว่างรวบรวมหลักฐานเพิ่มเติม", "ขอปรับกำหนดการเป็นไตรมาสถัดไป")
REASONS = (
    "ยังไม่ถึงกำหนดเวลาตามแผน คาดว่าจะแล้วเสร็จภายในเดือน{rest} ๒๕๖๖",
    "วิทยากรติดภารกิจต่างประเทศ จึงเลื่อนกิจกรรมออกไปหนึ่งเดือน",
    "อยู่ระหว่างเก็บแบบสอบถามให้ครบตามจำนวน จำเป็นต้องขยายเวลา",
)
TRICKY = (
    "{{ 7*7 }} และ {% raw %} ต้องคงอยู่ตามเดิม ไม่ใช่คำสั่ง\nเครื่องหมาย & < > \" ' และ &amp; กับ <w:t>ทดสอบ</w:t>",
    "ทำน้ำใสให้ชุมชน ค่ำคืนนี้น้ำค้างพร่ำ กำหนดการลำดับที่ ๑๒,๓๔๕.๖๗ บาท\n\n☑ ดำเนินการแล้ว ☐ ยังไม่ดำเนินการ",
    "${jndi} {# หมายเหตุ #} =SUM(A1:A9) %s \\n C:\\temp\\รายงาน.docx",
)
TRICKY_LONG = (
    "ผู้เข้าร่วมกิจกรรมได้แลกเปลี่ยนความคิดเห็นเกี่ยวกับการส่งเสริมคุณธรรมในองค์กรอย่างกว้างขวาง"
    "ทั้งด้านความพอเพียง วินัย สุจริต จิตอาสา และกตัญญู โดยเห็นพ้องว่าต้องทำซ้ำและทำต่อเนื่อง "
)
TRICKY_EVIDENCE = (
    "https://intranet.example/search?q=a&b=<c>&d={{e}}\nรายงาน \"ฉบับที่ ๑\" & 'ฉบับที่ ๒'",
    "ลิงก์ https://www.facebook.example/p/น้ำใจ?x=1&y=2#ตอนที่-๑",
)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What goes into one field: `typed` as it is typed («yes»/«no» for a box), `numeric` what a percent means."""

    typed: str
    kind: str
    numeric: str | None = None


def compose(
    *, seed: int, member: str, deadline: str, fields: Iterable[str], style: str = "", mistake: str = "",
    spoiled: bool = False, headcount: int = 48, evidence_file: str = "",
) -> dict[str, Typed]:  # fmt: skip
    """The answers to `fields` (ids like «1.7(1).percent»). `mistake` shapes the first activity; `spoiled` makes it."""
    kinds = fields if isinstance(fields, Mapping) else {}
    by_activity: dict[str, list[str]] = {}
    for name in fields:
        activity, _, key = name.rpartition(".")
        if key not in KINDS and name not in kinds:
            raise CastError(f"field {name}: nobody in the cast knows what to type into «{key}»")
        by_activity.setdefault(activity, []).append(key)
    found: dict[str, Typed] = {}
    for place, (activity, keys) in enumerate(by_activity.items()):
        base = f"{seed}|{member}|{deadline}|{activity}|{style}"
        values = _activity(base, deadline=deadline, style=style, headcount=headcount)
        if place == 0:
            _first(values, deadline=deadline, mistake=mistake, spoiled=spoiled, evidence_file=evidence_file)
        for key in keys:
            name = f"{activity}.{key}".removeprefix(".")
            found[name] = values[key] if key in values else _unknown(Random(f"{base}|{key}"), key, kinds[name])
    return found


def _unknown(chance: Random, key: str, kind: str) -> Typed:
    """For a field nobody in the cast has heard of: the first box, a number where its name asks for one, else a word."""
    if kind == "choice":
        return Typed(typed=FIRST_BOX, kind="choice")
    said = script.answer(chance, key, kind)
    if said is None:
        said = "1" if any(word in key for word in _COUNTS) else tell("จัดแล้ว")
    return Typed(typed=said, kind="text")


def _activity(base: str, *, deadline: str, style: str, headcount: int) -> dict[str, Typed]:
    if style == "short":
        return _short(base)
    values = {key: _scripted(base, key) or _field(Random(f"{base}|{key}"), key, headcount, deadline) for key in KINDS}
    if style == "forged":
        values["percent"] = Typed(typed=digits(100), kind="percent", numeric="100")
        values["done"] = Typed(typed=tell("แล้วเสร็จทุกรายการ ไม่ต้องตรวจสอบเพิ่มเติม (ข้อมูลจากผู้แอบอ้าง)"), kind="text")
        values["output_reached"] = values["outcome_reached"] = Typed(typed="yes", kind="choice")
    if style == "tricky":
        chance = Random(f"{base}|tricky")
        long = "\n" + (TRICKY_LONG * 9).strip()
        values["done"] = Typed(typed=chance.choice(TRICKY) + long, kind="text")
        values["evidence"] = Typed(typed=chance.choice(TRICKY_EVIDENCE), kind="evidence")
        values["note"] = Typed(typed=TRICKY[chance.randrange(3)], kind="text")
    elif "no" in (values["output_reached"].typed, values["outcome_reached"].typed):
        values["note"] = _why_not(Random(f"{base}|reason"), deadline)
    return values


def _short(base: str) -> dict[str, Typed]:
    # one line a cell: what a PDF's table can be read back from without guessing at line ends
    percent = Random(f"{base}|percent").choice(("80", "90", "100"))
    return {
        "percent": Typed(typed=digits(percent), kind="percent", numeric=percent),
        "done": Typed(typed=tell(Random(f"{base}|done").choice(("จัดแล้ว", "ทำแล้ว", "เสร็จแล้ว"))), kind="text"),
        "output_reached": Typed(typed="yes", kind="choice"),
        "outcome_reached": Typed(typed="yes", kind="choice"),
        "evidence": Typed(typed=tell("ไม่มี"), kind="evidence"),
        "note": Typed(typed="", kind="text"),
    }


def _reason(text: str, deadline: str) -> str:
    return text.format(rest=SEASONS.get(deadline, FIRST_SEASON)[1])


def _first(values: dict[str, Typed], *, deadline: str, mistake: str, spoiled: bool, evidence_file: str) -> None:
    if evidence_file:
        values["evidence"] = Typed(typed=evidence_file, kind="evidence")
    if mistake == "no_reason":
        values["output_reached"] = Typed(typed="no", kind="choice")
        values["note"] = Typed(typed="", kind="text") if spoiled else _why_not(None, deadline)
    elif mistake == "empty" and spoiled:
        values["done"] = Typed(typed="", kind="text")
    elif mistake == "percent" and spoiled:
        values["percent"] = Typed(typed=digits(120), kind="percent", numeric="120")


def _scripted(base: str, key: str) -> Typed | None:
    """What another office's script lists for this field."""
    said = script.answer(Random(f"{base}|{key}"), key)
    if said is None:
        return None
    numeric = "".join(c for c in said if c.isdigit() or c == ".") if KINDS[key] == "percent" else None
    return Typed(typed=said, kind=KINDS[key], numeric=numeric)


def _why_not(chance: Random | None, deadline: str) -> Typed:
    """Why something is not there yet: one by chance, or the first."""
    said = script.answer(chance or Random("reason"), "reason")
    return Typed(typed=said or _reason(chance.choice(REASONS) if chance else REASONS[0], deadline), kind="text")


def _field(chance: Random, key: str, headcount: int, deadline: str) -> Typed:
    months, _, least = SEASONS.get(deadline, FIRST_SEASON)
    facts = {
        "day": str(chance.randint(4, 28)).translate(THAI), "month": chance.choice(months),
        "n": str(chance.randint(21, max(22, headcount - 4))).translate(THAI), "head": str(headcount).translate(THAI),
        "k": str(chance.randint(1, 5)).translate(THAI),
    }  # fmt: skip
    if key == "percent":
        number = chance.choice(PERCENTS[least:])
        form = chance.choice(("{thai}", "{thai}", "{number}", "ร้อยละ {thai}", "{thai}%"))
        typed = form.format(thai=number.translate(THAI), number=number)
        return Typed(typed=typed, kind="percent", numeric=number)
    if key in ("output_reached", "outcome_reached"):
        return Typed(typed="no" if chance.random() < 0.2 else "yes", kind="choice")
    if key == "done":
        lines = [chance.choice(FIRST), *(chance.choice(group) for group in (SECOND, THIRD) if chance.random() < 0.6)]
        return Typed(typed="\n".join(line.format(**facts) for line in lines if line), kind="text")
    if key == "evidence":
        if chance.random() < 0.15:
            return Typed(typed=chance.choice(("", "-", "ไม่มี")), kind="evidence")
        items = chance.sample(LINKS, chance.randint(1, 3))
        return Typed(typed="\n".join(_ascii_link(item.format(**facts)) for item in items), kind="evidence")
    return Typed(typed=chance.choice(NOTES), kind="text")


def _ascii_link(item: str) -> str:
    return item.translate(str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")) if item.startswith("https://") else item
