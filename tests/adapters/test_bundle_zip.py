"""`songthan verify evidence.zip`: a stranger's zip, with every trick a zip allows; the honest one is a yes."""

from __future__ import annotations

import json
import os
import shutil
import stat
import struct
import unicodedata
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_bundle_export import bundles  # noqa: F401 (a fixture)
from test_sign_pdf import NOW, certificate, pem

from songthan.adapters.bundle_export import export_bundle
from songthan.adapters.bundle_zip import write_zip
from songthan.adapters.sign_evidence import evidence_of
from songthan.cli import main

TOP = "2566-q2-v1"
#: Every byte of the zip instead of a sample.
ALL = bool(os.environ.get("SONGTHAN_ALL_FLIPS"))


@pytest.fixture(scope="module")
def evidence(bundles, tmp_path_factory):  # noqa: F811
    target = tmp_path_factory.mktemp("evidence") / "evidence.zip"
    export_bundle(bundles["B-LT"], target, evidence_of=evidence_of)
    return target


@pytest.fixture
def entries(evidence):
    with zipfile.ZipFile(evidence) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def told(path, *options):
    answer = CliRunner().invoke(main, ["verify", str(path), *map(str, options)])
    assert "Traceback" not in answer.output and answer.exception is None or isinstance(answer.exception, SystemExit)
    return answer


def refused(path):
    answer = told(path)
    assert answer.exit_code == 1 and "ใช้ไม่ได้" in answer.output, answer.output
    found = json.loads(CliRunner().invoke(main, ["verify", str(path), "--json"]).stdout)
    assert found["ok"] is False and found["stage"] == "broken"
    return answer.output


def test_the_honest_zip_is_a_yes_also_ten_years_on(evidence):
    assert told(evidence).exit_code == 0
    later = (NOW + timedelta(days=3653)).date().isoformat()
    answer = told(evidence, "--at", later, "--json")
    found = json.loads(answer.stdout)
    assert answer.exit_code == 0 and found["ok"] and found["level"] == "B-LT"
    assert {c["name"] for c in found["checks"]} >= {"files", "signature", "seal", "records", "lasting", "evidence"}


def test_a_foreign_root_is_a_no(evidence, tmp_path):
    (tmp_path / "root.pem").write_bytes(pem(certificate("ใครก็ได้")))
    assert told(evidence, "--root", tmp_path / "root.pem").exit_code == 1


def test_one_flipped_byte_anywhere(evidence, tmp_path):
    data, place = evidence.read_bytes(), tmp_path / "evidence.zip"
    step = 1 if ALL else len(data) // 40
    for at in {*range(0, len(data), step), *range(len(data) - 22, len(data), 3)} - {0, 1}:
        place.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert told(place).exit_code == 1, at


def _zip(place: Path, entries, change=None, **kinds):
    """A zip by hand; `change(info, data)` may alter an entry as it is written."""
    with zipfile.ZipFile(place, "w", **kinds) as archive:
        for name, data in sorted(entries.items()):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, (0o755 if name.endswith("check.sh") else 0o644) << 16
            info.compress_type = archive.compression
            if change:
                change(info)
            archive.writestr(info, data)
    return place


def test_written_by_hand_the_same_way_it_is_the_same(evidence, entries, tmp_path):
    assert _zip(tmp_path / "a.zip", entries).read_bytes() == evidence.read_bytes()


def _doubled(place, entries):
    """The first reader sees the honest file, the second another of the same name."""
    _zip(place, entries)
    with pytest.warns(UserWarning), zipfile.ZipFile(place, "a") as archive:
        archive.writestr(f"{TOP}/bundle/report.docx", b"other")


def _more(name, data=b"x"):
    return lambda place, entries: _zip(place, {**entries, name: data})


def _link(place, entries):
    def change(info):
        if info.filename.endswith("report.docx"):
            info.external_attr = (stat.S_IFLNK | 0o777) << 16

    _zip(place, {**entries, f"{TOP}/bundle/report.docx": b"/etc/passwd"}, change)


def _bomb(place, entries):
    _zip(place, {**entries, f"{TOP}/bundle/zeros": b"\0" * (64 << 20)}, compression=zipfile.ZIP_DEFLATED)


def _dated(place, entries):
    _zip(place, entries, lambda info: setattr(info, "date_time", (2026, 1, 1, 0, 0, 0)))


def _commented(place, entries):
    with zipfile.ZipFile(_zip(place, entries), "a") as archive:
        archive.comment = b"and the other pages"


def _behind(place, entries):
    place.write_bytes(_zip(place, entries).read_bytes() + b"garbage")


def _before(place, entries):
    place.write_bytes(b"PK garbage" + _zip(place, entries).read_bytes())


def _between(place, entries):
    """Bytes no entry owns, before the directory; all places told right."""
    data = _zip(place, entries).read_bytes()
    start = struct.unpack("<I", data[-6:-2])[0]
    tail = data[:-6] + struct.pack("<I", start + 5) + data[-2:]
    place.write_bytes(tail[:start] + b"cargo" + tail[start:])


def _local_name(place, entries):
    """The file's own head says another name than the directory."""
    data = _zip(place, entries).read_bytes()
    place.write_bytes(data.replace(b"bundle/report.docx", b"bundle/rep0rt.docx", 1))


def _sizes_lie(place, entries):
    data = bytearray(_zip(place, entries).read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 0xFFFFFFF0)
    place.write_bytes(bytes(data))


