"""The evidence zip, checked as a stranger does: with the commands its README gives, run on this machine."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.x509.oid import ExtendedKeyUsageOID
from ocsp_service import ocsp_service
from test_bundle_attacks import KEY, complete
from test_bundle_files import compiled
from test_sign_pdf import DIRECTOR, certificate, pem, sign
from time_service import time_service

from songthan.adapters.bundle_export import export_bundle
from songthan.adapters.bundle_files import add_lasting, write_bundle
from songthan.adapters.sign_evidence import evidence_of
from songthan.adapters.sign_pdf import PadesSignatures
from songthan.cli import main


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """One bundle as the director's signature left it, one with time-stamp and revocation list, one with OCSP answers."""
    made = {}
    with time_service() as service, ocsp_service(tmp_path_factory.mktemp("ocsp")) as responder:
        service.ca = ca = certificate("ผู้ให้บริการ", days=(-300, 9000))
        usage = ExtendedKeyUsageOID.TIME_STAMPING
        tsa_root = certificate("รากประทับเวลา", days=(-300, 9000))
        service.tsa = certificate("ประทับเวลา", issuer=tsa_root, days=(-30, 7000), usage=usage)
        director = certificate(DIRECTOR, issuer=ca, crl=service.crl_url)
        for level in ("B-B", "B-LT"):
            folder = write_bundle(tmp_path_factory.mktemp(level), *compiled(recorder=KEY.public))
            signed = sign((folder / "bundle.pdf").read_bytes(), director)
            complete(folder, signed, ca)
            if level == "B-LT":
                roots = {"trust_roots": [pem(ca)], "stamp_roots": [pem(tsa_root)]}
                data, reached = PadesSignatures(revocation_hosts=("127.0.0.1",)).add_time(signed, service=service.url, **roots)
                trust = {"tsa-root.pem": pem(tsa_root)}
                add_lasting(folder, data, trust=trust, at=datetime.now(UTC), level=reached, key=KEY)
            made[level] = folder
        made["B-LTA"] = _answered(tmp_path_factory.mktemp("B-LTA"), service, responder)
    return made


def _answered(place, service, responder):
    """B-LTA: an authority below a root answers by OCSP for director and time-stamp service; the root has a list."""
    root = service.ca = certificate("ราก", days=(-300, 9000))
    ca = responder.ca = certificate("ผู้ให้บริการ", issuer=root, days=(-300, 9000), authority=True, crl=service.crl_url)
    responder.signer = certificate("ผู้ตอบ", issuer=ca, days=(-30, 90), usage=ExtendedKeyUsageOID.OCSP_SIGNING)
    service.tsa = certificate(
        "ประทับเวลา", issuer=ca, days=(-30, 7000), usage=ExtendedKeyUsageOID.TIME_STAMPING, ocsp=responder.url
    )
    director = certificate(DIRECTOR, issuer=ca, ocsp=responder.url)
    responder.known = {director[0]: None, service.tsa[0]: None}
    folder = write_bundle(place, *compiled(recorder=KEY.public))
    signed = sign((folder / "bundle.pdf").read_bytes(), director)
    complete(folder, signed, root)
    office = PadesSignatures(revocation_hosts=("127.0.0.1",), archive=True)
    data, level = office.add_time(signed, service=service.url, trust_roots=[pem(root)], stamp_roots=[])
    assert level == "B-LTA"
    add_lasting(folder, data, trust={"tsa-root.pem": pem(root)}, at=datetime.now(UTC), level=level, key=KEY)
    return folder


def unpacked(folder: Path, tmp_path: Path) -> Path:
    export_bundle(folder, tmp_path / "evidence.zip", evidence_of=evidence_of)
    with zipfile.ZipFile(tmp_path / "evidence.zip") as archive:
        archive.extractall(tmp_path / "out")
    (top,) = (tmp_path / "out").iterdir()
    return top


