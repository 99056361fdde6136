"""From WITH_DIRECTOR to SUBMITTED by pen, over real parts: LibreOffice's page, the sandbox, text recognition, PAdES's field.

The paper is played by PDFium and Pillow (`tests/pen_hand.py`).
"""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from click.testing import CliRunner
from desk import Q2, ROOT, Desk
from PIL import Image, ImageChops, ImageDraw

from pen_hand import as_jpeg, inked, page_with_code, printed, saved, scanned
from songthan.adapters.bundle_press import Press
from songthan.adapters.convert import LibreOffice, default_fontconfig
from songthan.adapters.ledger import SqliteLedger
from songthan.adapters.read_sheets import SandboxedSheets
from songthan.adapters.sandbox import Sandbox
from songthan.adapters.sign_pdf import PadesSignatures
from songthan.cli import main
from songthan.steps.confirm_pen import PenView, picture_of, view_pen
from songthan.workspace import check_bundle

pytestmark = pytest.mark.real
JPEG, PDF = "image/jpeg", "application/pdf"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as box:
        yield box


@pytest.fixture(scope="module")
def desk(tmp_path_factory, sandbox) -> Desk:
    """A report that really was compiled and lies before the director."""
    state = tmp_path_factory.mktemp("pen")
    made = Desk(state, ledger=SqliteLedger(state / "ledger.sqlite"))
    fonts = default_fontconfig()
    signatures = PadesSignatures(sandbox=sandbox)
    press = Press(made.office.state / "bundles", sandbox=sandbox, signatures=signatures, fonts=fonts, secret=made.ledger.salt)
    made.office = replace(
        made.office, converter=LibreOffice(fontconfig=fonts), signatures=signatures, press=press, sheets=SandboxedSheets(sandbox)
    )
    made.tick()
    for seat in made.states():
        made.answer(seat)
    made.tick("2023-03-10 09:00")
    assert made.ledger.deadline_state(Q2).value == "WITH_DIRECTOR"
    return made


def signature_place(desk: Desk) -> tuple[float, float, float, float]:
    """Above the printed name, as a person sees it on this office's memo (parts of the page)."""
    bundle = desk.ledger.bundles.latest(Q2)
    memo = (desk.office.state / str(bundle["folder"]) / "memo.pdf").read_bytes()
    director = desk.office.plan.roster.member(desk.office.plan.roster.director)
    left, low, right, high = desk.office.press.sign_here(memo, director.full_name).box
    return left / 595.3, 1 - high / 841.9, right / 595.3, 1 - low / 841.9


def director_mails(desk: Desk, name: str, type_: str, data: bytes, now: str) -> dict[str, object]:
    director = desk.office.plan.roster.member(desk.office.plan.roster.director)
    letter = desk.mails(director, "director")[-1]
    desk.reply(director, to=letter, files=((name, type_, data),), body="ส่งจาก iPhone ของฉัน")
    desk.tick(now)
    return desk.last_row()


def paper(desk: Desk, *, dpi: int) -> Image.Image:
    director = desk.office.plan.roster.member(desk.office.plan.roster.director)
    pdf = desk.mails(director, "director")[-1].files[0][2]
    return printed(pdf, page=page_with_code(pdf), dpi=dpi)


def copied_onto_another_text(desk: Desk) -> bytes:
    """A stranger's page: the code of the real one, cut out and put on other words."""
    real = paper(desk, dpi=200)
    false = Image.new("RGB", real.size, "white")
    import zxingcpp

    place = zxingcpp.read_barcodes(real)[0].position
    box = (place.top_left.x - 30, place.top_left.y - 30, place.bottom_right.x + 30, place.bottom_right.y + 60)
    false.paste(real.crop(box), box[:2])
    draw = ImageDraw.Draw(false)
    for line in range(12):
        draw.text((180, 150 + 60 * line), f"Approved: pay {line}00,000 baht to the bearer of this page at once", fill="black", font_size=34)
    draw.text((900, 1900), "(somebody else)", fill="black", font_size=34)
    return as_jpeg(scanned(inked(false, signature_place(desk))))


def test_the_letter_offers_the_three_ways(desk: Desk) -> None:
    director = desk.office.plan.roster.member(desk.office.plan.roster.director)
    text = desk.mails(director, "director")[-1].mail.text
    assert "ลงลายมือชื่ออิเล็กทรอนิกส์" in text and "songthan sign" in text and "ลงนามด้วยปากกา" in text


