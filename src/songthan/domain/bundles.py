"""What is compiled: the manifest of a bundle (every file's sha256 back to the message it came from).

Pure: files are known here by path, size and sha256 only. The manifest has ONE spelling (`Manifest.to_json`), so its
sha256 is its identity, and `from_json` refuses every other spelling of the same content.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from songthan.domain.errors import DataError
from songthan.domain.language import digits

# Written beside the manifest after it was made, so no manifest may claim them.
LATER_FILES = frozenset(
    {"manifest.json", "proof.json", "sha256sums", "signed.pdf", "lasting.pdf", "pen.json", "submission.json", "receipt.json"}
)
#: Folders that come later too: the certificates a signature was judged with, and what proves one by pen.
LATER_FOLDERS = ("trust/", "pen/")
#: Keys that came after the first bundles; left out where they say nothing, so that old bundles keep their one spelling.
_NEWER = frozenset({"recorder", "replaces", "holders", "capacity", "page", "row", "whose"})
_SHA = re.compile(r"[0-9a-f]{64}")
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORMAT = "songthan-manifest/1"
_EXTENSIONS = frozenset(
    "pdf jpg jpeg png gif webp tif tiff doc docx xls xlsx ppt pptx odt ods odp txt csv mp3 mp4 mov zip".split()  # noqa: SIM905
) | {"bmp", "heic", "heif", "avif"}
_NEWER_EXTENSIONS = (".bmp", ".heic", ".heif", ".avif")


def _refuse(text: str, where: str = "manifest.json") -> DataError:
    return DataError(text, where=where, remedy="โปรดใช้สำเนาชุดเอกสารที่สมบูรณ์ หรือจัดทำชุดเอกสารใหม่")


def safe_path(path: str) -> bool:
    """Is `path` a plain relative path of a bundle: ASCII, «/» between names, no hidden, parent or device names?"""
    if not (isinstance(path, str) and len(path) <= 180 and _PATH.fullmatch(path)):
        return False
    return not any(name.endswith(".") or ".." in name or _DEVICES.fullmatch(name) for name in path.split("/"))


def exhibit_path(number: int, name: str) -> str:
    """Where exhibit `number` lies in the bundle. `name` is a stranger's text: only ASCII letters and digits survive."""
    stem, dot, extension = name.rpartition(".")
    if not dot:
        stem, extension = name, ""
    extension = extension.lower() if extension.lower() in _EXTENSIONS else "bin"
    stem = re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-").lower()[:40].strip("-")
    return f"evidence/{number:02d}-{stem or 'file'}.{extension}"


_PEN_TYPES = {
    "application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/tiff": "tif", "image/heic": "heic",
    "image/webp": "webp", "image/gif": "gif", "image/bmp": "bmp",
}  # fmt: skip


def pen_path(number: int, type: str) -> str:
    """Where scan `number` of a page signed by pen lies in the bundle."""
    return f"pen/scan-{number:02d}.{_PEN_TYPES.get(type, 'bin')}"
def _former_path(exhibit: Exhibit) -> str:
    """Where bundles of before kept a picture of a kind that had no ending of its own then."""
    path = exhibit.path
    return f"{path.rpartition('.')[0]}.bin" if path.endswith(_NEWER_EXTENSIONS) else path


def sha256_of(data: bytes | str) -> str:
    """sha256 (hex) of bytes, or of a text's UTF-8."""
    return hashlib.sha256(data.encode("utf-8") if isinstance(data, str) else data).hexdigest()


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """One file of the bundle; `size` in bytes; `role` e.g. «report», «memo», «appendix», «frozen», «evidence», «readme»."""

    sha256: str
    size: int
    role: str


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """One piece of evidence. `name` is the sender's file name (display only), `message_sha256` the raw mail it came in,
    `page` where it begins in the PDF to be signed (0: only listed)."""

    number: int
    activity: str
    name: str
    type: str
    sha256: str
    size: int
    message_sha256: str
    sender: str
    received: datetime
    page: int = 0

    @property
    def path(self) -> str:
        """Its place in the bundle."""
        return exhibit_path(self.number, self.name)


