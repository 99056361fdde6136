"""Another office, in English, in 2027: the same engine over `plans/example-en`, which holds no line of code."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from desk import DOCX, ROOT, Desk, at, type_into
from lxml import etree

from pen_hand import as_jpeg, page_with_code, printed, scanned
from songthan import workspace
from songthan.adapters.bundle_press import Press
from songthan.adapters.convert import default_fontconfig
from songthan.domain.assignments import DeadlineState
from songthan.domain.language import THAI, say, use
from songthan.steps.criteria_coverage import criteria_coverage, scored_deadline, scoring_so_far
from songthan.steps.holds import accept_hold
from songthan.steps.plan_progress import plan_progress
from songthan.steps.report_status import artifact_rows, deadline_summary, inbox_rows
from songthan.steps.schedule import deadline_schedules
from songthan.steps.score_status import score_status
from songthan.steps.take_in import FOLDERS
from songthan.testing.mailbox import MemoryMailbox
from songthan.testing.office import DirectRunner, SettableClock, memory_office, paper, plan_of

EXAMPLE = ROOT / "plans" / "example-en"
Q1, ANNUAL = "en-2027-q1", "en-2027-annual"
PDF = "application/pdf"
THAI_LETTERS = re.compile("[\u0e00-\u0e7f]")
GOOD = {
    "percent": "85 %", "done": "Held both courses in the yard", "output_reached": "yes", "evidence": "none",
    "note": "", "next_step": "Hold the next course",
}  # fmt: skip
REVIEW = {
    "trained": "36", "trained_percent": "90", "cards": "30 cards", "answered": "92.5 percent", "checked": "yes",
    "tagged": "yes", "talks": "25", "last_talk": "12 November 2027", "lessons[1].lesson": "Ask twice on the radio",
    "lessons[1].change": "Every order is repeated", "lessons[1].persons": "38", "evidence": "Talks 2027.pdf", "remarks": "n/a",
}  # fmt: skip


class EnglishDesk(Desk):
    """The example's office over twins. Its clock is told in Bangkok's hours: 16:00 there is nine in the office."""

    def __init__(self, state: Path, deadline: str, now: str) -> None:
        self.deadline, self._mails = deadline, 0
        self.clock = SettableClock(at(now))
        plan = plan_of(EXAMPLE, deadlines=(deadline,))
        workspace.speak(workspace.load_settings(EXAMPLE), plan)
        self.mailbox = MemoryMailbox(domain="skerrow-port.example", folders=tuple(say(f) for f in FOLDERS.values()))
        self.office = memory_office(EXAMPLE, state, plan=plan, clock=self.clock, mailbox=self.mailbox)
        self.tick()

    def send(self, seat: str, answers: dict[str, object], *, kind: str = "request", more: tuple = ()) -> None:
        member = self.member(seat)
        form = type_into(self.form_of(member, kind), answers)
        files = (("report.docx", DOCX, form), *more)
        self.reply(member, to=self.mails(member, kind)[-1], files=files, body="Please find the report attached.")

    def sign_and_register(self, day: str) -> None:
        """The director signs what was laid before him, and the registry, where it has a part, gives its number."""
        director = self.office.plan.roster.member(self.office.plan.roster.director)
        (request,) = self.mails(director, "director")
        signed = self.office.signatures.sign(request.files[0][2])
        self.reply(director, to=request, files=(("signed.pdf", PDF, signed),), body="Signed.")
        self.tick(f"{day} 17:00")
        registry = self.office.plan.roster.registry
        (sent,) = self.mailbox.delivered_to(registry.email)
        answer = "Entered this morning.\nReceipt number R 4123/2027"
        self.reply(director, to=sent, address=registry.email, name=registry.name, body=answer)
        self.tick(f"{day} 18:00")

    def everything_said(self) -> Iterator[tuple[str, str]]:
        """(where, text) of whatever people of the office or outside it can read."""
        for delivery in self.mailbox.deliveries:
            mail = delivery.mail
            yield from ((f"{mail.kind} {name}", getattr(mail, name)) for name in ("subject", "text", "html"))
            for name, _, data in delivery.files:
                yield f"{mail.kind} file name", name
                yield name, text_of(name, data)
        for path in sorted(self.office.state.rglob("*")):
            if path.suffix in (".pdf", ".docx", ".txt", ".html") and "blobs" not in path.parts:
                yield str(path), text_of(path.name, path.read_bytes())
        yield "table", json.dumps(artifact_rows(self.office, self.deadline), ensure_ascii=False)
        yield "inbox", json.dumps(inbox_rows(self.office), ensure_ascii=False)
        yield "summary", deadline_summary(self.office, self.deadline)
        for schedule in deadline_schedules(self.office):
            yield "deployment", " ".join((schedule.name, schedule.description, *schedule.tags))
        yield "folders", " ".join(self.mailbox.folders)


def text_of(name: str, data: bytes) -> str:
    """Every word of a file, a Word file's parts and properties and a PDF's outline included."""
    if name.endswith(".docx"):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = [package.read(part) for part in package.namelist() if part.endswith((".xml", ".rels"))]
        return "\n".join("".join(etree.fromstring(part).itertext()) for part in parts)
    if name.endswith(".pdf"):
        document = pypdfium2.PdfDocument(data)
        pages = [page.get_textpage().get_text_bounded() for page in document]
        return "\n".join([*pages, *(mark.get_title() for mark in document.get_toc())])
    return data.decode("utf-8")


@pytest.fixture(autouse=True)
def thai_again() -> Iterator[None]:
    yield
    use(THAI)


def test_the_quarter_is_played_from_request_to_receipt_in_english_only(tmp_path: Path) -> None:
    desk = EnglishDesk(tmp_path, Q1, "2027-03-25 16:00")
    assert set(desk.states()) == {"s4", "s5", "s6", "s8"} and set(desk.states().values()) == {"ASKED"}
    (request,) = desk.mails(desk.member("s5"))
    assert request.mail.subject == "[Songthan] Request: Progress report on the Safety Culture Plan, first quarter of 2027"
    assert "by Wednesday 2027-04-07" in request.mail.text and "A2 Man-overboard drill" in request.mail.text
    assert request.files[0][0] == "Progress report Quarter 1 2027 - Maren Holt.docx"
    desk.send("s4", GOOD)
    desk.send("s5", GOOD | {"percent": "120", "output_reached": "no", "next_step": None})
    desk.send("s6", GOOD)
    desk.reply(desk.member("s8"), to=desk.mails(desk.member("s8"))[-1], body="I have sent it already, see attached.")
    desk.tick("2027-03-26 16:00")
    assert desk.states() == {"s4": "ACCEPTED", "s5": "NEEDS_CORRECTION", "s6": "ACCEPTED", "s8": "ASKED"}
    (wrong,) = desk.mails(desk.member("s5"), "please_correct")
    assert "You wrote «120», which is outside the possible range. Please give a number from 0 to 100" in wrong.mail.text
    assert "Please give the reason in the notes" in wrong.mail.text
    assert "Please fill in «next step» and send the form back" in wrong.mail.text
    assert wrong.files[0][0].endswith("(to correct).docx") and "(Please correct: You wrote «120»" in text_of(*wrong.files[0][::2])
    assert "No file was attached" in desk.mails(desk.member("s8"), "need_file")[0].mail.subject
    desk.send("s5", GOOD | {"percent": "100", "note": ""}, kind="please_correct")
    desk.tick("2027-04-05 16:00")
    assert "Reminder" in desk.mails(desk.member("s8"), "reminder")[0].mail.subject
    desk.reply(desk.member("s8"), subject="Talks", body="How do I count the talks?")
    desk.tick("2027-04-06 16:00")
    assert desk.last_row()["rule"] == "77_question_or_refusal" and "two working days" in str(desk.last_row()["reason"])
    desk.send("s8", GOOD)
    for moment in ("2027-04-07 16:00", "2027-04-07 23:30", "2027-04-08 16:00"):
        desk.tick(moment)
    desk.sign_and_register("2027-04-08")
    assert desk.ledger.deadline_state(Q1) is DeadlineState.ACKNOWLEDGED
    assert desk.ledger.bundles.latest(Q1)["receipt"] == "R 4123/2027"
    assert [(where, text) for where, text in desk.everything_said() if THAI_LETTERS.search(text)] == []


def test_the_year_is_reviewed_by_its_own_ladder_and_published(tmp_path: Path) -> None:
    desk = EnglishDesk(tmp_path, ANNUAL, "2027-11-10 16:00")
    head = desk.member("s2")
    assert desk.states() == {"s2": "ASKED"}
    desk.send("s2", REVIEW | {"trained_percent": "80"}, more=(("Talks 2027.pdf", PDF, paper(["talks"])),))
    desk.tick("2027-11-11 16:00")
    (wrong,) = desk.mails(head, "please_correct")
    assert "36 of 40 persons are 90 percent, but 80 percent is given" in wrong.mail.text
    desk.send("s2", {"trained_percent": "90"}, kind="please_correct", more=(("Talks 2027.pdf", PDF, paper(["talks"])),))
    for moment in ("2027-11-12 16:00", "2027-11-15 16:00"):
        desk.tick(moment)
    report = desk.office.state / str(desk.ledger.bundles.latest(ANNUAL)["folder"]) / "report.docx"
    assert "8 points, level 3: Leading" in text_of("report.docx", report.read_bytes())
    assert "2027-11-12" in text_of("report.docx", report.read_bytes())
    desk.sign_and_register("2027-11-15")
    assert desk.ledger.deadline_state(ANNUAL) is DeadlineState.ACKNOWLEDGED
    page = (desk.office.state / "website" / "index.html").read_text("utf-8")
    assert "Published on 2027-11-15" in page and '<html lang="en">' in page
    assert [(where, text) for where, text in desk.everything_said() if THAI_LETTERS.search(text)] == []


def test_the_score_the_evidence_and_the_points_speak_english(tmp_path: Path) -> None:
    """Another office's criteria, from its own data: who, which file, for which period, what is missing."""
    desk = EnglishDesk(tmp_path / "a", ANNUAL, "2027-11-10 16:00")
    rows = {str(r["form"]): str(r["member"]) for r in desk.ledger.assignment_rows(ANNUAL)}
    head = desk.office.plan.roster.member(rows["review"])
    mail = desk.mails(head, "request")[-1]
    form = type_into(desk.form_of(head), {**REVIEW, "trained": "20", "trained_percent": "50", "evidence": "Talks 2027.pdf"})
    desk.reply(head, to=mail, files=(("review.docx", DOCX, form), ("Talks 2027.pdf", PDF, paper(["Talks"]))), body="Attached.")
    desk.tick("2027-11-11 16:00")
    deadline = scored_deadline(desk.office)
    result = scoring_so_far(desk.office, deadline)
    assert result.scores == {"a1": 1, "a2": 2, "a3": 2, "a4": 2} and result.level == 3
    found = {c.criterion: c for c in criteria_coverage(desk.office, deadline)}
    assert [(p.text, p.sender) for p in found["a4"].proofs] == [("Talks 2027.pdf", head.full_name)]
    assert found["a3"].facts[0].value_th == "yes" and found["a1"].score == 1
    points = plan_progress(desk.office)
    lines = score_status(desk.office)["lines_th"]
    said = [m for c in found.values() for m in c.missing] + [w for _, w in points.remarks] + [s.text_th for s in points.success] + lines
    assert said and [text for text in said if THAI_LETTERS.search(text)] == []
    assert any("7 of 8 points" in line for line in lines)


