"""Opens a workspace folder: reads its settings once, builds the adapters, hands out an Office.

With `workspace_mailbox` the only module that imports adapters. A workspace is any folder with a `songthan.toml`; everything written goes to its
state folder, or to the one given.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from songthan.adapters.blobs import FileBlobs
from songthan.adapters.clocks import FileClock, ShiftedClock, SystemClock
from songthan.adapters.convert import LibreOffice, default_fontconfig
from songthan.adapters.language_file import language_of, load_language, with_era
from songthan.adapters.late_part import LatePart
from songthan.adapters.ledger_copy import asked_of_a_copy, copy_ledger
from songthan.adapters.plan_files import FILES, load_plan
from songthan.adapters.plan_questions import open_questions
from songthan.adapters.prefect_server import (
    FlowDriver,
    PrefectServer,
    count_deployments,
    end_group,
    environment,
    free_port,
    launch_server,
    refuse_taken_port,
    wait_healthy,
)
from songthan.adapters.read_convert import ConvertingReader
from songthan.adapters.read_sandboxed import SandboxedReader
from songthan.adapters.read_sheets import SandboxedSheets
from songthan.adapters.roll_place import roll_plan
from songthan.adapters.rubric_file import load_rubric, printable_criteria
from songthan.adapters.rule_files import load_rules
from songthan.adapters.sandbox import Sandbox
from songthan.adapters.settings_file import Settings, load_settings, named_files
from songthan.adapters.turnstile import turnstile
from songthan.domain.calendars import WorkCalendar
from songthan.domain.errors import (
    DataError,
    EnvironmentNotReady,
    SongthanError,
    UsageError,
)
from songthan.domain.language import THAI, say, use
from songthan.domain.outgoing import CAUSE_TH, held_kinds
from songthan.domain.plans import Plan
from songthan.ports import Clock
from songthan.steps.office import Office
from songthan.workspace_mailbox import (
    check_exchange,
    check_imap,
    claimed,
    late_mailbox,
    mailbox_secret,
    open_mailbox,
    practice_url,
)

if TYPE_CHECKING:
    from songthan.adapters.bundle_verify import VerifyReport
    from songthan.adapters.import_difference import Merge
    from songthan.adapters.import_plan import Imported
    from songthan.adapters.sign_desk import SigningDesk

# the libraries that take a second or more to import (exchangelib, pyHanko, pypdf, docxtpl, sqlite-utils) are imported
# where they are used: `songthan plan show` need not wait for them

__all__ = [
    "FileClock", "borrowed_office", "check_bundle", "export_bundle", "signing_desk", "check_form_templates", "check_port", "compare_import",
    "check_exchange", "check_imap", "claimed", "count_deployments", "deadlines_under_way", "import_plan_file", "new_blanks", "open_questions", "write_import",
    "default_fontconfig", "end_group", "find_root", "flow_driver", "launch_prefect", "load_calendar", "load_forms",
    "load_plan", "load_rubric", "load_rules", "load_settings", "mailbox_secret", "marked_addresses", "missing_fonts", "office_for",
    "official_fonts", "open_mailbox", "open_office",
    "phrases_of", "plan_changed_at", "point_at_prefect", "practice_url", "read_driven", "roll_plan", "say", "speak", "speak_dates",
    "speak_to_people", "state_folder", "wait_healthy", "with_tick", "write_clock", "write_driven",
]  # fmt: skip

MARKER = "songthan.toml"
#: Set by the fault tests only: the number of the boundary at which the process is to die.
KILL_VARIABLE = "SONGTHAN_KILL_AT"


def find_root(start: Path | None = None) -> Path:
    """The workspace folder: SONGTHAN_WORKSPACE, or the nearest folder upwards with a songthan.toml."""
    if named := os.environ.get("SONGTHAN_WORKSPACE"):
        return Path(named).resolve()
    here = (start or Path.cwd()).resolve()
    if found := _around(here):
        return found
    raise UsageError(
        "ไม่พบพื้นที่ทำงานของ Songthan (แฟ้ม songthan.toml)",
        where=str(here),
        remedy="เข้าไปในโฟลเดอร์โครงการ หรือสร้างใหม่ด้วย songthan init DIR",
    )


def _around(here: Path) -> Path | None:
    """The nearest workspace upwards of a folder."""
    return next((folder for folder in (here, *here.parents) if (folder / MARKER).is_file()), None)


def state_folder(settings: Settings, state: str | Path | None) -> Path:
    """The one folder written to, made if missing."""
    folder = Path(state).resolve() if state else settings.folder("state")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # members' answers and mail lie here: nobody else on this machine reads them
        folder.chmod(0o700)
    except OSError as error:
        raise EnvironmentNotReady(
            f"สร้างโฟลเดอร์ไม่ได้ ({error.strerror})", where=str(folder), remedy="เลือกโฟลเดอร์อื่นด้วย --state"
        ) from error
    return folder


def speak(settings: Settings, plan: Plan | None = None) -> None:
    """From now on this process speaks the language of the workspace's people (`plan`: already read)."""
    plan = plan or load_plan(settings.folder("plan"))
    use(language_of(plan.organisation, settings.folder("templates")))


