"""The ledger's mail tables: what came in (`inbox`) and what we meant to send (`outbox`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from songthan.domain.messages import Attachment, MailRef, Message, OutgoingFile, OutgoingMail, Route, SentRef

if TYPE_CHECKING:
    from songthan.adapters.ledger import SqliteLedger

#: SQLite takes a limited number of parameters in one query.
_ASKED_AT_A_TIME = 500

#: Earlier mails of one sender under one Message-ID that a mail is compared with: he must not make each cost more than the last.
_LOOKED_BACK = 50


#: A settled mail is moved once more; one that is not filed yet, or was never read, goes its own way there.
_FILED_ANEW = "state = case state when 'settled' then 'routed' else state end"


class Inbox:
    """One row for every mail received. States: stored → parsed → routed → settled (acted on and moved)."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def add_all(self, mails: Sequence[tuple[MailRef, str]], at: datetime) -> None:
        """`add` for several mails (each with the sha256 of its bytes), in one transaction."""
        if mails:
            with self._ledger.transaction():
                for ref, sha256 in mails:
                    self.add(ref, sha256, at)

    def add(self, ref: MailRef, sha256: str, at: datetime) -> int:
        """The row of this mail, made durable before anything parses it; the same mailbox item twice is one row."""
        with self._ledger.transaction():
            # another run may have taken it in, and moved it, since it was listed
            found = self._ledger.row("select id from inbox where fetched_as=? or mailbox_id=?", (ref.id, ref.id))
            if found:
                return int(str(found["id"]))
            row = {
                "mailbox_id": ref.id, "fetched_as": ref.id, "sha256": sha256, "received": ref.received.isoformat(),
                "fetched_at": at.isoformat(), "message_id": ref.message_id, "state": "stored", "attempts": 0,
                "folder": ref.folder,
            }  # fmt: skip
            new = self._ledger.insert("inbox", row)
            self._ledger.record("mail-stored", f"inbox/{new}", at, sha256=sha256)
            return new

    def known(self, mailbox_ids: Sequence[str]) -> frozenset[str]:
        """Which of these mailbox ids have a row, and need not be fetched again."""
        found: set[str] = set()
        for start in range(0, len(mailbox_ids), _ASKED_AT_A_TIME):
            some = tuple(mailbox_ids[start : start + _ASKED_AT_A_TIME])
            places = ",".join("?" * len(some))
            for column in ("mailbox_id", "fetched_as"):
                rows = self._ledger.rows(f"select {column} as id from inbox where {column} in ({places})", some)
                found.update(str(r["id"]) for r in rows)
        return frozenset(found)

    def mailbox_state(self) -> str:
        """Up to where the mailbox was listed and every mail stored; «» lists it whole."""
        found = self._ledger.row("select value from meta where key='mailbox-state'")
        return str(found["value"]) if found else ""

    def save_mailbox_state(self, state: str) -> None:
        """Every mail listed up to `state` has its row."""
        if state == self.mailbox_state():
            return
        with self._ledger.transaction():
            self._ledger.db["meta"].upsert({"key": "mailbox-state", "value": state}, pk="key")

    def unfinished(self) -> list[dict[str, object]]:
        """Rows that are not settled, oldest first."""
        return self._ledger.rows("select * from inbox where state != 'settled' order by received, id")

    def get(self, inbox_id: int) -> dict[str, object] | None:
        return self._ledger.row("select * from inbox where id=?", (inbox_id,))

    def message(self, inbox_id: int) -> Message:
        """The parsed message of a row; KeyError when it was never parsed."""
        row = self.get(inbox_id)
        if row is None or not row["parsed"]:
            raise KeyError(inbox_id)
        return load_message(str(row["parsed"]))

    def started(self, inbox_ids: Sequence[int]) -> dict[int, int]:
        """Count an attempt with each before it is made, so that a mail that kills the reader is known; id → count."""
        if not inbox_ids:
            return {}
        places = ",".join("?" * len(inbox_ids))
        with self._ledger.transaction():
            self._ledger.db.execute(f"update inbox set attempts = attempts + 1 where id in ({places})", tuple(inbox_ids))
            rows = self._ledger.rows(f"select id, attempts from inbox where id in ({places})", tuple(inbox_ids))
        return {int(str(r["id"])): int(str(r["attempts"])) for r in rows}

    def not_started(self, inbox_ids: Sequence[int]) -> None:
        """The attempt that was counted was not made."""
        if not inbox_ids:
            return
        places = ",".join("?" * len(inbox_ids))
        with self._ledger.transaction():
            self._ledger.db.execute(f"update inbox set attempts = attempts - 1 where id in ({places})", tuple(inbox_ids))

    def save_parsed(self, parsed: Sequence[tuple[int, Message]]) -> None:
        """What the mails say, in one transaction; a row that another run has taken further stays as it is."""
        if not parsed:
            return
        with self._ledger.transaction():
            for inbox_id, message in parsed:
                self._ledger.db.execute(
                    "update inbox set state='parsed', sender=?, sender_name=?, subject=?, message_id=?, parsed=? "
                    "where id=? and state='stored'",
                    (message.sender, message.sender_name, message.subject, message.message_id, dump(message), inbox_id),
                )

    def save_route(self, inbox_id: int, route: Route, at: datetime) -> None:
        """The verdict of the rules, once and with its event."""
        with self._ledger.transaction():
            self._ledger.db.execute(
                "update inbox set state='routed', route=?, rule=?, reason=?, purpose=?, assignment=? where id=?",
                (route.route, route.rule, route.reason, route.purpose, route.assignment, inbox_id),
            )
            self._ledger.record(f"mail-{route.route}", f"inbox/{inbox_id}", at, rule=route.rule, reason=route.reason)

    def settle(self, moved: Sequence[tuple[int, str, str]]) -> None:
        """Mails (row, new id in the mailbox, folder) that have been acted on and lie in their folders, in one transaction."""
        if not moved:
            return
        with self._ledger.transaction():
            for inbox_id, mailbox_id, folder in moved:
                self._ledger.db.execute(
                    "update inbox set state='settled', mailbox_id=?, folder=? where id=? and state != 'settled'",
                    (mailbox_id, folder, inbox_id),
                )

    def decide(self, inbox_id: int, decision: str, reason: str, at: datetime) -> None:
        """A person's word on a held or quarantined mail; it is filed anew (`settled` → `routed`)."""
        with self._ledger.transaction():
            self._ledger.db.execute(
                f"update inbox set decision=?, decided_at=?, decision_reason=?, {_FILED_ANEW} where id=?",
                (decision, at.isoformat(), reason, inbox_id),
            )
            self._ledger.record(f"hold-{decision}", f"inbox/{inbox_id}", at, reason=reason)

    def undecide(self, inbox_id: int, reason: str, at: datetime) -> None:
        """A person takes her word back: the mail waits for it again."""
        with self._ledger.transaction():
            self._ledger.db.execute(
                f"update inbox set decision=null, decided_at=null, decision_reason=null, {_FILED_ANEW} where id=?", (inbox_id,)
            )
            self._ledger.record("hold-reopened", f"inbox/{inbox_id}", at, reason=reason)

    def release(self, inbox_id: int, reason: str, at: datetime) -> None:
        """A person takes a mail out of quarantine: from now on it is held, with her reason."""
        with self._ledger.transaction():
            self._ledger.db.execute(
                f"update inbox set route='hold', released_at=?, reason=?, {_FILED_ANEW} where id=? and route='quarantine'",
                (at.isoformat(), reason, inbox_id),
            )
            self._ledger.record("hold-released", f"inbox/{inbox_id}", at, reason=reason)

    def assign(self, inbox_id: int, assignment: str | None) -> None:
        """Which assignment a mail is about, once its files were read."""
        with self._ledger.transaction():
            self._ledger.db.execute("update inbox set assignment=? where id=?", (assignment, inbox_id))

    def seen_before(self, inbox_id: int, sha256: str, message_id: str) -> bool:
        """Was the same mail taken in under an earlier row: the same raw bytes, or the same Message-ID, sender, words and
        attachments? (Some mail programs repeat a Message-ID; another file under it is another answer.)"""
        if self._ledger.row("select 1 as x from inbox where id < ? and sha256=?", (inbox_id, sha256)):
            return True
        earlier = self._ledger.rows(
            "select a.parsed, b.parsed as mine from inbox a join inbox b on b.id=? where a.id < b.id and a.message_id=? "
            "and a.message_id != '' and a.sender = b.sender and a.state in ('routed', 'settled') "
            "and a.parsed is not null and b.parsed is not null order by a.id desc limit ?",
            (inbox_id, message_id, _LOOKED_BACK),
        )
        return any(_content(str(row["parsed"])) == _content(str(row["mine"])) for row in earlier)

    def holds(self, *, open_only: bool = True) -> list[dict[str, object]]:
        """Held and quarantined mail, the undecided ones or all."""
        extra = "and decision is null" if open_only else ""
        return self._ledger.rows(f"select * from inbox where route in ('hold', 'quarantine') {extra} order by id")

    def last_id(self) -> int:
        """The number of the newest row; 0 before the first mail."""
        return int(str((self._ledger.row("select max(id) as id from inbox") or {}).get("id") or 0))

    def latest(self, number: int) -> list[dict[str, object]]:
        """The newest rows, newest first."""
        return self._ledger.rows("select * from inbox order by id desc limit ?", (number,))

    def counts(self) -> dict[str, int]:
        """Route → number of mails; `all` → all rows."""
        rows = self._ledger.rows("select route, count(*) as n from inbox group by route")
        found = {str(r["route"]): int(str(r["n"])) for r in rows if r["route"]}
        found["all"] = sum(int(str(r["n"])) for r in rows)
        return found


