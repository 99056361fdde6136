"""Letters: every kind renders to whole Thai letters, and nothing a member writes can change a letter's shape."""

from __future__ import annotations

import copy
import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from songthan.adapters.mail_texts import KINDS, PRACTICE_LINE, SUBJECT_LIMIT, MailTexts
from songthan.domain.errors import RenderError
from songthan.domain.language import THAI, use

FOLDER = Path(__file__).parents[2] / "templates" / "mail"
TEXTS = MailTexts(FOLDER)

COMMON = {
    "organisation": {"name": "สำนักงานตัวอย่าง", "parent": "กรมสมมุติ"},
    "secretary": {"full_name": "นางสาวขวัญข้าว ทองทุ่ง", "position": "นักวิชาการชำนาญการ", "phone": "๐ ๒๑๒๓ ๔๕๖๗"},
    "practice": False,
}
MEMBER = {
    "member": {"full_name": "นายต้นน้ำ เรืองไพร"},
    "deadline": {
        "title": "รายงานไตรมาสที่ ๒",
        "internal_th": "วันพุธที่ ๑๕ มีนาคม ๒๕๖๖",
        "external_th": "๒๐ มีนาคม ๒๕๖๖",
    },
    "activities": [{"number": "๑.๗ (๑)", "title": "จัดประชุม"}, {"number": "๒.๑", "title": "เผยแพร่สื่อ"}],
    "forms": [],
    "token": "ST-7K3D-9QXA-M2PV",
    "file_name": "แบบรายงาน.docx",
}
COMMANDS = {"commands": [{"command": "songthan hold show 12", "meaning": "ดูรายละเอียด"}]}
NOTICE = {
    **{k: v for k, v in MEMBER.items() if k not in ("member", "file_name")},
    "kind": "reminder",
    "days_left": 2,
    "step": "near",
    "correcting": False,
    "overdue": False,
    "file_names": [],
    "on_behalf_of": None,
    "other": "นางเดือนเพ็ญ แสงจันทร์",
    "until_th": "วันศุกร์ที่ ๑๗ มีนาคม ๒๕๖๖",
    "owing": [{"full_name": "นายต้นน้ำ เรืองไพร", "numbers": ["๑.๑", "๒.๑"], "forms": [], "correcting": False}],
}
KINDS_OF_NOTICE = ("request", "deputy", "back", "reminder", "away", "relieved", "escalation")
CONTEXTS: dict[str, dict] = {
    "duties": {
        "member": MEMBER["member"],
        "file_names": ["แบบรายงาน.docx"],
        "acting": False,
        "signs": True,
        "notices": [{**NOTICE, "kind": kind, "on_behalf_of": "นายสมมติ ใจดี" if kind == "deputy" else None} for kind in KINDS_OF_NOTICE],
    },
    "sign": {"member": MEMBER["member"], "acting": False, "signs": True, "notices": [NOTICE, NOTICE]},
    "receipt_request": {"member": {"full_name": "งานสารบรรณกลาง"}, "notices": [NOTICE]},
    "request": {**MEMBER, "file_names": ["แบบรายงาน.docx"], "days_left": 5, "on_behalf_of": "นางเดือนเพ็ญ แสงจันทร์", "until_th": None},
    "reminder": {**MEMBER, "days_left": 3, "step": "early", "correcting": False, "on_behalf_of": None},
    "please_correct": {
        **MEMBER,
        "days_left": 3,
        "problems": ["กิจกรรม ๑.๗ (๑) โปรดระบุร้อยละระหว่าง ๐ ถึง ๑๐๐"],
        "accepted": ["กิจกรรม ๒.๑"],
    },
    "receipt": {
        **MEMBER,
        "accepted_at_th": "๑๔ มีนาคม ๒๕๖๖ เวลา ๑๐.๓๐ น.",
        "activities_count": 2,
        "form_title": "แบบรายงาน",
        "corrected": False,
    },
    "director": {
        "director": {"full_name": "นายภูผา มั่นคง", "position": "ผู้อำนวยการสำนักงานตัวอย่าง", "acting": True, "capacity": "รักษาราชการแทน"},
        "director_name": "นายภูผา มั่นคง",
        "page_to_sign_th": "๑",
        "memo_subject": "ส่งรายงานไตรมาสที่ ๒",
        "bundle_title": "รายงานไตรมาสที่ ๒",
        "pages_th": "๑๒",
        "sha256_short": "0a1b2c3d4e5f",
        "external_th": "๒๐ มีนาคม ๒๕๖๖",
        "file_name": "รายงาน.pdf",
        "replaces": {"version_th": "๑", "reason": "แก้ร้อยละ", "changes": ["กิจกรรมที่ ๑.๒ ประชุม"]},
    },
    "registry": {
        "registry": {"name": "งานสารบรรณกลาง"},
        "subject_th": "ส่งรายงานไตรมาสที่ ๒",
        "files": ["รายงาน.pdf", "รายงาน.docx"],
        "channel": "ไปรษณีย์อิเล็กทรอนิกส์",
        "memo": {"number": "สม ๐๑๐๑/๑๒", "date_th": "๑๗ มีนาคม ๒๕๖๖"},
        "signed_by": "นายภูผา มั่นคง",
        "by_pen": True,
        "signed_at_th": "๑๗ มีนาคม ๒๕๖๖ เวลา ๐๙.๐๐ น.",
        "bundle_sha256": "ab" * 32,
    },
    "pen_again": {
        **MEMBER,
        "reason": "rejected",
        "said": "ลายมือชื่ออยู่นอกช่อง",
        "title": "รายงานไตรมาสที่ ๒",
        "external_th": "๒๐ มีนาคม ๒๕๖๖",
        "version_th": "๑",
        "latest_th": "๒", "signs": True,
        "signer": "นายภูผา มั่นคง",
    },
    "need_file": {**MEMBER, "days_left": 3},
    "not_valid": {**MEMBER, "days_left": 3, "received_name": "IMG_001.jpg", "reason": "photo"},
    "duty_changed": {
        **MEMBER,
        "change": "reopened",
        "addressee": "นายต้นน้ำ เรืองไพร",
        "duties": ["๑.๗ (๑) จัดประชุม", "แบบรายงาน"],
        "reason": "ร้อยละไม่ตรงกับหลักฐาน",
        "file_names": ["แบบรายงาน.docx"],
        "other": "นางเดือนเพ็ญ แสงจันทร์",
        "seats": ["ลำดับที่ ๔ คณะทำงาน"],
        "due": ["รายงานไตรมาสที่ ๒ ภายในวันพุธที่ ๑๕ มีนาคม ๒๕๖๖"],
        "until_th": "วันศุกร์ที่ ๑๗ มีนาคม ๒๕๖๖",
        "was_th": "วันอังคารที่ ๑๔ มีนาคม ๒๕๖๖",
        "version_th": "๑",
    },
    "hold_notice": {
        **COMMANDS,
        "hold": {
            "id": 12,
            "sender": "stranger@outside.example",
            "subject": "แบบรายงาน",
            "received_th": "๑๔ มีนาคม ๒๕๖๖ เวลา ๑๐.๓๐ น.",
            "reason": "ผู้ส่งไม่อยู่ในทะเบียน",
            "attachments": ["แบบ.docx"],
        },
    },
    "bounce_notice": {
        **COMMANDS,
        "bounce": {
            "address": "gone@office.example",
            "full_name": "นายต้นน้ำ เรืองไพร",
            "subject": "แบบ F3",
            "received_th": "๑๔ มีนาคม ๒๕๖๖",
            "status": "5.1.1",
            "reason": "ไม่มีผู้ใช้นี้",
            "known": True,
            "letter": "ขอให้รายงาน",
            "later": False,
            "copies_to": "deputy@office.example",
        },
    },
    "alarm": {
        **COMMANDS,
        "reader": "นางสาวขวัญข้าว ทองทุ่ง",
        "title": "ส่งจดหมายไม่ได้",
        "what": "เซิร์ฟเวอร์ไม่รับรหัสผ่าน",
        "at_th": "๑๔ มีนาคม ๒๕๖๖",
        "actions": ["ตั้งรหัสผ่านใหม่"],
    },
    "digest": {
        **COMMANDS,
        "date_th": "๑๔ มีนาคม ๒๕๖๖",
        "deadlines": [
            {
                "title": "รายงานไตรมาสที่ ๒",
                "internal_th": "๑๕ มีนาคม ๒๕๖๖",
                "external_th": "๒๐ มีนาคม ๒๕๖๖",
                "moved_from_th": "๑๔ มีนาคม ๒๕๖๖",
                "asked": 21,
                "accepted": 10,
                "correcting": 1,
                "waiting": 10,
            }
        ],
        "owing": [{"full_name": "นายต้นน้ำ เรืองไพร", "deadline_title": "รายงานไตรมาสที่ ๒", "days_left": -2, "correcting": True}],
        "away": [
            {"full_name": "นายต้นน้ำ เรืองไพร", "until_th": "วันศุกร์ที่ ๑๗ มีนาคม ๒๕๖๖", "deputy": "นางเดือนเพ็ญ แสงจันทร์"},
            {"full_name": "นางสาวขวัญข้าว ทองทุ่ง", "until_th": "", "deputy": ""},
        ],
        "holds": [{"id": 12, "sender": "stranger@outside.example", "subject": "แบบ", "reason": "ไม่รู้จักผู้ส่ง"}],
        "counts": {"mails_in": 14, "mails_out": 25, "quarantined": 1},
        "next_dates": [{"date_th": "๑๕ มีนาคม ๒๕๖๖", "what": "ครบกำหนดสมาชิกส่ง"}],
    },
}


