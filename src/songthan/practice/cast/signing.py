"""The director's hand: PAdES B-B with pyHanko into the empty signature field of a PDF, at the simulated time."""

import io
import subprocess
from datetime import datetime
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from pyhanko.pdf_utils.images import PdfImage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.signers.pdf_signer import PdfSigner
from pyhanko.stamp import StaticStampStyle

from songthan.practice.cast.certificates import Certificates
from songthan.practice.cast.script import tell


class _SignerAt(PdfSigner):
    """Signs as if it were `at`; pyHanko would read the machine's clock."""

    def __init__(self, *args, at: datetime, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._at = at

    def init_signing_session(self, pdf_out, existing_fields_only=False):
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session


def empty_field(data: bytes) -> str | None:
    """The name of the PDF's first empty signature field, or None (also when it is no readable PDF)."""
    try:
        reader = PdfFileReader(io.BytesIO(data), strict=False)
        for name, _, _ in fields.enumerate_sig_fields(reader, filled_status=False):
            return name
    except (PdfError, ValueError, KeyError, TypeError):
        return None
    return None


def sign(data: bytes, *, field: str, name: str, certs: Certificates, at: datetime, fontconfig: str | None) -> bytes:
    """The PDF with the signature added in one incremental update; its first bytes are `data` itself."""
    signer = signers.SimpleSigner.load(
        str(certs.key), str(certs.certificate), ca_chain_files=(str(certs.root),), key_passphrase=None
    )
    meta = signers.PdfSignatureMetadata(
        field_name=field, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES, name=name, reason=tell("อนุมัติ"),
    )  # fmt: skip
    picture = PdfImage(_autograph(name, fontconfig))
    style = StaticStampStyle(background=picture, background_opacity=1.0, border_width=0)
    out = _SignerAt(meta, signer, stamp_style=style, at=at).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(data), strict=False), existing_fields_only=True
    )
    return out.getvalue()


def _autograph(name: str, fontconfig: str | None) -> Image.Image:
    """The name in blue ink, slanted a little, as a scanned signature looks."""
    font = ImageFont.truetype(_thai_font(fontconfig), 64) if _thai_font(fontconfig) else ImageFont.load_default(48)
    left, top, right, bottom = font.getbbox(name)
    image = Image.new("RGB", (int(right - left) + 60, int(bottom - top) + 50), "white")
    ImageDraw.Draw(image).text((30 - left, 25 - top), name, font=font, fill=(20, 40, 140))
    return image.transform(image.size, Image.Transform.AFFINE, (1, 0.12, -4, 0, 1, 0), fillcolor="white")


def _thai_font(fontconfig: str | None) -> str | None:
    environment = {"FONTCONFIG_FILE": fontconfig, "PATH": "/usr/bin:/bin"} if fontconfig else None
    command = ["fc-match", "--format=%{file}", "TH Sarabun New:lang=th"]
    try:
        found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() if Path(found.stdout.strip()).is_file() else None
