"""Processes that decode files of images side by side, each into its rows of one mapped file."""

from __future__ import annotations

import json
import selectors
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from io import FileIO
from pathlib import Path

from nas_env.data._telling import shown
from nas_env.data.images import decode
from nas_env.errors import DataInvalid

FILES = 64  # of a request; a process has at most two
Request = tuple[int, list[str]]  # first row, files


class Decoder:
    """A process that decodes files; it ends with its requests, and with this process."""

    def __init__(self, job: dict[str, object]):
        # Not by multiprocessing: it would fork a process that has threads, or import the user's
        # program again. -P: the modules beside the script are not to hide others.
        self.process = subprocess.Popen(
            [sys.executable, "-P", decode.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.asked: deque[Request] = deque()
        assert self.process.stdin and self.process.stdout
        self._requests, self._stdout = self.process.stdin, self.process.stdout
        # Unbuffered: an answer in a buffer would not make the selector fire.
        self.answers = FileIO(self._stdout.fileno(), closefd=False)
        self._say(job)

    def ask(self, request: Request) -> None:
        """Send a request; its answer is to be received before the third after it."""
        self.asked.append(request)
        self._say(request)

    def receive(self) -> tuple[Request, decode.Part]:
        """Wait for the answer to the oldest request.

        Raises:
            DataInvalid: If the process has died.
        """
        line = self.answers.readline()
        request = self.asked.popleft()
        if not line.endswith(b"\n"):
            raise self._died(request[1])
        part = decode.Part(**json.loads(line))
        part.broken = {int(row): reason for row, reason in part.broken.items()}
        return request, part

    def end(self) -> None:
        """End the process, whatever it does, and wait for that."""
        self.process.kill()
        for stream in (self._requests, self.answers, self._stdout):
            with suppress(OSError):
                stream.close()
        self.process.wait()

    def _say(self, value: object) -> None:
        with suppress(BrokenPipeError):  # receiving will find out
            self._requests.write(json.dumps(value).encode() + b"\n")
            self._requests.flush()

    def _died(self, files: Sequence[str]) -> DataInvalid:
        code = self.process.wait()
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        between = f"{shown(files[0])} and {shown(files[-1])}"
        return DataInvalid(
            f"a process that decodes images ended {how} while it read files between {between}: "
            "the memory may be too small, or a file makes Pillow crash"
        )


def decoded(
    folder: str, files: list[str], file: Path, target: decode.Target, processes: int
) -> Iterator[decode.Part]:
    """Decode files into a mapped file, a row each, and yield what each few of them gave.

    Args:
        folder: Folder that the files' paths start from.
        files: Files in the order of their rows.
        file: File of all rows, which is there in its full size.
        target: What the images are brought to.
        processes: Number of processes.

    Raises:
        DataInvalid: If a process dies.
    """
    shape = (len(files), target.height, target.width, target.channels)
    job = {"folder": folder, "file": str(file), "shape": shape, "target": asdict(target)}
    requests = ((row, files[row : row + FILES]) for row in range(0, len(files), FILES))
    decoders: list[Decoder] = []
    try:
        for _ in range(processes):
            decoders.append(Decoder(job))
        yield from _answered(decoders, requests)
    finally:
        for decoder in decoders:
            decoder.end()


def _answered(decoders: Sequence[Decoder], requests: Iterator[Request]) -> Iterator[decode.Part]:
    with selectors.DefaultSelector() as selector:
        for decoder in (*decoders, *decoders):
            if request := next(requests, None):
                decoder.ask(request)
        for decoder in decoders:
            selector.register(decoder.answers, selectors.EVENT_READ, decoder)
        while any(decoder.asked for decoder in decoders):
            for key, _ in selector.select():
                decoder = key.data
                yield decoder.receive()[1]
                if request := next(requests, None):
                    decoder.ask(request)
                elif not decoder.asked:
                    selector.unregister(decoder.answers)
