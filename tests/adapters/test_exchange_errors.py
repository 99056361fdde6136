"""Settings of the Exchange adapter, its errors' names and remedies, and its back-off; no server is asked."""


from __future__ import annotations

import re

import pytest
import requests
from exchange_world import OFFICE, PASSWORD, Time, settings
from exchangelib import errors

from songthan.adapters import exchange_listing, exchange_services
from songthan.adapters.exchange_connection import _Once, _WideResponse, retry_after_s
from songthan.adapters.exchange_errors import AnswerLost, NoService, named
from songthan.adapters.exchange_logs import keep_secret
from songthan.adapters.exchange_session import Session
from songthan.domain.errors import DataError, MailAmbiguous, MailAuthFailed, MailBusy, MailDenied, MailNotFound

# Settings and errors


def test_settings_name_what_is_wrong_and_hide_the_password():
    assert PASSWORD not in repr(settings())
    for name, value in {
        "endpoint": "exchange.example",
        "mailbox": "plan",
        "auth": "oauth9",
        "version": "Exchange5",
        "folders_below": "ก",
    }.items():
        with pytest.raises(DataError) as refused:
            settings(**{name: value})
        assert refused.value.where.endswith(name) and refused.value.remedy


def lost_before_connecting() -> Exception:
    try:
        try:
            raise requests.exceptions.ConnectionError("HTTPConnectionPool: NewConnectionError('refused')")
        except requests.exceptions.ConnectionError as error:
            raise errors.ErrorTimeoutExpired(f"Reraised from {error}")  # noqa: B904 (as exchangelib does it)
    except errors.ErrorTimeoutExpired as error:
        return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.UnauthorizedError("x"), MailAuthFailed),
        (errors.ErrorPasswordExpired("x"), MailAuthFailed),
        (errors.ErrorServerBusy("x", back_off=7), MailBusy),
        (errors.ErrorMailboxMoveInProgress("x"), MailBusy),
        (lost_before_connecting(), MailBusy),
        (errors.ErrorTimeoutExpired("Reraised from ReadTimeout"), MailAmbiguous),
        (errors.ErrorInternalServerError("x"), MailAmbiguous),
        (AnswerLost("HTTP 502"), MailAmbiguous),
        (errors.MalformedResponseError("x"), MailAmbiguous),
        (requests.exceptions.ChunkedEncodingError("x"), MailAmbiguous),
        (errors.ErrorItemNotFound("x"), MailNotFound),
        (errors.ErrorStaleObject("x"), MailNotFound),
        (errors.ErrorSendAsDenied("x"), MailDenied),
        (errors.ErrorMessageSizeExceeded("x"), MailDenied),
        (errors.ErrorAccessDenied(f"no, {PASSWORD}"), MailDenied),
        (errors.TransportError("SSL: CERTIFICATE_VERIFY_FAILED"), MailDenied),
        (NoService("HTTP 404"), MailDenied),
    ],
)
def test_every_error_has_a_name_a_place_and_a_remedy(error, kind):
    keep_secret(PASSWORD)
    found = named(error, operation="SendItem", mailbox=OFFICE)
    assert type(found) is kind and found.where == f"SendItem {OFFICE}" and found.remedy
    assert re.search("[ก-๙]", found.th) and PASSWORD not in str(found)
    if isinstance(error, errors.ErrorServerBusy):
        assert found.back_off_s == 7.0


ALL_ERRORS = [
    cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.EWSError)
]
#: What each kind of name promises. The first that fits holds; codes that our operations cannot meet are refusals.
PROMISES = [
    (r"Transient|Unavailable|ServerBusy|Failover|MoveInProgress|TooMany.*Opened|ConnectionCount|NotEnoughMemory", MailBusy),
    (r"Unauthorized|Password|AccountDisabled|LogonFailed", MailAuthFailed),
    (r"ItemNotFound$|^Error(Parent|To|Sync)?FolderNotFound|StaleObject|ChangeKey$|IdMalformed", MailNotFound),
    (r"Timeout|InternalServerError|Aborted|ConnectionFailed$|ProxyCall", MailAmbiguous),
    (r"Denied|Quota|SizeLimit|SizeExceeded|Recipient|Corrupt|Version|Virus(Detected)|Policy|Invalid(Request|Smtp)", MailDenied),
]


def made(cls: type) -> Exception:
    if cls is errors.RedirectError:
        return cls(url="https://other.example/EWS/Exchange.asmx")
    if cls is errors.CASError:
        return cls(cas_error="x", response=requests.Response())
    for arguments in (("x",), (), ("x", 1)):
        try:
            return cls(*arguments)
        except TypeError:
            continue
    raise AssertionError(cls)


@pytest.mark.parametrize("cls", ALL_ERRORS, ids=lambda cls: cls.__name__)
def test_every_error_of_exchangelib_has_one_of_five_names_and_a_remedy(cls):
    found = named(made(cls), operation="MoveItem", mailbox=OFFICE)
    assert type(found) in (MailBusy, MailAmbiguous, MailAuthFailed, MailNotFound, MailDenied)
    assert found.remedy and found.where and re.search("[ก-๙]", found.th)
    for pattern, kind in PROMISES:
        if re.search(pattern, cls.__name__):
            assert type(found) is kind, f"{cls.__name__}: {type(found).__name__}"
            break


