"""What Word 2016 to 365 makes of the text of a form: runs, marks, tracked changes, links, fields, boxes, notes."""

from __future__ import annotations

import copy

from writers.ooxml import add_relation, make, paragraph, q, run
from writers.sheet import Sheet, Writer

__all__ = ["WRITER"]

WRITER = Writer("word_like")
_A, _B, _C = "1.4(1).", "1.7(2).", "2.1."
_TEXT = ("percent", "done", "evidence", "note")
_WHO = 'w:author="ธีรเดช" w:date="2023-03-14T10:24:00Z"'
_RPR = '<w:rFonts w:hint="cs"/><w:cs/><w:lang w:bidi="th-TH"/>'


def _pieces(text: str, size: int) -> list[str]:
    return [text[n : n + size] for n in range(0, len(text), size)]


def _texts(sheet: Sheet) -> list[str]:
    return [key for key, e in sheet.fields.items() if e.typed and key.rpartition(".")[2] in _TEXT]


@WRITER.case()
def runs_split_with_rsids(sheet: Sheet) -> None:
    """Every answer cut into runs of two letters with rsids, languages and spelling marks between."""
    for key in _texts(sheet):
        inner = []
        for n, piece in enumerate(_pieces(sheet.fields[key].typed or "", 2)):
            part = run(piece, _RPR)
            part.set(q("w:rsidR"), f"00A{n:05X}")
            mark = make(f'<w:proofErr w:type="{"spellStart" if n % 2 else "spellEnd"}"/>')
            inner += [*mark, part]
        sheet.docx.put(key, *inner)


@WRITER.case()
def smart_tags(sheet: Sheet) -> None:
    """Old smart tags around words, with their properties, nested."""
    text = "ประชุมที่ กรุงเทพมหานคร เมื่อ 12 มีนาคม 2566"
    tag = '<w:smartTag w:uri="urn:schemas-microsoft-com:office:smarttags" w:element="{}"><w:smartTagPr><w:attr w:name="Year" w:val="2566"/></w:smartTagPr></w:smartTag>'
    inner = []
    for n, word in enumerate(_pieces(text, 9)):
        outer = make(tag.format("date"))[0]
        nested = make(tag.format("place"))[0]
        nested.append(run(word))
        outer.append(nested)
        inner.append(outer if n % 2 else run(word))
    sheet.docx.put(_A + "done", *inner)
    sheet.says(_A + "done", text)


@WRITER.case()
def bookmarks_in_the_text(sheet: Sheet) -> None:
    """Bookmarks that start in one cell and end in another, and Word's _GoBack."""
    for n, key in enumerate(_texts(sheet)):
        content = sheet.docx.content(key)
        content.insert(0, make(f'<w:bookmarkStart w:id="{n}" w:name="_Hlk{n:08d}"/>')[0])
        content.append(make(f'<w:bookmarkEnd w:id="{max(n - 1, 0)}"/>')[0])
    sheet.docx.up(_A + "note", "w:p").append(make('<w:bookmarkStart w:id="90" w:name="_GoBack"/>')[0])


def _ins(*inner: object, number: int = 1) -> object:
    element = make(f'<w:ins w:id="{number}" {_WHO}/>')[0]
    element.extend(inner)
    return element


def _del(text: str, number: int = 2) -> object:
    gone = run(text)
    for node in gone.iter(q("w:t")):
        node.tag = q("w:delText")
    element = make(f'<w:del w:id="{number}" {_WHO}/>')[0]
    element.append(gone)
    return element


@WRITER.case()
def tracked_typing_pending(sheet: Sheet) -> None:
    """Filled in with «track changes» on, nothing accepted: insertions inside the controls."""
    for n, key in enumerate(_texts(sheet)):
        sheet.docx.put(key, _ins(run(sheet.fields[key].typed or ""), number=n + 10))


@WRITER.case()
def tracked_corrections_pending(sheet: Sheet) -> None:
    """Deleted and inserted words side by side; what counts is what stands after accepting."""
    sheet.docx.put(_A + "percent", _del("๘"), _ins(run("๙")), run("๕"))
    sheet.says(_A + "percent", "๙๕", "95")
    sheet.docx.put(_A + "done", run("จัดอบรม"), _del("สามครั้ง", 5), _ins(run("สองครั้ง"), number=6), run(" แล้ว"))
    sheet.says(_A + "done", "จัดอบรมสองครั้ง แล้ว")
    sheet.docx.put(_B + "note", _del("ยกเลิก", 7))
    sheet.says(_B + "note", "")


