"""Raw mail in every odd shape gives a Message: the cases of tests/mail, limits, codecs, and anything at all."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import tempfile
import time
import urllib.parse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import mail_cases
from songthan.adapters.blobs import FileBlobs
from songthan.adapters.parse_mail import DEFECTS, SandboxedMailParser, parse_job
from songthan.adapters.rule_files import load_rules
from songthan.adapters.sandbox import Keep, Kept, Sandbox
from songthan.domain.errors import LedgerError
from songthan.domain.messages import Message
from songthan.domain.routing import RoutingFacts, decide_route

ROOT = Path(__file__).parents[2]
CASES = sorted(p for p in (ROOT / "tests" / "mail").iterdir() if p.suffix in (".eml", ".msg", ".dat"))
RULES = load_rules(ROOT / "inbox_rules")
RECEIVED = datetime(2023, 3, 14, 9, 5, tzinfo=UTC)
SERVER = "practice-exchange.example"
OWN = ("songthan@office.example",)


class InProcess:
    """The sandbox's twin: runs the job here."""

    def run(self, job: str, payload: Path, args: dict, *, keep: Keep) -> tuple[dict, list[Kept]]:
        assert job == "songthan.adapters.parse_mail:parse_job"
        answer, blobs = parse_job(payload.read_bytes(), args)
        kept = [Kept(name=keep(lambda write, blob=blob: write(blob)), size=len(blob)) for blob in blobs]
        return json.loads(json.dumps(answer)), kept


class Dead:
    """A sandbox whose worker never answers."""

    def run(self, job: str, payload: Path, args: dict, *, keep: Keep) -> tuple[dict, list[Kept]]:
        raise RuntimeError("the worker died")


class Liar:
    """A sandbox whose worker was taken over and answers nonsense."""

    def run(self, job: str, payload: Path, args: dict, *, keep: Keep) -> tuple[dict, list[Kept]]:
        return {"authentication": "pass", "attachments": [{"name": "x", "type": "y", "role": "form", "blob": 7}]}, []


def parse(raw: bytes, sandbox: object = None, kept: dict[str, bytes] | None = None) -> Message:
    blobs: dict[str, bytes] = {} if kept is None else kept

    def keep(fill: Callable[[Callable[[bytes], object]], object]) -> str:
        pieces: list[bytes] = []
        fill(pieces.append)
        sha = hashlib.sha256(b"".join(pieces)).hexdigest()
        blobs[sha] = b"".join(pieces)
        return sha

    parser = SandboxedMailParser(sandbox=sandbox or InProcess(), authserv_id=SERVER, own_addresses=OWN)
    with tempfile.NamedTemporaryFile() as file:
        file.write(raw)
        file.flush()
        return parser.parse(Path(file.name), received=RECEIVED, keep=keep)


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_case(path: Path) -> None:
    """The message has what its .json says, and the shipped rules decide the route it names."""
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    raw = path.read_bytes()
    message = parse(raw)
    for key, value in expected["message"].items():
        got = getattr(message, key)
        if key == "attachments":
            got = [{"name": a.name, "role": a.role, "type": a.type} for a in got]
        assert (list(got) if isinstance(got, tuple) else got) == value, key
    facts = {k: tuple(v) if isinstance(v, list) else v for k, v in expected["facts"].items()}
    route = decide_route(RoutingFacts(message=message, size=len(raw), **facts), RULES)
    assert route.rule == expected["rule"]
    assert set(message.defects) <= set(DEFECTS)


def test_there_are_cases() -> None:
    assert len(CASES) >= 100 and {p.suffix for p in CASES} == {".eml", ".msg"}
    assert {p.name for p in CASES} >= set(mail_cases.cases())
    assert all(p.with_suffix(".json").exists() for p in CASES)


NAME = "รายงานผล ไตรมาส ๒ น้ำใจ (ฉบับแก้).docx"
CHARSETS = {"utf-8": "utf-8", "windows-874": "cp874", "x-windows-874": "cp874", "tis-620": "cp874", "TIS620": "cp874",
            "iso-8859-11": "cp874"}  # fmt: skip


def _words(charset: str, codec: str, letter: str, size: int) -> str:
    data = NAME.encode(codec)
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    if letter == "B":
        return "\r\n ".join(f"=?{charset}?B?{base64.b64encode(p).decode()}?=" for p in pieces)
    return "\r\n ".join(f"=?{charset}?Q?{''.join(f'={b:02X}' for b in p)}?=" for p in pieces)


