"""One step of play: everybody reads new mail, then does what is due, safely repeatable at every point."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from songthan.practice.cast import ews
from songthan.practice.cast.hours import is_open, next_open
from songthan.practice.cast.memory import Envelope, Intent, Memory, Prepared
from songthan.practice.cast.people import CastError, Person

RETRY = timedelta(minutes=5)
React = Callable[[Person, str, bytes, datetime], None]
Prepare = Callable[[Intent, datetime], Prepared]


class Stage:
    """The actors in `people` (by id) with their mailboxes at `url`.

    `react(person, key, raw, now)` writes intents into the memory; `prepare(intent, now)` says what an act will send.
    """

    def __init__(
        self, *, url: str, office: str, people: Mapping[str, Person], memory: Memory, react: React, prepare: Prepare
    ) -> None:
        self._url, self._office, self._memory = url, office, memory
        self._people = people
        self._posts = {who: ews.Post(url=url, address=p.email, password=p.password) for who, p in people.items()}
        self._react, self._prepare = react, prepare

    def step(self, now: datetime) -> dict:
        """Do all that is due at `now`: {"acts", "next"} and, when something could not be done, "error"."""
        errors = []
        for who, person in self._people.items():
            try:
                self._read(who, person, now)
            except CastError as error:
                errors.append(str(error))
        acts, tried = [], set()
        # an act may lead to another that is due at once
        while due := [i for i in self._memory.open_intents() if i.id not in tried and _may(i, now)]:
            for intent in due:
                tried.add(intent.id)
                try:
                    acts.append(self._act(intent, now))
                except CastError as error:
                    errors.append(str(error))
        answer = {"acts": acts, "next": self._next(now)}
        return {**answer, "error": "; ".join(errors)} if errors else answer

    def close(self) -> None:
        """Close every connection."""
        for post in self._posts.values():
            post.close()

    def _read(self, who: str, person: Person, now: datetime) -> None:
        post = self._posts[who]
        for item, key in self._memory.unseen(person.email, post.listing("inbox")):
            raw = post.raw(item)
            with self._memory.transaction():
                self._react(person, key, raw, now)
                self._memory.mark_seen(person.email, key, now)

    def _act(self, intent: Intent, now: datetime) -> dict:
        facts = self._memory.facts(intent)
        if facts is None:
            self._memory.prepare(intent, self._prepare(intent, now))
            facts = self._memory.facts(intent)
        for place, envelope in self._memory.envelopes(intent):
            self._deliver(intent.who, envelope)
            self._memory.gone(intent, place)
        self._memory.finish(intent, facts, now)
        return {"who": intent.who, "what_th": facts["what_th"], "habit": intent.habit}

    def _deliver(self, who: str, envelope: Envelope) -> None:
        route, _, auth = envelope.route.partition(":")
        if route == "outside":
            witness = self._people[envelope.witness]
            if not self._posts[envelope.witness].count(envelope.message_id, "inbox"):
                ews.deliver_outside(
                    self._url, to=(self._office, witness.email), mail_from=envelope.mail_from, auth=auth,
                    raw=envelope.raw,
                )  # fmt: skip
            return
        post = self._posts[who]
        for _ in range(envelope.copies - post.count(envelope.message_id, "sentitems")):
            post.send(envelope.raw)

    def _next(self, now: datetime) -> str | None:
        moments = [_moment(intent, now) for intent in self._memory.open_intents()]
        return min(moments).isoformat() if moments else None


def _may(intent: Intent, now: datetime) -> bool:
    return intent.due <= now and (intent.automatic or is_open(now))


def _moment(intent: Intent, now: datetime) -> datetime:
    # what is still open though due has failed, or waits for the office to open
    due = intent.due if intent.due > now else now + RETRY if _may(intent, now) else now
    return due if intent.automatic else next_open(due)