@dataclass(frozen=True, kw_only=True)
class AnswerSource:
    """Where one accepted answer came from: sha256 of its value, of the attachment it was read from and of the raw mail;
    and where it went: the `page` of the PDF to be signed (0: not told) and the printed number of its `row`."""

    field: str
    value_sha256: str
    attachment_sha256: str
    message_sha256: str
    method: str
    page: int = 0
    row: str = ""


@dataclass(frozen=True, kw_only=True)
class MessageSource:
    """A received mail the bundle rests on, by the sha256 of its raw bytes; `whose`: the member it answers for."""

    sha256: str
    sender: str
    received: datetime
    message_id: str = ""
    whose: str = ""


@dataclass(frozen=True, kw_only=True)
class SignatureSlot:
    """What is to be signed: the frozen PDF's path, the empty field's name, and whose signature is awaited.

    `holders`: other spellings of the signer's name in his certificate («Pimlada Worasetthapong»); the signer's own is one
    by itself. `capacity`: as what he signs when it is not his own office («รักษาราชการแทนผู้อำนวยการสำนัก…»); «»: the director.
    """

    file: str
    field: str
    signer: str
    holders: tuple[str, ...] = ()
    capacity: str = ""


@dataclass(frozen=True, kw_only=True)
class Break:
    """One thing that does not agree. `kind`: «missing», «extra» or «changed»; `message_th` is a sentence."""

    kind: str
    path: str
    message_th: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The list of a bundle. DataError at once when paths, hashes or references do not hold together.

    `recorder` is the public key (Ed25519, hex) the office signs its later records with; it stands under the seal, so the
    director's signature vouches for it. «»: the records carry no signature (bundles of before). `replaces` is the sha256 of
    the former version's manifest («» for the first): the versions are a chain, and the signature covers it.
    """

    deadline: str
    version: int
    created: datetime
    files: Mapping[str, FileEntry]
    exhibits: tuple[Exhibit, ...] = ()
    answers: tuple[AnswerSource, ...] = ()
    messages: tuple[MessageSource, ...] = ()
    signature: SignatureSlot | None = None
    recorder: str = ""
    replaces: str = ""

    def __post_init__(self) -> None:
        _check_manifest(self)

    def to_json(self) -> bytes:
        """The one spelling: UTF-8, sorted keys, two spaces, a newline at the end; lists in their own fixed order."""
        return _spell({"format": _FORMAT, **_plain(self)})

    @staticmethod
    def from_json(data: bytes) -> Manifest:
        """Read `to_json`'s bytes; DataError for unknown, missing or doubled keys, bad paths or any other spelling."""
        manifest = _read_manifest(data)
        if manifest.to_json() != data:
            raise _refuse("สารบัญไม่ได้เขียนตามรูปแบบมาตรฐานของระบบ จึงอาจถูกแก้ไข")
        return manifest

    @property
    def sha256(self) -> str:
        return sha256_of(self.to_json())

    @property
    def bundle_id(self) -> str:
        """A short name people can compare: `SB-XXXX-XXXX-XXXX`, the first 60 bits of the manifest's sha256."""
        number = int(self.sha256[:15], 16)
        letters = "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(55, -1, -5))
        return "SB-" + "-".join(letters[i : i + 4] for i in (0, 4, 8))

    @property
    def seal(self) -> str:
        """sha256 of the manifest without the PDF to be signed. It is written INTO that PDF, so the director's signature
        covers every other file, exhibit, answer and message as well."""
        without = dict(self.files)
        if self.signature is not None:
            without.pop(self.signature.file)
        return _seal(_plain(self), without)


def seal_of(**parts: object) -> str:
    """`Manifest.seal` before the PDF to be signed exists: the same keywords as Manifest, `files` without that PDF."""
    files = dict(parts["files"])  # type: ignore[call-overload]
    slot = parts.get("signature")
    stand_in = {slot.file: FileEntry(sha256="0" * 64, size=0, role="frozen")} if isinstance(slot, SignatureSlot) else {}
    return Manifest(**{**parts, "files": {**files, **stand_in}}).seal  # type: ignore[arg-type]