def phrases_of(templates: Path, language: str) -> Mapping[str, str]:
    """The phrases of a language file and their words; empty for Thai, which needs none. DataError when it is not in order."""
    return {} if language == "th" else load_language(templates / "language", language).phrases


def speak_dates(plan: Plan) -> None:
    """The command line is Thai; its years and digits are the plan's own. For commands that open no office."""
    use(with_era(THAI, plan.organisation))


def speak_to_people(plan: Plan, folder: Path) -> None:
    """The language of the workspace the plan `folder` lies in, for what a command makes for the office's people (wall page,
    Outlook file); the Thai of `speak_dates` where no workspace around it has the language's file."""
    try:
        speak(load_settings(_around(folder.resolve()) or find_root()), plan)
    except (DataError, UsageError):
        speak_dates(plan)


def import_plan_file(
    path: Path, root: Path, *, year: int | None = None, progress: Callable[[str], None] = lambda _: None
) -> Imported:
    """An agency's plan read, with the forms of the workspace `root` to tell whose box is whose. Nothing is written."""
    from songthan.adapters.import_files import import_file

    settings = load_settings(root)
    return import_file(
        path, load_forms(settings), settings.folder("plan") / "rubric.toml", year=year, progress=progress
    )


def compare_import(imported: Imported, folder: Path, held: Sequence[str] = (), *, keep_members: bool = False) -> Merge:
    """What the import would change in `folder` (nothing where no plan is there yet)."""
    from songthan.adapters.import_files import compare

    return compare(imported, folder, held, keep_members=keep_members)


def new_blanks(merge: Merge, folder: Path) -> list[SongthanError]:
    """What `folder`'s plan would have to be filled in with after `merge`, and has not to be now."""
    from songthan.adapters.import_files import new_blanks

    return new_blanks(merge, folder)


def write_import(imported: Imported, merge: Merge, folder: Path) -> list[str]:
    """Write what `compare_import` found into `folder`; the names of the files written."""
    from songthan.adapters.import_files import write

    return write(imported, merge, folder)


def deadlines_under_way(state: Path) -> list[str]:
    """Ids of the deadlines between OPEN and ACKNOWLEDGED in a state folder's ledger, which is only read."""
    rows = asked_of_a_copy(state, "SELECT id, state FROM deadlines")
    return [str(r["id"]) for r in rows if r["state"] not in ("PLANNED", "MISSED")]


def marked_addresses(state: Path) -> list[tuple[str, str]]:
    """Addresses from which our mail came back and why, in a state folder's ledger, which is only read."""
    rows = asked_of_a_copy(state, "SELECT address, cause FROM addresses WHERE ended_at IS NULL ORDER BY id")
    return [(str(r["address"]), say(CAUSE_TH[str(r["cause"])])) for r in rows]


def load_calendar(plan: Plan) -> WorkCalendar:
    """The office's working days."""
    return WorkCalendar(days_off=plan.days_off, timezone=plan.organisation.timezone)


def plan_changed_at(folder: Path) -> datetime:
    """When one of the plan's files was last written (aware, UTC, whole seconds)."""
    times = [file.stat().st_mtime for file in (folder / name for name in FILES) if file.is_file()]
    return datetime.fromtimestamp(int(max(times)), tz=UTC)


