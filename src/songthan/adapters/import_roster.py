"""The order that appoints the working group, as roster.toml: numbered seats, roles, the persons as printed.

Addresses are not printed in an order: they are asked for. A seat named by its post alone is held by nobody the order
names; only the officer who signs the order under that same post is taken for its holder, and that is told as a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from songthan.adapters.import_cells import D, bare, lead_number, one_line
from songthan.adapters.import_head import Head
from songthan.adapters.import_source import Paragraph, Source
from songthan.domain.import_notes import Notebook
from songthan.domain.thai import to_arabic_digits, to_thai_digits

__all__ = ["FoundSeat", "build_roster", "find_seats", "give_seats"]

_ROLE = re.compile(
    r"((?:ประธาน|รองประธาน|ที่ปรึกษา|หัวหน้า|รองหัวหน้า|ผู้ช่วยหัวหน้า)?(?:คณะทำงาน|คณะกรรมการ|คณะอนุกรรมการ|อนุกรรมการ|กรรมการ|ที่ปรึกษา|ประธาน)"
    r"(?:ที่ปรึกษา)?(?:\s?และ\s?(?:ผู้ช่วย)?\s?เลขานุการ)?|(?:ผู้ช่วย)?เลขานุการ(?:คณะทำงาน|คณะกรรมการ)?)\s*$"
)
_RANK = (
    r"(?:ว่าที่\s?)?(?:(?:ร้อย|พัน|พล|สิบ|จ่าสิบ|ดาบ|จ่า|นาวา|นาวาอากาศ|เรือ|เรืออากาศ|พันจ่า|พันจ่าอากาศ|พลเรือ|พลอากาศ)(?:ตำรวจ)?"
    r"(?:ตรี|โท|เอก|จัตวา)|ดาบตำรวจ|จ่าสิบตำรวจ)(?:\s?\(?พิเศษ\)?)?(?:\s?หญิง)?"
)
#: «น.ส.», «พ.ต.ท.», «ว่าที่ ร.ต.», «ม.ร.ว.», «ผศ.ดร.»: whoever shortens a title puts dots
_DOTS = r"(?:ว่าที่\s?)?(?:[ก-ฮ]{1,4}\.\s?){1,4}(?:\s?หญิง)?"
_WORDS = (
    r"นางสาว|นาย(?:สัตว)?แพทย์|แพทย์หญิง|ทันตแพทย์(?:หญิง)?|สัตวแพทย์(?:หญิง)?|เภสัชกร(?:หญิง)?|นาย(?!ก(?:เทศ|องค์การ|รัฐ|สภา|สมาคม|เหล่า|สโมสร)|อำเภอ|ทะเบียน|ช่าง|ตรวจ|ด่าน|สถานี)|นาง|คุณ|(?:ผู้ช่วย|รอง)?ศาสตราจารย์|อาจารย์"
    r"|หม่อม(?:หลวง|ราชวงศ์|เจ้า)|(?:Mr|Mrs|Ms|Miss|Dr|Prof)\b\.?"
)
#: titles may follow one another: «รองศาสตราจารย์ ดร.», «พันเอก หม่อมหลวง»
_PREFIX = re.compile(
    rf"^((?:{_RANK}|{_WORDS}|{_DOTS})(?:\s+(?:{_RANK}|{_WORDS})(?=\s)|\s*{_DOTS})*)\s*(?=[ก-ฮเแโใไA-Z])"
)
_POST = re.compile(
    "^(?:ผู้อำนวยการ|นายก|นายอำเภอ|นายทะเบียน|นายช่าง|ปลัด|รองปลัด|คณบดี|อธิการ|ผู้แทน|ผู้จัดการ|สรรพ|ผู้บังคับบัญชา|หัวหน้า|รองผู้|รองหัวหน้า|ผู้ช่วย|เลขานุการ|อธิบดี|รองอธิบดี|ประธาน|นัก|เจ้าพนักงาน|เจ้าหน้าที่|พนักงาน|ลูกจ้าง|เลขาธิการ|นิติกร|วิทยากร|วิศวกร|บรรณารักษ์|พยาบาล|ครู|ช่าง|ที่ปรึกษา)"
)
_FILL = re.compile(r"[.…_]{3,}|\t")
_ENDS = re.compile("อำนาจหน้าที่|หน้าที่และอำนาจ|มีหน้าที่|ทั้งนี้\\s?ตั้งแต่|สั่ง\\s?ณ\\s?วันที่")


@dataclass(frozen=True, kw_only=True)
class FoundSeat:
    """One numbered line of the order: the person or the post, and the role as printed."""

    number: int
    who: str
    role: str
    place: str
    post: str = ""

    @property
    def prefix(self) -> str:
        match = _PREFIX.match(self.who)
        return re.sub(r"(?<=\.)\s+", "", match[1].strip()) if match else ""

    @property
    def name(self) -> tuple[str, str]:
        """Given and family name; empty where the line names a post."""
        match = _PREFIX.match(self.who)
        if not match and (_POST.match(self.who) or " " not in self.who):
            return "", ""
        given, _, family = self.who[match.end() if match else 0 :].strip().partition(" ")
        return given, family.strip()


def find_seats(source: Source, notes: Notebook) -> list[FoundSeat]:
    """The seats, in the order's order; doubts about numbers that skip or stand twice."""
    seats: list[FoundSeat] = []
    lines = _lines_of_order(source, notes)
    printed = {one.number for one in lines}
    for one in lines:
        if seats and any(s.number == one.number for s in seats):
            earlier = next(s for s in seats if s.number == one.number)
            if bare(earlier.who) == bare(one.who):
                continue
            free = one.number + 1 if one.number + 1 not in printed else max(printed) + 1
            printed.add(free)
            said = f"เลขลำดับ {to_thai_digits(one.number)} ซ้ำกันสองบรรทัด บรรทัดหลังให้เลข {to_thai_digits(free)}"
            notes.doubt("numbering", f"คณะทำงาน {to_thai_digits(one.number)}", said, one.place)
            one = replace(one, number=free)
        seats.append(one)
    if not seats:
        notes.ask("roster.toml [[seats]]", "ไม่พบคำสั่งแต่งตั้งคณะทำงานที่มีลำดับและตำแหน่ง คณะทำงานมีผู้ใดบ้าง")
        return []
    missing = sorted(set(range(1, max(s.number for s in seats) + 1)) - {s.number for s in seats})
    if missing:
        gone = ", ".join(map(to_thai_digits, missing))
        notes.doubt("numbering", "คณะทำงาน", f"เลขลำดับในคำสั่งข้าม: ไม่มี {gone}", seats[0].place)
    return seats


