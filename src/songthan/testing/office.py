"""An Office for tests: the workspace's own plan, templates, rules and texts over twins of mailbox, clock and programs.

Everything that only computes is real (renderer, reader, mail parser, press, ledger, blobs); what would start a program
or cross a wire is a twin: `MemoryMailbox`, `SettableClock`, `DirectRunner`, `PaperConverter`, `MarkSignatures`.
"""

from __future__ import annotations

import importlib
import threading
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path

from lxml import etree

from songthan.adapters.blobs import FileBlobs
from songthan.adapters.bundle_press import Press
from songthan.adapters.form_files import list_forms, load_form
from songthan.adapters.language_file import language_of
from songthan.adapters.ledger import SqliteLedger
from songthan.adapters.mail_texts import MailTexts
from songthan.adapters.parse_mail import SandboxedMailParser
from songthan.adapters.plan_files import load_plan
from songthan.adapters.read_sandboxed import SandboxedReader
from songthan.adapters.read_sheets import SandboxedSheets
from songthan.adapters.render_docx import DocxRenderer
from songthan.adapters.rubric_file import load_rubric
from songthan.adapters.rule_files import load_rules
from songthan.adapters.sandbox import Keep, Kept
from songthan.adapters.settings_file import load_settings
from songthan.adapters.website import WebsiteFolder
from songthan.domain.calendars import WorkCalendar
from songthan.domain.language import use
from songthan.domain.plans import Plan
from songthan.domain.signatures import SignatureReport
from songthan.ports import Ledger
from songthan.steps.office import Office
from songthan.testing.mailbox import MemoryMailbox

__all__ = [
    "AUTHSERV",
    "DirectRunner",
    "MarkSignatures",
    "PaperConverter",
    "SettableClock",
    "memory_office",
    "paper",
    "plan_of",
]

AUTHSERV = "practice-exchange.example"
_SIGNED = b"\n%signed-by-twin\n"
_STAMPED = b"%stamped\n"


class SettableClock:
    """A clock that stands until it is set."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class DirectRunner:
    """Runs a sandbox job in this process: for files the tests made themselves, never for anybody else's.

    One job at a time in the whole process: the sandbox gives each a process of its own, and PDFium in two threads of one
    ends it.
    """

    _one_at_a_time = threading.RLock()

    def run(
        self, job: str, payload: bytes | Path, args: dict | None = None, *, keep: Keep | None = None
    ) -> tuple[dict, list]:
        module, _, name = job.partition(":")
        data = payload.read_bytes() if isinstance(payload, Path) else payload
        with self._one_at_a_time:
            answer, blobs = getattr(importlib.import_module(module), name)(data, args or {})
        if keep is not None:
            blobs = [Kept(name=keep(lambda write, blob=blob: write(blob)), size=len(blob)) for blob in blobs]
        return answer, blobs


class MarkSignatures:
    """The twin of PAdES: a «signed» PDF is the frozen one with a line at its end."""

    def prepare(self, pdf: bytes, *, field: str, page: int, box: tuple[float, float, float, float]) -> bytes:
        return pdf

    def sign(self, pdf: bytes) -> bytes:
        """What the director sends back."""
        return pdf + _SIGNED

    def add_time(
        self, signed: bytes, *, service: str, trust_roots: Sequence[bytes], stamp_roots: Sequence[bytes]
    ) -> tuple[bytes, str]:
        return signed + _STAMPED, "B-LT"

    def verify(
        self, signed: bytes, *, frozen: bytes, trust_roots: Sequence[bytes], at: datetime, **_: object
    ) -> SignatureReport:
        good = signed.removesuffix(_STAMPED) == frozen + _SIGNED
        return SignatureReport(
            valid=good,
            signer="ผู้ลงนามทดสอบ",
            signed_at=at if good else None,
            covers_whole_document=good,
            only_signature_added=good,
            trusted=good,
            level="B-B" if good else "",
            reasons_th=() if good else ("ไฟล์ที่ลงนามไม่ใช่ฉบับที่เสนอ",),
        )


class PaperConverter:
    """The twin of LibreOffice: a small, valid PDF with the document's paragraphs as text, in no time."""

    def to_pdf(self, documents: Mapping[str, bytes], *, at: datetime | None = None) -> dict[str, bytes]:
        return {name: paper(_paragraphs(data)) for name, data in documents.items()}


