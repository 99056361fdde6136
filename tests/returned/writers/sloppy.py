"""What members type: numbers in every spelling, ticks of every kind, answers beside, between and below the places."""

from __future__ import annotations

from writers.ooxml import add_relation, make, paragraph, q, run
from writers.sheet import Sheet, Writer

__all__ = ["WRITER"]

WRITER = Writer("members")
_ROWS = ("1.4(1).", "1.7(2).", "2.1.")
_A, _B, _C = _ROWS


def _percents(sheet: Sheet, *given: tuple[str, str | None, str]) -> None:
    for row, (typed, means, expect) in zip(_ROWS, given, strict=True):
        sheet.type(f"{row}percent", typed, means, expect)


@WRITER.case()
def percents_in_words_and_signs(sheet: Sheet) -> None:
    """Thai digits with ร้อยละ, Arabic with a sign, full-width."""
    _percents(sheet, ("ร้อยละ  ๙๒.๗๕", "92.75", "read"), ("88 %", "88", "read"), ("７５", "75", "read"))


@WRITER.case()
def percents_with_spaces_nobody_sees(sheet: Sheet) -> None:
    """Zero-width and non-breaking spaces, a tab, a line end."""
    _percents(sheet, ("\u200b๙\u200b๐\u200b", "90", "read"), ("\u00a0 ๘๕ \u00a0", "85", "read"), ("๗๐\n", "70", "any"))


@WRITER.case()
def percents_mixed_digits(sheet: Sheet) -> None:
    """Thai and Arabic digits in one number, words, a range."""
    _percents(sheet, ("8๕", None, "flag"), ("เก้าสิบ", None, "flag"), ("๗๐-๘๐", None, "flag"))


@WRITER.case()
def percents_not_certain(sheet: Sheet) -> None:
    """About, a share of one, more than a hundred."""
    _percents(sheet, ("ประมาณ ๘๐", None, "flag"), ("0.9", None, "flag"), ("๑๒๐", None, "flag"))


@WRITER.case()
def percents_with_persons(sheet: Sheet) -> None:
    """Persons where a percent is asked, both together, a comma for the point."""
    _percents(sheet, ("๔๐ คน", None, "flag"), ("83% (40 คน)", None, "flag"), ("๗๒,๕", None, "flag"))


@WRITER.case()
def percents_not_given(sheet: Sheet) -> None:
    """A dash, «ไม่มี», «ครบถ้วน» where a number is asked."""
    _percents(sheet, ("-", None, "flag"), ("ไม่มี", None, "flag"), ("ครบถ้วน", None, "flag"))


@WRITER.case()
def percents_negative_and_ditto(sheet: Sheet) -> None:
    """Minus, ditto marks, two numbers on two lines."""
    _percents(sheet, ("-๕", None, "flag"), ('"', None, "flag"), ("๘๐\n๙๐", None, "flag"))


@WRITER.case()
def percents_letters_for_digits(sheet: Sheet) -> None:
    """The letter O for zero, l for one, ๐ doubled by the key."""
    _percents(sheet, ("1OO", None, "flag"), ("l00", None, "flag"), ("๐๐", None, "any"))


@WRITER.case()
def percents_amid_dots(sheet: Sheet) -> None:
    """Typed in the middle of the dots, which stayed; with a full stop; in brackets."""
    _percents(sheet, ("……๘๐……", "80", "any"), ("๗๕.", "75", "any"), ("(๖๐)", "60", "any"))


@WRITER.case()
def percents_other_scripts(sheet: Sheet) -> None:
    """Lao, Devanagari and superscript digits: nothing is guessed."""
    _percents(sheet, ("໘໐", None, "flag"), ("८५", None, "flag"), ("9⁵", None, "flag"))


def _untick(sheet: Sheet, key: str) -> None:
    for value in ("yes", "no"):
        sheet.docx.tick(f"{key}={value}", False)


@WRITER.case()
def ticks_typed_beside_the_box(sheet: Sheet) -> None:
    """x, ✓ and / typed between box and label."""
    given = (
        (_A + "output_reached", "yes", "✓"),
        (_B + "output_reached", "no", " x"),
        (_C + "output_reached", "yes", "/"),
    )
    for key, value, sign in given:
        _untick(sheet, key)
        sheet.docx.control(f"{key}={value}").addnext(run(sign))
        sheet.says(key, value, expect="any")
    for row in _ROWS:
        if not sheet.fields[row + "note"].typed or len(sheet.fields[row + "note"].typed or "") < 6:
            sheet.type(row + "note", "รอผลสำรวจ")


