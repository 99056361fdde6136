"""What Outlook wraps: the files inside a winmail.dat become parts of the mail, and a .msg file becomes a mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from songthan.adapters.parse_headers import Headers, parameters, split_headers
from songthan.adapters.parse_mime import MAX_PARTS, MAX_WRAPPER, Content, Part, Tree
from songthan.adapters.parse_msg import NotMsg, open_msg
from songthan.adapters.parse_tnef import SIGNATURE as TNEF
from songthan.adapters.parse_tnef import NotTnef, open_tnef
from songthan.adapters.parse_wrapped_file import WrappedFile

TNEF_TYPE = "application/ms-tnef"


def unwrap(tree: Tree) -> Tree:
    """The same mail with the files of every winmail.dat after it; the defect «tnef-unreadable» where something stays inside."""
    parts: list[Part] = []
    defects = set(tree.defects)
    words = any(p.type in ("text/plain", "text/html") and not p.name and p.content.longest for p in tree.parts)
    for part in tree.parts:
        parts.append(part)
        if part.content.head(4) != TNEF:
            if part.type in (TNEF_TYPE, "application/vnd.ms-tnef"):
                defects.add("tnef-unreadable")
            continue
        try:
            opened = open_tnef(part.data if part.content.longest <= MAX_WRAPPER else b"")
        except NotTnef:
            defects.add("tnef-unreadable")
            continue
        if not opened.complete or any(f.data.startswith(TNEF) and not f.is_message for f in opened.files):
            defects.add("tnef-unreadable")
        if not words:
            parts += _words(opened.text, opened.html)
        parts += [_file(file, part.name or "winmail.dat") for file in opened.files]
    if len(parts) > 2 * MAX_PARTS:
        defects.add("too-many-parts")
    return replace(tree, parts=tuple(parts[: 2 * MAX_PARTS]), defects=frozenset(defects))


def tree_of_msg(data: bytes, mime: Callable[[bytes], Tree]) -> Tree:
    """An Outlook file as a mail taken apart. `mime` takes a MIME text apart: what a signed mail is kept as, or the file itself
    when there is no message of Outlook's in it."""
    try:
        opened = open_msg(data)
    except NotMsg:
        return mime(data)
    headers, _ = split_headers(opened.headers, 0, len(opened.headers), top=True)
    kind, params = parameters(headers.get("content-type") or "multipart/mixed")
    defects = set() if opened.complete else {"msg-broken"}
    parts = _words(opened.text, opened.html)
    if len(opened.files) == 1 and opened.files[0].type.startswith("multipart/"):
        signed = mime(opened.files[0].data)
        parts, defects = list(signed.parts), defects | signed.defects
    else:
        parts += [_file(file, "") for file in opened.files]
    return Tree(
        headers=headers,
        type=kind,
        params=params,
        parts=tuple(parts),
        containers=frozenset(),
        defects=frozenset(defects),
    )


def tree_of_tnef(data: bytes) -> Tree:
    """A winmail.dat that lies there by itself, as a mail without headers."""
    part = _part(TNEF_TYPE, data, name="winmail.dat", disposition="attachment")
    return unwrap(
        Tree(
            headers=Headers(fields=()),
            type=TNEF_TYPE,
            params={},
            parts=(part,),
            containers=frozenset(),
            defects=frozenset(),
        )
    )


def _words(text: str, html: bytes) -> list[Part]:
    if text.strip():
        return [_part("text/plain", text.encode("utf-8", "replace"))]
    return [_part("text/html", html)] if html.strip() else []


def _file(file: WrappedFile, wrapper: str) -> Part:
    name = f"{wrapper} › {file.name}" if wrapper and file.name else file.name or wrapper
    fields = (("content-id", file.content_id),) if file.content_id else ()
    return _part(file.type or "application/octet-stream", file.data, name=name, disposition="attachment", fields=fields,
                 role="message" if file.is_message else "")  # fmt: skip


def _part(
    kind: str,
    data: bytes,
    *,
    name: str = "",
    disposition: str = "",
    fields: tuple[tuple[str, str], ...] = (),
    role: str = "",
) -> Part:
    return Part(headers=Headers(fields=fields), type=kind, params={"charset": "utf-8"} if kind == "text/plain" else {},
                disposition=disposition, name=name, parent=TNEF_TYPE, alternative=0, content=Content(data, 0, len(data)),
                role=role)  # fmt: skip