def full(kind: str, **more: object) -> dict:
    return copy.deepcopy({**COMMON, **CONTEXTS[kind], **more})


def words(page: str) -> str:
    """What a reader of the HTML part sees in its body."""
    body = page[page.index("<body") : page.index("</body>")]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def text_words(text: str) -> str:
    return " ".join(re.sub(r"(?m)^- ", "", text).split())


def poison(value: object, sting: str) -> object:
    """Every string of a context with `sting` behind it."""
    if isinstance(value, str):
        return value + sting
    if isinstance(value, dict):
        return {k: v if k in ("step", "kind", "change") else poison(v, sting) for k, v in value.items()}
    return [poison(v, sting) for v in value] if isinstance(value, list) else value


def test_every_kind_has_a_template_and_a_context():
    assert {p.stem for p in FOLDER.glob("*.txt") if not p.name.startswith("_")} == set(KINDS) == set(CONTEXTS)
    described = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [k for k in KINDS if f"| `{k}` |" not in described] == []


@pytest.mark.parametrize("kind", KINDS)
def test_renders_whole_in_both_parts(kind):
    subject, text, page = TEXTS.compose(kind, full(kind))
    for part in (subject, text, page):
        assert not re.search(r"\{\{|\}\}|\{%|%\}|None|Undefined", part)
    assert re.search("[ก-๙]", subject) and text.startswith("เรียน ") and "\n\n\n" not in text
    assert 'lang="th"' in page and "TH SarabunPSK" in page and "16pt" in page
    assert not re.search(r"<(img|a|script|link|iframe)\b|https?:|src=", page)
    assert words(page) == text_words(text)
    assert PRACTICE_LINE not in text
    assert not re.search(r"วันที่ วัน|วันวัน", text)


