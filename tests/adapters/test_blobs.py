"""Bytes under their sha256: whole or not there."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.adapters.blobs import FileBlobs
from songthan.domain.errors import LedgerError


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobs:
    return FileBlobs(tmp_path / "blobs")


def files(blobs: FileBlobs) -> list[Path]:
    return [p for p in blobs.folder.rglob("*") if p.is_file()]


@given(data=st.binary(max_size=2000))
def test_what_was_put_comes_back(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    blobs = FileBlobs(tmp_path_factory.getbasetemp() / "any")
    name = blobs.put(data)
    assert name == hashlib.sha256(data).hexdigest() and blobs.get(name) == data == blobs.path(name).read_bytes()


def test_the_same_bytes_are_one_file(blobs: FileBlobs) -> None:
    assert blobs.put(b"x") == blobs.put(b"x") and len(files(blobs)) == 1


def test_what_comes_in_pieces_is_kept_whole_or_not_at_all(blobs: FileBlobs) -> None:
    def pieces(write: Callable[[bytes], object]) -> None:
        for piece in (b"one", b"", b"two"):
            write(piece)

    def broken(write: Callable[[bytes], object]) -> None:
        write(b"one")
        raise ConnectionResetError("the server went away")

    name = blobs.receive(pieces)
    assert name == hashlib.sha256(b"onetwo").hexdigest() and blobs.get(name) == b"onetwo"
    with pytest.raises(ConnectionResetError):
        blobs.receive(broken)
    assert files(blobs) == [blobs.path(name)]
    assert blobs.receive(pieces) == name and len(files(blobs)) == 1


def test_missing_changed_and_cut_files_are_noticed(blobs: FileBlobs) -> None:
    name = blobs.put(b"content")
    blobs.path(name).write_bytes(b"CONTENT")
    with pytest.raises(LedgerError, match="ถูกเปลี่ยน"):
        blobs.get(name)
    blobs.path(name).write_bytes(b"con")
    blobs.put(b"content")
    assert blobs.get(name) == b"content"
    blobs.path(name).unlink()
    with pytest.raises(LedgerError, match="หายไป") as caught:
        blobs.get(name)
    assert caught.value.remedy
    with pytest.raises(LedgerError, match="หายไป"):
        blobs.path(name)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, "g" * 64, "a" * 32 + "/" + "a" * 31])
def test_a_name_is_a_hash_and_never_a_path(blobs: FileBlobs, name: str) -> None:
    for ask in (blobs.get, blobs.path):
        with pytest.raises(LedgerError):
            ask(name)


@pytest.mark.parametrize("broken", ["fsync", "replace", "mkdir"])
def test_a_full_disk_leaves_no_file_and_no_half(blobs: FileBlobs, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path if broken == "mkdir" else os, broken, full)
    with pytest.raises(LedgerError) as caught:
        blobs.put(b"content")
    assert caught.value.remedy
    monkeypatch.undo()
    assert files(blobs) == []
    assert blobs.get(blobs.put(b"content")) == b"content"
