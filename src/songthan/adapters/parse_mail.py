"""Takes a raw mail apart: `parse_job` runs in the sandbox, `SandboxedMailParser` turns its answer into a Message.

Everything in the answer is a stranger's text made harmless for display; it is never a path, a template or a header.
"""

from __future__ import annotations

import email.utils
import hashlib
import mmap
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from songthan.adapters.parse_authentication import OwnServer, authentication
from songthan.adapters.parse_defects import DEFECTS
from songthan.adapters.parse_headers import Headers, addresses, decode_words, message_ids, split_headers
from songthan.adapters.parse_kinds import kind_of
from songthan.adapters.parse_mime import MAX_WRAPPER, Part, Tree, take_apart
from songthan.adapters.parse_msg import SIGNATURE as OUTLOOK_FILE
from songthan.adapters.parse_smime import open_signed
from songthan.adapters.parse_text import decode, display_name, html_text, one_line, plain_body
from songthan.adapters.parse_tnef import SIGNATURE as TNEF
from songthan.adapters.parse_types import Sniffed, role_of, sniff
from songthan.adapters.parse_wrapped import TNEF_TYPE, tree_of_msg, tree_of_tnef, unwrap
from songthan.domain.errors import LedgerError
from songthan.domain.messages import Attachment, Message
from songthan.domain.thai import canonical

if TYPE_CHECKING:
    from songthan.adapters.sandbox import Keep, Kept

__all__ = ["DEFECTS", "JOB", "SandboxedMailParser", "parse_job"]

JOB = "songthan.adapters.parse_mail:parse_job"

_ENVELOPE = 256 << 10
_KEPT_HEADERS = 200
#: Bytes of one text part that are looked at, and bytes of files that are taken out of one mail.
_BODY_BYTES = 4_000_000
_FILES_BYTES = 64 << 20
_LOGO_BYTES = 100 << 10
_SMALL_PICTURE = 20 << 10


def parse_job(payload: bytes | mmap.mmap | memoryview, args: dict) -> tuple[dict, list[bytes]]:
    """The sandbox's job: `payload` is the raw mail, `args` holds `authserv_id`, `own_addresses` and `internal_servers`.

    The answer is the Message's fields as JSON values; `attachments[i]["blob"]` is an index into the byte strings.
    """
    tree = _tree(payload if isinstance(payload, (bytes, mmap.mmap)) else bytes(payload))
    defects = set(tree.defects)
    answer = envelope(tree.headers, OwnServer.of(args), defects)
    body, cids = _body(tree, defects)
    kind = kind_of(
        tree,
        sender=answer["sender"],
        name=answer["sender_name"],
        subject=canonical(answer["subject"]),
        body=canonical(body),
        own={str(a).lower() for a in args.get("own_addresses", ())},
        to=answer["to"],
        proven=answer["authentication"] == "pass",
    )
    blobs: list[bytes] = []
    attachments = _attachments(tree, cids, defects, blobs, meeting=kind.kind == "meeting")
    if any(part.content.broken for part in tree.parts):
        defects.add("broken-encoding")
    answer |= {
        "body": body,
        "kind": kind.kind,
        "auto": kind.auto,
        "bounced_address": kind.bounced_address,
        "bounced_message_id": kind.bounced_message_id,
        "bounce_status": kind.bounce_status,
        "attachments": attachments,
        "defects": sorted(defects),
    }
    return answer, blobs


def _tree(raw: bytes | mmap.mmap) -> Tree:
    """The mail in `raw` taken apart; files in which Windows keeps a mail (.msg, winmail.dat, «Unicode» text) count as one."""
    if raw[:8] == OUTLOOK_FILE and len(raw) <= MAX_WRAPPER:
        return tree_of_msg(bytes(raw), _mime)
    if raw[:4] == TNEF and len(raw) <= MAX_WRAPPER:
        return tree_of_tnef(bytes(raw))
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _mime(raw[:_FILES_BYTES].decode("utf-16", "replace").encode("utf-8", "replace"))
    return _mime(raw)


def _mime(raw: bytes | mmap.mmap) -> Tree:
    return unwrap(take_apart(raw, open_signed=open_signed))


