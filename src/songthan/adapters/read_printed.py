"""The words that templates print around the answers (headings of measures, signature lines, page numbers), in the
office's language: a reader knows by them what nobody answered."""

from __future__ import annotations

import re
from functools import lru_cache

from songthan.domain.language import say
from songthan.domain.layouts import WILD
from songthan.domain.thai import squeeze

__all__ = ["is_printed", "measure_numbers", "page_number", "page_word"]

_NUMBER = r"[-–]?\s*([๐-๙0-9]{1,3})\s*(?:/\s*[๐-๙0-9]{1,3})?\s*[-–]?"


def measure_numbers(text: str) -> list[str]:
    """The number behind every «มาตรการที่» in `text`, as printed."""
    word = say("มาตรการที่")
    return _measures(word).findall(text) if word in text else []


def is_printed(text: str, lines: tuple[str, ...] = ()) -> bool:
    """Is this paragraph below a table one that forms print there: a heading, a signature's lines, a dotted line, or one of
    the template's own `lines` (`FormSpec.printed`)?"""
    if lines and _lines(lines).fullmatch(squeeze(text)):
        return True
    return _printed(say("มาตรการที่|ลงชื่อ|ลงนาม|ตำแหน่ง|วันที่|ผู้รายงาน|ผู้รับรอง|หมายเหตุ :")).match(text) is not None


def page_word() -> str:
    """«หน้า», as it stands before a page's number."""
    return say("หน้า")


def page_number(text: str) -> str | None:
    """The number in a text that is nothing but a page number («หน้า ๒», «๒/๔», «- 2 -»), as printed."""
    found = _page(page_word()).fullmatch(text)
    return found[1] if found else None


@lru_cache(maxsize=4)
def _measures(word: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(word)}\s*([๐-๙0-9]+)")


@lru_cache(maxsize=4)
def _printed(listed: str) -> re.Pattern[str]:
    # a note's head ends in a colon, with or without a space before it
    starts = (re.escape(word.removesuffix(" :")) + (r"\s*:" if word.endswith(" :") else "") for word in listed.split("|"))
    return re.compile("|".join((*starts, r"\(.*\)$", r".*[.…_]{6}")))


@lru_cache(maxsize=16)
def _lines(lines: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(".*".join(map(re.escape, line.split(WILD))) for line in lines))


@lru_cache(maxsize=4)
def _page(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{re.escape(word)}(?:ที่)?\s*)?{_NUMBER}")
