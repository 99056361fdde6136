"""LibreOffice: real conversion, and false programs that hang, stop half-way or are not there."""

import errno
import io
import os
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pypdfium2
import pytest
from archive_rules import broken_rules
from docx import Document
from pypdf import PdfReader

from songthan.adapters.assemble_frame import numbered
from songthan.adapters.convert import LibreOffice, default_fontconfig
from songthan.adapters.convert_pages import without_thai_pages
from songthan.adapters.convert_steady import steady
from songthan.adapters.render_docx import DocxRenderer
from songthan.domain.errors import ConversionFailed, EnvironmentNotReady

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "docx"
WORDS = "น้ำใจ เก็บกู้ ปิ่นโตที่ทำไว้ รายงานผลสำเร็จ ๑๒๓๔๕๖๗๘๙๐"


def memo() -> bytes:
    return DocxRenderer(TEMPLATES).document(
        template="memo.docx",
        context={
            "organisation": {"name": "สำนักการต่างประเทศ"}, "agency": "สำนักการต่างประเทศ", "number": "สว ๑/๒", "date_th": "๑๗ มีนาคม ๒๕๖๖",
            "subject": WORDS, "to": "ผู้อำนวยการ", "paragraphs": ["{{ ข้อความ }} & <อื่น>"], "closing": "", "acting": False,
            "signer": {"name": "นางกมลทิพย์ เรืองวัฒนกุล", "position": "ผู้อำนวยการสำนัก"},
        },
    )  # fmt: skip


