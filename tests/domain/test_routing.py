"""Routing is total, first match wins, and each condition tells its two sides apart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.domain.messages import Attachment, Message
from songthan.domain.routing import CATCH_ALL, RULE_KEYS, RoutingFacts, Rule, decide_route, match, own_words

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def message(**changes: object) -> Message:
    base = {"sha256": "0" * 64, "received": datetime(2023, 3, 1, tzinfo=UTC), "sender": "a@b.example"}
    return Message(**(base | changes))


def file(role: str = "form", type: str = DOCX, name: str = "F3.docx") -> Attachment:
    return Attachment(name=name, type=type, sha256="1" * 64, size=1, role=role)


def facts(**changes: object) -> RoutingFacts:
    mail = {k: changes.pop(k) for k in list(changes) if k in Message.__dataclass_fields__ and k != "size"}
    return RoutingFacts(**({"message": message(**mail), "sender_is": "member"} | changes))


def rule(number: int = 10, route: str = "hold", **when: object) -> Rule:
    return Rule(number=number, name=f"{number}_x", when=when, route=route, reason="เหตุผล")


SIDES = [
    ("kind", "mail", {}, {"kind": "bounce"}),
    ("bounce", "hard", {"kind": "bounce", "bounce_status": "5.1.1"}, {"kind": "bounce", "bounce_status": "4.4.7"}),
    ("bounce", "unknown", {"kind": "bounce"}, {"bounce_status": "5.1.1"}),
    ("sender_is", ["member", "deputy"], {"sender_is": "deputy"}, {"sender_is": "director"}),
    ("authentication", "none", {}, {"authentication": "pass"}),
    ("auto", True, {"auto": True}, {}),
    ("subject_matches", "^ตอบ", {"subject": "ตอบกลับ"}, {"subject": "ไม่ตอบ"}),
    ("body_matches", "หรือไม่", {"body": "ได้หรือไม่"}, {"body": "ได้\n> หรือไม่"}),
    ("body_empty", True, {"body": " \n> x"}, {"body": "ค่ะ"}),
    ("header", {"name": "X-A", "pattern": "yes"}, {"headers": (("x-a", "Yes"),)}, {"headers": (("x-b", "yes"),)}),
    ("has_attachments", True, {"attachments": (file(),)}, {"attachments": (file("inline"),)}),
    ("attachment_types", [DOCX], {"attachments": (file(),)}, {"attachments": (file("inline"),)}),
    ("attachment_types", "image/*", {"attachments": (file("evidence", "image/png"),)}, {"attachments": (file(),)}),
    ("attachment_roles", "active", {"attachments": (file(), file("active"))}, {"attachments": (file(),)}),
    ("attachment_name_matches", r"\.pages$", {"attachments": (file(name="a.pages"),)}, {"attachments": (file(),)}),
    ("forms", 1, {"forms": 1}, {"forms": 2}),
    ("forms", {"min": 2}, {"forms": 3}, {"forms": 1}),
    ("forms", {"max": 1}, {"forms": 0}, {"forms": 2}),
    ("form_token_known", True, {"form_token_known": True}, {}),
    ("form_holder_matches", False, {}, {"form_holder_matches": True}),
    ("form_deadline_matches", True, {"form_deadline_matches": True}, {}),
    ("form_version_matches", True, {"form_version_matches": True}, {}),
    ("form_verdict", "refused", {"form_verdict": "refused"}, {"form_verdict": "review"}),
    ("form_codes", ["x", "y"], {"form_codes": ("y",)}, {"form_codes": ("z",)}),
    ("thread_kind", "none", {}, {"thread_kind": "director"}),
    ("owes", True, {"owes": ("a",)}, {}),
    ("duplicate", True, {"duplicate": True}, {}),
    ("frozen", True, {"frozen": True}, {}),
    ("signs", True, {"signs": True}, {"sender_is": "director"}),
    ("sheets", ["coded", "bare"], {"sheets": "bare"}, {}),
    ("size_over", 10, {"size": 11}, {"size": 10}),
    ("size_under", 10, {"size": 9}, {"size": 10}),
    ("sender_matches", r"@old\.example$", {"sender": "a@old.example"}, {"sender": "a@old.example.org"}),
    ("content_types", "multipart/*", {"headers": (("Content-Type", "Multipart/Report; report-type=x"),)}, {}),
    ("content_types", ["text/plain"], {}, {"headers": (("content-type", "text/html"),)}),
    ("defects_any", ["zip-bomb"], {"defects": ("zip-bomb", "bad-date")}, {"defects": ("bad-date",)}),
]


@pytest.mark.parametrize(("key", "value", "yes", "no"), SIDES, ids=[f"{i}-{s[0]}" for i, s in enumerate(SIDES)])
def test_condition(key: str, value: object, yes: dict, no: dict) -> None:
    assert match(rule(**{key: value}), facts(**yes))
    assert not match(rule(**{key: value}), facts(**no))


def test_every_key_is_tried() -> None:
    assert {s[0] for s in SIDES} == set(RULE_KEYS)


def test_first_match_by_number_wins() -> None:
    rules = [rule(20, "note"), rule(10, "quarantine", auto=True), rule(5, "hold", duplicate=True)]
    assert decide_route(facts(auto=True), rules).rule == "10_x"
    assert decide_route(facts(), rules).rule == "20_x"


def test_all_conditions_must_hold() -> None:
    both = rule(auto=True, duplicate=True)
    assert match(both, facts(auto=True, duplicate=True))
    assert not match(both, facts(auto=True))


def test_assignment_comes_from_the_form_then_the_thread_then_the_only_one_owed() -> None:
    def told(**changes: object) -> str | None:
        return decide_route(facts(**changes), []).assignment

    assert told(form_assignment="f", thread_assignment="t", owes=("o",)) == "f"
    assert told(thread_assignment="t", owes=("o",)) == "t"
    assert told(owes=("o",)) == "o"
    assert told(owes=("o", "p")) is None


@given(
    st.builds(
        RoutingFacts,
        message=st.builds(
            Message,
            sha256=st.just("0" * 64),
            received=st.just(datetime(2023, 3, 1, tzinfo=UTC)),
            sender=st.text(max_size=20),
            subject=st.text(max_size=50),
            body=st.text(max_size=200),
            defects=st.tuples(st.text(max_size=5)),
        ),
        sender_is=st.sampled_from(["member", "deputy", "stranger", "own"]),
        forms=st.integers(0, 5),
    )
)
def test_every_message_has_a_route(given_facts: RoutingFacts) -> None:
    assert decide_route(given_facts, []).rule == CATCH_ALL.name
    wide = [rule(i, **{k: v}) for i, (k, v, _, _) in enumerate(SIDES)]
    assert decide_route(given_facts, wide).route in ("hold",)


@pytest.mark.parametrize(
    "quoted",
    [
        "จาก: ส่งทัน <x@y>\nส่ง: ๑ มีนาคม\nเรื่อง: แบบ",
        "From: Songthan <x@y>\nSent: Monday\nTo: me",
        "-----Original Message-----\nx",
        "________________________________\nx",
        "On Mon, 1 Mar 2023 at 09:00, Songthan <x@y> wrote:\n> a",
        "เมื่อ จ. 1 มี.ค. 2023 เวลา 09:00 ส่งทัน <x@y> เขียนว่า:\nx",
        "> a\n> b",
    ],
)
def test_quoted_mail_is_left_out(quoted: str) -> None:
    assert own_words("ส่งแล้วค่ะ\n\n" + quoted) == "ส่งแล้วค่ะ"


def test_own_words_keep_what_only_resembles_a_quote() -> None:
    body = "จาก: การดำเนินงานเดือนนี้ได้ผลดี\nร้อยละ ๗๒"
    assert own_words(body) == body
    assert own_words("> ถาม\nตอบ") == "ตอบ"
