"""The blank form held against plain paragraphs and tables: found, or reported, never guessed."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from songthan.adapters.read_grid import Box, Controls, Grid, GridRow
from songthan.adapters.read_layout import Sheet, read_layout
from songthan.adapters.read_layout_answers import reconcile_layout
from songthan.domain.forms import CARRIED_NOTES, Choice, Field, FormSpec, wrong_note
from songthan.domain.layouts import WILD, Layout, LayoutRow, LayoutTable, Passage, Pattern, Slot
from songthan.domain.values import clean_text
from songthan.ports import Expectation

SPEC = FormSpec(
    id="f1", title="แบบ", version=1, template="f1.docx",
    fields=(
        Field(key="head", kind="text", label="ชื่อผู้บริหาร"),
        Field(key="persons", kind="count", label="จำนวนคน", place="บรรทัดจำนวนคน"),
        Field(key="plan", kind="yes_no", label="แผนดำเนินการ"),
        Field(key="lone", kind="yes_no", label="หลักธรรม", choices=(Choice(value="yes", label="หลักธรรมทางศาสนา"),)),
        Field(key="first", kind="text", label="ผลข้อหนึ่ง", column="ผล", place="ข้อ ๑"),
        Field(key="second", kind="text", label="ผลข้อสอง", column="ผล", place="ข้อ ๒"),
        Field(key="proof", kind="evidence", label="หลักฐานข้อสอง", column="หลักฐาน", place="ข้อ ๒"),
        Field(key="below", kind="text", label="ข้อเสนอแนะ"),
        Field(
            key="dos", kind="table", label="พฤติกรรม", place="ตารางพฤติกรรม",
            columns=(
                Field(key="what", kind="text", label="พฤติกรรม", column="พฤติกรรม"),
                Field(key="share", kind="percent", label="ร้อยละ", column="ร้อยละ"),
            ),
        ),
        Field(key="signed", kind="signature", label="ลงชื่อ"),
    ),
)  # fmt: skip


def words(*pieces: str | tuple[str, str]) -> Pattern:
    return Pattern(pieces=tuple(p if isinstance(p, str) else Slot(field=p[0], choice=p[1]) for p in pieces))


def blank_row(*cells: str | tuple[str, str] | Pattern, table: str = "") -> LayoutRow:
    made = tuple(c if isinstance(c, Pattern) else words(c) if c else words() for c in cells)
    return LayoutRow(cells=made, starts=tuple(range(len(made))), table=table)


LAYOUT = Layout(
    blocks=(
        Passage(
            pattern=words(
                f"แบบรายงานของ {WILD}\nชื่อผู้บริหาร ", ("head", ""), " ตำแหน่ง ผอ.\nจำนวน ", ("persons", ""),
                " คน\n๑.๑ แผน มี ", ("plan", "yes"), " ไม่มี ", ("plan", "no"), " \n", ("lone", "yes"), " หลักธรรมทางศาสนา",
            )
        ),
        LayoutTable(
            rows=(
                blank_row("ที่", "เกณฑ์", "ผล", "หลักฐาน"),
                blank_row("๑", "ประกาศเจตนารมณ์", ("first", ""), ""),
                blank_row("๒", "กำหนดเป้าหมาย", ("second", ""), ("proof", "")),
                blank_row("ข้อเสนอแนะ"),
                blank_row(("below", "")),
            )
        ),
        LayoutTable(
            rows=(
                blank_row("ลำดับ", "พฤติกรรม", "ร้อยละ"),
                blank_row(WILD, ("dos.what", ""), ("dos.share", ""), table="dos"),
                blank_row("รวม", "", ""),
            )
        ),
        Passage(pattern=words("ลงชื่อ.................... ผู้รายงาน")),
    )
)  # fmt: skip

LINES = (
    "แบบรายงานของ สำนักทดลอง",
    "ชื่อผู้บริหาร นายทดลอง ระบบดี ตำแหน่ง ผอ.",
    "จำนวน ๓๙ คน",
    "1.1 แผน มี ☒ ไม่มี ☐",
    "☐ หลักธรรมทางศาสนา",
)
CRITERIA = [
    ["ที่", "เกณฑ์", "ผล", "หลักฐาน"],
    ["1", "ประกาศ เจตนารมณ์", "ทำแล้ว\nสองบรรทัด", ""],
    ["๒", "กำหนดเป้าหมาย", "ครบ ๕ เรื่อง", "ภาพ.jpg"],
    ["ข้อเสนอแนะ"],
    ["ไม่มี"],
]
DOS = [["ลำดับ", "พฤติกรรม", "ร้อยละ"], ["๑", "ตรงเวลา", "๙๐"], ["๒", "", "……"], ["๓", "ประหยัด", "72.5"], ["รวม", "", ""]]
TYPED = {
    "head": "นายทดลอง ระบบดี", "persons": "39", "plan": "yes", "lone": "no", "first": "ทำแล้ว\nสองบรรทัด",
    "second": "ครบ ๕ เรื่อง", "proof": "ภาพ.jpg", "below": "ไม่มี", "dos[1].what": "ตรงเวลา", "dos[1].share": "90",
    "dos[2].what": "ประหยัด", "dos[2].share": "72.5",
}  # fmt: skip


def grid(rows: list[list[str]], **odd: object) -> Grid:
    made = []
    for row in rows:
        cells = [Box(paragraphs=tuple(text.split("\n")), start=at, span=1) for at, text in enumerate(row)]
        made.append(GridRow(cells=tuple(cells)))
    return Grid(place="", rows=tuple(made))


def sheet(lines=LINES, criteria=CRITERIA, dos=DOS, end=("ลงชื่อ.......ผู้รายงาน",)) -> Sheet:
    return Sheet(blocks=(tuple(lines), grid(criteria), (), grid(dos), tuple(end)))


def read(page: Sheet, controls: Controls | None = None):
    answers, problems = reconcile_layout(
        Expectation(spec=SPEC, activities=(), layout=LAYOUT), controls, read_layout(LAYOUT, page, SPEC)
    )
    return {k: a.value for k, a in answers.items()}, {(p.field, p.code) for p in problems}, answers, problems


def line(number: int, text: str) -> Sheet:
    return sheet(lines=[text if n == number else old for n, old in enumerate(LINES)])


def test_what_was_typed_is_read():
    values, codes, answers, _ = read(sheet(), Controls())
    assert values == TYPED and codes == set()
    assert {answers[k].method for k in TYPED} == {"label", "table"}
    assert {a.confidence for a in answers.values()} == {0.95}
    assert answers["dos[2].share"].source == "แบบ F1 ตารางพฤติกรรม แถวที่ ๒ ช่อง ร้อยละ"
    assert answers["persons"].source == "แบบ F1 บรรทัดจำนวนคน"
    assert read(sheet())[2]["head"].method == "pdf-text"


def test_agreeing_controls_make_it_sure():
    controls = Controls(
        texts={"persons": ["๓๙"], "first": ["ทำแล้ว\nสองบรรทัด"]}, ticks={"plan=yes": [True], "plan=no": [False]}
    )
    values, codes, answers, _ = read(sheet(), controls)
    assert values == TYPED and codes == set()
    assert (answers["persons"].method, answers["first"].method) == ("control+label", "control+table")
    assert (answers["plan"].method, answers["plan"].confidence) == ("control+label", 1.0)


@pytest.mark.parametrize(
    "changed",
    [
        sheet(criteria=[CRITERIA[0], CRITERIA[2], CRITERIA[1], *CRITERIA[3:]]),
        sheet(criteria=[*CRITERIA[:2], ["", "", "", ""], *CRITERIA[2:]]),
        sheet(criteria=[[*row, "เพิ่ม" if row[0] == "ที่" else ""] if len(row) == 4 else row for row in CRITERIA]),
        sheet(criteria=[[row[0], row[1], row[3], row[2]] if len(row) == 4 else row for row in CRITERIA]),
        sheet(dos=[*DOS[:3], DOS[0], *DOS[3:]]),
        Sheet(blocks=(LINES, grid(CRITERIA[:2]), (" ",), grid(CRITERIA[2:]), (), grid(DOS[:2]), (), grid(DOS[2:]), ("ลงชื่อ____ผู้รายงาน",))),
        Sheet(blocks=(LINES, grid(CRITERIA + DOS), ("ลงชื่อ นายทดลอง ระบบดี ผู้รายงาน",))),
        sheet(lines=[*LINES[:3], wrong_note("โปรดระบุเป็นตัวเลข"), *LINES[3:], CARRIED_NOTES[1]]),
        sheet(lines=[" ".join(LINES[:4]).replace("แบบรายงานของ", "แบบ รายงาน\u200bของ"), LINES[4]]),
        line(2, "จำนวน\t๓๙\tคน"),
    ],
    ids=(
        "rows moved", "empty row added", "column added", "columns swapped", "head repeated", "tables split", "tables joined",
        "our notes", "lines joined", "tabs",
    ),
)  # fmt: skip
def test_what_members_and_programs_do_to_a_form_does_not_matter(changed):
    values, codes, _, _ = read(changed, Controls())
    assert values == TYPED and codes == set()


@pytest.mark.parametrize(
    ("changed", "fields", "code"),
    [
        (sheet(criteria=[r for r in CRITERIA if r[0] != "๒"]), {"second", "proof"}, "row-missing"),
        (sheet(criteria=[*CRITERIA[:3], CRITERIA[2], *CRITERIA[3:]]), {"second", "proof"}, "row-twice"),
        (sheet(criteria=[*CRITERIA[:3], ["", "", "ต่อ", ""], *CRITERIA[3:]]), {""}, "row-unknown"),
        (sheet(criteria=[*CRITERIA, ["ต่อท้าย"]]), {"below"}, "row-twice"),
        (sheet(criteria=[r[:3] if r[0] == "๒" else r for r in CRITERIA]), {"second", "proof"}, "merged"),
        (sheet(criteria=[[r[0], r[1], r[2], "รวม" if r[3] == "หลักฐาน" else r[3]] if len(r) == 4 else r for r in CRITERIA]),
         {"first", "second", "proof"}, "column-missing"),
        (sheet(dos=[["ลำดับ", "เปลี่ยนหัว", "x"], *DOS[1:4]]), {"dos"}, "row-missing"),
        (sheet(dos=[*DOS[:3], ["๓", "ประหยัด"], DOS[4]]), {"dos[2].what", "dos[2].share"}, "merged"),
        (sheet(dos=[*DOS[:2], ["ข้อความผิดช่อง", "", ""], *DOS[3:]]), {""}, "extra-text"),
        (line(2, "จำนวนทั้งหมด ๓๙ ราย"), {"persons"}, "label-missing"),
        (line(3, "1.1 แผน มี ☒ ไม่มี ☒"), {"plan"}, "both-ticked"),
        (line(3, "1.1 แผน มี ☐ ✓ ไม่มี ☐"), {"plan"}, "tick-unclear"),
        (line(3, "1.1 แผน มี ตามแนบ ไม่มี ☐"), {"plan"}, "extra-text"),
        (line(4, "หลักธรรมทางศาสนา"), {"lone"}, "choice-missing"),
        (line(2, "จำนวน ๓๙ คน\n" + CARRIED_NOTES[1] + "๔๐"), {""}, "extra-text"),
        (sheet(end=("ลงชื่อ....ผู้รายงาน", "ขอเพิ่มเติมว่า")), {""}, "extra-text"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_reported(changed, fields, code):
    values, codes, _, problems = read(changed, Controls())
    assert {field for field, found in codes if found == code} == fields
    flagged = {field for field, _ in codes}
    table = {k for k in TYPED if k.startswith("dos")} if "dos" in flagged else set()
    for key, typed in TYPED.items():
        assert values.get(key) == typed or key in flagged | table, key
    assert all(p.message_th.startswith("แบบ F1") and "โปรด" in p.message_th for p in problems)


def with_row(number: int, *cells: str) -> Sheet:
    return sheet(criteria=[list(cells) if n == number else row for n, row in enumerate(CRITERIA)])


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        (with_row(2, "๒ ทำแล้ว", "กำหนดเป้าหมาย", "ครบ ๕ เรื่อง", "ภาพ.jpg"), {("", "extra-text")}),
        (with_row(2, "๒", "กำหนดเปาหมาย", "ครบ ๕ เรื่อง", "ภาพ.jpg"), set()),
        (with_row(1, "ก", "ประกาศเจตนารมณ์", "ทำแล้ว\nสองบรรทัด", ""), {("first", "label-missing")}),
        (with_row(2, "๒", "กำหนดเป้าหมาย", "ครบ ๕ เรื่อง", "ภาพ.jpg", "เพิ่มเติม"), {("", "extra-text")}),
        (sheet(dos=[*DOS[:2], ["๒ ข้อความ", "ประหยัด", "72.5"], DOS[4]]), {("", "extra-text")}),
        (sheet(dos=[*DOS[:4], *DOS[:4], DOS[4]]), {("dos", "row-twice")}),
    ],
    ids=("typed in a printed cell", "row lost", "words changed", "column of one row", "typed by the number", "table twice"),
)  # fmt: skip
def test_what_stands_in_printed_cells_is_not_lost(changed, codes):
    said = read(changed, Controls())[1]
    assert codes <= said and said


def test_a_row_of_changed_words_is_known_by_its_controls():
    def cell(text: str, at: int) -> Box:
        return Box(paragraphs=(text,), start=at, span=1, controls=Controls(texts={"first": [text]} if at == 2 else {}))

    rows = list(grid(CRITERIA).rows)
    rows[1] = GridRow(cells=tuple(cell(text, at) for at, text in enumerate(("ก", "ประกาศเจตนารมณ์", "ทำแล้ว", ""))))
    page = Sheet(blocks=(LINES, Grid(place="", rows=tuple(rows)), (), grid(DOS), ("ลงชื่อ....ผู้รายงาน",)))
    values, codes, _, _ = read(page, Controls(texts={"first": ["ทำแล้ว"]}))
    assert values["first"] == "ทำแล้ว" and codes == set()


def test_a_note_of_ours_where_one_writes_was_typed():
    noted = [*CRITERIA[:1], ["๑", "ประกาศเจตนารมณ์", CARRIED_NOTES[1], ""], *CRITERIA[2:]]
    assert ("first", "after-note") in read(sheet(criteria=noted), Controls())[1]


def test_a_printed_variable_does_not_swallow_text_behind_a_table():
    layout = Layout(blocks=(Passage(pattern=words(f"แบบรายงาน\n{WILD}")), LayoutTable(rows=LAYOUT.blocks[1].rows)))
    for end, codes in (((), set()), (("ของฝากไว้",), {("", "extra-text")})):
        page = Sheet(blocks=(("แบบรายงาน", "สำนักทดลอง", "คำชี้แจง"), grid(CRITERIA), end))
        assert {(p.field, p.code) for p in read_layout(layout, page, SPEC).problems} == codes


def test_a_cell_that_covers_two_columns_is_nobodys_answer():
    wide = GridRow(
        cells=tuple(
            Box(paragraphs=(text,), start=start, span=span)
            for text, start, span in (("๒", 0, 1), ("กำหนดเป้าหมาย", 1, 1), ("ครบ\nภาพ.jpg", 2, 2))
        )
    )
    before, after = grid(CRITERIA[:2]).rows, grid(CRITERIA[3:]).rows
    page = Sheet(blocks=(LINES, Grid(place="", rows=(*before, wide, *after)), grid(DOS), ("ลงชื่อ....ผู้รายงาน",)))
    values, codes, _, _ = read(page, Controls())
    assert {("second", "merged"), ("proof", "merged")} <= codes
    assert "second" not in values and "proof" not in values


def test_words_of_the_form_in_an_answer_leave_only_the_control():
    page = line(1, "ชื่อผู้บริหาร นาย ก ตำแหน่ง ผอ. จำนวน ๕ คน ตำแหน่ง ผอ.")
    typed = "นาย ก ตำแหน่ง ผอ. จำนวน ๕ คน"
    assert ("head", "unclear") in read(page, Controls())[1]
    assert ("head", "unclear") in read(page)[1]
    values, codes, answers, _ = read(page, Controls(texts={"head": [typed], "persons": ["๓๙"]}))
    assert values["head"] == typed and values["persons"] == "39" and codes == set()
    assert (answers["head"].method, answers["head"].confidence) == ("control", 0.9)
    # A control that says something the page does not hold is no answer either.
    assert ("head", "unclear") in read(page, Controls(texts={"head": ["นาย ก"], "persons": ["๓๙"]}))[1]


def test_controls_of_a_copied_row_are_those_in_its_cells():
    def cell(text: str, at: int, tag: str) -> Box:
        return Box(paragraphs=(text,), start=at, span=1, controls=Controls(texts={tag: [text]} if tag else {}))

    def row(number: str, what: str, share: str) -> GridRow:
        return GridRow(cells=(cell(number, 0, ""), cell(what, 1, "dos[1].what"), cell(share, 2, "dos[1].share")))

    rows = (grid(DOS[:1]).rows[0], row("๑", "ตรงเวลา", "๙๐"), row("๑", "ประหยัด", "72.5"))
    page = Sheet(blocks=(LINES, grid(CRITERIA), Grid(place="", rows=rows), ("ลงชื่อ....ผู้รายงาน",)))
    both = Controls(texts={"dos[1].what": ["ตรงเวลา", "ประหยัด"], "dos[1].share": ["๙๐", "72.5"]})
    values, codes, answers, _ = read(page, both)
    assert values == TYPED and codes == set()
    assert answers["dos[2].what"].method == "control+table"
    # Columns dragged under the wrong head.
    swapped = GridRow(cells=(cell("๑", 0, ""), cell("๙๐", 1, "dos[1].share"), cell("ตรงเวลา", 2, "dos[1].what")))
    page = Sheet(blocks=(LINES, grid(CRITERIA), Grid(place="", rows=(rows[0], swapped)), ("ลงชื่อ....ผู้รายงาน",)))
    assert {("dos[1].what", "merged"), ("dos[1].share", "merged")} <= read(page, both)[1]


def test_a_table_that_is_gone_is_read_by_its_tags_and_reported():
    page = Sheet(blocks=(LINES, grid(CRITERIA), ("ลงชื่อ....ผู้รายงาน",)))
    controls = Controls(
        texts={"dos[2].what": ["ประหยัด"], "dos[2].share": ["72.5"], "dos[1].what": [""], "dos[1].share": [""]}
    )
    values, codes, answers, _ = read(page, controls)
    assert codes == {("dos", "row-missing")}
    assert (values["dos[1].what"], values["dos[1].share"], answers["dos[1].what"].confidence) == ("ประหยัด", "72.5", 0.9)


def test_text_behind_a_note_of_ours_is_doubtful():
    noted = [*CRITERIA[:1], ["๑", "ประกาศเจตนารมณ์", f"เดิม\n{CARRIED_NOTES[0]}\nใหม่", ""], *CRITERIA[2:]]
    assert ("first", "after-note") in read(sheet(criteria=noted), Controls())[1]
    kept = [*CRITERIA[:1], ["๑", "ประกาศเจตนารมณ์", f"เดิม\n{wrong_note('โปรดอธิบาย')}\n", ""], *CRITERIA[2:]]
    values, codes, _, _ = read(sheet(criteria=kept), Controls())
    assert values["first"] == "เดิม" and codes == set()


def test_lines_of_a_page_are_not_sure_of_their_ends():
    page = line(1, "ชื่อผู้บริหาร นายทดลอง\nระบบดี ตำแหน่ง ผอ.")
    codes = read(Sheet(blocks=page.blocks, wrapped=True))[1]
    assert codes == {("head", "pdf-wrapped")}


PRINTED = [
    "ชื่อผู้บริหาร",
    "ตำแหน่ง ผอ.",
    "จำนวน",
    "คน",
    "๑.๑ แผน มี",
    "ไม่มี",
    "ข้อเสนอแนะ",
    "กำหนดเป้าหมาย",
    "รวม",
    "ผล",
    "☐",
    "✓",
    "\n",
    " ",
    "……",
]
ANY = st.lists(st.one_of(st.sampled_from(PRINTED), st.text(max_size=6)), max_size=5).map("".join)


@given(ANY, ANY, ANY, st.booleans())
@example("ก ตำแหน่ง ผอ.\nจำนวน ๑", "ข้อเสนอแนะ", "รวม", False)
@settings(max_examples=150, deadline=None)
def test_no_text_is_read_as_another_without_a_word(head, second, what, kept):
    for sentinel in ("\ufdd0", "\ufdd1", "\ufdd2"):
        head, second, what = (t.replace(sentinel, "") for t in (head, second, what))
    lines = [LINES[0], f"ชื่อผู้บริหาร {head} ตำแหน่ง ผอ.", *LINES[2:]]
    criteria = [*CRITERIA[:2], ["๒", "กำหนดเป้าหมาย", second, "ภาพ.jpg"], *CRITERIA[3:]]
    page = sheet(lines=lines, criteria=criteria, dos=[DOS[0], ["๑", what, "๙๐"], DOS[4]])
    controls = Controls(texts={"head": [head], "second": [second], "persons": ["๓๙"]}) if kept else Controls()
    values, codes, _, _ = read(page, controls)
    flagged = {field for field, _ in codes}
    for key, typed in {**TYPED, "head": head, "second": second, "dos[1].what": what}.items():
        if not key.startswith("dos[2]"):
            assert values.get(key) == (clean_text(typed) or None) or key in flagged or "dos" in flagged, (key, codes)
