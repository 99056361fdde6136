"""Finding a person of the roster by what somebody typed. Pure; when more than one fits, nobody is guessed."""

from __future__ import annotations

from songthan.domain.errors import UsageError
from songthan.domain.plans import Member, Roster
from songthan.domain.thai import squeeze

__all__ = ["find_member"]

#: So many names an error lists.
_MOST_NAMES = 8


def find_member(roster: Roster, text: str, *, where: str) -> Member:
    """The member `text` names: a member's id, a seat's id, an address, or a part of the name that only one has.

    UsageError (with `where`) lists who fits when several do, and says how to find the right word when nobody does.
    """
    wanted = squeeze(text)
    by_id = {m.id: m for m in roster.members} | {s.id: roster.member(s.member) for s in roster.seats}
    if found := by_id.get(wanted.lower()) or roster.by_address(wanted):
        return found
    fits = [m for m in roster.members if wanted and wanted in squeeze(m.full_name)]
    if len(fits) == 1:
        return fits[0]
    if fits:
        names = ", ".join(f"{m.id} {m.full_name}" for m in fits[:_MOST_NAMES]) + (" …" if len(fits) > _MOST_NAMES else "")
        raise UsageError(f"«{text}» ตรงกับหลายคน: {names}", where=where, remedy="ระบุรหัส (เช่น m04) หรือชื่อและนามสกุลให้ตรงคนเดียว")
    raise UsageError(
        f"ไม่พบ «{text}» ในรายชื่อคณะทำงาน",
        where=where,
        remedy="ใช้รหัสบุคคล (m04) รหัสตำแหน่ง (s04) ที่อยู่อีเมล หรือส่วนหนึ่งของชื่อ ตามแฟ้ม roster.toml ของแผน หากเป็นคนใหม่ให้เพิ่มในแฟ้มนั้นก่อน",
    )
