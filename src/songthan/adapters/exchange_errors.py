"""What went wrong in exchangelib's words, said in the domain's: busy, ambiguous, refused login, gone, denied."""

from __future__ import annotations

import requests
from exchangelib import errors as ews
from oauthlib.oauth2 import (
    InsecureTransportError,
    MissingTokenError,
    OAuth2Error,
    ServerError,
    TemporarilyUnavailableError,
)

from songthan.adapters.exchange_logs import without_secrets
from songthan.domain.errors import MailAmbiguous, MailAuthFailed, MailBusy, MailDenied, MailError, MailNotFound
from songthan.domain.language import phrase, say

__all__ = ["AnswerLost", "NoService", "named"]


class AnswerLost(ews.TransportError):
    """An HTTP answer that leaves open whether the request was carried out (500, 502, 504 without SOAP)."""


class NoService(ews.TransportError):
    """An HTTP answer that says no EWS lives at this address (404, 405, 410): nothing was done."""


_AUTH = (
    ews.UnauthorizedError, ews.ErrorAccountDisabled, ews.ErrorPasswordExpired, ews.ErrorPasswordChangeRequired,
    ews.ErrorMailboxLogonFailed, ews.ErrorLogonAsNetworkServiceFailed, ews.ErrorCallerIsInvalidADAccount,
    ews.ErrorInvalidLogonType,
)  # fmt: skip
_BUSY = (
    ews.ErrorServerBusy, ews.ErrorExceededConnectionCount, ews.ErrorMailboxStoreUnavailable, ews.ErrorMailboxFailover,
    ews.ErrorMailboxMoveInProgress, ews.ErrorTooManyObjectsOpened, ews.ErrorInternalServerTransientError,
    ews.ErrorConnectionFailedTransientError, ews.ErrorNotEnoughMemory, ews.ErrorInsufficientResources,
    ews.ErrorADUnavailable, ews.ErrorNoRespondingCASInDestinationSite, ews.ErrorProxyServiceDiscoveryFailed,
    ews.ErrorNoApplicableProxyCASServersAvailable, ews.ErrorProxyTokenExpired, ews.ErrorExceededFindCountLimit,
    ews.ErrorSearchFolderNotInitialized, ews.ErrorMessageTrackingTransientError, ews.RateLimitError,
    # the server of tokens has a bad day: it answers something that is no token and no refusal
    MissingTokenError, ServerError, TemporarilyUnavailableError,
)  # fmt: skip
_GONE = (
    ews.ErrorItemNotFound, ews.ErrorFolderNotFound, ews.ErrorParentFolderNotFound, ews.ErrorInvalidChangeKey,
    ews.ErrorStaleObject, ews.ErrorIrresolvableConflict, ews.ErrorInvalidIdMalformed, ews.ErrorInvalidId,
    ews.ErrorInvalidIdMalformedEwsLegacyIdFormat, ews.ErrorInvalidFolderId, ews.ErrorInvalidIdEmpty,
    ews.ErrorInvalidIdXml, ews.ErrorToFolderNotFound, ews.ErrorSyncFolderNotFound, ews.ErrorVirusMessageDeleted,
)  # fmt: skip
#: The server stumbled on the way: it may have done what was asked.
_OPEN = (
    ews.ErrorTimeoutExpired, AnswerLost, ews.ErrorInternalServerError, ews.ErrorRequestAborted,
    ews.ErrorClientDisconnected, ews.ErrorConnectionFailed, ews.ErrorProxyCallFailed,
    ews.ErrorProxyRequestProcessingFailed, ews.ErrorBatchProcessingStopped, ews.ErrorDataSourceOperation,
    ews.ErrorMoveCopyFailed, ews.ErrorItemSave, ews.ErrorDeleteItemsFailed, ews.ErrorWin32InteropError,
    ews.ErrorWebRequestInInvalidState, ews.ErrorResponseSchemaValidation, ews.ErrorADOperation,
)  # fmt: skip
_RIGHTS = phrase("ตรวจสิทธิ์ของบัญชีบนกล่องจดหมายนี้ (Full Access และ Send As)")
_SIZE = (phrase("จดหมายใหญ่เกินที่เซิร์ฟเวอร์รับ"), phrase("ลดขนาดไฟล์แนบ หรือขอให้ผู้ดูแลระบบเพิ่มขนาดที่รับ"))
_PEOPLE = (phrase("เซิร์ฟเวอร์ไม่รับที่อยู่ผู้รับ"), phrase("ตรวจที่อยู่ในทะเบียนสมาชิก"))
_ACT_AS = (phrase("แอปพลิเคชันไม่มีสิทธิ์ทำงานแทนกล่องจดหมายนี้"), phrase("ขอสิทธิ์ ApplicationImpersonation บนกล่องนี้จากผู้ดูแลระบบ"))
_DIALECT = (phrase("เซิร์ฟเวอร์จดหมายไม่รู้จักรุ่นของคำขอ"), phrase("ตั้ง version ใน [exchange] ให้ตรงกับรุ่นของเซิร์ฟเวอร์"))
_BROKEN = (phrase("จดหมายฉบับนี้เสียหายในกล่อง เซิร์ฟเวอร์อ่านให้ไม่ได้"), phrase("เปิดดูใน Outlook แล้วย้ายออกจากกล่องเข้า หรือขอให้ผู้ส่งส่งใหม่"))
_DAMAGED = (
    ews.ErrorItemCorrupt, ews.ErrorCorruptData, ews.ErrorMimeContentConversionFailed, ews.ErrorContentConversionFailed,
    ews.ErrorUnsupportedMimeConversion,
)  # fmt: skip
_DENIED = {
    ews.ErrorMessageSizeExceeded: _SIZE,
    ews.ErrorDataSizeLimitExceeded: _SIZE,
    ews.ErrorRequestStreamTooBig: _SIZE,
    ews.ErrorAttachmentSizeLimitExceeded: (phrase("ไฟล์แนบใหญ่เกินที่เซิร์ฟเวอร์รับ"), phrase("ลดขนาดไฟล์แนบ")),
    ews.ErrorQuotaExceeded: (phrase("กล่องจดหมายเต็ม"), phrase("ลบหรือย้ายจดหมายเก่าออกจากกล่อง")),
    ews.ErrorSubmissionQuotaExceeded: (phrase("ส่งจดหมายครบจำนวนที่เซิร์ฟเวอร์อนุญาตแล้ว"), phrase("รอรอบถัดไป หรือขอผู้ดูแลระบบเพิ่มจำนวน")),
    ews.ErrorSendAsDenied: (phrase("บัญชีนี้ไม่มีสิทธิ์ส่งในนามกล่องจดหมาย"), phrase("ขอสิทธิ์ Send As จากผู้ดูแลระบบ")),
    ews.ErrorNonExistentMailbox: (phrase("ไม่มีกล่องจดหมายนี้บนเซิร์ฟเวอร์"), phrase("ตรวจที่อยู่กล่องจดหมายในการตั้งค่า")),
    ews.ErrorInvalidRecipients: _PEOPLE,
    ews.ErrorMissingRecipients: _PEOPLE,
    ews.ErrorInvalidSmtpAddress: _PEOPLE,
    ews.ErrorMailRecipientNotFound: _PEOPLE,
    ews.ErrorImpersonateUserDenied: _ACT_AS,
    ews.ErrorImpersonationDenied: _ACT_AS,
    ews.ErrorImpersonationFailed: _ACT_AS,
    ews.ErrorInvalidServerVersion: _DIALECT,
    ews.ErrorIncorrectSchemaVersion: _DIALECT,
    ews.ErrorInvalidSchemaVersionForMailboxVersion: _DIALECT,
    **dict.fromkeys(_DAMAGED, _BROKEN),
    ews.ErrorVirusDetected: (phrase("เซิร์ฟเวอร์พบไวรัสในจดหมายหรือไฟล์แนบ"), phrase("ตรวจไฟล์ด้วยโปรแกรมป้องกันไวรัสก่อนส่งใหม่")),
}
_ACCESS = (
    ews.ErrorAccessDenied, ews.ErrorCreateItemAccessDenied, ews.ErrorCreateSubfolderAccessDenied,
    ews.ErrorUserNotAllowedByPolicy, ews.ErrorRecoverableItemsAccessDenied, ews.ErrorPermissionNotAllowedByPolicy,
)  # fmt: skip
_REASON_LENGTH = 200
#: How OpenSSL names a talk that came to nothing before anything was asked.
_NO_TLS = ("WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL", "HANDSHAKE_FAILURE", "NO_PROTOCOLS_AVAILABLE", "INTERNAL_ERROR")