@WRITER.case()
def tracked_paragraph_joined(sheet: Sheet) -> None:
    """Two paragraphs whose first mark was deleted under tracking: they are one."""
    first = paragraph("ประชุมครั้งแรก", f"<w:rPr><w:del w:id='8' {_WHO}/></w:rPr>")
    sheet.docx.blocks(_A + "done", first, paragraph("และครั้งที่สอง"))
    sheet.says(_A + "done", "ประชุมครั้งแรกและครั้งที่สอง")


@WRITER.case()
def tracked_move(sheet: Sheet) -> None:
    """Words moved inside an answer under tracking."""
    gone = make(f'<w:moveFrom w:id="11" {_WHO}/>')[0]
    gone.append(run("เมื่อวันจันทร์ "))
    here = make(f'<w:moveTo w:id="12" {_WHO}/>')[0]
    here.append(run(" เมื่อวันจันทร์"))
    sheet.docx.put(_B + "done", gone, run("ประชุมแล้ว"), here)
    sheet.says(_B + "done", "ประชุมแล้ว เมื่อวันจันทร์")


@WRITER.case()
def tracked_formatting(sheet: Sheet) -> None:
    """Formatting changed under tracking: the old properties stand beside the new ones."""
    change = f'<w:b/><w:rPrChange w:id="14" {_WHO}><w:rPr><w:vanish/></w:rPr></w:rPrChange>'
    sheet.docx.put(_A + "done", run("ทำแล้วทั้งหมด", change))
    sheet.says(_A + "done", "ทำแล้วทั้งหมด")


@WRITER.case()
def tracked_row_deleted(sheet: Sheet) -> None:
    """A row deleted under tracking is gone, though its text still stands in the file."""
    row = sheet.docx.up(_B + "done", "w:tr")
    row.find(q("w:trPr")).append(make(f'<w:del w:id="15" {_WHO}/>')[0])
    for key in [k for k in sheet.fields if k.startswith(_B)]:
        sheet.says(key, None, None, "flag")


@WRITER.case(expect="flag")
def comments_on_answers(sheet: Sheet) -> None:
    """The head's comments lie beside the answers and are not part of them; a person is told of them."""
    for key in (_A + "percent", _A + "done"):
        content = sheet.docx.content(key)
        content.insert(0, make('<w:commentRangeStart w:id="0"/>')[0])
        content.append(make('<w:commentRangeEnd w:id="0"/>')[0])
        content.append(make('<w:r><w:commentReference w:id="0"/></w:r>')[0])
    text = '<w:comments xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:comment w:id="0" w:author="หัวหน้า"><w:p><w:r><w:t>ตรวจตัวเลข ๙๙ อีกครั้ง</w:t></w:r></w:p></w:comment></w:comments>'
    sheet.docx.parts["word/comments.xml"] = text.encode()
    add_relation(sheet.docx.parts, "comments", "comments.xml", "rIdComments")
    sheet.either()


@WRITER.case()
def enter_inside_control(sheet: Sheet) -> None:
    """Enter pressed inside the control: Word puts the control around whole paragraphs."""
    sheet.docx.blocks(_A + "done", paragraph("ประชุมคณะทำงาน"), paragraph(""), paragraph("สรุปผลเสนอผู้อำนวยการ"))
    sheet.says(_A + "done", "ประชุมคณะทำงาน\n\nสรุปผลเสนอผู้อำนวยการ")
    sheet.docx.blocks(_C + "evidence", paragraph("ภาพถ่าย"), paragraph("บันทึกการประชุม"))
    sheet.says(_C + "evidence", "ภาพถ่าย\nบันทึกการประชุม")


@WRITER.case()
def enter_behind_control(sheet: Sheet) -> None:
    """A second paragraph typed below the control, outside it."""
    sheet.docx.up(_A + "done", "w:p").addnext(paragraph("เพิ่มเติม: รอผลประเมิน"))
    sheet.says(_A + "done", f"{sheet.fields[_A + 'done'].typed}\nเพิ่มเติม: รอผลประเมิน")


