"""A stranger's bundle: every attack ends in a no that names the file, never in a traceback; the honest one is a yes."""

from __future__ import annotations

import json
import os
import re
import shutil
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attack_files as attack
import pytest
from click.testing import CliRunner
from test_bundle_files import compiled, entry, submission
from test_sign_pdf import DIRECTOR, NOW, certificate, pem, plain_pdf, sign
from test_sign_pdf import update as slipped_in

from songthan.adapters import bundle_files
from songthan.adapters.assemble_pdf import read_seal
from songthan.adapters.bundle_files import add_receipt, add_signature, add_submission, write_bundle
from songthan.adapters.bundle_records import RecordKey
from songthan.adapters.bundle_verify import verify_bundle
from songthan.adapters.sandbox import Limits, Sandbox
from songthan.adapters.sign_pdf import PadesSignatures
from songthan.cli import main
from songthan.domain.bundles import sha256_of

KEY = RecordKey("the ledger's secret")
RECEIPT = {"number": "สว ๑/๒๕๖๖", "received": NOW.isoformat(), "message_sha256": sha256_of("receipt mail")}
#: Every byte instead of a sample: some ten minutes.
ALL = bool(os.environ.get("SONGTHAN_ALL_FLIPS"))


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(limits=Limits(memory_bytes=1 << 30, cpu_s=10, wall_s=20.0)) as box:
        yield box


@pytest.fixture(scope="module")
def finished(tmp_path_factory, ca, director):
    """A whole bundle as the office makes it: compiled, signed, submitted, acknowledged, its records signed."""
    folder = write_bundle(tmp_path_factory.mktemp("bundles"), *compiled(recorder=KEY.public))
    complete(folder, sign((folder / "bundle.pdf").read_bytes(), director), ca)
    return folder


def complete(folder, signed, ca, key=KEY):
    received = datetime.now(UTC)
    trust = {"root-ca.pem": pem(ca)}
    add_signature(folder, signed, trust=trust, received=received, message_sha256=sha256_of("mail"), key=key)
    add_submission(folder, submission(folder), key=key)
    add_receipt(folder, RECEIPT, key=key)


@pytest.fixture
def bundle(finished, tmp_path):
    return Path(shutil.copytree(finished, tmp_path / "v1"))


@pytest.fixture
def verify(sandbox):
    def ask(folder, roots=(), at=None):
        return verify_bundle(
            folder,
            signatures=PadesSignatures(sandbox=sandbox),
            read_seal=lambda pdf: read_seal(pdf, sandbox=sandbox),
            roots=roots,
            at=at,
        )

    return ask


def refused(report, *, naming="", check=None):
    """Not ok, and why: a Thai sentence that names the file."""
    wrong = [c for c in report.checks if not c.ok]
    assert not report.ok and report.stage == "broken" and wrong
    assert all(any("\u0e00" < letter < "\u0e7f" for letter in c.detail_th) for c in wrong)
    assert any(naming in c.detail_th for c in wrong), (naming, wrong)
    if check:
        assert check in {c.name for c in wrong}, wrong
    return True


def judged(signed, frozen, ca, *, sandbox=None, holders=(DIRECTOR,), at=None):
    return PadesSignatures(sandbox=sandbox).verify(
        signed, frozen=frozen, trust_roots=[pem(ca)], at=at or datetime.now(UTC), holders=holders
    )


def test_the_honest_bundle_is_a_yes(finished, verify, ca):
    report = verify(finished, [pem(ca)])
    assert report.ok and report.stage == "acknowledged" and report.level == "B-B", report
    assert "records" in {c.name for c in report.checks}


# ------------------------------------------------------------------------------------------------------- the folder


