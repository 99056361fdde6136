"""`python -m songthan.practice.cast`: members, deputies, stranger and registry; the director runs as a child process."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from songthan.practice.cast import registry, script
from songthan.practice.cast.members import Members
from songthan.practice.cast.memory import Intent, Memory, Prepared
from songthan.practice.cast.people import CastError, Habits, People, Person, Year, habits_of, read_people, read_year
from songthan.practice.cast.protocol import arguments, play
from songthan.practice.cast.replies import Replies
from songthan.practice.cast.stage import Stage


class Cast:
    """Everybody but the director."""

    def __init__(self, *, url: str, people: People, habits: Habits | Year, folder: Path, seed: int) -> None:
        self._people, self._memory = people, Memory(folder)
        self._members = Members(people=people, habits=habits, memory=self._memory, seed=seed)
        self._replies = Replies(
            people=people, habits=habits, memory=self._memory, seed=seed, profile=folder / "office-profile"
        )
        self._stage = Stage(
            url=url, office=people.office, people={**people.members, people.registry.id: people.registry},
            memory=self._memory, react=self._react, prepare=self._prepare,
        )  # fmt: skip

    def step(self, now: datetime) -> dict:
        """Let everyone do what is due."""
        return self._stage.step(now)

    def close(self) -> None:
        """Close connections and memory."""
        self._stage.close()
        self._memory.close()

    def _react(self, person: Person, key: str, raw: bytes, now: datetime) -> None:
        if person.id == self._people.registry.id:
            registry.react(person, key, raw, now, people=self._people, memory=self._memory)
        else:
            self._members.react(person, key, raw, now)

    def _prepare(self, intent: Intent, now: datetime) -> Prepared:
        return self._replies.prepare(intent, now)


class DirectorProcess:
    """The director, spoken to through a pipe; he is started again when he has died."""

    def __init__(self, *, url: str, people: Path, folder: Path, seed: int) -> None:
        self._command = [
            sys.executable, "-m", "songthan.practice.cast.director", "--exchange", url, "--people", str(people),
            "--state", str(folder), "--seed", str(seed),
        ]  # fmt: skip
        self._process: subprocess.Popen[str] | None = None

    def step(self, now: datetime) -> dict:
        """His answer for this moment; an "error" when he cannot be reached."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        try:
            print(json.dumps({"now": now.isoformat()}), file=self._process.stdin, flush=True)
            return json.loads(self._process.stdout.readline())
        except (OSError, ValueError) as error:
            return {"acts": [], "next": None, "error": f"the director: {type(error).__name__}: {error}"}

    def close(self) -> None:
        """Let him go and wait until he has gone."""
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait(timeout=30)
            self._process.stdout.close()


def together(answers: list[dict]) -> dict:
    """One answer out of several: all acts, the earliest next, every error."""
    moments = [a["next"] for a in answers if a["next"]]
    whole = {
        "acts": [act for a in answers for act in a["acts"]],
        "next": min(moments, key=datetime.fromisoformat) if moments else None,
    }
    errors = [a["error"] for a in answers if a.get("error")]
    return {**whole, "error": "; ".join(errors)} if errors else whole


def main() -> int:
    """Run until {"quit": true} or the end of the input; 2 when people or habits are wrong."""
    options = arguments("The cast of the practice Exchange.", habits=True)
    try:
        people, habits = read_people(options.people), read_year(options.habits)
    except CastError as error:
        print(error, file=sys.stderr)
        return 2
    script.use(people.script)
    if people.script.habits:
        habits = habits_of(people.script.habits, str(options.people))
    cast = Cast(url=options.exchange, people=people, habits=habits, folder=options.state, seed=options.seed)
    director = DirectorProcess(url=options.exchange, people=options.people, folder=options.state, seed=options.seed)
    try:
        play(lambda now: together([cast.step(now), director.step(now)]))
    finally:
        director.close()
        cast.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
