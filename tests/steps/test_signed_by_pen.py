"""The director signs by pen: what counts, what waits for the secretary's eye, and everything that does not count."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from desk import DOCX, Q2, Desk, fill

from pen_hand import as_jpeg, cut, inked, page_with_code, printed, saved, scanned
from songthan.adapters.bundle_press import Press
from songthan.adapters.convert import default_fontconfig
from songthan.domain.errors import UsageError
from songthan.steps.confirm_pen import PenView, new_pages, view_pen
from songthan.steps.holds import accept_hold, reject_hold, reopen_hold
from songthan.steps.pen_sheets import PenDoubt
from songthan.steps.reopen_duty import reopen
from songthan.testing.office import DirectRunner

PDF, JPEG = "application/pdf", "image/jpeg"
ASKED = "2023-03-10 09:00"


def compiled(desk: Desk, now: str = ASKED) -> Desk:
    desk.tick()
    for seat in desk.states():
        desk.answer(seat)
    desk.tick(now)
    assert state(desk) == "WITH_DIRECTOR"
    return desk


def coded(desk: Desk, state: Path) -> Desk:
    """With the official face the page to sign carries its code; and its records are signed, as in a real office."""
    press = Press(
        state / "bundles", sandbox=DirectRunner(), signatures=desk.office.signatures,  # type: ignore[arg-type]
        fonts=default_fontconfig(), secret=desk.ledger.salt,
    )  # fmt: skip
    desk.office = replace(desk.office, press=press)
    return desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return compiled(coded(Desk(tmp_path), tmp_path))


def state(desk: Desk) -> str:
    return desk.ledger.deadline_state(Q2).value


def director(desk: Desk):
    return desk.office.plan.roster.member(desk.office.plan.roster.director)


def letter(desk: Desk, member=None):
    return desk.mails(member or director(desk), "director")[-1]


def frozen(desk: Desk, member=None) -> bytes:
    return letter(desk, member).files[0][2]


def place(desk: Desk) -> tuple[float, float, float, float]:
    """Where the signature goes, above the printed name (parts of the page)."""
    return (0.5, 0.4, 0.85, 0.47)


def sheet(desk: Desk, member=None, *, dpi: int = 200, turn: float = 1.2):
    """The page to sign, printed, signed and laid on the glass."""
    pdf = frozen(desk, member)
    return scanned(inked(printed(pdf, page=page_with_code(pdf), dpi=dpi), place(desk)), turn=turn)


def mail(desk: Desk, *files, sender=None, to=True, now: str = "2023-03-10 10:00", **more) -> dict[str, object]:
    sender = sender or director(desk)
    answered = letter(desk) if to is True else to
    desk.reply(sender, to=answered or None, files=files, body=more.pop("body", "ลงนามแล้ว"), **more)
    desk.tick(now)
    return desk.last_row()


def picture(desk: Desk, member=None, **more) -> tuple[str, str, bytes]:
    return ("IMG_0042.jpg", JPEG, as_jpeg(sheet(desk, member, **more)))


# ---------------------------------------------------------------------------------------------------------- what counts


@pytest.mark.parametrize(
    ("kind", "type_"), [("JPEG", JPEG), ("PNG", "image/png"), ("TIFF", "image/tiff"), ("HEIF", "image/heic"), ("PDF", PDF)]
)
def test_a_scan_of_the_page_to_sign_waits_for_the_secretarys_eye(desk: Desk, kind: str, type_: str) -> None:
    row = mail(desk, (f"scan.{kind.lower()}", type_, saved(kind, sheet(desk, turn=-1.5))))
    assert (row["route"], row["rule"], row["purpose"]) == ("hold", "43_signed_by_pen", "pen"), row["reason"]
    assert state(desk) == "WITH_DIRECTOR", "no machine believes it"
    (notice,) = desk.mails(desk.secretary, "hold_notice")
    assert "--by" in notice.mail.text
    assert not desk.mails(director(desk), "pen_again")


def test_sent_from_a_phone_without_our_thread_and_upside_down(desk: Desk) -> None:
    upside = sheet(desk).rotate(180, expand=True)
    row = mail(desk, ("IMG_1.jpg", JPEG, as_jpeg(upside)), to=None, subject="", body="Sent from my phone")
    assert row["purpose"] == "pen"


def test_the_secretary_confirms_and_the_report_is_handed_in(desk: Desk) -> None:
    row = mail(desk, picture(desk))
    with pytest.raises(UsageError, match="ยังไม่ได้ระบุชื่อ"):
        accept_hold(desk.office, int(row["id"]), "เทียบแล้ว")
    with pytest.raises(UsageError, match="ของตนเองไม่ได้"):
        accept_hold(desk.office, int(row["id"]), "เทียบแล้ว", by=director(desk).full_name)
    with pytest.raises(UsageError, match="ของตนเองไม่ได้"):
        accept_hold(desk.office, int(row["id"]), "เทียบแล้ว", by=f"{director(desk).given} {director(desk).family}")
    said = accept_hold(desk.office, int(row["id"]), "เทียบทุกบรรทัดแล้ว", by=desk.secretary.full_name, account="command:test")
    assert "ลงนามด้วยปากกา" in said and state(desk) == "SIGNED"
    bundle = desk.ledger.bundles.latest(Q2)
    record = json.loads(desk.office.blobs.get(str(bundle["pen"])))
    assert record["kind"] == "pen" and record["confirmed"]["by"] == desk.secretary.full_name
    assert record["confirmed"]["at"].endswith("+07:00"), "the office's time, whatever this machine's is"
    assert record["confirmed"]["account"] == "command:test" and record["confirmed"]["reason"] == "เทียบทุกบรรทัดแล้ว"
    assert record["mail"]["authentication"] == "pass" and record["mail"]["sha256"] == row["sha256"]
    folder = desk.office.state / str(bundle["folder"])
    assert {p.name for p in (folder / "pen").iterdir()} == {"mail.eml", "scan-01.jpg", "pages.pdf"}
    report = desk.office.press.verify(folder)
    assert report.ok and report.signed_by == "pen" and report.stage == "signed" and report.level == "", report.checks
    assert any("ไม่มีลายมือชื่ออิเล็กทรอนิกส์" in c.detail_th and desk.secretary.full_name in c.detail_th for c in report.checks)
    desk.tick("2023-03-10 10:20")
    assert state(desk) == "SUBMITTED"
    (sent,) = desk.mailbox.delivered_to(desk.office.plan.roster.registry.email)
    kinds = [name.rpartition(".")[2] for name, _, _ in sent.files]
    assert kinds == ["docx"] or kinds.count("pdf") == 2
    assert desk.office.press.verify(folder).ok


@pytest.mark.parametrize("rule", [("word",), ("word", "pdf"), ("pdf",)])
def test_what_goes_to_the_registry_is_by_the_forms_channel_rule(tmp_path: Path, rule: tuple[str, ...]) -> None:
    made = coded(Desk(tmp_path), tmp_path)
    plan = made.office.printed_plan
    channels = {**plan.channels, "f3": replace(plan.channels["f3"], registry=rule)}
    made.office = replace(made.office, printed_plan=replace(plan, channels=channels))
    compiled(made)
    row = mail(made, picture(made))
    accept_hold(made.office, int(row["id"]), "เทียบแล้ว", by="สมหญิง ทดสอบ")
    made.tick("2023-03-10 10:20")
    bundle = made.ledger.bundles.latest(Q2)
    folder = made.office.state / str(bundle["folder"])
    (sent,) = made.mailbox.delivered_to(made.office.plan.roster.registry.email)
    pdfs = [data for name, _, data in sent.files if name.endswith(".pdf")]
    wanted = [(folder / "bundle.pdf").read_bytes(), (folder / "pen" / "pages.pdf").read_bytes()] if "pdf" in rule else []
    assert pdfs == wanted and any(name.endswith(".docx") for name, _, _ in sent.files) == ("word" in rule)
    assert "ลงนามด้วยปากกา" in sent.mail.text and str(bundle["frozen"]) in sent.mail.text
    assert made.office.press.verify(folder).ok


def test_the_dashboard_draws_a_page_once(desk: Desk) -> None:
    row = mail(desk, picture(desk))
    ((number, page),) = new_pages(desk.office)
    assert number == row["id"] and "](data:image/jpeg;base64," in page and director(desk).full_name in page
    assert new_pages(desk.office) == []


def test_a_second_decision_and_a_reopened_one_are_refused(desk: Desk) -> None:
    row = mail(desk, picture(desk))
    accept_hold(desk.office, int(row["id"]), "เทียบแล้ว", by="สมหญิง ทดสอบ")
    with pytest.raises(UsageError, match="วินิจฉัยไปแล้ว"):
        accept_hold(desk.office, int(row["id"]), "อีกครั้ง", by="สมหญิง ทดสอบ")
    with pytest.raises(UsageError, match="ถอนคำวินิจฉัยไม่ได้"):
        reopen_hold(desk.office, int(row["id"]), "เปลี่ยนใจ")


def test_killed_after_the_decision_the_files_are_kept_before_the_report_goes(desk: Desk) -> None:
    row = mail(desk, picture(desk))

    class Killed(BaseException):
        pass

    def die(name: str) -> None:
        if name == "pen-confirmed":
            raise Killed

    with pytest.raises(Killed):
        accept_hold(replace(desk.office, tick=die), int(row["id"]), "เทียบแล้ว", by="สมหญิง ทดสอบ")
    assert state(desk) == "SIGNED"
    desk.tick("2023-03-10 10:20")
    folder = desk.office.state / str(desk.ledger.bundles.latest(Q2)["folder"])
    assert state(desk) == "SUBMITTED" and desk.office.press.verify(folder).ok


def test_the_whole_report_on_paper_is_as_good_as_its_page(desk: Desk) -> None:
    pdf = frozen(desk)
    from pypdfium2 import PdfDocument

    pages = [sheet(desk)] + [scanned(printed(pdf, page=n)) for n in range(1, len(PdfDocument(pdf)))]
    row = mail(desk, ("all.pdf", PDF, saved("PDF", *pages)))
    assert row["purpose"] == "pen"
    accept_hold(desk.office, int(row["id"]), "เทียบแล้ว", by="สมหญิง ทดสอบ")
    folder = desk.office.state / str(desk.ledger.bundles.latest(Q2)["folder"])
    assert len(PdfDocument((folder / "pen" / "pages.pdf").read_bytes())) == len(pages)
    assert desk.office.press.verify(folder).ok


def test_pages_over_several_photographs(desk: Desk) -> None:
    other = as_jpeg(scanned(printed(frozen(desk), page=1)))
    row = mail(desk, ("2.jpg", JPEG, other), picture(desk))
    assert row["purpose"] == "pen"
    accept_hold(desk.office, int(row["id"]), "เทียบแล้ว", by="สมหญิง ทดสอบ")
    folder = desk.office.state / str(desk.ledger.bundles.latest(Q2)["folder"])
    assert desk.office.press.verify(folder).ok


# -------------------------------------------------------------------------------------------------- what does not count


def refused(desk: Desk, row, words: str, *, told: str = "", reader=None) -> None:
    """Held with this reason, not usable, its sender told politely (or not at all)."""
    assert row["route"] == "hold" and row["purpose"] in ("", "pen-doubt") and words in str(row["reason"]), row["reason"]
    letters = desk.mails(reader or director(desk), "pen_again")
    assert bool(letters) == bool(told) and all(told in letter.mail.text for letter in letters)
    if row["purpose"] == "pen-doubt":
        notice = desk.mails(desk.secretary, "hold_notice")[-1].mail.text
        assert "hold reject" in notice and "hold accept" not in notice, "the notice offers what does something"
        with pytest.raises(UsageError, match="ใช้เป็นลายมือชื่อไม่ได้"):
            accept_hold(desk.office, int(row["id"]), "ลองรับ", by=desk.secretary.full_name)
        assert "ปิด" in reject_hold(desk.office, int(row["id"]), "รอฉบับใหม่")
    else:
        accept_hold(desk.office, int(row["id"]), "ลองรับ")
    assert state(desk) == "WITH_DIRECTOR", "nothing of it is used"


def test_the_page_of_an_older_version(desk: Desk) -> None:
    old = picture(desk)
    reopen(desk.office, Q2, reason="แก้ไข", by="test", until=desk.clock.moment.date())
    desk.tick("2023-03-13 09:00")
    desk.tick("2023-03-13 09:10")
    assert state(desk) == "WITH_DIRECTOR" and desk.ledger.bundles.latest(Q2)["version"] == 2
    row = mail(desk, old, now="2023-03-13 10:00")
    refused(desk, row, "ฉบับที่ ๑ ซึ่งยกเลิกแล้ว", told="ฉบับที่ ๒")


def test_a_code_of_another_deadline_or_with_another_seal_or_of_nobody(desk: Desk) -> None:
    import segno
    from PIL import Image

    from songthan.domain.seal_codes import SealCode

    for number, (code, words) in enumerate(
        [
            (SealCode(deadline=Q2, version=1, seal="0" * 64), "รหัสชุดเอกสารไม่ตรง"),
            (SealCode(deadline="2566-q9", version=1, seal="0" * 64), "ไม่ใช่ของเอกสารที่สำนักนี้จัดทำ"),
            (SealCode(deadline=Q2, version=7, seal="0" * 64), "ไม่ใช่ของเอกสารที่สำนักนี้จัดทำ"),
        ]
    ):
        import io

        out = io.BytesIO()
        segno.make_qr(code.payload, error="q").save(out, kind="png", scale=5)
        page = Image.new("RGB", (1654, 2339), "white")
        page.paste(Image.open(out).convert("RGB"), (300, 1200))
        row = mail(desk, (f"{number}.jpg", JPEG, as_jpeg(page)), now=f"2023-03-10 1{number}:00")
        refused(desk, row, words)


def test_no_readable_code(desk: Desk) -> None:
    row = mail(desk, ("x.jpg", JPEG, as_jpeg(sheet(desk).resize((300, 424)))))
    assert row["rule"] == "43_signed_by_pen"
    refused(desk, row, "ไม่พบรหัส (QR)", told="ไม่พบรหัส (QR)")


def test_only_the_upper_part_of_the_page(desk: Desk) -> None:
    pdf = frozen(desk)
    page = printed(pdf, page=page_with_code(pdf))
    row = mail(desk, ("x.jpg", JPEG, as_jpeg(cut(page, 0.6))))
    assert row["purpose"] == "pen-doubt" and ("ไม่ครบทั้งหน้า" in str(row["reason"]) or "ไม่พบรหัส" in str(row["reason"]))


def test_two_versions_in_one_mail(desk: Desk) -> None:
    old = picture(desk)
    reopen(desk.office, Q2, reason="แก้ไข", by="test", until=desk.clock.moment.date())
    desk.tick("2023-03-13 09:00")
    desk.tick("2023-03-13 09:10")
    row = mail(desk, picture(desk), ("old.jpg", JPEG, old[2]), now="2023-03-13 10:00")
    refused(desk, row, "มากกว่าหนึ่งฉบับ", told="มากกว่าหนึ่งฉบับ")


def test_a_sender_our_server_does_not_vouch_for(desk: Desk) -> None:
    row = mail(desk, picture(desk), verdict="none")
    assert row["rule"] == "29_pen_unproven"
    refused(desk, row, "ไม่ได้รับรอง")


def test_evidence_that_shows_an_old_page_does_not_stop_a_form(tmp_path: Path) -> None:
    """While one report waits for its signature, a member's form for it comes with last month's signed memo as evidence."""
    made = coded(Desk(tmp_path), tmp_path)
    made.tick()
    form = fill(made.form_of(made.member("s06")))
    compiled(made)
    old = picture(made)
    reopen(made.office, Q2, reason="แก้ไข", by="test", until=made.clock.moment.date())
    made.reply(made.member("s06"), files=(("แบบ.docx", DOCX, form), old), body="ส่งแบบพร้อมหลักฐาน")
    made.tick("2023-03-10 09:30")
    assert made.last_row()["rule"] in ("60_form", "52_after_freeze", "59_form_needs_eyes")


def test_the_registrys_stamped_copy_is_its_receipt_and_no_signature(desk: Desk) -> None:
    registry = desk.office.plan.roster.registry
    row = mail(desk, picture(desk), sender=desk.secretary, address=registry.email, name=registry.name, to=None, body="เลขรับที่ 9/2566")
    assert row["rule"] == "48_registry_other"


def test_a_forged_sender_is_quarantined_and_nothing_opened(desk: Desk) -> None:
    row = mail(desk, picture(desk), verdict="fail")
    assert row["route"] == "quarantine" and not desk.mails(director(desk), "pen_again")


def test_the_page_mailed_by_somebody_else(desk: Desk) -> None:
    for n, member in enumerate((desk.secretary, desk.member("s06"))):
        row = mail(desk, picture(desk), sender=member, to=None, now=f"2023-03-10 1{n}:00")
        assert row["rule"] == "44_pen_by_another"
        refused(desk, row, "ไม่ได้ส่งมาจากกล่องจดหมายของท่านผู้นั้น", told="จากกล่องจดหมายของท่านผู้นั้นเอง", reader=member)
        asked = desk.mails(member, "pen_again")[-1].mail.text
        assert "ท่านไม่ต้องลงนาม" in asked and "แล้วลงนามด้วยปากกา" not in asked, "not asked to sign in another's place"


def test_a_delegate_who_presses_the_button_in_the_directors_name(desk: Desk) -> None:
    """Outlook writes the director into From and his assistant into Sender: not his own hand on his own mailbox."""
    row = mail(desk, picture(desk), headers={"Sender": f"{desk.secretary.full_name} <{desk.secretary.email}>"})
    refused(desk, row, "ไม่ได้ส่งมาจากกล่องจดหมายของท่านผู้นั้น", told="จากกล่องจดหมายของท่านผู้นั้นเอง")
    assert "แล้วลงนามด้วยปากกา" in desk.mails(director(desk), "pen_again")[-1].mail.text


def test_two_senders_in_one_from(desk: Desk) -> None:
    row = mail(desk, picture(desk), name=f'{director(desk).full_name} <{director(desk).email}>, "x"', address="x@bfa.example", to=None)
    assert row["purpose"] == "" and state(desk) == "WITH_DIRECTOR"


def test_the_file_itself_sent_back_is_no_scan(desk: Desk) -> None:
    """Printed to PDF by a program, or sent back unsigned: rule 45 says what is missing."""
    row = mail(desk, ("unsigned.pdf", PDF, frozen(desk)))
    assert (row["route"], row["rule"], row["purpose"]) == ("hold", "45_director_signature", "")


def test_an_electronic_signature_with_a_photograph_beside_it_counts_as_such(desk: Desk) -> None:
    signed = desk.office.signatures.sign(frozen(desk))  # type: ignore[attr-defined]
    row = mail(desk, ("signed.pdf", PDF, signed), picture(desk))
    assert (row["route"], row["purpose"]) == ("accept", "signature") and state(desk) in ("SIGNED", "SUBMITTED")


def test_what_came_meanwhile_makes_the_page_void(desk: Desk) -> None:
    row = mail(desk, picture(desk))
    reopen(desk.office, Q2, reason="แก้ไข", by="test", until=desk.clock.moment.date())
    with pytest.raises(UsageError, match="ขณะนี้ไม่ได้รอลงนาม|ยกเลิกแล้ว"):
        accept_hold(desk.office, int(row["id"]), "เทียบแล้ว", by="สมหญิง ทดสอบ")
    assert isinstance(view_pen(desk.office, int(row["id"])), PenDoubt)


def test_a_correction_after_the_confirmation_voids_it(desk: Desk) -> None:
    row = mail(desk, picture(desk))
    accept_hold(desk.office, int(row["id"]), "เทียบแล้ว", by="สมหญิง ทดสอบ")
    reopen(desk.office, Q2, reason="แก้ไข", by="test", until=desk.clock.moment.date())
    assert state(desk) == "OPEN" and desk.ledger.bundles.get(Q2, 1)["void"]
    desk.tick("2023-03-13 09:00")
    desk.tick("2023-03-13 09:10")
    bundle = desk.ledger.bundles.latest(Q2)
    assert (bundle["version"], bundle["signed"], bundle["pen"]) == (2, None, None) and state(desk) == "WITH_DIRECTOR"


def test_a_rejected_page_is_told_politely_and_the_next_one_counts(desk: Desk) -> None:
    row = mail(desk, picture(desk))
    reject_hold(desk.office, int(row["id"]), "ลายมือชื่ออยู่นอกช่อง")
    desk.tick("2023-03-10 10:30")
    (told,) = desk.mails(director(desk), "pen_again")
    assert "ลายมือชื่ออยู่นอกช่อง" in told.mail.text and state(desk) == "WITH_DIRECTOR"
    row = mail(desk, picture(desk, turn=-0.7), to=told, now="2023-03-10 11:00")
    assert row["purpose"] == "pen"


def test_the_view_shows_both_pages_and_only_hints(desk: Desk) -> None:
    row = mail(desk, picture(desk))
    view = view_pen(desk.office, int(row["id"]))
    assert isinstance(view, PenView) and view.version == 1 and view.page == 1
    assert view.picture is not None and view.picture.startswith(b"\xff\xd8\xff")
    assert view.signer == director(desk).full_name and view.hints
