"""What `songthan score` shows people: scores, gap, a department, points, evidence."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from songthan.commands.paper import clean, fold, number
from songthan.commands.score_chart import tipping_words
from songthan.domain.coverage import Coverage
from songthan.domain.department import RollUp
from songthan.domain.gap import gap_words
from songthan.domain.language import day_words
from songthan.domain.plan_points import PlanPoints
from songthan.domain.plans import Deadline
from songthan.domain.rubric import Rubric, Scoring
from songthan.domain.rubric_values import exact_words

__all__ = ["tell_coverage", "tell_department", "tell_points", "tell_score"]


def tell_score(out: Console, rubric: Rubric, result: Scoring) -> None:
    """The table of criteria, total and level, what is missing, remarks."""
    table = Table(title=rubric.title, title_justify="left", expand=True)
    table.add_column("ข้อ", justify="right", width=4)
    table.add_column("คะแนน", justify="right", width=7)
    table.add_column("เพราะ", overflow="fold")
    for criterion in rubric.criteria:
        points = result.scores[criterion.id]
        style = "green" if points == rubric.score_max else "yellow" if points else "red"
        why = fold(criterion.rule(points).text, max(20, out.width - 22))
        table.add_row(number(criterion.number), number(points), why, style=style)
    out.print(table)
    full = rubric.score_max * len(rubric.criteria)
    out.print(f"รวม {number(result.total)} จาก {number(full)} คะแนน", style="bold")
    out.print(f"ระดับที่ {number(result.level)}: {rubric.level_name(result.level)}", style="bold")
    if result.next_level and result.gap:
        head = f"จะถึงระดับที่ {number(result.next_level)} ({rubric.level_name(result.next_level)})"
        points = sum(g.needed - g.score for g in result.gap)
        out.print(f"\n{fold(f'{head} ขาดอีก {number(points)} คะแนน:', out.width)}", style="bold")
        for step in result.gap:
            _bullet(out, step.message_th)
    for further in result.further:
        words = f"จะถึงระดับที่ {number(further.level)} ({rubric.level_name(further.level)}) {gap_words(further.steps)}"
        out.print(f"\n{fold(words, out.width)}", style="dim")
    for remark in result.remarks:
        out.print(f"\n{fold(f'ข้อสังเกต: {clean(remark.message_th)}', out.width)}", style="yellow")


def tell_department(out: Console, found: RollUp) -> None:
    """Bureaus by level, the department's shares, who would tip the next one."""
    table = Table(title="ผลระดับกรม", title_justify="left", expand=True)
    for column in ("ระดับ", "สำนักที่ถึง", "ร้อยละ", "ต้องไม่น้อยกว่า", "ผล"):
        table.add_column(column, justify="left")
    for share in found.shares:
        held = f"ถึงเกณฑ์ (ลดลงได้อีก {number(share.spare)} สำนัก)" if share.spare else "ถึงเกณฑ์พอดี"
        result = held if share.held else f"ขาดอีก {number(share.lacking)} สำนัก"
        table.add_row(
            f"{number(share.rule.level)} {share.rule.name}", f"{number(share.reached)} จาก {number(share.of)}",
            exact_words(share.percent), exact_words(share.rule.percent_at_least), result,
            style="green" if share.held else "yellow",
        )  # fmt: skip
    out.print(table)
    name = next((s.rule.name for s in found.shares if s.rule.level == found.level), "ยังไม่ถึงระดับใด")
    out.print(f"กรมได้ระดับที่ {number(found.level)}: {name}", style="bold")
    for level in sorted({b.level for b in found.bureaus if b.level is not None}, reverse=True):
        names = [clean(b.name) for b in found.bureaus if b.level == level]
        out.print(fold(f"สำนักระดับที่ {number(level)} ({number(len(names))}): {', '.join(names)}", out.width))
    if found.next_level is not None:
        share = found.share(found.next_level)
        words = f"จะถึงระดับที่ {number(found.next_level)} ขาดอีก {number(share.lacking)} สำนัก ใกล้ที่สุด: {', '.join(tipping_words(share))}"
        out.print(f"\n{fold(clean(words), out.width)}", style="bold")
    for _, words in found.remarks:
        out.print(f"\n{fold(f'ข้อสังเกต: {clean(words)}', out.width)}", style="yellow")


