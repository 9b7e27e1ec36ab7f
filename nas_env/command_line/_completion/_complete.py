"""Completes a command line: a program by itself, which the script of a shell carries with it.

It imports nothing, so that a press of the tab key takes milliseconds. It prints a line for each
word that fits, with what the word means behind a tab; or ``:files``, where the shell is to complete
the name of a file.
"""

FILES = ":files"


def fitting(programs, words):
    """Return the words that fit, with their meanings.

    Args:
        programs: For each program ``options``: the values and the help of each option; and, where
            it has them, ``first``: what its first words are; ``commands``: its commands, programs
            themselves; ``groups``: further options by group; ``chosen``: for a value of an option
            the groups that it brings, by their kind; ``default``: those where nothing is chosen.
        words: The words of a line, up to the one that is to be completed.
    """
    name, *words = words
    program = programs.get(name.rpartition("/")[2], {"options": {}})
    words = [word for word in words if word != "="]  # bash makes three words of --env=NAME
    if words and "=" in words[-1]:
        words[-1:] = words[-1].split("=", 1)
    if "commands" in program:
        if len(words) < 2:
            return matching({name: "" for name in program["commands"]}, words[-1] if words else "")
        program, words = program["commands"].get(words[0], {"options": {}}), words[1:]
    *before, word = words or [""]
    options = all_options(program, before)
    if word.startswith("-"):
        return matching({name: told for name, (_, told) in options.items()}, word)
    values = expected(options, before, program.get("first", []))
    return FILES if values == FILES else matching(dict.fromkeys(values, ""), word)


def all_options(program, before):
    """Return the options of a program, with those that the words before bring with them."""
    kinds = dict(program.get("default", {}))
    for option, brought in program.get("chosen", {}).items():
        for place, word in enumerate(before[:-1]):
            if word == option:
                kinds.update(brought.get(before[place + 1], {}))
    found = dict(program["options"])
    for group in kinds.values():
        found.update(program["groups"][group])
    return found


def expected(options, before, first):
    """Return the values that may stand at the end: those of the last option, or the first words."""
    for place, word in reversed(list(enumerate(before))):
        if word in options:
            (values, many), given = options[word][0], len(before) - place - 1
            return values if many or given < 1 else []
    return first


def matching(words, begin):
    """Return the words that begin so, with their meanings."""
    return {word: told for word, told in words.items() if word.startswith(begin)}


def main(programs, words):
    """Print what fits."""
    found = fitting(programs, words)
    if found == FILES:
        print(FILES)
    else:
        print("\n".join(f"{word}\t{told}" for word, told in sorted(found.items())))