@pytest.mark.parametrize("kind", KINDS)
def test_practice_letters_say_so(kind):
    _, text, page = TEXTS.compose(kind, full(kind, practice=True))
    assert text.rstrip().endswith(PRACTICE_LINE) and PRACTICE_LINE in words(page)


@pytest.mark.parametrize("kind", KINDS)
def test_what_people_write_is_inert(kind):
    sting = " {{ 7*7 }}{% raw %}<script>x</script>&\r\nBcc: evil@outside.example\n\n- รายการปลอม\x00\u202e\u2028ก"
    clean_subject, clean_text, clean_page = TEXTS.compose(kind, full(kind))
    subject, text, page = TEXTS.compose(kind, poison(full(kind), sting))
    assert "{{ 7*7 }}" in text and "<script>x</script>&" in text and "49" not in text
    assert not re.search("[\r\n\x00\u202e\u2028]", subject) and "\u202e" not in text and "\r" not in text
    assert "<script" not in page and "&lt;script&gt;" in page
    assert words(page) == text_words(text)
    # the letter keeps its shape: as many lines and list items as without the sting
    assert text.count("\n") == clean_text.count("\n")
    assert page.count("<li>") == clean_page.count("<li>") and page.count("<p>") == clean_page.count("<p>")


def test_a_reminder_speaks_in_the_tone_of_its_step():
    said = {
        step: TEXTS.compose("reminder", full("reminder", step=step, days_left=days))[:2]
        for step, days in (("early", 7), ("near", 3), ("urgent", 1), ("today", 0), ("overdue", -2))
    }
    assert len({subject for subject, _ in said.values()}) == len({text for _, text in said.values()}) == 5
    assert "อีก ๗ วันทำการ" in said["early"][1] and "มาแล้ว ๒ วันทำการ" in said["overdue"][1]