def official_fonts() -> dict[str, bytes]:
    """The official face as `make setup` laid it down: weight («normal», «bold») → TrueType bytes; what is missing is left out."""
    config = default_fontconfig()
    names = {"normal": "THSarabun-Regular.ttf", "bold": "THSarabun-Bold.ttf"}
    files = {weight: config.parent / "fonts" / name for weight, name in names.items()} if config else {}
    return {weight: path.read_bytes() for weight, path in files.items() if path.is_file()}


def open_clock(state: Path) -> Clock:
    """The clock of a state folder: `clock.json` names a simulated or a shifted one; else the machine's."""
    path = state / "clock.json"
    if not path.exists():
        return SystemClock()
    data = json.loads(path.read_text(encoding="utf-8"))
    if data["kind"] == "file":
        return FileClock(state / "clock.txt")
    return ShiftedClock(int(data["weeks"]))


def write_clock(state: Path, *, kind: str, weeks: int = 0) -> None:
    """Choose the clock of a state folder: «file» (simulated) or «shifted» (practice years run live)."""
    (state / "clock.json").write_text(json.dumps({"kind": kind, "weeks": weeks}), encoding="utf-8")


def read_driven(state: Path) -> frozenset[str]:
    """The deadlines a state folder works on (`driven.json`); empty without the file: every one of the plan."""
    path = state / "driven.json"
    if not path.exists():
        return frozenset()
    return frozenset(json.loads(path.read_text(encoding="utf-8"))["deadlines"])


def write_driven(state: Path, deadlines: Iterable[str]) -> None:
    """Bind a state folder to these deadlines, or with none to every one of the plan."""
    (state / "driven.json").write_text(json.dumps({"deadlines": sorted(deadlines)}), encoding="utf-8")


def load_forms(settings: Settings) -> dict[str, object]:
    """Every form that has a template and its data twin."""
    from songthan.adapters.form_files import list_forms, load_form

    folder = settings.folder("templates") / "docx"
    return {form_id: load_form(folder, form_id) for form_id in list_forms(folder)}


def check_form_templates(settings: Settings, forms: tuple[str, ...], *, plan: Path | None = None) -> list[DataError]:
    """What is wrong in the templates of these forms, first things first; `plan`: another folder than the workspace's."""
    from songthan.adapters.form_files import check_form

    folder = settings.folder("templates") / "docx"
    criteria = printable_criteria(plan or settings.folder("plan"))
    return [fault for form in forms for fault in check_form(folder, form, criteria)]


def launch_prefect(state: Path, *, port: int | None = None, outlive: bool = False) -> PrefectServer:
    """Start the state folder's Prefect server (not yet healthy) and point this process at it."""
    home = state / "prefect"
    server = launch_server(home, port or free_port(), heartbeats=outlive, outlive=outlive)
    os.environ.update(environment(home, server.port, heartbeats=outlive))
    return server


def point_at_prefect(state: Path, port: int) -> None:
    """Point this process at a Prefect server of ours that runs already."""
    os.environ.update(environment(state / "prefect", port, heartbeats=True))


def flow_driver(root: Path, state: Path) -> FlowDriver:
    """Registers every deployment of the workspace with the server this process points at."""
    settings = load_settings(root)
    return FlowDriver(settings.folder("flows"), str(root), str(state))


