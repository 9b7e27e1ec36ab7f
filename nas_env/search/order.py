"""The order in which a search hands children to its agent: as submitted, or as they finish."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nas_env.errors import InvalidValue, UnknownName
from nas_env.evaluation import Ticket
from nas_env.problem import Problem
from nas_env.search.protocols import Player, Proposed

ORDERS = ("submitted", "finished")

Record = dict[str, Any]


class Arrival(NamedTuple):
    """A finished child, and the proposal that it answers."""

    tokens: tuple[int, ...]
    reward: float
    architecture: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    proposal: Proposed


class Finished:
    """Keeps children on their way, and hands them to an agent in the order in which they finish.

    As many are on their way as the evaluator trains at the same time. The agent proposes one at a
    time, and learns from every ``batch_size`` that have arrived. So what it proposes depends on
    nothing but the order of arrival and how many had been proposed by then. The record of each
    arrival says both, and is in the history before the arrival is used: a search that goes on
    takes the same children in the same order, for as long as the history lasts.

    Args:
        agent: Agent, in the state of the last checkpoint.
        problem: Problem whose evaluator trains the children.
        played: Records of the episodes before the checkpoint.
        known: Records of those after it.
    """

    def __init__(
        self, agent: Player, problem: Problem, played: Sequence[Record], known: Iterable[Record]
    ):
        self.agent, self.problem = agent, problem
        self._known = deque(known)
        self._flying: dict[int, tuple[Ticket, Proposed]] = {}  # by the proposal's number
        self._numbers: dict[int, int] = {}  # of the proposals on their way, by their tickets'
        self._ready: deque[Arrival] = deque()  # they have finished, and have not arrived
        self._batch: list[Arrival] = []  # they have arrived, and were not learned from
        for proposal in agent.proposals.open.values():
            self._submit(proposal)
        for record in played[-agent.batch_size :]:
            if record["proposal"] in self._flying:
                self._batch.append(self._land(record["proposal"]))

    def arrivals(self, end: int) -> tuple[list[Arrival], list[Record]]:
        """Return the next children, at least one, and the records that the history has of them.

        Args:
            end: Number of proposals that the agent may have made.
        """
        if self._known and (found := self._again(self._known.popleft())) is not None:
            return found
        while self.agent.proposals.made < end and len(self._flying) < self._capacity:
            if not self._propose():
                break
        while not self._ready:
            done = [ticket.number for ticket in self.problem.completed()]
            ours = [self._numbers[number] for number in done if number in self._numbers]
            self._ready.extend(map(self._land, ours))
        room = self.agent.batch_size - len(self._batch)
        return [self._ready.popleft() for _ in range(min(room, len(self._ready)))], []

    def note(self, arrival: Arrival) -> dict[str, int]:
        """Return what the history keeps of an arrival, so that it can be gone through again.

        ``proposal`` is its number, ``proposed`` how many there were when it arrived, ``version``
        the number of updates when it was proposed, and ``learned`` when it arrived.
        """
        ledger, proposal = self.agent.proposals, arrival.proposal
        numbers = {"proposal": proposal.number, "proposed": ledger.made}
        return {**numbers, "version": proposal.version, "learned": ledger.version}

    def take(self, arrivals: Sequence[Arrival], *, last: bool) -> dict[str, float]:
        """Let the agent learn if its batch is full, or these are the last; return what to log."""
        self._batch += arrivals
        if len(self._batch) < self.agent.batch_size and not last:
            return {}
        batch, self._batch = self._batch, []
        return self.agent.learn(batch)

    @property
    def _capacity(self) -> int:
        return self.problem.evaluator.capacity

    def _propose(self) -> bool:
        """Tell whether the agent proposes one more: it may have to wait for others to finish."""
        proposals = self.agent.propose(1)
        for proposal in proposals:
            self._submit(proposal)
        return len(proposals) > 0

    def _submit(self, proposal: Proposed) -> None:
        (ticket,) = self.problem.submit([proposal.tokens])
        self._flying[proposal.number] = ticket, proposal
        self._numbers[ticket.number] = proposal.number

    def _land(self, number: int) -> Arrival:
        """Return a child that was on its way; wait for it if it has not finished."""
        ticket, proposal = self._flying.pop(number)
        del self._numbers[ticket.number]
        evaluation = ticket.evaluation
        reward = self.problem.objective.reward(evaluation)
        made = ticket.architecture.to_dict()
        return Arrival(proposal.tokens, reward, made, evaluation.public(), proposal)

    def _again(self, record: Record) -> tuple[list[Arrival], list[Record]] | None:
        """Return the child of a record; None if the agent does not propose it any more."""
        while self.agent.proposals.made < record["proposed"] and self._propose():
            pass
        _, proposal = self._flying.get(record["proposal"], (None, None))
        if proposal is None or list(proposal.tokens) != record["tokens"]:
            self._known.clear()
            return None
        return [self._land(proposal.number)], [record]


def check_order(order: str, agent: Player | type[Player], name: str) -> None:
    """Check that an agent can be handed its children in an order.

    Raises:
        UnknownName: If there is no such order.
        InvalidValue: If the agent has a loop of its own.
    """
    if order not in ORDERS:
        raise UnknownName("order", order, ORDERS)
    if order not in agent.orders:
        raise InvalidValue(
            f"order is {order!r}, but agent {name} has a loop of its own: expected "
            + " or ".join(map(repr, agent.orders))
        )
