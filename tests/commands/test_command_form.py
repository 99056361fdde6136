"""`form`, `mail classify` and `preview`: real slices out, values back in, and nothing recorded anywhere."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import pytest
from command_runner import ROOT, run, run_json
from lxml import etree

from songthan import workspace
from songthan.commands import init
from songthan.domain.ladders import ladder_for
from songthan.steps.advance import advance
from songthan.testing.mailbox import MemoryMailbox
from songthan.testing.office import paper

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
RETURNED = ROOT / "tests" / "returned"
ANSWERS = {"percent": "๑๐๐", "done": "จัดแล้ว {{ 7*7 }} & <ก>", "output_reached": "yes", "outcome_reached": "yes",
           "evidence": "รายงาน.pdf"}  # fmt: skip


def fill(data: bytes, activities: tuple[str, ...], answers: dict[str, str]) -> bytes:
    """Type answers into the content controls, as a person in Word would."""
    source = zipfile.ZipFile(BytesIO(data))
    root = etree.fromstring(source.read("word/document.xml"))
    for sdt in root.iter(f"{W}sdt"):
        tag = sdt.find(f"{W}sdtPr/{W}tag").get(f"{W}val")
        for activity in activities:
            key, _, choice = tag.removeprefix(f"{activity}.").partition("=")
            if not tag.startswith(f"{activity}.") or key not in answers:
                continue
            texts = list(sdt.find(f"{W}sdtContent").iter(f"{W}t"))
            box = sdt.find(f"{W}sdtPr/{W14}checkbox/{W14}checked")
            if box is not None:
                on = answers[key] == choice
                box.set(f"{W14}val", "1" if on else "0")
                texts[0].text = "☒" if on else "☐"
                continue
            for node in sdt.findall(f"{W}sdtPr/{W}showingPlcHdr"):
                node.getparent().remove(node)
            texts[0].text = answers[key]
            for text in texts[1:]:
                text.text = ""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for item in source.infolist():
            new = etree.tostring(root) if item.filename == "word/document.xml" else source.read(item)
            target.writestr(item, new)
    return out.getvalue()


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()
    }


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A state folder in which quarter two was asked for, and what s04 was sent: (state, form, member)."""
    state = tmp_path_factory.mktemp("state")
    workspace.write_clock(state, kind="file")
    office = workspace.open_office(ROOT, state)
    deadline = office.plan.deadline("2566-q2")
    workspace.FileClock(state / "clock.txt").set(
        office.calendar.at(ladder_for(deadline, office.calendar).opens, datetime.min.time().replace(hour=9))
    )
    mailbox = MemoryMailbox()
    office = replace(office, mailbox=mailbox)
    advance(office, deadline.id)
    member = office.plan.roster.holder("s04")
    form = mailbox.delivered_to(member.email)[0].files[0][2]
    office.ledger.close()
    return state, form, member


def mail_of(sender: str, form: bytes | None, *, verdict: str = "pass") -> bytes:
    mail = EmailMessage()
    mail["Authentication-Results"] = f"practice-exchange.example; dmarc={verdict} header.from={sender.partition('@')[2]}"
    mail["From"] = sender
    mail["To"] = "office@bfa.example"
    mail["Subject"] = "แบบรายงาน"
    mail["Message-ID"] = "<one@bfa.example>"
    mail["Date"] = datetime(2023, 3, 1, tzinfo=UTC)
    mail.set_content("ส่งแบบตามแนบครับ")
    if form:
        mail.add_attachment(form, maintype="application", subtype=DOCX.partition("/")[2], filename="แบบ.docx")
        mail.add_attachment(paper(["ภาพกิจกรรม"]), maintype="application", subtype="pdf", filename="รายงาน.pdf")
    return mail.as_bytes()


def test_a_rendered_form_reads_back_as_the_slice_it_is(tmp_path):
    target = tmp_path / "f.docx"
    result = run("form", "render", "F3", "--seat", "s04", "--out", target)
    assert result.exit_code == 0 and result.stdout.strip() == str(target)
    code, found = run_json("form", "read", target)
    assert code == 1 and found["verdict"] == "incomplete" and found["form"] == "f3" and found["deadline"] == "2566-q2"
    assert set(found) == {"form", "token", "deadline", "recognised_by", "answers", "problems", "suggestion", "verdict"}
    activities = {a["id"] for a in run_json("plan", "show")[1]["activities"] if "s04" in a["seats"]}
    assert {p["field"].rpartition(".")[0] for p in found["problems"]} == activities
    assert {p["code"] for p in found["problems"]} == {"required"}
    target.write_bytes(fill(target.read_bytes(), tuple(activities), ANSWERS))
    code, found = run_json("form", "read", target)
    assert code == 0 and found["verdict"] == "complete" and found["problems"] == []
    one = sorted(activities)[0]
    assert found["answers"][f"{one}.done"]["value"] == ANSWERS["done"]
    assert found["answers"][f"{one}.percent"] | {"source": ""} == {
        "value": "100", "raw": "๑๐๐", "source": "", "method": "control+table", "confidence": 1.0,
    }  # fmt: skip


