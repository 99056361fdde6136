"""What a new version of a report says otherwise than the one the director had before, from the two manifests. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from songthan.domain.bundles import Manifest
from songthan.domain.forms import split_field_id
from songthan.domain.language import digits, say
from songthan.domain.plans import Deadline
from songthan.steps.office import Office
from songthan.steps.signing_officer import manifest_of

_MOST = 12


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """The version of before, why it was withdrawn, and what is otherwise now, a line each."""

    version: int
    reason: str
    changes: tuple[str, ...]


def replaced_by(office: Office, deadline: Deadline, version: int) -> Replaced | None:
    """The withdrawn version that `version` stands for; None when there is none.

    The newest one that lay before the same signer: of the acting director's version the director knows nothing.
    """
    rows = [b for b in office.ledger.bundles.all(deadline.id) if b["folder"] and int(str(b["version"])) <= version]
    by_version = {int(str(b["version"])): b for b in rows}
    # one that still counts beside it is replaced by nothing
    void = sorted((v for v, b in by_version.items() if v < version and b["void"]), reverse=True)
    if not void or version not in by_version:
        return None
    new, *olds = (manifest_of(office, by_version[v]) for v in (version, *void))
    before, old = next(((v, m) for v, m in zip(void, olds, strict=True) if _signer(m) == _signer(new)), (void[0], olds[0]))
    reasons = [c.reason for c in office.ledger.changes.all() if c.deadline == deadline.id and c.kind == "reopen"]
    lines = list(dict.fromkeys(_lines(office, deadline, old, new))) or [say("เนื้อหาของรายงานและหลักฐานเหมือนฉบับเดิมทุกประการ")]
    if len(lines) > _MOST:
        more = say("และอีก {number} รายการ", number=digits(len(lines) - _MOST))
        lines = [*lines[:_MOST], more]
    return Replaced(version=before, reason=reasons[-1] if reasons else "", changes=tuple(lines))


def _signer(manifest: Manifest) -> str:
    return manifest.signature.signer if manifest.signature else ""


def _lines(office: Office, deadline: Deadline, old: Manifest, new: Manifest) -> Iterator[str]:
    was = {a.field: a.value_sha256 for a in old.answers}
    now = {a.field: a.value_sha256 for a in new.answers}
    # in the order of the report, each row once
    for field in dict.fromkeys([*now, *was]):
        if was.get(field) != now.get(field):
            yield _answer(office, deadline, field)
    had, has = ({(e.sha256, e.name) for e in m.exhibits} for m in (old, new))
    for exhibit in new.exhibits:
        if (exhibit.sha256, exhibit.name) not in had:
            yield say("หลักฐานที่เพิ่ม: {name} (หลักฐานที่ {number})", name=exhibit.name, number=digits(exhibit.number))
    for exhibit in old.exhibits:
        if (exhibit.sha256, exhibit.name) not in has:
            yield say("หลักฐานที่ไม่ใช้แล้ว: {name}", name=exhibit.name)
    if _signer(old) and _signer(new) and _signer(old) != _signer(new):
        yield say("ผู้ลงนาม: {name}", name=_signer(new))


def _answer(office: Office, deadline: Deadline, field: str) -> str:
    form, colon, rest = field.partition(":")
    row, _ = split_field_id(rest if colon else field)
    activity = next((a for a in office.plan.activities if a.id == row), None)
    if activity is not None:
        return say("กิจกรรมที่ {number} {title}", number=activity.number, title=activity.title)
    spec = office.forms.get(form if colon else deadline.forms[0])
    return spec.short or spec.title if spec else field