def test_a_flipped_bit_in_any_file(bundle, verify):
    for path, data in attack.files_of(bundle).items():
        step = 1 if ALL and len(data) < 5000 else max(1, len(data) // 4)
        for place in sorted({*range(0, len(data), step), len(data) - 1}):
            (bundle / path).write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            report = verify(bundle)
            assert refused(report, naming="" if path in ("proof.json", "SHA256SUMS", "manifest.json") else path), path
        (bundle / path).write_bytes(data)
    assert verify(bundle).ok


@pytest.mark.parametrize(
    "extra",
    [
        *("more.pdf", "lasting.pdf", "trust/more.pem", "trust/tsa-more.pem", "evidence/01-Photo.jpg", ".hidden", "Memo.docx"),
        *("SIGNED.PDF", "manifest.json ", "evidence/deep/er/x.pdf", "-rf", "ก.pdf", unicodedata.normalize("NFD", "é.pdf")),
        "\u202efdp.exe",
    ],
)
def test_a_file_more(bundle, verify, extra):
    (bundle / extra).parent.mkdir(parents=True, exist_ok=True)
    (bundle / extra).write_bytes(b"x")
    refused(verify(bundle), naming=extra)
    bundle_files._replace(bundle, "SHA256SUMS", bundle_files.sums_of({p: "0" * 64 for p in ("a",)}))
    refused(verify(bundle), naming=extra)


def test_a_name_that_is_no_text(bundle, verify):
    with open(os.fsencode(bundle) + b"/\xff\xfe.pdf", "wb"):
        pass
    refused(verify(bundle))


def test_an_empty_folder_more(bundle, verify):
    (bundle / "attachments").mkdir()
    refused(verify(bundle), naming="attachments")


@pytest.mark.parametrize("kind", ["link", "link to a folder", "dangling link", "pipe", "folder"])
def test_something_else_in_a_files_place(bundle, verify, tmp_path, kind):
    place = bundle / "memo.docx"
    data = place.read_bytes()
    place.unlink()
    (tmp_path / "outside").write_bytes(data)
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
        (place / "memo.docx").write_bytes(data)
    else:
        target = {"link": tmp_path / "outside", "link to a folder": tmp_path, "dangling link": tmp_path / "none"}[kind]
        place.symlink_to(target)
    refused(verify(bundle), naming="memo.docx")


def test_a_file_without_end(bundle, verify):
    """Sparse: costs the attacker nothing, and would cost us an hour of hashing."""
    with (bundle / "report.docx").open("r+b") as file:
        file.truncate(1 << 43)
    refused(verify(bundle), naming="report.docx")


def test_swapped_exhibits(bundle, verify, ca):
    """Same name, other picture; and with every list made to agree."""
    photo = next(p for p in attack.files_of(bundle) if p.startswith("evidence/"))
    (bundle / photo).write_bytes(b"other")
    refused(verify(bundle), naming=photo, check="files")
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    for place in (manifest["files"][photo], manifest["exhibits"][0]):
        place.update(sha256=sha256_of(b"other"), size=5)
    (bundle / "manifest.json").write_bytes(bundle_files._canonical(manifest))
    attack.made_to_agree(bundle)
    refused(verify(bundle), check="seal", naming="bundle.pdf")


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["answers"][0].update(value_sha256=sha256_of("ไม่ทำ")),
        lambda m: m["messages"][0].update(sender="other@bureau.example"),
        lambda m: m["exhibits"][0].update(received="2020-01-01T00:00:00+07:00"),
        lambda m: m["exhibits"][0].update(sender="other@bureau.example"),
        lambda m: m["signature"].update(signer="นายคนอื่น ทดสอบ"),
        lambda m: m["signature"].update(holders=["Somebody Else"]),
        lambda m: m.update(version=7),
        lambda m: m.update(deadline="2566-q4"),
        lambda m: m.update(created="2020-01-01T00:00:00+07:00"),
        lambda m: m.update(recorder=RecordKey("a forger's").public),
        lambda m: m.pop("recorder"),
        lambda m: m.update(signature=None),
    ],
)
def test_an_edited_manifest_with_everything_made_to_agree(bundle, verify, change):
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    change(manifest)
    (bundle / "manifest.json").write_bytes(bundle_files._canonical(manifest))
    attack.made_to_agree(bundle)
    refused(verify(bundle))


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"\x00" * 10, b"1e999999"),
        b'{"format": "songthan-manifest/1", "format": "songthan-manifest/1"}',
        b'{"version": ' + b"9" * 10_000 + b"}",
    ],
)
@pytest.mark.parametrize("name", ["manifest.json", "proof.json", "submission.json", "receipt.json"])
def test_lists_that_are_no_lists(bundle, verify, name, text):
    (bundle / name).write_bytes(text)
    refused(verify(bundle))


