"""A plan imported again after the document changed: who was known stays known, and nothing goes to somebody else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from songthan import workspace

ROOT = Path(__file__).parents[2]
PLAN = (Path(__file__).with_name("import") / "short-dates-2567.txt").read_text("utf-8")


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """A first import, every address and every unknown seat filled in by hand: (folder, address by name)."""
    folder = tmp_path_factory.mktemp("year")
    path = folder / "first.txt"
    path.write_text(PLAN, encoding="utf-8")
    imported = workspace.import_plan_file(path, ROOT)
    workspace.write_import(imported, workspace.compare_import(imported, folder), folder)
    roster, plan = folder / "roster.toml", folder / "plan.toml"
    count = iter(range(100))
    filled = re.sub('email = ""', lambda _: f'email = "u{next(count)}@example.go.th"', roster.read_text("utf-8"))
    roster.write_text(filled, encoding="utf-8")
    plan.write_text(plan.read_text("utf-8").replace("seats = []", 'seats = ["s05"]'), encoding="utf-8")
    return folder, {(m["given"], m["family"]): m["email"] for m in tomllib.loads(filled)["members"]}


def again(year, tmp_path, text, held=()):
    path = tmp_path / "changed.txt"
    path.write_text(text, encoding="utf-8")
    return workspace.compare_import(workspace.import_plan_file(path, ROOT), year[0], held)


def renumbered(text):
    """The order's lines numbered anew from one."""
    head, order, rest = re.split("(?=1\\. ผู้อำนวยการ)|(?=ให้คณะทำงานมีหน้าที่)", text, maxsplit=2)
    count = iter(range(1, 100))
    return head + re.sub(r"(?m)^\d+\. ", lambda _: f"{next(count)}. ", order) + rest


CHANGES = {
    "one left": renumbered("\n".join(x for x in PLAN.split("\n") if "ธนากร" not in x)),
    "one came in between": renumbered(PLAN.replace("4. ว่าที่ร้อยตรี ภู", "3. นายแทรก กลางคน\tคณะทำงาน\n4. ว่าที่ร้อยตรี ภู")),
    "a seat changed hands": PLAN.replace("7. นางสาวกานต์ธีรา แต่งขึ้น", "7. นายประสงค์ คนใหม่"),
    "two changed places": PLAN.replace("ปิยะนุช แต่งเรื่อง", "X").replace("ธนากร สมมุติวงศ์", "ปิยะนุช แต่งเรื่อง").replace("X", "ธนากร สมมุติวงศ์"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_nobody_gets_anothers_address_or_work(name, year, tmp_path):
    roster = again(year, tmp_path, CHANGES[name]).documents["roster"]
    members = {m["id"]: m for m in roster["members"]}
    for m in members.values():
        assert m["email"] in ("", year[1].get((m["given"], m["family"]))), m
    holder = {s["id"]: members[s["member"]]["given"] for s in roster["seats"]}
    assert holder["s05"] == "ดวงใจ", "rows given to her by hand stay hers"
    assert len(holder) == len(roster["seats"]) == len({s["number"] for s in roster["seats"]})


def test_a_name_that_changed_by_marriage_is_still_the_same_member(year, tmp_path):
    roster = again(year, tmp_path, PLAN.replace("นางสาวกานต์ธีรา แต่งขึ้น", "นางกานต์ธีรา นามใหม่")).documents["roster"]
    m = next(m for m in roster["members"] if m["given"] == "กานต์ธีรา")
    assert (m["prefix"], m["family"], m["email"]) == ("นาง", "นามใหม่", year[1]["กานต์ธีรา", "แต่งขึ้น"])


def test_a_deadline_moved_to_another_month_is_the_same_deadline(year, tmp_path):
    moved = PLAN.replace("ภายในวันที่ 30 เม.ย. 67", "ภายในวันที่ 15 พ.ค. 67")
    found = [(c.kind, c.where) for c in again(year, tmp_path, moved).changes]
    assert found == [("changed", "deadlines 2567-april external")]
    merge = again(year, tmp_path, moved, ["2567-april"])
    assert [(c.kind, c.where) for c in merge.changes] == [("held", "deadlines 2567-april")]
    assert len(merge.documents["plan"]["deadlines"]) == 3


def test_another_row_under_a_number_does_not_take_over_its_seats(year, tmp_path):
    other = PLAN.replace("กิจกรรมมุมหนังสือ", "ประกวดภาพถ่ายรางวัลธรรมาภิบาล")
    plan = again(year, tmp_path, other).documents["plan"]
    assert {a["id"]: a["seats"] for a in plan["activities"]}["2.2-2"] == []
    little = again(year, tmp_path, PLAN.replace("กิจกรรมมุมหนังสือ", "กิจกรรมมุมหนังสือและวารสาร"))
    assert [(c.kind, c.where) for c in little.changes] == [("changed", "activities 2.2 title")]


def test_a_row_taken_out_and_the_rest_renumbered_keep_their_ids(year, tmp_path):
    text = "\n".join(x for x in PLAN.split("\n") if "เสวนาผู้ตรวจสอบ" not in x)
    text = text.replace("2.2 กิจกรรม", "2.1 กิจกรรม").replace("2.3 กิจกรรม", "2.2 กิจกรรม")
    changes = [(c.kind, c.where) for c in again(year, tmp_path, text).changes]
    assert sorted(changes) == [
        ("changed", "activities 2.2 number"), ("changed", "activities 2.3 number"), ("removed", "activities 2.1"),
    ]  # fmt: skip