@WRITER.case()
def ticks_typed_behind_the_label(sheet: Sheet) -> None:
    """✓, (x) and «มี» typed behind the label."""
    given = (
        (_A + "outcome_reached", "yes", " ✓"),
        (_B + "outcome_reached", "no", " (x)"),
        (_C + "outcome_reached", "yes", " มี"),
    )
    for key, value, sign in given:
        _untick(sheet, key)
        sheet.docx.up(f"{key}={value}", "w:p").append(run(sign))
        sheet.says(key, value, expect="any")


@WRITER.case()
def ticks_typed_in_the_control(sheet: Sheet) -> None:
    """The box's own character overwritten by ✓ or / while its state stays «not clicked»."""
    for key, value, sign in ((_A + "output_reached", "yes", "✓"), (_B + "output_reached", "no", "/")):
        _untick(sheet, key)
        sheet.docx.content(f"{key}={value}")[:] = [run(sign)]
        sheet.says(key, value, expect="any")


@WRITER.case()
def both_boxes_ticked(sheet: Sheet) -> None:
    """Both boxes clicked."""
    for value in ("yes", "no"):
        sheet.docx.tick(f"{_A}output_reached={value}")
    sheet.says(_A + "output_reached", "both", None, "flag")
    sheet.fields[_A + "output_reached"].means = None


@WRITER.case()
def one_clicked_the_other_typed(sheet: Sheet) -> None:
    """One box clicked, a tick typed beside the other."""
    _untick(sheet, _A + "output_reached")
    sheet.docx.tick(_A + "output_reached=yes")
    sheet.docx.control(_A + "output_reached=no").addnext(run(" ✓"))
    sheet.says(_A + "output_reached", "both", None, "flag")
    sheet.fields[_A + "output_reached"].means = None


@WRITER.case()
def no_box_ticked(sheet: Sheet) -> None:
    """A required choice left open."""
    _untick(sheet, _B + "outcome_reached")
    sheet.says(_B + "outcome_reached", None, None, "flag")


@WRITER.case()
def other_label_deleted(sheet: Sheet) -> None:
    """The answer that does not hold was deleted, box and all; the other was not clicked."""
    _untick(sheet, _A + "output_reached")
    line = sheet.docx.up(_A + "output_reached=no", "w:p")
    line.getparent().remove(line)
    sheet.says(_A + "output_reached", "yes", expect="any")


@WRITER.case()
def boxes_replaced_by_words(sheet: Sheet) -> None:
    """Both lines deleted and «ปรากฏ» typed instead."""
    key = _A + "outcome_reached"
    for value in ("yes", "no"):
        line = sheet.docx.up(f"{key}={value}", "w:p")
        at = line.getparent()
        at.remove(line)
    at.append(paragraph("ปรากฏ"))
    sheet.says(key, "yes", expect="flag")


@WRITER.case()
def label_reworded(sheet: Sheet) -> None:
    """«ยังไม่ปรากฏ» became «ปรากฏบางส่วน» and was ticked."""
    key = _A + "output_reached"
    _untick(sheet, key)
    sheet.docx.tick(f"{key}=no")
    sheet.docx.up(f"{key}=no", "w:p").findall(q("w:r"))[-1].find(q("w:t")).text = " ปรากฏบางส่วน"
    sheet.says(key, "partly", None, "flag")
    sheet.fields[key].means = None


@WRITER.case()
def reason_typed_behind_the_box(sheet: Sheet) -> None:
    """«ยังไม่ปรากฏ เนื่องจาก…» typed on the choice's line."""
    key = _A + "outcome_reached"
    _untick(sheet, key)
    sheet.docx.tick(f"{key}=no")
    sheet.docx.up(f"{key}=no", "w:p").append(run(" เนื่องจากงบประมาณล่าช้า"))
    sheet.says(key, "no", expect="flag")


@WRITER.case()
def nothing_to_say(sheet: Sheet) -> None:
    """«-», «ไม่มี» and «ไม่มีค่ะ» are answers, not gaps."""
    for row, word in zip(_ROWS, ("-", "ไม่มี", "ไม่มีค่ะ"), strict=True):
        sheet.docx.tick(f"{row}output_reached=no", False)
        sheet.docx.tick(f"{row}outcome_reached=no", False)
        sheet.choose(f"{row}output_reached", "yes")
        sheet.choose(f"{row}outcome_reached", "yes")
        sheet.type(f"{row}evidence", word)
        sheet.type(f"{row}note", word)


