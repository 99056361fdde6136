"""The year as an iCalendar file (RFC 5545) that Outlook takes in.

Text, not a library: the office needs a dozen properties. Imported again, a file moves the events it brought before: an
event keeps its UID whatever its date, SEQUENCE and LAST-MODIFIED follow the plan's last change, and an unchanged plan
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from songthan.domain.calendars import WorkCalendar
from songthan.domain.language import current, day_words, digits, moment_words, say
from songthan.domain.office_year import YearEvent, deadline_name, escalation_words, year_events
from songthan.domain.plans import Plan

__all__ = ["icalendar"]

_LINE_OCTETS = 75
#: SEQUENCE counts the minutes since then: it only grows, and stays far below the 2³¹ of RFC 5545.
_SEQUENCE_FROM = datetime(2020, 1, 1, tzinfo=UTC)
#: When Outlook speaks up for the secretary; a whole day begins at midnight, so 15½ hours before is 08.30 of the day
#: before. Outlook knows one alarm an event, and none after the start.
_ALARMS = {"opens": "-PT15H30M", "internal": "-PT15H30M", "target": "-PT15H30M", "external": "-PT15H30M", "cut": "-PT2H"}


def icalendar(plan: Plan, calendar: WorkCalendar, *, changed: datetime) -> str:
    """The file's text, CRLF line ends; `changed` (aware) is when the plan was last edited."""
    year = digits(plan.fiscal_year)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//Songthan//Songthan//{current().code.upper()}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        _text("X-WR-CALNAME", say("ส่งทัน ปีงบประมาณ {year} {office}", year=year, office=plan.organisation.name)),
        f"X-WR-TIMEZONE:{calendar.timezone}",
    ]
    zone = _zone(plan, calendar.timezone)
    lines += zone
    for event in year_events(plan, calendar):
        lines += _event(plan, event, changed=changed.astimezone(UTC), zoned=bool(zone))
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _zone(plan: Plan, name: str) -> list[str]:
    """VTIMEZONE of a zone that keeps one offset all year (Thailand's does); nothing for another: its moments go in UTC."""
    zone = ZoneInfo(name)
    offsets = {datetime(d.year, d.month, d.day, 12, tzinfo=zone).utcoffset() for d in plan.organisation.fiscal.months(plan.fiscal_year)}
    offset = offsets.pop()
    if offsets or offset is None:
        return []
    minutes = int(offset.total_seconds()) // 60
    shift = f"{'+' if minutes >= 0 else '-'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    return [
        "BEGIN:VTIMEZONE",
        f"TZID:{name}",
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        f"TZOFFSETFROM:{shift}",
        f"TZOFFSETTO:{shift}",
        f"TZNAME:{shift}",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]


def _event(plan: Plan, event: YearEvent, *, changed: datetime, zoned: bool) -> Iterator[str]:
    title = _title(plan, event)
    stamp = changed.strftime("%Y%m%dT%H%M%SZ")
    yield "BEGIN:VEVENT"
    yield f"UID:{event.deadline.id}.{event.key}@{plan.roster.mailbox.partition('@')[2]}"
    yield f"DTSTAMP:{stamp}"
    yield f"LAST-MODIFIED:{stamp}"
    yield f"SEQUENCE:{max(0, int((changed - _SEQUENCE_FROM).total_seconds()) // 60)}"
    yield from _when(event, zoned=zoned)
    yield _text("SUMMARY", title)
    yield _text("DESCRIPTION", _description(plan, event))
    # the comma between two categories is the one that is not escaped
    yield f"CATEGORIES:{_escaped(say('ส่งทัน'))},{_escaped(_kind(event))}"
    yield from _alarm(event, title)
    yield "END:VEVENT"


def _when(event: YearEvent, *, zoned: bool) -> Iterator[str]:
    if event.at is None:
        # DTEND is the day after the last one
        yield f"DTSTART;VALUE=DATE:{_basic(event.day)}"
        yield f"DTEND;VALUE=DATE:{_basic(event.until + timedelta(days=1))}"
        # a reminder of the day, no appointment: the secretary's day stays free for others to book
        yield "TRANSP:TRANSPARENT"
        yield "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE"
        yield "X-MICROSOFT-CDO-BUSYSTATUS:FREE"
        return
    for name, moment in (("DTSTART", event.at), ("DTEND", event.at + timedelta(minutes=30))):
        if zoned:
            yield f"{name};TZID={event.at.tzinfo}:{moment.strftime('%Y%m%dT%H%M%S')}"
        else:
            yield f"{name}:{moment.astimezone(UTC).strftime('%Y%m%dT%H%M%SZ')}"
    yield "TRANSP:OPAQUE"


def _alarm(event: YearEvent, title: str) -> Iterator[str]:
    if trigger := _ALARMS.get(event.kind):
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", _text("DESCRIPTION", title), f"TRIGGER:{trigger}", "END:VALARM")


def _kind(event: YearEvent) -> str:
    """The event's kind in a few words: its category in Outlook, and (but for an escalation) how its title begins."""
    return {
        "opens": say("เปิดรอบ"),
        "reminder": say("เตือนสมาชิก"),
        "internal": say("สมาชิกส่ง"),
        "escalation": say("ติดตามผู้ที่ยังไม่ส่ง"),
        "cut": say("ปิดรับแบบ"),
        "target": say("วันทำการสุดท้าย"),
        "external": say("สำนักส่ง"),
    }[event.kind]


def _title(plan: Plan, event: YearEvent) -> str:
    return f"{escalation_words(event.to) or _kind(event)}: {deadline_name(plan, event.deadline)}"


def _description(plan: Plan, event: YearEvent) -> str:
    deadline = event.deadline
    lines = [
        deadline.title,
        say("แบบที่ต้องส่ง: {forms}", forms=", ".join(plan.channels[f].short for f in deadline.forms)),
        say("สมาชิกส่งถึง{day}", day=day_words(deadline.members_until, weekday=True)),
        say("สำนักส่ง{day}", day=day_words(deadline.external, weekday=True)),
    ]
    if event.at is not None:
        lines.append(say("ปิดรับแบบ {moment}", moment=moment_words(event.at)))
    first, last = plan.organisation.fiscal.days(plan.fiscal_year)
    if not first <= event.day <= last:
        lines.append(say("วันนี้อยู่นอกปีงบประมาณ {year}", year=digits(plan.fiscal_year)))
    return "\n".join(lines)


def _basic(day: date) -> str:
    return day.strftime("%Y%m%d")


def _text(name: str, value: str) -> str:
    return f"{name}:{_escaped(value)}"


def _escaped(value: str) -> str:
    """RFC 5545 TEXT: backslash, semicolon and comma escaped, a line end as «\\n», other control characters dropped."""
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        value = value.replace(plain, escaped)
    return "".join(c for c in value if c == "\t" or ord(c) >= 32 and ord(c) != 127)


def _folded(line: str) -> str:
    """`line` in pieces of at most 75 octets, each after the first begun with a space; no character is cut."""
    pieces, room, current = [], _LINE_OCTETS, ""
    for character in line:
        size = len(character.encode())
        if size > room:
            pieces.append(current)
            current, room = "", _LINE_OCTETS - 1
        current, room = current + character, room - size
    return "\r\n ".join([*pieces, current])
