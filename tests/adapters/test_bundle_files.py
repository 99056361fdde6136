"""A bundle on disk, from compiling to the receipt, with a real signature; then every file is attacked."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from test_sign_pdf import DIRECTOR, certificate, pem, plain_pdf, sign

from songthan.adapters import bundle_files
from songthan.adapters.assemble_pdf import Part, assemble, read_seal
from songthan.adapters.bundle_files import (
    add_receipt,
    add_signature,
    add_submission,
    readme,
    write_bundle,
)
from songthan.adapters.bundle_verify import verify_bundle
from songthan.adapters.sign_pdf import PadesSignatures
from songthan.domain.bundles import (
    AnswerSource,
    Exhibit,
    FileEntry,
    Manifest,
    MessageSource,
    SignatureSlot,
    seal_of,
    sha256_of,
)
from songthan.domain.errors import DataError, SongthanError

SIGNER = PadesSignatures(expected_subject=DIRECTOR)
NOW = datetime.now(UTC)
MAIL = sha256_of("raw mail")
RECEIPT = {"number": "นร ๐๑/๒๕", "received": NOW.isoformat(), "message_sha256": sha256_of("receipt mail")}


def entry(data, role):
    return FileEntry(sha256=sha256_of(data), size=len(data), role=role)


def compiled(version=1, note=b"report", recorder=""):
    """A manifest and its files, the frozen PDF sealed with the rest."""
    photo = Exhibit(
        number=1,
        activity="1.1",
        name="ภาพ photo.jpg",
        type="image/jpeg",
        sha256=sha256_of(b"photo"),
        size=5,
        message_sha256=MAIL,
        sender="somying@bureau.example",
        received=NOW,
    )
    contents = {"report.docx": note, "memo.docx": b"memo", photo.path: b"photo"}
    contents["README.txt"] = readme(title="รายงานไตรมาสที่ ๒", version=version)
    fields = {
        "deadline": "2566-q2",
        "version": version,
        "created": NOW,
        "files": {path: entry(data, "file") for path, data in contents.items()},
        "exhibits": (photo,),
        "answers": (
            AnswerSource(
                field="1.1.done",
                value_sha256=sha256_of("ทำ"),
                attachment_sha256=sha256_of("f"),
                message_sha256=MAIL,
                method="control",
            ),
        ),
        "messages": (MessageSource(sha256=MAIL, sender="somying@bureau.example", received=NOW),),
        "signature": SignatureSlot(file="bundle.pdf", field="Director", signer=DIRECTOR),
        "recorder": recorder,
    }
    part = Part(title="รายงาน", pdf=plain_pdf())
    pdf = assemble([part], title="ชุดเอกสาร", created=NOW, seal=seal_of(**fields))
    contents["bundle.pdf"] = SIGNER.prepare(pdf, field="Director", page=0, box=(300, 100, 500, 170))
    files = {**fields["files"], "bundle.pdf": entry(contents["bundle.pdf"], "frozen")}
    return Manifest(**{**fields, "files": files}), contents


def submission(folder):
    data = (folder / "signed.pdf").read_bytes()
    files = [{"name": "รายงาน.pdf", "sha256": sha256_of(data)}, {"name": "รายงาน.docx", "sha256": sha256_of(b"report")}]
    return {"message_id": "<2@office.example>", "sent_at": NOW.isoformat(), "to": "registry@x.example", "files": files}


@pytest.fixture(scope="module")
def ca():
    return certificate("ผู้ให้บริการทดสอบ")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, ca):
    """A whole bundle: compiled, signed, submitted, acknowledged."""
    folder = write_bundle(tmp_path_factory.mktemp("bundles"), *compiled())
    signed = sign((folder / "bundle.pdf").read_bytes(), certificate(DIRECTOR, issuer=ca))
    later = datetime.now(UTC)
    add_signature(folder, signed, trust={"ca.pem": pem(ca)}, received=later, message_sha256=sha256_of("signed mail"))
    add_submission(folder, submission(folder))
    add_receipt(folder, RECEIPT)
    return folder


@pytest.fixture
def bundle(finished, tmp_path):
    return Path(shutil.copytree(finished, tmp_path / "v1"))


def verify(folder, roots=(), **options):
    return verify_bundle(folder, signatures=SIGNER, read_seal=read_seal, roots=roots, **options)


def files_of(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_finished_bundle_verifies_offline(finished, ca):
    report = verify(finished, [pem(ca)])
    assert report.ok and report.stage == "acknowledged" and all(c.ok for c in report.checks)
    names = [c.name for c in report.checks]
    assert names == [
        *("manifest", "files", "proof", "sums", "seal", "signature", "scope", "signature-roots", "lasting"),
        *("submission", "receipt"),
    ]
    assert json.loads(json.dumps(report.as_json()))["bundle_id"].startswith("SB-")


def test_plain_sha256sum_agrees(finished):
    done = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=finished, check=False)
    assert done.returncode == 0
    assert set(files_of(finished)) - {"SHA256SUMS"} == {
        line.split("  ", 1)[1] for line in (finished / "SHA256SUMS").read_text().splitlines()
    }


def test_a_flipped_bit_in_any_file_is_found(bundle):
    for path, data in files_of(bundle).items():
        for place in sorted({0, len(data) // 3, len(data) // 2, len(data) - 1}):
            (bundle / path).write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            report = verify(bundle)
            assert not report.ok and report.stage == "broken", (path, place)
        (bundle / path).write_bytes(data)
    assert verify(bundle).ok


def test_a_missing_an_extra_and_a_cut_file_are_found(bundle):
    for path, data in files_of(bundle).items():
        (bundle / path).unlink()
        assert not verify(bundle).ok, path
        (bundle / path).write_bytes(data[:-1])
        assert not verify(bundle).ok, path
        (bundle / path).write_bytes(data)
    for extra in ("more.txt", "trust/more.pem", "evidence/02-more.pdf", ".hidden"):
        (bundle / extra).write_bytes(b"x")
        assert not verify(bundle).ok, extra
        (bundle / extra).unlink()
    assert verify(bundle).ok


def test_a_link_instead_of_a_file_is_refused(bundle, tmp_path):
    (bundle / "memo.docx").rename(tmp_path / "memo.docx")
    (bundle / "memo.docx").symlink_to(tmp_path / "memo.docx")
    assert not verify(bundle).ok


def failing(report):
    return {check.name for check in report.checks if not check.ok}


def rewrite(folder, contents, manifest):
    """A forger who knows the formats: files, manifest, chain and sums all made to agree again."""
    made = write_bundle(folder.parent / "forged", manifest, contents)
    old = files_of(folder)
    received = json.loads(old["proof.json"])["chain"][1]["data"]["received"]
    add_signature(
        made,
        old["signed.pdf"],
        trust={"ca.pem": old["trust/ca.pem"]},
        received=datetime.fromisoformat(received),
        message_sha256=sha256_of("signed mail"),
    )
    return made


def test_a_forged_manifest_around_the_signed_pdf_breaks_the_seal(bundle):
    manifest = Manifest.from_json((bundle / "manifest.json").read_bytes())
    contents = {path: (bundle / path).read_bytes() for path in manifest.files}
    contents["report.docx"] = b"another report"
    files = {**manifest.files, "report.docx": entry(b"another report", "file")}
    fields = {name: getattr(manifest, name) for name in Manifest.__dataclass_fields__}
    forged = rewrite(bundle, contents, Manifest(**{**fields, "files": files}))
    assert failing(verify(forged)) == {"seal"}


def test_another_authority_in_trust_fools_only_who_brings_no_roots(tmp_path, ca):
    folder = write_bundle(tmp_path, *compiled())
    own = certificate("ผู้ให้บริการปลอม")
    signed = sign((folder / "bundle.pdf").read_bytes(), certificate(DIRECTOR, issuer=own))
    add_signature(
        folder, signed, trust={"ca.pem": pem(own)}, received=datetime.now(UTC), message_sha256=sha256_of("mail")
    )
    assert verify(folder).ok
    assert failing(verify(folder, [pem(ca)])) == {"signature-roots"}


def test_anothers_signature_is_named(tmp_path, ca):
    folder = write_bundle(tmp_path, *compiled())
    other = SIGNER.prepare(plain_pdf("two"), field="Director", page=0, box=(300, 100, 500, 170))
    signed = sign(other, certificate(DIRECTOR, issuer=ca))
    add_signature(folder, signed, trust={"ca.pem": pem(ca)}, received=datetime.now(UTC), message_sha256=MAIL)
    report = verify(folder)
    assert failing(report) == {"signature", "scope"}
    assert any("ไม่ใช่ฉบับที่ส่งไป" in check.detail_th for check in report.checks)


def test_writing_again_changes_nothing_and_other_content_is_refused(tmp_path):
    manifest, contents = compiled()
    folder = write_bundle(tmp_path, manifest, contents)
    before = files_of(folder)
    assert write_bundle(tmp_path, manifest, contents) == folder and files_of(folder) == before
    with pytest.raises(SongthanError):
        write_bundle(tmp_path, *compiled(note=b"changed"))
    assert files_of(folder) == before
    assert write_bundle(tmp_path, *compiled(version=2, note=b"changed")).name == "v2"
    report = verify(folder)
    assert not report.ok and failing(report) == {"signature"}
    assert verify(folder, require_signature=False).ok and verify(folder, require_signature=False).stage == "compiled"


def test_two_writings_are_equal_to_the_byte(tmp_path):
    first, second = (files_of(write_bundle(tmp_path / name, *compiled())) for name in "ab")
    assert first == second


def test_contents_must_be_the_manifests(tmp_path):
    manifest, contents = compiled()
    with pytest.raises(SongthanError):
        write_bundle(tmp_path, manifest, {**contents, "extra.txt": b""})
    with pytest.raises(SongthanError):
        write_bundle(tmp_path, manifest, {**contents, "memo.docx": b"other"})
    assert not list(tmp_path.iterdir())


def test_a_kill_while_writing_leaves_nothing_that_looks_finished(tmp_path, monkeypatch):
    manifest, contents = compiled()

    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    for name in ("_write_synced", "_sync_folder"):
        with monkeypatch.context() as patch:
            patch.setattr(f"songthan.adapters.bundle_files.{name}", killed)
            with pytest.raises(Killed):
                write_bundle(tmp_path, manifest, contents)
        assert not (tmp_path / "2566-q2" / "v1").exists()
    folder = write_bundle(tmp_path, manifest, contents)
    assert verify(folder, require_signature=False).ok
    assert [p.name for p in folder.parent.iterdir()] == ["v1"]


def test_a_kill_between_the_later_writes_is_mended_by_repeating(tmp_path, ca, monkeypatch):
    folder = write_bundle(tmp_path, *compiled())
    signed = sign((folder / "bundle.pdf").read_bytes(), certificate(DIRECTOR, issuer=ca))
    call = {"trust": {"ca.pem": pem(ca)}, "received": datetime.now(UTC), "message_sha256": MAIL}

    class Killed(BaseException):
        pass

    whole = bundle_files._replace
    for allowed in range(4):
        left = [allowed]

        def some(*args, left=left):
            if not left[0]:
                raise Killed
            left[0] -= 1
            whole(*args)

        with monkeypatch.context() as patch:
            patch.setattr(bundle_files, "_replace", some)
            with pytest.raises(Killed):
                add_signature(folder, signed, **call)
    add_signature(folder, signed, **call)
    before = files_of(folder)
    add_signature(folder, signed, **call)
    assert verify(folder).ok and files_of(folder) == before
    assert [p.name for p in folder.parent.iterdir()] == ["v1"]


def test_what_is_recorded_is_not_recorded_otherwise(bundle):
    before = files_of(bundle)
    with pytest.raises(SongthanError):
        add_receipt(bundle, {**RECEIPT, "number": "อื่น"})
    with pytest.raises(SongthanError):
        add_submission(bundle, {**submission(bundle), "message_id": "<3@x>"})
    with pytest.raises(DataError):
        add_receipt(bundle, {"number": 7})
    assert files_of(bundle) == before
    add_receipt(bundle, RECEIPT)
    assert files_of(bundle) == before


def test_only_files_of_the_bundle_can_have_been_sent(tmp_path, finished):
    folder = write_bundle(tmp_path, *compiled())
    with pytest.raises(SongthanError):
        add_submission(folder, submission(finished))
    assert "submission.json" not in files_of(folder)


def test_the_trust_folder_takes_no_tricks(tmp_path):
    folder = write_bundle(tmp_path, *compiled())
    for name in ("../up.pem", "ca.txt", "sub/ca.pem", "", ".pem"):
        with pytest.raises(DataError):
            add_signature(folder, b"x", trust={name: b"y"}, received=NOW, message_sha256=MAIL)
    with pytest.raises(ValueError):
        add_signature(folder, b"x", trust={}, received=datetime(2023, 3, 1), message_sha256=MAIL)


def test_no_bundle_is_not_ok_and_says_so(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        report = verify(folder)
        assert not report.ok and report.checks[-1].detail_th


def test_the_certificate_is_checked_for_the_time_of_reception(tmp_path, ca):
    folder = write_bundle(tmp_path, *compiled())
    signed = sign((folder / "bundle.pdf").read_bytes(), certificate(DIRECTOR, issuer=ca))
    late = datetime.now(UTC) + timedelta(days=40)
    add_signature(folder, signed, trust={"ca.pem": pem(ca)}, received=late, message_sha256=MAIL)
    assert failing(verify(folder)) == {"signature"}


def test_the_readme_says_how_in_two_languages():
    text = readme(title="รายงาน", version=12).decode()
    for words in (
        "ฉบับที่ ๑๒",
        "sha256sum --check",
        "openssl x509",
        "pyhanko sign validate",
        "songthan verify",
        "Checking",
        "Signed by pen: skip 2 to 4",
    ):
        assert words in text
