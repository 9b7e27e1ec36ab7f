"""Texts of one's own for the tests."""

import random


def write_text(folder, lines=400, seed=0):
    """Two files of sentences, each a subject, what it does, and where."""
    draw = random.Random(seed)
    parts = (
        ["the cat", "a dog", "our neighbour's horse", "the well-known owl", "somebody"],
        ["sleeps", "runs about", "waits for rain", "looks round", "sings"],
        ["in the garden", "under a tree", "by the sea", "at home", "on the hill"],
    )
    said = [" ".join(draw.choice(part) for part in parts).capitalize() + "." for _ in range(lines)]
    half = lines // 2
    for name, part in (("1.txt", said[:half]), ("2.txt", said[half:])):
        (folder / name).write_text("\n".join(part) + "\n", encoding="utf-8")
