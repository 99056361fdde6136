"""Makes the Word templates of plans/example-en as they were first: python scripts/make_example_en.py [FOLDER].

They keep the contract of templates/docx/README.md; `progress` repeats over the plan's activities, `review` is answered
whole. The .docx files are what counts: people restyle them in Word afterwards, and running this again would undo it.
"""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from template_parts import (
    BOLD,
    CM,
    FACE,
    GREY,
    HEAD_FILL,
    blank,
    box,
    bullets,
    cell,
    check_box,
    column,
    command,
    control,
    field_cell,
    grouped,
    head_row,
    numbered_evidence,
    paragraph,
    pen_line,
    row,
    row_command,
    run,
    save,
    section,
    size,
    table,
    text_width,
    words,
)

#: A face every system can draw or replace; the sizes of template_parts are for TH SarabunPSK, whose letters are small.
ENGLISH_FACE, SMALLER = "DejaVu Sans", 0.58
WIDE = (1.5, 1.5, 1.4, 1.5)
TALL = (2, 2, 2, 2.5)
WIDTH = text_width(landscape=False, margins_cm=TALL)
GAP = paragraph(run("", size(12)), "", '<w:spacing w:line="160" w:lineRule="exact"/>')
REPORT_FOOTER = "{{ organisation.name }} · {{ deadline.title }}"


def english(path: Path) -> None:
    """The package of `save` with English page marks, face and language."""
    with zipfile.ZipFile(path) as package:
        files = {info.filename: package.read(info) for info in package.infolist()}
    styles = files["word/styles.xml"].decode().replace(FACE, ENGLISH_FACE).replace('w:bidi="th-TH"', 'w:bidi="en-GB"')
    # Latin letters need the room that Thai ones bring along
    roomy = styles.replace('w:before="0" w:after="0" w:line="228"', 'w:before="30" w:after="30" w:line="240"')
    files["word/styles.xml"] = _smaller(roomy).encode()
    document = _smaller(files["word/document.xml"].decode()).replace("thaiNumbers", "decimal")
    files["word/document.xml"] = document.encode()
    if "word/header1.xml" in files:
        header = files["word/header1.xml"].decode().replace("หน้า ", "Page ").replace(" \\* THAIARABIC", "").replace("๑", "1")
        files["word/header1.xml"] = header.encode()
    settings = files["word/settings.xml"].decode().replace('w:bidi="th-TH"', 'w:bidi="en-GB"')
    files["word/settings.xml"] = settings.encode()
    core = files["docProps/core.xml"].decode().replace("ส่งทัน", "Songthan").replace("th-TH", "en-GB")
    files["docProps/core.xml"] = core.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in files.items():
            package.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def _smaller(xml: str) -> str:
    return re.sub(r'<w:(sz|szCs) w:val="(\d+)"/>', lambda m: f'<w:{m[1]} w:val="{max(4, round(int(m[2]) * SMALLER))}"/>', xml)


def footer(form: str) -> str:
    mark = f"Form code {{{{ token }}}} · {form.upper()} · {{{{ deadline.id }}}}"
    return f"{{% if token %}}{mark}{{% else %}}{REPORT_FOOTER}{{% endif %}}"


def instructions(*items: str) -> str:
    """Who fills the form in, until when, and how; only in a form that goes out (a submitted one has no token)."""
    flush = '<w:ind w:left="0" w:firstLine="0"/>'
    lines = [
        paragraph(run("For {{ member.full_name }}, {{ member.position }}", BOLD), "Instruction", flush),
        paragraph(
            run("Please return by {{ deadline.internal_th }}", BOLD) + run(" (the office hands in by {{ deadline.external_th }})"),
            "Instruction",
            flush,
        ),
        *(paragraph(f"{n}.\t{item}", "Instruction") for n, item in enumerate((*items, _LAST), 1)),
    ]
    return command("if token") + "".join(lines) + command("endif") + GAP


_LAST = (
    "Answer the e-mail this form came with and attach this file. Questions: {{ secretary.full_name }}"
    "{% if secretary.phone %}, telephone {{ secretary.phone }}{% endif %}, {{ secretary.email }}"
)


