"""The folder that data sets lie in, and what is kept of one's own."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path:
    """Return the folder of data sets: ``NAS_DATA``, or ``~/.cache/nas-env`` if it is not set."""
    return Path(os.environ.get("NAS_DATA") or Path.home() / ".cache" / "nas-env").expanduser()
