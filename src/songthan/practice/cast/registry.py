"""The registry: enters every submission of the office and answers next morning with a receipt number."""

import hashlib
import json
from datetime import datetime, time

from songthan.practice.cast.hours import days_later
from songthan.practice.cast.letters import read_letter
from songthan.practice.cast.memory import Intent, Memory
from songthan.practice.cast.people import People, Person

FIRST_NUMBER = 4123


def react(person: Person, key: str, raw: bytes, now: datetime, *, people: People, memory: Memory) -> None:
    """One new mail in the registry's inbox, inside the caller's transaction."""
    letter = read_letter(f"{person.id}|{key}", raw)
    if letter.sender != people.office or not letter.files:
        return
    papers = sorted(hashlib.sha256(data).hexdigest() for _, data in letter.files)
    entered = [json.loads(payload) for (payload,) in memory.rows("SELECT payload FROM intents WHERE kind = 'receipt'")]
    if any(entry["papers"] == papers for entry in entered):
        # asked after, with the same papers: they have their number, or get it tomorrow
        return
    memory.keep(letter.key, raw)
    memory.intend(Intent(
        id=f"registry:receipt:{key}", who=person.id, kind="receipt", habit="registry",
        due=days_later(now, 1, time(9, 15)), payload={"mail": letter.key, "number": FIRST_NUMBER + len(entered), "papers": papers},
    ))  # fmt: skip