def test_a_thai_office_with_arabic_digits_counts_in_them() -> None:
    use(replace(THAI, thai_digits=False))
    try:
        text = TEXTS.compose("reminder", full("reminder", step="early", days_left=7))[1]
    finally:
        use(THAI)
    assert "อีก 7 วันทำการ" in text


@pytest.mark.parametrize("kind", KINDS_OF_NOTICE)
def test_a_letter_of_one_notice_has_a_subject_of_its_own(kind):
    one = {**NOTICE, "kind": kind, "on_behalf_of": "นายสมมติ ใจดี" if kind == "deputy" else None}
    subject, text, _ = TEXTS.compose("duties", full("duties", notices=[one]))
    assert "รายงานไตรมาสที่ ๒" in subject and "รายการ" not in subject and "๑. " not in text
    assert "รายงานไตรมาสที่ ๒" in text


def test_a_letter_about_several_things_counts_them_and_says_each():
    subject, text, _ = TEXTS.compose("duties", full("duties"))
    assert f"รวม {'๐๑๒๓๔๕๖๗๘๙'[len(KINDS_OF_NOTICE)]} รายการ" in subject
    assert all(f"{n}. " in text for n in "๑๒๓๔๕๖๗")
    assert "กิจกรรม ๑.๑, ๒.๑" in text and "จนถึงวันศุกร์ที่ ๑๗ มีนาคม ๒๕๖๖" in text


def test_a_reminder_keeps_its_tone_among_others_and_names_its_own_deadline():
    steps = {"early": 7, "near": 3, "urgent": 1, "today": 0, "overdue": -2}
    said = set()
    for step, left in steps.items():
        other = {**NOTICE, "kind": "relieved", "deadline": {**MEMBER["deadline"], "title": "แผนสำรอง"}}
        late = {**NOTICE, "step": step, "days_left": left}
        subject, text, _ = TEXTS.compose("duties", full("duties", notices=[other, late], file_names=[]))
        assert "รายงานไตรมาสที่ ๒" in subject and "แผนสำรอง" not in subject
        said |= {subject, text}
    assert len(said) == 2 * len(steps)


def test_only_forms_to_be_sent_are_named_by_their_codes():
    over = {**NOTICE, "kind": "relieved", "token": "ST-0000-0000-0001"}
    text = TEXTS.compose("duties", full("duties", notices=[NOTICE, over], file_names=[]))[1]
    assert NOTICE["token"] in text and over["token"] not in text