def _without(name):
    return lambda place, entries: _zip(place, {k: v for k, v in entries.items() if k != f"{TOP}/{name}"})


def _edited(name, change):
    return lambda place, entries: _zip(place, {**entries, f"{TOP}/{name}": change(entries[f"{TOP}/{name}"])})


def _two_tops(place, entries):
    _zip(place, {**entries, **{name.replace(TOP, "2566-q2-v2"): data for name, data in entries.items()}})


def _unsorted(place, entries):
    with zipfile.ZipFile(place, "w") as archive:
        for name in sorted(entries, reverse=True):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, entries[name])


ATTACKS = {
    "two of one name": _doubled,
    "out of the folder": _more("../outside.txt"),
    "out of the folder from inside": _more(f"{TOP}/../../outside.txt"),
    "absolute": _more("/tmp/outside.txt"),
    "backslashes": _more(f"{TOP}\\..\\outside.txt"),
    "a drive": _more("C:/outside.txt"),
    "another folder": _more("other/x.txt"),
    "an unlisted file": _more(f"{TOP}/bundle/more.pdf"),
    "an unlisted file beside": _more(f"{TOP}/more.txt"),
    "a folder entry": _more(f"{TOP}/bundle/empty/", b""),
    "the same name in capitals": _more(f"{TOP}/bundle/REPORT.docx"),
    "a Thai name": _more(f"{TOP}/bundle/หลักฐาน.pdf"),
    "a Thai name taken apart": _more(f"{TOP}/bundle/" + unicodedata.normalize("NFD", "น้ำ") + ".pdf"),
    "a name with white space": _more(f"{TOP}/bundle/report .docx"),
    "a device": _more(f"{TOP}/bundle/con.pdf"),
    "a hidden file": _more(f"{TOP}/.hidden"),
    "the file the check writes": _more(".again.zip"),
    "a link": _link,
    "a bomb": _bomb,
    "other dates": _dated,
    "a comment": _commented,
    "bytes behind": _behind,
    "bytes before": _before,
    "bytes between": _between,
    "another name inside": _local_name,
    "sizes that lie": _sizes_lie,
    "two evidences": _two_tops,
    "another order": _unsorted,
    "no manifest": _without("bundle/manifest.json"),
    "no signed file": _without("bundle/signed.pdf"),
    "no script": _without("check.sh"),
    "no readme": _without("README.txt"),
    "another script": _edited("check.sh", lambda data: b"#!/bin/sh\necho OK\n"),
    "another chain": _edited("chain.txt", lambda data: data.replace("จดหมาย".encode(), "ข้อความ".encode())),
    "another certificate beside": _edited("signature/1-certificate.pem", lambda data: pem(certificate("ใครก็ได้"))),
    "another signature beside": _edited("signature/1.p7s", lambda data: data[:-1] + b"\x00"),
    "a readme with other line ends": _edited("README.txt", lambda data: data.replace(b"\n", b"\r\n")),
    "an exhibit swapped": _edited("bundle/evidence/01-photo.jpg", lambda data: b"other"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_on_the_zip(name, entries, tmp_path):
    place = tmp_path / "evidence.zip"
    before = set(tmp_path.parent.iterdir())
    with_names = {key: value for key, value in entries.items()}
    if name == "an exhibit swapped":
        assert any("evidence/" in key for key in entries)
        photo = next(key for key in entries if "bundle/evidence/" in key)
        _zip(place, {**entries, photo: b"other"})
    else:
        ATTACKS[name](place, with_names)
    refused(place)
    assert set(tmp_path.parent.iterdir()) == before and not (tmp_path.parent / "outside.txt").exists()


@pytest.mark.parametrize("data", [b"PK", b"PK\x05\x06" + b"\0" * 18, b"PK\x03\x04" + b"\xff" * 200, b"PK" * 4000])
def test_what_only_begins_as_a_zip(data, tmp_path):
    (tmp_path / "evidence.zip").write_bytes(data)
    refused(tmp_path / "evidence.zip")


def test_what_is_no_zip_is_wrong_use(tmp_path, evidence):
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7")
    assert told(tmp_path / "x.pdf").exit_code == 2
    (tmp_path / "empty").write_bytes(b"")
    assert told(tmp_path / "empty").exit_code == 2 and told(tmp_path / "none.zip").exit_code == 2
    assert told(evidence, "--export", tmp_path / "again.zip").exit_code == 2


def test_a_zip_of_another_bundles_evidence(bundles, evidence, tmp_path):  # noqa: F811
    """What lies beside the bundle is of another version: its own bundle is in order all the same."""
    export_bundle(bundles["B-B"], tmp_path / "other.zip", evidence_of=evidence_of)
    for name in ("one", "other"):
        with zipfile.ZipFile(evidence if name == "one" else tmp_path / "other.zip") as archive:
            archive.extractall(tmp_path / name)
    shutil.rmtree(tmp_path / "one" / TOP / "bundle")
    shutil.copytree(tmp_path / "other" / TOP / "bundle", tmp_path / "one" / TOP / "bundle")
    top = tmp_path / "one" / TOP
    files = {p.relative_to(top).as_posix(): p for p in top.rglob("*") if p.is_file()}
    write_zip(tmp_path / "mixed.zip", TOP, files)
    assert "README.txt" in refused(tmp_path / "mixed.zip")