def _seal(plain: dict[str, object], files: Mapping[str, FileEntry]) -> str:
    return sha256_of(_spell({**plain, "files": {p: asdict(e) for p, e in files.items()}, "format": "songthan-seal/1"}))


def _spell(value: object) -> bytes:
    try:
        return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode("utf-8")
    except UnicodeEncodeError as error:
        raise _refuse("มีข้อความที่เข้ารหัสเป็น UTF-8 ไม่ได้") from error


def _plain(value: object) -> dict[str, object]:
    def simple(item: object) -> object:
        if isinstance(item, datetime):
            return item.isoformat()
        if isinstance(item, Mapping):
            return {key: simple(inner) for key, inner in item.items()}
        if isinstance(item, (list, tuple)):
            return [simple(inner) for inner in item]
        return _plain(item) if hasattr(item, "__dataclass_fields__") else item

    found = ((f.name, getattr(value, f.name)) for f in fields(value))  # type: ignore[arg-type]
    return {name: simple(item) for name, item in found if item or name not in _NEWER}


def _check_manifest(manifest: Manifest) -> None:
    paths = list(manifest.files)
    for path in paths:
        if not safe_path(path) or path.lower() in LATER_FILES or path.lower().startswith(LATER_FOLDERS):
            raise _refuse(f"ชื่อแฟ้ม {path!r} ใช้ในชุดเอกสารไม่ได้")
    if len({p.lower() for p in paths}) != len(paths):
        raise _refuse("มีชื่อแฟ้มซ้ำกันเมื่อไม่นับตัวพิมพ์ใหญ่เล็ก")
    hashes = [e.sha256 for e in manifest.files.values()] + [m.sha256 for m in manifest.messages]
    hashes += [h for a in manifest.answers for h in (a.value_sha256, a.attachment_sha256)]
    if not all(_SHA.fullmatch(h) for h in [*hashes, *filter(None, [manifest.recorder, manifest.replaces])]):
        raise _refuse("มีค่า sha256 ที่ผิดรูปแบบ")
    times = [manifest.created, *(e.received for e in manifest.exhibits), *(m.received for m in manifest.messages)]
    if any(t.utcoffset() is None for t in times):
        raise _refuse("มีเวลาที่ไม่ได้ระบุเขตเวลา")
    if manifest.version < 1 or any(e.size < 0 for e in manifest.files.values()):
        raise _refuse("มีเลขรุ่นหรือขนาดแฟ้มที่ผิด")
    if [e.number for e in manifest.exhibits] != list(range(1, len(manifest.exhibits) + 1)):
        raise _refuse("เลขลำดับหลักฐานไม่ต่อเนื่อง")
    for exhibit in manifest.exhibits:
        entry = manifest.files.get(exhibit.path) or manifest.files.get(_former_path(exhibit))
        if entry is None or (entry.sha256, entry.size) != (exhibit.sha256, exhibit.size):
            raise _refuse(f"หลักฐานลำดับที่ {digits(exhibit.number)} ไม่ตรงกับรายการแฟ้ม")
    _check_sources(manifest)


def _check_sources(manifest: Manifest) -> None:
    known = {m.sha256 for m in manifest.messages}
    if len(known) != len(manifest.messages):
        raise _refuse("มีข้อความต้นทางซ้ำกัน")
    if not {s.message_sha256 for s in (*manifest.exhibits, *manifest.answers)} <= known:
        raise _refuse("มีคำตอบหรือหลักฐานที่ไม่รู้ว่ามาจากข้อความใด")
    if len({a.field for a in manifest.answers}) != len(manifest.answers):
        raise _refuse("มีคำตอบของช่องเดียวกันซ้ำกัน")
    if manifest.signature is not None and manifest.signature.file not in manifest.files:
        raise _refuse("ไม่พบแฟ้มที่จะลงลายมือชื่อในรายการแฟ้ม")


