"""Arrays in files, an .npz or several .npy: their headers, and their rows bit by bit."""

from __future__ import annotations

import os
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from nas_env.data._telling import shown
from nas_env.errors import DataInvalid

BYTES = 2**23  # of the rows that are read at a time


@dataclass(frozen=True)
class Member(ABC):
    """An array in a file; nothing but its header is read before it is asked for.

    Attributes:
        file: Path of the file.
        name: Name of the array.
        shape: Shape of the array.
        dtype: Type of its numbers.
        fortran: Whether the last index changes slowest.
    """

    file: str
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool

    def __str__(self) -> str:
        return f"{self.name} of {shown(os.path.basename(self.file))}"

    @property
    def form(self) -> str:
        """The type and the shape, for messages."""
        return f"{self.dtype} ({', '.join(map(str, self.shape))})"

    @property
    def step(self) -> int:
        """The number of rows that are read at a time."""
        row = self.dtype.itemsize * int(np.prod(self.shape[1:], dtype=np.int64))
        return max(1, BYTES // max(1, row))

    @abstractmethod
    def whole(self) -> np.ndarray:
        """Return the array.

        Raises:
            DataInvalid: If the file is damaged.
        """

    @abstractmethod
    def chunks(self) -> Iterator[np.ndarray]:
        """Yield the rows in their order, some at a time.

        Raises:
            DataInvalid: If the file is damaged.
        """


class Mapped(Member):
    """The array of an .npy, which is mapped into memory."""

    def whole(self) -> np.ndarray:
        """Return the array, without having read it."""
        with _whole(self.file):
            return np.load(self.file, mmap_mode="r", allow_pickle=False)

    def chunks(self) -> Iterator[np.ndarray]:
        """Yield views of the rows."""
        whole = self.whole()
        for row in range(0, len(whole), self.step):
            yield whole[row : row + self.step]


class Zipped(Member):
    """An array of an .npz, which is read as a stream."""

    def whole(self) -> np.ndarray:
        """Read the array."""
        with _whole(self.file), self._stream() as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)

    def chunks(self) -> Iterator[np.ndarray]:
        """Yield the rows as they are unpacked."""
        if self.fortran:
            whole = self.whole()
            yield from (whole[row : row + self.step] for row in range(0, len(whole), self.step))
            return
        row = self.dtype.itemsize * int(np.prod(self.shape[1:], dtype=np.int64))
        with self._stream() as stream:
            _header(stream)
            for first in range(0, self.shape[0], self.step):
                number = min(self.step, self.shape[0] - first)
                with _whole(self.file):
                    bits = stream.read(number * row)
                    yield np.frombuffer(bits, self.dtype).reshape(number, *self.shape[1:])

    @contextmanager
    def _stream(self) -> Iterator[IO[bytes]]:
        with zipfile.ZipFile(self.file) as file, file.open(f"{self.name}.npy") as stream:
            yield stream


def members_of(path: str) -> Mapping[str, Member]:
    """Return the arrays of an .npz, of an .npy or of a folder of .npy, by their names.

    Raises:
        DataInvalid: If a file is damaged, or has Python objects.
    """
    if os.path.isdir(path):
        names = sorted(name for name in os.listdir(path) if name.lower().endswith(".npy"))
        return {name[:-4]: _mapped(os.path.join(path, name)) for name in names}
    if path.lower().endswith(".npy"):
        return {os.path.basename(path)[:-4]: _mapped(path)}
    with _whole(path), zipfile.ZipFile(path) as file:
        names = [name[:-4] for name in file.namelist() if name.endswith(".npy")]
        if len({*names}) < len(names):
            raise DataInvalid(f"{shown(path)} has an array twice, expected each name once")
        return {name: _zipped(path, file, name) for name in names}


def _mapped(path: str) -> Mapped:
    with _whole(path), open(path, "rb") as stream:
        return Mapped(path, os.path.basename(path)[:-4], *_header(stream))


def _zipped(path: str, file: zipfile.ZipFile, name: str) -> Zipped:
    with file.open(f"{name}.npy") as stream:
        return Zipped(path, name, *_header(stream))


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any], bool]:
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[np.lib.format.read_magic(stream)]
    shape, fortran, dtype = read(stream)
    return shape, dtype, fortran


@contextmanager
def _whole(path: str) -> Iterator[None]:
    """Make one line of whatever a damaged file causes."""
    try:
        yield
    except DataInvalid:
        raise
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise DataInvalid(f"{shown(path)} cannot be read: {reason}") from None
    except Exception:  # of zipfile, zlib, numpy and even Python's tokenizer
        suffix = os.path.splitext(path)[1].lower()
        found = f"{shown(path)} is damaged or not whole"
        raise DataInvalid(f"{found}: it cannot be read as {suffix}") from None