def open_office(root: str | Path | None = None, state: str | Path | None = None) -> Office:
    """The office of a workspace, with its state folder. Errors of plan, forms, rules and settings come out here."""
    from songthan.adapters.ledger import SqliteLedger
    from songthan.adapters.mail_texts import MailTexts
    from songthan.adapters.parse_mail import SandboxedMailParser
    from songthan.adapters.website import WebsiteFolder

    settings = load_settings(Path(root) if root else find_root())
    folder = state_folder(settings, state)
    plan = load_plan(settings.folder("plan"))
    speak(settings, plan)
    templates = settings.folder("templates")
    rules = load_rules(settings.folder("inbox_rules"))
    forms = load_forms(settings)
    sandbox = Sandbox()
    blobs = FileBlobs(folder / "blobs")
    ledger = SqliteLedger(folder / "ledger.sqlite")

    def signatures() -> object:
        from songthan.adapters.bundle_press import PROOF_LIMITS
        from songthan.adapters.sign_pdf import PadesSignatures

        return PadesSignatures(
            sandbox=Sandbox(limits=PROOF_LIMITS),
            revocation_hosts=settings.signature.revocation_hosts,
            archive=settings.signature.archive,
        )

    def renderer() -> object:
        from songthan.adapters.render_docx import DocxRenderer

        return DocxRenderer(templates / "docx")

    def press() -> object:
        from songthan.adapters.bundle_press import Press

        return Press(folder / "bundles", sandbox=sandbox, signatures=signing, fonts=default_fontconfig(), secret=ledger.salt)

    signing = LatePart(signatures)

    return Office(
        printed_plan=plan,
        forms=forms,
        rubric=load_rubric(settings.folder("plan")) if (settings.folder("plan") / "rubric.toml").is_file() else None,
        rules=rules,
        calendar=load_calendar(plan),
        clock=open_clock(folder),
        ledger=ledger,
        blobs=blobs,
        mailbox=late_mailbox(settings, plan, folder, salt=lambda: ledger.salt),
        texts=MailTexts(templates / "mail"),
        renderer=LatePart(renderer),
        reader=ConvertingReader(SandboxedReader(sandbox)),
        sheets=SandboxedSheets(sandbox),
        parser=SandboxedMailParser(
            sandbox=sandbox,
            authserv_id=settings.mailbox.authserv_id,
            own_addresses=(plan.roster.mailbox,),
            internal_servers=settings.mailbox.internal_servers,
        ),
        converter=LibreOffice(fontconfig=default_fontconfig()),
        signatures=signing,
        press=LatePart(press),
        website=WebsiteFolder(
            folder / "website", title=plan.organisation.plan_title, command=settings.website.upload
        ),
        state=folder,
        practice=settings.mailbox.kind == "practice",
        trust_roots=functools.partial(_certificates, settings, folder, settings.director.trust_roots),
        stamp_roots=functools.partial(_certificates, settings, folder, settings.signature.tsa_roots),
        stamp_service=settings.signature.tsa_url,
        certificate_names=settings.director.certificate_names,
        holder=f"{socket.gethostname()}:{settings.root}",
        post_door=functools.partial(turnstile, folder / "post.lock"),
        driven=read_driven(folder),
        largest_mail=settings.mailbox.largest_mail,
        held_kinds=_held_kinds(settings, folder),
    )


def _held_kinds(settings: Settings, state: Path) -> frozenset[str]:
    """The letters that wait for the secretary. In a rehearsal, on a simulated clock, nobody is there to let them go."""
    path = state / "clock.json"
    if path.exists() and json.loads(path.read_text(encoding="utf-8"))["kind"] == "file":
        return frozenset()
    return held_kinds(settings.mailbox.send, settings.mailbox.held_letters)
def _certificates(settings: Settings, state: Path, patterns: Sequence[str]) -> tuple[bytes, ...]:
    """The bytes of the files these settings name; «state/…» is the state folder in use."""
    return tuple(path.read_bytes() for path in named_files(settings, state, patterns))


@functools.lru_cache(maxsize=4)
def office_for(root: str, state: str) -> Office:
    """`open_office`, once per process: what flows and their tasks share."""
    office = open_office(root, state)
    kill_at = os.environ.get(KILL_VARIABLE)
    return with_tick(office, _Countdown(int(kill_at))) if kill_at else office


class _Countdown:
    """Ends this process without a word at the n-th boundary: the fault harness's kill -9 at a chosen place."""

    def __init__(self, at: int) -> None:
        self._left = at

    def __call__(self, name: str) -> None:
        self._left -= 1
        if self._left == 0:
            os._exit(137)


def with_tick(office: Office, tick: Callable[[str], None]) -> Office:
    """The same office, calling `tick(name)` at every boundary (kill tests)."""
    return replace(office, tick=tick)