def named(error: Exception, *, operation: str, mailbox: str) -> MailError:
    """The domain's error for `error`; `where` names operation and mailbox. No secret told to the logs' guard shows."""
    where = f"{operation} {mailbox}"
    if isinstance(error, _BUSY) or _never_connected(error):
        return MailBusy(
            say("เซิร์ฟเวอร์จดหมายไม่ว่างหรือติดต่อไม่ได้"),
            back_off_s=float(getattr(error, "back_off", None) or 0.0),
            where=where,
            remedy=say("ระบบจะลองใหม่เอง หากนานเกินหนึ่งชั่วโมงโปรดแจ้งผู้ดูแลระบบ"),
        )
    if isinstance(error, InsecureTransportError):
        return MailDenied(
            say("เซิร์ฟเวอร์ออกโทเคนต้องติดต่อด้วย https"), where=where, remedy=say("แก้ token_endpoint และ endpoint ในการตั้งค่าเป็น https")
        )
    if isinstance(error, OAuth2Error):
        return MailAuthFailed(
            say("เซิร์ฟเวอร์ไม่ออกโทเคนให้แอปพลิเคชันนี้ ({reason})", reason=str(error.error or type(error).__name__)[:_REASON_LENGTH]),
            where=where,
            remedy=say("ตรวจ client_id, tenant_id และวันหมดอายุของ client secret แล้วสั่งทำงานต่อ"),
        )
    if isinstance(error, _AUTH):
        return MailAuthFailed(
            say("เซิร์ฟเวอร์จดหมายไม่รับชื่อผู้ใช้หรือรหัสผ่าน"),
            where=where,
            remedy=say("ตรวจชื่อผู้ใช้ ตั้งรหัสผ่านใหม่ แล้วสั่งทำงานต่อ (หยุดลองเองเพื่อมิให้บัญชีถูกล็อก)"),
        )
    if isinstance(error, _GONE):
        return MailNotFound(say("ไม่พบรายการหรือโฟลเดอร์นี้ในกล่องจดหมายแล้ว"), where=where, remedy=say("ระบบจะค้นหาใหม่เอง"))
    if isinstance(error, _DAMAGED) and operation == "GetItem":
        # there is no message to be had of this item: it must not stand in the way of the others
        return MailNotFound(say(_BROKEN[0]), where=where, remedy=say(_BROKEN[1]))
    if isinstance(error, _OPEN):
        return _ambiguous(where)
    return _refused(error, where=where)


