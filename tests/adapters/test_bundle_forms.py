"""The same words written another way: a bundle's lists have one form, and everything else is a no that names the file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import attack_files as attack
import pytest
from test_bundle_attacks import finished, refused, sandbox, verify  # noqa: F401 (fixtures)
from test_sign_pdf import certificate, pem

from songthan.adapters import bundle_files

OTHERWISE = {
    "Windows line ends": lambda data: data.replace(b"\n", b"\r\n"),
    "a mark in front": lambda data: b"\xef\xbb\xbf" + data,
    "white space behind": lambda data: data + b" ",
    "no last line end": lambda data: data.rstrip(b"\n"),
    "no white space": lambda data: json.dumps(json.loads(data), ensure_ascii=False, separators=(",", ":")).encode(),
    "another order": lambda data: json.dumps(dict(reversed(json.loads(data).items())), ensure_ascii=False, indent=2).encode() + b"\n",
    "letters as numbers": lambda data: json.dumps(json.loads(data), indent=2, sort_keys=True).encode() + b"\n",
    "a key twice": lambda data: data.replace(b"{\n", b'{\n  "format": "x",\n  "format": "y",\n', 1),
    "a key more": lambda data: data.rstrip()[:-1].rstrip() + b',\n  "zzz": 1\n}\n',
    "not a number": lambda data: data.rstrip()[:-1].rstrip() + b',\n  "zzz": NaN\n}\n',
    "an endless number": lambda data: data.rstrip()[:-1].rstrip() + b',\n  "zzz": ' + b"9" * 6000 + b"\n}\n",
    "another encoding": lambda data: data.decode().encode("utf-16"),
}


@pytest.fixture
def bundle(finished, tmp_path):  # noqa: F811
    return Path(shutil.copytree(finished, tmp_path / "v1"))


@pytest.mark.parametrize("how", OTHERWISE)
@pytest.mark.parametrize("name", ["manifest.json", "proof.json", "submission.json", "receipt.json"])
def test_a_list_written_otherwise(bundle, verify, name, how):  # noqa: F811
    before = (bundle / name).read_bytes()
    (bundle / name).write_bytes(OTHERWISE[how](before))
    if (bundle / name).read_bytes() == before:
        pytest.fail("nothing was changed")
    refused(verify(bundle), naming=name)


@pytest.mark.parametrize("how", ["Windows line ends", "white space behind", "another order", "letters as numbers"])
@pytest.mark.parametrize("name", ["submission.json", "receipt.json"])
def test_also_when_every_hash_is_made_to_agree(bundle, verify, name, how):  # noqa: F811
    (bundle / name).write_bytes(OTHERWISE[how]((bundle / name).read_bytes()))
    attack.made_to_agree(bundle)
    refused(verify(bundle), check="records")


@pytest.mark.parametrize("how", ["Windows line ends", "stars", "a comment", "capitals", "another order", "a line twice", "empty"])
def test_the_list_of_sums_written_otherwise(bundle, verify, how):  # noqa: F811
    data = (bundle / "SHA256SUMS").read_bytes()
    lines = data.splitlines(keepends=True)
    made = {
        "Windows line ends": data.replace(b"\n", b"\r\n"),
        "stars": data.replace(b"  ", b" *"),
        "a comment": data + b"# x\n",
        "capitals": data.upper(),
        "another order": b"".join(reversed(lines)),
        "a line twice": data + lines[0],
        "empty": b"",
    }[how]
    (bundle / "SHA256SUMS").write_bytes(made)
    refused(verify(bundle), naming="SHA256SUMS", check="sums")


@pytest.mark.parametrize(
    "change",
    [
        lambda m: [f.update(size=float(f["size"])) for f in m["files"].values()],
        lambda m: next(iter(m["files"].values())).update(size=True),
        lambda m: next(iter(m["files"].values())).update(size=-1),
        lambda m: [f.update(sha256=f["sha256"].upper()) for f in m["files"].values()],
        lambda m: next(iter(m["files"].values())).update(sha256=None),
        lambda m: m.update(version=1.0),
        lambda m: m.update(version="1"),
        lambda m: m.update(files=list(m["files"])),
        lambda m: m.update(files={}),
        lambda m: m.update(created="2023-03-16 14:00"),
    ],
)
def test_values_of_another_kind(bundle, verify, change):  # noqa: F811
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    change(manifest)
    (bundle / "manifest.json").write_bytes(bundle_files._canonical(manifest))
    attack.made_to_agree(bundle)
    refused(verify(bundle))


def test_two_files_change_places(bundle, verify):  # noqa: F811
    for agree in (False, True):
        one, other = (bundle / name for name in ("memo.docx", "report.docx"))
        a, b = one.read_bytes(), other.read_bytes()
        one.write_bytes(b), other.write_bytes(a)
        if agree:
            attack.made_to_agree(bundle)
        refused(verify(bundle), naming="memo.docx", check="files")
        one.write_bytes(a), other.write_bytes(b)


def test_a_root_more_beside_the_recorded_one(bundle, verify):  # noqa: F811
    """Slipped into the same file: the record of the signature names the file's bytes."""
    (root,) = (bundle / "trust").glob("*.pem")
    root.write_bytes(root.read_bytes() + pem(certificate("ใครก็ได้")))
    refused(verify(bundle), naming="trust/", check="proof")
    attack.made_to_agree(bundle)
    refused(verify(bundle), check="records")