def test_another_text_under_a_copied_code_is_shown_to_the_secretary_as_doubtful(desk: Desk) -> None:
    row = director_mails(desk, "IMG_7.jpg", JPEG, copied_onto_another_text(desk), "2023-03-10 09:30")
    assert row["route"] == "hold"
    if row["purpose"] == "pen":
        view = view_pen(desk.office, int(row["id"]))
        assert isinstance(view, PenView) and any("อาจเป็นหน้าอื่น" in hint for hint in view.hints), view
    assert desk.ledger.deadline_state(Q2).value == "WITH_DIRECTOR"


def test_a_page_without_ink_is_told(desk: Desk) -> None:
    row = director_mails(desk, "a.pdf", PDF, saved("PDF", scanned(paper(desk, dpi=200), turn=0.6)), "2023-03-10 09:40")
    view = view_pen(desk.office, int(row["id"]))
    assert isinstance(view, PenView) and any("ไม่พบรอยหมึก" in hint for hint in view.hints), view


def secretary(desk: Desk, *arguments: object, code: int = 0) -> str:
    """She types a command; another process than the one that took the mail in would do the same."""
    runner = CliRunner(env={"SONGTHAN_WORKSPACE": str(ROOT), "COLUMNS": "100"})
    result = runner.invoke(main, ["hold", *map(str, arguments), "--state", str(desk.office.state)])
    assert result.exit_code == code, result.output
    return result.output


def test_from_with_director_to_submitted(desk: Desk, tmp_path) -> None:
    """Scanned at 150 dpi, turned by two degrees, squeezed hard by the phone's mail program."""
    signed = scanned(inked(paper(desk, dpi=150), signature_place(desk)), turn=2.0)
    exif = Image.Exif()
    exif[0x0112] = 8
    row = director_mails(desk, "IMG_0042.jpg", JPEG, as_jpeg(signed.rotate(-90, expand=True), quality=40, exif=exif.tobytes()), "2023-03-10 10:00")
    assert (row["route"], row["purpose"]) == ("hold", "pen"), row["reason"]
    view = view_pen(desk.office, int(row["id"]))
    assert isinstance(view, PenView) and not any("อาจเป็นหน้าอื่น" in h or "ไม่พบรอยหมึก" in h for h in view.hints), view
    told = [hint.partition(": ")[2] for hint in view.hints if ": " in hint]
    assert all(any(len(word) >= 4 or any(c.isdigit() for c in word) for word in line.split()) for line in told), told
    beside = Image.open(io.BytesIO(view.picture))
    assert beside.size == (1270, 1107)
    # the ink's own colour is seen at the right: a copied signature would be as grey as the print
    scan = beside.crop((640, 0, 1270, 1107))
    bluer = ImageChops.subtract(scan.getchannel("B"), scan.getchannel("R")).histogram()
    assert sum(bluer[40:]) > 100
    number = int(row["id"])
    said = secretary(desk, "show", number, "--save", tmp_path)
    assert "ไม่พบรหัส" not in said and "รอยหมึก" in said and "--by" in said
    assert Image.open(tmp_path / f"hold-{number}-side-by-side.jpg").size == (1270, 1107)
    shown = picture_of(desk.office, number)
    assert "](data:image/jpeg;base64," in shown and len(shown) < 400_000
    assert "--by" in secretary(desk, "accept", number, "--reason", "เทียบแล้ว", code=2)
    done = secretary(desk, "accept", number, "--by", desk.secretary.full_name, "--reason", "เทียบทุกบรรทัดแล้ว")
    assert "ลงนามด้วยปากกา" in done
    again = secretary(desk, "show", number)
    assert f"ใช้เป็นลายมือชื่อของรายงาน {Q2} แล้ว" in again and "ไม่ได้" not in again.partition("คำวินิจฉัย")[2]
    record = json.loads((desk.office.state / str(desk.ledger.bundles.latest(Q2)["folder"]) / "pen.json").read_bytes())
    assert record["confirmed"]["account"].startswith("command")
    desk.tick("2023-03-10 10:10")
    assert desk.ledger.deadline_state(Q2).value == "SUBMITTED"
    folder = desk.office.state / str(desk.ledger.bundles.latest(Q2)["folder"])
    report = check_bundle(folder, [])
    assert report.ok and report.signed_by == "pen" and report.stage == "submitted", [c for c in report.checks if not c.ok]
