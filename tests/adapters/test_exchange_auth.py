"""How the Exchange adapter logs in and whom it believes: tokens, certificates, and no secret in any line of any log."""

from __future__ import annotations

import base64
import email
import logging
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import quote, quote_plus

import pytest
from exchange_world import ACCOUNTS, MEMBER, OFFICE, PASSWORD, answer, outgoing, practice_in, settings
from tls_world import CLIENT_ID, CLIENT_SECRET, Authority, Gate

from songthan.adapters.exchange import ExchangeMailbox
from songthan.adapters.exchange_check import check
from songthan.domain.clock_skew import clock_finding
from songthan.domain.errors import DataError, MailAuthFailed, MailBusy, MailDenied, MailError
from songthan.testing.mailbox import bytes_of

pytestmark = pytest.mark.real


class Office:
    """A practice Exchange, a certificate authority, and gates with TLS in front."""

    def __init__(self, practice, folder, stack: ExitStack) -> None:
        self.practice, self.folder = practice, folder
        self.authority = Authority(folder / "ca")
        self._stack = stack

    def gate(self, host: str = "127.0.0.1", *, bearer: bool = False, authority: Authority | None = None) -> Gate:
        context = (authority or self.authority).server_context(host)
        gate = Gate(self.practice.server.base, context, login=(OFFICE, PASSWORD) if bearer else None)
        self._stack.callback(gate.stop)
        return gate

    def open(self, gate: Gate, **more: object) -> ExchangeMailbox:
        values = {"endpoint": gate.url(), "ca_file": self.authority.file, "patience_s": 0.0, **more}
        box = ExchangeMailbox(settings(**values), **self.practice.time.as_options())
        self._stack.callback(box.close)
        return box

    def application(self, gate: Gate, **more: object) -> ExchangeMailbox:
        values = {
            "auth": "oauth2",
            "username": "",
            "password": "",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "token_endpoint": gate.token_url,
            **more,
        }
        return self.open(gate, **values)


@pytest.fixture
def office(tmp_path, monkeypatch) -> Iterator[Office]:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "OAUTHLIB_INSECURE_TRANSPORT"):
        monkeypatch.delenv(name, raising=False)
    with practice_in(tmp_path) as practice, ExitStack() as stack:
        yield Office(practice, tmp_path, stack)


# Certificates


def test_a_certificate_of_the_offices_own_authority_is_believed(office):
    gate = office.gate()
    office.practice.receive(answer(1))
    box = office.open(gate)
    (ref,) = box.new_messages("").refs
    assert b"Subject: 1" in bytes_of(box, ref)
    box.send(box.save_draft(outgoing()))
    assert abs(box.clock_skew()) < 5 and abs(office.open(gate).clock_skew()) < 5


def test_a_certificate_of_anybody_else_is_not(office, monkeypatch):
    stranger = Authority(office.folder / "stranger", "Test CA")
    gate = office.gate(authority=stranger)
    for ca_file in (office.authority.file, None):
        with pytest.raises(MailDenied) as refused:
            office.open(gate, ca_file=ca_file).count()
        assert "ใบรับรอง" in refused.value.th and "ca_file" in refused.value.remedy and refused.value.exit_code == 3
    # the setting stands above what the environment of the process says
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(stranger.file))
    with pytest.raises(MailDenied):
        office.open(gate).count()
    assert office.open(gate, ca_file=None).count() == 0, "without the setting the environment holds"
    assert [path for path, _ in gate.asked] == ["/EWS/Exchange.asmx"] * len(gate.asked)


def test_a_certificate_of_another_name_is_not(office):
    gate = office.gate("mail.office.example")
    with pytest.raises(MailDenied) as refused:
        office.open(gate).count()
    assert "ชื่อ" in refused.value.th and gate.asked == []


def test_a_server_without_tls_is_told(office):
    endpoint = office.practice.server.url.replace("http://", "https://")
    with pytest.raises(MailDenied) as refused:
        office.open(office.gate(), endpoint=endpoint).count()
    assert "TLS" in refused.value.th and refused.value.remedy


def test_a_missing_file_of_certificates_is_a_wrong_setting(office, tmp_path):
    with pytest.raises(DataError) as refused:
        settings(ca_file=tmp_path / "none.pem")
    assert refused.value.where == "songthan.toml [exchange] ca_file"
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(MailError) as error:
        office.open(office.gate(), ca_file=tmp_path / "empty.pem").count()
    assert error.value.remedy


# Tokens


