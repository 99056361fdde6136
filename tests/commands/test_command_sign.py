"""`songthan sign` with a token in software (softhsm2) and a certificate file; the office takes what comes of it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "adapters"))

from test_bundle_files import compiled
from test_sign_pdf import DIRECTOR, certificate, pem, plain_pdf

from songthan.adapters.sign_pdf import PadesSignatures
from songthan.cli import main

MODULES = [Path(p) for p in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")]
PIN = "246813"


@pytest.fixture(scope="module")
def ca():
    return certificate("ผู้ให้บริการทดสอบ")


@pytest.fixture(scope="module")
def director(ca):
    return certificate(DIRECTOR, issuer=ca)


@pytest.fixture(scope="module")
def token(tmp_path_factory, ca, director):
    """A token «director» with his key and certificate; the module's path."""
    module = next((p for p in MODULES if p.is_file()), None)
    assert module, "softhsm2 is missing: make setup installs it"
    box = tmp_path_factory.mktemp("token")
    (box / "tokens").mkdir()
    (box / "softhsm2.conf").write_text(f"directories.tokendir = {box / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(box / "softhsm2.conf")
    holders = {"director": director, "rsa": certificate(DIRECTOR, issuer=ca, kind="rsa"), "empty": None}
    # all of them before the module is loaded: it sees the tokens there are then
    for label, holder in holders.items():
        util("--init-token", "--free", "--label", label, "--so-pin", "13572468")
        if holder is not None:
            form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            (box / "key.pem").write_bytes(holder[1].private_bytes(serialization.Encoding.PEM, *form))
            util("--import", box / "key.pem", "--token", label, "--label", "sig", "--id", "A1")
    for label in ("director", "rsa"):
        put(module, label, holders[label], ca)
    return module


def util(*options):
    subprocess.run(["softhsm2-util", *map(str, options), "--pin", PIN], check=True, capture_output=True)


def put(module, token, director, ca):
    import pkcs11
    from pkcs11.util.x509 import decode_x509_certificate

    with pkcs11.lib(str(module)).get_token(token_label=token).open(rw=True, user_pin=PIN) as session:
        # people keep all sorts of certificates in a token
        other = certificate("ใครก็ได้")
        for label, number, holder in (("sig", b"\xa1", director), ("authority", b"\xa2", ca), ("spare", b"\xa3", other)):
            entries = decode_x509_certificate(holder[0].public_bytes(serialization.Encoding.DER))
            more = {pkcs11.Attribute.LABEL: label, pkcs11.Attribute.ID: number, pkcs11.Attribute.TOKEN: True}
            session.create_object({**entries, **more})


@pytest.fixture
def paper(tmp_path):
    """The file as the office mails it."""
    _, contents = compiled()
    (tmp_path / "เสนอลงนาม.pdf").write_bytes(contents["bundle.pdf"])
    return tmp_path / "เสนอลงนาม.pdf"


@pytest.fixture
def pin_file(tmp_path):
    (tmp_path / "pin").write_text(PIN + "\n")
    (tmp_path / "pin").chmod(0o600)
    return tmp_path / "pin"


def run(paper, *options, given=None):
    out = paper.with_name("signed.pdf")
    return CliRunner().invoke(main, ["sign", str(paper), "--out", str(out), *map(str, options)], input=given), out


def judged(paper, out, ca):
    return PadesSignatures().verify(
        out.read_bytes(), frozen=paper.read_bytes(), trust_roots=[pem(ca)], at=datetime.now(UTC), holders=(DIRECTOR,)
    )


@pytest.mark.parametrize("label", ["director", "rsa"])
def test_the_token_signs_and_the_office_accepts(paper, pin_file, token, ca, label):
    told, out = run(paper, "--pkcs11", token, "--token", label, "--pin-file", pin_file, "--yes")
    assert told.exit_code == 0, told.output
    report = judged(paper, out, ca)
    assert report.valid and report.level == "B-B" and report.only_signature_added, report
    assert PIN not in told.output and "sha256" in told.output and "ชุดเอกสาร" in told.output


def test_it_shows_what_is_signed_and_asks_first(paper, token, ca):
    told, out = run(paper, "--pkcs11", token, "--token", "director", "--cert", "sig", given="n\n")
    assert told.exit_code == 1 and not out.exists() and "จำนวนหน้า: ๒" in told.output
    told, out = run(paper, "--pkcs11", token, "--token", "director", "--cert", "sig", given=f"y\n{PIN}\n")
    assert told.exit_code == 0 and judged(paper, out, ca).valid and PIN not in told.output


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--token", "nobody"), 3, "ไม่พบโทเคน"),
        (("--token", "empty"), 3, "ไม่พบใบรับรอง"),
        (("--token", "director", "--cert", "other"), 3, "«other»"),
    ],
)
def test_what_the_token_lacks_is_named(paper, pin_file, token, options, code, words):
    told, out = run(paper, "--pkcs11", token, *options, "--pin-file", pin_file, "--yes")
    assert told.exit_code == code and words in told.output and not out.exists(), told.output


