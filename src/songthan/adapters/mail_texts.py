"""The words of our letters: Jinja2 templates of `templates/mail`, made into a subject, a plain text and an HTML part.

A template `<kind>.txt` starts with the line `subject: …`, a blank line, then the text in a light plain layout:
paragraphs are parted by blank lines, a line starting with `- ` is an item of a list. The HTML part is made from the
finished text, so both parts always say the same; `layout.html` wraps it. There are no pictures and no links.

What members wrote is data: every string of the context loses its line breaks, control and direction-changing
characters before the template sees it, templates are never made from it, and the HTML part escapes the whole text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from songthan.domain.errors import RenderError
from songthan.domain.language import digits, phrase, say

__all__ = ["KINDS", "PRACTICE_LINE", "SUBJECT_LIMIT", "MailTexts"]

KINDS = (
    "request", "reminder", "please_correct", "receipt", "director", "registry", "need_file", "not_valid",
    "hold_notice", "bounce_notice", "alarm", "digest", "duties", "duty_changed", "sign", "receipt_request",
    "pen_again",
)  # fmt: skip
PRACTICE_LINE = phrase("(ระบบซ้อม: จดหมายนี้อยู่ในเซิร์ฟเวอร์ซ้อม ไม่ได้ส่งออกจริง)")
SUBJECT_LIMIT = 255  # characters; Exchange refuses a longer subject
_SUBJECT = "subject: "
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


class MailTexts:
    """The letters in `folder`. `compose` is pure: the same kind and context give the same letter."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)
        options = {
            "loader": jinja2.FileSystemLoader(self._folder),
            "undefined": jinja2.StrictUndefined,
            "trim_blocks": True,
            "lstrip_blocks": True,
        }
        # Plain text must not carry `&amp;`: the text is escaped once, as a whole, when it becomes HTML.
        self._text = SandboxedEnvironment(autoescape=False, **options)
        self._text.filters.update(th=digits, day=_day)
        self._html = SandboxedEnvironment(autoescape=True, **options)

    def compose(self, kind: str, context: Mapping[str, object]) -> tuple[str, str, str]:
        """(subject, text, html) of a letter of this kind; the folder's README lists each context.

        With a true `context["practice"]` the letter ends with `PRACTICE_LINE`. RenderError when the kind is unknown,
        the template is broken, or the context lacks a name or holds a value that is not text, number, list or mapping.
        """
        where = f"{self._folder.name}/{kind}.txt"
        if kind not in KINDS:
            raise RenderError(
                f"ไม่รู้จักจดหมายชนิด «{one_line(kind)}»", where=where, remedy=f"ใช้ชนิดใดชนิดหนึ่ง: {', '.join(KINDS)}"
            )
        rendered = self._render(self._text, f"{kind}.txt", _plain(context, where=where))
        head, _, body = rendered.strip().partition("\n")
        if not head.startswith(_SUBJECT):
            raise RenderError("บรรทัดแรกของแม่แบบจดหมายไม่ใช่ «subject: …»", where=where, remedy="แก้บรรทัดแรกของแม่แบบ")
        subject = one_line(head.removeprefix(_SUBJECT))
        if len(subject) > SUBJECT_LIMIT:
            subject = subject[: SUBJECT_LIMIT - 1] + "…"
        text = _BLANK_LINES.sub("\n\n", body.strip()) + "\n"
        if context.get("practice"):
            text += f"\n{say(PRACTICE_LINE)}\n"
        page = self._render(self._html, "layout.html", {"subject": subject, "body": Markup(_as_html(text))})
        return subject, text, page

    def _render(self, environment: SandboxedEnvironment, name: str, context: Mapping[str, object]) -> str:
        where = f"{self._folder.name}/{name}"
        try:
            return environment.get_template(name).render(context)
        except jinja2.TemplateSyntaxError as error:
            raise RenderError(
                f"แม่แบบจดหมายเขียนผิดไวยากรณ์: {error.message}",
                where=f"{where}:{error.lineno}",
                remedy="แก้แม่แบบในบรรทัดที่ระบุ",
            ) from error
        except jinja2.TemplateNotFound as error:
            raise RenderError(
                f"ไม่พบแม่แบบจดหมาย {error.name}", where=where, remedy="วางแฟ้มแม่แบบไว้ในโฟลเดอร์ templates/mail"
            ) from error
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            raise RenderError(
                f"เติมข้อมูลลงแม่แบบจดหมายไม่ได้: {error}", where=where, remedy="ตรวจชื่อข้อมูลที่แม่แบบเรียกใช้"
            ) from error


def one_line(text: str) -> str:
    """`text` on one line: white space runs are one space; control and direction-changing characters are dropped.

    ZWJ, ZWNJ and ZWSP stay: Thai text uses them to say where a line may break.
    """
    kept = (" " if c in "\r\n\t\v\f\x85\u2028\u2029" else c for c in text)
    return " ".join("".join(c for c in kept if c in "\u200b\u200c\u200d" or not _unwanted(c)).split())


def _unwanted(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs")


def _plain(value: object, *, where: str) -> object:
    """A copy of the context that holds nothing but one-line strings, numbers, lists and mappings."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item, where=where) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_plain(item, where=where) for item in value]
    raise RenderError(
        f"ข้อมูลของจดหมายเป็นชนิดที่ใช้ไม่ได้ ({type(value).__name__})", where=where, remedy="ส่งเป็นข้อความ ตัวเลข รายการ หรือแผนผัง"
    )


def _day(text: str) -> str:
    """A date as it follows «ภายใน»: «๑๕ มีนาคม ๒๕๖๖» gets «วันที่ » before it unless a weekday already does."""
    return text if text.startswith("วัน") else say("วันที่ {text}", text=text)


def _as_html(text: str) -> str:
    """Paragraphs and lists of the plain layout; everything is escaped, nothing is read as mark-up or made a link."""
    out: list[str] = []
    for block in text.strip().split("\n\n"):
        lines: list[str] = []
        points: list[str] = []
        for line in block.split("\n"):
            if line.startswith("- "):
                points.append(html.escape(line[2:].strip()))
            elif points:
                points[-1] += f"<br>\n{html.escape(line.strip())}"
            else:
                lines.append(html.escape(line.strip()))
        if lines:
            out.append("<p>" + "<br>\n".join(lines) + "</p>")
        if points:
            out.append("<ul>\n" + "\n".join(f"<li>{p}</li>" for p in points) + "\n</ul>")
    return "\n".join(out)
