"""The ledger's work tables: forms read back, evidence, frozen bundles."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from songthan.domain.forms import Answer, Problem, ReturnedForm
from songthan.domain.messages import Attachment

if TYPE_CHECKING:
    from songthan.adapters.ledger import SqliteLedger


class Returns:
    """Every form read back; an assignment's accepted answers are those of its accepted return."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def add(
        self, assignment: str, inbox_id: int, attachment: Attachment, form: ReturnedForm, at: datetime
    ) -> int:  # fmt: skip
        """Keep a read form; the same attachment of the same mail twice is one row. Returns its id."""
        with self._ledger.transaction():
            found = self._ledger.row(
                "select id from returns where assignment=? and inbox_id=? and attachment=?",
                (assignment, inbox_id, attachment.sha256),
            )
            if found:
                return int(str(found["id"]))
            row = {
                "assignment": assignment, "inbox_id": inbox_id, "attachment": attachment.sha256,
                "name": attachment.name, "read_at": at.isoformat(), "verdict": form.verdict,
                "form": json.dumps(form.as_json(), ensure_ascii=False),
            }  # fmt: skip
            new = self._ledger.insert("returns", row)
            self._ledger.record("form-read", assignment, at, return_id=new, verdict=form.verdict)
            return new

    def get(self, return_id: int) -> dict[str, object] | None:
        return self._ledger.row("select * from returns where id=?", (return_id,))

    def form(self, return_id: int) -> ReturnedForm:
        """The read form of a return; KeyError if there is none."""
        row = self.get(return_id)
        if row is None:
            raise KeyError(return_id)
        return load_form_json(json.loads(str(row["form"])))

    def set_verdict(self, return_id: int, verdict: str) -> None:
        """A person's word on a doubtful return."""
        with self._ledger.transaction():
            self._ledger.db.execute("update returns set verdict=? where id=?", (verdict, return_id))

    def accept(self, return_id: int, at: datetime) -> None:
        with self._ledger.transaction():
            self._ledger.db.execute("update returns set accepted_at=? where id=?", (at.isoformat(), return_id))

    def last_accepted(self, assignment: str) -> int | None:
        """The id of this assignment's return that was accepted last, or None."""
        found = self._ledger.row(
            "select id from returns where assignment=? and accepted_at is not null order by accepted_at desc, id desc limit 1",
            (assignment,),
        )
        return int(str(found["id"])) if found else None

    def accepted(self, deadline: str) -> list[dict[str, object]]:
        """The accepted return of every accepted assignment of a deadline, with the mail it came in."""
        return self._ledger.rows(
            "select r.*, a.member, a.seat, i.sha256 as raw, i.sender, i.received, i.message_id from assignments a "
            "join returns r on r.id = a.current_return join inbox i on i.id = r.inbox_id "
            "where a.deadline=? and a.state='ACCEPTED' and r.accepted_at is not null order by a.id",
            (deadline,),
        )

    def of_mail(self, inbox_id: int) -> list[str]:
        """The assignments whose forms were taken from this mail."""
        rows = self._ledger.rows("select distinct assignment from returns where inbox_id=? order by assignment", (inbox_id,))
        return [str(r["assignment"]) for r in rows]

    def mails(self, deadline: str) -> frozenset[int]:
        """The inbox rows of every mail that brought a form of this deadline, whatever became of it."""
        rows = self._ledger.rows(
            "select distinct r.inbox_id from returns r join assignments a on a.id = r.assignment where a.deadline=?",
            (deadline,),
        )
        return frozenset(int(str(r["inbox_id"])) for r in rows)

    def add_evidence(self, assignment: str, inbox_id: int, attachment: Attachment) -> None:
        """Keep a file that came along; the same file of the same mail twice is one row."""
        with self._ledger.transaction():
            given = (assignment, inbox_id, attachment.sha256)
            if self._ledger.row(
                "select 1 as x from evidence where assignment=? and inbox_id=? and sha256=?", given
            ):  # fmt: skip
                return
            row = {
                "assignment": assignment, "inbox_id": inbox_id, "sha256": attachment.sha256, "name": attachment.name,
                "type": attachment.type, "size": attachment.size,
            }  # fmt: skip
            self._ledger.insert("evidence", row)

    def evidence(self, deadline: str) -> list[dict[str, object]]:
        """Evidence files of a deadline's assignments, each once, in the order they came."""
        return self._ledger.rows(
            "select e.*, a.member, i.sha256 as raw, i.sender, i.received, i.message_id from evidence e join assignments a on a.id=e.assignment "
            "join inbox i on i.id=e.inbox_id where a.deadline=? and e.id in "
            "(select min(id) from evidence group by assignment, sha256) order by e.assignment, e.id",
            (deadline,),
        )

    def evidence_names(self, assignment: str) -> list[str]:
        """Names of every file this assignment's holder has sent so far."""
        rows = self._ledger.rows("select distinct name from evidence where assignment=?", (assignment,))
        return [str(r["name"]) for r in rows]


class Bundles:
    """Frozen versions of a deadline's report."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def add(self, deadline: str, version: int, *, folder: str, manifest: str, frozen: str, at: datetime) -> None:
        """Record a frozen version; the same version twice is one row."""
        with self._ledger.transaction():
            name = f"{deadline}/v{version}"
            if self.get(deadline, version):
                return
            row = {
                "id": name, "deadline": deadline, "version": version, "created_at": at.isoformat(), "folder": folder,
                "manifest": manifest, "frozen": frozen, "void": 0,
            }  # fmt: skip
            self._ledger.insert("bundles", row)
            self._ledger.db.execute(
                "insert into deadlines (id, state, changed_at, bundle_version) values (?, 'PLANNED', ?, ?) "
                "on conflict (id) do update set bundle_version=excluded.bundle_version",
                (deadline, at.isoformat(), version),
            )
            self._ledger.record("bundle-frozen", name, at, manifest=manifest, frozen=frozen)

    def get(self, deadline: str, version: int) -> dict[str, object] | None:
        return self._ledger.row("select * from bundles where id=?", (f"{deadline}/v{version}",))

    def all(self, deadline: str) -> list[dict[str, object]]:
        """Every version of a deadline, void ones too, oldest first."""
        return self._ledger.rows("select * from bundles where deadline=? order by version", (deadline,))

    def latest(self, deadline: str) -> dict[str, object] | None:
        """The newest version that is not void, or None."""
        return self._ledger.row(
            "select * from bundles where deadline=? and void=0 order by version desc limit 1", (deadline,)
        )

    def note(self, deadline: str, version: int, at: datetime, event: str, **changes: object) -> None:
        """Set columns of a version and record why."""
        names = ", ".join(f"{name}=?" for name in changes)
        with self._ledger.transaction():
            name = f"{deadline}/v{version}"
            self._ledger.db.execute(f"update bundles set {names} where id=?", (*changes.values(), name))
            self._ledger.record(event, name, at, **changes)


def load_form_json(data: dict[str, object]) -> ReturnedForm:
    """The value that `ReturnedForm.as_json` wrote."""
    answers = {key: Answer(field=key, **given) for key, given in data["answers"].items()}  # type: ignore[attr-defined]
    return ReturnedForm(
        form=data["form"], token=data["token"], deadline=data["deadline"], recognised_by=data["recognised_by"],
        answers=answers, problems=tuple(Problem(**p) for p in data["problems"]), verdict=data["verdict"],
    )  # type: ignore[arg-type, attr-defined]  # fmt: skip
