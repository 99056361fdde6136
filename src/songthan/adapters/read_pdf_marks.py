"""What the text layer of a PDF page leaves out: letters struck out by a rule, raised beside others, and pictures.

Runs inside the sandbox. The text layer says nothing of it; the rules and places on the page do.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pdfplumber

from songthan.adapters.read_layout_text import FORMATTED, PICTURE
from songthan.adapters.read_pdf_text import Glyph, PageText

__all__ = ["marked"]

_FOOT = 0.88  # of the page's height
_RULE = 2.0  # points: the thickest rule that strikes out
_SMALL = 0.75  # a raised letter's box, of its neighbour's
_LOW, _HIGH = 0.12, 0.45  # where a striking rule stands above the base line, of the letter's size


def marked(page: pdfplumber.page.Page, text: PageText) -> PageText:
    """The page's characters, FORMATTED before each that is struck out or raised, and PICTURE where a picture stands."""
    struck = _struck(page, text) | _raised(text)
    glyphs = tuple(replace(g, text=FORMATTED + g.text) if n in struck else g for n, g in enumerate(text.glyphs))
    return replace(text, glyphs=(*glyphs, *_pictures(page)))


def _pictures(page: pdfplumber.page.Page) -> Iterator[Glyph]:
    """One character in the middle of each picture; the QR at the page's foot is none."""
    height = float(page.height) + float(page.bbox[1])
    for image in page.images:
        x = (float(image["x0"]) + float(image["x1"])) / 2
        down = (float(image["top"]) + float(image["bottom"])) / 2
        if down < _FOOT * height:
            yield Glyph(text=PICTURE, x0=x, x1=x, y=height - down, height=1.0)


def _struck(page: pdfplumber.page.Page, text: PageText) -> set[int]:
    rules = [rule for rule in (*page.lines, *page.rects, *page.curves) if _is_rule(rule)]
    if not rules:
        return set()
    height = float(page.height) + float(page.bbox[1])
    # pdfplumber knows each letter's size and base line, pdfium its text.
    chars = sorted((float(c["matrix"][5]), n) for n, c in enumerate(page.chars))
    found: set[int] = set()
    for rule in rules:
        y = height - (float(rule["top"]) + float(rule["bottom"])) / 2
        at = bisect_left(chars, (y - 30.0, 0))
        while at < len(chars) and chars[at][0] < y:
            base, number = chars[at]
            char = page.chars[number]
            middle = (float(char["x0"]) + float(char["x1"])) / 2
            through = _LOW < (y - base) / max(float(char["size"]), 1.0) < _HIGH
            if through and float(rule["x0"]) - 0.5 <= middle <= float(rule["x1"]) + 0.5:
                found.update(_at(text, middle, base))
            at += 1
    return found


def _at(text: PageText, x: float, y: float) -> Iterator[int]:
    """The characters whose box holds this point of the base line."""
    for number, glyph in enumerate(text.glyphs):
        if abs(glyph.y - y) < 1.0 and glyph.x0 - 0.5 <= x <= glyph.x1 + 0.5 and glyph.text[0].isalnum():
            yield number


def _is_rule(thing: Mapping[str, object]) -> bool:
    across = float(thing["x1"]) - float(thing["x0"])  # type: ignore[arg-type]
    return across > 1.0 and float(thing["bottom"]) - float(thing["top"]) < _RULE  # type: ignore[arg-type]


def _raised(text: PageText) -> set[int]:
    """Small letters right beside a larger one, their base line moved by a part of it."""
    found: set[int] = set()
    for number, (one, other) in enumerate(zip(text.glyphs, text.glyphs[1:], strict=False)):
        for small, large, at in ((other, one, number + 1), (one, other, number)):
            if _is_beside(small, large):
                found.add(at)
    return found


def _is_beside(small: Glyph, large: Glyph) -> bool:
    moved = abs(small.y - large.y)
    near = min(abs(small.x0 - large.x1), abs(large.x0 - small.x1)) < 0.35 * large.height
    inked = small.text[0].isalnum() and large.text[0].isalnum() and not (small.made or large.made)
    return inked and near and small.height < _SMALL * large.height and 0.1 * large.height < moved < 1.2 * large.height