@pytest.mark.parametrize(
    ("status", "headers", "content", "kind"),
    [
        (401, {"connection": "close"}, b"", errors.UnauthorizedError),
        (503, {"Retry-After": "9"}, b"", errors.ErrorServerBusy),
        (429, {}, b"", errors.ErrorServerBusy),
        (502, {"connection": "close"}, b"<html>", AnswerLost),
        (403, {}, b"", errors.ErrorAccessDenied),
        (404, {"connection": "close"}, b"<html>", NoService),
        (413, {}, b"", errors.ErrorMessageSizeExceeded),
    ],
)
def test_http_answers_are_told_apart(status, headers, content, kind):
    response = requests.Response()
    response.status_code, response._content, response.url = status, content, "http://x.example"
    response.headers.update(headers)
    with pytest.raises(kind) as raised:
        _Once().raise_response_errors(response)
    if status == 503:
        assert raised.value.back_off == 9.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": " 7 "}, 7.0),
        ({"Retry-After": "Wed, 01 Mar 2023 08:02:30 GMT", "Date": "Wed, 01 Mar 2023 08:00:00 GMT"}, 150.0),
        ({"Retry-After": "Wed, 01 Mar 2023 08:00:00 GMT", "Date": "Wed, 01 Mar 2023 08:00:00 GMT"}, 0.0),
        ({"Retry-After": "Wed, 01 Mar 2023 08:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, 0.0),
        ({"Retry-After": "-5"}, 0.0),
        ({}, 0.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(headers, seconds):
    assert retry_after_s(headers) == seconds


BUSY_INSIDE = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"
 xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Body><m:{0}Response><m:ResponseMessages>
<m:{0}ResponseMessage ResponseClass="Error"><m:MessageText>busy</m:MessageText><m:ResponseCode>ErrorServerBusy</m:ResponseCode>
<m:MessageXml><t:Value Name="BackOffMilliseconds">297749</t:Value></m:MessageXml></m:{0}ResponseMessage>
</m:ResponseMessages></m:{0}Response></s:Body></s:Envelope>"""


@pytest.mark.parametrize("name", exchange_services.__all__)
def test_the_wish_to_wait_is_read_inside_a_response_message_too(name):
    service = getattr(exchange_services, name)(account=Time().session().account)
    if name == "SyncFolderItems":
        service = exchange_listing._Sync(account=service.account)
    service.folders = [None]  # what those two services match their answers with
    with pytest.raises(errors.ErrorServerBusy) as busy:
        list(service.parse(BUSY_INSIDE.format(name).encode()))
    assert busy.value.back_off == 297.749
    assert named(busy.value, operation=name, mailbox=OFFICE).back_off_s == 297.749


def test_answers_are_read_in_large_pieces():
    response = _WideResponse()
    response._content, response._content_consumed = b"x" * 200_000, True
    assert len(list(response.iter_content())) == 4
    assert [len(piece) for piece in response.iter_content(150_000)] == [150_000, 50_000]


def failing(*failures: Exception):
    """Work that fails with each error in turn, then answers 7; `.calls` counts."""
    waiting = list(failures)

    def work() -> int:
        work.calls += 1
        if waiting:
            raise waiting.pop(0)
        return 7

    work.calls = 0
    return work


def test_reading_waits_for_a_busy_server_writing_does_not():
    clock = Time()
    work = failing(errors.ErrorServerBusy("x", back_off=2), errors.ErrorTimeoutExpired("x"))
    assert clock.session().read("FindItem", work) == 7
    assert work.calls == 3 and sum(clock.slept) >= 2.0
    clock = Time()
    work = failing(errors.ErrorServerBusy("x", back_off=2))
    session = clock.session()
    with pytest.raises(MailBusy) as busy:
        session.write("SendItem", work)
    assert (work.calls, busy.value.back_off_s, clock.slept) == (1, 2.0, [])
    assert session.write("SendItem", work) == 7 and clock.slept == [2.0], "the next call keeps the server's wish"


def test_waiting_is_bounded():
    clock = Time()
    work = failing(*[errors.ErrorServerBusy("x", back_off=3600)] * 9)
    session = clock.session()
    for _ in range(2):
        with pytest.raises(MailBusy) as busy:
            session.read("FindItem", work)
        assert busy.value.back_off_s == 3600.0
    assert work.calls == 1 and clock.slept == [], "an hour is not waited for, nor is the server asked again"
    clock = Time()
    work = failing(*[errors.ErrorTimeoutExpired("x")] * 9)
    with pytest.raises(MailAmbiguous):
        clock.session().read("FindItem", work)
    assert work.calls == 4 and sum(clock.slept) <= 5.0


def test_a_refused_login_is_not_tried_again():
    session = Time().session()
    work = failing(errors.UnauthorizedError("x"))
    for _ in range(3):
        with pytest.raises(MailAuthFailed):
            session.read("FindItem", work)
    assert work.calls == 1


def test_two_mailboxes_never_share_a_protocol():
    first, second = Session(settings()), Session(settings(timeout_s=3.0))
    assert first.account.protocol is not second.account.protocol
    assert (first.account.protocol.TIMEOUT, second.account.protocol.TIMEOUT) == (120.0, 3.0)
    assert first.account.protocol.max_connections == 1


