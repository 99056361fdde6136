"""A practice Exchange for a test, and real exchangelib against it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from exchangelib import BASIC, DELEGATE, Account, Configuration, Credentials, EWSTimeZone, FailFast, Message
from exchangelib.protocol import close_connections
from exchangelib.version import EXCHANGE_2016, Version
from practice_world import ACCOUNTS, PASSWORDS, SendKey

from songthan.practice.exchange import RunningExchange, start
from wire_check import check_wire, peer


@pytest.fixture(scope="session", autouse=True)
def _registered() -> Iterator[None]:
    Message.register("practice_key", SendKey)
    yield
    Message.deregister("practice_key")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with the accounts file and a clock standing at 15 March 2566, 09:00 in Bangkok."""
    (tmp_path / "accounts.toml").write_text(ACCOUNTS, encoding="utf-8")
    (tmp_path / "clock").write_text("2023-03-15T09:00:00+07:00", encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Iterator[Callable[..., RunningExchange]]:
    """Starts the server on the folder's files (again and again on the same database)."""
    started: list[RunningExchange] = []

    def begin(auth: str = "basic", *, strict: bool = True, name: str = "e") -> RunningExchange:
        started.append(
            start(
                folder / f"{name}.db",
                folder / "accounts.toml",
                folder / ("log.jsonl" if name == "e" else f"{name}.jsonl"),
                clock=folder / "clock",
                control=True,
                auth=auth,
                strict=peer("schema") if strict else None,
                wire=folder / "wire.jsonl",
            )
        )
        return started[-1]

    yield begin
    close_connections()
    for server in started:
        server.stop()
    if (folder / "wire.jsonl").exists():
        check_wire(folder / "wire.jsonl")


@pytest.fixture
def exchange(run: Callable[[], RunningExchange]) -> RunningExchange:
    """One running server."""
    return run()


@pytest.fixture
def account() -> Callable[..., Account]:
    """exchangelib's Account for an address (as another login when `login` is given)."""

    def open_account(
        server: RunningExchange, address: str, login: str | None = None, auth_type: str = BASIC
    ) -> Account:
        # the protocol cache ignores a second Configuration for the same endpoint and credentials
        config = Configuration(
            service_endpoint=server.url,
            credentials=Credentials(login or address, PASSWORDS[login or address]),
            auth_type=auth_type,
            version=Version(EXCHANGE_2016),
            retry_policy=FailFast(),
        )
        return Account(
            primary_smtp_address=address,
            config=config,
            access_type=DELEGATE,
            autodiscover=False,
            default_timezone=EWSTimeZone.from_timezone(ZoneInfo("Asia/Bangkok")),
        )

    return open_account
