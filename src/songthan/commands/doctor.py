"""`songthan doctor`: is this machine ready, and how to mend what is not."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import click

from songthan.commands.paper import console, json_option, number, print_json, state_option
from songthan.domain.errors import EnvironmentNotReady, SongthanError

if TYPE_CHECKING:
    from songthan.adapters.settings_file import Settings

#: Free space below which a rehearsal or a quarter's mail may not fit.
_DISK_MIN = 1_000_000_000
_LIBRARIES = (
    "prefect", "fastapi", "sqlalchemy", "docxtpl", "exchangelib", "imapclient", "pdfplumber", "pypdf", "sqlite-utils", "pyhanko",
    "pypdfium2", "lxml", "click",
)  # fmt: skip
_SETUP = "สั่ง make setup (หรือ pip install ใหม่ตาม requirements.lock)"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One check: `status` «ok», «warn» (works, look at it) or «missing» (needed, exit code 3)."""

    name: str
    status: str
    detail_th: str
    remedy_th: str = ""


def _ok(name: str, detail: str) -> Finding:
    return Finding(name=name, status="ok", detail_th=detail)


def _warn(name: str, detail: str, remedy: str) -> Finding:
    return Finding(name=name, status="warn", detail_th=detail, remedy_th=remedy)


def _missing(name: str, detail: str, remedy: str) -> Finding:
    return Finding(name=name, status="missing", detail_th=detail, remedy_th=remedy)


@click.command()
@json_option
@state_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool, state: Path | None) -> None:
    """ตรวจเครื่อง: โปรแกรม แบบอักษร กล่องจดหมาย นาฬิกา ดิสก์ และบอกวิธีแก้ (is this machine ready)."""
    from songthan import workspace

    settings = workspace.load_settings(workspace.find_root())
    folder = (state or settings.folder("state")).resolve()
    findings = [*machine(), *_workspace(settings, folder)]
    bad = any(f.status == "missing" for f in findings)
    if as_json:
        print_json(
            {
                "ok": not bad,
                "checks": [
                    {"name": f.name, "status": f.status, "detail_th": f.detail_th, "remedy_th": f.remedy_th}
                    for f in findings
                ],
            }
        )
    else:
        _tell(findings)
    ctx.exit(3 if bad else 0)


def _tell(findings: list[Finding]) -> None:
    out = console()
    for f in findings:
        mark, style = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "missing": ("✗", "bold red")}[f.status]
        out.print(f"{mark} {f.detail_th}", style=style, soft_wrap=True)
        if f.remedy_th:
            out.print(f"   วิธีแก้: {f.remedy_th}", soft_wrap=True)
    bad = sum(f.status == "missing" for f in findings)
    out.print(f"\nยังขาด {number(bad)} อย่าง" if bad else "\nเครื่องพร้อมใช้งาน", style="bold red" if bad else "bold green")


def machine() -> Iterator[Finding]:
    """What does not depend on a workspace."""
    from songthan import workspace

    running = ".".join(map(str, sys.version_info[:3]))
    yield _ok("python", f"Python {running}") if sys.version_info >= (3, 11) else _missing(
        "python", f"Python {running} เก่าเกินไป", "ติดตั้ง Python 3.11 ขึ้นไป"
    )
    yield from libraries()
    for name, program, package in (
        ("libreoffice", "soffice", "libreoffice-writer-nogui"),
        ("poppler", "pdftotext", "poppler-utils"),
    ):
        yield _ok(name, f"พบ {program}") if shutil.which(program) else _missing(
            name, f"ไม่พบโปรแกรม {program}", f"สั่ง apt-get install {package} หรือ make setup"
        )
    missing = workspace.missing_fonts()
    for text in missing:
        what, _, remedy = text.partition(" — วิธีแก้: ")
        yield _missing("fonts", what, remedy)
    if not missing:
        yield _ok("fonts", "แบบอักษรราชการ TH SarabunPSK ครบ ๔ แบบ")
    fixed = sqlite3.sqlite_version_info >= (3, 51, 3)
    yield _ok(
        "sqlite",
        f"SQLite {sqlite3.sqlite_version} สมุดทะเบียนใช้ journal_mode=DELETE, synchronous=EXTRA"
        + ("" if fixed else " (รุ่นนี้มีข้อบกพร่องของ WAL จึงไม่ใช้ WAL)"),
    )