def _paragraphs(docx: bytes) -> list[str]:
    w = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    with zipfile.ZipFile(BytesIO(docx)) as archive:
        root = etree.fromstring(archive.read("word/document.xml"))
    texts = ("".join(t.text or "" for t in p.iter(f"{w}t")) for p in root.iter(f"{w}p"))
    return [text for text in texts if text.strip()]


def paper(lines: Sequence[str], *, per_page: int = 50) -> bytes:
    """A PDF of A4 pages with these lines; the text reads back letter for letter. Same lines, same bytes."""
    pages = [lines[n : n + per_page] for n in range(0, len(lines), per_page)] or [[]]
    first = 6
    kids = " ".join(f"{first + 2 * n} 0 R" for n in range(len(pages)))
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Twin /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Twin /DW 500 "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        _stream(_TO_UNICODE),
    ]
    for n, page in enumerate(pages):
        rows = "".join(f"<{line[:120].encode('utf-16-be').hex()}> Tj T*\n" for line in page)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {first + 2 * n + 1} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(_stream(f"BT /F1 9 Tf 14 TL 40 800 Td\n{rows}ET".encode()))
    return _file(objects)


_TO_UNICODE = (
    "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Twin def\n"
    "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
    + "".join(
        f"64 beginbfrange\n{''.join(f'<{h:02X}00> <{h:02X}FF> <{h:02X}00>{chr(10)}' for h in range(s, s + 64))}endbfrange\n"
        for s in range(0, 256, 64)
    )
    + "endcmap end end"
).encode()


def _stream(data: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(data), data)


def _file(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, len(out))
    )


def plan_of(folder: Path, *, activities: Sequence[str] = (), deadlines: Sequence[str] = ()) -> Plan:
    """The plan of `folder`, cut down to some deadlines and activities (none given: all), for quick scenarios."""
    plan = load_plan(folder)
    kept = tuple(d for d in plan.deadlines if not deadlines or d.id in deadlines)
    return replace(
        plan,
        activities=tuple(a for a in plan.activities if not activities or a.id in activities),
        deadlines=tuple(replace(d, activities=()) if activities else d for d in kept),
    )


def memory_office(
    root: Path,
    state: Path,
    *,
    plan: Plan,
    clock: SettableClock,
    mailbox: MemoryMailbox,
    ledger: Ledger | None = None,
) -> Office:
    """The office of the workspace `root` over twins. `ledger` None keeps the ledger in memory.

    As with the real one, the process speaks the plan's language from now on.
    """
    settings = load_settings(root)
    templates = settings.folder("templates")
    use(language_of(plan.organisation, templates))
    runner, signatures = DirectRunner(), MarkSignatures()
    return Office(
        printed_plan=plan,
        forms={form: load_form(templates / "docx", form) for form in list_forms(templates / "docx")},
        rubric=load_rubric(settings.folder("plan")),
        rules=load_rules(settings.folder("inbox_rules")),
        calendar=WorkCalendar(days_off=plan.days_off, timezone=plan.organisation.timezone),
        clock=clock,
        ledger=ledger or SqliteLedger(None),
        blobs=FileBlobs(state / "blobs"),
        mailbox=mailbox,
        texts=MailTexts(templates / "mail"),
        renderer=DocxRenderer(templates / "docx"),
        reader=SandboxedReader(runner),  # type: ignore[arg-type]
        sheets=SandboxedSheets(runner),
        parser=SandboxedMailParser(sandbox=runner, authserv_id=AUTHSERV, own_addresses=(plan.roster.mailbox,)),
        converter=PaperConverter(),
        signatures=signatures,
        press=Press(
            state / "bundles",
            sandbox=runner,  # type: ignore[arg-type]
            signatures=signatures,
            fonts=None,
            convert=lambda docx: paper(_paragraphs(docx)),
        ),
        website=WebsiteFolder(state / "website", title=plan.organisation.plan_title),
        state=state,
        practice=True,
        trust_roots=lambda: (b"-----BEGIN CERTIFICATE-----\ntwin\n-----END CERTIFICATE-----\n",),
    )