def _lines_of_order(source: Source, notes: Notebook) -> list[FoundSeat]:
    """Numbered lines that end with a role, between «ประกอบด้วย» and the duties; the longest such list of the document."""
    runs: list[list[FoundSeat]] = [[]]
    odd: list[tuple[int, int, str, str]] = []

    def take(pieces: Sequence[str], place: str) -> None:
        if found := _seat(pieces, place, after=runs[-1][-1].number if runs[-1] else None):
            runs[-1].append(found)
        elif runs[-1] and (rest := " ".join(_numbered(pieces)[1])) and _PREFIX.match(rest):
            odd.append((len(runs) - 1, int(_numbered(pieces)[0]), rest, place))

    for block in source.blocks:
        if isinstance(block, Paragraph):
            text = one_line(_FILL.sub("  ", block.text)) if block.text else ""
            if text and _ENDS.search(text) and runs[-1]:
                runs.append([])
            else:
                take([p for p in re.split(r"\s{2,}|\t|[.…_]{3,}", block.text) if p.strip()], block.place)
        else:
            for row in block.rows:
                take([one_line(c.text) for c in row.cells if c.text.strip() and not c.merged], row.place)
    best = max(runs, key=len)
    for n, number, who, place in odd if best else ():
        # a number that comes again overleaf was only the catch-word of its page
        if n == runs.index(best) and all(s.number != number for s in best):
            notes.doubt("roster", who[:60], "บรรทัดนี้มีเลขและชื่อ แต่ไม่มีตำแหน่งในคณะทำงาน จึงมิได้นำเข้า", place)
    return best


