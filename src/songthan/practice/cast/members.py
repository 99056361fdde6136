"""What a member makes of his new mail: which forms are his, is this a reminder, a request to correct, none of his business.

A letter may carry forms of several deadlines, his own and those of a colleague he stands in for: what is one's own and
met with the same habit is answered in one reply, the rest in replies of its own. Reacting only writes intents;
`replies.py` does them.
"""

import json
import re
from datetime import datetime, time
from random import Random

from songthan.practice.cast.filler import Form, NotAForm
from songthan.practice.cast.hours import days_later
from songthan.practice.cast.letters import Letter, read_letter
from songthan.practice.cast.memory import Intent, Memory
from songthan.practice.cast.people import Habits, People, Person, Year
from songthan.practice.cast.script import tell
from songthan.practice.cast.whole import known

# working days from the request to the answer, least and most; the others wait for something to happen first
DAYS = {
    "prompt": (1, 1), "steady": (2, 4), "corrects": (1, 2), "resaves": (2, 3), "prints_pdf": (2, 3),
    "two_files": (1, 3), "wrong_address": (1, 2), "chatty": (1, 1), "phone": (1, 1), "twice": (1, 2),
    "tricky": (2, 3), "on_behalf": (1, 1), "photo": (1, 2), "keeps": (1, 3),
}  # fmt: skip
# whose first answer has no form in it; told so, they send it
_WAIT = ("chatty", "photo")
MOST_ATTEMPTS = 4
_ASKS = re.compile(r"(โปรด|กรุณา|ขอให้|ขอความ(กรุณา|อนุเคราะห์|ร่วมมือ))\s*(ท่าน)?\s*(ตรวจสอบ(และ)?)?\s*แก้ไข")


