"""A walk through a folder of images and all folders in it, which never leaves it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

SUFFIXES = frozenset({".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png",
                      ".pnm", ".ppm", ".tif", ".tiff", ".webp"})  # fmt: skip
HIDDEN = ("__MACOSX", "Thumbs.db", "desktop.ini")


@dataclass
class Sources:
    """Files of images, in columns since they are many.

    Attributes:
        paths: Path of each.
        sizes: Bytes of each.
        times: Nanoseconds of each one's last change.
        inodes: Number of each on the disk.
    """

    paths: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    inodes: list[int] = field(default_factory=list)

    def append(self, path: str, status: os.stat_result) -> None:
        """Add a file."""
        self.paths.append(path)
        self.sizes.append(status.st_size)
        self.times.append(status.st_mtime_ns)
        self.inodes.append(status.st_ino)

    def extend(self, more: Sources) -> None:
        """Add other files."""
        self.paths += more.paths
        self.sizes += more.sizes
        self.times += more.times
        self.inodes += more.inodes

    def fingerprint(self, order: Sequence[int], *more: str) -> str:
        """Return the hexadecimal SHA-256 of names, sizes and times in an order, and of more."""
        digest = hashlib.sha256("\0".join(more).encode(errors="surrogateescape"))
        names = "\0".join([self.paths[index] for index in order])
        digest.update(names.encode(errors="surrogateescape"))
        for column in (self.sizes, self.times):
            digest.update(np.array(column, np.int64)[np.asarray(order, np.int64)].tobytes())
        return digest.hexdigest()


class Walk:
    """A walk through the folders of a root.

    Attributes:
        root: Root, without links in its path.
        skipped: Reason for each file and folder that cannot be used.
        others: Paths of files that are no images.
    """

    def __init__(self, root: str):
        self.root = os.path.realpath(root)
        self.skipped: dict[str, str] = {}
        self.others: list[str] = []

    def folders(self, folder: str = "") -> list[str]:
        """Return the names of the folders that lie in a folder and can be used, sorted."""
        names = []
        with os.scandir(os.path.join(self.root, folder)) as entries:
            for entry in entries:
                path = os.path.join(folder, entry.name)
                if not hidden(entry.name) and entry.is_dir() and self._stays(path, entry):
                    names.append(entry.name)
        return sorted(names)

    def images(self, folder: str, *, deep: bool = True) -> Sources:
        """Return the images in a folder and, if that is asked for, in the folders in it."""
        found = Sources()
        self._look(folder, deep, (), found)
        return found

    def _look(self, folder: str, deep: bool, above: tuple[str, ...], found: Sources) -> None:
        whole = os.path.join(self.root, folder)
        above = (*above, os.path.realpath(whole))
        try:
            with os.scandir(whole) as scanned:
                entries = list(scanned)
        except OSError as error:
            self.skipped[folder + "/"] = (error.strerror or "unreadable").lower()
            return
        for entry in entries:
            name = entry.name
            path = f"{folder}/{name}" if folder else name
            if hidden(name) or (entry.is_symlink() and not self._stays(path, entry)):
                continue
            if entry.is_dir():
                if deep and self._ends(path, entry, above):
                    self._look(path, deep, above, found)
            elif name[name.rfind(".") :].lower() not in SUFFIXES:
                self.others.append(path)
            elif entry.is_file():
                found.append(path, entry.stat())
            else:
                self.skipped[path] = "no ordinary file"

    def _ends(self, path: str, entry: os.DirEntry[str], above: tuple[str, ...]) -> bool:
        """Return whether walking into a folder ends, and note it otherwise."""
        if not entry.is_symlink():
            return True
        target = os.path.realpath(entry.path)
        if loops := any(_inside(folder, target) for folder in above):
            self.skipped[path + "/"] = "a link to a folder that it lies in"
        return not loops

    def _stays(self, path: str, entry: os.DirEntry[str]) -> bool:
        """Return whether an entry lies in the root, and note it otherwise."""
        if not entry.is_symlink():
            return True
        if reason := leaves(self.root, entry.path):
            self.skipped[path] = reason
        return not reason


def leaves(root: str, path: str) -> str:
    """Return why a link's target is no part of a folder, an empty text if it is one.

    Args:
        root: Folder, without links in its path.
        path: Link.
    """
    target = os.path.realpath(path)
    if not os.path.exists(target):
        return "a link to what is not there"
    return "" if _inside(target, root) else "a link that leaves the folder"


def hidden(name: str) -> bool:
    """Return whether a name is one that systems leave behind, or begins with a dot."""
    return name.startswith(".") or name in HIDDEN


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
