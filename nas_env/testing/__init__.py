"""The contracts of the catalogues as checks, for people who write a member of their own.

Each check takes a member and raises :class:`ContractBroken` if the member breaks its contract; the
message says what was expected of which method. They need no test framework::

    from nas_env.testing import check_space

    def test_my_space():
        check_space("my_package.my_space:MySpace")
"""

from __future__ import annotations

from nas_env.testing._broken import ContractBroken
from nas_env.testing.agent import AGENT_CHECKS, check_agent
from nas_env.testing.evaluator import EVALUATOR_CHECKS, check_evaluator
from nas_env.testing.function import FUNCTION_CHECKS, check_function, check_table
from nas_env.testing.objective import OBJECTIVE_CHECKS, check_objective
from nas_env.testing.space import SPACE_CHECKS, check_space
from nas_env.testing.task import TASK_CHECKS, check_task

__all__ = [
    "AGENT_CHECKS",
    "EVALUATOR_CHECKS",
    "FUNCTION_CHECKS",
    "OBJECTIVE_CHECKS",
    "SPACE_CHECKS",
    "TASK_CHECKS",
    "ContractBroken",
    "check_agent",
    "check_evaluator",
    "check_function",
    "check_objective",
    "check_space",
    "check_table",
    "check_task",
]
