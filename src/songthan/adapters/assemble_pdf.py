"""Puts a bundle's PDF together with pypdf: our documents, then the evidence, with Thai bookmarks and page numbers.

Equal input gives equal bytes: dates come from the caller and the file's /ID from the content. Evidence is a stranger's
file that was checked before; still only its pages are taken: no actions, no scripts, no attachments, no form fields, no
annotations but drawn ones. What cannot be shown as pages (films, Word files, locked PDFs) is only listed.

The PDF/A-2b claim of the first part is kept only when every PDF in the bundle makes it; else it would not be true.
"""

from __future__ import annotations

import hashlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image, ImageOps
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    PdfObject,
    RectangleObject,
    StreamObject,
    TextStringObject,
    create_string_object,
)

from songthan.adapters.thai_font import PageNumberFont
from songthan.domain.bundles import Exhibit
from songthan.domain.errors import ConversionFailed
from songthan.domain.thai import to_thai_digits
