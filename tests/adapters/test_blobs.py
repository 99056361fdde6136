"""Bytes under their sha256: whole or not there."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
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


def test_what_a_killed_process_left_behind_is_swept(tmp_path: Path) -> None:
    """A real kill -9 in the middle of a mail; what another process is writing now stays."""
    code = (
        "import os, sys, signal; from pathlib import Path; from songthan.adapters.blobs import FileBlobs\n"
        "def fill(write):\n    write(b'x' * 100000); os.kill(os.getpid(), signal.SIGKILL)\n"
        "FileBlobs(Path(sys.argv[1])).receive(fill)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=env)
    assert killed.returncode == -signal.SIGKILL
    (left,) = files(FileBlobs(tmp_path))
    assert left.name.startswith(".new-")
    os.utime(left, (0, 0))
    (tmp_path / ".new-now").write_bytes(b"half a mail of a process that lives")
    assert [p.name for p in files(FileBlobs(tmp_path))] == [".new-now"]


class PowerCut:
    """What the disk would hold if the power went now: only what was synced, in the order of `os`'s calls.

    A file's bytes last after fsync of the file; a name (of a file or a folder) after fsync of the folder it stands in.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
        self.root = root
        self.bytes: dict[int, bytes] = {}
        self.names: dict[Path, int] = {root: root.stat().st_ino}
        real = os.fsync

        def fsync(handle: int) -> None:
            real(handle)
            path = Path(os.readlink(f"/proc/self/fd/{handle}"))
            if path.is_dir():
                now = {child: child.stat().st_ino for child in path.iterdir()}
                self.names = {p: i for p, i in self.names.items() if p.parent != path} | now
            else:
                self.bytes[os.fstat(handle).st_ino] = path.read_bytes()

        monkeypatch.setattr(os, "fsync", fsync)

    def survives(self, file: Path, data: bytes) -> bool:
        """Is the file there, whole, with every folder on the way to it?"""
        way = [p for p in (file, *file.parents) if p.is_relative_to(self.root)]
        return all(p in self.names for p in way) and self.bytes.get(self.names[file]) == data


def test_what_was_received_survives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults 22: everything not synced is dropped; `receive` and `put` answered, so a row may refer to the file."""
    (tmp_path / "blobs").mkdir()
    disk = PowerCut(monkeypatch, tmp_path / "blobs")
    one, other = FileBlobs(tmp_path / "blobs"), FileBlobs(tmp_path / "blobs")
    for n in range(40):
        data = str(n).encode() * 1000
        name = one.receive(lambda write, data=data: write(data))
        assert disk.survives(one.path(name), data)
    # a second process finds a file whose writer was cut off before it made the name last
    data = b"half done"
    monkeypatch.setattr(FileBlobs, "_make_last", lambda self, target: None)
    name = one.put(data)
    assert not disk.survives(one.path(name), data)
    monkeypatch.undo()
    disk_again = PowerCut(monkeypatch, tmp_path / "blobs")
    disk_again.bytes, disk_again.names = disk.bytes, disk.names
    assert other.put(data) == name and disk_again.survives(one.path(name), data)


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
