"""Hands one mail to the SMTP server, and knows whether the server has it.

A mail is the server's from the moment it answers 250 to the line with a single dot (RFC 5321 4.1.1.4); until that line is
sent it certainly is not, and a refused recipient ends the transaction before. `mark` is called between the last byte and
the dot: what it makes durable says «perhaps».
"""

from __future__ import annotations

import re
import select
import smtplib
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO

from songthan.adapters.imap_errors import ambiguous, auth_failed, busy, smtp_answer, too_big, unreached
from songthan.adapters.imap_session import Session
from songthan.adapters.imap_settings import tls_context
from songthan.domain.errors import MailAmbiguous, MailAuthFailed, MailBusy, MailDenied, MailError
from songthan.domain.language import say

__all__ = ["PerhapsAccepted", "Smtp"]

_PIECE = 1 << 16  # bytes sent at a time
_CONNECT_S = 20.0


class PerhapsAccepted(MailAmbiguous):
    """The connection was lost after the whole mail went out and before the server's answer came."""


class Smtp:
    """The way out; a connection for each mail, since mails are minutes or days apart."""

    def __init__(self, session: Session) -> None:
        self._session, self._settings = session, session.settings
        self._where = f"SMTP {self._settings.mailbox}"
        self._secret = self._settings.password
        self._not_before = 0.0

    def send(self, content: BinaryIO, *, recipients: Sequence[str], size: int, mark: Callable[[], None]) -> None:
        """Returns when the server has the mail for every recipient.

        PerhapsAccepted when nobody knows; every other MailError says that it was not accepted. What `mark` raises passes
        through, and the mail was not accepted.
        """
        self._session.check()
        if (left := self._not_before - self._session.monotonic()) > 0:
            raise MailBusy(say("เซิร์ฟเวอร์จดหมายขอให้รอก่อน"), back_off_s=left, where=self._where)
        smtp = self._ready()
        done = False
        try:
            self._envelope(smtp, recipients, size)
            self._content(smtp, content)
            mark()
            self._still_there(smtp)
            self._finish(smtp)
            done = True
        except smtplib.SMTPServerDisconnected as error:
            raise ambiguous(self._where) from error
        except OSError as error:
            raise ambiguous(self._where) from error
        finally:
            self._leave(smtp, done)

    def check(self) -> None:
        """Log in and leave, for `songthan doctor`."""
        self._leave(self._ready(), True)

    def _ready(self) -> smtplib.SMTP:
        """A connection that is logged in; nothing was offered yet, so nothing can have been accepted."""
        smtp = None
        try:
            smtp = self._connect()
            if self._settings.smtp_login:
                self._login(smtp)
            return smtp
        except MailError as error:
            found = error
        except smtplib.SMTPAuthenticationError as error:
            found = smtp_answer(error.smtp_code, error.smtp_error, where=self._where)
            if isinstance(found, MailDenied):
                found = auth_failed(self._where)
        except smtplib.SMTPNotSupportedError:
            found = MailDenied(
                say("เซิร์ฟเวอร์ส่งจดหมายไม่รับการเข้ารหัสหรือการลงชื่อเข้าใช้แบบที่ตั้งไว้"),
                where=self._where,
                remedy=say("ตรวจ [smtp] port, security และ login ในการตั้งค่า"),
            )
        except UnicodeError:
            found = auth_failed(self._where)
        except smtplib.SMTPResponseException as error:
            found = smtp_answer(error.smtp_code, error.smtp_error, where=self._where, secret=self._secret)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            found = unreached(error, where=self._where)
        if smtp is not None:
            self._leave(smtp, False)
        raise self._noted(found)

    def _login(self, smtp: smtplib.SMTP) -> None:
        """One try with one mechanism: smtplib's own login tries a wrong password with each, which locks accounts out."""
        offered = smtp.esmtp_features.get("auth", "").upper().split() if smtp.has_extn("auth") else []
        ways = {"PLAIN": smtp.auth_plain, "LOGIN": smtp.auth_login, "CRAM-MD5": smtp.auth_cram_md5}
        way = next((name for name in ways if name in offered), "")
        if not way:
            raise smtplib.SMTPNotSupportedError(" ".join(offered))
        smtp.user, smtp.password = self._settings.username, self._secret
        smtp.auth(way, ways[way])

    def _connect(self) -> smtplib.SMTP:
        settings, server = self._settings, self._settings.smtp
        wait = min(_CONNECT_S, settings.timeout_s)
        # our own name is not looked up: it may take long and tells outsiders about this machine
        if server.security == "tls":
            smtp = smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=settings.domain, timeout=wait, context=tls_context(settings)
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, local_hostname=settings.domain, timeout=wait)
        smtp.sock.settimeout(settings.timeout_s)
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                smtp.starttls(context=tls_context(settings))
                smtp.ehlo()
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _envelope(self, smtp: smtplib.SMTP, recipients: Sequence[str], size: int) -> None:
        """All recipients or none: the first answer that is no ends it, after every address was asked."""
        options = []
        if smtp.has_extn("size"):
            limit = smtp.esmtp_features.get("size", "")
            if limit.isdigit() and 0 < int(limit) < size:
                raise too_big(self._where)
            options = [f"size={size}"]
        self._yes(smtp.mail(self._settings.mailbox, options))
        refused: dict[str, MailError] = {}
        for address in recipients:
            code, text = smtp.rcpt(address)
            if code == 421:
                raise self._noted(busy(self._where))
            if not 200 <= code < 300:
                refused[address] = smtp_answer(code, text, where=self._where, address=address, secret=self._secret)
        if refused:
            raise self._refusal(refused)
        self._yes(smtp.docmd("DATA"), good=(354,))

    def _refusal(self, refused: dict[str, MailError]) -> MailError:
        final = {address: error for address, error in refused.items() if not isinstance(error, MailBusy)}
        if len(final) > 1:
            return MailDenied(
                say("เซิร์ฟเวอร์ไม่รับที่อยู่ผู้รับ {addresses}", addresses=", ".join(final)),
                where=self._where,
                remedy=say("ตรวจที่อยู่ในทะเบียนสมาชิก"),
            )
        if final:
            return self._noted(next(iter(final.values())))
        # One recipient is greylisted or full: no reason to leave the server alone, so no time is named.
        return busy(self._where)

    def _content(self, smtp: smtplib.SMTP, content: BinaryIO) -> None:
        for lines in _lines(content):
            smtp.send(lines)

    def _still_there(self, smtp: smtplib.SMTP) -> None:
        """The last look before the dot: a server that has something to say now says no, or has hung up."""
        if select.select([smtp.sock], [], [], 0)[0]:
            smtp.sock.settimeout(_CONNECT_S)
            self._yes(smtp.getreply(), good=())

    def _finish(self, smtp: smtplib.SMTP) -> None:
        """The dot. From here on a lost connection leaves open whether the server has the mail."""
        try:
            smtp.sock.settimeout(self._settings.accept_s)
            smtp.send(b".\r\n")
            answer = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            unclear = ambiguous(self._where)
            raise PerhapsAccepted(unclear.th, where=unclear.where, remedy=unclear.remedy) from error
        if not 400 <= answer[0] < 600 and not 200 <= answer[0] < 300:
            unclear = ambiguous(self._where)
            raise PerhapsAccepted(unclear.th, where=unclear.where, remedy=unclear.remedy)
        self._yes(answer)
        self._session.worked()

    def _yes(self, answer: tuple[int, bytes], *, good: Sequence[int] = range(200, 300)) -> None:
        code, text = answer
        if code not in good:
            raise self._noted(smtp_answer(code, text, where=self._where, secret=self._secret))

    def _noted(self, found: MailError) -> MailError:
        if isinstance(found, MailAuthFailed):
            self._session.refuse(found)
        if isinstance(found, MailBusy):
            self._session.rested(found)
            self._not_before = self._session.monotonic() + found.back_off_s
        return found

    def _leave(self, smtp: smtplib.SMTP, politely: bool) -> None:
        """QUIT after a whole transaction; else the connection is cut, so that nothing half sent can be taken for whole."""
        if politely:
            with suppress(smtplib.SMTPException, OSError):
                smtp.sock.settimeout(self._settings.timeout_s)
                smtp.quit()
        smtp.close()


def _lines(content: BinaryIO) -> Iterator[bytes]:
    """Whole lines, many at a time, as DATA wants them: CRLF at the end, a dot before a dot (RFC 5321 4.5.2)."""
    content.seek(0)
    while piece := content.read(_PIECE) + content.readline():
        lines = re.sub(rb"\r?\n", b"\r\n", piece)
        if not lines.endswith(b"\r\n"):
            lines += b"\r\n"
        yield re.sub(rb"(?m)^\.", b"..", lines)