# ---------------------------------------------------------------- the quarterly form and its report


def make_progress(folder: Path) -> None:
    columns = [720, 2900, 950, 3100, 2350, 1700, 1700, 1700]
    titles = ["No.", "Activity", "Percent", "What was done", "Output", "Evidence", "Notes", "Next step"]

    def answer(width: int, key: str, style: str = "TableText") -> str:
        return field_cell(width, "{{ activity.id }}." + key, style)

    def reached(width: int, asked: str, key: str) -> str:
        tag = "{{ activity.id }}." + key
        listed = bullets(f"activity.{asked}")
        return cell(width, listed, check_box(f"{tag}=yes", "as planned"), check_box(f"{tag}=no", "not yet"))

    about = cell(
        columns[1],
        paragraph("{{ activity.title }}", "TableText"),
        bullets("activity.details"),
        command("if activity.documents"),
        paragraph("Due {{ activity.due_th }}: {{ activity.documents|join(', ') }}", "TableText"),
        command("endif"),
    )
    activity = row([
        cell(columns[0], paragraph("{{ activity.number }}", "TableCentre")),
        about,
        answer(columns[2], "percent", "TableCentre"),
        answer(columns[3], "done"),
        reached(columns[4], "outputs", "output_reached"),
        answer(columns[5], "evidence"),
        answer(columns[6], "note"),
        answer(columns[7], "next_step"),
    ])  # fmt: skip
    rows = [
        head_row(columns, titles),
        row_command("for activity in measure.activities", columns),
        activity,
        row_command("endfor", columns),
    ]
    body = [
        paragraph("{{ deadline.title }}", "Title"),
        paragraph("{{ organisation.name }}, {{ organisation.parent }}", "FormCentre"),
        instructions(
            "Write into the grey cells only. Percent is a number from 0 to 100. Tick one box for the output; "
            "where you tick “not yet”, give the reason in the notes.",
            "Evidence: one file name or link a line; attach the files to the same e-mail. Write “none” if there is none.",
            "Please do not change the numbers, and do not add or delete rows.",
        ),
        command("for measure in measures"),
        paragraph("Objective {{ measure.number_th }}: {{ measure.title }}", "Heading1"),
        table(columns, rows),
        command("endfor"),
        paragraph(run("", size(4)), "", '<w:spacing w:line="20" w:lineRule="exact"/>'),
    ]
    page = section(landscape=True, margins_cm=WIDE, parts=True, qr=True)
    path = folder / "progress.docx"
    save(path, "Quarterly progress report", "".join(body), page, footer=footer("progress"),
         qr_at=text_width(landscape=True, margins_cm=WIDE))  # fmt: skip
    english(path)


def make_progress_report(folder: Path) -> None:
    columns = [720, 2500, 3500, 2400, 2000, 2000, 2000]
    titles = ["No.", "Activity", "Progress", "Output", "Evidence", "Notes", "Next step"]

    def reached(width: int, asked: str, said: str) -> str:
        listed = bullets(f"activity.{asked}")
        return cell(width, listed, paragraph(run(f"{{{{ activity.{said} }}}}", BOLD), "TableText"))

    activity = row([
        cell(columns[0], paragraph("{{ activity.number }}", "TableCentre")),
        cell(columns[1], paragraph("{{ activity.title }}", "TableText")),
        cell(columns[2], paragraph(run("{{ activity.percent_th }} percent", BOLD), "TableText"), paragraph("{{ activity.done }}", "TableText")),
        reached(columns[3], "outputs", "output_reached_th"),
        numbered_evidence(columns[4]),
        cell(columns[5], paragraph("{{ activity.note }}", "TableText")),
        cell(columns[6], paragraph("{{ activity.answers.next_step }}", "TableText")),
    ])  # fmt: skip
    rows = grouped(columns, titles, activity)
    half = [sum(columns[:3]), sum(columns[3:])]
    total = row([
        cell(half[0], paragraph(run("Average of the activities reported: {{ footer.overall_percent_th }} percent", BOLD), "TableText")),
        cell(half[1], paragraph(run("Guidelines finished: {{ footer.finished_th }} · under way: {{ footer.underway_th }}", BOLD), "TableText")),
    ])  # fmt: skip
    body = [
        paragraph("{{ deadline.title }}", "Title"),
        paragraph("{{ organisation.name }}, {{ organisation.parent }}", "FormCentre"),
        command("for measure in measures"),
        paragraph("Objective {{ measure.number_th }}: {{ measure.title }}", "Heading1"),
        table(columns, rows),
        command("endfor"),
        GAP,
        table(half, [total]),
        command("if missing"),
        paragraph("Not reported", "Heading1"),
        bullets("missing"),
        command("endif"),
        GAP,
    ]
    path = folder / "progress_report.docx"
    page = section(landscape=True, margins_cm=WIDE, parts=True)
    save(path, "Quarterly progress report", "".join(body), page, footer=REPORT_FOOTER)
    english(path)


