"""Who is believed: our server's Authentication-Results, and the marks Exchange puts on mail of its own mailboxes."""

from __future__ import annotations

from pathlib import Path

import pytest

from songthan.adapters.parse_authentication import OwnServer, authentication
from songthan.adapters.parse_headers import split_headers
from songthan.adapters.settings_file import load_settings

MEMBER = "tonnam@office.example"
SERVER = OwnServer(
    authserv_id="mx.office.example",
    internal_servers=("*.ad.office.example", "EXCH9"),
    domains=frozenset({"office.example"}),
)
INTERNAL = (
    "X-MS-Exchange-Organization-AuthAs: Internal",
    "X-MS-Exchange-Organization-AuthMechanism: 04",
    "X-MS-Exchange-Organization-AuthSource: exch1.ad.office.example",
)


def verdict(*lines: str, server: OwnServer = SERVER, sender: str = MEMBER) -> str:
    raw = "".join(f"{line}\r\n" for line in (*lines, f"From: {sender}", "")).encode()
    headers, _ = split_headers(raw, 0, len(raw), top=True)
    return authentication(headers, server, sender)[0]


def changed(number: int, line: str) -> tuple[str, ...]:
    return tuple(line if i == number else old for i, old in enumerate(INTERNAL))


def test_mail_a_mailbox_of_our_exchange_handed_in_is_its_owners() -> None:
    assert verdict(*INTERNAL) == verdict(*reversed(INTERNAL)) == "pass"
    assert verdict(*changed(2, "X-MS-Exchange-Organization-AuthSource:\r\n\texch9")) == "pass"
    assert verdict(*INTERNAL, f"Sender: Ton <{MEMBER.upper()}>") == "pass"


@pytest.mark.parametrize(
    "lines",
    [
        INTERNAL[:2],
        INTERNAL[1:],
        (INTERNAL[0], INTERNAL[2]),
        changed(0, "X-MS-Exchange-Organization-AuthAs: Anonymous"),
        changed(0, "X-MS-Exchange-Organization-AuthAs: Internal, Anonymous"),
        changed(1, "X-MS-Exchange-Organization-AuthMechanism: 10"),
        changed(1, "X-MS-Exchange-Organization-AuthMechanism: 0400"),
        changed(2, "X-MS-Exchange-Organization-AuthSource: exch1.ad.office.example.attacker.example"),
        changed(2, "X-MS-Exchange-Organization-AuthSource: attacker.example exch9"),
        changed(2, "X-MS-Exchange-Organization-AuthSource:"),
        (*INTERNAL, "X-MS-Exchange-Organization-AuthAs: Internal"),
        (*INTERNAL, "x-ms-exchange-organization-authsource: exch2.ad.office.example"),
        (*INTERNAL, "Sender: khaohom@office.example"),
        (*INTERNAL, "Sender: nonsense"),
        (*INTERNAL, f"Sender: {MEMBER}", "Sender: khaohom@office.example"),
    ],
)
def test_half_a_mark_a_second_mark_or_another_server_proves_nobody(lines: tuple[str, ...]) -> None:
    assert verdict(*lines) == "none"


def test_the_marks_prove_only_addresses_of_our_own_domain_and_only_where_they_are_switched_on() -> None:
    assert verdict(*INTERNAL, sender="minister@other.example") == "none"
    assert verdict(*INTERNAL, sender="tonnam@sub.office.example") == "none"
    assert verdict(*INTERNAL, server=OwnServer(authserv_id="mx.office.example", domains=SERVER.domains)) == "none"
    assert OwnServer.of({"authserv_id": "mx.office.example"}).internal_servers == ()


@pytest.mark.parametrize("result", ["dmarc=fail header.from=office.example", "dmarc=none; compauth=fail reason=001"])
def test_a_failed_check_is_stronger_than_the_marks(result: str) -> None:
    assert verdict(f"Authentication-Results: mx.office.example; {result}", *INTERNAL) == "fail"


def test_an_empty_result_of_the_same_server_does_not_hide_the_marks() -> None:
    nothing = "Authentication-Results: mx.office.example; dkim=none; dmarc=none header.from=office.example"
    assert verdict(nothing, *INTERNAL) == "pass" and verdict(nothing) == "none"


def test_the_account_that_logged_in_proves_its_own_address_only() -> None:
    def says(result: str) -> str:
        return f"Authentication-Results: mx.office.example; {result}"

    assert verdict(says(f"auth=pass (plain) smtp.auth={MEMBER}")) == "pass"
    assert verdict(says(f"spf=none; auth=pass smtp.auth={MEMBER.upper()}; dmarc=none")) == "pass"
    for other in (
        "auth=pass smtp.auth=khaohom@office.example",
        "auth=pass smtp.auth=tonnam",
        f"auth=fail smtp.auth={MEMBER}",
        f"dkim=pass smtp.auth={MEMBER}",
        f'dkim=pass reason="auth=pass smtp.auth={MEMBER}"',
        f"auth=pass smtp.auth={MEMBER}; auth=pass smtp.auth=khaohom@office.example",
        f"auth=pass (smtp.auth={MEMBER})",
        f"auth=pass smtp.auth={MEMBER}; auth=fail smtp.auth={MEMBER}",
        f'auth=pass smtp.mailfrom="a\\" smtp.auth={MEMBER} \\""@attacker.example',
        f'spf=pass smtp.mailfrom="a\\"; auth=pass smtp.auth={MEMBER}; b=\\""@attacker.example',
    ):
        assert verdict(says(other)) == "none", other
    assert verdict(says("dmarc=fail header.from=office.example; auth=pass smtp.auth=" + MEMBER)) == "fail"
    assert verdict(f"Authentication-Results: mx.attacker.example; auth=pass smtp.auth={MEMBER}") == "none"
    below = says(f"auth=pass smtp.auth={MEMBER}")
    assert verdict(says("dmarc=none"), below) == "none"
    assert verdict(below, says("auth=pass smtp.auth=khaohom@office.example")) == "none"


def test_an_escaped_quote_does_not_end_the_quoted_words_of_a_stranger() -> None:
    said = r'dmarc=pass smtp.mailfrom="a\" header.from=office.example \""@attacker.example'
    assert verdict(f"Authentication-Results: mx.office.example; {said}") == "none"


def test_no_sender_is_never_proven() -> None:
    assert verdict(*INTERNAL, sender="") == "none"
    assert verdict("Authentication-Results: mx.office.example; auth=pass smtp.auth=", sender="") == "none"


def test_the_setting_reaches_the_parser(tmp_path: Path) -> None:
    (tmp_path / "songthan.toml").write_text('[mailbox]\ninternal_servers = ["*.ad.office.example"]\n', encoding="utf-8")
    assert load_settings(tmp_path).mailbox.internal_servers == ("*.ad.office.example",)
