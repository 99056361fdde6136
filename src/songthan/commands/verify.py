"""`songthan verify`: is a bundle whole, unchanged and signed. Offline; needs no workspace."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from songthan.commands.paper import console, json_option, note, plain, print_json
from songthan.domain.errors import UsageError
from songthan.domain.provenance import records_in_words, sources_of

if TYPE_CHECKING:
    from songthan.adapters.bundle_verify import VerifyReport

_STAGE_TH = {
    "compiled": "จัดทำแล้ว ยังไม่ได้ลงนาม",
    "signed": "ลงนามแล้ว",
    "submitted": "ส่งงานสารบรรณแล้ว",
    "acknowledged": "ได้รับเลขรับแล้ว",
    "broken": "ไม่สมบูรณ์หรือถูกแก้ไข",
}


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@json_option
@click.option(
    "--root",
    "--roots",
    "roots",
    multiple=True,
    type=click.Path(path_type=Path),
    help="ใบรับรองราก (.pem) ที่ได้มาจากผู้อำนวยการเอง ใช้ซ้ำได้",
)
@click.option(
    "--tsa-root",
    "tsa_roots",
    multiple=True,
    type=click.Path(path_type=Path),
    help="ใบรับรองราก (.pem) ของผู้ประทับเวลา ใช้ซ้ำได้",
)
@click.option("--chain", is_flag=True, help="แสดงที่มาของทุกคำตอบและหลักฐาน: จดหมายใด ของใคร เมื่อใด อยู่หน้าใด")
@click.option("--export", "target", type=click.Path(path_type=Path, dir_okay=False), help="เขียนแฟ้มหลักฐาน (.zip) ให้ผู้อื่นตรวจเองได้")
@click.option("--at", "at", metavar="DATE", help="ตรวจเสมือนวันนี้คือวันที่นี้ (YYYY-MM-DD) ปกติคือวันนี้")
@click.pass_context
def verify(
    ctx: click.Context,
    bundle: Path,
    as_json: bool,
    roots: tuple[Path, ...],
    tsa_roots: tuple[Path, ...],
    chain: bool,
    target: Path | None,
    at: str | None,
) -> None:
    """ตรวจชุดเอกสาร (โฟลเดอร์ หรือ zip ที่ส่งออก) แบบไม่ใช้เครือข่าย: สารบัญ แฟ้ม ลายมือชื่อ (offline check of a bundle)."""
    from songthan import workspace

    evidence = workspace.is_evidence(bundle)
    if not (evidence or bundle.is_dir()):
        raise UsageError(
            "ไม่พบโฟลเดอร์ชุดเอกสารหรือแฟ้มหลักฐาน (.zip) นี้",
            where=str(bundle),
            remedy="ระบุโฟลเดอร์ที่มี manifest.json เช่น state/…/bundles/… หรือแฟ้ม zip ที่ส่งออกไว้",
        )
    if evidence and target is not None:
        raise UsageError("แฟ้มนี้เป็นแฟ้มหลักฐานที่ส่งออกแล้ว", where=str(bundle), remedy="ตรวจโดยไม่ใช้ --export")
    if target is not None and target.exists():
        raise UsageError("มีแฟ้มนี้อยู่แล้ว", where=str(target), remedy="ระบุชื่อแฟ้มใหม่")
    moment = _day(at) if at else None
    beside = () if roots or evidence else _roots_beside(bundle)
    report = workspace.check_bundle(
        bundle,
        [_certificate(path) for path in roots or beside],
        [_certificate(path) for path in tsa_roots],
        moment,
    )
    if report.signed_by == "pen":
        note("ลงนามด้วยปากกา: คำสั่งนี้ตรวจว่าแฟ้มครบและไม่ถูกแก้ไข ส่วนลายมือชื่อโปรดเทียบ pen/pages.pdf กับหน้าที่มีรหัส (QR) ของ bundle.pdf ด้วยตา")
    elif beside:
        note("ตรวจกับใบรับรองรากของโฟลเดอร์สถานะที่ชุดเอกสารนี้อยู่ (trust) ระบุ --root เพื่อตรวจกับใบรับรองที่ได้จากผู้อำนวยการโดยตรง")
    elif not roots:
        note("ตรวจกับใบรับรองรากที่เก็บไว้ในชุดเอกสารเอง ระบุ --root เพื่อตรวจกับใบรับรองที่ได้จากผู้อำนวยการโดยตรง")
    # of a broken bundle nothing is told that may be forged
    sources = sources_of(report.manifest) if chain and report.ok and report.manifest else ()
    if as_json:
        print_json({**report.as_json(), **({"chain": [source.as_json() for source in sources]} if chain else {})})
    else:
        _print(report, bundle)
        for line in (word for source in sources for word in source.in_words()):
            click.echo(plain(line))
        for line in records_in_words(report.records) if sources else ():
            click.echo(plain(line))
    if target is not None and report.ok:
        workspace.export_bundle(bundle, target)
        note(f"เขียนแฟ้มหลักฐานแล้ว: {target} มีข้อมูลส่วนบุคคล ส่งต่อเท่าที่จำเป็น ผู้รับอ่าน README.txt ในแฟ้ม")
    ctx.exit(0 if report.ok else 1)


def _print(report: VerifyReport, bundle: Path) -> None:
    out = console()
    out.print(plain(f"ชุดเอกสาร {report.bundle_id or bundle.name}"), style="bold")
    for check in report.checks:
        out.print(plain(f"{'✓' if check.ok else '✗'} {check.detail_th}"), style="green" if check.ok else "bold red")
    stage = _STAGE_TH.get(report.stage, report.stage)
    if {c.name for c in report.checks if not c.ok} == {"lasting"}:
        stage = "ครบถ้วนไม่ถูกแก้ไข แต่พิสูจน์ลายมือชื่อ ณ วันที่ตรวจไม่ได้"
    verdict = "ถูกต้องครบถ้วน" if report.ok else "ใช้ไม่ได้"
    out.print(f"ผลการตรวจ: {verdict} ({stage})", style="bold green" if report.ok else "bold red")


def _day(text: str) -> datetime:
    """Noon of the day, in the zone of this machine: a certificate's last day is a whole day to people."""
    try:
        day = date.fromisoformat(text)
        if not 2000 <= day.year < 2200:
            raise ValueError
    except ValueError as error:
        raise UsageError(
            f"วันที่ {text} ใช้ไม่ได้", remedy="เขียนปีคริสต์ศักราชเป็น YYYY-MM-DD เช่น 2033-03-16"
        ) from error
    return datetime(day.year, day.month, day.day, 12).astimezone()


def _roots_beside(bundle: Path) -> tuple[Path, ...]:
    """The office's own roots when the bundle lies in a state folder (`bundles/DEADLINE/vN` beside a ledger)."""
    place = bundle.resolve()
    state = place.parents[2] if len(place.parents) > 2 and place.parents[1].name == "bundles" else None
    if state is None or not (state / "ledger.sqlite").is_file():
        return ()
    return tuple(sorted((state / "trust").glob("*.pem")))


def _certificate(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"อ่านใบรับรองไม่ได้ ({error.strerror})", where=str(path), remedy="ระบุแฟ้ม .pem ที่มีอยู่") from error
    if b"-----BEGIN CERTIFICATE-----" not in data:
        raise UsageError("แฟ้มนี้ไม่ใช่ใบรับรองแบบ PEM", where=str(path), remedy="ระบุแฟ้มที่ขึ้นต้นด้วย -----BEGIN CERTIFICATE-----")
    return data


COMMANDS = [verify]
