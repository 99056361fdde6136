"""The director signs what the office sends him: a valid PAdES signature at the simulated time, by his own certificate."""

import io
import json
import stat
import subprocess
import sys

import pytest
from practice_office import START, Office, person
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, append_signature_field
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from songthan.practice.cast.exhibits import page

pytestmark = pytest.mark.real


def unsigned() -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(page("Quarterly report")))
    append_signature_field(writer, SigFieldSpec("DirectorSignature", on_page=0, box=(300, 100, 520, 160)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def play(office: Office, *moments: str) -> list[dict]:
    command = [
        sys.executable, "-m", "songthan.practice.cast.director", "--exchange", office.url, "--people",
        str(office.people), "--state", str(office.folder / "cast"), "--seed", "1",
    ]  # fmt: skip
    lines = "".join(json.dumps({"now": f"2023-03-{m}:00+07:00"}) + "\n" for m in moments) + '{"quit": true}\n'
    done = subprocess.run(
        command, input=lines, capture_output=True, text=True, encoding="utf-8", timeout=60, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_he_signs_half_a_day_later(office: Office) -> None:
    data = unsigned()
    files = [("รายงาน F3.pdf", data), ("แบบ.pdf", page("no field"))]
    key = office.send(person("m01")["email"], "ขอให้ลงนาม", "เรียนมาเพื่อโปรดลงนาม", files)
    office.send(person("m01")["email"], "เพื่อทราบ", "ไม่ต้องลงนาม", [("แบบ.pdf", page("no field"))])
    first, early, there = play(office, "02T15:00", "03T10:59", "03T11:00")
    assert first == {"acts": [], "next": "2023-03-03T11:00:00+07:00"} == early
    assert [a["who"] for a in there["acts"]] == ["m01"] and there["next"] is None
    assert play(office, "03T11:00", "06T11:00") == [{"acts": [], "next": None}] * 2

    (reply,) = office.inbox()
    assert reply["In-Reply-To"] == key
    ((name, signed),) = [(p.get_filename(), p.get_payload(decode=True)) for p in reply.iter_attachments()]
    assert name == "รายงาน F3.pdf" and signed.startswith(data)
    certs = office.folder / "cast" / "certs"
    assert stat.S_IMODE((certs / "director.key").stat().st_mode) == 0o600
    root = load_cert_from_pemder(str(certs / "root.pem"))
    (signature,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=[root], allow_fetching=False))
    assert status.bottom_line and status.coverage.name == "ENTIRE_FILE"
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.self_reported_timestamp.isoformat() == "2023-03-03T11:00:00+07:00"
    subject = status.signing_cert.subject.native
    assert f"{subject['given_name']} {subject['surname']}" == person("m01")["name"]


def test_only_the_office_gets_a_signature(office: Office) -> None:
    from songthan.practice.cast.ews import Post
    from songthan.practice.cast.letters import Draft, write

    colleague = Post(url=office.url, address=person("m03")["email"], password="m03-pw")
    colleague.send(write(Draft(
        name="x", address=person("m03")["email"], to=person("m01")["email"], subject="s", at=START, text="t",
        message_id="<x@senate-office.example>", files=(("a.pdf", unsigned()),),
    )))  # fmt: skip
    colleague.close()
    assert play(office, "02T15:00") == [{"acts": [], "next": None}]
