"""Rows read from the pages of an SQLite file, whatever has become of the pages around them.

SQLite reads a row by way of the pages above it, so one torn page hides all that lies below. Here
each page is read for itself: what looks like a row is one to be judged by its checksum. The format
is that of https://www.sqlite.org/fileformat2.html, which has not changed since 2004.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

Value = None | int | float | str

MAGIC = b"SQLite format 3\0"
HEADER = 100  # bytes before the first page's own
PAGE_SIZE = 4_096  # SQLite's default, with which stores are made
LARGEST = 2**28  # bytes of a row
COLUMNS = 64  # of a row, at most
INTERIOR_INDEX, INTERIOR_TABLE, LEAF_INDEX, LEAF_TABLE = 0x02, 0x05, 0x0A, 0x0D
KINDS = (INTERIOR_INDEX, INTERIOR_TABLE, LEAF_INDEX, LEAF_TABLE)
INTERIOR = (INTERIOR_INDEX, INTERIOR_TABLE)
INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # bytes of a serial type


class Found(NamedTuple):
    """A row that was found.

    Attributes:
        page: Number of its page, from 1.
        number: Number of the row, in a table that has them; else None.
        values: Values of the row.
    """

    page: int
    number: int | None
    values: tuple[Value, ...]


class Unreadable(Exception):
    """There is no row here."""


class Pages:
    """The pages of a file.

    Args:
        content: Bytes of the file, which may be damaged anywhere.
    """

    def __init__(self, content: bytes):
        self.content = content
        self.size = _page_size(content)
        reserved = content[20] if content.startswith(MAGIC) and len(content) > 20 else 0
        self.usable = self.size - reserved

    def __len__(self) -> int:
        return -(-len(self.content) // self.size)

    def page(self, number: int) -> bytes:
        """Return the bytes of a page; fewer of the last one if the file is cut off there.

        Raises:
            Unreadable: If there is none of this number.
        """
        if not 1 <= number <= len(self):
            raise Unreadable
        return self.content[(number - 1) * self.size : number * self.size]

    def tables(self) -> dict[str, int]:
        """Return the first page of each table, as the file's first page says."""
        found = {}
        for _, _, values in self.rows(1):
            if len(values) == 5 and values[0] == "table" and isinstance(values[3], int):
                found[str(values[1])] = values[3]
        return found

    def tree(self, root: int) -> tuple[set[int], bool]:
        """Return the pages of a table, and whether all of them are there and of one kind."""
        found: set[int] = set()
        whole, waiting = True, [root]
        while waiting:
            number = waiting.pop()
            try:
                kind, cells = self._cells(number)
            except Unreadable:
                whole = False
                continue
            whole = whole and number not in found and len(self.page(number)) == self.size
            if number in found:
                continue
            found.add(number)
            if kind in INTERIOR:
                waiting += self._children(number, cells)
        return found, whole

    def free(self) -> set[int]:
        """Return the pages that hold nothing any more, as far as their list can be read."""
        found: set[int] = set()
        try:
            (trunk,) = struct.unpack_from(">I", self.page(1), 32)
            while trunk and trunk not in found:
                found.add(trunk)
                page = self.page(trunk)
                trunk, count = struct.unpack_from(">II", page)
                found.update(struct.unpack_from(f">{min(count, self.size // 4 - 2)}I", page, 8))
        except (Unreadable, struct.error):
            pass
        return found

    def rows(self, number: int) -> Iterator[Found]:
        """Yield the rows of a page that can be read; none of a page that has none."""
        try:
            kind, cells = self._cells(number)
        except Unreadable:
            return
        for cell in cells if kind != INTERIOR_TABLE else ():
            try:
                yield self._row(number, kind, cell)
            except (Unreadable, IndexError, struct.error):
                continue

    def count(self, number: int) -> int:
        """Return how many rows a page says that it has; none if it is no page of a table."""
        try:
            kind, cells = self._cells(number)
        except Unreadable:
            return 0
        return len(cells) if kind != INTERIOR_TABLE else 0

    def is_full(self, number: int) -> bool:
        """Tell whether the rows of a page of a table with numbers account for all of its bytes.

        They do not where the page says that it has fewer rows than were written.
        """
        try:
            kind, cells = self._cells(number)
            if kind == INTERIOR_TABLE:
                return True
            page, used = self.page(number), 0
            for at in cells:
                length, begin = _varint(page, at)
                _, begin = _varint(page, begin)
                here = self._local(length, True)
                used += max(4, begin - at + here + (4 if here < length else 0))
            free, _, content, loose = struct.unpack_from(">HHHB", page, 1)
            while free:
                free, size = struct.unpack_from(">HH", page, free)
                used += size
            return used + loose == self.usable - (content or 65_536)
        except (Unreadable, IndexError, struct.error):
            return False

    def _cells(self, number: int) -> tuple[int, list[int]]:
        """Return the kind of a page, and where its cells begin."""
        page, start = self.page(number), HEADER if number == 1 else 0
        if len(page) < start + 12 or page[start] not in KINDS:
            raise Unreadable
        kind = page[start]
        (count,) = struct.unpack_from(">H", page, start + 3)
        start += 12 if kind in INTERIOR else 8
        if start + 2 * count > len(page):
            raise Unreadable
        return kind, [*struct.unpack_from(f">{count}H", page, start)]

    def _children(self, number: int, cells: list[int]) -> list[int]:
        """Return the pages below one; 0 for one that cannot be read."""
        page, start = self.page(number), HEADER if number == 1 else 0
        places = [*cells, start + 8]
        return [struct.unpack_from(">I", page.ljust(self.size + 4, b"\0"), at)[0] for at in places]

    def _row(self, number: int, kind: int, at: int) -> Found:
        page, rowid = self.page(number), None
        if kind == INTERIOR_INDEX:
            at += 4  # past the page below
        length, at = _varint(page, at)
        if kind == LEAF_TABLE:
            rowid, at = _varint(page, at)
        if length > min(LARGEST, len(self.content)):
            raise Unreadable
        here = self._local(length, kind == LEAF_TABLE)
        payload = page[at : at + here]
        if here < length:
            (more,) = struct.unpack_from(">I", page, at + here)
            payload += self._overflow(more, length - here)
        if len(payload) != length:
            raise Unreadable
        return Found(number, rowid, _values(payload))

    def _local(self, length: int, in_table: bool) -> int:
        """Return how many bytes of a row are on its own page."""
        usable = self.usable
        most = usable - 35 if in_table else (usable - 12) * 64 // 255 - 23
        if length <= most:
            return length
        least = (usable - 12) * 32 // 255 - 23
        wanted = least + (length - least) % (usable - 4)
        return wanted if wanted <= most else least

    def _overflow(self, number: int, length: int) -> bytes:
        """Return the rest of a row, from the chain of pages that has it."""
        parts: list[bytes] = []
        while length > 0:
            page = self.page(number)
            part = page[4 : 4 + min(length, self.usable - 4)]
            if not part:
                raise Unreadable
            parts.append(part)
            length -= len(part)
            (number,) = struct.unpack_from(">I", page)
        return b"".join(parts)


