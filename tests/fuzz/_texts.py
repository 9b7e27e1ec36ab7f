"""JSON that is nearly right: texts in which something was changed, and values nobody expects."""

import json
import string

from hypothesis import strategies as st

NUMBERS = st.one_of(
    st.integers(-3, 40),
    st.sampled_from([-1, 0, 2**31, 2**63, 2**64, 10**30, -(10**30), 1.5, 1e300, -0.0]),
    st.floats(),
)
WORDS = st.one_of(
    st.sampled_from(["", "space", "name", "layers", "os:system", "../x", "\0", "é" * 300]),
    st.text(max_size=8),
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=8,
)
#: What no parser likes, each by a function of a whole text.
ODD = {
    "nested deeply": lambda text: "[" * 100_000 + text,
    "nested objects": lambda text: '{"a":' * 50_000 + text,
    "a key twice": lambda text: text.replace("{", '{"space": 1, "space": 2, ', 1),
    "NaN": lambda text: text.replace("3", "NaN", 1),
    "infinity": lambda text: text.replace("3", "-Infinity", 1),
    "past all floats": lambda text: text.replace("3", "1e999", 1),
    "many digits": lambda text: text.replace("3", "9" * 5_000, 1),
    "large": lambda text: text + " " * 2**21,
    "two values": lambda text: text * 2,
    "a mark of byte order": lambda text: "\ufeff" + text,
    "a lone surrogate": lambda text: text.replace("a", "\\ud800", 1),
    "empty": lambda text: "",
}


@st.composite
def changed(draw, texts):
    """A text of one of some right ones, changed: as a tree, by letters, or into something odd."""
    text = draw(st.sampled_from(texts))
    how = draw(st.sampled_from(["tree", "tree", "letters", "odd"]))
    if how == "tree":
        value = json.loads(text)
        for _ in range(draw(st.integers(1, 3))):
            value = _replaced(draw, value)
        return json.dumps(value)
    if how == "letters":
        for _ in range(draw(st.integers(1, 4))):
            place, length = draw(st.integers(0, len(text))), draw(st.integers(0, 6))
            new = draw(st.text(string.printable, max_size=6))
            text = text[:place] + new + text[place + length :]
        return text
    return ODD[draw(st.sampled_from(sorted(ODD)))](text)


def _replaced(draw, value):
    """A JSON value with one node replaced, removed, doubled or added."""
    if not isinstance(value, dict | list) or not value or draw(st.integers(0, 3)) == 0:
        return draw(VALUES)
    if isinstance(value, list):
        place = draw(st.integers(0, len(value) - 1))
        what = draw(st.sampled_from(["into", "into", "remove", "double"]))
        if what == "into":
            return [*value[:place], _replaced(draw, value[place]), *value[place + 1 :]]
        return value[:place] + value[place:][what == "remove" :] + value[place : place + 1]
    key = draw(st.sampled_from(sorted(value)))
    what = draw(st.sampled_from(["into", "into", "into", "remove", "add"]))
    if what == "into":
        return {**value, key: _replaced(draw, value[key])}
    if what == "remove":
        return {name: each for name, each in value.items() if name != key}
    return {**value, draw(WORDS): draw(VALUES)}


@st.composite
def bytes_changed(draw, content):
    """A content with some bytes replaced, cut out, put in, or its end cut off."""
    found = bytearray(draw(st.sampled_from(content)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(found)))
        what = draw(st.sampled_from(["flip", "flip", "cut", "put", "end"]))
        if what == "flip" and place < len(found):
            found[place] ^= 1 << draw(st.integers(0, 7))
        elif what == "cut":
            del found[place : place + draw(st.integers(1, 40))]
        elif what == "put":
            found[place:place] = draw(st.binary(max_size=20))
        elif what == "end":
            del found[place:]
    return bytes(found)
