"""The loader of inbox_rules/: what is shipped loads, what is wrong is refused with file, key and remedy."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from songthan.adapters.parse_mail import DEFECTS
from songthan.adapters.rule_files import MAX_PATTERN_WORK, load_rules, pattern_work
from songthan.domain.errors import DataError
from songthan.domain.messages import Attachment, Message
from songthan.domain.routing import MATCHED_TEXT, PURPOSES, RULE_KEYS, RoutingFacts, decide_route

SHIPPED = Path(__file__).parents[2] / "inbox_rules"
LAST = 'route = "hold"\nreason = "โปรดพิจารณา"\n'


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in {"99_catch_all": LAST, **files}.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_shipped_chain() -> None:
    rules = load_rules(SHIPPED)
    assert [r.number for r in rules] == sorted({r.number for r in rules})
    assert rules[-1].number == 99 and not rules[-1].when
    assert rules[0].when == {"authentication": "fail"} and rules[0].route == "quarantine"
    for rule in rules:
        assert rule.when or rule.number == 99
        # Thai digits, but for the endings of file names
        assert re.search("[ก-๙]", rule.reason) and not re.search(r"(?<![.\w])[0-9]", rule.reason), rule.name
        assert rule.purpose in PURPOSES[rule.route]


def test_every_accept_needs_an_authenticated_known_sender() -> None:
    accepts = [r for r in load_rules(SHIPPED) if r.route == "accept"]
    assert {r.purpose for r in accepts} == {"form", "signature", "acknowledgement"}
    for rule in accepts:
        assert rule.when["authentication"] == "pass" and rule.when["kind"] == "mail"
        if rule.when.get("signs") is True:
            # who signs is known by the roster and the version laid before him
            continue
        senders = rule.when["sender_is"]
        assert not {"stranger", "alias", "lookalike", "own"} & set([senders] if isinstance(senders, str) else senders)


def test_every_key_and_word_is_described() -> None:
    readme = (SHIPPED / "README.md").read_text(encoding="utf-8")
    for name, key in RULE_KEYS.items():
        row = next((line for line in readme.splitlines() if line.startswith(f"| `{name}` |")), "")
        assert key.th in row, name
        assert all(f"`{word}`" in row for word in key.words), name
    for purposes in PURPOSES.values():
        assert all(f"`{p}`" in readme for p in purposes if p)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('route = "hold"\nreason = "x"\n[when]\nsubjekt = "x"\n', "when.subjekt"),
        ('route = "drop"\nreason = "x"\n', "route"),
        ('route = "hold"\n', "reason"),
        ('route = "hold"\nreason = "x"\ncolour = "red"\n', "colour"),
        ('route = "accept"\nreason = "x"\n', "purpose"),
        ('route = "hold"\npurpose = "form"\nreason = "x"\n', "purpose"),
        ('route = "hold"\nreason = "x"\nwhen = 3\n', "when"),
        ('route = "hold"\nreason = "x"\n[when]\nauto = "yes"\n', "when.auto"),
        ('route = "hold"\nreason = "x"\n[when]\nsize_over = true\n', "when.size_over"),
        ('route = "hold"\nreason = "x"\n[when]\nsender_is = "boss"\n', "boss"),
        ('route = "hold"\nreason = "x"\n[when]\ndefects_any = ["no-such"]\n', "no-such"),
        ('route = "hold"\nreason = "x"\n[when]\nattachment_roles = []\n', "when.attachment_roles"),
        ('route = "hold"\nreason = "x"\n[when]\nforms = { least = 2 }\n', "when.forms"),
        ('route = "hold"\nreason = "x"\n[when]\nheader = { name = "X" }\n', "when.header"),
        ("route = \"hold\"\nreason = \"x\"\n[when]\nsubject_matches = '(a'\n", "when.subject_matches"),
        ("route = \"hold\"\nreason = \"x\"\n[when]\nbody_matches = '(a+)+$'\n", "when.body_matches"),
        ("route = \"hold\"\nreason = \"x\"\n[when]\nheader = { name = 'X', pattern = '.*x' }\n", "when.header"),
        ("route = hold\n", "TOML"),
    ],
)
def test_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DataError) as caught:
        load_rules(folder(tmp_path, **{"10_rule": text}))
    assert "10_rule.toml" in str(caught.value) and told in str(caught.value)
    assert caught.value.remedy and caught.value.exit_code == 2


def test_chain_without_an_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "10_rule.toml").write_text(LAST, encoding="utf-8")
    with pytest.raises(DataError, match="99"):
        load_rules(tmp_path)
    with pytest.raises(DataError, match="99"):
        load_rules(folder(tmp_path, **{"99_catch_all": LAST + "[when]\nauto = true\n"}))


def test_same_number_twice_and_odd_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="10_a.toml"):
        load_rules(folder(tmp_path, **{"10_a": LAST, "10_b": LAST}))
    (tmp_path / "10_b.toml").rename(tmp_path / "X-b.toml")
    with pytest.raises(DataError, match="X-b"):
        load_rules(tmp_path)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="songthan init"):
        load_rules(tmp_path / "none")


@pytest.mark.parametrize("pattern", ["(a+)+", "(a|a?){9,40}", "a?" * 30, ".*x", r"(a)\1", "(?=a)", "(a{0,50}){0,50}", "(?<=x)y"])
def test_slow_patterns(pattern: str) -> None:
    assert pattern_work(pattern) > MAX_PATTERN_WORK


@pytest.mark.parametrize("pattern", ["ขอ(เลื่อน|ขยาย).{0,20}กำหนด", r"^\s{0,3}re:", "[ก-๙]{1,20}", "a|b|c"])
def test_quick_patterns(pattern: str) -> None:
    assert pattern_work(pattern) <= MAX_PATTERN_WORK


def test_the_dearest_allowed_pattern_ends_soon() -> None:
    pattern = "(a|a|a){0,2}.{0,16}.{0,16}x"
    assert 1000 < pattern_work(pattern) <= 3 * MAX_PATTERN_WORK
    started = time.process_time()
    assert re.search(pattern, "a" * MATCHED_TEXT, re.I) is None
    assert time.process_time() - started < 10


def test_defects_have_thai_sentences() -> None:
    assert all(re.search("[ก-๙]", th) for th in DEFECTS.values())


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FORM = Attachment(name="F3.docx", type=DOCX, sha256="1" * 64, size=1, role="form")
GOOD = {"sender_is": "member", "forms": 1, "form_token_known": True, "form_assignment": "a-1", "form_holder_matches": True,
        "form_deadline_matches": True, "form_version_matches": True, "form_verdict": "complete"}  # fmt: skip
# Rule → (facts, parts of the message) for rules that no .eml of tests/mail reaches.
REACHED = {
    "05_hostile_form": (GOOD | {"form_verdict": "refused", "form_codes": ("remote-template",)}, {}),
    "06_bounce_with_form": (GOOD, {"kind": "bounce"}),
    "11_own_address": ({"sender_is": "own"}, {}),
    "12_duplicate": (GOOD | {"duplicate": True}, {}),
    "19_recall": ({"sender_is": "member"}, {"subject": "Recall: F3", "attachments": ()}),
    "21_auto_mail": ({"sender_is": "stranger"}, {"auto": True}),
    "29_pen_unproven": ({"sender_is": "director", "sheets": "coded", "signs": True}, {"authentication": "none"}),
    "31_lookalike": (GOOD | {"sender_is": "lookalike"}, {}),
    "32_alias": (GOOD | {"sender_is": "alias"}, {}),
    "33_stranger_with_our_form": (GOOD | {"sender_is": "stranger"}, {}),
    "34_stranger": ({"sender_is": "stranger"}, {}),
    "36_too_large": (GOOD | {"size": 26_214_401}, {}),
    "37_parser_failed": ({"sender_is": "member"}, {"defects": ("parser-failed",)}),
    "43_signed_by_pen": ({"sender_is": "director", "sheets": "coded", "signs": True}, {}),
    "44_pen_by_another": ({"sender_is": "member", "sheets": "coded"}, {}),
    "48_registry_other": ({"sender_is": "registry"}, {}),
    "50_two_forms": (GOOD | {"forms": 2}, {}),
    "51_wrong_holder": (GOOD | {"form_holder_matches": False}, {}),
    "52_after_freeze": (GOOD | {"frozen": True, "form_deadline_matches": False}, {}),
    "53_other_deadline": (GOOD | {"form_deadline_matches": False}, {}),
    "54_old_version": (GOOD | {"form_version_matches": False}, {}),
    "58_form_on_paper": (GOOD | {"form_verdict": "review", "form_codes": ("scan",)}, {}),
    "59_form_needs_eyes": (GOOD | {"form_verdict": "review"}, {}),
    "67_form_without_mark": ({"sender_is": "member"}, {}),
    "70_zip_without_form": ({"sender_is": "member"}, {"attachments": (Attachment(
        name="a.zip", type="application/zip", sha256="2" * 64, size=1, role="archive"),)}),
    "71_other_file": ({"sender_is": "member"}, {"attachments": (Attachment(
        name="a.mp4", type="video/mp4", sha256="2" * 64, size=1, role="evidence"),)}),
    "79_acknowledged": ({"sender_is": "deputy"}, {"attachments": (), "body": "เรียน เลขานุการ\nรับทราบค่ะ ขอบคุณค่ะ"}),
    "85_secretary": ({"sender_is": "secretary"}, {"attachments": (), "body": "อนุมัติทุกฉบับ"}),
    "86_director_other": ({"sender_is": "director"}, {"attachments": (), "body": "ขอเชิญประชุม"}),
    "99_catch_all": ({"sender_is": "member"}, {"attachments": (), "body": "วันนี้อากาศดี"}),
}  # fmt: skip


def routed(facts: dict, mail: dict) -> str:
    base = {"sha256": "0" * 64, "received": datetime(2023, 3, 1, tzinfo=UTC), "sender": "a@b.example",
            "authentication": "pass", "attachments": (FORM,)}  # fmt: skip
    return decide_route(RoutingFacts(message=Message(**(base | mail)), **facts), load_rules(SHIPPED)).rule


@pytest.mark.parametrize("name", REACHED)
def test_rule_is_reached(name: str) -> None:
    assert routed(*REACHED[name]) == name


def test_every_shipped_rule_is_reached_by_a_test() -> None:
    cases = (Path(__file__).parents[1] / "mail").glob("*.json")
    by_mail = {json.loads(p.read_text(encoding="utf-8"))["rule"] for p in cases}
    assert by_mail | set(REACHED) == {r.name for r in load_rules(SHIPPED)}


@pytest.mark.parametrize("sender", ["member", "deputy", "secretary", "director"])
def test_whoever_holds_the_assignment_may_answer(sender: str) -> None:
    assert routed(GOOD | {"sender_is": sender}, {}) == "60_form"


@pytest.mark.parametrize(
    ("facts", "mail"),
    [
        ({}, {"authentication": "fail"}),
        ({}, {"authentication": "none"}),
        ({}, {"kind": "auto-reply"}),
        ({}, {"attachments": (FORM, Attachment(name="x", type="a/b", sha256="3" * 64, size=1, role="active"))}),
        ({"forms": 0}, {}),
        ({"form_verdict": "review"}, {}),
        *(({key: False}, {}) for key in GOOD if GOOD[key] is True),
    ],
)
def test_no_single_gate_may_be_missing(facts: dict, mail: dict) -> None:
    assert not routed(GOOD | facts, mail).startswith("60")