@pytest.mark.parametrize(
    "path",
    [
        *("../outside.pdf", "/etc/passwd", "evidence/../../x", "a\\b.pdf", "C:x.pdf", "con.pdf", "a//b", "", ".", "x" * 300),
        *("manifest.json", "trust/x.pem", "SIGNED.pdf", "a\nb", "a\x00b", "é.pdf"),
    ],
)
def test_paths_that_lead_out(bundle, verify, path):
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    manifest["files"][path] = {"sha256": sha256_of("x"), "size": 1, "role": "file"}
    (bundle / "manifest.json").write_bytes(bundle_files._canonical(manifest))
    attack.made_to_agree(bundle)
    refused(verify(bundle), naming="manifest.json")


@pytest.mark.parametrize("step", ["signature", "submission", "receipt"])
def test_a_record_edited_and_every_hash_made_to_agree(bundle, verify, step):
    """Nothing but the office's record key stands against this."""
    if step == "signature":
        proof = json.loads((bundle / "proof.json").read_bytes())
        proof["chain"][1]["data"]["received"] = (NOW - timedelta(days=1)).isoformat()
        (bundle / "proof.json").write_bytes(bundle_files._canonical(proof))
    else:
        record = json.loads((bundle / f"{step}.json").read_bytes())
        record.update({"number": "สว ๙๙/๒๕๖๖"} if step == "receipt" else {"sent_at": "2020-01-01T00:00:00+07:00"})
        (bundle / f"{step}.json").write_bytes(bundle_files._canonical(record))
    attack.made_to_agree(bundle)
    refused(verify(bundle), check="records", naming="proof.json")


def test_records_signed_by_another_key(tmp_path, verify, ca, director, monkeypatch):
    folder = write_bundle(tmp_path, *compiled(recorder=KEY.public))
    monkeypatch.setattr(bundle_files, "_key_of", lambda folder, key: key)
    complete(folder, sign((folder / "bundle.pdf").read_bytes(), director), ca, key=RecordKey("a forger's"))
    refused(verify(folder), check="records")


@pytest.mark.parametrize("received", ["", "yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2023-03-01"])
def test_impossible_times(tmp_path, verify, ca, director, received):
    folder = write_bundle(tmp_path, *compiled())
    complete(folder, sign((folder / "bundle.pdf").read_bytes(), director), ca)
    proof = json.loads((folder / "proof.json").read_bytes())
    proof["chain"][1]["data"]["received"] = received
    (folder / "proof.json").write_bytes(bundle_files._canonical(proof))
    attack.made_to_agree(folder)
    refused(verify(folder), naming="proof.json")


def test_a_signature_from_another_version(tmp_path, verify, ca, director):
    first = write_bundle(tmp_path, *compiled())
    second = write_bundle(tmp_path, *compiled(version=2, note=b"corrected"))
    signed = sign((first / "bundle.pdf").read_bytes(), director)
    add_signature(second, signed, trust={"root-ca.pem": pem(ca)}, received=datetime.now(UTC), message_sha256="0" * 64)
    refused(verify(second), naming="signed.pdf", check="signature")
    # and with the other version's frozen file as well
    shutil.copy(first / "bundle.pdf", second / "bundle.pdf")
    manifest = json.loads((second / "manifest.json").read_bytes())
    manifest["files"]["bundle.pdf"] = vars(entry((second / "bundle.pdf").read_bytes(), "frozen"))
    (second / "manifest.json").write_bytes(bundle_files._canonical(manifest))
    attack.made_to_agree(second)
    refused(verify(second), check="seal", naming="bundle.pdf")


def test_trust_swapped_for_a_foreign_root(bundle, verify, ca):
    (bundle / "trust" / "root-ca.pem").write_bytes(pem(certificate("ผู้ให้บริการทดสอบ")))
    attack.made_to_agree(bundle)
    refused(verify(bundle), naming="signed.pdf", check="signature")


# ---------------------------------------------------------------------------------------------------- the signed PDF


@pytest.fixture(scope="module")
def frozen():
    return PadesSignatures().prepare(plain_pdf(), field="Director", page=0, box=(300.0, 60.0, 520.0, 130.0))


def test_flipped_bytes_of_the_signed_file(signed, frozen, ca, sandbox):
    """All the director signed, and what of his place is padding; the wrapping between is `test_sign_wrapping`'s."""
    assert judged(signed, frozen, ca, sandbox=sandbox).valid
    _, length, after, _ = map(int, re.findall(rb"/ByteRange *\[ *(\d+) +(\d+) +(\d+) +(\d+)", signed)[-1])
    step = 1 if ALL else 191
    for place in (*range(0, length + 1, step), *range(after - 1, len(signed), step), after - 2, after - 10):
        changed = bytearray(signed)
        changed[place] ^= 0x01
        assert not judged(bytes(changed), frozen, ca, sandbox=sandbox).valid, place