def envelope(headers: Headers, server: OwnServer, defects: set[str]) -> dict:
    """Sender, recipients, subject, identities and the authentication verdict; what is off goes to `defects`."""
    senders = [pair for value in headers.all("from")[:20] for pair in addresses(value, limit=20)]
    unnamed = not senders
    if unnamed:
        senders = addresses(headers.get("sender"), limit=1)
    name, sender = senders[0] if senders else ("", "")
    if not sender:
        defects.add("no-sender")
    verdict, defect = authentication(headers, server, sender)
    several = len({address for _, address in senders}) > 1
    if several:
        defects.add("several-senders")
    if verdict == "pass" and (several or unnamed):
        # The server speaks of one From address: not of one among several, and not of a Sender.
        verdict = "none"
    if defect:
        defects.add(defect)
    ids = message_ids(headers.all("message-id"))
    if not ids:
        defects.add("no-message-id")
    elif len(headers.all("message-id")) > 1:
        defects.add("several-message-ids")
    if not _good_date(headers.get("date")):
        defects.add("bad-date")
    to = [a for n in ("to", "cc") for value in headers.all(n)[:20] for _, a in addresses(value)]
    replied = message_ids([*headers.all("in-reply-to"), *(_reversed(v) for v in headers.all("references"))])
    return {
        "sender": sender,
        "sender_name": name,
        "to": list(dict.fromkeys(to))[:1000],
        "subject": one_line(decode_words(headers.get("subject")[:8000], defects)),
        "message_id": ids[0] if ids else "",
        "in_reply_to": replied,
        "authentication": verdict,
        "headers": [[n, one_line(decode_words(v[:4000]), 2000)] for n, v in headers.fields[:_KEPT_HEADERS]],
    }


def _reversed(references: str) -> str:
    """The newest reference first."""
    return " ".join(reversed(references.split()))


def _good_date(value: str) -> bool:
    try:
        return email.utils.parsedate_to_datetime(value[:200]) is not None
    except (ValueError, TypeError, IndexError, OverflowError):
        return False


def _is_body(part: Part) -> bool:
    if part.type not in ("text/plain", "text/html") or part.disposition == "attachment":
        return False
    return not part.name or (
        part.disposition == "inline" and part.name.lower().startswith(("untitled", "part", "att0"))
    )


def _body(tree: Tree, defects: set[str]) -> tuple[str, frozenset[str]]:
    """The words of the mail, and the Content-IDs its HTML shows. Plain text wins inside a multipart/alternative."""
    texts: list[tuple[int, str, str]] = []
    cids: set[str] = set()
    for part in tree.parts:
        if not _is_body(part):
            continue
        text = decode(part.content.head(_BODY_BYTES), part.params.get("charset"), defects)
        if part.type == "text/html":
            cids.update(_shown(text))
            text = html_text(text, defects)
        else:
            text = plain_body(text, defects)
        texts.append((part.alternative, part.type, text))
    plain = {alternative for alternative, kind, text in texts if kind == "text/plain" and text.strip()}
    chosen = [t for a, kind, t in texts if t.strip() and not (a and kind == "text/html" and a in plain)]
    return plain_body("\n\n".join(chosen), defects), frozenset(cids)


def _shown(source: str) -> list[str]:
    pieces = source[:1_000_000].lower().split("cid:")[1:1000]
    return [piece[:200].split('"')[0].split("'")[0].split(">")[0].split(" ")[0].strip() for piece in pieces]


def _attachments(
    tree: Tree, cids: frozenset[str], defects: set[str], blobs: list[bytes], *, meeting: bool
) -> list[dict]:
    """What is attached, with the part it plays; the bytes go to `blobs`. The event of a `meeting` is no file of its own."""
    found: list[dict] = []
    known: dict[bytes, int] = {}

    def add(name: str, sniffed: Sniffed, role: str, data: bytes) -> None:
        key = hashlib.sha256(data).digest()
        if key not in known:
            known[key] = len(blobs)
            blobs.append(data)
        found.append({"name": display_name(name, len(found) + 1), "type": sniffed.type, "role": role,
                      "blob": known[key], "size": len(data)})  # fmt: skip

    left = _FILES_BYTES
    for part in tree.parts:
        if _is_body(part) or (part.type == "text/calendar" and not part.name):
            continue
        if part.content.longest * 3 // 4 > left:
            defects.add("too-big")
            continue
        data = part.data
        left -= len(data)
        sniffed = _sniffed(part, data)
        defects |= sniffed.defects
        role = part.role or role_of(sniffed, declared=part.type, inline=_is_inline(part, sniffed, cids, len(data)))
        if part.parent == "multipart/report" and role == "message":
            # what a report or a receipt speaks of comes along: it is our own mail, or its headers
            role = "delivery-status"
        if meeting and part.type in ("text/calendar", "application/ics") and role == "evidence":
            role = "inline"
        if "encrypted" in tree.defects and part.type.endswith("pkcs7-mime"):
            role = "evidence"
        add(part.name, sniffed, role, data)
        for name, data in sniffed.files:
            inner = sniff(data, "application/octet-stream", name)
            defects |= inner.defects
            if inner.type == TNEF_TYPE:
                defects.add("tnef-unreadable")
            add(f"{part.name} › {name}", inner, role_of(inner, declared="", inline=False), data)
    return found


