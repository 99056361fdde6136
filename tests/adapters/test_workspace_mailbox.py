"""The office's Exchange as `songthan.toml` names it: from the settings to the server, and one state folder a mailbox."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner
from exchange_world import practice_in
from test_late_mailbox import end, holder
from tls_world import CLIENT_ID, CLIENT_SECRET, Authority, Gate

from songthan import live, workspace
from songthan.adapters.settings_file import CLIENT_SECRET_VARIABLE, PASSWORD_VARIABLE
from songthan.cli import main
from songthan.domain.errors import DataError, EnvironmentNotReady
from songthan.testing.mailbox import bytes_of
from songthan.workspace_mailbox import exchange_settings

ROOT = Path(__file__).resolve().parents[2]
PLAN = workspace.load_plan(ROOT / "plans" / "2566")
ADDRESS = PLAN.roster.mailbox
SECRET = "the mailbox's own secret"
ACCOUNTS = f"""
server_name = "practice-exchange.example"
domains = ["{ADDRESS.partition("@")[2]}"]
[[mailboxes]]
address = "{ADDRESS}"
name = "กลุ่มแผนงาน"
password = "{SECRET}"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    for name in (PASSWORD_VARIABLE, CLIENT_SECRET_VARIABLE, "SONGTHAN_WORKSPACE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def write(folder: Path, mailbox: str = "", exchange: str = "") -> None:
    text = "".join(f'{name} = "{ROOT / where}"\n' for name, where in (("plan", "plans/2566"), ("flows", "flows")))
    text += "".join(f'{name} = "{ROOT / name}"\n' for name in ("templates", "inbox_rules"))
    (folder / "songthan.toml").write_text(
        f'{text}[mailbox]\nkind = "exchange"\n{mailbox}\n[exchange]\n{exchange}\n', encoding="utf-8"
    )


def secret_file(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text + "\n", encoding="utf-8")
    (folder / name).chmod(0o600)


def test_every_setting_reaches_the_adapter(folder):
    (folder / "ca.pem").write_text("x")
    secret_file(folder, "secret", "s3cret")
    write(
        folder,
        'endpoint = "https://mail.office.example/EWS/Exchange.asmx"\nshared = true\nusername = "OFFICE\\\\\\\\secretary"',
        'auth = "oauth2"\ntenant_id = "t"\nclient_id = "c"\nclient_secret_file = "secret"\nca_file = "ca.pem"\n'
        'token_endpoint = "https://adfs.office.example/token"\nscope = "a b"\nversion = "Exchange2019"\nfolders_below = "root"',
    )
    found = exchange_settings(workspace.load_settings(folder), PLAN)
    assert (found.auth, found.tenant_id, found.client_id, found.client_secret) == ("oauth2", "t", "c", "s3cret")
    assert (found.ca_file, found.scope, found.version) == (folder / "ca.pem", "a b", "Exchange2019")
    assert (found.folders_below, found.shared, found.mailbox, found.password) == ("root", True, ADDRESS, "")
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("exchange", "word"),
    [
        ('auth = "kerberos"', "auth"),
        ('version = "Exchange2000"', "version"),
        ('folders_below = "x"', "folders_below"),
        ('ca_file = "none.pem"', "ca_file"),
        ('auth = "oauth2"', "client_id"),
        ('auth = "oauth2"\nclient_id = "c"', "tenant_id"),
    ],
)
def test_a_wrong_setting_is_named_with_its_table(folder, monkeypatch, exchange, word):
    monkeypatch.setenv(PASSWORD_VARIABLE, "x")
    monkeypatch.setenv(CLIENT_SECRET_VARIABLE, "x")
    write(folder, 'endpoint = "https://x.example/EWS/Exchange.asmx"\nusername = "u"', exchange)
    with pytest.raises(DataError) as refused:
        exchange_settings(workspace.load_settings(folder), PLAN)
    assert refused.value.where == f"songthan.toml [exchange] {word}" and refused.value.remedy


def test_the_applications_secret_is_asked_for_by_its_own_name(folder):
    write(folder, 'endpoint = "https://x.example/EWS/Exchange.asmx"', 'auth = "oauth2"\nclient_id = "c"\ntenant_id = "t"')
    with pytest.raises(EnvironmentNotReady) as refused:
        exchange_settings(workspace.load_settings(folder), PLAN)
    assert CLIENT_SECRET_VARIABLE in refused.value.remedy and "client_secret_file" in refused.value.remedy


@pytest.mark.real
def test_the_office_works_its_mailbox_as_configured_and_doctor_says_so(folder):
    authority = Authority(folder)
    secret_file(folder, "client-secret", CLIENT_SECRET)
    with practice_in(folder, accounts=ACCOUNTS) as practice, ExitStack() as stack:
        gate = Gate(practice.server.base, authority.server_context("127.0.0.1"), login=(ADDRESS, SECRET))
        stack.callback(gate.stop)
        write(
            folder,
            f'endpoint = "{gate.url()}"',
            f'auth = "oauth2"\nclient_id = "{CLIENT_ID}"\nclient_secret_file = "client-secret"\nca_file = "ca.pem"\n'
            f'token_endpoint = "{gate.token_url}"',
        )
        practice.receive(b"Subject: hello\r\n\r\nx", to=ADDRESS)
        office = workspace.open_office(folder)
        (ref,) = office.mailbox.new_messages("").refs
        assert b"hello" in bytes_of(office.mailbox, ref) and not office.practice
        told = doctor(folder)
        assert told["mailbox-login"][0] == told["mailbox-folders"][0] == told["clock"][0] == "ok"
        assert told["mailbox-send-as"][0] == "warn" and told["mailbox-password"][0] == "ok"
        # a secret that ended: doctor tells, and does not ask again before somebody mended it
        secret_file(folder, "client-secret", "ended")
        told = doctor(folder)
        assert told["mailbox"][0] == "missing" and "invalid_client" in told["mailbox"][1]
        asked = len(gate.asked)
        assert "mailbox-refused" in doctor(folder)["mailbox"][1] and len(gate.asked) == asked
        office.ledger.close()


def doctor(folder: Path) -> dict[str, tuple[str, str]]:
    done = CliRunner(env={"SONGTHAN_WORKSPACE": str(folder)}).invoke(main, ["doctor", "--json"])
    return {c["name"]: (c["status"], c["detail_th"]) for c in json.loads(done.stdout)["checks"]}


def test_up_is_refused_while_another_state_folder_works_the_mailbox(folder, monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "x")
    write(folder, 'endpoint = "https://x.example/EWS/Exchange.asmx"\nusername = "u"')
    other = holder(folder / "the-other", folder / "xdg" / "songthan" / "mailboxes", ADDRESS)
    try:
        with pytest.raises(EnvironmentNotReady) as refused:
            live.up(folder, None)
        assert "the-other" in refused.value.th and not (folder / "state" / "run").exists()
        monkeypatch.chdir(folder)
        told = CliRunner().invoke(main, ["up"])
        assert told.exit_code == 3 and "the-other" in told.output
        with pytest.raises(EnvironmentNotReady):
            workspace.open_office(folder).mailbox.count()
    finally:
        end(other)
    with workspace.claimed(folder, folder / "state"):
        assert str(folder / "state") in next((folder / "xdg").rglob("*.json")).read_text()