@WRITER.case()
def picture_pasted(sheet: Sheet) -> None:
    """A picture pasted in as evidence, and one below the answer."""
    sheet.docx.parts["word/media/image9.png"] = _PIXEL
    types = sheet.docx.parts["[Content_Types].xml"]
    if b'Extension="png"' not in types:
        sheet.docx.parts["[Content_Types].xml"] = types.replace(
            b"<Override", b'<Default Extension="png" ContentType="image/png"/><Override', 1
        )
    add_relation(sheet.docx.parts, "image", "media/image9.png", "rIdPicture")
    xml = '<w:r><w:drawing><wp:inline><wp:extent cx="9525" cy="9525"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:blipFill><a:blip r:embed="rIdPicture"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>'
    sheet.docx.put(_A + "evidence", *make(xml))
    sheet.says(_A + "evidence", "(ภาพ)", None, "flag")
    sheet.docx.up(_B + "done", "w:p").extend(make(xml))
    sheet.doubt(_B + "done")


_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000" "1f15c4890000000d49444154789c6360f8cf500f00038501805a34087d"
    "0000000049454e44ae426082"
)  # fmt: skip


@WRITER.case()
def thai_of_old_programs(sheet: Sheet) -> None:
    """ำ typed as two signs, tone marks from an old font's private area, doubled vowels: kept as typed."""
    sheet.type(_A + "done", "ทํางานซ้ํา ๆ น้ําใจ")
    sheet.type(_B + "done", "เเผนงานเเล้วเสร็จ")
    sheet.type(_C + "done", "ผู้\u200bเข้า\u200bร่วม\u00a0๓๙\u00a0คน")


@WRITER.case()
def programs_own_signs(sheet: Sheet) -> None:
    """Braces, angle brackets, ampersands, a formula, emoji: letters like others."""
    sheet.type(_A + "done", "{{ 7*7 }} {% if x %} <script>&amp;</script> =SUM(A1)")
    sheet.type(_B + "done", "เสร็จแล้ว 👍🏼 (ภาพ: 1/3) \\n %s")


@WRITER.case()
def very_long_answer(sheet: Sheet) -> None:
    """Forty lines in one cell."""
    sheet.type(_A + "done", "\n".join(f"ครั้งที่ {n} ประชุมกลุ่มงานและสรุปผลการดำเนินงานตามแผน" for n in range(1, 41)))


@WRITER.case()
def same_word_repeated(sheet: Sheet) -> None:
    """ๆ written out; a short line twice: people do this."""
    sheet.type(_A + "done", "มาก มาก")
    sheet.type(_B + "note", "รอรอ")
    sheet.type(_C + "done", "ประชุมแล้ว\nประชุมแล้ว", expect="any")


@WRITER.case()
def placeholder_dots_left(sheet: Sheet) -> None:
    """Only dots were typed: nobody answered."""
    sheet.docx.put(_A + "note", run("........"))
    sheet.says(_A + "note", None)
    sheet.docx.put(_B + "done", run("……………"))
    sheet.says(_B + "done", None, None, "flag")


@WRITER.case()
def see_other_row(sheet: Sheet) -> None:
    """«เช่นเดียวกับข้อ ๑.๔», «ดังแนบ»: text like any other."""
    sheet.type(_A + "done", "ดังแนบ")
    sheet.type(_B + "done", "เช่นเดียวกับข้อ ๑.๔ (๑)")


@WRITER.case()
def heading_typed_into_answer(sheet: Sheet) -> None:
    """An answer that holds the form's own words."""
    sheet.type(_A + "done", "ร้อยละ ๘๐ ผลผลิต ปรากฏตามแผน ☒ หมายเหตุ ลำดับที่ ๑.๗ (๒)")
    sheet.type(_B + "note", "มาตรการที่ ๒ ปรากฏตามแผน")


@WRITER.case()
def row_number_typed_again(sheet: Sheet) -> None:
    """Answers begin with the activity's number."""
    sheet.type(_A + "done", "๑.๔ (๑)")
    sheet.type(_C + "done", "๒.๑ ดำเนินการแล้ว")
