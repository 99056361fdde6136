"""Bytes of a stranger's mail to text a person may safely see: charsets, HTML, names for display.

Nothing here raises for bad input; what was off is added to `defects` (codes listed in `parse_mail.DEFECTS`).
"""

from __future__ import annotations

import codecs
import html
import re
import unicodedata

from songthan.domain.language import say

MAX_BODY = 200_000
"""Characters of body text kept."""

_THAI = re.compile(r"^(x-)?(windows-?874|cp-?874|ms-?874|ibm-?874|tis-?620(-\d+)?|iso-?8859-11)$")
# Only real charsets of mail: Python's other codecs (rot13, punycode, unicode_escape…) are slow or surprising.
_KNOWN = re.compile(
    r"^(utf-?(8|16|32)([-_]?(le|be|sig))?|iso[-_]?8859[-_]\d+|iso[-_]?2022[-_]\w+|latin[-_]?\d|cp\d+|windows-?\d+|"
    r"koi8[-_]?\w|big5\w*|gb(k|2312|18030)|hz|shift[-_]jis|s?jis|euc[-_]\w+|mac\w+)$"
)
_LATIN = frozenset({"iso8859-1", "cp1252"})


def codec_of(charset: str | None) -> str | None:
    """Python's name of a charset as mail writes it; «utf-8» for none and for ASCII, None when there is no such one.

    TIS-620, ISO-8859-11 and windows-874 in all their spellings are read as cp874, which holds all of them.
    """
    name = (charset or "").strip().strip("'\"").lower().partition("*")[0]
    if name in ("", "us-ascii", "ascii", "utf8", "utf-8", "unicode-1-1-utf-8"):
        return "utf-8"
    if _THAI.match(name):
        return "cp874"
    if name in ("utf-7", "unicode-1-1-utf-7"):
        # what Exchange of old wrote its reports in
        return "utf-7"
    if not _KNOWN.match(name):
        return None
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def decode(data: bytes, charset: str | None, defects: set[str]) -> str:
    """`data` as text. UTF-8 that is not UTF-8 is tried as cp874; an unknown charset likewise, with a defect."""
    codec = codec_of(charset)
    if codec is None:
        defects.add("unknown-charset")
        codec = "utf-8"
    if codec in _LATIN and _looks_thai(data):
        defects.add("charset-guessed")
        codec = "cp874"
    try:
        return _clean(data.decode(codec))
    except (UnicodeDecodeError, ValueError):
        pass
    text = data.decode(codec, "replace")
    if codec == "utf-8":
        thai = data.decode("cp874", "replace")
        # A cut-off UTF-8 text has one or two bad places, a Thai 8-bit text has nothing but bad places.
        if thai.count("\ufffd") * 4 < text.count("\ufffd"):
            if charset and codec_of(charset) == "utf-8" and "ascii" not in charset.lower():
                defects.add("charset-guessed")
            return _clean(thai)
    defects.add("undecodable-text")
    return _clean(text)


def _looks_thai(data: bytes) -> bool:
    """True when most letters of a text declared Western European are high bytes, as in 8-bit Thai."""
    sample = data[:20_000]
    high = sum(0xA1 <= b <= 0xFB for b in sample)
    return high >= 4 and high * 2 > sum(b > 0x20 for b in sample)


def _clean(text: str) -> str:
    """Text every JSON and SQLite takes: no NUL, no lone surrogate."""
    if "\x00" in text:
        text = text.replace("\x00", "\u2400")
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def decode_raw(data: bytes) -> str:
    """Raw 8-bit header bytes as text: UTF-8, else cp874, else UTF-8 with replacements (RFC 6532 and its absence)."""
    return decode(data, None, set())