@WRITER.case()
def typed_before_and_behind_control(sheet: Sheet) -> None:
    """Words typed on both sides of the control's frame."""
    sheet.type(_A + "done", "จัดอบรม")
    control = sheet.docx.control(_A + "done")
    control.addprevious(run("ได้"))
    control.addnext(run("แล้ว"))
    sheet.says(_A + "done", "ได้จัดอบรมแล้ว")
    sheet.docx.put(_B + "percent", run("๘๐"))
    sheet.docx.control(_B + "percent").addprevious(run("ร้อยละ "))
    sheet.says(_B + "percent", "ร้อยละ ๘๐", "80", "any")


@WRITER.case()
def typed_beside_untouched_placeholder(sheet: Sheet) -> None:
    """The placeholder was left alone and the answer typed behind it."""
    for key, text, means in ((_A + "done", "ทำแล้วครบถ้วน", None), (_A + "percent", "๖๕", "65")):
        control = sheet.docx.control(key)
        control.find(q("w:sdtPr")).append(make("<w:showingPlcHdr/>")[0])
        control.find(q("w:sdtContent"))[:] = [run("……")]
        control.addnext(run(text))
        sheet.says(key, text, means)


@WRITER.case()
def digits_typed_between_control_and_edge(sheet: Sheet) -> None:
    """One digit went into the control and the next beside it: ๑ and ๐๐ are one hundred."""
    sheet.docx.put(_A + "percent", run("๑"))
    sheet.docx.control(_A + "percent").addnext(run("๐๐"))
    sheet.says(_A + "percent", "๑๐๐", "100", "any")


@WRITER.case()
def data_binding_left_over(sheet: Sheet) -> None:
    """Controls with a data binding, a placeholder part, an appearance and a lock put in by another add-in."""
    extra = (
        '<w:placeholder><w:docPart w:val="DefaultPlaceholder_-1854013440"/></w:placeholder><w:temporary/>'
        '<w:dataBinding w:xpath="/form[1]/answer[1]" w:storeItemID="{5B0E6E0C-6B3B-4E0B-9C3E-50F6B7A0F301}"/>'
        '<w15:appearance w15:val="hidden"/>'
    )
    for key in _texts(sheet):
        sheet.docx.control(key).find(q("w:sdtPr")).extend(make(extra))


@WRITER.case()
def control_pasted_twice(sheet: Sheet) -> None:
    """A whole control copied from one cell into another: its tag stands twice, with two texts."""
    twin = copy.deepcopy(sheet.docx.control(_A + "done"))
    twin.find(q("w:sdtContent"))[:] = [run("ข้อความที่คัดลอกมา")]
    sheet.docx.up(_B + "note", "w:p").append(twin)
    sheet.says(_B + "note", f"{sheet.fields[_B + 'note'].typed or ''}ข้อความที่คัดลอกมา", expect="any")
    sheet.either(_A + "done")


@WRITER.case()
def smart_punctuation(sheet: Sheet) -> None:
    """AutoCorrect: curly quotes, dashes, a single ellipsis, fractions, arrows; non-breaking and soft hyphens, tabs."""
    text = "คำขวัญ “สุจริต” ‘โปร่งใส’ – ต่อเนื่อง… ½ → เสร็จ"
    sheet.type(_A + "done", text)
    piece = make(
        "<w:r><w:t>ราย</w:t><w:noBreakHyphen/><w:t>งาน</w:t><w:softHyphen/><w:t>ผล</w:t><w:tab/><w:t>ชุด</w:t></w:r>"
    )
    sheet.docx.put(_B + "done", *piece)
    sheet.says(_B + "done", "ราย\u2011งาน\u00adผล\tชุด", expect="any")


@WRITER.case()
def links_in_evidence(sheet: Sheet) -> None:
    """A pasted address becomes a hyperlink: once as an element, once as a field."""
    address = "https://example.test/album/2566?id=7"
    add_relation(sheet.docx.parts, "hyperlink", address, "rIdLink", external=True)
    link = make('<w:hyperlink r:id="rIdLink" w:history="1"/>')[0]
    link.append(run(address, '<w:rStyle w:val="Hyperlink"/>'))
    sheet.docx.put(_A + "evidence", link)
    sheet.says(_A + "evidence", address)
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> HYPERLINK "https://example.test/page" </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>ภาพกิจกรรม</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    sheet.docx.put(_B + "evidence", *make(field))
    # The words hide the address; whoever checks the evidence needs it.
    sheet.says(_B + "evidence", "ภาพกิจกรรม", expect="any")


