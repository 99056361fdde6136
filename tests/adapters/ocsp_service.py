"""An OCSP responder on the loopback: the answers are made by `openssl ocsp`, from the authority's own list of certificates."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from test_sign_pdf import NOW


class Responder:
    """`url` answers for `ca` with the key of `signer`. `known`: certificate → None (good) or when it was revoked.

    `answer` takes another way: a function of the request's bytes that returns (status, content type, bytes).
    """

    def __init__(self, folder: Path):
        self.ca = self.signer = self.answer = None
        self.known, self.asked, self.folder = {}, [], folder
        responder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._say("POST", body)

            def do_GET(self):
                self._say("GET", b"")

            def _say(self, method, body):
                responder.asked.append(f"{method} {self.path}")
                make = responder.answer or (lambda request: (200, "application/ocsp-response", responder.of(request)))
                status, kind, data = make(body)
                self.send_response(status)
                if status in (301, 302, 307, 308):
                    self.send_header("Location", kind)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/ocsp"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, request, *, signer=None, more=()):
        """openssl's answer to `request` (DER)."""
        signer = signer or self.signer
        (self.folder / "request.der").write_bytes(request)
        (self.folder / "index.txt").write_text("".join(_line(*item) for item in self.known.items()))
        for name, holder in (("ca", self.ca), ("signer", signer)):
            (self.folder / f"{name}.pem").write_bytes(holder[0].public_bytes(serialization.Encoding.PEM))
        key = signer[1].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.folder / "signer.key").write_bytes(key)
        command = ["openssl", "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "signer.pem", "-rkey", "signer.key"]
        command += ["-reqin", "request.der", "-respout", "answer.der", "-ndays", "7", *more]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return (self.folder / "answer.der").read_bytes()

    def stale(self, certificate, *, days=400):
        """«good», but said `days` ago and for a week."""
        said = NOW - timedelta(days=days)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=certificate,
            issuer=self.ca[0],
            algorithm=hashes.SHA1(),
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=said,
            next_update=said + timedelta(days=7),
            revocation_time=None,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.signer[0]).certificates([self.signer[0]])
        return builder.sign(self.signer[1], hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def _line(certificate: x509.Certificate, revoked) -> str:
    """A line of openssl's index: flag, end, revocation, serial, file, subject."""
    end, serial = f"{certificate.not_valid_after_utc:%y%m%d%H%M%SZ}", f"{certificate.serial_number:X}"
    serial = serial if len(serial) % 2 == 0 else f"0{serial}"
    flag, when = ("V", "") if revoked is None else ("R", f"{revoked:%y%m%d%H%M%SZ}")
    return f"{flag}\t{end}\t{when}\t{serial}\tunknown\t/CN={serial}\n"


@contextlib.contextmanager
def ocsp_service(folder: Path):
    responder = Responder(folder)
    try:
        yield responder
    finally:
        responder.close()
