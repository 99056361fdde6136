"""What every drawn page shares: an SVG head with the official face inside, ink, text, hatching.

Lengths are tenths of a millimetre. Everything is in the file; where the face was not given the reader's machine shows the
nearest Thai one. Shapes and hatching differ as well as colours: an office prints black and white.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape

from songthan.commands.paper import fold
from songthan.domain.language import current

__all__ = ["BLUE", "FAINT", "INK", "LETTER", "RED", "RULE", "hatching", "lines_of", "page", "text"]

INK, FAINT, RED, RULE, BLUE = "#1f2933", "#7b8794", "#c92a2a", "#d9dee3", "#0b4f6c"
#: Width of a letter of TH SarabunPSK, as a part of its size (0.36-0.40 measured over the year's words, digits 0.45).
LETTER = 0.4


def page(width: int, height: int, *, title: str, paper: str, fonts: Mapping[str, bytes]) -> str:
    """The head of a page of `paper` («A3 landscape»). `fonts`: weight («normal», «bold») → TrueType bytes to put into the file."""
    faces = "".join(
        f"@font-face{{font-family:'TH SarabunPSK';font-weight:{weight};src:url(data:font/ttf;base64,"
        f"{base64.b64encode(data).decode()}) format('truetype')}}"
        for weight, data in sorted(fonts.items())
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width // 10}mm" height="{height // 10}mm" viewBox="0 0 {width} {height}" '
        f'lang="{current().code}">\n<title>{escape(title)}</title>\n'
        f"<style>{faces}@page{{size:{paper};margin:0}}svg{{display:block}}text{{font-family:'TH SarabunPSK',"
        f"'TH Sarabun New',Sarabun,Laksaman,Loma,'Noto Sans Thai',sans-serif;fill:{INK};white-space:pre}}"
        f".b{{font-weight:bold}}</style>\n"
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    )


def hatching(name: str, colour: str) -> str:
    """A pattern of slanting lines, to be used as `fill="url(#name)"`."""
    return (
        f'<defs><pattern id="{name}" width="14" height="14" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="14" height="14" fill="#ffffff"/><rect width="6" height="14" fill="{colour}"/></pattern></defs>\n'
    )


def lines_of(words: str, width: float, size: float, most: int) -> list[str]:
    """`words` in at most so many lines of `width`; what is left out ends in «…»."""
    columns = max(4, int(width / (size * LETTER)))
    lines = fold(words, columns).split("\n")
    if len(lines) > most:
        lines = [*lines[: most - 1], fold(lines[most - 1], columns - 1).split("\n")[0] + "…"]
    return lines


def text(
    x: float, y: float, words: str, *, size: float, bold: bool = False, anchor: str = "start", fill: str = INK
) -> str:
    """One line of words; `y` is the line they stand on."""
    attributes = ' class="b"' if bold else ""
    if anchor != "start":
        attributes += f' text-anchor="{anchor}"'
    if fill != INK:
        attributes += f' style="fill:{fill}"'
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size:.0f}"{attributes}>{escape(words)}</text>\n'