def test_a_deputy_is_told_until_when():
    assert "จนถึงวันศุกร์ที่ ๑๗ มีนาคม ๒๕๖๖)" in TEXTS.compose("request", full("request", until_th="วันศุกร์ที่ ๑๗ มีนาคม ๒๕๖๖"))[1]


def test_a_letter_that_asks_and_reminds_says_where_the_reminded_form_is():
    both = [{**NOTICE, "kind": "request"}, NOTICE]
    assert "แนบไปกับจดหมายฉบับก่อน" in TEXTS.compose("duties", full("duties", notices=both))[1]
    assert "ฉบับก่อน" not in TEXTS.compose("duties", full("duties", notices=both[:1]))[1]


def test_nobody_who_sent_his_form_is_told_that_none_came():
    correcting = {**NOTICE, "correcting": True}
    for step in ("early", "near", "urgent", "today", "overdue"):
        text = TEXTS.compose("reminder", full("reminder", step=step, days_left=2, correcting=True))[1]
        assert "แก้ไข" in text and "ยังไม่ได้รับแบบ" not in text
    assert "ยังไม่ได้รับฉบับแก้ไข" in TEXTS.compose("duties", full("duties", notices=[correcting], file_names=[]))[1]
    owing = [{"full_name": "นายต้นน้ำ เรืองไพร", "numbers": ["๑.๑"], "forms": [], "correcting": True}]
    listed = TEXTS.compose("duties", full("duties", notices=[{**NOTICE, "kind": "escalation", "owing": owing}]))[1]
    assert "๑.๑ (ส่งแล้ว อยู่ระหว่างแก้ไข)" in listed


@pytest.mark.parametrize("kind", ["please_correct", "need_file", "not_valid"])
def test_after_the_date_nobody_is_asked_to_answer_by_it(kind):
    assert MEMBER["deadline"]["internal_th"] in TEXTS.compose(kind, full(kind))[1]
    late = TEXTS.compose(kind, full(kind, days_left=-1))[1]
    assert MEMBER["deadline"]["internal_th"] not in late and "โดยเร็วที่สุด" in late


def test_the_reminder_to_sign_says_before_whom_the_report_was_laid():
    subject, text, _ = TEXTS.compose("sign", full("sign", acting=True, signs=False))
    assert "เสนอเอกสารต่อไปนี้ต่อผู้อำนวยการ" in text and "ประสาน" in subject and "ลงลายมือชื่อ" not in text
    acting = TEXTS.compose("sign", full("sign", acting=True))[1]
    assert "ต่อท่านในฐานะผู้ทำการแทนผู้อำนวยการ" in acting and "ลงนามด้วยปากกา" in acting
    late = TEXTS.compose("sign", full("sign", notices=[{**NOTICE, "overdue": True}]))[1]
    assert "ต้องส่งภายใน" not in late and "เลยกำหนดส่ง" in late


def test_a_secretary_without_telephone_or_position_leaves_no_hole():
    bare = {"full_name": "นางสาวขวัญข้าว ทองทุ่ง", "position": "", "phone": ""}
    text = TEXTS.compose("request", full("request", secretary=bare))[1]
    assert "โทรศัพท์" not in text and "นางสาวขวัญข้าว ทองทุ่ง\nสำนักงานตัวอย่าง" in text


def test_no_letter_runs_a_date_into_the_next_word_or_says_a_word_twice():
    for kind in KINDS:
        subject, text, _ = TEXTS.compose(kind, full(kind))
        assert not re.search(r"๒๕๖๖[ก-ฮ]|เรื่อง รายงาน|ท่าน แล้วนั้น", subject.removeprefix("เรื่อง ") + text), kind


