"""Revocation lists and OCSP answers from the network, for `sign_time`; and where it does not go.

An address in a certificate is a stranger's word about what this machine shall ask. Followed are only addresses of
certificates whose signature chains to a root the office named (the library checks that before it asks); never one of a
missing issuer, never a redirect, nothing but HTTP(S); and an address inside the house (loopback, private, link-local)
only where its host stands in `[signature] revocation_hosts`. With hosts given, no other is asked at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from pyhanko_certvalidator.fetchers.api import CertificateFetcher, Fetchers, FetchLimits
from pyhanko_certvalidator.fetchers.common_utils import FetchBudget
from pyhanko_certvalidator.fetchers.requests_fetchers.crl_client import RequestsCRLFetcher
from pyhanko_certvalidator.fetchers.requests_fetchers.ocsp_client import RequestsOCSPFetcher

__all__ = ["guarded_fetchers"]

#: The whole update of a signed file is held to 8 MB.
_LARGEST = 4 << 20
_LIMITS = FetchLimits(max_requests=40, max_cert_requests=0, max_aia_urls_per_object=0)


class AddressRefused(ValueError):
    """An address that is not asked, or an answer that is none."""


def guarded_fetchers(*, hosts: Collection[str], wait_s: float) -> Fetchers:
    """What pyHanko asks instead of its own fetchers; one set for one file, which remembers what it fetched."""
    budget = FetchBudget(_LIMITS)
    settings = {"per_request_timeout": wait_s, "budget": budget}
    ocsp, crl = _Ocsp(**settings), _Crl(**settings)  # type: ignore[arg-type]
    ocsp.hosts = crl.hosts = frozenset(host.lower() for host in hosts)
    return Fetchers(ocsp_fetcher=ocsp, crl_fetcher=crl, cert_fetcher=_NoIssuers())


@dataclass(frozen=True)
class _Answer:
    content: bytes


class _Guarded:
    """In place of the library's own way to the network."""

    hosts: frozenset[str] = frozenset()
    per_request_timeout: float

    def _get(self, url: str, *, acceptable_content_types: Collection[str]) -> Awaitable[_Answer]:
        return asyncio.to_thread(self._ask, url, None, {"Accept": ",".join(acceptable_content_types)})

    def _post(
        self, url: str, data: bytes, *, content_type: str, acceptable_content_types: Collection[str]
    ) -> Awaitable[_Answer]:
        heads = {"Accept": ",".join(acceptable_content_types), "Content-Type": content_type}
        return asyncio.to_thread(self._ask, url, data, heads)

    def _ask(self, url: str, data: bytes | None, heads: dict[str, str]) -> _Answer:
        check_address(url, self.hosts)
        opener = urllib.request.build_opener(_NoRedirect)
        end = time.monotonic() + self.per_request_timeout
        found = bytearray()
        try:
            request = urllib.request.Request(url, data=data, headers=heads)
            with opener.open(request, timeout=self.per_request_timeout) as answer:
                if answer.status != 200:
                    raise AddressRefused(f"status {answer.status}")
                while piece := answer.read(1 << 16):
                    found += piece
                    if len(found) > _LARGEST or time.monotonic() > end:
                        raise AddressRefused("answer too large or too slow")
        except (OSError, urllib.error.URLError) as error:
            raise AddressRefused(f"no answer ({type(error).__name__})") from error
        return _Answer(bytes(found))


class _Ocsp(_Guarded, RequestsOCSPFetcher):
    pass


class _Crl(_Guarded, RequestsCRLFetcher):
    pass


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        """None: the answer is the redirect itself, and that is no 200."""


class _NoIssuers(CertificateFetcher):
    """A chain stands on the certificates that came along and on the office's roots."""

    async def fetch_cert_issuers(self, cert: object):
        return
        yield

    async def fetch_crl_issuers(self, certificate_list: object):
        return
        yield

    def fetched_certs(self) -> list[object]:
        return []


def check_address(url: str, hosts: Collection[str]) -> None:
    """AddressRefused for an address that may not be asked; `hosts` (lower case) are those the office named."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise AddressRefused("no address") from error
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.password:
        raise AddressRefused("not an HTTP address")
    if hosts:
        if host not in hosts:
            raise AddressRefused("host not in [signature] revocation_hosts")
        return
    try:
        found = {place[4][0] for place in socket.getaddrinfo(host, port or 80, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        # behind a proxy only the proxy knows names; without one the asking fails by itself
        found = set()
    with contextlib.suppress(ValueError):
        found.add(str(ipaddress.ip_address(host.partition("%")[0])))
    if any(not ipaddress.ip_address(str(place).partition("%")[0]).is_global for place in found):
        raise AddressRefused("an address inside the house; name its host in [signature] revocation_hosts")
