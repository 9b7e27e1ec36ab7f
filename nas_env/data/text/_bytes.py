"""Bytes of a file made text: what cannot be is refused with its place and what settles it."""

from __future__ import annotations

import codecs

from nas_env.data.text._files import BrokenFile, TextFile
from nas_env.errors import InvalidValue

#: Marks by which a file says its encoding; those of four bytes go first.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WIDE = ("utf-16", "utf-32")  # in which bytes of zero are usual
#: What files of other programs begin with.
KINDS = {
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a zip archive or an office document",
    b"%PDF": "a PDF",
    b"{\\rtf": "an RTF document",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstandard archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}


def check_encoding(name: str) -> str:
    """Return Python's own name of an encoding of text.

    Raises:
        InvalidValue: If there is none of that name.
    """
    try:
        b"text".decode(name, "ignore")  # refuses what is no encoding of text, such as base64
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        raise InvalidValue(
            f"encoding is {name!r}, expected one that Python knows, such as utf-8, utf-16, "
            "latin-1, cp1252, shift_jis or gb18030"
        ) from None


def read_text(file: TextFile, encoding: str) -> str:
    """Return the text of a file: without a mark at its beginning, every line ending in LF.

    Args:
        file: The file.
        encoding: Python's own name of its encoding.

    Raises:
        BrokenFile: If it is no text in that encoding.
    """
    try:
        data = file.path.read_bytes()
    except OSError as error:
        raise BrokenFile(f"cannot be read: {error.strerror}") from None
    if not data.strip():
        raise BrokenFile("is empty")
    _check_kind(data, encoding)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        where = _place(data, error.start)
        raise BrokenFile(
            f"is no {encoding} text: {where} is 0x{data[error.start]:02x}; if it is in another "
            "encoding, say which, such as --task.encoding cp1252"
        ) from None
    except (UnicodeError, ValueError) as error:
        raise BrokenFile(f"is no {encoding} text: {error}") from None
    if (nul := text.find("\0")) >= 0:
        line = text.count("\n", 0, nul) + 1
        raise BrokenFile(f"is binary: character {nul + 1:,} (line {line:,}) is NUL, expected text")
    if not text.lstrip("\ufeff").strip():
        raise BrokenFile("is empty")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _check_kind(data: bytes, encoding: str) -> None:
    """Refuse what is no text by its first bytes, or by a byte of zero."""
    for start, kind in KINDS.items():
        if data.startswith(start):
            raise BrokenFile(f"is {kind}, expected plain text")
    if encoding.startswith(WIDE):
        return
    for mark, wide in MARKS.items():
        if data.startswith(mark):
            raise BrokenFile(f"begins as {wide} does, not {encoding}: --task.encoding {wide}")
    if (nul := data.find(b"\0")) >= 0:
        raise BrokenFile(f"is binary: {_place(data, nul)} is NUL, expected text")


def _place(data: bytes, index: int) -> str:
    """Return the place of a byte: ``byte 1,204 (line 33)``, both counted from 1."""
    line = len(data[: index + 1].splitlines())
    return f"byte {index + 1:,} (line {line:,})"
