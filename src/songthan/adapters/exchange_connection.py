"""The way to the server: one protocol of our own with login, certificates, and nothing tried again behind our back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import requests
from exchangelib import (
    DELEGATE,
    IMPERSONATION,
    Account,
    Configuration,
    Credentials,
    EWSTimeZone,
    Identity,
    OAuth2Credentials,
)
from exchangelib import errors as ews
from exchangelib import version as ews_version
from exchangelib.protocol import FailFast, Protocol
from exchangelib.transport import BASIC, NTLM, OAUTH2
from oauthlib.oauth2 import ServerError
from requests.adapters import HTTPAdapter

# the services log under names that exist only once they are imported
import songthan.adapters.exchange_bytes
import songthan.adapters.exchange_listing  # noqa: F401
from songthan.adapters.exchange_errors import AnswerLost, NoService
from songthan.adapters.exchange_logs import keep_secret
from songthan.adapters.exchange_settings import ExchangeSettings

__all__ = ["NO_WISH", "open_account", "retry_after_s"]

_AUTH_TYPES = {"basic": BASIC, "ntlm": NTLM, "oauth2": OAUTH2}
_VERSIONS = {
    "Exchange2010_SP2": ews_version.EXCHANGE_2010_SP2,
    "Exchange2013_SP1": ews_version.EXCHANGE_2013_SP1,
    "Exchange2016": ews_version.EXCHANGE_2016,
    "Exchange2019": ews_version.EXCHANGE_2019,
}
_CHUNK = 65536  # bytes
#: exchangelib puts 10 s where the server names no time; a tiny number keeps «no wish» apart.
NO_WISH = 1e-6


class _WideResponse(requests.Response):
    """exchangelib asks for the answer byte by byte; pieces of 64 KB make a 10 MB message 7 times faster."""

    def iter_content(self, chunk_size: int | None = 1, decode_unicode: bool = False):
        return super().iter_content(_CHUNK if chunk_size == 1 else chunk_size, decode_unicode)


class _WideAdapter:
    """Mixed in before the HTTP adapter class in use. `ca_file` «»: the well-known certificates; never none."""

    ca_file = ""
    #: told the server's own time at every answer
    tell_time: Callable[[datetime], None] | None = None

    def send(self, request, **options):
        options["verify"] = self.ca_file or options.get("verify") or True
        response = super().send(request, **options)
        if self.tell_time is not None and (stamp := response.headers.get("Date")):
            with suppress(ValueError):
                at = parsedate_to_datetime(stamp)
                type(self).tell_time(at if at.tzinfo else at.replace(tzinfo=UTC))
        return response

    def build_response(self, req, resp):
        response = super().build_response(req, resp)
        response.__class__ = _WideResponse
        return response


class _OwnProtocol(Protocol):
    """Reads the environment's proxies and certificates once a session, not at every request."""

    @classmethod
    def raw_session(cls, prefix, oauth2_client=None, oauth2_session_params=None, oauth2_token_endpoint=None):
        session = super().raw_session(prefix, oauth2_client, oauth2_session_params, oauth2_token_endpoint)
        if oauth2_client is None:
            found = session.merge_environment_settings(prefix, {}, None, None, None)
            session.proxies, session.verify = found["proxies"], found["verify"]
            # nor is a ~/.netrc asked for another login than the one in the settings
            session.trust_env = False
        return session


class _Once(FailFast):
    """Never tries again; tells apart refused login, busy, and «perhaps done», and keeps the server's Retry-After."""

    def raise_response_errors(self, response: requests.Response) -> None:
        status = response.status_code
        if status == 401:
            raise ews.UnauthorizedError("HTTP 401")
        if status in (429, 503):
            raise ews.ErrorServerBusy(f"HTTP {status}", back_off=retry_after_s(response.headers) or NO_WISH)
        if status == 403:
            raise ews.ErrorAccessDenied("HTTP 403")
        if status in (404, 405, 410):
            raise NoService(f"HTTP {status}")
        if status == 413:
            raise ews.ErrorMessageSizeExceeded("HTTP 413")
        if status >= 500 and not response.content.lstrip(b"\xef\xbb\xbf").startswith((b"<?xml", b"<s:Envelope")):
            raise AnswerLost(f"HTTP {status}")
        super().raise_response_errors(response)