def _refused(error: Exception, *, where: str) -> MailError:
    for kind, (th, remedy) in _DENIED.items():
        if isinstance(error, kind):
            return MailDenied(say(th), where=where, remedy=say(remedy))
    reason = without_secrets(f"{type(error).__name__}: {error}")
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return MailDenied(
            say("ใบรับรองของเซิร์ฟเวอร์จดหมายเชื่อถือไม่ได้ หรือไม่ใช่ของชื่อนี้"),
            where=where,
            remedy=say("ตั้ง ca_file ใน [exchange] ให้ชี้ใบรับรองรากของหน่วยงาน และตรวจชื่อเครื่องใน endpoint"),
        )
    if any(word in reason.upper() for word in _NO_TLS) and "SSL" in reason.upper():
        return MailDenied(
            say("เชื่อมต่อแบบเข้ารหัส (TLS) กับเซิร์ฟเวอร์จดหมายไม่ได้"), where=where, remedy=say("ตรวจที่อยู่และพอร์ตของ endpoint กับผู้ดูแลระบบ")
        )
    if isinstance(error, NoService):
        return MailDenied(
            say("ไม่มีบริการ EWS ที่ที่อยู่นี้ ({reason})", reason=str(error)), where=where, remedy=say("ตรวจที่อยู่ EWS (endpoint) ในการตั้งค่า")
        )
    if isinstance(error, ews.RedirectError | ews.RelativeRedirect):
        return MailDenied(say("เซิร์ฟเวอร์จดหมายให้ไปที่อยู่อื่น"), where=where, remedy=say("ตรวจที่อยู่ EWS (endpoint) ในการตั้งค่า"))
    if isinstance(error, ews.ResponseMessageError):
        allowed = not isinstance(error, _ACCESS)
        return MailDenied(
            say("เซิร์ฟเวอร์จดหมายไม่อนุญาต ({reason})", reason=reason[:_REASON_LENGTH]),
            where=where,
            remedy=say("แจ้งข้อความนี้แก่ผู้ดูแลเซิร์ฟเวอร์จดหมาย") if allowed else say(_RIGHTS),
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
        if isinstance(cause, requests.exceptions.ConnectionError) and any(
            word in repr(cause) for word in ("NewConnectionError", "NameResolutionError", "Tunnel connection failed")
        ):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
