"""What click says of a wrong use, in Thai."""

from __future__ import annotations

import re

import click

_SAID: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (r"(?:File|Directory|Path|File or directory) '(?P<x>.*)' does not exist\.", "ไม่มีแฟ้มหรือโฟลเดอร์ «{x}»"),
        (r"(?:File|Path) '(?P<x>.*)' is a directory\.", "«{x}» เป็นโฟลเดอร์ ต้องระบุแฟ้ม"),
        (r"(?:Directory|Path) '(?P<x>.*)' is a file\.", "«{x}» เป็นแฟ้ม ต้องระบุโฟลเดอร์"),
        (r"\w+(?: or directory)? '(?P<x>.*)' is not (?:readable|writable)\.", "ไม่มีสิทธิใช้ «{x}»"),
        (r"'?(?P<x>.*?)'? is not a valid (?:integer|float)(?: range)?\.", "«{x}» ไม่ใช่จำนวน"),
        (r"(?P<x>\S+) is not in the range (?P<y>.*)\.", "{x} ไม่อยู่ในช่วง {y}"),
        (r"'(?P<x>.*)' is not one of (?P<y>.*)\.", "«{x}» ไม่ใช่ค่าที่เลือกได้ ({y})"),
        (r"No such command '(?P<x>.*)'\..*", "ไม่มีคำสั่ง {x}"),
        (r"Missing command\.", "ยังไม่ได้ระบุคำสั่งย่อย"),
        (r"Got unexpected extra arguments? \((?P<x>.*)\)", "มีคำเกินมา: {x} (ข้อความที่มีเว้นวรรคต้องอยู่ในเครื่องหมายคำพูด)"),
        (r"Option '(?P<x>.*)' requires (?:an argument|\d+ arguments)\.", "ต้องมีค่าต่อจาก {x}"),
        (r"Option '(?P<x>.*)' does not take a value\.", "{x} ไม่ต้องมีค่าต่อท้าย"),
    )
)  # fmt: skip


def usage_words(error: click.UsageError) -> str:
    """The Thai of a click error; what click says itself where there is none (errors of ours are Thai already)."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and isinstance(error.ctx, click.Context):
        # its message is the whole help, which one line cannot hold
        group = error.ctx.command
        words = group.list_commands(error.ctx) if isinstance(group, click.Group) else []
        return f"ยังไม่ได้ระบุคำสั่งย่อย ({', '.join(words)})"
    if isinstance(error, click.NoSuchOption):
        near = f" (อาจหมายถึง {', '.join(sorted(error.possibilities))})" if error.possibilities else ""
        return f"ไม่มีตัวเลือก {error.option_name}{near}"
    if isinstance(error, click.MissingParameter):
        return f"ยังไม่ได้ระบุ {_name(error)}"
    text = " ".join((error.message or "").split())
    for pattern, words in _SAID:
        if found := pattern.fullmatch(text):
            text = words.format(**found.groupdict())
            break
    return f"{_name(error)}: {text}" if isinstance(error, click.BadParameter) and _name(error) else text


def _name(error: click.BadParameter) -> str:
    """Which option or argument the error is about: «--from», «FILE»."""
    hint = error.param_hint
    if hint is None and error.param is not None:
        hint = error.param.get_error_hint(error.ctx)  # type: ignore[arg-type]
    return ", ".join(hint) if isinstance(hint, (list, tuple)) else (hint or "").replace("'", "")