def retry_after_s(headers: object) -> float:
    """Seconds of a Retry-After header, as a number or as a date (against the answer's own Date); 0 for none."""
    wish = str(headers.get("Retry-After", "")).strip()
    if wish.isdigit():
        return float(wish)
    try:
        until = parsedate_to_datetime(wish)
    except ValueError:
        return 0.0
    now = datetime.now(UTC)
    with suppress(ValueError):
        now = parsedate_to_datetime(str(headers.get("Date", "")))
    until, now = (at if at.tzinfo else at.replace(tzinfo=UTC) for at in (until, now))
    return max(0.0, (until - now).total_seconds())


class _ApplicationCredentials(OAuth2Credentials):
    """Client credentials. A token that ran out is asked for anew by exchangelib; there is none to refresh.

    requests-oauthlib would send a refresh request that a client-credentials server refuses, so it is not told how.
    """

    def __init__(self, settings: ExchangeSettings) -> None:
        super().__init__(
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            tenant_id=settings.tenant_id,
            identity=Identity(primary_smtp_address=settings.mailbox),
        )
        self._token_url, self._scope = settings.token_endpoint, settings.scope

    @property
    def token_url(self) -> str:
        return self._token_url or super().token_url

    @property
    def scope(self) -> list[str]:
        return self._scope.split() or super().scope

    def session_params(self) -> dict:
        return {"token": self.access_token}

    def on_token_auto_refreshed(self, access_token: dict) -> None:
        """Also called for the first token. One that is dead when it comes would be asked for again without end."""
        keep_secret(str(access_token.get("access_token", "")))
        lifetime = access_token.get("expires_in")
        if lifetime is not None and float(lifetime) < 0:
            raise ServerError("the token has no lifetime")
        super().on_token_auto_refreshed(access_token)


def open_account(
    settings: ExchangeSettings,
    http_adapter: type[HTTPAdapter] | None = None,
    tell_time: Callable[[datetime], None] | None = None,
) -> Account:
    """An exchangelib account over a protocol of its own; no request goes out yet."""
    keep_secret(*settings.secrets)
    configuration = Configuration(
        service_endpoint=settings.endpoint,
        credentials=_credentials(settings),
        auth_type=_AUTH_TYPES[settings.auth],
        version=ews_version.Version(build=_VERSIONS[settings.version]),
        retry_policy=_Once(),
        max_connections=1,
    )
    account = Account(
        primary_smtp_address=settings.mailbox,
        access_type=IMPERSONATION if settings.auth == "oauth2" else DELEGATE,
        config=configuration,
        locale="en_US",
        default_timezone=EWSTimeZone.from_timezone(ZoneInfo(settings.timezone)),
    )
    # exchangelib keeps one protocol for each (endpoint, credentials) and silently ignores a later configuration;
    # ours is made past that cache, so that two mailboxes, or a mended setting, never share one.
    with suppress(KeyError):
        del Protocol[configuration]
    parts = {
        "ca_file": str(settings.ca_file or ""),
        "tell_time": staticmethod(tell_time) if tell_time else None,
    }
    adapter = type("SongthanAdapter", (_WideAdapter, http_adapter or HTTPAdapter), parts)
    own = type("SongthanProtocol", (_OwnProtocol,), {"HTTP_ADAPTER_CLS": adapter, "TIMEOUT": settings.timeout_s})
    account.protocol = type.__call__(own, config=configuration)
    return account


def _credentials(settings: ExchangeSettings) -> Credentials | _ApplicationCredentials:
    if settings.auth == "oauth2":
        return _ApplicationCredentials(settings)
    return Credentials(username=settings.username, password=settings.password)
