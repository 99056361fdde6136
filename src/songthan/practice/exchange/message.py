"""Raw messages: what is in them (head, bodies, attachments) and how the server builds or changes them (MIME)."""

import hashlib
import re
import secrets
from base64 import encodebytes
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from html import escape
from html.parser import HTMLParser
from urllib.parse import quote

from songthan.practice.exchange import headers

ADDRESS_HEADERS = {"from": "From", "sender": "Sender", "to": "To", "cc": "Cc", "bcc": "Bcc", "reply_to": "Reply-To"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One attachment: `kind` is file or item (a message inside), `place` its number in the message from 0."""

    kind: str
    name: str
    type: str
    content: bytes
    content_id: str | None = None
    inline: bool = False

    @property
    def sha256(self) -> str:
        """Hex digest of the content."""
        return hashlib.sha256(self.content).hexdigest()


def read_head(raw: bytes) -> dict:
    """The facts a mailbox shows and searches without opening the message; never raises."""
    fields, _ = headers.split(raw)
    head: dict = {key: headers.addresses(fields, name.lower()) for key, name in ADDRESS_HEADERS.items()}
    head["subject"] = headers.decoded(headers.first(fields, "subject") or "")
    head["message_id"] = headers.first(fields, "message-id")
    head["in_reply_to"] = headers.first(fields, "in-reply-to")
    head["references"] = headers.first(fields, "references")
    head["importance"] = (headers.first(fields, "importance") or "Normal").strip().capitalize()
    if head["importance"] not in ("Low", "Normal", "High"):
        head["importance"] = "Normal"
    head["categories"] = []
    head["sensitivity"] = "Normal"
    content_type = (headers.first(fields, "content-type") or "").lower()
    report = content_type.startswith("multipart/report") and "delivery-status" in content_type
    head["item_class"] = "REPORT.IPM.Note.NDR" if report else "IPM.Note"
    return head


def read_parts(raw: bytes) -> list[Part]:
    """The attachments in their order; a message too broken or too deep to walk has none."""
    try:
        return [part for _, _, part in _attachments(message_from_bytes(raw))]
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, KeyError):
        return []


def read_bodies(raw: bytes) -> dict[str, str]:
    """{"text": ..., "html": ...} as far as the message has them."""
    bodies: dict[str, str] = {}
    try:
        for _, part in _leaves(message_from_bytes(raw)):
            kind = {"text/plain": "text", "text/html": "html"}.get(part.get_content_type())
            if kind and kind not in bodies and not _is_attachment(part):
                content = part.get_payload(decode=True) or b""
                charset = part.get_param("charset")
                bodies[kind] = headers.to_text(content, charset if isinstance(charset, str) else None)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, KeyError):
        pass
    return bodies


def _leaves(message: Message, parent: Message | None = None):
    """Every part that is no container, with its container; messages inside are not entered."""
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for child in message.get_payload():
            yield from _leaves(child, message)
    else:
        yield parent, message


def _attachments(message: Message):
    for parent, part in _leaves(message):
        kind = part.get_content_type()
        if kind in ("message/delivery-status", "text/rfc822-headers"):
            continue
        if kind == "message/rfc822":
            inner = part.get_payload(0) if part.is_multipart() else None
            content = inner.as_bytes() if inner is not None else (part.get_payload(decode=True) or b"")
            name = _name(part) or read_head(content)["subject"] or "message"
            yield parent, part, Part(kind="item", name=name, type=kind, content=content)
        elif _is_attachment(part):
            yield parent, part, _file(part)


def _is_attachment(part: Message) -> bool:
    disposition = _raw(part, "content-disposition").strip().lower()
    return (
        disposition.startswith("attachment")
        or bool(_name(part))
        or part.get_content_maintype() not in ("text", "multipart", "message")
    )


def _file(part: Message) -> Part:
    content = part.get_payload(decode=True)
    content_id = _raw(part, "content-id").strip().strip("<>") or None
    inline = _raw(part, "content-disposition").strip().lower().startswith("inline")
    name = _name(part) or "attachment"
    return Part(
        kind="file",
        name=name,
        type=part.get_content_type(),
        content=content or b"",
        content_id=content_id,
        inline=inline,
    )


def _raw(part: Message, name: str) -> str:
    """A part's header as text, raw 8-bit bytes read as UTF-8 or windows-874 (Message.get would lose them)."""
    for key, value in part.raw_items():
        if key.lower() == name:
            return headers.text_of(b":" + str(value).encode("utf-8", "surrogateescape"))
    return ""


def _name(part: Message) -> str:
    probe = Message()
    for name in ("content-disposition", "content-type"):
        if value := _raw(part, name):
            probe[name] = value
    found = probe.get_filename()
    return headers.storable(headers.decoded(found)).strip() if found else ""


class _PlainText(HTMLParser):
    """Text of an HTML body: blocks and <br> end lines, scripts and styles are left out."""

    BLOCKS = frozenset({"p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol", "blockquote"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag in ("script", "style", "head"):
            self._hidden += 1
        elif tag == "br":
            self.pieces.append("\n")
        elif tag in ("td", "th"):
            self.pieces.append("\t")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "head"):
            self._hidden = max(0, self._hidden - 1)
        elif tag in self.BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(re.sub(r"\s+", " ", data))


def html_to_text(html: str) -> str:
    """The plain text that stands beside an HTML body."""
    parser = _PlainText()
    parser.feed(html)
    parser.close()
    lines = [line.strip() for line in "".join(parser.pieces).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def text_to_html(text: str) -> str:
    """An HTML body for a message that has only text."""
    return f"<html><body><pre>{escape(text)}</pre></body></html>"


def body_entity(body: str, body_type: str) -> tuple[headers.Fields, bytes]:
    """Content headers and content of a body: text/plain, or text/plain + text/html as multipart/alternative."""
    if body_type.lower() != "html":
        return _text_entity("plain", body)
    boundary = new_boundary()
    parts = [_text_entity("plain", html_to_text(body)), _text_entity("html", body)]
    inner = b"".join(b"--" + boundary + b"\r\n" + headers.join(*part) for part in parts)
    return [_content_type(b"multipart/alternative", boundary)], inner + b"--" + boundary + b"--\r\n"


def _text_entity(kind: str, text: str) -> tuple[headers.Fields, bytes]:
    content = re.sub(r"\r\n|\r|\n", "\r\n", text).encode("utf-8", "replace")
    fields = [
        ("content-type", f"Content-Type: text/{kind}; charset=utf-8\r\n".encode()),
        ("content-transfer-encoding", b"Content-Transfer-Encoding: base64\r\n"),
    ]
    return fields, _base64(content)


def add_part(raw: bytes, part: Part) -> bytes:
    """The message with one more attachment at its end; everything that was there keeps its bytes."""
    fields, body = headers.split(raw)
    entity = _attachment_entity(part)
    boundary = _mixed_boundary(raw)
    closing = b"--" + boundary + b"--" if boundary else b""
    place = body.rfind(b"\r\n" + closing) + 2 if boundary else 1
    if boundary and (place > 1 or body.startswith(closing)):
        place = place if place > 1 else 0
        return headers.join(fields, body[:place] + b"--" + boundary + b"\r\n" + entity + body[place:])
    boundary = new_boundary()
    content = [entry for entry in fields if entry[0].startswith("content-")]
    outer = [entry for entry in fields if not entry[0].startswith("content-")]
    outer = headers.with_field(outer, "mime-version", b"MIME-Version: 1.0\r\n")
    outer.append(_content_type(b"multipart/mixed", boundary))
    inner = b"--" + boundary + b"\r\n" + headers.join(content, body)
    inner += (b"" if inner.endswith(b"\r\n") else b"\r\n") + b"--" + boundary + b"\r\n" + entity
    return headers.join(outer, inner + b"--" + boundary + b"--\r\n")


def remove_part(raw: bytes, place: int) -> bytes:
    """The message without its attachment number `place`."""
    message = message_from_bytes(raw)
    for number, (parent, part, _) in enumerate(_attachments(message)):
        if number == place and parent is not None:
            parent.set_payload([child for child in parent.get_payload() if child is not part])
            return headers.NEWLINE.sub(b"\r\n", message.as_bytes())
    return raw


def with_body(raw: bytes, body: str, body_type: str) -> bytes:
    """The message with another body and the same attachments."""
    fields, _ = headers.split(raw)
    content, entity = body_entity(body, body_type)
    kept = [entry for entry in fields if not entry[0].startswith("content-")]
    kept = headers.with_field(kept, "mime-version", b"MIME-Version: 1.0\r\n")
    changed = headers.join([*kept, *content], entity)
    for part in read_parts(raw):
        changed = add_part(changed, part)
    return changed


def _attachment_entity(part: Part) -> bytes:
    safe = part.name.replace("\r", " ").replace("\n", " ")
    kind = part.type if re.fullmatch(r"[\w.+-]+/[\w.+-]+", part.type, re.ASCII) else "application/octet-stream"
    disposition = "inline" if part.inline else "attachment"
    if part.kind == "item":
        head = f"Content-Type: message/rfc822\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
        return head + headers.NEWLINE.sub(b"\r\n", part.content) + b"\r\n"
    word = headers.text_line("X", safe).partition(b": ")[2].strip().decode("ascii")
    word = word.replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        f'Content-Type: {kind};\r\n name="{word}"',
        f"Content-Disposition: {disposition};\r\n filename*=utf-8''{quote(safe, safe='')}",
        "Content-Transfer-Encoding: base64",
    ]
    if part.content_id:
        lines.append("Content-ID: <" + re.sub(r"[\s<>]", "", part.content_id) + ">")
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + _base64(part.content)


def _mixed_boundary(raw: bytes) -> bytes | None:
    fields, _ = headers.split(raw)
    probe = Message()
    probe["Content-Type"] = headers.first(fields, "content-type") or "text/plain"
    boundary = probe.get_boundary() if probe.get_content_type() == "multipart/mixed" else None
    return boundary.encode("utf-8") if boundary else None


def _content_type(kind: bytes, boundary: bytes) -> tuple[str, bytes]:
    return "content-type", b"Content-Type: " + kind + b';\r\n boundary="' + boundary + b'"\r\n'


def new_boundary() -> bytes:
    """A MIME boundary that no body holds."""
    return b"_songthan_" + secrets.token_hex(12).encode("ascii") + b"_"


def _base64(content: bytes) -> bytes:
    return encodebytes(content).replace(b"\n", b"\r\n") or b"\r\n"