class BorrowedBlobs(FileBlobs):
    """Writes to a folder of its own; what is not there is read from another state folder's blobs."""

    def __init__(self, folder: Path, lender: Path | None) -> None:
        super().__init__(folder)
        self._own = FileBlobs(folder)
        self._lent = FileBlobs(lender) if lender and lender.is_dir() else None

    def get(self, sha256: str) -> bytes:
        return self._holder(sha256).get(sha256)

    def path(self, sha256: str) -> Path:
        return self._holder(sha256).path(sha256)

    def checked(self, sha256: str) -> Path:
        return self._holder(sha256).checked(sha256)

    def _holder(self, sha256: str) -> FileBlobs:
        return self._lent if self._lent and not self._own.holds(sha256) else self._own


@contextlib.contextmanager
def borrowed_office(root: Path, state: Path | None = None, *, reports: bool = False) -> Iterator[Office]:
    """An office to try things with: it writes to a temporary folder only, gone with the block.

    With `state` it knows what that state folder's ledger knows (a copy, read-only taken); that folder is not touched. Of the
    bundles it knows the manifests, with `reports` everything (to go on from where they stand).
    """
    from songthan.adapters.website import WebsiteFolder

    with tempfile.TemporaryDirectory(prefix="songthan-", ignore_cleanup_errors=True) as box:
        folder = Path(box)
        if state is not None:
            copy_ledger(state / "ledger.sqlite", folder / "ledger.sqlite")
            for name in ("clock.json", "clock.txt", "driven.json"):
                if (state / name).is_file():
                    shutil.copyfile(state / name, folder / name)
            if (state / "trust").is_dir():
                shutil.copytree(state / "trust", folder / "trust")
            for manifest in (state / "bundles").glob("*/v*/manifest.json"):
                copy = folder / manifest.parent.relative_to(state)
                if reports:
                    shutil.copytree(manifest.parent, copy)
                else:
                    copy.mkdir(parents=True)
                    shutil.copyfile(manifest, copy / manifest.name)
        office = open_office(root, folder)
        blobs = BorrowedBlobs(folder / "blobs", state / "blobs" if state else None)
        # trying something copies nothing to the office's web server
        website = WebsiteFolder(folder / "website", title=office.plan.organisation.plan_title)
        try:
            yield replace(office, blobs=blobs, website=website)
        finally:
            office.ledger.close()  # type: ignore[attr-defined]


def check_bundle(folder: Path, roots: Sequence[bytes], stamp_roots: Sequence[bytes] = (), at: datetime | None = None) -> VerifyReport:
    """What `songthan verify` answers; offline, reads only `folder` (or the evidence zip), needs no workspace."""
    from songthan.adapters.bundle_press import PROOF_LIMITS, Press
    from songthan.adapters.sign_pdf import PadesSignatures

    if folder.is_file():
        from songthan.adapters import bundle_export, sign_evidence
        inner = functools.partial(check_bundle, roots=roots, stamp_roots=stamp_roots, at=at)
        return bundle_export.verify_evidence(folder, check=inner, evidence_of=sign_evidence.evidence_of)
    with Sandbox(limits=PROOF_LIMITS) as sandbox:
        signatures = PadesSignatures(sandbox=sandbox)
        return Press(folder.parent, sandbox=sandbox, signatures=signatures, fonts=None).verify(folder, roots=roots, stamp_roots=stamp_roots, at=at)


def is_evidence(path: Path) -> bool:
    """Is this file a zip, to be checked as evidence?"""
    from songthan.adapters.bundle_zip import is_zip
    return path.is_file() and is_zip(path)


def export_bundle(folder: Path, target: Path) -> None:
    """The evidence zip of a bundle that `check_bundle` found in order."""
    from songthan.adapters import bundle_export, sign_evidence

    bundle_export.export_bundle(folder, target, evidence_of=sign_evidence.evidence_of)


def signing_desk(data: bytes) -> SigningDesk:
    """The director's desk with this file on it; SignatureRefused when it is none of ours or signed already."""
    from songthan.adapters.sign_desk import SigningDesk
    return SigningDesk.of(data, font=official_fonts().get("normal"))


def missing_fonts() -> list[str]:
    """What official paper lacks on this machine, one Thai sentence each."""
    return LibreOffice(fontconfig=default_fontconfig()).fonts_ready()


def check_port(port: int) -> None:
    """EnvironmentNotReady when somebody listens on `port` of this machine."""
    refuse_taken_port(port)