def _seat(cells: Sequence[str], place: str, *, after: int | None = None) -> FoundSeat | None:
    """The seat a line or row of an order names; None when it is none. Right `after` a seat any post or name is one."""
    number, pieces = _numbered(cells)
    if not number or not pieces or sum(map(len, pieces)) > 200:
        return None
    at = next((n for n in range(len(pieces) - 1, 0, -1) if _ROLE.fullmatch(pieces[n])), len(pieces) - 1)
    role = _ROLE.search(pieces[at])
    if role is None:
        return None
    inner = [x for x in (*pieces[:at], pieces[at][: role.start()].strip(), *pieces[at + 1 :]) if x]
    post = ""
    # number · name · post · role: a whole name needs no second piece
    if (
        len(inner) == 2
        and ((name := _PREFIX.match(inner[0])) or at == 2)
        and (not name or " " in inner[0][name.end() :])
    ):
        post = inner.pop()
    who = " ".join(inner).strip()
    # name and post run on in one line: «นางเก่ง สมมุติ นักวิชาการ…»
    if (
        not post
        and (name := _PREFIX.match(who))
        and (run := re.match(r"\S+\s+\S+\s+(?=(\S+))", who[name.end() :]))
        and _POST.match(run[1])
    ):
        cut = name.end() + run.end()
        who, post = who[:cut].strip(), who[cut:]
    a_name = len(pieces) > 1 and re.fullmatch(r"[ก-ฮเแโใไ][ก-๎]+ [ก-๎]+(?: [ก-๎]+)?", who)
    goes_on = (
        after is not None and int(number) == after + 1 and (len(pieces) > 1 or pieces[at][: role.start()].endswith(" "))
    )
    if not (_PREFIX.match(who) or _POST.match(who) or a_name or goes_on) or not 3 <= len(who) <= 120:
        return None
    return FoundSeat(number=int(number), who=who, role=re.sub(r"\s", "", role[1]), place=place, post=post)


def _numbered(cells: Sequence[str]) -> tuple[str, list[str]]:
    """The number a line begins with, in a cell of its own or not, and the pieces of the rest; empty when none."""
    pieces = [x for x in (one_line(c) for c in cells) if x]
    number, _, rest = lead_number(pieces[0]) if pieces else ("", "", "")
    if (
        not number
        and pieces
        and (match := re.match(rf"([{D}]{{1,2}})\s+", pieces[0]))
        and _PREFIX.match(pieces[0][match.end() :])
    ):
        number, rest = to_arabic_digits(match[1]), pieces[0][match.end() :]
    return (number, [x for x in (rest, *pieces[1:]) if x]) if number.isdigit() else ("", [])


def build_roster(seats: Sequence[FoundSeat], source: Source, head: Head, notes: Notebook) -> dict[str, Any]:
    """roster.toml's tables. What an order does not print is an empty text, and asked for."""
    seats = _one_word(seats, head, notes)
    signer = _signer(source, head)
    table_seats, members = [], []
    for seat in seats:
        sid, mid = f"s{seat.number:02}", f"m{seat.number:02}"
        member = _member(seat, mid, signer, head, notes)
        members.append(member)
        table_seats.append({"id": sid, "number": seat.number, "role": seat.role, "member": mid})
        shown = f"{member['prefix']}{member['given']} {member['family']}".strip() or member["position"]
        notes.row("seat", sid, f"{to_thai_digits(seat.number)}. {shown} — {seat.role}", seat.place)
    office = _office(seats, head, notes)
    for key, text in (
        ("mailbox", "ที่อยู่กล่องจดหมายของคณะทำงานที่ระบบใช้รับส่ง"),
        ("acting_director", "ผู้ใดลงนามแทนเมื่อผู้อำนวยการไม่อยู่ (รหัสสมาชิก เช่น m02)"),
    ):
        notes.ask(f"roster.toml [office] {key}", text)
    for key, text in (("name", "หน่วยงานสารบรรณที่รับเรื่องชื่ออะไร"), ("email", "ที่อยู่จดหมายของสารบรรณ")):
        notes.ask(f"roster.toml [registry] {key}", text)
    mailbox = {"mailbox": "", "mailbox_name": f"ระบบส่งทัน {head.name}".strip(), "phone": ""}
    return {
        "seats": table_seats, "members": members, "office": {**office, **mailbox}, "registry": {"name": "", "email": ""},
    }  # fmt: skip


