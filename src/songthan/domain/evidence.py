"""What an evidence answer names: files that must have come along, and links, which are recorded and never fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from songthan.domain.thai import canonical, squeeze, to_arabic_digits
from songthan.domain.values import is_none_word

__all__ = ["activity_of", "items_in", "links_in", "missing_evidence", "place_in"]

_EXTENSIONS = (
    "pdf|docx?|docm|odt|rtf|xlsx?|xlsm|ods|csv|pptx?|odp|txt|jpe?g|png|gif|bmp|tiff?|heic|heif|webp|zip|rar|7z|mp[34]|m4a"
    "|mov|avi|wmv|wav|eml|msg"
)
_FILE = re.compile(rf"\.(?:{_EXTENSIONS})(?![A-Za-z0-9])", re.IGNORECASE)
# a comma may stand inside a link; one before another link or a Thai word ends it
_REST = '(?:[^\\s\u200b<>«»"“”,;]|[,;](?!https?://|www\\.|[ก-๛]))'
# «and» parts only behind a file's ending: a name may hold the word itself
_PARTED = re.compile(r"[,;،]|\s+และ\s*|(?<=\.\w{3})\s+and\s+|(?<=\.\w{4})\s+and\s+")
_LINKS = re.compile(
    rf"https?://{_REST}+|(?<![A-Za-z0-9@./-])(?:www\.{_REST}+"
    # a page without its «https://»; «รายงาน.pdf/สำเนา» is none
    rf"|(?:[A-Za-z0-9-]+\.)+(?!(?:{_EXTENSIONS})/)[A-Za-z]{{2,}}/{_REST}*)",
    re.IGNORECASE,
)


def items_in(value: str) -> list[str]:
    """The lines of an evidence answer that name something: not empty, and not «-» or «ไม่มี»."""
    return [line for line in value.splitlines() if line.strip() and not is_none_word(line)]


def links_in(value: str) -> list[str]:
    """The links of an evidence answer as they were typed, each once, in order; they are never fetched.

    «https://…», «www.…» and «host.name/…»; closing punctuation and an unopened bracket after a link are not part of it.
    """
    return list(dict.fromkeys(link for link in map(_trimmed, _LINKS.findall(value)) if link))


def _trimmed(link: str) -> str:
    while link and (
        link[-1] in ".,;:!?'’…" or (link[-1] in ")]" and link.count(link[-1]) > link.count(_open(link[-1])))
    ):
        link = link[:-1]
    return link if re.search(r"[^/:.]", re.sub(r"(?i)^(?:https?://)?(?:www\.)?", "", link)) else ""


def _open(bracket: str) -> str:
    return "(" if bracket == ")" else "["


def activity_of(name: str, activities: Sequence[str], evidence: Mapping[str, str]) -> str:
    """The activity whose evidence answer (`evidence` by activity) names this file; the first of `activities` when none does."""
    return next((a for a in activities if squeeze(name) in squeeze(evidence.get(a, ""))), activities[0])


def place_in(name: str, value: str) -> int:
    """The line of an evidence answer that names this file, from 0; behind all lines when none does."""
    lines = value.splitlines()
    return next((n for n, line in enumerate(lines) if squeeze(name).casefold() in squeeze(line).casefold()), len(lines))


def missing_evidence(value: str, attached: Sequence[str]) -> list[str]:
    """The files named in an evidence answer (one item a line) that are not among the `attached` names.

    Links are accepted as they are and never fetched; «-», «ไม่มี» and plain descriptions are answers.
    """
    names = [_name_key(name) for name in attached]
    missing = []
    for line in value.splitlines():
        if _named(line, names):
            continue
        for piece in _PARTED.split(line):
            item = re.sub(r"\(\s*\)", "", _LINKS.sub("", piece)).strip(" \t\u00a0\u200b")
            if not is_none_word(item) and _FILE.search(item) and not _named(item, names):
                missing.append(re.sub(r"^(?:[-•*–]|[0-9๐-๙]{1,2}[.)])\s+", "", item))
    return list(dict.fromkeys(missing))


def _named(item: str, names: Sequence[str]) -> bool:
    """Is an attached file's whole name written in `item`, and no other file's?"""
    key = _name_key(item)
    return len(_FILE.findall(item)) <= 1 and any(name and name in key for name in names)


def _name_key(name: str) -> str:
    """File names as they are compared: spelling, digits, case, and what mail programs do to spaces do not matter."""
    return re.sub(r"[\s_+\u200b\u00a0]+", "", to_arabic_digits(canonical(name))).casefold()