def test_an_application_works_the_mailbox_with_one_token(office):
    gate = office.gate(bearer=True)
    office.practice.receive(answer(1))
    box = office.application(gate)
    listing = box.new_messages("")
    box.move(listing.refs[0], "บันทึก")
    box.send(box.save_draft(outgoing()))
    assert [r.folder for r in box.find("ask:1")] == ["sent"] and box.count() == 1
    assert len(gate.tokens) == 1 and gate.asked[0] == ("/token", 200)


def test_it_acts_for_the_mailbox_and_for_no_other(office):
    gate = office.gate(bearer=True)
    with pytest.raises(MailDenied) as refused:
        office.application(gate, mailbox=MEMBER).count()
    assert "ApplicationImpersonation" in refused.value.remedy


def test_a_token_that_ran_out_is_asked_for_anew(office):
    gate = office.gate(bearer=True)
    box = office.application(gate)
    assert box.count() == 0
    protocol = box._account.protocol
    session = protocol.get_session()
    session._client._expires_at = 1
    protocol.release_session(session)
    assert box.count() == 0 and box.count() == 0
    assert len(gate.tokens) == 2 and {status for _, status in gate.asked} == {200}


def test_a_token_that_is_dead_when_it_comes_is_not_asked_for_without_end(office):
    gate = office.gate(bearer=True)
    gate.lifetime_s = -10
    with pytest.raises(MailBusy):
        office.application(gate).count()
    assert len(gate.tokens) == 1 and [path for path, _ in gate.asked] == ["/token"]


def test_a_token_taken_back_is_asked_for_anew_once(office):
    gate = office.gate(bearer=True)
    box = office.application(gate)
    draft = box.save_draft(outgoing())
    gate.revoke()
    box.send(draft)
    assert [r.folder for r in box.find("ask:1")] == ["sent"]
    assert len(gate.tokens) == 2 and [s for _, s in gate.asked].count(401) == 1
    gate.refuse_all = True
    for _ in range(5):
        with pytest.raises(MailAuthFailed):
            box.count()
    assert [s for _, s in gate.asked].count(401) == 3 and len(gate.tokens) <= 4


def test_an_application_that_is_refused_stops_at_once(office):
    gate = office.gate(bearer=True)
    box = office.application(gate, client_secret="expired")
    for _ in range(5):
        with pytest.raises(MailAuthFailed) as refused:
            box.count()
    assert "client secret" in refused.value.remedy and "invalid_client" in refused.value.th
    assert gate.asked == [("/token", 401)]


@pytest.mark.parametrize("broken", [(503, b"<html>busy"), (200, b"{}"), (500, b'{"error": "temporarily_unavailable"}')])
def test_a_server_of_tokens_that_stumbles_is_no_refusal(office, broken):
    gate = office.gate(bearer=True)
    gate.token_answer = broken
    box = office.application(gate)
    with pytest.raises(MailBusy):
        box.count()
    gate.token_answer = None
    assert box.count() == 0


def test_tokens_are_not_asked_for_over_plain_http(office):
    gate = office.gate(bearer=True)
    with pytest.raises(MailDenied) as refused:
        office.application(gate, token_endpoint=gate.token_url.replace("https", "http")).count()
    assert "https" in refused.value.th and gate.asked == []


def test_a_server_of_tokens_nobody_vouches_for_is_refused(office):
    gate = office.gate(bearer=True, authority=Authority(office.folder / "stranger"))
    with pytest.raises(MailDenied) as refused:
        office.application(gate).count()
    assert "ใบรับรอง" in refused.value.th and gate.tokens == []


# NTLM


@pytest.fixture
def windows(tmp_path):
    with practice_in(tmp_path, auth="ntlm") as practice:
        yield practice


def test_everything_works_with_ntlm(windows, tmp_path):
    box = windows.open(auth="ntlm")
    large = tmp_path / "large"
    large.write_bytes(bytes(range(256)) * 8000)
    # the very first request of a connection, which NTLM sends three times, carries the file
    draft = windows.open(auth="ntlm").save_draft(outgoing())
    draft = windows.open(auth="ntlm").attach(draft, "a.bin", "application/octet-stream", large)
    box.send(draft)
    assert [r.folder for r in box.find("ask:1")] == ["sent"]
    member = windows.open(MEMBER, auth="ntlm")
    (ref,) = member.new_messages("").refs
    raw = bytes_of(member, ref)
    files = [p.get_payload(decode=True) for p in email.message_from_bytes(raw).walk() if p.get_filename()]
    assert files == [large.read_bytes()]
    assert member.move(ref, "บันทึก").folder == "บันทึก" and member.count() == 1


def test_a_wrong_password_is_tried_once_with_ntlm(windows):
    box = windows.open(auth="ntlm", password="wrong and secret")
    for _ in range(3):
        with pytest.raises(MailAuthFailed):
            box.count()
    # one handshake of three requests, no more
    assert windows.asked == ["GetFolder"] * 3
    with pytest.raises(MailAuthFailed):
        windows.open(auth="basic").count()
    assert windows.open(auth="ntlm").count() == 0