def _member(
    seat: FoundSeat, mid: str, signer: tuple[str, str, str, str, str] | None, head: Head, notes: Notebook
) -> dict[str, Any]:
    given, family = seat.name
    prefix = seat.prefix
    if given and not prefix:
        notes.doubt("roster", mid, f"«{seat.who}» ไม่มีคำนำหน้าชื่อที่รู้จัก โปรดตรวจว่าส่วนใดเป็นชื่อ", seat.place)
    position = head.names.mend(seat.post if given else seat.who, seat.place)
    if not given and signer and _alike(position, signer[3]):
        prefix, given, family = signer[:3]
        said = f"คำสั่งระบุตำแหน่ง «{position}» มิได้ระบุชื่อ ใช้ชื่อผู้ลงนามในคำสั่งซึ่งดำรงตำแหน่งเดียวกัน โปรดยืนยัน"
        notes.doubt("roster", mid, said, f"{seat.place}, {signer[4]}")
    where = f"roster.toml [[members]] {mid}"
    if not given:
        notes.ask(f"{where} given", f"ผู้ดำรงตำแหน่ง «{position}» คือผู้ใด (คำนำหน้า ชื่อ นามสกุล)", seat.place)
    elif not family:
        notes.ask(f"{where} family", f"นามสกุลของ {prefix}{given} คืออะไร", seat.place)
    notes.ask(f"{where} email", f"ที่อยู่จดหมายของ {(prefix + given + ' ' + family).strip() or position}", seat.place)
    return {
        "id": mid, "prefix": prefix, "given": given, "family": family, "position": position, "group": "", "email": "",
        "phone": "", "deputy": "", "aliases": [],
    }  # fmt: skip


def _alike(a: str, b: str) -> bool:
    return bool(a and b) and (bare(a) == bare(b) or SequenceMatcher(None, bare(a), bare(b)).ratio() > 0.9)


def _signer(source: Source, head: Head) -> tuple[str, str, str, str, str] | None:
    """(prefix, given, family, post, place) of «(นาง… …)» above a post, after «สั่ง ณ วันที่»."""
    after = False
    name: FoundSeat | None = None
    for p in source.paragraphs():
        text = one_line(p.text)
        after = after or text.startswith("สั่ง ณ")
        if not after or not text:
            continue
        if (match := re.fullmatch(r"\((.{5,80})\)", text)) and _PREFIX.match(match[1]):
            name = FoundSeat(number=0, who=match[1], role="", place=p.place)
        elif name is not None and _POST.match(text):
            return name.prefix, *name.name, head.names.mend(text, p.place), name.place
    return None


def _one_word(seats: Sequence[FoundSeat], head: Head, notes: Notebook) -> list[FoundSeat]:
    """One list that says คณะกรรมการ here and คณะทำงาน there is brought to the word of the group's own name."""
    words = {w for s in seats for w in ("คณะทำงาน", "คณะกรรมการ") if w in s.role}
    if len(words) < 2:
        return list(seats)
    right = "คณะกรรมการ" if head.working_group.startswith("คณะกรรมการ") else "คณะทำงาน"
    wrong = "คณะทำงาน" if right == "คณะกรรมการ" else "คณะกรรมการ"
    places = [s.place for s in seats if wrong in s.role]
    said = (
        f"ตำแหน่งในคำสั่งเขียนปนกันระหว่าง «{wrong}» กับ «{right}» ใช้ «{right}» ทั้งหมด ({to_thai_digits(len(places))} ตำแหน่ง)"
    )
    notes.doubt("spelling", "คณะทำงาน", said, f"{places[0]} – {places[-1]}")
    return [replace(s, role=s.role.replace(wrong, right)) for s in seats]


def _office(seats: Sequence[FoundSeat], head: Head, notes: Notebook) -> dict[str, str]:
    def first(*patterns: str) -> str:
        for pattern in patterns:
            for s in seats:
                if re.search(pattern, s.role if pattern.startswith("^") else s.who):
                    return f"m{s.number:02}"
        return ""

    def leads() -> str:
        """Whoever the order calls the bureau's own head; a director of another unit is not taken for it."""
        kind = re.match("สำนักงาน|สำนัก|กลุ่มงาน|กลุ่ม|กอง|ศูนย์|สถาบัน|ฝ่าย|", head.name)
        posts = [(bare(head.names.mend(s.post or s.who)), s) for s in seats]
        own = rf"(?:ผู้อำนวยการ|หัวหน้า|อธิบดี|เลขาธิการ|นายก|คณบดี)(?:{re.escape(bare(head.name))})"
        unit = rf"ผู้อำนวยการ(?:{kind[0] if kind and kind[0] else '$'}|$)"
        sure = [s for p, s in posts if head.name and re.fullmatch(own, p)]
        near = [s for p, s in posts if re.match(unit, p) or re.match("(?:อธิบดี|เลขาธิการ)", p)]
        for s in near if not sure else ():
            said = f"ถือว่า «{s.post or s.who}» เป็นผู้อำนวยการผู้ลงนาม โปรดยืนยัน"
            notes.doubt("roster", f"m{s.number:02}", said, s.place)
            break
        return next((f"m{s.number:02}" for s in (*sure, *near)), "")

    office = {
        "director": leads(),
        "acting_director": "",
        "head": first("^หัวหน้า", "^ประธาน"),
        "secretary": first("^(?!.*ผู้ช่วย).*เลขานุการ"),
        "assistant_secretary": first("^.*ผู้ช่วย.*เลขานุการ"),
    }
    for key, text in (
        ("director", "ผู้อำนวยการ (ผู้ลงนาม) คือสมาชิกคนใด"),
        ("head", "หัวหน้าคณะทำงานคือสมาชิกคนใด"),
        ("secretary", "เลขานุการคณะทำงานคือสมาชิกคนใด"),
    ):
        if not office[key]:
            notes.ask(f"roster.toml [office] {key}", text)
    return office


