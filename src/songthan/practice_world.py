"""The practice world of a state folder: the practice Exchange with every address of the roster, and the people.json of
the cast. Laid down once; started again it goes on where it was. Nothing here leaves the machine.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from songthan.domain.errors import EnvironmentNotReady
from songthan.domain.forms import Field, FormSpec
from songthan.domain.language import day_words, number_words
from songthan.domain.plans import Plan
from songthan.practice.exchange import PracticeError, RunningExchange, start

SERVER_NAME = "practice-exchange.example"


def lay_down(plan: Plan, state: Path, *, fontconfig: Path | None, forms: Iterable[FormSpec] = ()) -> Path:
    """Accounts and people of the practice world, made once (passwords are random and stay in this folder).

    `forms`: the office's; the cast is told something fit to type into fields that it cannot know.
    """
    folder = state / "practice"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / "people.json").exists() and (folder / "accounts.toml").exists():
        return folder
    roster = plan.roster
    passwords = {address: secrets.token_urlsafe(12) for address in _addresses(plan)}
    names = {m.email: m.full_name for m in roster.members}
    names |= {roster.mailbox: roster.mailbox_name, roster.registry.email: roster.registry.name}
    domains = sorted({a.partition("@")[2] for a in passwords})
    lines = [f"server_name = {_toml(SERVER_NAME)}", f"domains = [{', '.join(map(_toml, domains))}]", ""]
    for address, password in passwords.items():
        lines += [
            "[[mailboxes]]",
            f"address = {_toml(address)}",
            f"name = {_toml(names[address])}",
            f"password = {_toml(password)}",
            "",
        ]
    _write_private(folder / "accounts.toml", "\n".join(lines))
    people = {
        "office": {"mailbox": roster.mailbox},
        "members": [
            {
                "id": m.id,
                "name": m.full_name,
                "email": m.email,
                "password": passwords[m.email],
                "deputy": m.deputy,
                "position": m.position,
            }
            for m in roster.members
        ],
        "director": roster.director,
        "acting_director": roster.acting_director,
        "secretary": roster.secretary,
        "registry": {
            "name": roster.registry.name,
            "email": roster.registry.email,
            "password": passwords[roster.registry.email],
        },
        "headcount": plan.organisation.headcount,
        "script": _script(plan, forms),
        "soffice": "soffice",
        "fontconfig": str(fontconfig) if fontconfig else None,
    }
    _write_private(folder / "people.json", json.dumps(people, ensure_ascii=False, indent=1))
    return folder


def _script(plan: Plan, forms: Iterable[FormSpec]) -> dict[str, object]:
    """The plan's `cast.toml`, and for each field that is no free text an answer of its kind, by the field's key."""
    fit: dict[str, list[str]] = {}
    for form in forms:
        for item in (*form.fields, *(column for table in form.fields for column in table.columns)):
            if (typed := _fit(item, plan)) and item.key not in _KNOWN:
                fit.setdefault(item.key, [typed])
    return {**plan.play, "answers": {**fit, **plan.play.get("answers", {})}}


#: What the cast types into these it knows itself (`practice/cast/answers.py`).
_KNOWN = ("percent", "done", "output_reached", "outcome_reached", "evidence", "note")


def _fit(item: Field, plan: Plan) -> str:
    """Something `item` accepts, written as this office writes; «» for what any words do."""
    low = item.minimum or ""
    if item.kind in ("number", "count", "percent"):
        return number_words(low if low.replace(".", "").isdigit() and low != "0" else "12")
    if item.kind == "date":
        return day_words(date.fromisoformat(low) if low else plan.deadlines[0].internal)
    return ""


def start_exchange(
    state: Path, *, clock: Path | None, port: int = 0, outlive: bool = False, control: bool = False
) -> RunningExchange:
    """Start the state folder's practice Exchange and note where it listens."""
    folder = state / "practice"
    try:
        running = start(
            folder / "exchange.sqlite",
            folder / "accounts.toml",
            folder / "log.jsonl",
            clock=clock,
            port=port,
            outlive=outlive,
            control=control,
        )
    except PracticeError as error:
        raise EnvironmentNotReady(
            f"เริ่มเซิร์ฟเวอร์จดหมายซ้อมไม่ได้: {error}",
            where=str(folder),
            remedy="หากยังมีชุดเดิมทำงานอยู่ ให้ปิดด้วย songthan down หรือเลือกพอร์ตอื่นใน songthan.toml [practice]",
        ) from error
    (folder / "running.json").write_text(
        json.dumps({"url": running.url, "base": running.base, "port": running.port, "pid": running.pid}),
        encoding="utf-8",
    )
    return running


@contextmanager
def exchange(state: Path, *, clock: Path | None, control: bool = False) -> Iterator[RunningExchange]:
    """The practice Exchange for as long as the block runs."""
    running = start_exchange(state, clock=clock, control=control)
    try:
        yield running
    finally:
        running.stop()
        (state / "practice" / "running.json").unlink(missing_ok=True)


def _addresses(plan: Plan) -> list[str]:
    roster = plan.roster
    return list(dict.fromkeys([roster.mailbox, *(m.email for m in roster.members), roster.registry.email]))


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _write_private(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(new, path)
