"""A message's header block handled as bytes, so that what a client wrote stays as it wrote it (RFC 5322, 2047)."""

import re
from email.errors import HeaderParseError
from email.header import Header, decode_header
from email.utils import getaddresses, parseaddr

NEWLINE = re.compile(rb"\r\n|\r|\n")
FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
ALIASES = {"windows-874": "cp874", "x-windows-874": "cp874", "tis620": "tis-620", "iso-8859-11": "iso8859-11"}

Fields = list[tuple[str, bytes]]


def split(raw: bytes) -> tuple[Fields, bytes]:
    """Header fields as (lower-case name, whole lines with CRLF) and the body. Line ends become CRLF everywhere, so
    that a lone CR cannot hide a header from us and show it to the next reader. A line that is no header ends them."""
    if not raw.count(b"\r\n") == raw.count(b"\r") == raw.count(b"\n"):
        raw = NEWLINE.sub(b"\r\n", raw)
    if raw.startswith(b"From "):
        raw = raw.partition(b"\r\n")[2]
    fields: Fields = []
    position = 0
    while position < len(raw):
        end = raw.find(b"\r\n", position)
        line = raw[position:] if end < 0 else raw[position:end]
        after = len(raw) if end < 0 else end + 2
        if not line:
            return fields, raw[after:]
        if line[:1] in b" \t" and fields:
            fields[-1] = (fields[-1][0], fields[-1][1] + line + b"\r\n")
        elif match := FIELD.match(line):
            fields.append((match[1].decode("ascii").lower(), line + b"\r\n"))
        else:
            return fields, raw[position:]
        position = after
    return fields, b""


def join(fields: Fields, body: bytes) -> bytes:
    """The message again."""
    return b"".join(line for _, line in fields) + b"\r\n" + body


def text_of(line: bytes) -> str:
    """A field's value, unfolded, still encoded; raw 8-bit is read as UTF-8, else as windows-874."""
    value = line.partition(b":")[2].replace(b"\r\n", b"").strip()
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp874", "replace")


def first(fields: Fields, name: str) -> str | None:
    """The first such field's value (unfolded, still encoded) or None."""
    return next((text_of(line) for key, line in fields if key == name), None)


def without(fields: Fields, *names: str) -> Fields:
    """The fields but those named."""
    return [entry for entry in fields if entry[0] not in names]


def with_field(fields: Fields, name: str, line: bytes | None) -> Fields:
    """Put the line in the place of the first such field (or at the end); None takes all of them away."""
    kept, placed = [], line is None
    for entry in fields:
        if entry[0] != name.lower():
            kept.append(entry)
        elif not placed:
            kept.append((name.lower(), line))
            placed = True
    return kept if placed else [*kept, (name.lower(), line)]


def decoded(value: str) -> str:
    """RFC 2047 words to text; what cannot be decoded stays as it is. Never raises."""
    if "=?" not in value:
        return value
    try:
        return storable("".join(_decoded_part(part, charset) for part, charset in decode_header(value)))
    except (HeaderParseError, ValueError, LookupError):
        return value


def _decoded_part(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    if charset is None:
        # decode_header gives plain runs between encoded words back as raw-unicode-escape bytes
        return part.decode("raw-unicode-escape", "replace")
    return to_text(part, charset)


def storable(text: str) -> str:
    """Text without lone surrogates, which neither SQLite nor a UTF-8 file takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def to_text(content: bytes, charset: str | None) -> str:
    """Bytes to text by a charset name as mail writes it; unknown or wrong ones fall back to UTF-8 and windows-874."""
    wanted = (charset or "utf-8").strip().strip("'\"").lower()
    for name in (ALIASES.get(wanted, wanted), "utf-8", "cp874"):
        try:
            return storable(content.decode(name))
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return content.decode("utf-8", "replace")


def addresses(fields: Fields, name: str) -> list[list[str]]:
    """All [display name, address] pairs of a header; what is no address is left out."""
    values = [text_of(line) for key, line in fields if key == name]
    try:
        pairs = getaddresses(values)
    except (ValueError, IndexError, TypeError):
        pairs = [parseaddr(value) for value in values]
    return [[decoded(person), address.strip()] for person, address in pairs if "@" in address]


def text_line(name: str, value: str) -> bytes:
    """One header line of text, RFC 2047 encoded and folded when it must be."""
    value = " ".join(value.split("\r")).replace("\n", " ")
    if value.isascii() and len(name) + len(value) < 900:
        return f"{name}: {value}\r\n".encode("ascii")
    charset = "us-ascii" if value.isascii() else "utf-8"
    encoded = Header(value, charset, header_name=name).encode(linesep="\r\n")
    return f"{name}: {encoded}\r\n".encode("ascii")


def address_line(name: str, pairs: list[list[str]]) -> bytes:
    """One header line of addresses, one a line."""
    shown = ",\r\n ".join(_mailbox(person, address) for person, address in pairs)
    return f"{name}: {shown}\r\n".encode()


def _mailbox(person: str, address: str) -> str:
    address = re.sub(r"[\r\n<> ]", "", address)
    person = person.replace("\r", " ").replace("\n", " ").strip()
    if not person:
        return f"<{address}>"
    if person.isascii():
        quoted = person.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return Header(person, "utf-8").encode(linesep="\r\n") + f" <{address}>"