# ---------------------------------------------------------------- the annual form


def make_review(folder: Path) -> None:
    columns = [900, WIDTH - 900]

    def criterion(number: int, *lines: str) -> str:
        return row([
            cell(columns[0], paragraph(run(str(number), BOLD), "TableCentre"), fill=HEAD_FILL),
            cell(columns[1], *(paragraph(line, "TableText", '<w:spacing w:before="40" w:after="40"/>') for line in lines)),
        ])  # fmt: skip

    asked = table(columns, [
        criterion(1, words("Staff trained this year: ", blank("trained"), " persons, which is ", blank("trained_percent"), " percent of all staff")),
        criterion(2, words("Near-miss cards received: ", blank("cards"), " cards, answered within ten days: ", blank("answered"), " percent")),
        criterion(3, words("Every item was checked: ", box("checked=yes"), " yes   ", box("checked=no"), " no"),
                  words("Every item carries a dated tag: ", box("tagged=yes"), " yes   ", box("tagged=no"), " no")),
        criterion(4, words("Talks at the change of shift: ", blank("talks"), " talks; the last on ", blank("last_talk"))),
    ])  # fmt: skip
    lessons = [760, WIDTH - 760 - 3400 - 1300, 3400, 1300]
    growing = table(lessons, [
        head_row(lessons, ["No.", "Lesson", "What was changed", "Persons reached"]),
        row_command("for lessons in rows.lessons", lessons),
        row([
            cell(lessons[0], paragraph("{{ lessons.number_th }}", "TableCentre")),
            field_cell(lessons[1], column("lessons", "lesson")),
            field_cell(lessons[2], column("lessons", "change")),
            field_cell(lessons[3], column("lessons", "persons"), "TableCentre"),
        ]),
        row_command("endfor", lessons),
    ])  # fmt: skip

    def frame(title: str, key: str) -> str:
        head = row([cell(WIDTH, paragraph(run(title, BOLD), "TableText", "<w:keepNext/>"), fill=HEAD_FILL)])
        return table([WIDTH], [head, row([cell(WIDTH, paragraph(control(key), "TableText"), fill=GREY)])]) + GAP

    sign = pen_line("Signed ", "", left=7 * CM, until=15 * CM)
    centre = f'<w:ind w:left="{6 * CM}"/><w:jc w:val="center"/>'
    body = [
        paragraph("{{ deadline.title }}", "Title"),
        paragraph("{{ organisation.name }}, {{ organisation.parent }}", "FormCentre"),
        instructions(
            "Write into the grey places only; write days as 2027-03-15. Lessons: one a row; leave rows empty that you do not need.",
            "Evidence: one file name or link a line; attach the files to the same e-mail. Write “none” if there is none.",
        ),
        paragraph(words("Coordinator: ", blank("coordinator"), " · all staff: ", blank("headcount"), " persons"), "FormText"),
        paragraph("The four criteria", "Heading1"),
        asked,
        command("if scores.level_title"),
        paragraph(run("{{ scores.total }} points, level {{ scores.level }}: {{ scores.level_title }}", BOLD), "FormText", '<w:spacing w:before="80"/>'),
        command("endif"),
        paragraph("Lessons of the year", "Heading1"),
        growing,
        GAP,
        frame("Evidence", "evidence"),
        frame("What we would do differently", "remarks"),
        paragraph(run("", size(60)), "", "<w:keepNext/>"),
        sign,
        paragraph("({{ director.name }})", "", "<w:keepNext/>" + centre),
        paragraph("{{ director.position }}", "", centre),
    ]  # fmt: skip
    path = folder / "review.docx"
    page = section(landscape=False, margins_cm=TALL, parts=True, qr=True)
    save(path, "Annual safety culture review", "".join(body), page, footer=footer("review"), qr_at=WIDTH)
    english(path)


