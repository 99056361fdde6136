"""A bundle signed by pen: what verifies, what a stranger gets of it, and every way to slip another page or confirmation in."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from email.message import EmailMessage
from pathlib import Path

import attack_files as attack
import pytest
import segno
from click.testing import CliRunner
from PIL import Image
from test_bundle_files import MAIL, NOW, compiled
from test_sign_pdf import DIRECTOR

from songthan.adapters import bundle_files, sign_evidence
from songthan.adapters.assemble_pdf import read_seal
from songthan.adapters.bundle_export import export_bundle
from songthan.adapters.bundle_files import add_pen, add_receipt, add_signature, add_submission, write_bundle
from songthan.adapters.bundle_pen import PenReader, picture_pages
from songthan.adapters.bundle_records import RecordKey
from songthan.adapters.bundle_verify import verify_bundle
from songthan.adapters.sandbox import Sandbox
from songthan.adapters.sign_pdf import PadesSignatures
from songthan.cli import main
from songthan.domain.bundles import Manifest, sha256_of
from songthan.domain.errors import DataError, SongthanError
from songthan.domain.seal_codes import SealCode

KEY = RecordKey("the ledger's secret")
SENDER = "director@bureau.example"


def sheet(code: SealCode, *, more: str = "") -> bytes:
    """A page with this code on it, as a camera sees it."""
    out = io.BytesIO()
    segno.make_qr(code.payload, error="q").save(out, kind="png", scale=6)
    page = Image.new("RGB", (1240, 1754), "white")
    page.paste(Image.open(out).convert("RGB"), (200, 900))
    page.putpixel((5, 5), (len(more), 0, 0))
    picture = io.BytesIO()
    page.save(picture, "JPEG", quality=80, comment=more.encode())
    return picture.getvalue()


def mailed(*scans: bytes, sender: str = SENDER) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"ผู้อำนวยการ <{sender}>", "office@bureau.example", "ลงนามแล้ว"
    mail.set_content("ลงนามแล้ว")
    for scan in scans:
        mail.add_attachment(scan, maintype="image", subtype="jpeg", filename="IMG_1.jpg")
    return mail.as_bytes()


def code_of(manifest: Manifest) -> SealCode:
    return SealCode(deadline=manifest.deadline, version=manifest.version, seal=manifest.seal)


def proof_of(manifest: Manifest, scan: bytes, mail: bytes, /, **changes: object) -> tuple[dict, dict[str, bytes]]:
    """The record as the office writes it, and its files."""
    pages = picture_pages([scan])
    record = {
        "kind": "pen", "deadline": manifest.deadline, "version": manifest.version, "bundle_id": manifest.bundle_id,
        "seal": manifest.seal, "signer": DIRECTOR, "capacity": "", "page": 1,
        "code": {"text": code_of(manifest).payload, "path": "pen/scan-01.jpg", "sheet": 1},
        "scans": [{"path": "pen/scan-01.jpg", "sha256": sha256_of(scan), "size": len(scan), "type": "image/jpeg", "name": "IMG_1.jpg"}],
        "pages": {"path": "pen/pages.pdf", "sha256": sha256_of(pages)},
        "mail": {
            "path": "pen/mail.eml", "sha256": sha256_of(mail), "sender": SENDER, "received": NOW.isoformat(),
            "authentication": "pass", "message_id": "<1@bureau.example>", "inbox": 7,
        },
        "confirmed": {"by": "นางสมหญิง ทดสอบ", "account": "command:test", "at": NOW.isoformat(), "reason": "เทียบทุกบรรทัด"},
        **changes,
    }  # fmt: skip
    return record, {"pen/scan-01.jpg": scan, "pen/pages.pdf": pages, "pen/mail.eml": mail}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as box:
        yield box


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    manifest, contents = compiled(recorder=KEY.public)
    folder = write_bundle(tmp_path_factory.mktemp("bundles"), manifest, contents)
    scan = sheet(code_of(manifest))
    add_pen(folder, *proof_of(manifest, scan, mailed(scan)), key=KEY)
    files = [{"name": n, "sha256": sha256_of((folder / n).read_bytes())} for n in ("report.docx", "bundle.pdf", "pen/pages.pdf")]
    add_submission(folder, {"message_id": "<2@office.example>", "sent_at": NOW.isoformat(), "to": "r@x.example", "files": files}, key=KEY)
    add_receipt(folder, {"number": "สว ๑/๒๕๖๖", "received": NOW.isoformat(), "message_sha256": MAIL}, key=KEY)
    return folder


@pytest.fixture
def bundle(finished, tmp_path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "v1"))


@pytest.fixture
def verify(sandbox):
    def ask(folder):
        return verify_bundle(
            folder, signatures=PadesSignatures(sandbox=sandbox), read_seal=lambda pdf: read_seal(pdf, sandbox=sandbox),
            pen=PenReader(sandbox=sandbox),
        )  # fmt: skip

    return ask


def refused(report, check: str, naming: str = "") -> None:
    wrong = [c for c in report.checks if not c.ok]
    assert not report.ok and report.stage == "broken" and report.signed_by == "" and check in {c.name for c in wrong}, wrong
    assert any(naming in c.detail_th for c in wrong), wrong


def again(folder: Path, scan: bytes, mail: bytes, /, key: RecordKey | None = KEY, **changes: object) -> Path:
    """The folder with another proof in its place, all its lists made to agree: what a forger with this key can do."""
    manifest = Manifest.from_json((folder / "manifest.json").read_bytes())
    fresh = folder.with_name("forged")
    shutil.copytree(folder, fresh)
    shutil.rmtree(fresh / "pen")
    for name in ("pen.json", "submission.json", "receipt.json"):
        (fresh / name).unlink()
    chain = bundle_files.read_proof((fresh / "proof.json").read_bytes())[:1]
    (fresh / "proof.json").write_bytes(bundle_files._proof_bytes(chain))
    add_pen(fresh, *proof_of(manifest, scan, mail, **changes), key=key)
    return fresh


# ----------------------------------------------------------------------------------------------------- the honest bundle


def test_the_honest_bundle_is_a_yes_that_claims_no_certificate(bundle, verify) -> None:
    report = verify(bundle)
    assert report.ok and report.stage == "acknowledged" and report.signed_by == "pen" and report.level == ""
    assert report.signer == DIRECTOR and report.as_json()["signed_by"] == "pen"
    (said,) = [c.detail_th for c in report.checks if c.name == "pen"]
    assert "ลงนามด้วยปากกา" in said and "ไม่มีลายมือชื่ออิเล็กทรอนิกส์" in said and "นางสมหญิง ทดสอบ" in said
    assert {"pen", "pen-mail", "pen-code", "records"} <= {c.name for c in report.checks}


def test_the_command_says_so_and_the_zip_checks_itself_without_us(bundle, tmp_path) -> None:
    place = tmp_path / "bundles"
    result = CliRunner().invoke(main, ["verify", str(bundle), "--chain", "--export", str(tmp_path / "e.zip")])
    assert result.exit_code == 0, result.output
    words = "".join(result.output.split())
    assert "ไม่มีลายมือชื่ออิเล็กทรอนิกส์" in words and "ยืนยันโดยนางสมหญิงทดสอบ" in words
    with zipfile.ZipFile(tmp_path / "e.zip") as archive:
        archive.extractall(place)
    (top,) = place.iterdir()
    readme = (top / "README.txt").read_text(encoding="utf-8")
    assert "no cryptographic signature" in readme and "pyhanko sign" not in readme and "SONGTHAN:1:2566-Q2:1:" in readme
    done = subprocess.run(["sh", "check.sh"], cwd=top, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.endswith("OK\n"), done.stdout + done.stderr
    scan = top / "bundle" / "pen" / "scan-01.jpg"
    scan.write_bytes(scan.read_bytes() + b"x")
    assert subprocess.run(["sh", "check.sh"], cwd=top, capture_output=True, check=False).returncode != 0


def test_the_export_is_the_same_bytes_twice(bundle, tmp_path) -> None:
    for name in ("one", "two"):
        export_bundle(bundle, tmp_path / f"{name}.zip", evidence_of=sign_evidence.evidence_of)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_kept_twice_is_kept_once_and_never_beside_an_electronic_signature(tmp_path) -> None:
    manifest, contents = compiled(recorder=KEY.public)
    folder = write_bundle(tmp_path, manifest, contents)
    scan = sheet(code_of(manifest))
    proof = proof_of(manifest, scan, mailed(scan))
    add_pen(folder, *proof, key=KEY)
    before = attack.files_of(folder)
    add_pen(folder, *proof, key=KEY)
    assert attack.files_of(folder) == before
    with pytest.raises(SongthanError):
        add_pen(folder, *proof_of(manifest, scan, mailed(scan), confirmed={"by": "x", "at": NOW.isoformat(), "reason": "y"}), key=KEY)
    with pytest.raises(SongthanError):
        add_signature(folder, b"%PDF", trust={"root-x.pem": b"x"}, received=NOW, message_sha256=MAIL, key=KEY)
    with pytest.raises((DataError, SongthanError)):
        add_pen(folder, proof[0], {**proof[1], "pen/scan-01.jpg": b"other"}, key=KEY)


# ---------------------------------------------------------------------------------------------------------- the attacks


@pytest.mark.parametrize("name", ["pen.json", "pen/scan-01.jpg", "pen/pages.pdf", "pen/mail.eml"])
def test_a_changed_or_missing_file(bundle, verify, name) -> None:
    data = (bundle / name).read_bytes()
    (bundle / name).write_bytes(data[:-3] + b"x" + data[-2:])
    refused(verify(bundle), "proof", name)
    (bundle / name).unlink()
    refused(verify(bundle), "proof", name)


@pytest.mark.parametrize("name", ["pen/scan-02.jpg", "pen/more.pdf", "signed.pdf", "trust/root-x.pem"])
def test_a_file_more(bundle, verify, name) -> None:
    (bundle / name).parent.mkdir(exist_ok=True)
    (bundle / name).write_bytes(b"x")
    refused(verify(bundle), "files", name)


def test_the_scan_swapped_with_every_list_made_to_agree(bundle, verify) -> None:
    """Another sheet with the very same code: not the one that came by mail, and the office's key did not record it."""
    manifest = Manifest.from_json((bundle / "manifest.json").read_bytes())
    mail = (bundle / "pen" / "mail.eml").read_bytes()
    forged = again(bundle, sheet(code_of(manifest), more="another text"), mail)
    refused(verify(forged), "pen-mail", "pen/scan-01.jpg")
    (bundle / "pen" / "scan-01.jpg").write_bytes(sheet(code_of(manifest), more="x"))
    attack.made_to_agree(bundle)
    assert not verify(bundle).ok


