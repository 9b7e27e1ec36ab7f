"""The attempts at one child on a Ray cluster: what is tried again, and what came of each."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from nas_env.errors import NASError
from nas_env.evaluation._child import failed
from nas_env.evaluation._ray_cluster import Cluster, Share, line_of
from nas_env.evaluation._work import Work
from nas_env.evaluation._worker import error_of
from nas_env.records import Evaluation
from nas_env.training.outcome import Progress, unheard

LOST = "lost"  # an attempt whose node or process has gone, through no fault of its child
MISSING = "cannot import"  # how the error of a member's missing module begins
SEND = "install it there, or send it with --evaluator.packages"


@dataclass
class Attempt:
    """An attempt at a child.

    Attributes:
        node: Name of the node; empty until it has begun.
        status: Status of the evaluation that came of it, or ``"lost"``.
        error: What went wrong, in one line.
        began: Time of its beginning, by ``time.monotonic``.
        seconds: Seconds that it took, as the node says; of one that was lost, as seen from here.
    """

    node: str = ""
    status: str = LOST
    error: str = ""
    began: float = field(default_factory=time.monotonic)
    seconds: float | None = None

    def begin(self, node: str) -> None:
        """Say that it has begun on a node."""
        self.node, self.began = node, time.monotonic()

    def end(self) -> None:
        """Say that it has ended."""
        took = time.monotonic() - self.began if self.seconds is None else self.seconds
        self.seconds = round(took, 6)

    def record(self) -> dict[str, Any]:
        """Return what is kept of it, as JSON values."""
        names = ("node", "status", "seconds", "error")
        return {name: value for name, value in vars(self).items() if name in names}


@dataclass
class Attempts:
    """Tries a child until there is an evaluation of it.

    Attributes:
        cluster: Where it is tried.
        work: Keeps account of the children that are being trained.
        share: What Ray keeps for a child.
        retries: Number of times that a child is tried again whose node was lost.
        alone: Whether a child that ran out of memory is tried once more, alone on a node.
        content: What stands for the data that is sent along; None for none.
        made: The attempts so far.
    """

    cluster: Cluster
    work: Work
    share: Share
    retries: int
    alone: bool
    content: Any = None
    made: list[Attempt] = field(default_factory=list)

    async def evaluation(self, order: str) -> Evaluation:
        """Return the evaluation of the child of an order, with its attempts.

        Raises:
            NASError: If it cannot be evaluated on a node: its data is not there, or its code.
        """
        share, alone = self.share, self.alone
        while True:
            found = await self._tried(order, share)
            lost = sum(attempt.status == LOST for attempt in self.made)
            if found is None and lost > self.retries:
                text = f"{self.made[-1].error}; tried {lost} times"
                found = failed("died", text)
            if found is not None and found.status == "out_of_memory" and alone:
                share, alone, found = self.cluster.whole_node(self.share), False, None
            if found is not None:
                return replace(found, attempts=[each.record() for each in self.made])

    async def _tried(self, order: str, share: Share) -> Evaluation | None:
        """Return what came of one attempt; None where it was lost."""
        attempt = Attempt()
        self.made.append(attempt)
        answer = await self.asked(order, share, attempt)
        if answer is None:
            return None
        found = Evaluation(**answer)
        attempt.status, attempt.error = found.status, found.error
        return found

    async def asked(self, order: str, share: Share, attempt: Attempt) -> Any:
        """Return a node's answer to an order; None where the attempt was lost.

        Raises:
            NASError: If no further attempt would mend what went wrong.
        """
        ray, generator = self.cluster.ray, self.cluster.run(order, share, self.content)
        try:
            return await self._answer(generator, attempt, order)
        except asyncio.CancelledError:
            with suppress(Exception):
                ray.cancel(generator, force=True)
            raise
        except ray.exceptions.OutOfMemoryError as error:
            return vars(failed("out_of_memory", f"the node ran out of memory: {line_of(error)}"))
        except _losses(ray) as error:
            attempt.error = line_of(error)
            return None
        except ray.exceptions.RayError as error:
            raise _refusal(error) from None
        finally:
            attempt.end()

    async def _answer(self, generator: Any, attempt: Attempt, order: str) -> Any:
        """Return the answer among a node's messages; None where they end without any."""
        with ExitStack() as stack:
            report = unheard
            async for reference in generator:
                message = json.loads(await reference)
                if "begun" in message:
                    attempt.begin(message["begun"])
                    architecture = json.loads(order)["request"]["architecture"]
                    report = stack.enter_context(self.work.child(architecture, attempt.node))
                elif "progress" in message:
                    report(Progress(*message["progress"]))
                else:
                    attempt.seconds = message["seconds"]
                    return _answered(message, attempt.node)
        attempt.error = "the node ended without an answer"
        return None


def _answered(message: Mapping[str, Any], node: str) -> Any:
    """Return the answer of a last message, or raise its error, with the node's name."""
    if "answer" in message:
        return message["answer"]
    name, text = message["error"]
    hint = f": {SEND}" if text.startswith(MISSING) else ""
    raise error_of(name, f"{text} (on node {node}){hint}")


def _losses(ray: Any) -> tuple[type[Exception], ...]:
    """Return Ray's errors that say that a machine or a process has gone."""
    errors = ray.exceptions
    return (
        errors.WorkerCrashedError,
        errors.NodeDiedError,
        errors.LocalRayletDiedError,
        errors.ObjectLostError,
    )


def _refusal(error: Exception) -> NASError:
    """Return the line for what no further attempt can mend."""
    text = str(error)
    if "No module named" in text:
        package = text.rpartition("No module named ")[2].partition("\n")[0]
        return NASError(f"a node of the cluster has no package {package}: {SEND}")
    return NASError(f"Ray could not train a child: {line_of(error)}")
