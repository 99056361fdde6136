"""Our mail as MIME: read back as it was meant, repeatable, and no text of ours can start a header."""

from __future__ import annotations

import email
import email.policy
import re
from email.header import decode_header, make_header

import pytest

from songthan.adapters.outgoing_mime import build, own_message_id
from songthan.domain.errors import MailDenied
from songthan.domain.messages import OutgoingMail

OWN_ID = own_message_id("ask:1", "office.example", salt="s")
OFFICE, MEMBER = "plan@office.example", "tonnam@office.example"


def outgoing(**more: object) -> OutgoingMail:
    values = {
        "key": "ask:1",
        "to": (MEMBER,),
        "subject": "แบบรายงาน",
        "text": "เรียน ก\nข\n",
        "html": "<p>ก</p>",
        **more,
    }
    return OutgoingMail(kind="request", **values)


def mime(**more: object):
    identity = str(more.get("message_id") or OWN_ID)
    raw = build(outgoing(**more), sender=OFFICE, sender_name="กลุ่มแผนงานและการประเมินผล", message_id=identity)
    assert b"\n" not in raw.replace(b"\r\n", b"") and max(map(len, raw.split(b"\r\n"))) <= 998
    return raw, email.message_from_bytes(raw, policy=email.policy.default)


def test_mime_says_the_same_in_text_and_html_and_every_time():
    raw, parsed = mime(cc=("khaohom@office.example", "c@office.example"))
    assert raw == mime(cc=("khaohom@office.example", "c@office.example"))[0]
    assert parsed.get_content_type() == "multipart/alternative" and not parsed.defects
    assert parsed.get_body(("plain",)).get_content() == "เรียน ก\nข\n"
    assert parsed.get_body(("html",)).get_content().strip() == "<p>ก</p>"
    assert {p.get_content_charset() for p in parsed.iter_parts()} == {"utf-8"}
    assert parsed["From"].addresses[0].addr_spec == OFFICE
    name = re.search(rb"From: (.*?) <", raw, re.S)[1].decode()
    assert str(make_header(decode_header(name))) == "กลุ่มแผนงานและการประเมินผล"
    assert [a.addr_spec for a in parsed["Cc"].addresses] == ["khaohom@office.example", "c@office.example"]
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Message-ID"] == OWN_ID and parsed["Date"] is None
    assert parsed["In-Reply-To"] is None and parsed["References"] is None


def test_the_own_message_id_is_the_keys_and_the_offices():
    assert own_message_id("ask:1", "office.example", salt="s") == OWN_ID
    others = {own_message_id("ask:1", "office.example", salt="t"), own_message_id("ask:2", "office.example", salt="s")}
    assert len({OWN_ID, *others}) == 3


def test_long_thai_subjects_and_long_threads_survive_folding():
    subject = "รายงานผลการดำเนินการ ก้ำกึ่ง ๒๕๖๖ " * 6
    long_id = "<SEYPR01MB1234" + "ABCDEF0123456789" * 4 + "@SEYPR01MB1234.apcprd01.prod.exchangelabs.example>"
    raw, parsed = mime(subject=subject[:200], in_reply_to=long_id, references=(long_id,) * 12)
    assert parsed["Subject"] == subject[:200].strip()
    words = re.findall(rb"=\?[^?]+\?.\?[^?]*\?=", raw)
    assert len(words) > 3 and max(map(len, words)) <= 75, "RFC 2047: an encoded word is at most 75 characters"
    assert parsed["References"].split() == [long_id] * 12 and parsed["In-Reply-To"] == long_id


@pytest.mark.parametrize(
    "bad",
    [
        {"subject": "ก\r\nBcc: evil@outside.example"},
        {"subject": "ก\nข"},
        {"subject": "ก" * 256},
        {"to": ("a@office.example\r\nBcc: evil@outside.example",)},
        {"to": ("a@office.example, evil@outside.example",)},
        {"to": ("ก@office.example",)},
        {"to": ()},
        {"cc": ("x",)},
        {"in_reply_to": "<a@b>\r\nBcc: evil@outside.example"},
        {"references": ("<a@b> <c@d",)},
        {"message_id": "no brackets"},
    ],
)
def test_nothing_starts_a_header_of_its_own(bad):
    with pytest.raises(MailDenied) as refused:
        mime(**bad)
    assert refused.value.remedy or bad.get("to") == ()


@pytest.mark.parametrize(
    ("kind", "wanted"), [("request", "DR, RN, NRN, AutoReply"), ("reminder", "DR, RN, NRN, AutoReply"), ("receipt", "All")]
)
def test_only_requests_and_reminders_let_out_of_office_answers_through(kind, wanted):
    mail = OutgoingMail(kind=kind, key="k", to=(MEMBER,), subject="ก", text="ก", html="<p>ก</p>")
    raw = build(mail, sender=OFFICE, sender_name="", message_id=OWN_ID)
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert (parsed["Auto-Submitted"], parsed["X-Auto-Response-Suppress"]) == ("auto-generated", wanted)