def test_a_deleted_row_of_a_known_slice_is_missed(tmp_path):
    seats = {a["id"]: a["seats"] for a in run_json("plan", "show")[1]["activities"]}
    seat = next(s for s in (f"s{n:02}" for n in range(1, 23)) if sum(s in x for x in seats.values()) > 1)
    run("form", "render", "f3", "--seat", seat, "--out", tmp_path / "f.docx")
    source = zipfile.ZipFile(tmp_path / "f.docx")
    root = etree.fromstring(source.read("word/document.xml"))
    gone = [a for a in seats if seat in seats[a]][-1]
    sdt = next(s for s in root.iter(f"{W}tag") if s.get(f"{W}val") == f"{gone}.done")
    row = next(sdt.iterancestors(f"{W}tr"))
    row.getparent().remove(row)
    with zipfile.ZipFile(tmp_path / "g.docx", "w") as target:
        for item in source.infolist():
            target.writestr(item, etree.tostring(root) if item.filename == "word/document.xml" else source.read(item))
    found = run_json("form", "read", tmp_path / "g.docx")[1]
    assert "row-missing" in {p["code"] for p in found["problems"]}


def test_an_unknown_token_reports_no_row_the_slice_never_had():
    # the file has a row ๑.๔(๑) that the plan does not know: said, and nothing else is
    code, found = run_json("form", "read", RETURNED / "filled-as-sent.docx")
    assert code == 1 and found["verdict"] == "review" and [p["code"] for p in found["problems"]] == ["row-unknown"]
    assert "๑.๔(๑)" in found["problems"][0]["message_th"]


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("word-with-password.docx", "refused", "encrypted"),
        ("picture-called-word.docx", "review", "picture"),
        ("no-mark-left.docx", "review", "not-recognised"),
        ("old-version.docx", "review", "old-version"),
        ("table-gone.docx", "review", "no-rows"),
        ("left-empty.docx", "incomplete", "required"),
        ("another-form.docx", "review", "row-missing"),
    ],
)
def test_a_form_that_is_not_complete_exits_one(name, verdict, code):
    exit_code, found = run_json("form", "read", RETURNED / name)
    assert exit_code == 1 and found["verdict"] == verdict and code in {p["code"] for p in found["problems"]}


def test_a_named_form_is_read_without_its_marks():
    found = run_json("form", "read", RETURNED / "no-mark-left.docx", "--form", "F3")[1]
    assert found["token"] is None and found["answers"]


def test_no_such_file_or_form_is_wrong_use(tmp_path):
    assert run("form", "read", tmp_path / "none.docx").exit_code == 2
    assert run("form", "read", tmp_path).exit_code == 2
    assert run("form", "render", "f9").exit_code == 2
    assert run("form", "render", "f3", "--seat", "s01").exit_code == 2
    assert run("form", "render", "f3", "--deadline", "2566-review").exit_code == 2
    assert run("form", "check", "f9").exit_code == 2
    assert run("mail", "classify", tmp_path / "none.eml").exit_code == 2


def test_form_render_does_not_write_where_it_cannot(tmp_path):
    result = run("form", "render", "f3", "--out", tmp_path / "no" / "f.docx")
    assert result.exit_code == 3 and "เขียนแฟ้มไม่ได้" in result.stderr and list(tmp_path.iterdir()) == []


def test_an_answer_cannot_steer_the_terminal(tmp_path):
    run("form", "render", "f3", "--seat", "s04", "--out", tmp_path / "f.docx")
    hostile = {"done": "[red]x[/red]\u202egnp.exe"}
    ids = tuple(a["id"] for a in run_json("plan", "show")[1]["activities"])
    (tmp_path / "f.docx").write_bytes(fill((tmp_path / "f.docx").read_bytes(), ids, hostile))
    text = run("form", "read", tmp_path / "f.docx").stdout
    assert "[red]x[/red]" in text and "\u202e" not in text


def test_a_members_form_is_accepted_and_nothing_is_recorded(asked, tmp_path):
    state, form, member = asked
    before = fingerprint(state)
    seats = {a["id"]: a["seats"] for a in run_json("plan", "show")[1]["activities"]}
    mine = tuple(a for a in seats if "s04" in seats[a])
    (tmp_path / "m.eml").write_bytes(mail_of(member.email, fill(form, mine, ANSWERS)))
    code, found = run_json("mail", "classify", tmp_path / "m.eml", "--state", state)
    assert code == 0 and (found["route"], found["rule"]) == ("accept", "60_form"), found
    assert found["assignment"] == "2566-q2.f3.s04"
    assert [a["name"] for a in found["attachments"]] == ["แบบ.docx", "รายงาน.pdf"]
    assert found["attachments"][0]["role"] == "form" and found["attachments"][0]["type"] == DOCX
    assert all(re.fullmatch("[0-9a-f]{64}", a["sha256"]) for a in found["attachments"])
    assert {"route", "rule", "reason", "attachments", "assignment"} <= set(found)
    # the same ledger tells `form read` what was asked
    (tmp_path / "r.docx").write_bytes(form)
    assert run_json("form", "read", tmp_path / "r.docx", "--state", state)[1]["verdict"] == "incomplete"
    assert fingerprint(state) == before


