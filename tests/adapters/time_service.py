"""A time-stamp service (RFC 3161) and a place for revocation lists, on the loopback, for the tests."""

from __future__ import annotations

import contextlib
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from pyhanko.sign import timestamps
from test_sign_pdf import NOW, _tools


class TimeService:
    """`url` answers requests with tokens of `tsa`; `crl_url` hands out `ca`'s list of `revoked` (certificate → when)."""

    def __init__(self):
        self.tsa = self.ca = self.fixed = None
        self.revoked, self.asked, self.silent = {}, [], False
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                service.asked.append("stamp")
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if service.silent:
                    return self._say(503, "text/plain", b"later")
                self._say(200, "application/timestamp-reply", service.token(body))

            def do_GET(self):
                service.asked.append("list")
                self._say(200, "application/pkix-crl", service.list())

            def _say(self, status, kind, data):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/stamp"
        self.crl_url = f"http://127.0.0.1:{self._server.server_port}/list.crl"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def token(self, request):
        cert, key, store = _tools(self.tsa)
        stamper = timestamps.DummyTimeStamper(cert, key, certs_to_embed=store, fixed_dt=self.fixed)
        return stamper.request_tsa_response(tsp.TimeStampReq.load(request)).dump()

    def list(self):
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.ca[0].subject)
        builder = builder.last_update(NOW - timedelta(hours=1)).next_update(NOW + timedelta(days=7))
        for holder, when in self.revoked.items():
            entry = x509.RevokedCertificateBuilder().serial_number(holder.serial_number).revocation_date(when)
            builder = builder.add_revoked_certificate(entry.build())
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca[1].public_key())
        builder = builder.add_extension(authority, critical=False).add_extension(x509.CRLNumber(1), critical=False)
        return builder.sign(self.ca[1], hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def time_service():
    service = TimeService()
    try:
        yield service
    finally:
        service.close()
