"""Thai in mail, as a matrix: charset × way of encoding × folding × spelling; what is shown is what was written, and one route follows."""

from __future__ import annotations

import base64
import quopri
import unicodedata
import urllib.parse

import pytest
from test_parse_mail import parse

from songthan.domain.messages import Message
from songthan.domain.routing import RoutingFacts, Rule, decide_route
from songthan.domain.thai import canonical

#: charset as written in the mail → Python's codec of the bytes; «» is no charset at all (raw 8-bit)
CHARSETS = {
    "utf-8": "utf-8", "UTF8": "utf-8", "tis-620": "cp874", "TIS620": "cp874", "windows-874": "cp874", "x-windows-874": "cp874", "cp874": "cp874",
    "iso-8859-11": "cp874", "x-user-defined": "cp874", "x-unheard-of": "utf-8", "us-ascii": "cp874", "iso-8859-1": "cp874",
}  # fmt: skip
COMPOSED = "ขอเลื่อนกำหนดส่ง น้ำใจของสำนัก ๒๕๖๖"
SPELLINGS = {
    "composed": COMPOSED,
    "NFD": unicodedata.normalize("NFD", COMPOSED),
    "NFKD": unicodedata.normalize("NFKD", COMPOSED),
    "sara am in two": COMPOSED.replace("ำ", "ํา"),
    "tone after nikhahit": COMPOSED.replace("น้ำ", "นํ้า").replace("ำ", "ํา"),
}
#: bytes in one encoded word (0: all), so that words end inside a letter: 3 bytes are one Thai letter in UTF-8
CUTS = (0, 1, 4, 7, 30)
FOLDS = ("\r\n ", "\r\n\t", " ", "\n  ")
RULES = (
    Rule(number=10, name="10_asks", when={"subject_matches": "กำหนดส่ง.{0,5}น้ำใจ"}, route="hold", reason="x"),
    Rule(number=11, name="11_asks", when={"body_matches": "กำหนดส่ง.{0,5}น้ำใจ"}, route="hold", reason="x"),
    Rule(number=12, name="12_file", when={"attachment_name_matches": "กำหนดส่ง.{0,5}น้ำใจ"}, route="hold", reason="x"),
)


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)] if size else [data]


def words(data: bytes, charset: str, way: str, cut: int, fold: str) -> str:
    if way == "B":
        return fold.join(f"=?{charset}?B?{base64.b64encode(p).decode()}?=" for p in pieces(data, cut))
    return fold.join(f"=?{charset}?Q?{''.join('_' if b == 0x20 else f'={b:02X}' for b in p)}?=" for p in pieces(data, cut))


def rfc2231(name: str, data: bytes, charset: str, cut: int, fold: str) -> str:
    if not cut:
        return f"{name}*={charset}''{urllib.parse.quote_from_bytes(data)}"
    parts = [f"{name}*{n}*={urllib.parse.quote_from_bytes(p)}" for n, p in enumerate(pieces(data, cut))]
    return f";{fold}".join([parts[0].replace("*=", f"*={charset}''", 1), *reversed(parts[1:])])


def mail(*, subject: bytes = b"x", sender: bytes = b"a@b.example", disposition: bytes = b"", body: bytes = b"hello", kind: bytes = b"text/plain",
         encoding: bytes = b"8bit") -> bytes:  # fmt: skip
    top = b"From: " + sender + b"\r\nSubject: " + subject + b"\r\n"
    text = b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body
    if not disposition:
        return top + text
    line = b"\r\n--b\r\n"
    file = b"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; " + disposition + b"\r\n\r\nx"
    return top + b"Content-Type: multipart/mixed; boundary=b\r\n" + line + text + line + file + b"\r\n--b--\r\n"


def route(message: Message) -> str:
    return decide_route(RoutingFacts(message=message, sender_is="member"), RULES).rule


@pytest.mark.parametrize("way", ["B", "Q"])
@pytest.mark.parametrize("charset", CHARSETS)
def test_encoded_words(charset: str, way: str) -> None:
    for text in SPELLINGS.values():
        data, want = text.encode(CHARSETS[charset]), canonical(text)
        for cut in CUTS:
            for fold in FOLDS:
                coded = words(data, charset, way, cut, fold).encode()
                for quote in (b"", b'"'):
                    message = parse(mail(subject=coded, sender=quote + coded + quote + b" <a@b.example>", disposition=b"filename=" + quote + coded + quote))
                    assert canonical(message.subject) == want == canonical(message.sender_name)
                    assert [canonical(a.name) for a in message.attachments] == [want]
                    assert message.sender == "a@b.example" and route(message) == "10_asks"
                    assert route(parse(mail(disposition=b"filename=" + quote + coded + quote))) == "12_file"


@pytest.mark.parametrize("charset", CHARSETS)
def test_parameters_in_pieces(charset: str) -> None:
    """RFC 2231, whole and in pieces that come in another order and end inside a letter; also in Content-Type's name."""
    for text in SPELLINGS.values():
        for cut in CUTS:
            for fold in FOLDS:
                coded = rfc2231("filename", text.encode(CHARSETS[charset]), charset, cut, fold).encode()
                message = parse(mail(disposition=coded))
                assert [canonical(a.name) for a in message.attachments] == [canonical(text)], (cut, coded)
                assert route(message) == "12_file"


@pytest.mark.parametrize("codec", ["utf-8", "cp874"])
def test_raw_bytes_in_headers(codec: str) -> None:
    for text in SPELLINGS.values():
        for fold in FOLDS:
            data, want = text.replace(" ", fold).encode(codec), canonical(text)
            quoted = b'"' + data + b'"'
            message = parse(mail(subject=data, sender=quoted + b" <a@b.example>", disposition=b"filename=" + quoted))
            shown = [message.subject, message.sender_name, *(a.name for a in message.attachments)]
            assert [" ".join(canonical(t).split()) for t in shown] == [want] * 3
            assert route(message) == "10_asks"


@pytest.mark.parametrize("encoding", ["8bit", "binary", "", "base64", "quoted-printable", "BASE64 ", '"quoted-printable"'])
@pytest.mark.parametrize("charset", [*CHARSETS, ""])
def test_bodies(charset: str, encoding: str) -> None:
    codec = CHARSETS.get(charset, "cp874")
    for kind in ("text/plain", "text/html"):
        for text in SPELLINGS.values():
            data = (text + "\r\nบรรทัดที่สอง " * 9).encode(codec)
            coded = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}.get(encoding.strip(' "').lower(), bytes)(data)
            head = f'{kind}; charset="{charset}"' if charset else kind
            message = parse(mail(body=coded, kind=head.encode(), encoding=encoding.encode()))
            assert canonical(message.body).startswith(canonical(text)) and "\ufffd" not in message.body
            assert route(message) == "11_asks"


def test_a_base64_body_whose_lines_end_inside_a_letter_and_with_padding_between() -> None:
    data = COMPOSED.encode()
    coded = b"\r\n".join(base64.b64encode(p) for p in pieces(data, 4))
    message = parse(mail(body=coded, kind=b"text/plain; charset=utf-8", encoding=b"base64"))
    assert message.body == COMPOSED and message.defects == ("bad-date", "no-message-id")


def test_what_is_kept_is_as_it_was_written() -> None:
    """The one spelling is for comparing: a subject in two pieces is shown in two pieces."""
    spread = SPELLINGS["sara am in two"]
    assert parse(mail(subject=spread.encode())).subject == spread
