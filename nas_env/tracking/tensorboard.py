"""TensorBoard: event files in ``<run>/tensorboard``; see ``tensorboard --logdir runs``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nas_env.tracking._base import Tracker, as_code, flat
from nas_env.tracking._items import Labels, Picture, Value

#: The charts that the table of hyperparameters shows, by the job of the run.
COMPARED = {"search": "search/best_reward", "final": "final/mean"}


class TensorBoard(Tracker):
    """Follows a search in TensorBoard; a step is a child.

    Events are written through TensorBoard's own record writer, each at once: the file of a
    ``SummaryWriter`` has the host's name in its name, and a killed process loses what its queue
    holds. A resumed run adds a file whose first event hides the children that are played again.
    The hyperparameters go to the same file, whereas ``SummaryWriter.add_hparams`` makes a run of
    its own for them.
    """

    requires = "tensorboard"

    def __init__(self) -> None:
        super().__init__()
        self._records: Any = None
        self._at_end: list[Any] = []

    def start(
        self, folder: Path, labels: Labels, config: Mapping[str, Any], resume_from: int
    ) -> None:
        """See the base."""
        from tensorboard.summary.writer.record_writer import RecordWriter
        from torch.utils.tensorboard.summary import hparams

        place = folder / "tensorboard"
        place.mkdir(exist_ok=True)
        files = len(list(place.glob("events.out.tfevents.*")))
        # Readers know an event file by "tfevents" and take the files of a folder in their order.
        self._records = RecordWriter((place / f"events.out.tfevents.{files:06d}").open("xb"))
        self._write(0, file_version="brain.Event:2")
        first = resume_from + 1 if resume_from else 0
        session = _messages().SessionLog
        self._write(first, session_log=session(status=session.START))
        chosen = dict(flat({**config, "job": labels.job, "tags": list(labels.tags)}))
        experiment, begun, ended = hparams(chosen, {COMPARED[labels.job]: 0.0})
        self._at_end = [ended]
        if not resume_from:
            self.log(0, {"config": as_code({"name": labels.name, **config})})
            self._write(0, summary=experiment)
            self._write(0, summary=begun)

    def log(self, number: int, values: Mapping[str, Value]) -> None:
        """See the base."""
        from torch.utils.tensorboard.summary import scalar, text

        for key, value in values.items():
            kind = text if isinstance(value, str) else scalar
            self._write(number, summary=kind(key, value))

    def picture(self, number: int, key: str, picture: Picture) -> None:
        """See the base."""
        from torch.utils.tensorboard.summary import image

        self._write(number, summary=image(key, picture.pixels, dataformats="HWC"))
        super().picture(number, key, picture)

    def summary(self, number: int, values: Mapping[str, Any]) -> None:
        """See the base."""
        self.log(number, {"summary": as_code(values)})
        for each in self._at_end:
            self._write(number, summary=each)

    def finish(self) -> None:
        """See the base."""
        self._records.close()

    def _write(self, number: int, **what: Any) -> None:
        event = _messages().Event(wall_time=time.time(), step=number, **what)
        self._records.write(event.SerializeToString())
        self._records.flush()


def _messages() -> Any:
    """Return TensorBoard's messages, classes made at run time that no type checker sees."""
    from tensorboard.compat.proto import event_pb2

    return event_pb2
