"""Reads `plans/YEAR/rubric.toml` into a Rubric. Anything unknown, missing or unreachable is one clear DataError."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from songthan.adapters.plan_toml import load_toml
from songthan.adapters.rubric_tables import (
    activity_points,
    decimal,
    department_levels,
    evidence,
    gap_rules,
    plan_success,
    point_words,
    progress,
    rows,
    table,
    text_of,
    whole,
    wrong,
)
from songthan.domain.errors import DataError
from songthan.domain.rubric_values import (
    CRITERIA,
    Condition,
    Criterion,
    Derived,
    Input,
    Level,
    Rubric,
    ScoreRule,
    Silent,
)

__all__ = ["load_rubric", "printable_criteria"]

_TOP = {
    "plan_lines", "title", "score_max", "criteria", "levels", "department_levels", "silent", "remarks", "activity_points",
    "point_words", "plan_success", "gap", "improvements", "evidence", "progress",
}  # fmt: skip
_CRITERION = {"id", "number", "text", "inputs", "derived", "scores", "source_lines"}
_LEVEL = {"level", "name", "text", "criteria", "each_at_least", "sum_at_least", "source_lines"}
_TESTS = ("at_least", "above", "below", "equals")
_KINDS = ("count", "percent", "flag")


def load_rubric(folder: Path) -> Rubric:
    """The rubric of a plan folder; DataError names the place and the remedy."""
    path = folder / "rubric.toml"
    top = table(load_toml(path), _TOP, str(path), needed={"title", "score_max", "criteria", "levels"})
    score_max = whole(top, "score_max", str(path))
    criteria = tuple(_criterion(c, score_max, f"{path} [[criteria]] {n}") for n, c in rows(top, "criteria", str(path)))
    known = {c.id: c for c in criteria}
    if len(known) != len(criteria):
        raise wrong("รหัสข้อซ้ำกัน", f"{path} [[criteria]]", "ให้ id แต่ละข้อไม่ซ้ำ")
    levels = tuple(_level(row, known, score_max, f"{path} [[levels]] {n}") for n, row in rows(top, "levels", str(path)))
    return Rubric(
        title=text_of(top, "title", str(path)),
        score_max=score_max,
        criteria=criteria,
        levels=tuple(sorted(levels, key=lambda one: one.level)),
        silent=tuple(_silent(s, known, f"{path} [[silent]] {n}") for n, s in rows(top, "silent", str(path))),
        remarks=tuple(_remark(s, known, f"{path} [[remarks]] {n}") for n, s in rows(top, "remarks", str(path))),
        department_levels=department_levels(top, {one.level for one in levels}, str(path)),
        gap=gap_rules(top, known, str(path)),
        evidence=evidence(top, known, str(path)),
        activity_points=activity_points(top, str(path)),
        point_words=point_words(top, str(path)),
        plan_success=plan_success(top, str(path)),
        progress=progress(top, str(path)),
    )


def printable_criteria(folder: Path) -> tuple[str, ...]:
    """The ids whose scores a form may print: the Thai rubric's (empty where the office's has no such criterion) and those of
    the plan folder's own, if it can be read (the plan's check says why not)."""
    try:
        return tuple(dict.fromkeys([*CRITERIA, *(c.id for c in load_rubric(folder).criteria)]))
    except DataError:
        return CRITERIA


def _criterion(data: Any, score_max: int, where: str) -> Criterion:
    row = table(data, _CRITERION, where, needed=_CRITERION - {"derived", "source_lines"})
    inputs = tuple(_input(i, f"{where} inputs {n}") for n, i in rows(row, "inputs", where))
    keys = {i.key: i.kind for i in inputs}
    derived = []
    for n, item in rows(row, "derived", where):
        place = f"{where} derived {n}"
        d = table(item, {"key", "percent_of", "base"}, place, needed={"key", "percent_of", "base"})
        if keys.get(d["percent_of"]) != "count" or d["base"] != "headcount":
            raise wrong("percent_of ต้องเป็นคำตอบชนิด count และ base ต้องเป็น headcount", place, "แก้ percent_of หรือ base")
        derived.append(Derived(key=text_of(d, "key", place), percent_of=d["percent_of"], base=d["base"]))
    kinds = {**keys, **{d.key: "percent" for d in derived}}
    scores = tuple(_score(s, kinds, f"{where} scores {n}") for n, s in rows(row, "scores", where))
    if [s.score for s in scores] != list(range(score_max, -1, -1)) or scores[-1].all:
        raise wrong(
            f"scores ต้องเรียงจาก {score_max} ลงไปถึง 0 และข้อสุดท้ายต้องไม่มีเงื่อนไข", where, "เรียงใหม่ และให้คะแนน 0 มี all = []"
        )
    return Criterion(
        id=text_of(row, "id", where), number=whole(row, "number", where), text=text_of(row, "text", where),
        inputs=inputs, derived=tuple(derived), scores=scores,
    )  # fmt: skip


def _input(data: Any, where: str) -> Input:
    row = table(data, {"key", "kind", "label", "field"}, where, needed={"key", "kind", "label"})
    if row["kind"] not in _KINDS:
        raise wrong(f"kind «{row['kind']}» ไม่มี", where, f"ใช้ {', '.join(_KINDS)}")
    field = text_of(row, "field", where) if "field" in row else ""
    if field and not re.fullmatch(r"[a-z0-9_]+\.[a-z][a-z0-9_]*", field):
        raise wrong(f"field «{field}» อ่านไม่ได้", where, 'เขียนเป็น แบบ.ช่อง เช่น "f2.c1_persons"')
    return Input(key=text_of(row, "key", where), kind=row["kind"], label=text_of(row, "label", where), field=field)


def _score(data: Any, kinds: Mapping[str, str], where: str) -> ScoreRule:
    row = table(data, {"score", "text", "all"}, where, needed={"score", "text", "all"})
    conditions = tuple(_condition(c, kinds, f"{where} all {n}") for n, c in rows(row, "all", where))
    if any(c.test not in ("flag", "at_least") for c in conditions):
        raise wrong("เงื่อนไขของคะแนนใช้ได้เฉพาะ flag และ at_least", where, "เขียนเป็น at_least (above/below/equals ใช้ใน [[silent]])")
    return ScoreRule(score=whole(row, "score", where), text=text_of(row, "text", where), all=conditions)


def _condition(data: Any, kinds: Mapping[str, str], where: str) -> Condition:
    row = table(data, {"flag", "no", "value", "below_value", *_TESTS}, where)
    if any(not isinstance(row[key], str) for key in ("flag", "no", "value", "below_value") if key in row):
        raise wrong("ชื่อคำตอบต้องเป็นข้อความ", where, 'เขียน { flag = "ชื่อ" } หรือ { value = "ชื่อ", at_least = "80" }')
    for test in ("flag", "no"):
        if set(row) == {test} and kinds.get(row[test]) == "flag":
            return Condition(key=row[test], test=test)  # type: ignore[arg-type]
    tests = [t for t in (*_TESTS, "below_value") if t in row]
    if len(tests) != 1 or set(row) != {"value", tests[0]} or kinds.get(row["value"]) not in ("count", "percent"):
        raise wrong(
            "เงื่อนไขไม่ถูกต้อง หรืออ้างคำตอบที่ไม่มีในข้อนี้", where, 'เขียน { flag = "ชื่อ" } หรือ { value = "ชื่อ", at_least = "80" }'
        )
    number = row[tests[0]]
    if tests[0] == "below_value":
        if kinds.get(number) != kinds[row["value"]]:
            raise wrong(f"«{number}» ไม่ใช่คำตอบชนิดเดียวกัน", where, 'เขียนเช่น below_value = "c4.success_percent"')
        return Condition(key=row["value"], test="below_value", than=number)
    return Condition(key=row["value"], test=tests[0], number=decimal(number, where))  # type: ignore[arg-type]


def _level(data: Any, known: Mapping[str, Criterion], score_max: int, where: str) -> Level:
    row = table(data, _LEVEL, where, needed=_LEVEL - {"source_lines"})
    listed = row["criteria"]
    if not isinstance(listed, list) or not listed or any(c not in known for c in listed):
        raise wrong("criteria อ้างข้อที่ไม่มี", where, f"ใช้ {', '.join(known)}")
    level = Level(
        level=whole(row, "level", where), name=text_of(row, "name", where), text=text_of(row, "text", where),
        criteria=tuple(listed), each_at_least=whole(row, "each_at_least", where),
        sum_at_least=whole(row, "sum_at_least", where),
    )  # fmt: skip
    if level.each_at_least > score_max or level.sum_at_least > score_max * len(listed):
        raise wrong("ระดับนี้ไม่มีทางถึงได้ (เกินคะแนนเต็ม)", where, "แก้ each_at_least หรือ sum_at_least")
    return level


def _silent(data: Any, known: Mapping[str, Criterion], where: str) -> Silent:
    keys = {"id", "criterion", "when", "score", "text"}
    row = table(data, keys, where, needed=keys)
    return _said(row, known, where, whole(row, "score", where), {})


def _remark(data: Any, known: Mapping[str, Criterion], where: str) -> Silent:
    """Like a silence, but about no one score; its conditions may name other criteria's answers («c3.plan»)."""
    keys = {"id", "criterion", "when", "text"}
    row = table(data, keys, where, needed=keys)
    others = {f"{c.id}.{key}": kind for c in known.values() for key, kind in _kinds(c).items()}
    return _said(row, known, where, None, others)


def _said(
    row: Mapping[str, Any], known: Mapping[str, Criterion], where: str, score: int | None, others: Mapping[str, str]
) -> Silent:
    criterion = known.get(row["criterion"]) if isinstance(row["criterion"], str) else None
    if criterion is None:
        raise wrong(f"ไม่มีข้อ «{row['criterion']}»", where, f"ใช้ {', '.join(known)}")
    kinds = {**others, **_kinds(criterion)}
    when = tuple(_condition(c, kinds, f"{where} when {n}") for n, c in rows(row, "when", where))
    return Silent(
        id=text_of(row, "id", where), criterion=criterion.id, when=when, score=score, text=text_of(row, "text", where)
    )


def _kinds(criterion: Criterion) -> dict[str, str]:
    return {i.key: i.kind for i in criterion.inputs} | {d.key: "percent" for d in criterion.derived}
