"""TensorBoard: event files in ``<run>/tensorboard``; see ``tensorboard --logdir runs``."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nas_env.tracking._base import Tracker, Value


class TensorBoard(Tracker):
    """Follows a search in TensorBoard; a step is a child.

    Events are written through TensorBoard's own record writer, each at once: the file of a
    ``SummaryWriter`` has the host's name in its name, and a killed process loses what its queue
    holds. A resumed run adds a file whose first event hides the children that are played again.
    """

    requires = "tensorboard"

    def __init__(self) -> None:
        super().__init__()
        self._records: Any = None
        self._last = 0

    def start(self, folder: Path, name: str, config: Mapping[str, Any], resume_from: int) -> None:
        """See the base."""
        from tensorboard.summary.writer.record_writer import RecordWriter

        place = folder / "tensorboard"
        place.mkdir(exist_ok=True)
        files = len(list(place.glob("events.out.tfevents.*")))
        # Readers know an event file by "tfevents" and take the files of a folder in their order.
        self._records = RecordWriter((place / f"events.out.tfevents.{files:06d}").open("xb"))
        self._write(0, file_version="brain.Event:2")
        first = resume_from + 1 if resume_from else 0
        session = _messages().SessionLog
        self._write(first, session_log=session(status=session.START))
        self._last = resume_from
        if not resume_from:
            self._text(0, "config", _as_code({"name": name, **config}))

    def log(self, number: int, values: Mapping[str, Value]) -> None:
        """See the base."""
        from torch.utils.tensorboard.summary import scalar

        for key, value in values.items():
            if isinstance(value, str):
                self._text(number, key, value)
            else:
                self._write(number, summary=scalar(key, value))
        self._last = max(self._last, number)

    def picture(self, number: int, path: Path, caption: str) -> None:
        """See the base."""
        import numpy as np
        from PIL import Image
        from torch.utils.tensorboard.summary import image

        with Image.open(path) as file:
            pixels = np.asarray(file.convert("RGB"))
        key = "search/best_architecture"
        self._write(number, summary=image(key, pixels, dataformats="HWC"))
        self._text(number, f"{key}/caption", caption)

    def summary(self, values: Mapping[str, Any]) -> None:
        """See the base."""
        self._text(self._last, "summary", _as_code(values))

    def finish(self) -> None:
        """See the base."""
        self._records.close()

    def _text(self, number: int, key: str, value: str) -> None:
        from torch.utils.tensorboard.summary import text

        self._write(number, summary=text(key, value))

    def _write(self, number: int, **what: Any) -> None:
        event = _messages().Event(wall_time=time.time(), step=number, **what)
        self._records.write(event.SerializeToString())
        self._records.flush()


def _messages() -> Any:
    """Return TensorBoard's messages, classes made at run time that no type checker sees."""
    from tensorboard.compat.proto import event_pb2

    return event_pb2


def _as_code(values: Mapping[str, Any]) -> str:
    """Return JSON as a block of code in Markdown, as which TensorBoard shows texts."""
    return textwrap.indent(json.dumps(values, indent=2, default=str), "    ")
