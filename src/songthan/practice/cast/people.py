"""Who plays (people.json, written by the rehearsal) and how each behaves (habits.toml)."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from songthan.practice.cast.script import CastError, Script, read_script

HABITS = frozenset({
    "prompt", "steady", "late", "corrects", "resaves", "prints_pdf", "two_files", "out_of_office", "wrong_address",
    "chatty", "phone", "twice", "tricky", "photo", "keeps",
})  # fmt: skip
MISTAKES = frozenset({"empty", "percent", "no_reason"})
#: A year's habits: `habits-<deadline>.toml` for each deadline; where a deadline has none, those of DEFAULT_HABITS hold.
HABITS_FOLDER = Path(__file__).parent
DEFAULT_HABITS = HABITS_FOLDER / "habits-2566-q2.toml"


@dataclass(frozen=True, kw_only=True)
class Person:
    """One with a mailbox. `deputy` is a member's id or empty."""

    id: str
    name: str
    email: str
    password: str = field(repr=False)
    deputy: str = ""
    position: str = ""


@dataclass(frozen=True, kw_only=True)
class People:
    """Everybody. `soffice` is the program's name or path, `fontconfig` the FONTCONFIG_FILE it runs with, if any."""

    office: str
    members: Mapping[str, Person]
    director: str
    secretary: str
    registry: Person
    acting_director: str = ""
    headcount: int = 48
    soffice: str = "soffice"
    fontconfig: str | None = None
    script: Script = Script()


@dataclass(frozen=True, kw_only=True)
class Habits:
    """`of`: member id → habit; `reminders`: how many a late one waits for; `mistakes`: what a corrector does wrong first.

    `victim` is the member whom the stranger forges («» for nobody), `forged_after` working days after the request.
    """

    of: Mapping[str, str]
    reminders: Mapping[str, int]
    mistakes: Mapping[str, str]
    victim: str = ""
    forged_after: int = 2

    def habit(self, member: str) -> str:
        """The member's habit; one who is not named is steady."""
        return self.of.get(member, "steady")

    def during(self, deadline: str) -> "Habits":
        """The habits that hold for one deadline: these, whatever it is (see `Year`)."""
        return self


@dataclass(frozen=True, kw_only=True)
class Year:
    """Habits that change from one deadline to the next; `otherwise` holds for a deadline that has none of its own."""

    of: Mapping[str, Habits]
    otherwise: Habits

    def during(self, deadline: str) -> Habits:
        """The habits that hold for one deadline."""
        return self.of.get(deadline, self.otherwise)


def read_people(path: Path) -> People:
    """people.json; CastError names the missing key."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        members = {
            m["id"]: Person(
                id=m["id"], name=m["name"], email=m["email"], password=m["password"],
                deputy=m.get("deputy") or "", position=m.get("position") or "",
            )
            for m in data["members"]
        }  # fmt: skip
        registry = data["registry"]
        return People(
            office=data["office"]["mailbox"].lower(),
            members=members,
            director=members[data["director"]].id,
            acting_director=data.get("acting_director") or "",
            secretary=data.get("secretary") or "",
            registry=Person(
                id="registry", name=registry["name"], email=registry["email"], password=registry["password"]
            ),
            headcount=int(data.get("headcount") or 48),
            soffice=data.get("soffice") or "soffice",
            fontconfig=str(Path(data["fontconfig"]).resolve()) if data.get("fontconfig") else None,
            script=read_script(data.get("script") or {}, str(path)),
        )
    except KeyError as error:
        raise CastError(f"{path}: {error} is missing") from error
    except (OSError, TypeError, ValueError) as error:
        raise CastError(f"{path}: {error}") from error


def read_year(path: Path) -> Habits | Year:
    """A folder of `habits-<deadline>.toml` files, or one file that holds for every deadline; CastError as `read_habits`."""
    if not path.is_dir():
        return read_habits(path)
    files = sorted(path.glob("habits-*.toml"))
    return Year(of={f.stem.removeprefix("habits-"): read_habits(f) for f in files}, otherwise=read_habits(DEFAULT_HABITS))


def read_habits(path: Path) -> Habits:
    """habits.toml; CastError names an unknown key, habit or mistake."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CastError(f"{path}: {error}") from error
    return habits_of(data, str(path))


def habits_of(data: Mapping, path: str) -> Habits:
    """The habits in a table of this file; CastError as above."""
    if unknown := set(data) - {"habits", "late", "corrects", "stranger"}:
        raise CastError(f"{path}: unknown table {sorted(unknown)[0]!r}")
    for member, habit in data.get("habits", {}).items():
        if habit not in HABITS:
            raise CastError(f"{path}: {member} has the unknown habit {habit!r}; known: {', '.join(sorted(HABITS))}")
    for member, mistake in data.get("corrects", {}).items():
        if mistake not in MISTAKES:
            raise CastError(f"{path}: {member} makes the unknown mistake {mistake!r}; known: {sorted(MISTAKES)}")
    stranger = data.get("stranger", {})
    return Habits(
        of=data.get("habits", {}),
        reminders={member: int(count) for member, count in data.get("late", {}).items()},
        mistakes=data.get("corrects", {}),
        victim=stranger.get("forges", ""),
        forged_after=int(stranger.get("after_days", 2)),
    )
