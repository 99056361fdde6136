"""The line protocol of the cast and of the director: one JSON document a line in, one out."""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from songthan.practice.cast.people import HABITS_FOLDER


def arguments(description: str, *, habits: bool) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--exchange", required=True, metavar="URL", help="the practice Exchange, e.g. http://host:port")
    parser.add_argument("--people", required=True, type=Path, help="people.json")
    parser.add_argument("--state", required=True, type=Path, metavar="DIR", help="where everything is remembered")
    parser.add_argument("--seed", required=True, type=int, metavar="N")
    if habits:
        parser.add_argument("--habits", type=Path, default=HABITS_FOLDER, help="a habits.toml, or a folder of them")
    return parser.parse_args()


def play(step: Callable[[datetime], dict]) -> None:
    """Answer every {"now": ISO datetime with offset} until {"quit": true} or the end of the input."""
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            asked = json.loads(line)
            if asked.get("quit"):
                return
            now = datetime.fromisoformat(asked["now"])
            if now.tzinfo is None:
                raise ValueError("now has no offset")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            answer = {"acts": [], "next": None, "error": f"not understood: {type(error).__name__}: {error}"}
        else:
            answer = step(now)
        print(json.dumps(answer, ensure_ascii=False), flush=True)