def _no_doubles(where: str, pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _refuse("มีชื่อรายการซ้ำกันในแฟ้ม JSON", where)
    return found


def read_json(data: bytes, *, where: str) -> dict[str, object]:
    """A JSON object without doubled keys; DataError naming `where` otherwise."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=functools.partial(_no_doubles, where))
    except (ValueError, RecursionError) as error:
        raise _refuse("อ่านแฟ้ม JSON ไม่ได้", where) from error
    if not isinstance(value, dict):
        raise _refuse("แฟ้ม JSON ไม่ได้เป็นชุดรายการ", where)
    return value


def _record(cls: type, data: object, where: str) -> dict[str, object]:
    """The keyword arguments of flat dataclass `cls` from JSON, each of the right type."""
    names = {f.name: f.type for f in fields(cls) if f.name not in _NEWER or (isinstance(data, dict) and f.name in data)}
    if not isinstance(data, dict) or set(data) != set(names):
        raise _refuse(f"รายการ {where} มีช่องเกินหรือขาด")
    values: dict[str, object] = {}
    for name, kind in names.items():
        value = data[name]
        if kind == "datetime" and isinstance(value, str):
            try:
                values[name] = datetime.fromisoformat(value)
            except ValueError as error:
                raise _refuse(f"เวลาใน {where} ผิดรูปแบบ") from error
        elif kind == "tuple[str, ...]" and isinstance(value, list) and all(isinstance(v, str) for v in value):
            values[name] = tuple(value)
        elif type(value) is {"int": int, "str": str}.get(str(kind)):
            values[name] = value
        else:
            raise _refuse(f"ค่าของ {name} ใน {where} ผิดชนิด")
    return values


def _read_manifest(data: bytes) -> Manifest:
    found = read_json(data, where="manifest.json")
    later = {key: found.pop(key, "") for key in ("recorder", "replaces")}
    known = {f.name for f in fields(Manifest)} - set(later)
    if found.pop("format", None) != _FORMAT or set(found) != known or not all(isinstance(v, str) for v in later.values()):
        raise _refuse("สารบัญมีช่องเกิน ขาด หรือเป็นรูปแบบที่ไม่รู้จัก")
    head = {key: found[key] for key in ("deadline", "version", "created")}
    files, slot = found["files"], found["signature"]
    if not isinstance(files, dict) or not all(isinstance(found[k], list) for k in ("exhibits", "answers", "messages")):
        raise _refuse("สารบัญมีรายการผิดชนิด")
    return Manifest(
        **_record(_Head, head, "ส่วนหัว"),  # type: ignore[arg-type]
        files={path: FileEntry(**_record(FileEntry, entry, path)) for path, entry in files.items()},  # type: ignore[arg-type]
        exhibits=tuple(Exhibit(**_record(Exhibit, e, "exhibits")) for e in found["exhibits"]),  # type: ignore
        answers=tuple(AnswerSource(**_record(AnswerSource, a, "answers")) for a in found["answers"]),  # type: ignore
        messages=tuple(MessageSource(**_record(MessageSource, m, "messages")) for m in found["messages"]),  # type: ignore
        signature=None if slot is None else SignatureSlot(**_record(SignatureSlot, slot, "signature")),  # type: ignore
        **later,
    )


@dataclass(frozen=True, kw_only=True)
class _Head:
    deadline: str
    version: int
    created: datetime


def compare(manifest: Manifest, actual: Mapping[str, tuple[str, int]]) -> list[Break]:
    """How the files found (path → sha256, size) differ from the manifest's; empty when they agree. Sorted by path."""
    breaks = []
    for path in sorted({*manifest.files, *actual}):
        if path not in actual:
            breaks.append(Break(kind="missing", path=path, message_th=f"ไม่พบแฟ้ม {path} ซึ่งมีอยู่ในสารบัญ"))
        elif path not in manifest.files:
            breaks.append(Break(kind="extra", path=path, message_th=f"มีแฟ้ม {path} เกินจากสารบัญ"))
        elif actual[path] != (manifest.files[path].sha256, manifest.files[path].size):
            breaks.append(Break(kind="changed", path=path, message_th=f"แฟ้ม {path} มีเนื้อหาไม่ตรงกับสารบัญ"))
    return breaks