def libraries(installed: Callable[[str], str] = version) -> Iterator[Finding]:
    """The libraries' versions against what is known to work (pyproject.toml)."""
    found: dict[str, str] = {}
    for name in _LIBRARIES:
        try:
            found[name] = installed(name)
        except PackageNotFoundError:
            yield _missing("libraries", f"ไม่พบไลบรารี {name}", _SETUP)
    wrong = False
    for name, fits, wanted in (
        ("prefect", lambda v: v == "3.8.8", "3.8.8"),
        ("fastapi", lambda v: _numbers(v) < (0, 151), "ต่ำกว่า 0.151"),
        ("sqlalchemy", lambda v: _numbers(v) < (2, 1), "ต่ำกว่า 2.1"),
    ):
        if name in found and not fits(found[name]):
            wrong = True
            detail = f"{name} {found[name]} ใช้กับระบบนี้ไม่ได้ ต้องเป็น{'รุ่น ' if name == 'prefect' else ''}{wanted}"
            yield _missing("libraries", detail, _SETUP)
    if len(found) == len(_LIBRARIES) and not wrong:
        yield _ok("libraries", "ไลบรารีครบ: " + ", ".join(f"{n} {v}" for n, v in found.items()))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in text.split(".")[:2])


def _workspace(settings: Settings, folder: Path) -> Iterator[Finding]:
    yield _state(folder)
    yield _disk(folder)
    yield _port(settings, folder)
    if settings.mailbox.kind == "practice":
        yield from _practice(folder)
    elif settings.mailbox.kind == "imap":
        yield from _imap(settings, folder)
    else:
        yield from _exchange(settings, folder)
    yield _trust(settings, folder)
    yield from _addresses(folder)


def _addresses(folder: Path) -> Iterator[Finding]:
    """Addresses from which our mail came back, the secretary's own among them: mail cannot tell her of that one."""
    from songthan import workspace

    for address, cause in workspace.marked_addresses(folder):
        yield _warn(
            "address", f"จดหมายถึง {address} ตีกลับ: {cause}", f'แก้ที่อยู่ในรายชื่อ หรือเมื่อใช้ได้แล้วสั่ง songthan outbox address {address} --works --reason "…"'
        )


def _state(folder: Path) -> Finding:
    place = folder
    while not place.exists():
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return _missing("state", f"เขียนโฟลเดอร์สถานะไม่ได้ ({error.strerror}): {folder}", "แก้สิทธิของโฟลเดอร์ หรือตั้ง state ใน songthan.toml")
    return _ok("state", f"เขียนโฟลเดอร์สถานะได้: {folder}")


def _disk(folder: Path) -> Finding:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    words = f"พื้นที่ว่าง {number(f'{free / 1e9:.1f}')} กิกะไบต์"
    return _ok("disk", words) if free >= _DISK_MIN else _missing("disk", words, "เพิ่มพื้นที่ว่างให้ไม่น้อยกว่า ๑ กิกะไบต์")


def _port(settings: Settings, folder: Path) -> Finding:
    from songthan import workspace

    port = settings.dashboard.port
    try:
        workspace.check_port(port)
        return _ok("port", f"พอร์ต {port} ของแดชบอร์ดว่าง")
    except SongthanError as error:
        if _ours(folder, port):
            return _ok("port", f"พอร์ต {port} ใช้โดย Prefect ของพื้นที่ทำงานนี้")
        return _missing("port", error.th, error.remedy)


