"""Bytes by their sha256 in a folder. Written to a temporary name, fsynced, renamed: a file with a name is whole."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from songthan.domain.errors import LedgerError

#: A file without a name that nobody has written to for so long was left behind by a process that is no more.
_LEFT_BEHIND_S = 3600.0


class FileBlobs:
    """`folder`/ab/abcdef…: one file per content, never changed, never deleted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._proven: set[Path] = set()
        folder.mkdir(parents=True, exist_ok=True)
        self._sweep()

    def put(self, data: bytes) -> str:
        """Keep `data` durably; returns its sha256. Safe to repeat: the same bytes are the same file."""
        sha256 = hashlib.sha256(data).hexdigest()
        target = self._place(sha256)
        if target.exists() and target.stat().st_size == len(data):
            # whoever wrote it may not have come so far as to make its name last
            try:
                with _disk_trouble():
                    self._make_last(target)
            except _DiskTrouble as trouble:
                raise self._unwritten(trouble.error) from trouble.error
            return sha256
        return self.receive(lambda write: write(data))

    def receive(self, fill: Callable[[Callable[[bytes], object]], object]) -> str:
        """Keep durably what `fill(write)` writes, piece by piece; returns its sha256. Nothing is kept when `fill` raises."""
        try:
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        except OSError as error:
            raise self._unwritten(error) from error
        incoming = _Incoming(handle)
        try:
            fill(incoming.write)
            with _disk_trouble():
                sha256 = incoming.finish()
                target = self._place(sha256)
                target.parent.mkdir(exist_ok=True)
                os.replace(name, target)
                self._make_last(target)
        except _DiskTrouble as trouble:
            raise self._unwritten(trouble.error) from trouble.error
        finally:
            incoming.close()
            Path(name).unlink(missing_ok=True)
        return sha256

    def _make_last(self, target: Path) -> None:
        """The name survives a power cut: its folder, and once in this process the folder around that one."""
        _sync_folder(target.parent)
        if target.parent not in self._proven:
            _sync_folder(self.folder)
            self._proven.add(target.parent)

    def _sweep(self) -> None:
        """Remove what processes that were killed while they wrote left behind; nothing refers to a file without a name."""
        for left in self.folder.glob(".new-*"):
            with suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > _LEFT_BEHIND_S:
                    left.unlink()

    def _unwritten(self, error: OSError) -> LedgerError:
        return LedgerError(
            f"เขียนแฟ้มไม่สำเร็จ ({error.strerror})", where=str(self.folder), remedy="ตรวจพื้นที่ว่างของดิสก์ แล้วเริ่มใหม่"
        )

    def get(self, sha256: str) -> bytes:
        """The bytes; LedgerError when they are gone or changed."""
        try:
            data = self._place(sha256).read_bytes()
        except FileNotFoundError as error:
            raise _gone(sha256) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise _changed(sha256)
        return data

    def checked(self, sha256: str) -> Path:
        """The file itself, its bytes held against its name; LedgerError when they are gone or changed."""
        place = self.path(sha256)
        with open(place, "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise _changed(sha256)
        return place

    def holds(self, sha256: str) -> bool:
        """Are these bytes kept here?"""
        return self._place(sha256).is_file()

    def path(self, sha256: str) -> Path:
        """The file itself, for programs that want one; LedgerError when it is gone."""
        place = self._place(sha256)
        if not self.holds(sha256):
            raise _gone(sha256)
        return place

    def _place(self, sha256: str) -> Path:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise LedgerError("รหัสแฟ้มผิดรูปแบบ", where=repr(sha256)[:80], remedy="ตรวจสมุดทะเบียน")
        return self.folder / sha256[:2] / sha256


def _gone(sha256: str) -> LedgerError:
    return LedgerError("แฟ้มหายไปจากคลัง", where=sha256, remedy="กู้คืนจากสำเนาสำรอง")


def _changed(sha256: str) -> LedgerError:
    return LedgerError("แฟ้มในคลังถูกเปลี่ยน", where=sha256, remedy="กู้คืนจากสำเนาสำรอง และตรวจดิสก์")


class _DiskTrouble(Exception):
    """The disk failed, not whoever fills the file."""

    def __init__(self, error: OSError) -> None:
        self.error = error


@contextmanager
def _disk_trouble() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _DiskTrouble(error) from error


class _Incoming:
    """A file without a name yet, and the hash of what was written to it."""

    def __init__(self, handle: int) -> None:
        self._file = os.fdopen(handle, "wb")
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        with _disk_trouble():
            self._file.write(data)

    def finish(self) -> str:
        """All of it on the disk; its sha256."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._hash.hexdigest()

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
