"""Logging in: real NTLM, for one connection, beside Basic; a wrong password is one refusal and no storm."""

import base64
import http.client
import os
import stat

import pytest
import spnego
from exchangelib import NTLM, Message
from exchangelib.errors import UnauthorizedError
from practice_world import MEMBER, OFFICE, PASSWORDS

from songthan.practice.exchange import PracticeError, read_log, start

pytestmark = pytest.mark.real

PATH = "/EWS/Exchange.asmx"


def test_exchangelib_works_over_ntlm(run, account, folder):
    exchange = run("ntlm")
    office, member = account(exchange, OFFICE, auth_type=NTLM), account(exchange, MEMBER, auth_type=NTLM)
    draft = Message(account=office, folder=office.drafts, subject="ด้วย NTLM", body="b", to_recipients=[MEMBER])
    draft.save()
    draft.send()
    assert [m.subject for m in member.inbox.all()] == ["ด้วย NTLM"]
    events = read_log(folder / "log.jsonl")
    assert [e["actor"] for e in events if e["event"] == "sent"] == [OFFICE]
    assert not [e for e in events if e["event"] == "login_refused"]
    assert stat.S_IMODE(os.stat(folder / "e.db.ntlm").st_mode) == 0o600


@pytest.mark.parametrize("schemes", ["basic", "ntlm"])
def test_a_wrong_password_is_one_refusal_and_no_storm(run, account, folder, monkeypatch, schemes):
    monkeypatch.setitem(PASSWORDS, OFFICE, "wrong")
    exchange = run(schemes)
    with pytest.raises(UnauthorizedError):
        _ = account(exchange, OFFICE, auth_type=NTLM if schemes == "ntlm" else "basic").inbox
    assert [e["mailbox"] for e in read_log(folder / "log.jsonl") if e["event"] == "login_refused"] == [OFFICE]
    assert not (folder / "wire.jsonl").exists()


def ask(
    connection: http.client.HTTPConnection, token: bytes | None = None, scheme: str = "NTLM"
) -> tuple[int, list[str]]:
    """A GET of the EWS address: its status and the challenges."""
    headers = {} if token is None else {"Authorization": f"{scheme} {base64.b64encode(token).decode()}"}
    connection.request("GET", PATH, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers.get_all("WWW-Authenticate", [])


def shake(connection: http.client.HTTPConnection, name: str, password: str) -> int:
    """The NTLM handshake on a connection; gives the last status."""
    client = spnego.client(name, password, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    status, challenges = ask(connection, client.step())
    assert status == 401 and len(challenges) == 1 and challenges[0].startswith("NTLM ")
    return ask(connection, client.step(base64.b64decode(challenges[0][5:])))[0]


def test_ntlm_lets_a_connection_in_and_no_other(run):
    exchange = run("basic,ntlm")
    one, other = (http.client.HTTPConnection("127.0.0.1", exchange.port, timeout=10) for _ in range(2))
    assert ask(one) == (401, ["NTLM", 'Basic realm="practice"'])
    assert shake(one, OFFICE, PASSWORDS[OFFICE]) == 200
    assert ask(one)[0] == 200 and ask(other)[0] == 401
    assert shake(other, r"SENATE-FOREIGN\member", PASSWORDS[MEMBER]) == 200
    # a wrong word on a connection that was in puts it out again
    assert shake(one, OFFICE, "wrong") == 401
    assert ask(one)[0] == 401
    # the third step of an old handshake opens nothing without its own challenge
    client = spnego.client(OFFICE, PASSWORDS[OFFICE], protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    _, challenges = ask(one, client.step())
    last = client.step(base64.b64decode(challenges[0][5:]))
    assert ask(one, last)[0] == 200
    fresh = http.client.HTTPConnection("127.0.0.1", exchange.port, timeout=10)
    assert ask(fresh, last)[0] == 401
    for hostile in (b"", b"NTLMSSP\0", b"NTLMSSP\0\1\0\0\0", b"NTLMSSP\0\3\0\0\0" + b"\xff" * 80, os.urandom(64)):
        assert ask(fresh, hostile)[0] == 401
    assert ask(fresh, f"{OFFICE}:{PASSWORDS[OFFICE]}".encode(), scheme="Basic")[0] == 200
    assert ask(fresh)[0] == 401  # Basic is for one request


def test_only_the_schemes_asked_for_open_the_door(run, folder):
    exchange = run("ntlm")
    connection = http.client.HTTPConnection("127.0.0.1", exchange.port, timeout=10)
    assert ask(connection, f"{OFFICE}:{PASSWORDS[OFFICE]}".encode(), scheme="Basic") == (401, ["NTLM"])
    with pytest.raises(PracticeError, match=r"exit 2.*kerberos"):
        start(folder / "k.db", folder / "accounts.toml", folder / "k.jsonl", auth="basic,kerberos")
