"""The text inside a cell: HTML fragments, bullets, words broken at line ends, passwords, numbers and dates.

Nothing here knows any one plan: spaces are judged by how the same letters stand elsewhere in the same document.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import lru_cache

from songthan.adapters.import_dates import MONTH, SPELLED, D
from songthan.domain.thai import to_arabic_digits, to_thai_digits

__all__ = ["D", "Spacing", "bare", "has_password", "items_of", "lead_number", "numbers", "one_line"]

_BLOCK = re.compile(r"</?(?:ul|ol|li|p|div|br|tr|td|th|table|tbody|thead|h[1-6])\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_PASSWORD = re.compile(r"\(?\s*(?:password|passwd|รหัสผ่าน)\s*[:=]?\s*\S+?\s*(?:\)|(?=\s|$))", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-–—•▪●○*·➢✓]|\uf0b7|\uf02d)\s+|^\s*[•▪●\uf0b7-]\s*(?=[ก-๙“\"(])")
_INNER = re.compile(r"\s+(?:[-–—•▪●]|\uf0b7)\s+")
_NUMBERED = re.compile(rf"(?<!\S)(?:\(([{D}]{{1,2}})\)|([{D}]{{1,2}})\))\s*(?=\S)")
_DOTTED = re.compile(rf"(?<!\S)([{D}]{{1,2}})\.\s+(?=[ก-๎A-Za-z“])")
#: «๑ มกราคม - ๓๑ มีนาคม ๒๕๖๗», «ต.ค. - ธ.ค. ๖๖»: the dash of a span, since the first has no year
_MONTH_BEFORE = re.compile(rf"(?:{MONTH})\s?(?:['’]?[{D}]{{2}})?$")
_MONTH_AFTER = re.compile(rf"(?:[{D}]{{1,2}}\s*)?(?:สิ้น)?(?:เดือน\s*)?(?:{MONTH})")
_QUOTES = re.compile(r'"([^"]*)"')


def bare(text: str) -> str:
    """`text` without white space, digits made Thai: what two spellings of one sentence have in common."""
    return to_thai_digits(re.sub(r"\s+", "", text))


def one_line(text: str) -> str:
    """Tags out, entities read, white space single, «ๆ» and curly quotes as an office writes them."""
    text = html.unescape(_TAG.sub(" ", text)).replace("\u00a0", " ").replace("\u200b", "")
    text = _QUOTES.sub(r"“\1”", text)
    text = re.sub(r"(?<=[ก-๎])ๆ", " ๆ", text)
    text = re.sub(r"ๆ(?=[ก-๎])", "ๆ ", text)
    return " ".join(text.split())


def has_password(text: str) -> bool:
    return bool(_PASSWORD.search(_TAG.sub(" ", text)))


def numbers(text: str) -> list[int]:
    """The whole numbers in `text`, whatever their digits."""
    return [int(n) for n in re.findall(r"[0-9]+", to_arabic_digits(text))]


def lead_number(text: str) -> tuple[str, str, str]:
    """(number in ASCII, its closing sign, the rest) of «๑.๑ กิจกรรม», «๑๓. …», «๒) …», «(๓) …»; number empty when none."""
    text = text.strip()
    if match := re.match(rf"\(([{D}]{{1,2}})\)\s*", text):
        return to_arabic_digits(match[1]), ")", text[match.end() :]
    match = re.match(rf"([{D}]{{1,3}}(?:\s?\.\s?[{D}]{{1,3}})*)\s?([.)]?)(?=\s|$|[ก-๎“(])\s*", text)
    if not match or (not match[2] and "." not in match[1] and text[match.end() :]):
        return "", "", text
    number = to_arabic_digits(re.sub(r"\s", "", match[1]))
    return number, match[2] or ("." if "." in number else ""), text[match.end() :]


def items_of(cell: str, spacing: Spacing | None = None) -> tuple[str, ...]:
    """The sentences of a cell, one a bullet, `<li>`, `<p>`, line or numbered piece; bullets lose their dash, numbers stay."""
    text = html.unescape(_BLOCK.sub("\n", cell))
    text = _PASSWORD.sub(" ", _TAG.sub(" ", text)).replace("\u00a0", " ")
    found: list[str] = []
    for line in text.split("\n"):
        line = " ".join(line.split())
        for piece in _bulleted(line):
            found += [p for p in _counted(piece) if p]
    lines = [one_line(p) for p in found]
    return tuple(spacing.mend(p) if spacing else p for p in lines if re.search(rf"[ก-๎A-Za-z{D}]", p))


def _bulleted(line: str) -> Iterator[str]:
    """Parts of a line at « - »; a dash between two numbers is a span, unless a whole date follows a year."""
    bulleted = bool(_BULLET.match(line))
    line = _BULLET.sub("", line)
    start = 0
    for match in _INNER.finditer(line):
        before, after = line[start : match.start()], line[match.end() :]
        a_span = re.search(rf"[{D}%]$", before) and re.match(rf"[{D}]", after)
        if a_span and not (bulleted and re.search(rf"[2๒][5๕][{D}]{{2}}$", before) and SPELLED.match(after)):
            continue
        if _MONTH_BEFORE.search(before) and _MONTH_AFTER.match(after):
            continue
        yield before.strip()
        start = match.end()
    yield line[start:].strip()


def _counted(piece: str) -> Iterator[str]:
    """Parts of a piece at «๑) … ๒) …» or «๑. … ๒. …», when the numbers go up by one from the first."""
    marks = list(_NUMBERED.finditer(piece))
    values = [int(to_arabic_digits(m[1] or m[2])) for m in marks]
    if not marks or values != list(range(values[0], values[0] + len(values))) or (marks[0].start() and values[0] != 1):
        marks = _dotted(piece)
    cuts = [m.start() for m in marks if m.start()]
    for start, end in zip([0, *cuts], [*cuts, len(piece)], strict=True):
        yield piece[start:end].strip()


def _dotted(piece: str) -> list[re.Match[str]]:
    """«๑. … ๒. …»: two or more in a row from one; «ข้อ ๓.» alone is no list."""
    run: list[re.Match[str]] = []
    for match in _DOTTED.finditer(piece):
        if int(to_arabic_digits(match[1])) == len(run) + 1:
            run.append(match)
    return run if len(run) > 1 else []


#: words that lean on the next one: official Thai puts no space after them, a line end does
_LEANS = re.compile("(?:และ|หรือ|ของ|ให้|ซึ่ง|ความ|เกี่ยวกับ|ร่วมกับ|เพื่อ|โดย|สามารถ|ใน)$")


class Spacing:
    """Takes out the spaces a line end left inside words: a space goes where the same letters stand joined elsewhere in
    the document more often than parted, and after a word that leans on the next. With no evidence it stays.

    `running` is the text outside tables: there a space is meant. Without it (Word, whose cells have no line ends) the
    spaces of the whole document count as evidence.
    """

    def __init__(self, document: str, running: str | None = None) -> None:
        self._line_ends = running is not None
        self._joined = lru_cache(maxsize=20000)(_plain(document).count)
        self._parted = lru_cache(maxsize=20000)(_plain(document if running is None else running).count)

    def mend(self, text: str) -> str:
        pieces = text.split(" ")
        out = pieces[0]
        for piece in pieces[1:]:
            out += piece if self._belongs(out, piece) else " " + piece
        return out

    def _belongs(self, left: str, right: str) -> bool:
        a, b = re.search(r"[ก-๎]+$", left), re.match(r"[ก-๎]+", right)
        if not a or not b or left.endswith(("ฯ", "ๆ")):
            return bool(re.search(r"\S/$", left) and b)
        for width in (9, 7, 5, 4):
            head, tail = a[0][-width:], b[0][:width]
            joined, parted = self._joined(head + tail), self._parted(f"{head} {tail}")
            if joined != parted:
                return joined > parted
            if joined:
                return True
        return self._line_ends and bool(_LEANS.search(a[0]))


def _plain(text: str) -> str:
    return "\n".join(one_line(line) for line in _BLOCK.sub("\n", text).split("\n"))
