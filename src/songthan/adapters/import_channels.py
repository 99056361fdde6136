"""How a form is submitted, read off the words of its box: file kinds by the registry and by the website, what goes with it."""

from __future__ import annotations

import re

from songthan.adapters.import_boxes import FoundForm
from songthan.adapters.import_cells import D, numbers

__all__ = ["channel_of"]

_FULL = re.compile(rf"คะแนนเต็ม\s*([{D}]+)")
_WEB = re.compile(
    r"(?:และ)?\s*(?:นำ|ให้นำ)?(?:ลง|ขึ้น|เผยแพร่|อัปโหลด)?\s*(?:บน|ใน|ทาง)?\s*(?:ระบบ)?(?:เว็บไซต์|เว็ปไซต์|website)", re.I
)
_NO_WEB = re.compile(r"(?:ไม่ต้อง|ไม่|มิต้อง|งด)\S{0,12}\s?(?:ลง|ขึ้น|เผยแพร่|ส่ง)?\s?(?:ระบบ)?\s?(?:เว็บไซต์|เว็ปไซต์)")


def formats(text: str) -> list[str]:
    """«word» and «pdf», as named in `text`."""
    found = []
    if re.search("word|เวิร์ด|docx", text, re.I):
        found.append("word")
    if re.search("pdf|พีดีเอฟ", text, re.I):
        found.append("pdf")
    return found


def channel_of(form: FoundForm) -> tuple[dict[str, object], list[str]]:
    """The form's channel table and what was only assumed about it (Thai)."""
    text = form.text
    assumed: list[str] = []
    web = _WEB.search(text)
    no_web = _NO_WEB.search(text)
    if no_web:
        first, website = text, []
    elif web:
        first, after = text[: web.start()], text[web.end() :]
        website = formats(after)
        if not website:
            website = formats(first) or ["pdf"]
            assumed.append("เว็บไซต์: มิได้ระบุชนิดไฟล์หลังคำว่าเว็บไซต์")
    else:
        first, website = text, []
    by_registry = bool(re.search("สารบรรณ|สารบัญ", text))
    # the kinds of files are the website's where nothing else is named
    registry = formats(first) if by_registry or not website else []
    if registry and not re.search("สารบรรณ|สารบัญ", text):
        assumed.append("ช่องทาง: ระบุชนิดไฟล์แต่มิได้ระบุว่าส่งทางใด ถือว่าส่งทางสารบรรณ")
    if re.search("สารบรรณ|สารบัญ", text) and not registry:
        registry = ["word", "pdf"]
        assumed.append("สารบรรณ: มิได้ระบุชนิดไฟล์ ถือเป็น WORD และ PDF")
    if not form.signs:
        assumed.append("ผู้ลงนาม: มิได้พิมพ์ไว้ ถือว่าผู้อำนวยการลงนามทุกฉบับ")
    channel: dict[str, object] = {
        "title": form.title,
        "registry": registry,
        "website": website,
        "evidence": bool(re.search("หลักฐาน", first)),
        "pictures": bool(re.search(r"ไฟล์\s?(?:รูป(?!แบบ)|ภาพ)|รูปภาพ|ภาพถ่าย|พร้อม\s?(?:รูป(?!แบบ)|ภาพ)", text)),
        "signed_by": "director",
    }
    if form.cover_max_sheets:
        channel["cover_max_sheets"] = form.cover_max_sheets
    if full := _FULL.search(text):
        channel["full_marks"] = numbers(full[1])[0]
    return channel, assumed
