"""Bytes by their sha256 in a folder. Written to a temporary name, fsynced, renamed: a file with a name is whole."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from songthan.domain.errors import LedgerError


class FileBlobs:
    """`folder`/ab/abcdef…: one file per content, never changed, never deleted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> str:
        """Keep `data` durably; returns its sha256. Safe to repeat: the same bytes are the same file."""
        sha256 = hashlib.sha256(data).hexdigest()
        target = self._place(sha256)
        if target.exists() and target.stat().st_size == len(data):
            return sha256
        name = None
        try:
            target.parent.mkdir(exist_ok=True)
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, target)
        except OSError as error:
            if name:
                Path(name).unlink(missing_ok=True)
            raise LedgerError(
                f"เขียนแฟ้มไม่สำเร็จ ({error.strerror})", where=str(self.folder), remedy="ตรวจพื้นที่ว่างของดิสก์ แล้วเริ่มใหม่"
            ) from error
        _sync_folder(target.parent)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes; LedgerError when they are gone or changed."""
        try:
            data = self._place(sha256).read_bytes()
        except FileNotFoundError as error:
            raise LedgerError("แฟ้มหายไปจากคลัง", where=sha256, remedy="กู้คืนจากสำเนาสำรอง") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise LedgerError("แฟ้มในคลังถูกเปลี่ยน", where=sha256, remedy="กู้คืนจากสำเนาสำรอง และตรวจดิสก์")
        return data

    def path(self, sha256: str) -> Path:
        """The file itself, for programs that want one."""
        return self._place(sha256)

    def _place(self, sha256: str) -> Path:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise LedgerError("รหัสแฟ้มผิดรูปแบบ", where=repr(sha256)[:80], remedy="ตรวจสมุดทะเบียน")
        return self.folder / sha256[:2] / sha256


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