def give_seats(
    activities: Sequence[dict[str, Any]], roster: dict[str, Any], places: Mapping[str, str], notes: Notebook
) -> None:
    """`seats` of each activity: whoever its notes name and the order seats; the whole group is nobody, and asked about.

    `places`: activity id → where its note stands.
    """
    given = [m["given"] for m in roster["members"]]
    # a name two members bear says nothing
    names = {m["given"]: m for m in roster["members"] if len(m["given"]) >= 3 and given.count(m["given"]) == 1}
    seat_of = {s["member"]: s["id"] for s in roster["seats"]}
    for a in activities:
        where = f"plan.toml [[activities]] {a['id']} seats"
        place = places.get(a["id"], "")
        said = next((n for n in a["notes"] if "ผู้รับผิดชอบ" in n), "")
        said = said or next((n for n in a["notes"] if _GROUP.search(n)), "")
        named, unknown = _named(a["notes"], names)
        for member in named:
            a["seats"].append(seat_of[member["id"]])
            text = f"ช่องหมายเหตุระบุชื่อ «{member['given']}» อ่านเป็น {member['prefix']}{member['given']} {member['family']} ({seat_of[member['id']]}) โปรดยืนยัน"
            notes.doubt("responsible", a["id"], text, place)
        for word in unknown:
            notes.doubt("responsible", a["id"], f"ชื่อ «{word}» ไม่ตรงกับผู้ใดในคำสั่งแต่งตั้ง", place)
        if unknown or not named:
            text = said or " · ".join(a["notes"])[:120] or "ไม่ได้ระบุผู้รับผิดชอบ"
            notes.doubt("responsible", a["id"], f"มิได้ระบุตัวผู้รับผิดชอบ: «{text}»", place) if not named else None
            notes.ask(where, f"ผู้ใดรับผิดชอบกิจกรรม {to_thai_digits(a['id'])} {a['title'][:60]} (แผนระบุว่า «{text}»)", place)


_GROUP = re.compile("คณะทำงาน|คณะกรรมการ|บุคลากร|ทุกคน|ทุกกลุ่ม|สำนัก|กอง|กลุ่ม|ฝ่าย|ผู้อำนวยการ|ผอ|และ|ร่วม|ทุก")


def _named(notes: Sequence[str], names: dict[str, dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Members whose given name stands alone in a note, and words beside them that look like names and are not known."""
    found, unknown = [], []
    for note in notes:
        if len(note) > 90 and "ผู้รับผิดชอบ" not in note:
            continue
        # a title parted from its name is no word of its own
        note = " ".join(_PREFIX.sub("", w) for w in re.split(r"(?<=[+,:/(])\s*|\s+(?=และ\s)|(?<=และ)\s+", note))
        tokens = [t for t in re.split(r"[\s+,:/()]+(?:และ(?=\s))?", note) if t and t != "และ"]
        plain = [_PREFIX.sub("", t) for t in tokens]
        hits = [t for t in plain if t in names]
        found += [names[t] for t in hits if names[t] not in found]
        # beside a «+» or a known name, a short Thai word that is no unit's name is a name too
        if hits or "+" in note or re.fullmatch(r"ผู้รับผิดชอบ\s*:?\s*(?:นาย|นางสาว|นาง)\S+\s.+", note):
            families = " ".join(str(names[t]["family"]) for t in hits)
            for t, raw in zip(plain, tokens, strict=True):
                odd = re.fullmatch(r"[ก-๎]{3,20}", t) and t not in names and t not in families
                if odd and not _GROUP.search(raw) and "ผู้รับผิดชอบ" not in raw and t not in unknown:
                    unknown.append(t)
    return found, unknown