# What doctor asks


def test_doctor_logs_in_and_looks_at_folders_and_clocks(office):
    box = office.practice.open()
    found = {name: status for name, status, _, _ in check(box)}
    assert found == {"mailbox-login": "ok", "mailbox-folders": "ok", "clock": "ok"}
    shared = check(office.practice.open(shared=True))
    assert ("mailbox-send-as", "warn") in [(name, status) for name, status, _, _ in shared]
    refused = check(office.practice.open(password="wrong and secret"))
    assert [status for name, status, _, _ in refused if name == "mailbox"] == ["missing"]
    assert all("secret" not in f"{text} {remedy}" for _, _, text, remedy in refused)


def test_doctor_names_the_rights_an_account_lacks(tmp_path):
    accounts = ACCOUNTS + f'readers = ["{OFFICE}"]\n'
    with practice_in(tmp_path, accounts=accounts) as practice:
        found = check(practice.open(mailbox=MEMBER, shared=True))
    lacking = {name: (status, text) for name, status, text, _ in found if status == "missing"}
    assert set(lacking) == {"mailbox-inbox", "mailbox-junk", "mailbox-drafts", "mailbox-sent"}
    assert "แก้ไข" in lacking["mailbox-drafts"][1] and "ย้ายออก" in lacking["mailbox-inbox"][1]


@pytest.mark.parametrize(("skew", "status"), [(0, "ok"), (-59, "ok"), (100, "warn"), (-299, "warn"), (301, "missing")])
def test_a_clock_five_minutes_off_is_an_alarm(skew, status):
    _, found, text, remedy = clock_finding(skew)
    assert found == status and bool(remedy) == (status != "ok") and text


# Secrets


def every_form(secret: str, user: str = "") -> set[str]:
    forms = {secret, quote(secret), quote_plus(secret), secret.replace(" ", "%20")}
    forms |= {base64.b64encode(f"{prefix}{secret}".encode()).decode().rstrip("=") for prefix in ("", f"{user}:")}
    return forms


class Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {logging.Formatter().format(record)} {record.args!r}")


def work(box: ExchangeMailbox, office: Office) -> list[str]:
    """Every operation, well and badly; returns what the errors said."""
    said = []
    office.practice.receive(answer(len(office.practice.asked)))
    for operation in ("SyncFolderItems", "GetItem", "CreateItem", "SendItem", "GetFolder", None):
        if operation:
            office.practice.fail(operation, "ErrorInternalServerError")
        try:
            listing = box.new_messages("")
            bytes_of(box, listing.refs[0])
            box.move(listing.refs[0], "บันทึก")
            office.practice.receive(answer(1))
            draft = box.save_draft(outgoing(key=f"ask:{operation}"))
            draft = box.attach(draft, "a.pdf", "application/pdf", office.authority.file)
            box.send(draft)
            box.find("ask:1")
            box.count()
        except MailError as error:
            said += [str(error), repr(error), error.remedy, repr(error.__cause__), repr(error.__context__)]
    said += [repr(box), repr(box._settings), repr(box._account), repr(box._account.protocol), str(box._account.protocol)]
    said += [repr(box._account.protocol.credentials), str(box._account.protocol.credentials)]
    return said


def test_no_secret_is_in_any_log_error_or_repr(office, caplog):
    gate, plain = office.gate(bearer=True), office.gate()
    ear = Ear()
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in list(logging.Logger.manager.loggerDict))]
    levels = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    root.addHandler(ear)
    said: list[str] = []
    try:
        said += work(office.open(plain), office)
        said += work(office.application(gate), office)
        for box in (
            office.open(plain, password="wrong and secret"),
            office.application(gate, client_secret="wrong and secret"),
        ):
            with pytest.raises(MailAuthFailed) as refused:
                box.count()
            said += [str(refused.value), repr(refused.value)]
        gate.refuse_all = True
        said += work(office.application(gate), office)
    finally:
        root.removeHandler(ear)
        for logger, level in levels:
            logger.setLevel(level)
    forbidden = every_form(PASSWORD, OFFICE) | every_form(CLIENT_SECRET, CLIENT_ID)
    forbidden |= every_form("wrong and secret", OFFICE).union(*(every_form(token) for token in gate.tokens))
    assert len(gate.tokens) >= 2 and len([line for line in ear.lines if "exchangelib" in line]) > 100
    assert any("Authorization" in line for line in ear.lines), "the headers are logged, without their worth"
    for text in [*ear.lines, *said]:
        for secret in forbidden:
            assert secret not in text, text[:400]
