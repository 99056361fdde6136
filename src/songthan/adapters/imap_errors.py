"""What went wrong in IMAP's and SMTP's words, said in the domain's: busy, ambiguous, refused login, gone, denied."""

from __future__ import annotations

import re
import smtplib
import ssl

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from songthan.domain.errors import MailAmbiguous, MailAuthFailed, MailBusy, MailDenied, MailError, MailNotFound
from songthan.domain.language import phrase, say

__all__ = ["CAUGHT", "ambiguous", "auth_failed", "busy", "gone", "named", "smtp_answer", "unreached"]

#: What a library call may raise; everything else is a mistake of ours.
CAUGHT = (IMAPClientError, smtplib.SMTPException, OSError, ValueError)

# RFC 5530 and 9051: the word in brackets that begins a server's refusal
_CODE = re.compile(r"\[([A-Z-]+)[^\]]*\]")
_BUSY = frozenset(("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"))
_GONE = frozenset(("NONEXISTENT", "TRYCREATE", "EXPUNGEISSUED"))
_DENIED = {
    "OVERQUOTA": (phrase("กล่องจดหมายเต็ม"), phrase("ลบหรือย้ายจดหมายเก่าออกจากกล่อง")),
    "NOPERM": (phrase("บัญชีนี้ไม่มีสิทธิ์ในโฟลเดอร์นี้"), phrase("ขอสิทธิ์จากผู้ดูแลระบบ")),
    "PRIVACYREQUIRED": (phrase("เซิร์ฟเวอร์จดหมายรับรหัสผ่านผ่านการเชื่อมต่อที่เข้ารหัสเท่านั้น"), phrase("ตั้ง security เป็น tls หรือ starttls")),
    "CONTACTADMIN": (phrase("เซิร์ฟเวอร์จดหมายให้ติดต่อผู้ดูแลระบบ"), phrase("แจ้งผู้ดูแลระบบจดหมาย")),
}
_NO_SUCH = re.compile(r"(doesn'?t|does not) exist|unknown mailbox|no such|not found", re.IGNORECASE)
_REASON_LENGTH = 200


def named(error: Exception, *, where: str, secret: str = "") -> MailError:
    """The domain's error for an error of the IMAP connection after it stood; the password never shows."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(where)
    if isinstance(error, LoginError):
        return _login(str(error), where=where, secret=secret)
    if isinstance(error, IMAPClientAbortError | OSError):
        return ambiguous(where)
    text = str(error)
    code = (_CODE.search(text) or [None, ""])[1]
    if code in _BUSY:
        return busy(where)
    if code in _GONE or (not code and _NO_SUCH.search(text)):
        return gone(where)
    if code in _DENIED:
        th, remedy = _DENIED[code]
        return MailDenied(say(th), where=where, remedy=say(remedy))
    return MailDenied(
        say("เซิร์ฟเวอร์จดหมายไม่อนุญาต ({reason})", reason=_safe(text, secret)),
        where=where,
        remedy=say("ตรวจสิทธิ์ของบัญชีบนกล่องจดหมายนี้กับผู้ดูแลระบบ"),
    )


def unreached(error: Exception, *, where: str, secret: str = "") -> MailError:
    """The domain's error for a connection that never came to stand: nothing can have been done."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(where)
    if isinstance(error, LoginError):
        return _login(str(error), where=where, secret=secret)
    if isinstance(error, ssl.SSLError):
        return MailDenied(
            say("เชื่อมต่อแบบเข้ารหัสกับเซิร์ฟเวอร์จดหมายไม่ได้"), where=where, remedy=say("ตรวจ port และ security (tls หรือ starttls) ในการตั้งค่า")
        )
    # a greeting that says BYE is no more than «too many connections»
    if isinstance(error, IMAPClientError) and not isinstance(error, IMAPClientAbortError) and "* BYE" not in str(error):
        found = named(error, where=where, secret=secret)
        return found if isinstance(found, MailDenied | MailAuthFailed) else busy(where)
    return busy(where)