_CONTROLS = {i: chr(0x2400 + i) for i in range(0x20)} | {0x7F: "\u2421"}
_BIDI = {i: f"⟨{i:04X}⟩" for i in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_ODD = {i: "\ufffd" for i in (*range(0x80, 0xA0), 0xFEFF, 0x2028, 0x2029)}
_LINE = _CONTROLS | _BIDI | _ODD
_NAME = _LINE | {ord("/"): "∕", ord("\\"): "⧵"}


def one_line(text: str, limit: int = 1000) -> str:
    """`text` as one harmless line: control and direction marks made visible, at most `limit` characters."""
    return _clean(text.replace("\t", " ")).translate(_LINE).strip()[:limit]


def display_name(text: str, number: int) -> str:
    """An attachment's name for people: never a path; CR, LF, NUL and direction marks visible; «ไฟล์แนบ-N» when empty."""
    name = unicodedata.normalize("NFC", _clean(text)).translate(_NAME).strip().strip(".").strip()
    if len(name) > 180:
        stem, dot, end = name.rpartition(".")
        name = f"{stem[:160]}…{dot}{end}" if dot and len(end) <= 10 else name[:180]
    return name or say("ไฟล์แนบ-{number}", number=number)


def plain_body(text: str, defects: set[str]) -> str:
    """A text/plain body: line ends as newlines, control characters gone, cut at MAX_BODY."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2029", "\n").replace("\u2028", "\n")
    text = re.sub("[\x01-\x08\x0b-\x1f\x7f-\x9f\ufeff]", "", text).translate(_BIDI)
    if len(text) > MAX_BODY:
        defects.add("body-cut")
        text = text[:MAX_BODY]
    return text.strip("\n ")


_BLOCKS = frozenset(
    ("p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "section")
)
_SKIPPED = frozenset(("script", "style", "head", "title", "template", "noscript", "svg", "math", "xml", "object"))
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]{0,30})")
_HREF = re.compile(r"""\bhref\s{0,5}=\s{0,5}["']?(https?://[^\s"'<>]{1,500})""", re.I)
MAX_HTML = 1_000_000


def html_text(source: str, defects: set[str]) -> str:
    """The words of an HTML body, made in one pass over the text: nothing is fetched, run or trusted.

    Blocks become lines, a link keeps its address in <…> after its words, quoted blocks begin with a «> » line.
    """
    if len(source) > MAX_HTML:
        defects.add("body-cut")
        source = source[:MAX_HTML]
    out: list[str] = []
    links: list[str] = []
    endless: set[str] = set()
    at = 0
    while at < len(source):
        opened = source.find("<", at)
        if opened < 0:
            opened = len(source)
        _add_text(out, source[at:opened])
        if opened == len(source):
            break
        at = _tag(source, opened, out, links, endless)
    text = re.sub(r"[ \t]{1,80}\n", "\n", "".join(out))
    return plain_body(re.sub(r"\n{3,}", "\n\n", text), defects)


def _add_text(out: list[str], raw: str) -> None:
    if raw:
        words = re.sub(r"[ \t\r\n\f]+", " ", raw)
        out.append(html.unescape(words).replace("\xa0", " ") if "&" in words else words)


def _tag(source: str, opened: int, out: list[str], links: list[str], endless: set[str]) -> int:
    """Handle what starts at the «<» at `opened`; returns where to go on.

    `endless` remembers element names whose end does not come any more, so that no search is made twice.
    """
    if source.startswith("<!--", opened):
        end = source.find("-->", opened + 4)
        return end + 3 if end >= 0 else len(source)
    match = _TAG.match(source, opened)
    if not match and source[opened + 1 : opened + 2] not in ("!", "?"):
        out.append("<")
        return opened + 1
    end = source.find(">", opened)
    if end < 0:
        # No tag can end any more: the rest is text.
        _add_text(out, source[opened:].replace("<", "‹"))
        return len(source)
    if not match:
        return end + 1
    closing, name = match[1] == "/", match[2].lower()
    if name in _SKIPPED and not closing and name not in endless:
        gone = re.compile(f"</{name}", re.I).search(source, end)
        if gone is None:
            endless.add(name)
            return len(source) if name in ("script", "style") else end + 1
        after = source.find(">", gone.end())
        return after + 1 if after >= 0 else len(source)
    _mark(name, closing, source[opened : min(end, opened + 2000)], out, links)
    return end + 1


def _mark(name: str, closing: bool, tag: str, out: list[str], links: list[str]) -> None:
    if name == "a":
        if closing and links:
            link = links.pop()
            if link and not (out and link in out[-1]):
                out.append(f" <{link}>")
        elif not closing and len(links) < 20:
            found = _HREF.search(tag)
            links.append(html.unescape(found[1]) if found else "")
    elif name == "blockquote" and not closing:
        out.append("\n> \n")
    elif name in _BLOCKS:
        out.append("\n")
    elif name in ("td", "th") and closing:
        out.append("  ")
