"""A contract that is broken on purpose."""

import pytest

from nas_env.testing import ContractBroken


def expect_broken(message, check, *arguments):
    """Call a check that must find a fault, and say so in one line."""
    with pytest.raises(ContractBroken, match=message) as broken:
        check(*arguments)
    assert "\n" not in str(broken.value)