def test_a_flipped_byte_in_the_signatures_wrapping_is_found_in_the_bundle(bundle, verify):
    """Also by a forger who makes every hash agree: the record of the signed file is signed."""
    data = (bundle / "signed.pdf").read_bytes()
    _, length, after, _ = map(int, re.findall(rb"/ByteRange *\[ *(\d+) +(\d+) +(\d+) +(\d+)", data)[-1])
    for place in range(length, after, 1 if ALL else 911):
        changed = bytearray(data)
        changed[place] ^= 0x01
        (bundle / "signed.pdf").write_bytes(bytes(changed))
        refused(verify(bundle), naming="signed.pdf", check="proof")
    attack.made_to_agree(bundle)
    refused(verify(bundle), check="records")


@pytest.mark.parametrize("change", [*attack.UPDATES, *attack.LATER], ids=lambda c: c.__name__)
def test_an_update_behind_the_signature(change, signed, frozen, ca, sandbox):
    report = judged(attack.update(signed, change), frozen, ca, sandbox=sandbox)
    assert not report.valid and report.reasons_th


@pytest.mark.parametrize("change", attack.UPDATES, ids=lambda c: c.__name__)
def test_an_update_before_the_signature_and_with_it(change, frozen, ca, director, sandbox):
    """Shadow attacks: the director signs a file in which something was prepared."""
    for made in (sign(attack.update(frozen, change), director), slipped_in(frozen, change, holder=director)):
        if change is attack.need_appearances and b"/NeedAppearances true" not in made:
            continue  # the signing program itself took it out again: nothing was slipped in
        report = judged(made, frozen, ca, sandbox=sandbox)
        assert not report.valid and not report.only_signature_added


@pytest.mark.parametrize("change", attack.UPDATES, ids=lambda c: c.__name__)
def test_prepared_before_and_switched_back_after(change, frozen, ca, director, sandbox):
    """Hide and replace: the update before the signature, and its contrary behind it."""
    made = sign(attack.update(frozen, change), director)
    back = attack.update(made, attack.catalogue_swapped)
    assert not judged(back, frozen, ca, sandbox=sandbox).valid


def test_play_with_the_signature_dictionary(signed, frozen, ca, sandbox):
    for name, made in attack.byte_attacks(signed).items():
        report = judged(made, frozen, ca, sandbox=sandbox)
        assert not report.valid and report.reasons_th, name


def test_opened_and_saved_by_another_program(signed, frozen, ca, sandbox):
    report = judged(attack.rewritten(signed), frozen, ca, sandbox=sandbox)
    assert not report.valid and "ไม่ใช่ฉบับที่ส่งไป" in report.reasons_th[0]


