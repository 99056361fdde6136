"""`songthan.toml` and `songthan doctor` for a mailbox by IMAP and SMTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dovecot_world import DovecotWorld
from mail_servers import SECRET, MailServers

from songthan import workspace
from songthan.adapters.settings_file import ImapServerSettings, MailboxSettings, SmtpServerSettings, load_settings
from songthan.domain.errors import DataError, EnvironmentNotReady

pytestmark = pytest.mark.real

ROOT = Path(__file__).resolve().parents[2]
OFFICE = workspace.load_plan(ROOT / "plans" / "2566").roster.mailbox


@pytest.fixture
def servers(mail_servers) -> Iterator[MailServers]:
    world = DovecotWorld(mail_servers, OFFICE)
    yield mail_servers
    world.close()


def settings(servers: MailServers, root: Path):
    """The workspace's settings, with the office's servers on this machine."""
    file = root / "mailbox-password"
    file.write_text(SECRET + "\n", encoding="utf-8")
    file.chmod(0o600)
    return replace(
        load_settings(ROOT),
        mailbox=MailboxSettings(kind="imap", username=servers.user(OFFICE), password_file=str(file)),
        imap=ImapServerSettings(host="localhost", port=servers.imaps, ca_file=str(servers.ca)),
        smtp=SmtpServerSettings(host="localhost", port=servers.smtp, security="starttls"),
    )


@pytest.fixture(autouse=True)
def own_claims(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "claims"))
    monkeypatch.delenv("SONGTHAN_MAILBOX_PASSWORD", raising=False)


def test_a_mailbox_that_is_ready(servers, tmp_path):
    found = workspace.check_imap(settings(servers, tmp_path), tmp_path / "none")
    assert {name: status for name, status, _, _ in found} == {
        "mailbox-login": "ok", "mailbox-folders": "ok", "mailbox-search": "ok", "clock": "ok", "mailbox-smtp": "ok",
    }  # fmt: skip
    assert "«Drafts» ส่งแล้ว «Sent Items» จดหมายขยะ «Junk»" in found[1][2]
    box = workspace.open_mailbox(settings(servers, tmp_path), workspace.load_plan(ROOT / "plans" / "2566"), tmp_path, salt="s")
    assert box.count() == 0 and list(box.find("x")) == []
    box.close()


def test_an_old_server_is_told(old_mail_servers, tmp_path):
    world = DovecotWorld(old_mail_servers, OFFICE, old=True)
    found = workspace.check_imap(settings(old_mail_servers, tmp_path), tmp_path / "none")
    world.close()
    assert [(name, status) for name, status, _, remedy in found if status != "ok" and remedy] == [("mailbox-move", "warn")]


@pytest.mark.parametrize(
    ("change", "said", "remedied"),
    [
        ({"imap": {"port": 1}}, "[imap] localhost:1 ", "[imap] host, port"), ({"smtp": {"port": 1}}, "[smtp] localhost:1 ", "[smtp] host, port"),
        ({"imap": {"ca_file": ""}}, "ใบรับรอง", "ca_file"), ({"smtp": {"security": "tls"}}, "เข้ารหัส", "security"),
        ({"imap": {"junk": "Spma"}}, "ไม่มีโฟลเดอร์ «Spma»", "songthan.toml"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_with_its_remedy(servers, tmp_path, change, said, remedied):
    ready = settings(servers, tmp_path)
    wrong = replace(ready, **{part: replace(getattr(ready, part), **values) for part, values in change.items()})
    *_, (name, status, sentence, remedy) = workspace.check_imap(wrong, tmp_path / "none")
    assert (name, status) == ("mailbox", "missing") and said in sentence and remedied in remedy


def test_a_refused_password_is_remembered_by_the_state_folder(servers, tmp_path):
    ready = settings(servers, tmp_path)
    (tmp_path / "mailbox-password").write_text("wrong", encoding="utf-8")
    state = tmp_path / "state"
    state.mkdir()
    *_, (_, status, _, remedy) = workspace.check_imap(ready, state)
    assert status == "missing" and (state / "mailbox-refused").exists()
    assert "username และ password_file" in remedy
    (tmp_path / "mailbox-password").write_text(SECRET, encoding="utf-8")
    assert "พักการติดต่อ" in workspace.check_imap(ready, state)[-1][2]
    (state / "mailbox-refused").unlink()
    assert workspace.check_imap(ready, state)[-1][0] == "mailbox-smtp"


def test_a_mailbox_left_in_peace_is_told_with_the_file_to_delete_once_the_setting_is_mended(servers, tmp_path):
    ready = settings(servers, tmp_path)
    state = tmp_path / "state"
    state.mkdir()
    busy = state / "mailbox-busy"
    busy.write_text(f"{time.time() + 200:.3f}", encoding="ascii")
    *_, (_, status, sentence, remedy) = workspace.check_imap(ready, state)
    assert status == "missing" and str(busy) in sentence and "ลบแฟ้มนี้" in remedy
    busy.unlink()
    assert workspace.check_imap(ready, state)[-1][0] == "mailbox-smtp"


def test_settings_that_are_missing_or_unsafe(servers, tmp_path):
    ready = settings(servers, tmp_path)
    with pytest.raises(DataError, match="imap.host"):
        workspace.check_imap(replace(ready, imap=ImapServerSettings()), tmp_path / "none")
    with pytest.raises(DataError, match="smtp.security"):
        workspace.check_imap(
            replace(ready, smtp=SmtpServerSettings(host="mail.bfa.example", security="none")), tmp_path / "none"
        )
    (tmp_path / "mailbox-password").chmod(0o644)
    with pytest.raises(EnvironmentNotReady, match="644"):
        workspace.check_imap(ready, tmp_path / "none")
