"""The director, a process of his own: `python -m songthan.practice.cast.director --exchange … --people … --state DIR`.

Same line protocol as the cast. He signs any PDF with an empty signature field that the office mails him, half a
working day later, with a key nobody else opens (DIR/certs), and replies with the signed file.
"""

import hashlib
from datetime import datetime
from pathlib import Path

from songthan.practice.cast import script
from songthan.practice.cast.certificates import certificates
from songthan.practice.cast.hours import hours_later
from songthan.practice.cast.letters import Draft, message_id, read_letter, reply_subject, write
from songthan.practice.cast.memory import Envelope, Intent, Memory, Prepared
from songthan.practice.cast.people import People, Person, read_people
from songthan.practice.cast.protocol import arguments, play
from songthan.practice.cast.script import tell
from songthan.practice.cast.signing import empty_field, sign
from songthan.practice.cast.stage import Stage

HALF_A_DAY_H = 4.0


class Director:
    """What he makes of a mail and how he answers it."""

    def __init__(self, *, people: People, memory: Memory, folder: Path, seed: int) -> None:
        self.person = people.members[people.director]
        self._people, self._memory, self._seed = people, memory, seed
        self._certs = certificates(folder / "certs", self.person.name)

    def react(self, person: Person, key: str, raw: bytes, now: datetime) -> None:
        """One new mail in his inbox; one that reminds him of a document he has on his desk changes nothing."""
        letter = read_letter(f"{person.id}|{key}", raw)
        papers = sorted(hashlib.sha256(data).hexdigest() for _, data in letter.files if empty_field(data))
        if letter.sender != self._people.office or not papers:
            return
        if any(intent.payload["papers"] == papers for intent in self._memory.open_intents()):
            return
        self._memory.keep(letter.key, raw)
        self._memory.intend(Intent(
            id=f"director:sign:{key}", who=person.id, kind="sign", habit="director",
            due=hours_later(now, HALF_A_DAY_H), payload={"mail": letter.key, "papers": papers},
        ))  # fmt: skip

    def prepare(self, intent: Intent, now: datetime) -> Prepared:
        """Sign every PDF that waits for it and reply with them."""
        letter = read_letter(intent.payload["mail"], self._memory.kept(intent.payload["mail"]))
        signed = tuple(
            (name, sign(data, field=field, name=self.person.name, certs=self._certs, at=now,
                        fontconfig=self._people.fontconfig))
            for name, data in letter.files if (field := empty_field(data))
        )  # fmt: skip
        key = message_id(self._seed, intent.id, self.person.email)
        raw = write(Draft(
            name=self.person.name, address=self.person.email, to=self._people.office, at=now, message_id=key,
            subject=reply_subject(letter.subject), in_reply_to=letter.message_id, references=letter.references,
            text=f"{tell('ลงนามแล้ว ตามไฟล์แนบ')}\n\n{self.person.name}\n{self.person.position}", files=signed,
        ))  # fmt: skip
        names = ", ".join(name for name, _ in signed)
        return Prepared(what_th=f"ผู้อำนวยการลงนามแล้วส่งคืน: {names}", envelopes=(Envelope(message_id=key, raw=raw),))


def main() -> int:
    """Run until {"quit": true} or the end of the input."""
    options = arguments("The director of the practice Exchange.", habits=False)
    people = read_people(options.people)
    script.use(people.script)
    memory = Memory(options.state, "director.sqlite")
    director = Director(people=people, memory=memory, folder=options.state, seed=options.seed)
    stage = Stage(
        url=options.exchange, office=people.office, people={director.person.id: director.person}, memory=memory,
        react=director.react, prepare=director.prepare,
    )  # fmt: skip
    play(stage.step)
    stage.close()
    memory.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