def _name_header(style: str, charset: str, codec: str) -> bytes:
    quoted = urllib.parse.quote_from_bytes(NAME.encode(codec))
    return {
        "B-quoted": f'attachment; filename="{_words(charset, codec, "B", 400)}"'.encode(),
        "B-cut": f'attachment; filename="{_words(charset, codec, "B", 7)}"'.encode(),
        "Q-bare": f"attachment; filename={_words(charset, codec, 'Q', 400)}".encode(),
        "Q-cut": f'attachment; filename="{_words(charset, codec, "Q", 10)}"'.encode(),
        "2231": f"attachment; filename*={charset}''{quoted}".encode(),
        "raw": b'attachment; filename="' + NAME.encode(codec) + b'"',
    }[style]


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("style", ["B-quoted", "B-cut", "Q-bare", "Q-cut", "2231", "raw"])
def test_thai_names(style: str, charset: str) -> None:
    raw = (
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n"
        b"Content-Disposition: " + _name_header(style, charset, CHARSETS[charset]) + b"\r\n\r\nx\r\n--b--\r\n"
    )
    assert [a.name for a in parse(raw).attachments] == [NAME]


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
def test_thai_bodies(charset: str, encoding: str) -> None:
    words = "ทำงานเสร็จแล้วร้อยละ ๗๒.๕\nน้ำใจ {{ x }} & <b>"
    data = words.encode(CHARSETS[charset])
    coded = {"base64": base64.encodebytes(data), "8bit": data,
             "quoted-printable": "".join(f"={b:02X}" for b in data).encode()}[encoding]  # fmt: skip
    head = f"From: a@b.example\r\nContent-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    assert parse(head.encode() + coded).body == words


def test_thousand_deep_mime_is_quick_and_bounded() -> None:
    raw = b"From: a@b.example\r\n"
    for i in range(1000):
        raw += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
    started = time.process_time()
    message = parse(raw + b"\r\nhello")
    assert "too-deep" in message.defects
    assert time.process_time() - started < 2


def test_twenty_thousand_recipients() -> None:
    people = b",\r\n ".join(b"Somebody <user%d@example.test>" % i for i in range(20_000))
    started = time.process_time()
    message = parse(b"To: " + people + b"\r\nFrom: a@b.example\r\n\r\nhi")
    assert message.sender == "a@b.example" and "header-cut" in message.defects
    assert 0 < len(message.to) <= 1000
    assert time.process_time() - started < 2


def test_too_many_parts() -> None:
    message = parse(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\nContent-Type: image/x\r\n\r\ny\r\n" * 5000)
    assert "too-many-parts" in message.defects and len(message.attachments) <= 200


@pytest.mark.parametrize(
    "body",
    [b"<head>" * 100_000, b"<a " * 200_000, b"< " * 200_000 + b">", b"<!--" * 200_000, b"<script>" * 50_000],
    ids=["head", "open", "less-than", "comment", "script"],
)
def test_html_takes_no_long(body: bytes) -> None:
    started = time.process_time()
    parse(b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + body)
    assert time.process_time() - started < 5


def test_only_the_topmost_authentication_header_counts() -> None:
    ours = b"Authentication-Results: practice-exchange.example; dmarc=%s header.from=b.example\r\n"
    end = b"From: a@b.example\r\n\r\nx"
    assert parse(ours % b"fail" + ours % b"pass" + end).authentication == "fail"
    assert parse(ours % b"pass" + ours % b"pass" + end).authentication == "pass"
    # ours twice and not of one mind: one of them was not written by us
    assert parse(ours % b"pass" + ours % b"fail" + end).authentication == "none"
    assert parse(b"Authentication-Results: mx.other; dmarc=pass\r\n" + ours % b"pass" + end).authentication == "none"
    assert parse(ours % b"temperror" + end).authentication == "none"
    other = parse(ours % b"pass" + b"From: a@c.example\r\n\r\nx")
    assert (other.authentication, "authentication-other-domain" in other.defects) == ("none", True)


def test_groups_comments_and_names_in_quotes() -> None:
    raw = (
        b'From: "boss@b.example" <evil@c.example>\r\nTo: team: one@b.example, Two <two@b.example>;, (x) three@b.example\r\n'
        b"Cc: undisclosed-recipients:;\r\n\r\nx"
    )
    message = parse(raw)
    assert (message.sender, message.sender_name) == ("evil@c.example", "boss@b.example")
    assert message.to == ("one@b.example", "two@b.example", "three@b.example")


def test_thread_is_newest_first() -> None:
    message = parse(b"In-Reply-To: <c@x>\r\nReferences: <a@x> <b@x>\r\n <c@x>\r\n\r\nx")
    assert message.in_reply_to == ("<c@x>", "<b@x>", "<a@x>")


def test_attachment_bytes_are_kept_under_their_hash() -> None:
    kept: dict[str, bytes] = {}
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png; name=a.png\r\n\r\n\x89PNG\r\n\x1a\nx\r\n--b--\r\n"
    (one,) = parse(raw, kept=kept).attachments
    assert kept[one.sha256] == b"\x89PNG\r\n\x1a\nx" and one.size == 9
    assert (one.type, one.role) == ("image/png", "evidence")


@pytest.mark.parametrize("sandbox", [Dead(), Liar()], ids=["dead", "liar"])
def test_a_failed_parser_still_gives_a_message(sandbox: object) -> None:
    raw = (ROOT / "tests" / "mail" / "forged-with-own-header-below.eml").read_bytes()
    message = parse(raw, sandbox)
    assert "parser-failed" in message.defects and message.attachments == ()
    assert (message.sender, message.authentication) == ("somying@bfa.example", "fail")
    held = parse((ROOT / "tests" / "mail" / "form-plain.eml").read_bytes(), sandbox)
    assert decide_route(RoutingFacts(message=held, sender_is="member"), RULES).rule == "37_parser_failed"


def test_an_error_of_the_store_comes_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "disk full")

    monkeypatch.setattr(os, "fsync", full)
    blobs = FileBlobs(tmp_path)
    with Sandbox(size=1) as sandbox:
        parser = SandboxedMailParser(sandbox=sandbox, authserv_id=SERVER, own_addresses=OWN)
        with pytest.raises(LedgerError, match="disk full"):
            parser.parse(ROOT / "tests" / "mail" / "form-plain.eml", received=RECEIVED, keep=blobs.receive)
        assert not [p for p in tmp_path.rglob("*") if p.is_file()]
        monkeypatch.undo()
        message = parser.parse(ROOT / "tests" / "mail" / "form-plain.eml", received=RECEIVED, keep=blobs.receive)
    assert [a.role for a in message.attachments] == ["form"] and blobs.checked(message.attachments[0].sha256)