def test_scan_and_mail_both_swapped_by_somebody_without_the_offices_key(bundle, verify) -> None:
    manifest = Manifest.from_json((bundle / "manifest.json").read_bytes())
    scan = sheet(code_of(manifest), more="another text")
    with pytest.raises(SongthanError):
        again(bundle, scan, mailed(scan), key=RecordKey("a forger's"))
    shutil.rmtree(bundle.with_name("forged"), ignore_errors=True)
    forged = again(bundle, scan, mailed(scan))
    proof = json.loads((forged / "proof.json").read_bytes())
    proof["chain"][-1]["signature"] = RecordKey("a forger's").sign(proof["chain"][-1]["link"])
    (forged / "proof.json").write_bytes(bundle_files._canonical(proof))
    attack_sums(forged)
    refused(verify(forged), "records", "pen")


def attack_sums(folder: Path) -> None:
    (folder / "SHA256SUMS").write_bytes(bundle_files.sums_of(bundle_files.hashes_of(folder)))


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["confirmed"].update(by="นายคนอื่น ทดสอบ"),
        lambda r: r["confirmed"].update(at="2020-01-01T00:00:00+07:00"),
        lambda r: r["confirmed"].update(reason="ไม่ได้เทียบ"),
        lambda r: r.update(signer="นายคนอื่น ทดสอบ"),
        lambda r: r["mail"].update(authentication="none"),
        lambda r: r["mail"].update(sender="other@bureau.example"),
        lambda r: r.update(version=2),
    ],
)
def test_a_changed_confirmation(bundle, verify, change) -> None:
    """Every list made to agree, but the chain's link is signed by the office."""
    record = json.loads((bundle / "pen.json").read_bytes())
    change(record)
    (bundle / "pen.json").write_bytes(bundle_files._canonical(record))
    attack.made_to_agree(bundle)
    assert not verify(bundle).ok


