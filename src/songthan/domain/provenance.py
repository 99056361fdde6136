"""The way of everything in a bundle, in words: which mail, whose, when, which file, where in the report.

Pure; read from the manifest (which the director's signature covers) and the chain of records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from songthan.domain.bundles import AnswerSource, Exhibit, Manifest, MessageSource
from songthan.domain.language import digits, moment_words

__all__ = ["Sheet", "Source", "records_in_words", "sources_of", "unused"]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One file of a mail and the answers read from it."""

    sha256: str
    answers: tuple[AnswerSource, ...]

    def places(self) -> list[str]:
        """«แถว ๑.๑ หน้า ๒ (๕ คำตอบ)»: where its answers stand, in their order."""
        counted: dict[tuple[str, int], int] = {}
        for answer in self.answers:
            where = answer.row or answer.field.rpartition(".")[0] or answer.field
            counted[where, answer.page] = counted.get((where, answer.page), 0) + 1
        return [
            f"{'แถว ' if any(a.row == where for a in self.answers) else ''}{where} {_page(page)} ({digits(count)} คำตอบ)"
            for (where, page), count in counted.items()
        ]


@dataclass(frozen=True, kw_only=True)
class Source:
    """One received mail and what it brought into the report."""

    message: MessageSource
    sheets: tuple[Sheet, ...]
    exhibits: tuple[Exhibit, ...]

    def in_words(self) -> list[str]:
        """A headline and one line for every file."""
        mail = self.message
        whose = f"{mail.whose} ({mail.sender})" if mail.whose else mail.sender
        lines = [f"จดหมายของ {whose} ได้รับ {moment_words(mail.received)} sha256 {mail.sha256} {mail.message_id}".rstrip()]
        lines += [f"   แบบรายงาน sha256 {sheet.sha256}: {' · '.join(sheet.places())}" for sheet in self.sheets]
        lines += [
            f"   หลักฐานที่ {digits(e.number)} {e.name} ({e.path}) sha256 {e.sha256}: "
            + (_page(e.page) if e.page else "ดูแฟ้มในชุดเอกสาร")
            for e in self.exhibits
        ]
        return lines

    def as_json(self) -> dict[str, object]:
        mail = self.message
        return {
            "message_sha256": mail.sha256,
            "message_id": mail.message_id,
            "sender": mail.sender,
            "whose": mail.whose,
            "received": mail.received.isoformat(),
            "files": [
                {
                    "sha256": sheet.sha256,
                    "answers": [
                        {"field": a.field, "row": a.row, "page": a.page, "value_sha256": a.value_sha256}
                        for a in sheet.answers
                    ],
                }
                for sheet in self.sheets
            ],
            "exhibits": [
                {"number": e.number, "path": e.path, "name": e.name, "sha256": e.sha256, "page": e.page}
                for e in self.exhibits
            ],
        }


def _page(page: int) -> str:
    return f"หน้า {digits(page)}" if page else "ไม่ได้ระบุหน้า"


def sources_of(manifest: Manifest) -> tuple[Source, ...]:
    """Every mail of the manifest in the order it came, with its files, answers and exhibits in theirs."""
    found = []
    for message in manifest.messages:
        mine = [a for a in manifest.answers if a.message_sha256 == message.sha256]
        files = dict.fromkeys(a.attachment_sha256 for a in mine)
        found.append(
            Source(
                message=message,
                sheets=tuple(
                    Sheet(sha256=f, answers=tuple(a for a in mine if a.attachment_sha256 == f)) for f in files
                ),
                exhibits=tuple(e for e in manifest.exhibits if e.message_sha256 == message.sha256),
            )
        )
    return tuple(found)


def unused(manifest: Manifest) -> tuple[MessageSource, ...]:
    """Mails the manifest names and nothing rests on (an answer that was replaced, evidence not taken in)."""
    return tuple(s.message for s in sources_of(manifest) if not s.sheets and not s.exhibits)


def records_in_words(chain: Sequence[Mapping[str, object]]) -> list[str]:
    """What became of the report after the freeze: signature, time-stamp, submission, receipt."""
    words = []
    for link in chain:
        facts = dict(link["data"])  # type: ignore[call-overload]
        match link["step"]:
            case "signature":
                words.append(
                    f"จดหมายที่นำลายมือชื่อมา ได้รับ {_moment(facts.get('received'))} sha256 {facts.get('message_sha256')}"
                )
            case "pen":
                words.append(
                    f"จดหมายที่นำหน้าลงนามด้วยปากกามา ได้รับ {_moment(facts.get('received'))} sha256 {facts.get('message_sha256')} "
                    f"ยืนยันโดย {facts.get('confirmed_by')} เมื่อ {_moment(facts.get('confirmed_at'))}"
                )
            case "lasting":
                words.append(f"ประทับเวลาแล้ว {_moment(facts.get('at'))} ระดับ {facts.get('level')}")
            case "submission":
                words.append(f"จดหมายส่งรายงาน {facts.get('message_id')} มีแฟ้ม {' '.join(map(str, facts.get('sent') or ()))}")
            case "receipt":
                words.append(f"เลขรับ {facts.get('number')}")
    return words


def _moment(text: object) -> str:
    return moment_words(datetime.fromisoformat(str(text)))