def tell_points(out: Console, found: PlanPoints) -> None:
    """Points of activities, then the success of the plan by its days."""
    table = Table(title="คะแนนของกิจกรรม", title_justify="left", expand=True)
    for column in ("กิจกรรม", "คะแนน", "เต็ม", "เพราะ", "ที่มา"):
        table.add_column(column, overflow="fold", ratio=3 if column in ("เพราะ", "ที่มา") else None)
    room = max(16, (out.width - 40) // 2)
    for row in found.activities:
        sources = "\n".join(fold(clean(s), room) for s in row.sources) or "-"
        style = "green" if row.points == row.maximum else "yellow" if row.points else "red"
        table.add_row(number(row.activity), number(row.points), number(row.maximum), fold(row.text_th, room), sources, style=style)
    out.print(table)
    out.print(f"รวม {number(found.total)} จาก {number(found.maximum)} คะแนน", style="bold")
    if found.success:
        out.print("\nความสำเร็จของแผน", style="bold")
    for success in found.success:
        style = {True: "green", False: "red", None: "yellow"}[success.met]
        out.print(fold(f"  • {success.text_th}", out.width), style=style)
    for _, words in found.remarks:
        out.print(f"\n{fold(f'ข้อสังเกต: {clean(words)}', out.width)}", style="yellow")


def tell_coverage(out: Console, deadline: Deadline, found: Sequence[Coverage]) -> None:
    """One table: every criterion with what is there and what is missing."""
    table = Table(title=f"หลักฐานของแต่ละข้อ · {deadline.title}", title_justify="left", expand=True, show_lines=True)
    table.add_column("ข้อ", justify="right", width=4)
    table.add_column("คะแนน", justify="right", width=7)
    for column in ("มีอะไร (ช่วง จากใคร แฟ้มใด)", "ขาดอะไร"):
        table.add_column(column, overflow="fold", ratio=1)
    room = max(20, (out.width - 26) // 2)
    for one in found:
        there = _facts(one)
        for p in one.proofs:
            activity = f" กิจกรรม {number(p.activity)}" if p.activity else ""
            there.append(f"{p.text} ({p.period}{activity} {p.sender} {day_words(p.received.date(), short=True)})")
        table.add_row(
            number(one.number),
            "-" if one.score is None else number(one.score),
            "\n".join(fold(f"•\u00a0{clean(line)}", room) for line in there) or "-",
            "\n".join(fold(f"•\u00a0{clean(line)}", room) for line in one.missing) or "ครบ",
            style="yellow" if one.missing else "green",
        )
    out.print(table)
    whole = sum(1 for one in found if not one.missing)
    out.print(f"ครบ {number(whole)} จาก {number(len(found))} ข้อ", style="bold")


def _facts(one: Coverage) -> list[str]:
    """The answers of one criterion, each mail's together: «ไตรมาส… นาย ก แบบ.docx: จัดทำแผน มี; มอบหมาย ไม่มี»."""
    mails: dict[str, list[str]] = {}
    for fact in one.facts:
        if fact.value_th:
            mails.setdefault(f"{fact.period} {fact.sender} {fact.file}", []).append(f"{fact.label} {fact.value_th}")
    return [f"{mail}: {'; '.join(facts)}" for mail, facts in mails.items()]


def _bullet(out: Console, words: str) -> None:
    lines = fold(words, out.width - 4).split("\n")
    out.print("\n".join(f"  {'•' if n == 0 else ' '} {line}" for n, line in enumerate(lines)))