def check(top: Path) -> subprocess.CompletedProcess:
    return subprocess.run(["sh", "check.sh"], cwd=top, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("level", ["B-B", "B-LT", "B-LTA"])
def test_the_commands_of_the_readme_hold(bundles, tmp_path, level):
    top = unpacked(bundles[level], tmp_path)
    readme = (top / "README.txt").read_text(encoding="utf-8")
    script = (top / "check.sh").read_text(encoding="utf-8")
    told = [line.strip() for line in readme.splitlines() if line.startswith("    ")]
    assert [line for line in told if line in script.splitlines()][0].startswith("(cd bundle && sha256sum")
    done = check(top)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("OK\n") and ("Time stamp:" in done.stdout) == (level != "B-B")
    assert done.stdout.count("Response verify OK") == (3 if level == "B-LTA" else 0)
    assert "ข้อมูลส่วนบุคคล" in readme and "personal data" in readme
    assert (top / "chain.txt").read_text(encoding="utf-8").count("จดหมายของ") == 1


@pytest.mark.parametrize("level", ["B-B", "B-LT", "B-LTA"])
def test_pyhanko_agrees(bundles, tmp_path, level):
    """pyHanko's own command line, as the README writes it."""
    top = unpacked(bundles[level], tmp_path)
    lines = [line.strip() for line in (top / "README.txt").read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if line.startswith("pyhanko ")]
    assert len(lines) == (1 if level == "B-B" else 2)
    import sys

    for line in lines:
        line = line.replace("pyhanko ", f"{Path(sys.executable).parent / 'pyhanko'} ", 1)
        done = subprocess.run(["sh", "-c", line], cwd=top, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0 and "VALID" in done.stdout and "INVALID" not in done.stdout, done


@pytest.mark.parametrize("path", ["bundle/report.docx", "bundle/signed.pdf", "signature/1.p7s", "time-stamp/2.tst"])
def test_a_flipped_byte_fails_the_commands(bundles, tmp_path, path):
    top = unpacked(bundles["B-LT"], tmp_path)
    data = bytearray((top / path).read_bytes())
    data[-min(40, len(data))] ^= 1
    (top / path).write_bytes(bytes(data))
    assert check(top).returncode != 0


def test_a_file_more_fails_the_commands(bundles, tmp_path):
    top = unpacked(bundles["B-LT"], tmp_path)
    (top / "bundle" / "evidence" / "99-more.pdf").write_bytes(b"%PDF")
    assert check(top).returncode != 0


def test_the_commands_one_by_one_as_they_stand(bundles, tmp_path):
    """Typed from the README into a shell, in its order, each with its own success."""
    top = unpacked(bundles["B-LTA"], tmp_path)
    lines = (top / "README.txt").read_text(encoding="utf-8").splitlines()
    commands = [line.strip() for line in lines if line.startswith("    ") and not line.strip().startswith(("pyhanko", "เมื่อ", "--"))]
    assert len(commands) > 20
    script = 'box="$(mktemp -d)"\n' + "".join(f"{command} || {{ echo 'failed: {n}'; exit 1; }}\n" for n, command in enumerate(commands))
    done = subprocess.run(["sh", "-c", script], cwd=top, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (done.stdout[-500:], done.stderr[-500:])


def test_an_answer_about_another_certificate_fails_the_commands(bundles, tmp_path):
    top = unpacked(bundles["B-LTA"], tmp_path)
    answers = sorted((top / "revocation").glob("*.ocsp"))
    assert len(answers) == 2
    one, other = (answer.read_bytes() for answer in answers)
    answers[0].write_bytes(other)
    answers[1].write_bytes(one)
    assert check(top).returncode != 0


def test_equal_bundles_give_equal_bytes_and_nothing_half_made_stays(bundles, tmp_path):
    made = []
    for name in ("a.zip", "b.zip"):
        copy = Path(shutil.copytree(bundles["B-LT"], tmp_path / name.removesuffix(".zip") / "v1"))
        export_bundle(copy, tmp_path / name, evidence_of=evidence_of)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    assert not list(tmp_path.glob(".*"))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = archive.namelist()
    assert names == sorted(names) and all(name.startswith("2566-q2-v1/") and ".." not in name for name in names)


def test_the_command_exports_only_what_holds(bundles, tmp_path):
    target = tmp_path / "evidence.zip"
    told = CliRunner().invoke(main, ["verify", str(bundles["B-LT"]), "--export", str(target)])
    assert told.exit_code == 0 and target.is_file() and "ข้อมูลส่วนบุคคล" in told.output, told.output
    again = CliRunner().invoke(main, ["verify", str(bundles["B-LT"]), "--export", str(target)])
    assert again.exit_code == 2
    bad = Path(shutil.copytree(bundles["B-LT"], tmp_path / "v1"))
    (bad / "report.docx").write_bytes(b"x")
    told = CliRunner().invoke(main, ["verify", str(bad), "--export", str(tmp_path / "no.zip")])
    assert told.exit_code == 1 and not (tmp_path / "no.zip").exists()


def test_the_chain_in_words_and_as_json(bundles):
    told = CliRunner().invoke(main, ["verify", str(bundles["B-LT"]), "--chain"])
    assert told.exit_code == 0 and "จดหมายของ somying@bureau.example" in told.output and "หลักฐานที่ ๑" in told.output
    assert "เลขรับ" in told.output and "ประทับเวลาแล้ว" in told.output
    import json

    told = json.loads(CliRunner().invoke(main, ["verify", str(bundles["B-LT"]), "--chain", "--json"]).stdout)
    (mail,) = told["chain"]
    assert mail["sender"] == "somying@bureau.example" and mail["files"][0]["answers"][0]["field"] == "1.1.done"