HOSTILE = {
    "no pdf behind": b"\x00" * 5000,
    "endless references": b"\n1 0 obj\n1 0 R\nendobj\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Root 1 0 R/Size 2/Prev 0>>\nstartxref\n0\n%%EOF",
    "deep arrays": b"\n9 0 obj\n" + b"[" * 200_000 + b"\nendobj\nstartxref\n9\n%%EOF",
    "huge size": b"\nxref\n0 999999999\ntrailer\n<</Size 999999999999/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_in_an_answer(name, frozen, ca, sandbox):
    report = judged(frozen + HOSTILE[name].replace(b"%d", str(len(frozen) + 1).encode()), frozen, ca, sandbox=sandbox)
    assert not report.valid and report.reasons_th


def test_a_hostile_frozen_file_ends_in_an_answer(bundle, verify):
    bomb = b"%PDF-1.7\n1 0 obj\n" + b"[" * 300_000 + b"\nendobj\ntrailer\n<</Root 1 0 R/Info 1 0 R>>\nstartxref\n9\n%%EOF"
    (bundle / "bundle.pdf").write_bytes(bomb)
    refused(verify(bundle), naming="bundle.pdf")


# --------------------------------------------------------------------------------------------------- whose signature


def test_certificates_that_are_not_the_directors(frozen, ca, director, sandbox):
    forger = certificate("ผู้ให้บริการทดสอบ")
    bad = {
        "foreign authority of the same name": certificate(DIRECTOR, issuer=forger),
        "self-signed": certificate(DIRECTOR),
        "a colleague's": certificate("น.ส.กัลยา เพียรดี", issuer=ca),
        "his name with more behind it": certificate(DIRECTOR + " ก", issuer=ca),
        "expired before": certificate(DIRECTOR, issuer=ca, days=(-20, -1)),
        "not yet valid": certificate(DIRECTOR, issuer=ca, days=(2, 20)),
        "a server's": certificate(DIRECTOR, issuer=ca, signing=False),
        "issued by himself": certificate("ลูกน้อง", issuer=director),
    }
    for name, holder in bad.items():
        report = judged(sign(frozen, holder), frozen, ca, sandbox=sandbox)
        assert not report.valid and report.reasons_th, name


def test_the_right_name_in_other_spellings(frozen, ca, sandbox):
    plain = DIRECTOR.removeprefix("นาย")
    for name in (plain, f"นาย {plain}", plain.replace(" ", "  ")):
        report = judged(sign(frozen, certificate(name, issuer=ca)), frozen, ca, sandbox=sandbox)
        assert report.valid, (name, report.reasons_th)
    english = sign(frozen, certificate("Mr. PANJAPON Wisetkul", issuer=ca))
    assert not judged(english, frozen, ca, sandbox=sandbox).valid
    assert judged(english, frozen, ca, sandbox=sandbox, holders=(DIRECTOR, "Panjapon Wisetkul")).valid


def test_a_foreign_and_an_expired_certificate_in_the_bundle(tmp_path, verify, ca):
    for number, holder in enumerate(
        (
            certificate(DIRECTOR, issuer=certificate("อื่น")),
            certificate(DIRECTOR, issuer=ca, days=(-9, -1)),
            certificate("นายคนอื่น ทดสอบ", issuer=ca),
        ),
        1,
    ):
        folder = write_bundle(tmp_path, *compiled(version=number))
        complete(folder, sign((folder / "bundle.pdf").read_bytes(), holder), ca)
        refused(verify(folder), naming="signed.pdf", check="signature")


def test_after_the_certificate_ran_out_the_bundle_alone_proves_nothing(finished, verify):
    report = verify(finished, at=NOW + timedelta(days=3650))
    refused(report, naming="signed.pdf", check="lasting")
    assert {c.name for c in report.checks if not c.ok} == {"lasting"}


# ------------------------------------------------------------------------------------------------------ the command


def test_the_command_says_no_with_one_and_names_the_file(bundle, ca, tmp_path):
    def run(*more):
        return CliRunner().invoke(main, ["verify", str(bundle), *map(str, more)])

    (tmp_path / "ca.pem").write_bytes(pem(ca))
    good = run("--root", tmp_path / "ca.pem")
    assert good.exit_code == 0 and "ถูกต้องครบถ้วน" in good.output, good.output
    (bundle / "report.docx").write_bytes(b"x")
    bad = run()
    assert bad.exit_code == 1 and "report.docx" in bad.output and "Traceback" not in bad.output
    told = json.loads(CliRunner().invoke(main, ["verify", str(bundle), "--json"]).stdout)
    assert told["ok"] is False and told["stage"] == "broken"
    assert run("--at", "๒๕๖๖").exit_code == 2


def test_the_offices_own_roots_are_used_where_the_bundle_lies_among_them(finished, tmp_path, ca):
    """A bundle re-signed with a foreign certificate whose root was put into the bundle's own trust folder."""
    state = tmp_path / "state"
    folder = Path(shutil.copytree(finished, state / "bundles" / "2566-q2" / "v1"))
    (state / "ledger.sqlite").write_bytes(b"")
    (state / "trust").mkdir()
    (state / "trust" / "other.pem").write_bytes(pem(certificate("รากอื่น")))
    assert CliRunner().invoke(main, ["verify", str(folder)]).exit_code == 1
    (state / "trust" / "director.pem").write_bytes(pem(ca))
    assert CliRunner().invoke(main, ["verify", str(folder)]).exit_code == 0


def test_control_characters_of_a_stranger_do_not_reach_the_terminal(bundle):
    (bundle / "\x1b[2Jx").write_bytes(b"x")
    told = CliRunner().invoke(main, ["verify", str(bundle)])
    assert told.exit_code == 1 and "\x1b" not in told.output


def test_the_attacks_are_made_by_the_names_they_carry():
    assert len({c.__name__ for c in (*attack.UPDATES, *attack.LATER)}) == len(attack.UPDATES) + len(attack.LATER) > 20