def program(path: Path, body: str) -> str:
    path.write_text(f"#!{sys.executable}\n{body}", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


# what every false soffice needs: where the PDFs go and which files were given
READS = """
import os, pathlib, sys, time
out = pathlib.Path(sys.argv[sys.argv.index("--outdir") + 1])
files = sys.argv[sys.argv.index("--outdir") + 2:]
out.mkdir(exist_ok=True)
calls = pathlib.Path(__file__).with_suffix(".calls")
calls.write_text((calls.read_text() if calls.exists() else "") + f"{os.getpid()} {' '.join(files)}\\n")
"""


def whole_pdf() -> bytes:
    document = pypdfium2.PdfDocument.new()
    document.new_page(100, 100)

    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue().rstrip() + b"\n"


def test_no_libreoffice_is_named_with_its_remedy() -> None:
    with pytest.raises(EnvironmentNotReady) as caught:
        LibreOffice(program="no-such-soffice").to_pdf({"a": b"x"})
    assert "libreoffice-writer-nogui" in caught.value.remedy and caught.value.exit_code == 3


def test_nothing_to_do_calls_nothing(tmp_path: Path) -> None:
    false = program(tmp_path / "soffice", READS)
    assert LibreOffice(program=false).to_pdf({}) == {}
    assert not (tmp_path / "soffice.calls").exists()


@pytest.mark.real
def test_timeout_kills_the_whole_group(tmp_path: Path) -> None:
    child = f"import subprocess; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); open({str(tmp_path / 'child')!r}, 'a').write(f'{{c.pid}}\\n'); c.wait()"
    false = program(tmp_path / "soffice", READS + child)
    with pytest.raises(ConversionFailed, match="ใช้เวลาเกิน ๐.๕ วินาที") as caught:
        LibreOffice(timeout_s=0.5, program=false).to_pdf({"บันทึก.docx": b"x"})
    assert caught.value.where == "บันทึก.docx"
    pids = [int(line) for line in (tmp_path / "child").read_text().split()]
    assert len(pids) == 2 == len((tmp_path / "soffice.calls").read_text().splitlines())
    assert all(ended(pid) for pid in pids)


def ended(pid: int) -> bool:
    """Whether the process is dead; a killed one may need the machine's attention first, so its end is waited for."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


@pytest.mark.real
def test_a_frozen_libreoffice_is_killed_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped as by SIGSTOP, it hears no other signal; its files and locks lie in folders that go with it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "tmp").mkdir()
    body = "import signal; (pathlib.Path.cwd() / '.~lock.0.docx#').write_text('x'); os.kill(os.getpid(), signal.SIGSTOP)"
    false = program(tmp_path / "soffice", READS + body)
    with pytest.raises(ConversionFailed, match="ใช้เวลาเกิน"):
        LibreOffice(timeout_s=0.5, program=false).to_pdf({"a": b"x"})
    pids = [int(line.split()[0]) for line in (tmp_path / "soffice.calls").read_text().splitlines()]
    assert len(pids) == 2 and all(ended(pid) for pid in pids) and not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize(
    ("body", "reason"), [("sys.exit(134)", "รหัส ๑๓๔"), ("os.abort()", "รหัส -๖")], ids=["aborted by its script", "aborted"]
)
def test_a_crash_is_tried_again_and_told(tmp_path: Path, body: str, reason: str) -> None:
    false = program(tmp_path / "soffice", READS + body)
    with pytest.raises(ConversionFailed, match=reason) as caught:
        LibreOffice(program=false).to_pdf({"a": b"x"})
    assert caught.value.where == "a" and len((tmp_path / "soffice.calls").read_text().splitlines()) == 2


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ConversionFailed, match="เต็ม"):
        LibreOffice(program=shutil.which("true")).to_pdf({"a": b"x"})


def test_without_the_official_faces_nothing_is_converted(tmp_path: Path) -> None:
    bare = tmp_path / "fonts.conf"
    bare.write_text(f"<fontconfig><cachedir>{tmp_path}</cachedir></fontconfig>", encoding="utf-8")
    false = program(tmp_path / "soffice", READS)
    with pytest.raises(EnvironmentNotReady, match="make setup"):
        LibreOffice(fontconfig=bare, program=false).to_pdf({"a": b"x"})
    assert not (tmp_path / "soffice.calls").exists()


@pytest.mark.parametrize(
    "written", [b"%PDF-1.6\nhalf of it", b"%PDF-1.6\nno objects at all\n%%EOF\n", b""], ids=["cut", "hollow", "nothing"]
)
def test_half_a_pdf_twice_fails(tmp_path: Path, written: bytes) -> None:
    false = program(tmp_path / "soffice", f"{READS}\nif {written!r}: (out / '0.pdf').write_bytes({written!r})")
    with pytest.raises(ConversionFailed, match="PDF"):
        LibreOffice(program=false).to_pdf({"a": b"x"})
    assert len((tmp_path / "soffice.calls").read_text().splitlines()) == 2


def test_only_what_failed_is_tried_again(tmp_path: Path) -> None:
    good = tmp_path / "good.pdf"
    good.write_bytes(whole_pdf())
    body = f"""
good = pathlib.Path({str(good)!r}).read_bytes()
first = len(calls.read_text().splitlines()) == 1
for number, file in enumerate(files):
    (out / file.replace(".docx", ".pdf")).write_bytes(good[:-20] if first and number == 1 else good)
"""
    false = program(tmp_path / "soffice", READS + body)
    made = LibreOffice(program=false).to_pdf({"../../ก.docx": b"1", "ข": b"2", "ค": b"3"})
    assert list(made) == ["../../ก.docx", "ข", "ค"] and set(made.values()) == {good.read_bytes()}
    assert [line.split()[1:] for line in (tmp_path / "soffice.calls").read_text().splitlines()] == [
        ["0.docx", "1.docx", "2.docx"], ["0.docx"],
    ]  # fmt: skip


def test_missing_faces_are_told(tmp_path: Path) -> None:
    bare = tmp_path / "fonts.conf"
    bare.write_text(f"<fontconfig><cachedir>{tmp_path}</cachedir></fontconfig>", encoding="utf-8")
    told = LibreOffice(fontconfig=bare).fonts_ready()
    assert len(told) == 5 and all("TH SarabunPSK" in line and "make setup" in line for line in told[:4])
    assert "DejaVu" in told[4]


@pytest.mark.real
def test_real_pdf_has_exact_thai_and_the_official_face() -> None:
    office = LibreOffice(fontconfig=default_fontconfig(), timeout_s=120)
    assert office.fonts_ready() == []
    data = memo()
    made = office.to_pdf({"หนึ่ง": data, "สอง": data})
    assert list(made) == ["หนึ่ง", "สอง"]
    document = pypdfium2.PdfDocument(made["หนึ่ง"])
    text = document[0].get_textpage().get_text_bounded()
    document.close()
    for words in ("บันทึกข้อความ", WORDS, "{{ ข้อความ }} & <อื่น>", "(นางกมลทิพย์ เรืองวัฒนกุล)"):
        assert words in text
    assert (
        b"<pdfaid:part>2</pdfaid:part>" in made["สอง"] and b"<pdfaid:conformance>B</pdfaid:conformance>" in made["สอง"]
    )
    fonts = subprocess.run(
        [shutil.which("pdffonts"), "-"], input=made["หนึ่ง"], capture_output=True, check=True
    ).stdout.decode()
    faces = [line.split() for line in fonts.splitlines()[2:]]
    assert faces and all("THSarabunPSK" in face[0] and face[3] == "yes" for face in faces)


@pytest.mark.real
def test_equal_documents_are_equal_bytes_at_any_time_in_any_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two calls are seconds apart, and LibreOffice writes seconds; alone or with others makes no difference either."""
    office, day = LibreOffice(timeout_s=120), datetime(2023, 3, 17, 10, 30, tzinfo=timezone(timedelta(hours=7)))
    bare = office.to_pdf({"ก": memo()})["ก"]
    made = office.to_pdf({"ก": memo(), "ข": memo()}, at=day)
    monkeypatch.setenv("TZ", "America/New_York")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    alone = office.to_pdf({"ก": memo()}, at=day)
    assert made["ก"] == made["ข"] == alone["ก"] != bare
    # with a profile that LibreOffice has to lay out first
    assert LibreOffice(timeout_s=120).to_pdf({"ก": memo()}, at=day) == alone
    assert office.to_pdf({"ก": memo()}, at=day + timedelta(seconds=1)) != alone
    assert b"/CreationDate(D:20230317033000Z')" in alone["ก"] and b"2023-03-17T03:30:00Z</xmp:CreateDate>" in alone["ก"]
    document = pypdfium2.PdfDocument(alone["ก"])
    assert WORDS in document[0].get_textpage().get_text_bounded()
    document.close()
    # every object stands where the mended table of places says
    reader = PdfReader(io.BytesIO(alone["ก"]), strict=True)
    assert all(reader.get_object(n) is not None for n in range(1, int(reader.trailer["/Size"])))
    profile = reader.root_object["/OutputIntents"][0]["/DestOutputProfile"].get_data()
    assert struct.unpack_from(">6H", profile, 24) == (2023, 3, 17, 3, 30, 0)


@pytest.mark.parametrize("odd", [b"", b"%PDF-1.7\nno table\n%%EOF\n", whole_pdf()], ids=["empty", "no table", "another program's"])
def test_a_pdf_of_another_shape_is_left_as_it_is(odd: bytes) -> None:
    assert steady(odd, datetime(2023, 3, 17, tzinfo=UTC)) == odd


def header(field: str, *, words: str = "หน้า ") -> bytes:
    """A docx whose header holds a page field."""
    document, out, done = Document(), io.BytesIO(), io.BytesIO()
    document.sections[0].header.paragraphs[0].text = "เลขหน้า"
    document.add_paragraph("เนื้อหา ๑")
    document.save(out)
    run = "<w:r><w:t xml:space='preserve'>{}</w:t></w:r>".format
    code = f"<w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText> {field} </w:instrText></w:r><w:r><w:fldChar w:fldCharType='separate'/></w:r>{run('๑')}<w:r><w:fldChar w:fldCharType='end'/></w:r>"
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(done, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("word/header"):
                data = re.sub(rb"<w:r>.*?</w:r>", f"{run('สำนัก')}{run(words)}{code}".encode(), data, count=1)
            new.writestr(name, data)
    return done.getvalue()


@pytest.mark.real
def test_a_page_number_that_libreoffice_cannot_write_in_thai_is_left_out_and_written_afterwards() -> None:
    documents = {"ไทย": header(r"PAGE \* THAIARABIC"), "อารบิก": header("PAGE"), "อื่น": header(r"PAGE \* THAIARABIC", words="แผ่น ")}
    made = LibreOffice().to_pdf(documents, at=datetime(2023, 3, 17, tzinfo=UTC))

    def text(pdf: bytes) -> str:
        document = pypdfium2.PdfDocument(pdf)
        words = "".join(document[0].get_textpage().get_text_range().split())
        document.close()
        return words

    assert text(made["ไทย"]) == "สำนักเนื้อหา๑" and text(made["อารบิก"]) == "สำนักหน้า1เนื้อหา๑" and text(made["อื่น"]) == "สำนักแผ่นเนื้อหา๑"
    face = (default_fontconfig().parent / "fonts" / "THSarabunNew-Regular.ttf").read_bytes()
    stamped = numbered(made["ไทย"], face)
    assert text(stamped) == "สำนักเนื้อหา๑๑/๑" and stamped == numbered(made["ไทย"], face)
    # tags, date and the claim stay
    reader = PdfReader(io.BytesIO(stamped))
    assert broken_rules(stamped) == [] and "/StructTreeRoot" in reader.root_object and reader.metadata["/CreationDate"] == "D:20230317000000Z'"


def test_what_has_no_such_number_is_left_as_it_is() -> None:
    for data in (b"", b"PK\x03\x04 torn", header("PAGE"), memo()):
        assert without_thai_pages(data) == data