# ---------------------------------------------------------------- memorandum and list of evidence


def make_memo(folder: Path) -> None:
    columns = [2200, WIDTH - 2200]
    lines = [("From", "{{ agency }}"), ("Date", "{{ date_th }}"), ("To", "{{ to }}"), ("Subject", "{{ subject }}")]
    head = [
        row([cell(columns[0], paragraph(run(label, BOLD), "FormText")), cell(columns[1], paragraph(value, "FormText"))])
        for label, value in lines
    ]
    text = '<w:spacing w:before="160"/>'
    centre = f'<w:ind w:left="{7 * CM}"/><w:jc w:val="center"/>'
    body = [
        paragraph(run("Memorandum", BOLD + size(48)), "", '<w:spacing w:after="200"/>'),
        table(columns, head, "TableNormal"),
        command("for item in paragraphs"),
        paragraph("{{ item }}", "", text),
        command("endfor"),
        command("if closing"),
        paragraph("{{ closing }}", "", text),
        command("endif"),
        # about 3 cm: room for a visible digital signature of 200 x 60 pt
        paragraph(run(""), "", f'<w:keepNext/><w:spacing w:line="{3 * CM}" w:lineRule="exact"/>'),
        paragraph("({{ signer.name }})", "", "<w:keepNext/>" + centre),
        paragraph("{{ signer.position }}", "", centre),
        command("if acting"),
        paragraph("{{ acting_as }}", "", centre),
        command("endif"),
    ]
    path = folder / "memo.docx"
    save(path, "Memorandum", "".join(body), section(landscape=False, margins_cm=TALL, parts=False))
    english(path)


def make_appendix(folder: Path) -> None:
    columns = [720, 1100, 4000, 1300, 2300, 2100, 900, 2700]
    titles = ["No.", "Activity", "Document", "Kind", "Sent by", "Received", "Pages", "Check sum"]
    keys = ["number_th", "activity_number", "title", "kind_th", "sender", "received_th", "pages_th"]
    cells = [
        cell(width, paragraph(f"{{{{ exhibit.{key} }}}}", "TableText")) for width, key in zip(columns, keys, strict=False)
    ]
    cells.append(cell(columns[-1], paragraph(run("{{ exhibit.sha256 }}", size(20)), "TableText")))
    rows = [
        head_row(columns, titles),
        row_command("for exhibit in exhibits", columns),
        row(cells),
        row_command("endfor", columns),
    ]
    body = [
        paragraph("List of evidence", "Title"),
        paragraph("{{ deadline.title }}", "FormCentre"),
        GAP,
        table(columns, rows),
        command("if not exhibits"),
        paragraph("There is no evidence.", "", '<w:spacing w:before="120"/>'),
        command("endif"),
        paragraph("The check sum is the file's SHA-256: it shows that a file is the one that came by e-mail.", "Carried", '<w:spacing w:before="60"/>'),
    ]  # fmt: skip
    path = folder / "appendix.docx"
    page = section(landscape=True, margins_cm=WIDE, parts=True)
    save(path, "List of evidence", "".join(body), page, footer=REPORT_FOOTER)
    english(path)


def main(arguments: Sequence[str]) -> None:
    home = Path(__file__).resolve().parent.parent / "plans" / "example-en" / "templates" / "docx"
    folder = Path(arguments[0]) if arguments else home
    for make in (make_progress, make_progress_report, make_review, make_memo, make_appendix):
        make(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
