"""A fork server that several processes of a machine share, so that torch is imported there once.

The processes are Ray's, one for each place of a child. The first of them starts the server, and it
ends soon after the last of them: each has a line to it, which closes when the process ends, however
it ends, and the workers that it has forked for that process are killed then.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar

from nas_env.errors import NASError
from nas_env.evaluation._fork_server import ForkServer, start

#: Python that makes the server nobody's child, since Ray kills the children of its processes.
APART = "import os; os.fork() and os._exit(0); os.setsid(); "


class SharedForkServer(ForkServer):
    """The side of one of several processes; the server starts with the first of them."""

    _shared: ForkServer | None = None
    name: ClassVar[str] = ""  # equal for the processes that share a server

    def _joined(self) -> socket.socket:
        """Return a line to the server of this machine, which is started if there is none."""
        file = place(self.name)
        with locked(file):
            line = socket.socket(socket.AF_UNIX)
            try:
                line.connect(str(file))
            except OSError:  # there is none, or what one has left that was killed
                file.unlink(missing_ok=True)
                with closing(socket.socket(socket.AF_UNIX)) as listening:
                    listening.bind(str(file))
                    listening.listen(socket.SOMAXCONN)
                    start("serve_several", listening, APART).wait()
                line.connect(str(file))
        return line


def place(name: str) -> Path:
    """Return the socket of a server, in a folder that only this user can use.

    Args:
        name: Name that the processes have in common, beside their interpreter and its path.
    """
    text = repr((name, sys.executable, sys.path))
    return own_folder() / hashlib.sha256(text.encode()).hexdigest()[:16]


def own_folder() -> Path:
    """Return a folder of this machine that only this user can use.

    Raises:
        NASError: If it is another user's.
    """
    folder = Path(tempfile.gettempdir()) / f"nas-env-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise NASError(f"{folder} must be a folder that only you can use")
    return folder


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Keep other processes from what is done to a file within the block."""
    with (file.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
