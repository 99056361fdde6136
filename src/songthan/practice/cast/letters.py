"""Mail as the actors see and write it (Python's email package; RFC 5322, 2231, 3834)."""

import contextlib
import hashlib
import html
import re
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import format_datetime

from songthan.practice.cast.script import foreign

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TYPES = {"docx": DOCX, "pdf": "application/pdf", "jpg": "image/jpeg"}
MONTHS = (
    "มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน",
    "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม",
)  # fmt: skip
# long Message-IDs must stay one word: a short line limit makes Python encode them
POLICY = SMTP.clone(max_line_length=900)
_WITHIN = re.compile(
    r"ภายใน(?:วัน\S*?ที่|วันที่)?\s*([0-9๐-๙]{1,2})\s*(" + "|".join(MONTHS) + r")\s*(?:พ\.ศ\.)?\s*([0-9๐-๙]{4})"
)
_BY = re.compile(r"\bby (?:[A-Z][a-z]+day )?([0-9]{4}-[0-9]{2}-[0-9]{2})\b")
_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A received mail: `sender` lower case, `files` (name, bytes) of every attachment, `text` without HTML marks."""

    key: str
    sender: str
    reply_to: str
    subject: str
    message_id: str
    references: tuple[str, ...]
    text: str
    files: tuple[tuple[str, bytes], ...]

    @property
    def internal(self) -> date | None:
        """The earliest date after «ภายใน» in subject or text, or after «by» as 2027-03-16: with several duties in one letter,
        the one that presses."""
        text = f"{self.subject}\n{self.text}"
        found = []
        for day, month, year in _WITHIN.findall(text):
            with contextlib.suppress(ValueError):
                found.append(
                    date(int(year.translate(_DIGITS)) - 543, MONTHS.index(month) + 1, int(day.translate(_DIGITS)))
                )
        for iso in _BY.findall(text):
            with contextlib.suppress(ValueError):
                found.append(date.fromisoformat(iso))
        return min(found, default=None)


def read_letter(key: str, raw: bytes) -> Letter:
    """Read a mail; what cannot be read is empty."""
    message = message_from_bytes(raw, policy=default)
    sender = _address(message, "From")
    return Letter(
        key=key,
        sender=sender,
        reply_to=_address(message, "Reply-To") or sender,
        subject=" ".join(str(message.get("Subject", "")).split()),
        message_id=str(message.get("Message-ID", "")).strip(),
        references=tuple(f"{message.get('References', '')} {message.get('In-Reply-To', '')}".split()),
        text=_text(message),
        files=tuple(_files(message)),
    )


def _address(message: EmailMessage, name: str) -> str:
    header = message.get(name)
    addresses = getattr(header, "addresses", ())
    return addresses[0].addr_spec.lower() if addresses else ""


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        text = part.get_content()
    except (KeyError, LookupError, MessageError):
        return ""
    if part.get_content_subtype() == "html":
        text = html.unescape(re.sub(r"<[^>]+>", " ", text))
    return text


def _files(message: EmailMessage):
    for part in message.walk():
        name = part.get_filename()
        content = None if part.is_multipart() or not name else part.get_payload(decode=True)
        if content:
            yield name, content


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A mail to be written. `name` and `address` are the sender's; `text` or, for a phone, `html` only."""

    name: str
    address: str
    to: str
    subject: str
    at: datetime
    message_id: str
    text: str = ""
    html: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


def write(draft: Draft) -> bytes:
    """The MIME bytes, CRLF."""
    message = EmailMessage(policy=POLICY)
    for name, value in draft.headers:
        message[name] = value
    message["From"] = Address(draft.name, addr_spec=draft.address)
    message["To"] = Address(addr_spec=draft.to)
    message["Subject"] = draft.subject
    message["Date"] = format_datetime(draft.at)
    message["Message-ID"] = draft.message_id
    if draft.in_reply_to:
        message["In-Reply-To"] = draft.in_reply_to
        message["References"] = " ".join(dict.fromkeys((*draft.references, draft.in_reply_to)))
    if draft.html:
        message.set_content(draft.html, subtype="html", cte="base64")
    else:
        message.set_content(draft.text, cte="base64")
    for name, content in draft.files:
        main, _, sub = TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream").partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def message_id(seed: int, intent: str, address: str, place: int = 0) -> str:
    """The Message-ID of an act's mail: the same whenever the act is tried again."""
    digest = hashlib.sha256(f"{seed}|{intent}|{place}".encode()).hexdigest()[:24]
    return f"<cast-{digest}@{address.rpartition('@')[2]}>"


def reply_subject(subject: str) -> str:
    """«Re: » before the subject, once."""
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def thai_date(day: date) -> str:
    """«๑๖ มีนาคม ๒๕๖๖»; in another office's play «2027-03-16»."""
    if foreign():
        return day.isoformat()
    digits = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
    return f"{day.day} {MONTHS[day.month - 1]} {day.year + 543}".translate(digits)
