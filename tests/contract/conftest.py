"""Dovecot and Exim, started once for the tests of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mail_servers import MailServers


@pytest.fixture(scope="session")
def mail_servers() -> Iterator[MailServers]:
    servers = MailServers()
    yield servers
    servers.stop()


@pytest.fixture(scope="session")
def old_mail_servers() -> Iterator[MailServers]:
    servers = MailServers(old=True)
    yield servers
    servers.stop()
