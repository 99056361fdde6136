"""What went wrong in exchangelib's words, said in the domain's: busy, ambiguous, refused login, gone, denied."""

from __future__ import annotations

import requests
from exchangelib import errors as ews
from oauthlib.oauth2 import OAuth2Error

from songthan.domain.errors import MailAmbiguous, MailAuthFailed, MailBusy, MailDenied, MailError, MailNotFound
from songthan.domain.language import phrase, say

__all__ = ["AnswerLost", "named"]

_AUTH = (
    ews.UnauthorizedError, ews.ErrorAccountDisabled, ews.ErrorPasswordExpired, ews.ErrorPasswordChangeRequired,
    ews.ErrorMailboxLogonFailed, ews.ErrorLogonAsNetworkServiceFailed, OAuth2Error,
)  # fmt: skip
_BUSY = (
    ews.ErrorServerBusy, ews.ErrorExceededConnectionCount, ews.ErrorMailboxStoreUnavailable, ews.ErrorMailboxFailover,
    ews.ErrorMailboxMoveInProgress, ews.ErrorTooManyObjectsOpened, ews.ErrorInternalServerTransientError,
    ews.ErrorConnectionFailedTransientError, ews.ErrorNotEnoughMemory,
)  # fmt: skip
_GONE = (
    ews.ErrorItemNotFound, ews.ErrorFolderNotFound, ews.ErrorParentFolderNotFound, ews.ErrorInvalidChangeKey,
    ews.ErrorStaleObject, ews.ErrorIrresolvableConflict, ews.ErrorInvalidIdMalformed, ews.ErrorInvalidId,
)  # fmt: skip
_DENIED = {
    ews.ErrorMessageSizeExceeded: (phrase("จดหมายใหญ่เกินที่เซิร์ฟเวอร์รับ"), phrase("ลดขนาดไฟล์แนบ หรือขอให้ผู้ดูแลระบบเพิ่มขนาดที่รับ")),
    ews.ErrorAttachmentSizeLimitExceeded: (phrase("ไฟล์แนบใหญ่เกินที่เซิร์ฟเวอร์รับ"), phrase("ลดขนาดไฟล์แนบ")),
    ews.ErrorQuotaExceeded: (phrase("กล่องจดหมายเต็ม"), phrase("ลบหรือย้ายจดหมายเก่าออกจากกล่อง")),
    ews.ErrorSubmissionQuotaExceeded: (phrase("ส่งจดหมายครบจำนวนที่เซิร์ฟเวอร์อนุญาตแล้ว"), phrase("รอรอบถัดไป หรือขอผู้ดูแลระบบเพิ่มจำนวน")),
    ews.ErrorSendAsDenied: (phrase("บัญชีนี้ไม่มีสิทธิ์ส่งในนามกล่องจดหมาย"), phrase("ขอสิทธิ์ Send As จากผู้ดูแลระบบ")),
    ews.ErrorNonExistentMailbox: (phrase("ไม่มีกล่องจดหมายนี้บนเซิร์ฟเวอร์"), phrase("ตรวจที่อยู่กล่องจดหมายในการตั้งค่า")),
    ews.ErrorInvalidRecipients: (phrase("เซิร์ฟเวอร์ไม่รับที่อยู่ผู้รับ"), phrase("ตรวจที่อยู่ในทะเบียนสมาชิก")),
}
_REASON_LENGTH = 200


class AnswerLost(ews.TransportError):
    """An HTTP answer that leaves open whether the request was carried out (500, 502, 504 without SOAP)."""


def named(error: Exception, *, operation: str, mailbox: str, secret: str = "") -> MailError:
    """The domain's error for `error`; `where` names operation and mailbox, never the password (`secret` is cut out)."""
    where = f"{operation} {mailbox}"
    if isinstance(error, _AUTH):
        return MailAuthFailed(
            say("เซิร์ฟเวอร์จดหมายไม่รับชื่อผู้ใช้หรือรหัสผ่าน"),
            where=where,
            remedy=say("ตรวจชื่อผู้ใช้ ตั้งรหัสผ่านใหม่ แล้วสั่งทำงานต่อ (หยุดลองเองเพื่อมิให้บัญชีถูกล็อก)"),
        )
    if isinstance(error, _BUSY) or _never_connected(error):
        return MailBusy(
            say("เซิร์ฟเวอร์จดหมายไม่ว่างหรือติดต่อไม่ได้"),
            back_off_s=float(getattr(error, "back_off", None) or 0.0),
            where=where,
            remedy=say("ระบบจะลองใหม่เอง หากนานเกินหนึ่งชั่วโมงโปรดแจ้งผู้ดูแลระบบ"),
        )
    if isinstance(error, _GONE):
        return MailNotFound(say("ไม่พบรายการหรือโฟลเดอร์นี้ในกล่องจดหมายแล้ว"), where=where, remedy=say("ระบบจะค้นหาใหม่เอง"))
    if isinstance(error, ews.ErrorTimeoutExpired | AnswerLost | ews.ErrorInternalServerError):
        return _ambiguous(where)
    return _refused(error, where=where, secret=secret)


def _refused(error: Exception, *, where: str, secret: str) -> MailError:
    for kind, (th, remedy) in _DENIED.items():
        if isinstance(error, kind):
            return MailDenied(say(th), where=where, remedy=say(remedy))
    reason = f"{type(error).__name__}: {error}"
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return MailDenied(
            say("ใบรับรองของเซิร์ฟเวอร์จดหมายเชื่อถือไม่ได้"), where=where, remedy=say("ตั้ง REQUESTS_CA_BUNDLE ให้ชี้ใบรับรองของหน่วยงาน")
        )
    if isinstance(error, ews.RedirectError | ews.RelativeRedirect):
        return MailDenied(say("เซิร์ฟเวอร์จดหมายให้ไปที่อยู่อื่น"), where=where, remedy=say("ตรวจที่อยู่ EWS (endpoint) ในการตั้งค่า"))
    if isinstance(error, ews.ResponseMessageError):
        if secret:
            reason = reason.replace(secret, "…")
        return MailDenied(
            say("เซิร์ฟเวอร์จดหมายไม่อนุญาต ({reason})", reason=reason[:_REASON_LENGTH]),
            where=where,
            remedy=say("ตรวจสิทธิ์ของบัญชีบนกล่องจดหมายนี้ (Full Access และ Send As)"),
        )
    # An answer that could not be read, a connection broken while reading: the work may have been done.
    return _ambiguous(where)


def _ambiguous(where: str) -> MailAmbiguous:
    return MailAmbiguous(
        say("การเชื่อมต่อขาดหรืออ่านคำตอบไม่ได้ ไม่ทราบว่าเซิร์ฟเวอร์ทำแล้วหรือยัง"), where=where, remedy=say("ระบบจะตรวจสอบก่อนทำซ้ำ")
    )


def _never_connected(error: Exception) -> bool:
    """True when no connection was made at all, so that nothing can have been done."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, requests.exceptions.ConnectTimeout):
            return True
        if isinstance(cause, requests.exceptions.ConnectionError) and "NewConnectionError" in repr(cause):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