def test_a_wrong_pin_is_tried_once(paper, tmp_path, token, monkeypatch):
    import pkcs11

    wrong = tmp_path / "wrong"
    wrong.write_text("000000")
    wrong.chmod(0o600)
    told, out = run(paper, "--pkcs11", token, "--token", "director", "--pin-file", wrong, "--yes")
    assert told.exit_code == 1 and "PIN ไม่ถูกต้อง" in told.output and not out.exists()
    assert "000000" not in told.output
    # the token counts: after one wrong PIN the right one still opens it
    with pkcs11.lib(str(token)).get_token(token_label="director").open(user_pin=PIN):
        pass


def test_a_pin_file_others_can_read_is_refused(paper, pin_file, token):
    pin_file.chmod(0o644)
    told, out = run(paper, "--pkcs11", token, "--token", "director", "--pin-file", pin_file, "--yes")
    assert told.exit_code == 3 and "chmod 600" in told.output and not out.exists()


def test_no_module_is_named(paper, pin_file, tmp_path):
    told, _ = run(paper, "--pkcs11", tmp_path / "none.so", "--token", "x", "--pin-file", pin_file, "--yes")
    assert told.exit_code == 3 and "โมดูล" in told.output
    (tmp_path / "none.so").write_bytes(b"no library")
    told, _ = run(paper, "--pkcs11", tmp_path / "none.so", "--token", "x", "--pin-file", pin_file, "--yes")
    assert told.exit_code == 3 and "Traceback" not in told.output


def test_a_certificate_file(paper, pin_file, tmp_path, director, ca):
    secret = serialization.BestAvailableEncryption(PIN.encode())
    (tmp_path / "key.p12").write_bytes(pkcs12.serialize_key_and_certificates(b"d", director[1], director[0], [certificate("ใครก็ได้")[0], ca[0]], secret))
    told, out = run(paper, "--pkcs12", tmp_path / "key.p12", "--pin-file", pin_file, "--yes")
    assert told.exit_code == 0 and judged(paper, out, ca).valid, told.output
    out.unlink()
    told, out = run(paper, "--pkcs12", tmp_path / "key.p12", "--yes", given="wrong\n")
    assert told.exit_code == 1 and "รหัสผ่านไม่ถูกต้อง" in told.output and not out.exists()


def test_what_is_not_ours_or_signed_already_is_not_signed(paper, pin_file, token, tmp_path):
    options = ("--pkcs11", token, "--token", "director", "--pin-file", pin_file, "--yes")
    _, out = run(paper, *options)
    again = out.with_name("again.pdf")
    out.rename(again)
    told, out = run(again, *options)
    assert told.exit_code == 1 and "ลงลายมือชื่อแล้ว" in told.output and not out.exists()
    for name, data in (("plain.pdf", plain_pdf()), ("no.pdf", b"hello"), ("empty.pdf", b"")):
        (tmp_path / name).write_bytes(data)
        told, out = run(tmp_path / name, *options)
        assert told.exit_code == 1 and not out.exists() and "Traceback" not in told.output, name


def test_an_expired_certificate_does_not_sign(paper, pin_file, tmp_path, ca):
    old = certificate(DIRECTOR, issuer=ca, days=(-20, -1))
    plain = serialization.NoEncryption()
    (tmp_path / "old.p12").write_bytes(pkcs12.serialize_key_and_certificates(b"d", old[1], old[0], None, plain))
    told, out = run(paper, "--pkcs12", tmp_path / "old.p12", "--yes", given="\n")
    assert told.exit_code == 1 and "ใบรับรองใช้ได้ถึง" in told.output and not out.exists()


def test_wrong_use(paper, pin_file, token):
    for options in ((), ("--pkcs11", token), ("--pkcs11", token, "--pkcs12", "x"), ("--pkcs12", "x", "--token", "y")):
        assert run(paper, *options)[0].exit_code == 2
    paper.with_name("signed.pdf").write_bytes(b"mine")
    told, out = run(paper, "--pkcs11", token, "--token", "director", "--pin-file", pin_file, "--yes")
    assert told.exit_code == 2 and out.read_bytes() == b"mine"
    assert run(paper.with_name("none.pdf"), "--pkcs11", token, "--token", "d")[0].exit_code == 2