def _page_size(content: bytes) -> int:
    """Return the size of a page as the file says; the usual one where it says nothing usable."""
    if len(content) >= HEADER and content.startswith(MAGIC):
        (said,) = struct.unpack_from(">H", content, 16)
        size = 65_536 if said == 1 else said
        if size >= 512 and size & (size - 1) == 0:
            return size
    return PAGE_SIZE


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """Return a whole number of one to nine bytes, and where it ends."""
    value = 0
    for place in range(at, at + 8):
        value = value << 7 | content[place] & 0x7F
        if content[place] < 0x80:
            return value, place + 1
    return value << 8 | content[at + 8], at + 9


def _values(payload: bytes) -> tuple[Value, ...]:
    """Return the values of a row: a list of their types, then one after the other."""
    at, values = 0, []
    begin, at = _varint(payload, at)
    types: list[int] = []
    while at < begin and len(types) < COLUMNS:
        each, at = _varint(payload, at)
        types.append(each)
    if at != begin:
        raise Unreadable
    for each in types:
        value, at = _value(payload, at, each)
        values.append(value)
    if at != len(payload):
        raise Unreadable
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    """Return a value of a serial type, and where it ends."""
    if kind in (0, 8, 9):
        return {0: None, 8: 0, 9: 1}[kind], at
    if kind in INTEGERS:
        end = at + INTEGERS[kind]
        return int.from_bytes(payload[at:end], "big", signed=True), end
    if kind == 7:
        return struct.unpack_from(">d", payload, at)[0], at + 8
    if kind < 13 or kind % 2 == 0:  # bytes, of which stores have none
        raise Unreadable
    end = at + (kind - 13) // 2
    return payload[at:end].decode(errors="replace"), end