def test_what_even_the_offices_own_key_cannot_make_true(bundle, verify) -> None:
    """A record that does not fit the bundle, the mail or the sheet is a no, whoever signed it."""
    manifest = Manifest.from_json((bundle / "manifest.json").read_bytes())
    scan = sheet(code_of(manifest))
    mail = mailed(scan)
    other, _ = compiled(version=2, note=b"other report", recorder=KEY.public)
    strange = sheet(code_of(other))
    unproven = {**proof_of(manifest, scan, mail)[0]["mail"], "authentication": "none"}
    blank = io.BytesIO()
    Image.new("L", (600, 800), 255).save(blank, "JPEG")
    white = blank.getvalue()
    foreign = mailed(scan, sender="other@bureau.example")
    for data, raw, check, changes in (
        (strange, mailed(strange), "pen-code", {}),
        (white, mailed(white), "pen-code", {}),
        (scan, foreign, "pen-mail", {}),
        (scan, mail, "pen", {"seal": other.seal}),
        (scan, mail, "pen", {"bundle_id": other.bundle_id}),
        (scan, mail, "pen", {"signer": "นายคนอื่น ทดสอบ"}),
        (scan, mail, "pen", {"capacity": "รักษาราชการแทน"}),
        (scan, mail, "pen", {"mail": unproven}),
    ):
        forged = again(bundle, data, raw, **changes)
        refused(verify(forged), check)
        shutil.rmtree(forged)


def test_another_bundles_proof(bundle, verify, tmp_path) -> None:
    """Scan, mail and record of version 2 laid into version 1."""
    manifest, contents = compiled(version=2, note=b"other report", recorder=KEY.public)
    second = write_bundle(tmp_path / "second", manifest, contents)
    scan = sheet(code_of(manifest))
    add_pen(second, *proof_of(manifest, scan, mailed(scan)), key=KEY)
    for name in ("pen.json", "pen/scan-01.jpg", "pen/pages.pdf", "pen/mail.eml"):
        shutil.copyfile(second / name, bundle / name)
    attack.made_to_agree(bundle)
    assert not verify(bundle).ok


def test_a_record_that_breaks_readers_is_a_no(bundle, verify) -> None:
    for bad in (b"", b"[]", b"{}", b'{"kind": "pen"}', b"\xff\xfe", b'{"kind": "pen", "kind": "pen"}'):
        (bundle / "pen.json").write_bytes(bad)
        assert not verify(bundle).ok
        attack.made_to_agree(bundle)
        assert not verify(bundle).ok