HEAD = st.sampled_from(
    [b"From: ", b"To: ", b"Subject: ", b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", b"\r\n\r\n", b"=?utf-8?B?",
     b"=?tis-620?Q?=A1?=", b"Content-Disposition: attachment; filename*0*=", b"''%E0%", b"Content-Type: text/html\r\n\r\n<",
     b"Content-Transfer-Encoding: base64\r\n", b"Content-Type: message/delivery-status\r\n\r\n", b"PK\x03\x04", b"%PDF-",
     b"Content-Type: application/pkcs7-mime\r\n\r\n", b"; charset=idna", b"<a@b>", b'"', b"(", b":;,", b"--b--", b"\x00", b"\r"]
)  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(HEAD, st.binary(max_size=30)), max_size=25).map(b"".join))
@example(b"")
@example(b"Content-Type: text/plain; charset=utf-7\r\n\r\n+AGE-")
@example(b"Subject: =?utf-16?B?ANg=?=\r\n\r\n")
def test_any_bytes_give_a_message(raw: bytes) -> None:
    message = parse(raw)
    assert set(message.defects) <= set(DEFECTS) - {"parser-failed"}
    for text in (message.sender, message.subject, message.body, *(a.name for a in message.attachments)):
        text.encode("utf-8")
        assert "\x00" not in text
    assert not any(c in a.name for a in message.attachments for c in "/\\\r\n\u202e")
    assert parse(raw, Dead()).defects
    decide_route(RoutingFacts(message=message, sender_is="stranger", size=len(raw)), RULES)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CASES), st.lists(st.tuples(st.floats(0, 1), HEAD | st.binary(max_size=3)), min_size=1, max_size=6))
def test_damaged_mail_gives_a_message(path: Path, damage: list[tuple[float, bytes]]) -> None:
    raw = path.read_bytes()
    for where, what in damage:
        at = int(where * len(raw))
        raw = raw[:at] + what + raw[at + len(what) :]
    assert "parser-failed" not in parse(raw).defects


@pytest.mark.real
def test_in_the_real_sandbox() -> None:
    raw = (ROOT / "tests" / "mail" / "zip-one-level.eml").read_bytes()
    with Sandbox() as sandbox:
        assert parse(raw, sandbox) == parse(raw)


def test_the_page_of_cases_is_true() -> None:
    """tests/mail/README.md names every mail with its rule, and only tests that there are."""
    page = (ROOT / "tests" / "mail" / "README.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"`([a-z0-9-]+)` → (\w+)", page))
    assert told == {p.stem: json.loads(p.with_suffix(".json").read_text(encoding="utf-8"))["rule"] for p in CASES}
    tests = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    assert all(f"def {name}(" in tests for name in re.findall(r"`(test_\w+)`", page))