class SqliteOutbox:
    """The intent comes first: a mail is a row here before the mailbox hears of it."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def plan(
        self,
        mail: OutgoingMail,
        at: datetime,
        *,
        deadline: str = "",
        subjects: tuple[str, ...] = (),
        covers: tuple[tuple[str, str], ...] = (),
        says: str = "",
    ) -> None:
        """Commit the intent to send `mail`; a second plan under the same key changes nothing.

        `covers`: (key, deadline) of each thing the mail tells, where that is not the mail's own key. `says`: what was decided
        that it tells, as text to be compared with what is decided later.
        """
        with self._ledger.transaction():
            if self._ledger.row("select 1 as x from outbox where key=?", (mail.key,)):
                return
            row = {
                "key": mail.key, "kind": mail.kind, "deadline": deadline, "recipient": ", ".join(mail.to).lower(),
                "subject": mail.subject, "mail": json.dumps(asdict(mail), ensure_ascii=False), "state": "intended",
                "intended_at": at.isoformat(), "message_id": mail.message_id,
                "subjects": json.dumps(subjects, ensure_ascii=False), "says": says,
            }  # fmt: skip
            self._ledger.insert("outbox", row)
            for key, about in covers:
                self._ledger.insert("notices", {"key": key, "mail": mail.key, "deadline": about})
                self._ledger.record("notice-intended", key, at, mail=mail.key)
            self._ledger.record("mail-intended", mail.key, at, to=mail.to, subject=mail.subject)

    def intend(self, mail: OutgoingMail) -> None:
        """`plan` for a mail whose intent is already there (the sender's own guard)."""
        if self.get(mail.key) is None:
            raise LookupError(f"mail {mail.key} was never planned")

    def get(self, key: str) -> dict[str, object] | None:
        return self._ledger.row("select * from outbox where key=?", (key,))

    def state(self, key: str) -> str:
        """«none», «intended», «handed» (given to the server, not yet proven), «sent», «doubt» or «withheld»."""
        found = self.get(key)
        return str(found["state"]) if found else "none"

    def mark_handed(self, key: str, draft: SentRef) -> None:
        """The complete draft is about to be given to the server: from now on nothing is built again."""
        with self._ledger.transaction():
            self._ledger.db.execute(
                "update outbox set state='handed', why=? where key=? and state='intended'", (draft.id, key)
            )

    def mark_sent(self, key: str, ref: SentRef, at: datetime) -> None:
        with self._ledger.transaction():
            if self.state(key) == "sent":
                return
            self._ledger.db.execute(
                "update outbox set state='sent', sent_at=?, message_id=?, why=null where key=?",
                (at.isoformat(), ref.message_id, key),
            )
            self._ledger.record("mail-sent", key, at, message_id=ref.message_id)

    def mark_doubt(self, key: str, why: str) -> None:
        """Handed over and in neither folder: a person's. Never sent again by itself."""
        with self._ledger.transaction():
            self._ledger.db.execute(
                "update outbox set state='doubt', why=? where key=? and state != 'sent'", (why, key)
            )  # fmt: skip

    def withhold(self, key: str, why: str, at: datetime) -> None:
        """The secretary's word: this mail is never to go (intended, handed → withheld)."""
        with self._ledger.transaction():
            self._ledger.db.execute(
                "update outbox set state='withheld', why=? where key=? and state in ('intended', 'handed')", (why, key)
            )
            self._ledger.record("mail-withheld", key, at, reason=why)

    def intend_again(self, key: str, at: datetime) -> None:
        """The secretary's word: it is to be sent after all (doubt, withheld → intended)."""
        with self._ledger.transaction():
            self._ledger.db.execute(
                "update outbox set state='intended', why=null where key=? and state in ('doubt', 'withheld')", (key,)
            )
            self._ledger.record("mail-intended-again", key, at)

    def rows(self, states: tuple[str, ...]) -> list[dict[str, object]]:
        """The mails in these states, oldest first."""
        marks = ", ".join("?" * len(states))
        return self._ledger.rows(f"select * from outbox where state in ({marks}) order by intended_at, key", states)

    def tells(self, key: str) -> list[str]:
        """The keys of the things this mail tells: its notices', or its own."""
        rows = self._ledger.rows("select key from notices where mail=? order by key", (key,))
        return [str(r["key"]) for r in rows] or [key]

    def first_meant(self, key: str) -> str:
        """When this mail, or a thing it tells, was first meant to go out (ISO): a letter that is written anew each day
        waits since the day of the first."""
        keys = {key, *self.tells(key)}
        marks = ", ".join("?" * len(keys))
        row = self._ledger.row(
            f"select min(at) as at from events where kind in ('mail-intended', 'notice-intended') and subject in ({marks})",
            tuple(keys),
        )
        return str((row or {}).get("at") or "")

    def mail(self, key: str) -> OutgoingMail:
        """The mail planned under `key`; KeyError if none."""
        row = self.get(key)
        if row is None:
            raise KeyError(key)
        return load_outgoing(str(row["mail"]))

    def unsent(self) -> list[OutgoingMail]:
        """Mails intended and not yet proven sent, oldest first."""
        rows = self._ledger.rows("select mail from outbox where state in ('intended', 'handed') order by intended_at, key")
        return [load_outgoing(str(r["mail"])) for r in rows]

    def forget(self, key: str, at: datetime) -> None:
        """A mail that never left is no longer meant: neither it nor what it tells was told, and no assignment lies in it."""
        with self._ledger.transaction():
            if self.state(key) not in ("intended", "handed", "withheld"):
                return
            self._ledger.db.execute("update assignments set asked_mail=null where asked_mail=? and state='PLANNED'", (key,))
            self._ledger.db.execute("delete from notices where mail=?", (key,))
            self._ledger.db.execute("delete from outbox where key=?", (key,))
            self._ledger.record("mail-taken-back", key, at)

    def states(self, deadline: str, *, unless: frozenset[str] = frozenset()) -> dict[str, str]:
        """Key → state of everything told about a deadline, in a mail of its own or together with other things; as if the
        mails `unless` were not there."""
        rows = self._ledger.rows(
            "select key, state, key as mail from outbox where deadline=? union all "
            "select n.key as key, o.state as state, n.mail as mail from notices n join outbox o on o.key = n.mail where n.deadline=?",
            (deadline, deadline),
        )
        return {str(r["key"]): str(r["state"]) for r in rows if r["mail"] not in unless}

    def by_message_id(self, message_ids: tuple[str, ...]) -> dict[str, object] | None:
        """The mail of ours that one of these Message-IDs names (a reply's In-Reply-To and References)."""
        for message_id in message_ids:
            found = self._ledger.row("select * from outbox where message_id=? and message_id != ''", (message_id,))
            if found:
                return found
        return None

    def written(
        self,
        now: datetime,
        *,
        without: frozenset[str] = frozenset(),
        unless: frozenset[str] = frozenset(),
    ) -> list[tuple[str, datetime]]:
        """(recipient's address, when) of every mail whose kind is not in `without`: when it was meant, when it was sent, and
        `now` while it waits to be sent. One the server refuses keeps nobody waiting; one the secretary withheld was never
        written; the mails `unless` are as if not there. Times are aware, the reader turns them into the office's days."""
        rows = self._ledger.rows(
            "select key, recipient, kind, state, intended_at, sent_at, 'denied/' || key in (select key from outbox) as denied "
            "from outbox where state != 'withheld'"
        )
        found = []
        for r in rows:
            if r["kind"] in without or r["key"] in unless:
                continue
            waits = r["state"] in ("intended", "handed") and not r["denied"]
            moments = [r["intended_at"], r["sent_at"], now.isoformat() if waits else None]
            found += [(str(r["recipient"]), datetime.fromisoformat(str(m))) for m in moments if m]
        return found

    def meant(self, address: str, kinds: frozenset[str]) -> list[datetime]:
        """When mails of these kinds to this address were meant."""
        rows = self._ledger.rows("select kind, intended_at from outbox where recipient=?", (address.lower(),))
        return [datetime.fromisoformat(str(r["intended_at"])) for r in rows if r["kind"] in kinds]

    def sent_count(self) -> int:
        return int(str(self._ledger.row("select count(*) as n from outbox where state='sent'")["n"]))  # type: ignore[index]


def _content(parsed: str) -> tuple[str, str, tuple[str, ...]]:
    """What a parsed mail says: its words, the contents of its files, and whether its sender was proven (a forged copy
    that came first must not hide the real one)."""
    message = load_message(parsed)
    return message.authentication, message.body.strip(), tuple(sorted(a.sha256 for a in message.attachments))


def dump(message: Message) -> str:
    """A message as JSON, for the `parsed` column."""
    return json.dumps(asdict(message), ensure_ascii=False, default=lambda value: value.isoformat())


def load_message(text: str) -> Message:
    """The message a `parsed` column holds."""
    data = json.loads(text)
    data["received"] = datetime.fromisoformat(data["received"])
    data["attachments"] = tuple(Attachment(**a) for a in data["attachments"])
    data["headers"] = tuple((name, value) for name, value in data["headers"])
    for name in ("to", "in_reply_to", "defects"):
        data[name] = tuple(data[name])
    return Message(**data)


def load_outgoing(text: str) -> OutgoingMail:
    """The mail an `outbox.mail` column holds."""
    data = json.loads(text)
    data["files"] = tuple(OutgoingFile(**f) for f in data["files"])
    for name in ("to", "cc", "references"):
        data[name] = tuple(data[name])
    return OutgoingMail(**data)