def _sniffed(part: Part, data: bytes) -> Sniffed:
    """By content, but a mail in the mail, a report or a signature keeps the type it was declared with."""
    if part.type.startswith("message/") or part.type in ("text/rfc822-headers", "application/pkcs7-signature",
                                                         "application/x-pkcs7-signature"):  # fmt: skip
        return Sniffed(type=part.type)
    return sniff(data, part.type, part.name)


def _is_inline(part: Part, sniffed: Sniffed, cids: frozenset[str], size: int) -> bool:
    """A logo or another picture that belongs to the text; a big pasted picture may be a scanned answer and is not."""
    if "pkcs7-signature" in part.type:
        return True
    if not sniffed.type.startswith("image/"):
        return False
    if part.content_id and part.content_id in cids:
        return size <= _LOGO_BYTES
    return part.disposition != "attachment" and bool(part.content_id) and size <= _SMALL_PICTURE


class _Runs(Protocol):
    def run(self, job: str, payload: Path, args: dict, *, keep: Keep) -> tuple[dict, list[Kept]]: ...


class SandboxedMailParser:
    """`ports.MessageParser`: parses in the sandbox; when that fails, reads the first headers here and says so.

    `authserv_id` names our own server in its Authentication-Results, `internal_servers` our Exchange servers (see
    `parse_authentication.OwnServer`); `own_addresses` are our mailbox's.
    """

    def __init__(
        self,
        *,
        sandbox: _Runs,
        authserv_id: str,
        own_addresses: Collection[str],
        internal_servers: Collection[str] = (),
    ) -> None:
        self._sandbox = sandbox
        self._own = sorted({a.lower() for a in own_addresses})
        self._args = {
            "authserv_id": authserv_id, "own_addresses": self._own, "internal_servers": sorted(internal_servers),
        }  # fmt: skip

    def parse(self, raw: Path, *, received: datetime, keep: Keep) -> Message:
        """The message in the file `raw`; attachments go through `keep` in pieces, whose errors alone come through.

        Neither the mail nor a file of it is ever whole in this process.
        """
        with open(raw, "rb") as file:
            first = file.read(_ENVELOPE)
            file.seek(0)
            sha256, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
        try:
            answer, kept = self._sandbox.run(JOB, raw, self._args, keep=keep)
            fields, files = _checked(answer, kept)
        except LedgerError:
            raise
        except Exception:  # the parser may die of anything a stranger sends; the mail must still be held
            fields, files = self._cheap(first), []
        attachments = tuple(
            Attachment(name=f["name"], type=f["type"], sha256=blob.name, size=blob.size, role=f["role"]) for f, blob in files
        )
        return Message(sha256=sha256, received=received, size=size, attachments=attachments, **fields)

    def _cheap(self, first: bytes) -> dict:
        """What the first headers tell, with bounded, linear work."""
        defects = {"parser-failed"}
        headers, _ = split_headers(first, 0, len(first), top=True)
        answer = envelope(headers, OwnServer.of(self._args), defects)
        if answer["sender"] in self._own and answer["authentication"] == "pass":
            answer |= {"kind": "own", "auto": True}
        return _fields({**answer, "defects": sorted(defects)})


_TEXTS = ("sender", "sender_name", "subject", "message_id", "body", "bounced_address", "bounced_message_id",
          "bounce_status")  # fmt: skip
_KINDS = frozenset({"mail", "bounce", "auto-reply", "receipt", "meeting", "own"})


def _checked(answer: dict, blobs: Sequence[Kept]) -> tuple[dict, list[tuple[dict, Kept]]]:
    """The worker's answer believed only in the shape it should have; ValueError, KeyError… otherwise."""
    files = []
    for item in answer["attachments"]:
        entry = {key: str(item[key]) for key in ("name", "type", "role")}
        files.append((entry, blobs[int(item["blob"])]))
    return _fields(answer), files


def _fields(answer: dict) -> dict:
    """The keyword arguments of a Message out of the worker's JSON."""
    fields: dict = {key: str(answer.get(key, "")) for key in _TEXTS}
    verdict, kind = answer["authentication"], answer.get("kind", "mail")
    if verdict not in ("pass", "fail", "none") or kind not in _KINDS:
        raise ValueError("unexpected answer of the mail parser")
    return fields | {
        "authentication": verdict,
        "kind": kind,
        "auto": bool(answer.get("auto", False)),
        "to": tuple(str(a) for a in answer.get("to", ())),
        "in_reply_to": tuple(str(a) for a in answer.get("in_reply_to", ())),
        "headers": tuple((str(n), str(v)) for n, v in answer.get("headers", ())),
        "defects": tuple(str(d) for d in answer.get("defects", ())),
    }