class Members:
    """All members' judgement over their mail."""

    def __init__(self, *, people: People, habits: Habits | Year, memory: Memory, seed: int) -> None:
        self._people, self._habits, self._memory, self._seed = people, habits, memory, seed
        self._colleagues = {p.email.lower() for p in people.members.values()} | {people.office}

    def react(self, person: Person, key: str, raw: bytes, now: datetime) -> None:
        """One new mail in the person's inbox, inside the caller's transaction."""
        letter = read_letter(f"{person.id}|{key}", raw)
        if letter.sender not in self._colleagues or letter.sender == person.email.lower():
            return
        forms = [form for _, form in forms_of(letter)]
        fresh: dict[tuple[str, str], list[Form]] = {}
        pressed: list[str] = []
        for form in forms:
            token = form.marks.token
            row = self._row(token, person.id)
            if row is None:
                owner = self._owner(form, person)
                if owner is not None:
                    self._remember(form, person, owner, letter)
                    fresh.setdefault((owner, self._habit(person, owner, form.marks.deadline)), []).append(form)
            elif row["state"] != "answered":
                pressed.append(token)
            elif row["attempt"] < MOST_ATTEMPTS and self._to_correct(letter, form, person):
                self._intend(person, letter, [token], row["owner"], now, kind="mend", days=1)
        if fresh or self._has_open_mend(letter):
            self._memory.keep(letter.key, raw)
        for (owner, habit), asked in fresh.items():
            self._asked(person, letter, asked, owner, habit, now)
        if letter.sender == self._people.office and not fresh:
            if tell("แก้ไข") in letter.subject and not forms:
                self._correct_without_form(person, letter, now)
            self._pressed(person, letter, pressed or self._meant(person, letter, "asked", "waits"), now)

    def _correct_without_form(self, person: Person, letter: Letter, now: datetime) -> None:
        # what came back carries no controls (his PDF, LibreOffice's file): he fills the form of the request again
        for token in self._meant(person, letter, "answered"):
            row = self._row(token, person.id)
            if row["attempt"] < MOST_ATTEMPTS and not self._mending(person, token):
                request = read_letter(row["mail"], self._memory.kept(row["mail"]))
                self._intend(person, request, [token], row["owner"], now, kind="mend", days=1, asked_by=letter.key)

    def _habit(self, person: Person, owner: str, deadline: str) -> str:
        return self._habits.during(deadline).habit(person.id) if owner == person.id else "on_behalf"

    def _asked(
        self, person: Person, letter: Letter, forms: list[Form], owner: str, habit: str, now: datetime
    ) -> None:  # fmt: skip
        tokens = [form.marks.token for form in forms]
        if habit == "out_of_office":
            self._memory.intend(Intent(
                id=f"{person.id}:auto:{tokens[0]}", who=person.id, kind="auto", habit=habit, due=now, automatic=True,
                payload={"mail": letter.key, "tokens": tokens, "owner": owner},
            ))  # fmt: skip
        elif habit == "chatty":
            self._intend(person, letter, tokens, owner, now, kind="empty", days=1)
        elif habit != "late":
            days = Random(f"{self._seed}|{person.id}|{tokens[0]}|days").randint(*DAYS[habit])
            kind = "photo" if habit == "photo" else "answer"
            self._intend(person, letter, tokens, owner, now, kind=kind, days=days, habit=habit)
        if owner == person.id:
            self._forged(person, letter, forms, now)

    def _forged(self, person: Person, letter: Letter, forms: list[Form], now: datetime) -> None:
        """The stranger writes in this member's name, where a deadline's habits say so."""
        for form in forms:
            habits, token = self._habits.during(form.marks.deadline), form.marks.token
            if person.id != habits.victim:
                continue
            self._memory.intend(Intent(
                id=f"stranger:forge:{token}", who="stranger", kind="forge", habit="stranger",
                due=days_later(now, habits.forged_after, time(11, 20)),
                payload={"mail": letter.key, "tokens": [token], "owner": person.id},
            ))  # fmt: skip

    def _pressed(self, person: Person, letter: Letter, tokens: list[str], now: datetime) -> None:
        for token in tokens:
            row = self._row(token, person.id)
            if row["owner"] != person.id:
                continue
            habits = self._habits.during(row["deadline"])
            habit, count = habits.habit(person.id), row["reminders"] + 1
            self._memory.run("UPDATE forms SET reminders = ? WHERE token = ? AND holder = ?", (count, token, person.id))
            original = read_letter(row["mail"], self._memory.kept(row["mail"]))
            until = letter.internal or original.internal
            enough = count >= habits.reminders.get(person.id, 2) or (until is not None and now.date() >= until)
            if (habit == "late" and enough) or (habit in _WAIT and row["state"] == "waits"):
                self._intend(person, original, [token], person.id, now, kind="answer", days=1, habit=habit)

    def _intend(
        self, person: Person, letter: Letter, tokens: list[str], owner: str, now: datetime, *, kind: str, days: int,
        habit: str = "", asked_by: str = "",
    ) -> None:  # fmt: skip
        habit = habit or self._habit(person, owner, self._row(tokens[0], person.id)["deadline"])
        chance = Random(f"{self._seed}|{person.id}|{tokens[0]}|{kind}|clock")
        clock = time(9 if days == 1 else chance.randint(9, 15), chance.randint(5, 55))
        self._memory.intend(Intent(
            id=f"{person.id}:{kind}:{tokens[0]}:{asked_by or letter.key}", who=person.id, kind=kind, habit=habit,
            due=days_later(now, days, clock), payload={"mail": letter.key, "tokens": tokens, "owner": owner},
        ))  # fmt: skip

    def _has_open_mend(self, letter: Letter) -> bool:
        return any(i.kind == "mend" and i.payload["mail"] == letter.key for i in self._memory.open_intents())

    def _to_correct(self, letter: Letter, form: Form, person: Person) -> bool:
        if letter.sender != self._people.office:
            return False
        if self._mending(person, form.marks.token):
            return False
        if tell("แก้ไข") in letter.subject:
            return True
        # in the text alone the word may stand for anything; then his own answers must be in the file
        whole = known(form.marks.form)
        texts = [name for name, kind in form.fields().items() if kind == "text"]
        filled = any(form.text(name) for name in texts if whole or ".done" in name)
        return filled and _ASKS.search(letter.text) is not None

    def _owner(self, form: Form, person: Person) -> str | None:
        """Whose form it is: who got this token before, who is named in it; None when it is not this person's to fill."""
        rows = self._memory.rows("SELECT owner FROM forms WHERE token = ?", (form.marks.token,))
        words = _squeezed(form.words())
        named = [m.id for m in self._people.members.values() if _squeezed(m.name) in words]
        if rows:
            owner = rows[0][0]
        elif person.id in named or not named:
            owner = person.id
        else:
            mine = [m for m in named if self._people.members[m].deputy == person.id]
            # a form may print others (the secretary, the director) and not the one who is asked
            owner = mine[0] if mine else person.id
        allowed = owner == person.id or self._people.members[owner].deputy == person.id
        return owner if allowed else None

    def _remember(self, form: Form, person: Person, owner: str, letter: Letter) -> None:
        self._memory.run(
            "INSERT INTO forms (token, holder, owner, mail, request, deadline, state) VALUES (?, ?, ?, ?, ?, ?, 'asked')",
            (form.marks.token, person.id, owner, letter.key, letter.message_id, form.marks.deadline),
        )

    def _mending(self, person: Person, token: str) -> bool:
        return any(
            i.kind == "mend" and i.who == person.id and token in i.payload["tokens"]
            for i in self._memory.open_intents()
        )

    def _meant(self, person: Person, letter: Letter, *states: str) -> list[str]:
        # a mail without the form: it answers to the request's thread, names the token, or says what it is
        rows = self._memory.rows("SELECT token, request, state FROM forms WHERE holder = ?", (person.id,))
        answered = self._answered_by(person, letter)
        named = {
            token
            for token, request, _ in rows
            if token in answered or token in letter.text or (request and request in letter.references)
        }
        # what names nothing of his means all he owes, if it is a reminder and speaks of nobody else's forms
        others = {token for (token,) in self._memory.rows("SELECT token FROM forms WHERE owner != ?", (person.id,))}
        general = tell("เตือน") in letter.subject and "answered" not in states and not any(t in letter.text for t in others)
        return [token for token, _, state in rows if state in states and (token in named or (not named and general))]

    def _answered_by(self, person: Person, letter: Letter) -> set[str]:
        """The tokens of those mails of his own that this letter answers."""
        rows = self._memory.rows(
            "SELECT o.message_id, i.payload FROM outbox o JOIN intents i ON i.id = o.intent WHERE i.who = ?",
            (person.id,),
        )
        return {t for key, payload in rows if key in letter.references for t in json.loads(payload)["tokens"]}

    def _row(self, token: str, holder: str) -> dict | None:
        rows = self._memory.rows(
            "SELECT owner, mail, state, reminders, attempt, deadline FROM forms WHERE token = ? AND holder = ?",
            (token, holder),
        )
        names = ("owner", "mail", "state", "reminders", "attempt", "deadline")
        return dict(zip(names, rows[0], strict=True)) if rows else None


def forms_of(letter: Letter) -> list[tuple[str, Form]]:
    """(file name, form) of every attached Word file that is a form with controls to fill."""
    found = []
    for name, content in letter.files:
        if content[:2] == b"PK":
            try:
                found.append((name, Form(content)))
            except NotAForm:
                continue
    return found


def _squeezed(text: str) -> str:
    return "".join(text.split())