def busy(where: str) -> MailBusy:
    return MailBusy(
        say("เซิร์ฟเวอร์จดหมายไม่ว่างหรือติดต่อไม่ได้"), where=where, remedy=say("ระบบจะลองใหม่เอง หากนานเกินหนึ่งชั่วโมงโปรดแจ้งผู้ดูแลระบบ")
    )


def gone(where: str) -> MailNotFound:
    return MailNotFound(say("ไม่พบรายการหรือโฟลเดอร์นี้ในกล่องจดหมายแล้ว"), where=where, remedy=say("ระบบจะค้นหาใหม่เอง"))


def ambiguous(where: str) -> MailAmbiguous:
    return MailAmbiguous(
        say("การเชื่อมต่อขาดหรืออ่านคำตอบไม่ได้ ไม่ทราบว่าเซิร์ฟเวอร์ทำแล้วหรือยัง"), where=where, remedy=say("ระบบจะตรวจสอบก่อนทำซ้ำ")
    )


def auth_failed(where: str) -> MailAuthFailed:
    return MailAuthFailed(
        say("เซิร์ฟเวอร์จดหมายไม่รับชื่อผู้ใช้หรือรหัสผ่าน"),
        where=where,
        remedy=say("ตรวจชื่อผู้ใช้ ตั้งรหัสผ่านใหม่ แล้วสั่งทำงานต่อ (หยุดลองเองเพื่อมิให้บัญชีถูกล็อก)"),
    )


def smtp_answer(code: int, text: bytes | str, *, where: str, address: str = "", secret: str = "") -> MailError:
    """The domain's error for an SMTP server's no (RFC 5321 4.2, RFC 3463): the mail was certainly not accepted."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if code in (454,) or 400 <= code < 500:
        return busy(where)
    if code in (530, 534, 535, 538):
        return auth_failed(where)
    if code == 552 or "5.3.4" in words or "5.2.3" in words:
        return too_big(where)
    if address:
        return MailDenied(
            say("เซิร์ฟเวอร์ไม่รับที่อยู่ผู้รับ {address} ({reason})", address=address, reason=_safe(f"{code} {words}", secret)),
            where=where,
            remedy=say("ตรวจที่อยู่ในทะเบียนสมาชิก"),
        )
    return MailDenied(
        say("เซิร์ฟเวอร์จดหมายไม่รับจดหมาย ({reason})", reason=_safe(f"{code} {words}", secret)),
        where=where,
        remedy=say("ตรวจสิทธิ์ส่งในนามกล่องจดหมายกับผู้ดูแลระบบ"),
    )


def too_big(where: str) -> MailDenied:
    return MailDenied(
        say("จดหมายใหญ่เกินที่เซิร์ฟเวอร์รับ"), where=where, remedy=say("ลดขนาดไฟล์แนบ หรือขอให้ผู้ดูแลระบบเพิ่มขนาดที่รับ")
    )


def _login(text: str, *, where: str, secret: str) -> MailError:
    code = (_CODE.search(text) or [None, ""])[1]
    if code in _BUSY:
        return busy(where)
    if code in _DENIED:
        th, remedy = _DENIED[code]
        return MailDenied(say(th), where=where, remedy=say(remedy))
    return auth_failed(where)


def _certificate(where: str) -> MailDenied:
    return MailDenied(
        say("ใบรับรองของเซิร์ฟเวอร์จดหมายเชื่อถือไม่ได้"), where=where, remedy=say("ตั้ง [imap] ca_file ให้ชี้ใบรับรองของหน่วยงาน และตรวจชื่อเครื่องแม่ข่าย")
    )


def _safe(text: str, secret: str) -> str:
    if secret:
        text = text.replace(secret, "…")
    return "".join(c if c.isprintable() else " " for c in text)[:_REASON_LENGTH]