def _ours(folder: Path, port: int) -> bool:
    """Does the Prefect of this state folder (`songthan up`) hold the port?"""
    try:
        running = json.loads((folder / "run" / "live.json").read_text(encoding="utf-8"))
        return running.get("port") == port and Path(f"/proc/{int(running['prefect'])}").exists()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _practice(folder: Path) -> Iterator[Finding]:
    from songthan import workspace

    try:
        url = workspace.practice_url(folder)
    except SongthanError:
        yield _ok("mailbox", "กล่องจดหมายซ้อม (ยังไม่ได้เริ่ม จะเริ่มพร้อม songthan up หรือ rehearse)")
        return
    yield (
        _ok("mailbox", f"เซิร์ฟเวอร์จดหมายซ้อมทำงานอยู่ที่ {url}")
        if _answers(url)
        else _ok("mailbox", "กล่องจดหมายซ้อม (หยุดอยู่ จะเริ่มพร้อม songthan up หรือ rehearse)")
    )
    # the practice server lives on this machine, under the state folder's own clock
    yield _ok("clock", "เซิร์ฟเวอร์ซ้อมใช้นาฬิกาของเครื่องนี้")


def _exchange(settings: Settings, folder: Path) -> Iterator[Finding]:
    from songthan import workspace

    box = settings.mailbox
    address = urlsplit(box.endpoint)
    application = settings.exchange.auth == "oauth2"
    if address.scheme != "https" or not address.hostname or not (box.username or application):
        yield _missing("mailbox", "ยังไม่ได้ตั้งกล่องจดหมายให้ครบ", "ใส่ endpoint (https://…/EWS/Exchange.asmx) และ username ใน songthan.toml")
        return
    try:
        workspace.mailbox_secret(settings)
        yield _ok("mailbox-password", "พบ client secret ของแอปพลิเคชัน" if application else "พบรหัสผ่านของกล่องจดหมาย")
        for name, status, detail, remedy in workspace.check_exchange(settings, folder):
            yield Finding(name=name, status=status, detail_th=detail, remedy_th=remedy)
    except SongthanError as error:
        name = "mailbox-password" if isinstance(error, EnvironmentNotReady) else "mailbox"
        yield _missing(name, f"{error.where}: {error.th}" if error.where else error.th, error.remedy)


def _imap(settings: Settings, folder: Path) -> Iterator[Finding]:
    from songthan import workspace

    try:
        for name, status, detail, remedy in workspace.check_imap(settings, folder):
            yield Finding(name=name, status=status, detail_th=detail, remedy_th=remedy)
    except SongthanError as error:
        name = "mailbox-password" if isinstance(error, EnvironmentNotReady) else "mailbox"
        yield _missing(name, f"{error.where}: {error.th}" if error.where else error.th, error.remedy)


def _answers(url: str) -> bool:
    """Does a web server answer at `url` (any status, no credentials sent)?"""
    try:
        urlopen(Request(url, method="HEAD"), timeout=5).close()
    except HTTPError:
        return True
    except (URLError, OSError, ValueError):
        return False
    return True


def _trust(settings: Settings, folder: Path) -> Finding:
    from songthan import workspace

    found = workspace.named_files(settings, folder, settings.director.trust_roots)
    if found:
        return _ok("trust", f"ใบรับรองรากของผู้อำนวยการ {number(len(found))} แฟ้ม")
    remedy = "วางแฟ้ม .pem ที่ได้จากผู้อำนวยการไว้ตาม [director] trust_roots ใน songthan.toml"
    if settings.mailbox.kind == "practice":
        return _warn("trust", "ยังไม่มีใบรับรองรากของผู้อำนวยการ (การซ้อมจะสร้างให้เอง)", remedy)
    return _missing("trust", "ยังไม่มีใบรับรองรากของผู้อำนวยการ จึงตรวจลายมือชื่อไม่ได้", remedy)


COMMANDS = [doctor]
