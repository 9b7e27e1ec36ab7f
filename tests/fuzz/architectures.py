"""The JSON of architectures: of every space, by ``from_json``."""

from functools import cache

import numpy as np
from hypothesis import strategies as st

from search_spaces import InvalidArchitecture, make_space, space_names
from search_spaces._architecture import TEXT_LIMIT
from tests.fuzz._texts import changed


@cache
def right(name):
    space = make_space(name)
    drawn = space.sample_batch(np.random.default_rng(0), 8)
    return space, [space.decode(row).to_json() for row in drawn.tolist()]


CASES = st.sampled_from(space_names()).flatmap(
    lambda name: st.tuples(st.just(name), changed(right(name)[1]))
)


def check(case, folder):
    name, text = case
    space, _ = right(name)
    try:
        found = space.from_json(text)
    except InvalidArchitecture as error:
        assert "\n" not in str(error) and len(str(error)) < 2_000
        return
    assert len(text) <= TEXT_LIMIT
    assert space.from_json(found.to_json()) == found
    assert space.decode(space.encode(found)).canonical() == found.canonical()