@WRITER.case()
def fields_in_answers(sheet: Sheet) -> None:
    """Insert → Date, and a simple field: their results are the text."""
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> DATE \\@ "d MMMM bbbb" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    end = '<w:r><w:t>14 มีนาคม 2566</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    sheet.docx.put(_A + "note", run("ข้อมูล ณ "), *make(begin + end))
    sheet.says(_A + "note", "ข้อมูล ณ 14 มีนาคม 2566", expect="any")
    simple = make('<w:fldSimple w:instr=" NUMPAGES "><w:r><w:t>3</w:t></w:r></w:fldSimple>')
    sheet.docx.put(_B + "done", run("รายงาน "), *simple, run(" หน้า"))
    sheet.says(_B + "done", "รายงาน 3 หน้า", expect="any")


@WRITER.case()
def text_box_in_cell(sheet: Sheet) -> None:
    """A text box drawn over a cell, in both spellings (DrawingML and VML)."""
    inside = "<w:txbxContent><w:p><w:r><w:t>พิมพ์ในกล่องข้อความ</w:t></w:r></w:p></w:txbxContent>"
    xml = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:inline><a:graphic><a:graphicData uri="x"><wps:wsp><wps:txbx>'
        f"{inside}</wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:inline></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:shape><v:textbox>{inside}</v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    sheet.docx.put(_A + "note")
    sheet.docx.up(_A + "note", "w:p").extend(make(xml))
    sheet.says(_A + "note", "พิมพ์ในกล่องข้อความ", expect="any")


@WRITER.case(expect="flag")
def footnote_on_answer(sheet: Sheet) -> None:
    """A footnote: its words stand at the foot of the page, its mark is not a digit of the answer; a person is told of it."""
    note = '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:footnote w:id="2"><w:p><w:r><w:t>ดูภาคผนวก</w:t></w:r></w:p></w:footnote></w:footnotes>'
    sheet.docx.parts["word/footnotes.xml"] = note.encode()
    add_relation(sheet.docx.parts, "footnotes", "footnotes.xml", "rIdFootnotes")
    mark = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="2"/></w:r>'
    sheet.docx.put(_A + "percent", run("๘๕"), *make(mark))
    sheet.says(_A + "percent", "๘๕", "85", "any")
    sheet.either()


@WRITER.case()
def symbol_font_ticks(sheet: Sheet) -> None:
    """Ticks from Insert → Symbol (Wingdings) typed beside boxes that were not clicked."""
    for key, value, char in ((_A + "output_reached", "yes", "F0FC"), (_B + "outcome_reached", "no", "F0FB")):
        for choice in ("yes", "no"):
            sheet.docx.tick(f"{key}={choice}", False)
        sign = make(f'<w:r><w:sym w:font="Wingdings" w:char="{char}"/></w:r>')[0]
        sheet.docx.control(f"{key}={value}").addnext(sign)
        sheet.says(key, value, expect="any")


@WRITER.case()
def box_replaced_by_symbol(sheet: Sheet) -> None:
    """The check box deleted and a ticked Wingdings box put in its place."""
    key = _A + "output_reached"
    for choice, char in (("yes", "F0FE"), ("no", "F0A8")):
        control = sheet.docx.control(f"{key}={choice}")
        control.addprevious(make(f'<w:r><w:sym w:font="Wingdings" w:char="{char}"/></w:r>')[0])
        control.getparent().remove(control)
    sheet.says(key, "yes", expect="any")


@WRITER.case()
def struck_out_number(sheet: Sheet) -> None:
    """A digit struck through and another typed behind it: ๗ is crossed out, ๙ is meant, not ๗๙."""
    sheet.docx.put(_A + "percent", run("๗", "<w:strike/>"), run("๙"))
    sheet.says(_A + "percent", "๗๙", "9", "any")
    sheet.docx.put(_B + "percent", run("๘๐", "<w:dstrike/>"))
    sheet.docx.control(_B + "percent").addnext(run("๕"))
    sheet.says(_B + "percent", "๘๐๕", "5", "any")