def test_deputy_correction_and_reasons_change_the_words():
    assert "แทนนางเดือนเพ็ญ" in TEXTS.compose("request", full("request"))[1]
    assert "แทน" not in TEXTS.compose("request", full("request", on_behalf_of=None))[1]
    # a deputy asked long before the date is not hurried, one asked after it is
    assert "โดยเร็วที่สุด" not in TEXTS.compose("request", full("request"))[1]
    assert "โดยเร็วที่สุด (เลยกำหนด" in TEXTS.compose("request", full("request", days_left=-1))[1]
    assert "ฉบับแก้ไข" in TEXTS.compose("receipt", full("receipt", corrected=True))[1]
    reasons = ("photo", "scan", "converted", "cloud_link", "locked", "other")
    assert len({TEXTS.compose("not_valid", full("not_valid", reason=r))[1] for r in reasons}) == len(reasons)


CHANGES = ("waived", "reopened", "to_improve", "moved_from", "moved_to", "extended", "withdrawn")


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_duty_is_told_whole(change: str):
    """Each change, with everything and with nothing that may be missing."""
    full_letter = TEXTS.compose("duty_changed", full("duty_changed", change=change))
    bare = {"duties": [], "reason": "", "file_names": [], "token": ""}
    for subject, text, page in (full_letter, TEXTS.compose("duty_changed", full("duty_changed", change=change, **bare))):
        assert "\n\n\n" not in text and "  " not in text and "()" not in text and "«»" not in text
        assert text.startswith("เรียน ") and words(page) == text_words(text) and subject.startswith("[ส่งทัน] ")
        assert not re.search(r"วันที่ วัน|วันวัน|วันที่วัน", text)
    assert change.startswith("moved") or MEMBER["deadline"]["title"] in full_letter[0]


def test_changes_are_told_apart_and_say_what_matters():
    said = {c: TEXTS.compose("duty_changed", full("duty_changed", change=c)) for c in CHANGES}
    assert len({s for s, _, _ in said.values()}) == len({t for _, t, _ in said.values()}) == len(CHANGES)
    assert "๑๔ มีนาคม" in said["extended"][1] and "๑๕ มีนาคม" in said["extended"][1] and "๒๐ มีนาคม" in said["extended"][1]
    assert "๑๗ มีนาคม" in said["reopened"][1] and "๑๗ มีนาคม" in said["to_improve"][1]
    assert all("นางเดือนเพ็ญ" in said[c][1] for c in ("moved_from", "moved_to"))
    assert "ไม่ลงนาม" in said["withdrawn"][1] and "ฉบับที่ ๑" in said["withdrawn"][1]


def test_subject_is_cut_to_what_exchange_takes():
    subject, _, _ = TEXTS.compose("registry", full("registry", subject_th="ก" * 400))
    assert len(subject) == SUBJECT_LIMIT and subject.endswith("…")


def test_missing_name_unknown_kind_and_strange_value_are_named():
    context = full("request")
    del context["token"]
    with pytest.raises(RenderError) as missing:
        TEXTS.compose("request", context)
    assert "request.txt" in missing.value.where and "token" in missing.value.th
    with pytest.raises(RenderError, match="ไม่รู้จัก"):
        TEXTS.compose("../layout", full("request"))
    with pytest.raises(RenderError, match="object"):
        TEXTS.compose("request", full("request", token=object()))


def test_broken_template_names_its_line(tmp_path):
    (tmp_path / "alarm.txt").write_text("subject: ก\n\n{% if %}\n", encoding="utf-8")
    with pytest.raises(RenderError) as broken:
        MailTexts(tmp_path).compose("alarm", {})
    assert broken.value.where.endswith("alarm.txt:3")
    (tmp_path / "alarm.txt").write_text("{{ x.__class__.__mro__ }}", encoding="utf-8")
    with pytest.raises(RenderError):
        MailTexts(tmp_path).compose("alarm", {"x": "ก"})
    (tmp_path / "alarm.txt").write_text("ไม่มีหัวเรื่อง", encoding="utf-8")
    with pytest.raises(RenderError, match="subject"):
        MailTexts(tmp_path).compose("alarm", {})
