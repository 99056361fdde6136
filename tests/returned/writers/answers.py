"""What members of an invented office write into the forms: (as typed, as meant). Meant was written down by hand."""

from __future__ import annotations

from collections.abc import Mapping

from writers.paper import choice_values

__all__ = ["DATES", "NUMBERS", "PARSED", "PERCENTS", "TEXTS", "usual"]

#: Kinds whose value is not the text itself.
PARSED = frozenset({"percent", "number", "count", "date"})
PERCENTS = (
    ("๗๒.๕", "72.5"), ("100", "100"), ("ร้อยละ ๘๐", "80"), ("95%", "95"), ("１００", "100"), ("๙๐ %", "90"),
    ("ร้อยละ 66.67", "66.67"), ("\u200b๘๕\u00a0", "85"), ("๐", "0"), ("ร้อยละ ๙๗.๒๕", "97.25"), ("45.50", "45.5"),
    ("ร้อยละ๖๐", "60"), ("๓๓ เปอร์เซ็นต์", "33"), ("5", "5"),
)  # fmt: skip
NUMBERS = (
    ("๓๙ คน", "39"), ("12", "12"), ("๔๕", "45"), ("４８", "48"), ("จำนวน ๒๐ คน", "20"), ("7 เรื่อง", "7"),
    ("๐", "0"), ("๑๘", "18"), ("33 คน", "33"), ("\u00a0๒๕\u200b", "25"),
)  # fmt: skip
DATES = (
    ("๑๐ มีนาคม ๒๕๖๖", "2023-03-10"), ("5 เม.ย. 2566", "2023-04-05"), ("๑ ก.พ. ๒๕๖๖", "2023-02-01"),
    ("วันที่ ๒๗ กรกฎาคม พ.ศ. ๒๕๖๖", "2023-07-27"),
)  # fmt: skip
DONE = (
    "จัดกิจกรรมปลุกจิตสำนึกครั้งที่ ๑ เมื่อวันที่ ๑๐ มกราคม ๒๕๖๖ มีผู้เข้าร่วม ๔๒ คน",
    "ดำเนินการแล้วเสร็จตามแผน",
    "ประชุมคณะทำงาน ๒ ครั้ง\nครั้งที่ ๑ กำหนดคุณธรรมเป้าหมาย “ซื่อสัตย์ & โปร่งใส”\nครั้งที่ ๒ สรุปผล",
    "ทำความสะอาดห้องสมุดชุมชน ณ วัดน้ำใสใจดี และบริจาคหนังสือ 120 เล่ม ฯลฯ",
    "อยู่ระหว่างดำเนินการ (รอผลสำรวจจากสำนักอื่น ๆ)",
    "เผยแพร่ทาง Facebook/LINE ของสำนัก <b>๓ ช่องทาง</b> ระหว่าง ก.พ.–มี.ค. 66",
)
EVIDENCE = (
    "รายงานผลการดำเนินงาน.pdf", "ไม่มี", "-", "https://example.test/ภาพ?a=1&b=2", "ภาพกิจกรรม ๑.jpg\nสรุปผล_ฉบับแก้ไข(2).docx",
    "รายงานการประชุม ครั้งที่ ๒/๒๕๖๖",
)  # fmt: skip
NOTES = ("รอผลสำรวจ", "ไม่มี", "-", "เลื่อนไปไตรมาส ๓ เนื่องจากงบประมาณยังไม่ได้รับ", "", "ส่วนที่เหลือทำใน เม.ย. ๖๖")
NAMES = ("นายสมหวัง ตัวอย่างดี", "ชำนาญการพิเศษ", "๐ ๒๑๒๓ ๔๕๖๗ ต่อ 89", "เลขที่ ๙ ถนนสมมุติ", "รองหัวหน้ากลุ่มงาน", "น.ส.น้ำทิพย์ ใจงาม")
SHORT = ("ทำแล้ว", "เสร็จครบ", "รอสรุป", "จัดแล้ว", "น้ำใจดี", "กำลังทำ")
TEXTS = (
    "ส่งเสริมให้บุคลากรยึดมั่นในความซื่อสัตย์สุจริต", "ตรงต่อเวลา ไม่ขาดประชุม", "พูดจาไพเราะ มีน้ำใจต่อเพื่อนร่วมงาน & ผู้มาติดต่อ",
    "๑) ลดการใช้กระดาษ\n๒) ปิดไฟเมื่อไม่ใช้", "ไม่รับของขวัญทุกรูปแบบ (No Gift Policy)", "ประชุมระดมความเห็นเมื่อ ๑๒ ธ.ค. ๖๕",
    "กลุ่มงานที่ ๑ และกลุ่มงานที่ ๒ ร่วมกันจัดทำ", "ใช้เวลาราชการให้คุ้มค่า", "เผยแพร่ในกลุ่ม LINE ของสำนัก", "-",
)  # fmt: skip


def _f3(key: str, turn: int, plain: bool) -> tuple[str, str | None]:
    column = key.rpartition(".")[2]
    if column == "percent":
        return PERCENTS[turn % len(PERCENTS)]
    if column in ("output_reached", "outcome_reached"):
        return ("yes" if (turn + len(column)) % 4 else "no"), None
    if plain:
        return (SHORT[turn % len(SHORT)] if column != "evidence" else ("-", "ไม่มี")[turn % 2]), None
    # A reason stands in every note, so that nothing but the reading is tried here.
    texts = {"done": DONE, "evidence": EVIDENCE, "note": NOTES[:4] if not turn % 3 else ("รอผลสำรวจ", "ทำต่อไตรมาสหน้า")}[
        column
    ]
    return texts[turn % len(texts)], None


def _other(kind: str, turn: int, *, plain: bool, roomy: bool) -> tuple[str, str | None]:
    given = {"percent": PERCENTS, "number": NUMBERS, "count": NUMBERS, "date": DATES}.get(kind)
    if given is not None:
        return given[turn % len(given)]
    if kind == "evidence":
        texts = EVIDENCE if roomy and not plain else EVIDENCE[:3]
    else:
        texts = TEXTS if roomy and not plain else NAMES
    return texts[turn % len(texts)], None


def usual(
    form: str, kinds: Mapping[str, str], turn: int, *, plain: bool = False, roomy: frozenset[str] = frozenset()
) -> dict[str, tuple[str, str | None]]:
    """An answer for every field (of a growing table's, three rows): key → (typed, meant); the same turn, the same answers.

    `roomy` are the fields in which more than a few words have room.
    """
    out: dict[str, tuple[str, str | None]] = {}
    for n, (key, kind) in enumerate(kinds.items()):
        if form == "f3":
            out[key] = _f3(key, turn + n * 5 // 6, plain)
        elif "[4]" in key or "[5]" in key:
            continue
        elif kind in ("choice", "yes_no"):
            values = choice_values(form, key)
            out[key] = (values[(turn + n) % len(values)], None)
        else:
            out[key] = _other(kind, turn + n, plain=plain, roomy=key in roomy)
    for key in [k for k in out if form == "f3" and k.endswith(".note")]:
        row = key.rpartition(".")[0]
        # What is not reached needs a reason; that check is tried elsewhere.
        if "no" in (out[f"{row}.output_reached"][0], out[f"{row}.outcome_reached"][0]) and len(out[key][0]) < 6:
            out[key] = ("รอผลสำรวจ" if not plain else "รอ", None)
    return out