def test_the_same_form_from_another_or_forged_is_not_accepted(asked, tmp_path):
    state, form, member = asked
    (tmp_path / "a.eml").write_bytes(mail_of("someone@elsewhere.example", form))
    (tmp_path / "b.eml").write_bytes(mail_of(member.email, form, verdict="fail"))
    assert run_json("mail", "classify", tmp_path / "a.eml", "--state", state)[1]["route"] == "hold"
    assert run_json("mail", "classify", tmp_path / "b.eml", "--state", state)[1]["route"] == "quarantine"


@pytest.mark.parametrize(
    "raw", [b"", b"\x00" * 200, b"\xff\xfe\r\n\r\n", b"From: \r\n" * 50, b"Content-Type: multipart/mixed\r\n\r\n--\r\n", b"not mail"]
)
def test_any_bytes_have_a_route(tmp_path, raw):
    (tmp_path / "x.eml").write_bytes(raw)
    code, found = run_json("mail", "classify", tmp_path / "x.eml")
    assert code == 0 and found["route"] in ("accept", "note", "hold", "quarantine") and found["rule"] and found["reason"]


def test_a_reader_that_fails_holds_the_mail(tmp_path, monkeypatch):
    monkeypatch.setattr("songthan.steps.try_mail.gather", lambda *_: 1 / 0)
    (tmp_path / "x.eml").write_bytes(mail_of("a@b.example", None))
    code, found = run_json("mail", "classify", tmp_path / "x.eml")
    assert code == 0 and (found["route"], found["rule"]) == ("hold", "poison")


def test_classify_wants_a_ledger_where_a_state_is_named(tmp_path):
    (tmp_path / "x.eml").write_bytes(b"x")
    assert run("mail", "classify", tmp_path / "x.eml", "--state", tmp_path).exit_code == 2
    assert [p.name for p in tmp_path.iterdir()] == ["x.eml"]


def test_preview_shows_every_mail_of_the_ladder(tmp_path):
    house = tmp_path / "house"
    init.lay_down(init.starter(), house)
    before = fingerprint(house)
    result = run("preview", "2566-q2", "--out", tmp_path / "p", workspace=house)
    assert result.exit_code == 0 and result.stdout.strip() == str(tmp_path / "p" / "index.html")
    seats = {s for a in run_json("plan", "show")[1]["activities"] for s in a["seats"]}
    kinds = [p.name.split("-")[1] for p in sorted((tmp_path / "p" / "mails").glob("*.txt"))]
    assert kinds.count("reminder") == 4 * len(seats)
    forms = list((tmp_path / "p" / "forms").glob("*.docx"))
    assert kinds.count("request") == len(forms) >= len(seats)
    assert all(zipfile.ZipFile(f).testzip() is None for f in forms)
    page = (tmp_path / "p" / "index.html").read_text(encoding="utf-8")
    assert 'lang="th"' in page and "ไม่ได้ส่งออกไปที่ใด" in page and page.count("<tr>") == len(kinds) + 1
    assert fingerprint(house) == before


def test_preview_refuses_what_it_cannot_show(tmp_path):
    assert run("preview", "2566-q9", "--out", tmp_path / "p").exit_code == 2
    (tmp_path / "mine").write_text(json.dumps({}), encoding="utf-8")
    assert run("preview", "2566-q2", "--out", tmp_path).exit_code == 2
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("form", ["f1", "f2", "f4", "f5", "official"])
def test_a_whole_form_is_rendered_filled_and_read(form, tmp_path):
    target = tmp_path / "f.docx"
    assert run("form", "render", form, "--out", target).exit_code == 0
    code, found = run_json("form", "read", target)
    assert code == 1 and found["verdict"] == "incomplete" and found["form"] == form and found["recognised_by"]
    assert {p["code"] for p in found["problems"]} <= {"required", "rows"}
    told = run("form", "read", target).output
    assert "ยังไม่ครบ" in told and "Traceback" not in told


def test_a_deadlines_whole_forms_are_previewed(tmp_path):
    assert run("preview", "2566-july", "--out", tmp_path / "p").exit_code == 0
    names = [p.name for p in (tmp_path / "p").rglob("*.docx")]
    assert any("F5" in n for n in names) and any("องค์กรคุณธรรม" in n for n in names)