@WRITER.case()
def struck_out_words(sheet: Sheet) -> None:
    """Words struck through by hand: crossed out, yet still in the file."""
    sheet.docx.put(_A + "done", run("ยกเลิกการจัดอบรม", "<w:strike/>"), run("จัดอบรมแล้ว"))
    sheet.says(_A + "done", "ยกเลิกการจัดอบรมจัดอบรมแล้ว", "จัดอบรมแล้ว", "any")


@WRITER.case()
def choice_struck_out(sheet: Sheet) -> None:
    """Instead of ticking, the other answer was struck through; and in another row the right one was highlighted."""
    for key in (_A + "output_reached", _B + "output_reached"):
        for choice in ("yes", "no"):
            sheet.docx.tick(f"{key}={choice}", False)
    label = sheet.docx.up(f"{_A}output_reached=no", "w:p").findall(q("w:r"))[-1]
    label.insert(0, make("<w:rPr><w:strike/></w:rPr>")[0])
    bright = sheet.docx.up(f"{_B}output_reached=yes", "w:p").findall(q("w:r"))[-1]
    bright.insert(0, make('<w:rPr><w:highlight w:val="yellow"/></w:rPr>')[0])
    sheet.says(_A + "output_reached", "yes", expect="flag")
    sheet.says(_B + "output_reached", "yes", expect="flag")


@WRITER.case()
def superscript_mark(sheet: Sheet) -> None:
    """A raised ๑ that points to a remark below: not the second digit of fifty-one."""
    sheet.docx.put(_A + "percent", run("๕"), run("๑", '<w:vertAlign w:val="superscript"/>'))
    sheet.says(_A + "percent", "๕๑", "5", "any")


@WRITER.case()
def equation_in_answer(sheet: Sheet) -> None:
    """A number typed with the equation editor: its text is not Word text."""
    math = '<m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><m:r><m:t>40/48=83.3</m:t></m:r></m:oMath>'
    sheet.docx.put(_A + "done", run("คิดเป็น "), *make(math), run(" ของบุคลากร"))
    sheet.says(_A + "done", "คิดเป็น 40/48=83.3 ของบุคลากร", expect="any")
    sheet.docx.put(_B + "percent", run("๘"), *make(math.replace("40/48=83.3", "๕")))
    sheet.says(_B + "percent", "๘๕", "85", "any")


@WRITER.case()
def hidden_text(sheet: Sheet) -> None:
    """Hidden words inside an answer are seen by nobody."""
    sheet.docx.put(_A + "done", run("ทำแล้ว"), run(" (ร่าง)", "<w:vanish/>"))
    sheet.says(_A + "done", "ทำแล้ว", expect="any")


@WRITER.case()
def bullets_made_by_word(sheet: Sheet) -> None:
    """Lines with automatic numbers: the numbers are formatting, the words are the answer."""
    number = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    sheet.docx.blocks(_A + "done", paragraph("ประชุมเตรียมงาน", number), paragraph("จัดกิจกรรม", number))
    sheet.says(_A + "done", "ประชุมเตรียมงาน\nจัดกิจกรรม", expect="any")


@WRITER.case()
def prompt_of_word_left(sheet: Sheet) -> None:
    """A control that was cleared shows Word's own prompt, which is no answer."""
    for key, prompt in ((_A + "note", "คลิกหรือแตะที่นี่เพื่อใส่ข้อความ"), (_B + "note", "Click or tap here to enter text.")):
        control = sheet.docx.control(key)
        control.find(q("w:sdtPr")).append(make("<w:showingPlcHdr/>")[0])
        control.find(q("w:sdtContent"))[:] = [run(prompt, '<w:rStyle w:val="PlaceholderText"/>')]
        sheet.says(key, None)


@WRITER.case()
def ruby_and_wrappers(sheet: Sheet) -> None:
    """Text inside customXml, a bidirectional wrapper and a permission range."""
    wrapped = make('<w:customXml w:element="x"/><w:bdo w:val="ltr"/><w:dir w:val="ltr"/>')
    for element, word in zip(wrapped, ("เผยแพร่", "แล้ว", "ทุกช่องทาง"), strict=True):
        element.append(run(word))
    sheet.docx.put(
        _A + "done", make('<w:permStart w:id="1" w:edGrp="everyone"/>')[0], *wrapped, make('<w:permEnd w:id="1"/>')[0]
    )
    sheet.says(_A + "done", "เผยแพร่แล้วทุกช่องทาง", expect="any")