def test_who_acts_for_a_silent_director_signs_by_pen_in_english(tmp_path: Path) -> None:
    desk = EnglishDesk(tmp_path, Q1, "2027-03-25 16:00")
    press = Press(
        tmp_path / "bundles", sandbox=DirectRunner(), signatures=desk.office.signatures,  # type: ignore[arg-type]
        fonts=default_fontconfig(),
    )  # fmt: skip
    desk.office = replace(desk.office, press=press)
    for seat in ("s4", "s5", "s6", "s8"):
        desk.send(seat, GOOD)
    # Easter lies between; nobody says a word
    for day in ("03-26", "03-29", "03-30", "03-31", "04-01"):
        desk.tick(f"2027-{day} 16:00")
    roster = desk.office.plan.roster
    director, acting = roster.member(roster.director), roster.member(roster.acting_director)
    (asked,) = desk.mails(acting, "director")
    capacity = f"for the {director.position}"
    assert capacity in asked.mail.text and "by pen" in asked.mail.text and capacity in text_of(*asked.files[0][::2])
    page = printed(asked.files[0][2], page=page_with_code(asked.files[0][2]))
    for place, sender in enumerate((director, acting)):
        desk.reply(sender, files=(("IMG_1.jpg", "image/jpeg", as_jpeg(scanned(page))),), subject="Signed", body="Signed.")
        desk.tick(f"2027-04-01 1{place + 7}:00")
    held = desk.last_row()
    assert held["purpose"] == "pen" and "compare it with the frozen page" in str(held["reason"])
    (told,) = desk.mails(director, "pen_again")
    assert acting.full_name in told.mail.text
    accept_hold(desk.office, int(held["id"]), "compared line by line", by="Hanna Example")
    desk.tick("2027-04-01 19:00")
    (sent,) = desk.mailbox.delivered_to(roster.registry.email)
    assert f"{acting.full_name} {capacity}" in sent.mail.text and "by pen" in sent.mail.text
    assert [(where, text) for where, text in desk.everything_said() if THAI_LETTERS.search(text)] == []
