"""A text of one's own: read, divided, numbered, kept; odd and broken ones; a search on it."""

import gzip
import itertools
import json
import math
import os
import pickle
import re
import textwrap
from collections import Counter
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
import torch

from nas_env.command_line.train import main
from nas_env.data import text as texts
from nas_env.errors import DataInvalid, DataNotFound, InvalidValue, NASError
from nas_env.problem import Problem
from nas_env.tasks import make_task
from nas_env.tasks._text_size import TextSize
from nas_env.training.language_recipe import LanguageRecipe
from tests._own_text import write_text

#: Long enough for every split, with capitals, an apostrophe, a hyphen and signs.
LINE = "The well-known cat's mat is red, isn't it? Yes.\n"
STORY = "".join(f"{LINE}Line {n} of many is here.\n\n" for n in range(200))


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """An empty data folder; what was read before is forgotten."""
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "kept"))
    forget()
    return tmp_path / "kept"


def forget():
    texts._prepared.cache_clear()
    texts._kept.cache_clear()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "texts"
    made.mkdir()
    return made


def task_of(path, **settings):
    return make_task({"name": "text", "path": str(path), **settings}).settled()


def written(folder, **files):
    """A folder of files, whose names have a dot for each double underscore."""
    for name, content in files.items():
        file = folder / name.replace("__", ".")
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def read(task, split):
    """The symbols of a split."""
    found = task._text
    return [found.symbols[number] for number in found.numbers(split)]


def refusal(path, error=DataInvalid, **settings):
    """The line by which a text is refused, by the task and by its verification."""
    with pytest.raises(error) as refused:
        task_of(path, **settings)
    with pytest.raises(error):
        make_task({"name": "text", "path": str(path), **settings}).verify()
    assert "\n" not in str(refused.value)
    return str(refused.value)


# -- units and splits ----------------------------------------------------------------------------
def test_words_lines_and_their_splits_by_position(folder):
    task = task_of(written(folder, a__txt=STORY))
    symbols = [read(task, split) for split in ("train", "validation", "test")]
    whole = list(itertools.chain(*symbols))
    first = ["The", "well-known", "cat's", "mat", "is", "red", ",", "isn't", "it", "?", "Yes", "."]
    assert whole[:13] == [*first, "<eos>"]
    assert len(whole) == 200 * (13 + 8) and whole.count("<eos>") == 400  # no blank line
    assert [len(each) for each in symbols] == [3360, 420, 420]
    known = task._text.symbols
    assert known[:2] == ("<unk>", "<eos>") and known[2:4] == (".", "is")  # both stand twice
    numbers = set(symbols[1]) - set(known)
    assert not numbers and "<unk>" in symbols[1]  # the numbers of the last lines
    assert task.outputs == len(known) == max(task.search_data().train) + 1


def test_characters_and_their_vocabulary(folder):
    task = task_of(written(folder, a__txt=STORY), unit="characters")
    text = "".join(read(task, "train"))
    assert STORY.startswith(text) and "\n" in task._text.symbols and task.of_characters
    counts = Counter(text)
    by_hand = sorted(counts, key=lambda sign: (-counts[sign], sign))
    assert list(task._text.symbols) == ["<unk>", *by_hand]
    few = task_of(folder, unit="characters", vocabulary=5)
    assert list(few._text.symbols) == ["<unk>", *by_hand[:4]] and few.outputs == 5
    assert few.notes[0].startswith(f"{len(STORY):,} characters, {len(counts)} different, 4 kept")


def test_small_letters(folder):
    written(folder, a__txt=STORY)
    assert {"The", "the"} & set(read(task_of(folder), "train")) == {"The"}
    assert {"The", "the"} & set(read(task_of(folder, lower=True), "train")) == {"the"}


def test_sizes_by_share_and_by_number(folder):
    written(folder, a__txt=STORY)
    task = task_of(folder, validation=1000, test=0.25)
    assert task._text.sizes == {"train": 2150, "validation": 1000, "test": 1050}
    data = replace(task, train_size=600, validation_size=50).search_data()
    assert data.sizes == (600, 50) and len(task.test_data()) == 1050
    with pytest.raises(InvalidValue, match="train_size is 9000, expected at most 2,150"):
        replace(task, train_size=9000).search_data()
    for wrong in (0, 1, 2.5, -1):
        with pytest.raises(InvalidValue, match="validation is"):
            make_task({"name": "text", "validation": wrong})
    assert "test 0.1 and validation 9000 leave nothing to train on of 4,200 words" in refusal(
        folder, InvalidValue, validation=9000
    )


def test_files_that_are_the_splits(folder):
    parts = {"train": STORY, "valid": LINE * 10, "test": LINE * 3}
    written(folder, **{f"my__{name}__txt": text for name, text in parts.items()})
    task = task_of(folder)
    assert task._text.sizes == {"train": 4200, "validation": 130, "test": 39}
    assert task.notes[0].endswith("train 4,200, validation 130, test 39 by the files' names")
    assert task.content != task_of(folder, splits="position").content
    (folder / "my.test.txt").unlink()
    assert task_of(folder)._text.sizes == {"train": 3780, "validation": 130, "test": 420}
    assert "; test is the end of the training text" in task_of(folder).notes[0]


def test_files_are_joined_in_the_order_of_their_numbers(folder):
    written(folder, **{f"{n}__txt": f"chapter{n} {LINE * 40}" for n in (10, 9, 1)})
    joined = [word for word in read(task_of(folder), "train") if word.startswith("chapter")]
    assert joined == ["chapter1", "chapter9", "chapter10"]
    assert re.match(r"[\d,]+ words of 3 files, ", task_of(folder).notes[0])


# -- odd texts that work -------------------------------------------------------------------------
SAME = {
    "a mark before it": STORY.encode("utf-8-sig"),
    "lines that end in CR LF": STORY.replace("\n", "\r\n").encode(),
    "lines that end in CR": STORY.replace("\n", "\r").encode(),
    "no end of the last line": STORY.rstrip("\n").encode() + b"\n",
}


@pytest.mark.parametrize("form", SAME)
def test_forms_of_the_same_text(folder, form):
    one, other = (written(folder, a__txt=STORY.rstrip("\n") + "\n") / "a.txt", folder / "b.txt")
    other.write_bytes(SAME[form])
    texts_of = [task_of(file, unit="words") for file in (one, other)]
    assert read(texts_of[0], "train") == read(texts_of[1], "train")
    if "last" in form:
        assert texts_of[0].content == texts_of[1].content


def test_another_encoding_is_the_same_text(folder):
    story = STORY.replace("cat", "Käthe")
    (folder / "a.txt").write_bytes(story.encode("utf-16"))
    assert "a.txt begins as utf-16 does, not utf-8: --task.encoding utf-16" in refusal(folder)
    wide = task_of(folder, encoding="UTF-16")
    (folder / "a.txt").write_bytes(story.encode("cp1252"))
    said = refusal(folder)
    assert "a.txt is no utf-8 text: byte 17 (line 1) is 0xe4; if it is in" in said
    assert "--task.encoding cp1252" in said
    assert task_of(folder, encoding="cp1252").content == wide.content
    assert "Käthe's" in read(wide, "train")


def test_one_endless_line_and_a_text_of_one_symbol(folder):
    task = task_of(written(folder, a__txt="to be or not " * 300))
    assert task._text.sizes == {"train": 961, "validation": 120, "test": 120}
    task = task_of(written(folder, a__txt="a" * 2000), unit="characters")
    assert task.outputs == 2 and task.guessing["validation_perplexity"] == 1  # a and <unk>


def test_repeated_lines_and_unknown_words_are_told(folder):
    written(folder, a__txt=STORY)
    said = task_of(folder).notes
    assert said[0] == (
        "4,200 words, 177 different; train 3,360, validation 420, test 420 by position"
    )
    assert said[1] == "4.76% of the validation words are unknown, <unk>"
    assert said[2].startswith("20 of the 20 long lines of validation (100.0%) also stand in")
    new = "".join(f"{word} " * 13 + "\n" for word in map("x{}".format, range(50)))
    said = task_of(written(folder, train__txt=STORY, val__txt=new, a__txt=b""), splits="files")
    assert "fewer are with a longer text, --task.lower or --task.unit characters" in said.notes[1]
    long = "".join(f"{'verylongword' * 3}{n} " for n in range(900))
    (folder / "b.txt").write_text(long)
    assert any("--task.unit characters" in note for note in task_of(folder / "b.txt").notes)


# -- broken texts --------------------------------------------------------------------------------
BROKEN = {
    "empty": (b"", "a.txt is empty"),
    "blank": (b" \n\t\r\n", "a.txt is empty"),
    "binary": (b"a line\nand \x00 more", "a.txt is binary: byte 12 (line 2) is NUL"),
    "an archive": (gzip.compress(b"a text"), "a.txt is a gzip archive, expected plain text"),
    "a picture": (b"\x89PNG\r\n", "a.txt is a picture, expected plain text"),
    "cut in a letter": ("süß".encode()[:-1], "a.txt is no utf-8 text: byte 4 (line 1) is 0xc3"),
    "short": (
        LINE.encode() * 20,
        "has 260 words (train 208, validation 26, test 26), expected at least train 520, "
        "validation 40, test 8: give a longer text or --task.unit characters",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_file_has_its_line(folder, fault):
    content, said = BROKEN[fault]
    written(folder, a__txt=content)
    assert said in refusal(folder) and said in refusal(folder / "a.txt")
    if fault == "short":
        assert task_of(folder, unit="characters").outputs > 10
        return
    written(folder, b__txt=STORY)
    line = refusal(folder)
    assert said in line and line.endswith("; --task.skip-broken goes on without it")
    task = task_of(folder, skip_broken=True)
    assert any(note.startswith("1 file left out: a.txt (is ") for note in task.notes)
    assert read(task, "train") == read(task_of(folder / "b.txt"), "train")


def links(folder, tmp_path):
    (tmp_path / "outside.txt").write_text(STORY)
    (folder / "out.txt").symlink_to(tmp_path / "outside.txt")
    yield "out.txt is a link out of the folder"
    (folder / "out.txt").unlink()
    (folder / "gone.txt").symlink_to(folder / "nowhere.txt")
    yield "gone.txt is a link to nothing"
    (folder / "gone.txt").unlink()
    (folder / "round.txt").symlink_to(folder / "round.txt")
    yield "round.txt cannot be read: "
    (folder / "round.txt").unlink()
    os.mkfifo(folder / "pipe.txt")
    yield "pipe.txt is no file of text"


def test_links_and_pipes_have_their_line(folder, tmp_path):
    written(folder, b__txt=STORY)
    for said in links(folder, tmp_path):
        assert said in refusal(folder)
        assert any("1 file left out: " in note for note in task_of(folder, skip_broken=True).notes)


def test_a_link_to_the_folder_or_within_it_is_followed(folder, tmp_path):
    written(folder, b__txt=STORY)
    (folder / "c.txt").symlink_to(folder / "b.txt")
    (tmp_path / "link").symlink_to(folder)
    assert sum(task_of(tmp_path / "link")._text.sizes.values()) == 8400


def test_what_is_not_there_or_no_text(folder, tmp_path):
    said = refusal(tmp_path / "text", DataNotFound)
    assert said.endswith("/text is not there; did you mean texts?")
    assert "there is no folder" in refusal(tmp_path / "no" / "such", DataNotFound)
    assert "has no .txt, expected at least one; it has nothing" in refusal(folder)
    written(folder, a__md="x", b__md="y", __c__txt="z")
    (folder / "more.txt").mkdir()
    assert refusal(folder).endswith("it has 1 folder, 2 .md")
    assert "expected one that Python knows" in refusal(folder, InvalidValue, encoding="utf-9")
    assert "expected one that Python knows" in refusal(folder, InvalidValue, encoding="base64")
    assert "no text is given: --task.path names a file" in refusal("", InvalidValue)
    assert "is no file of text" in refusal("/dev/null")


def test_ambiguous_splits_are_refused(folder):
    written(folder, train__txt=STORY, notes__txt=STORY)
    assert "has train.txt beside notes.txt: --task.splits files takes the first" in refusal(folder)
    assert task_of(folder, splits="files")._text.given == ("train",)
    (folder / "notes.txt").unlink()
    written(folder, other__train__txt=STORY)
    assert "the splits of more than one text: other.train.txt, train.txt;" in refusal(folder)
    (folder / "other.train.txt").unlink()
    (folder / "train.txt").rename(folder / "test.txt")
    assert "has no train.txt, which its splits need; it has test.txt" in refusal(folder)
    assert "is one file" in refusal(folder / "test.txt", splits="files")


def test_a_name_that_cannot_be_shown_is_escaped(folder):
    written(folder, b__txt=STORY)
    (folder / "two\nlines.txt").write_bytes(b"")
    assert "'two\\nlines.txt' is empty" in refusal(folder)


# -- what is kept, and the content ---------------------------------------------------------------
def test_the_content_identifies_the_text_wherever_it_lies(folder, tmp_path):
    write_text(folder)
    task = task_of(folder)
    whole = "".join((folder / name).read_text() for name in ("1.txt", "2.txt"))
    (tmp_path / "whole.txt").write_text(whole)
    same = task_of(tmp_path / "whole.txt")
    requests = [
        Problem(each.spec, hidden=4, device="cpu").request(
            Problem(each.spec, device="cpu").space.decode((0, 1) * 16 + (3, 4))
        )
        for each in (task, same)
    ]
    assert task.content == same.content and requests[0].key == requests[1].key
    assert requests[0].source["path"] == str(folder) != requests[1].source["path"]
    (tmp_path / "whole.txt").write_text(whole.replace("owl", "cat"))
    with pytest.raises(DataInvalid, match=r"whole.txt has changed: its content is \w{16}, that of"):
        same.verify()
    assert task_of(tmp_path / "whole.txt").content != task.content


def test_a_worker_maps_what_is_kept_and_does_not_look_at_the_source(folder):
    write_text(folder)
    task = task_of(folder)
    expected = task.search_data()
    for file in folder.iterdir():
        file.unlink()
    forget()
    again = pickle.loads(pickle.dumps(make_task(task.spec)))
    found = again.search_data()
    assert torch.equal(found.train, expected.train) and again.outputs == task.outputs
    assert found.train.dtype == torch.uint8 and isinstance(again._text.numbers("test"), np.memmap)
    with pytest.raises(DataInvalid, match=r"has no \.txt"):
        again.verify()


def test_what_is_torn_is_made_again(folder, data):
    write_text(folder)
    task = task_of(folder)
    expected = read(task, "train")
    (numbers,) = (data / "own-texts").glob("*.bin")
    (facts,) = (data / "own-texts").glob("*.json")
    for tear in (lambda: numbers.write_bytes(numbers.read_bytes()[:-5] + b"xxxxx"),
                 lambda: numbers.write_bytes(b""), numbers.unlink, facts.unlink,
                 lambda: facts.write_text("{")):  # fmt: skip
        tear()
        forget()
        assert read(make_task(task.spec), "train") == expected
        forget()
        assert read(task_of(folder), "train") == expected


def test_a_folder_that_cannot_be_written_has_its_line(folder, tmp_path, monkeypatch):
    write_text(folder)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "file"))
    with pytest.raises(NASError, match="set NAS_DATA to a folder that has room"):
        task_of(folder)


# -- the size of networks, and the search --------------------------------------------------------
def test_networks_and_recipes_follow_from_the_text():
    small, words, large = (
        TextSize(2_000, 250, 500),
        TextSize(900_000, 100_000, 10_000),
        TextSize(90_000_000, 10_000_000, 100),
    )
    assert [size.units for size in (small, words, large)] == [64, 64, 128]
    assert (small.short.epochs, small.short.symbols) == (20, None)
    for size in (words, large):
        recipe = size.short
        assert recipe.epochs == 2 and recipe.symbols < size.train
        assert 5_000 <= recipe.validation_symbols < recipe.symbols
    space = make_task("text").space
    assert space["parameters"] == 16 * 64**2 + 2 * 64 * 10_000 + 10_000


def test_a_part_of_the_text_is_trained_on_by_the_same_recipe(folder):
    """So that a smaller one takes less time, as the estimate says."""
    task = task_of(written(folder, a__txt=STORY))
    part = replace(task, train_size=600)
    assert part.recipes == task.recipes and part.space == task.space


def test_without_a_path_there_is_help(capsys):
    with pytest.raises(SystemExit):
        main(["--env", "NAS-Text-v0", "--help-all"])
    assert "--task.skip-broken" in capsys.readouterr().out
    assert make_task("text").outputs == 10_000
    assert isinstance(make_task("text").recipes["paper"], LanguageRecipe)
    assert main(["--env", "NAS-Text-v0"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "no text is given: --task.path names a file or a folder" in line


def docstrings(file):
    """Real English, 40,000 characters: what the standard library says of itself."""
    import argparse
    import inspect
    import logging
    import statistics
    import subprocess
    import zipfile

    said = []
    for module in (argparse, logging, statistics, subprocess, zipfile, textwrap):
        for _, value in sorted(vars(module).items()):
            if inspect.isclass(value) or inspect.isfunction(value):
                said.append(inspect.getdoc(value) or "")
    file.write_text("\n".join(said)[:40_000])
    return file


def test_one_command_finds_a_cell_that_surely_beats_guessing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = docstrings(tmp_path / "docs.txt")
    words = ["--env", "NAS-Text-v0", "--task.path", path.name, "--task.unit", "characters"]
    small = ["--space.parameters", "12000", "--recipe.epochs", "3", "--children", "2"]
    agent = ["--agent", "random_search", "--workers", "0", "--no-references", "--run", "run"]
    assert main([*words, *small, *agent]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^[\d,]+ characters, \d+ different; train [\d,]+, validation", said, re.M)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    task = make_task(config["make"]["task"])
    guess = task.guessing["validation_perplexity"]
    low, high = task.interval(summary["best"])
    assert low < summary["best"]["validation_perplexity"] < high < guess
    assert task.content and config["make"]["task"]["path"] == str(path)


def test_the_guess_is_that_of_the_frequencies(folder):
    """<eos>, a and b are equally frequent; a word that the training text has not counts once."""
    task = task_of(written(folder, train__txt="a b\n" * 400, val__txt="a a\n" * 40))
    assert task.guessing["validation_perplexity"] == pytest.approx(3)
    task = task_of(written(folder, val__txt="c c\n" * 40))
    train = len(task.search_data().train)
    expected = 2 / 3 * math.log(train + 1) + 1 / 3 * math.log((train + 1) / 360)
    assert task.guessing["validation_perplexity"] == pytest.approx(math.exp(expected), rel=0.01)


def test_two_workers_answer_as_one_process_does(folder):
    write_text(folder)
    rewards = []
    for evaluator in ("in_process", {"name": "workers", "workers": 2}):
        env = gymnasium.make(
            "NAS-Text-v0", task={"path": str(folder)}, hidden=4, recipe={"epochs": 1},
            device="cpu", evaluator=evaluator,
        )  # fmt: skip
        problem = env.unwrapped.problem
        drawn = [problem.space.sample(np.random.default_rng(seed)) for seed in (0, 1)]
        rewards.append([e.metrics for _, e in problem.evaluate(drawn)])
        env.close()
    assert rewards[0] == rewards[1] and len(rewards[0][0]) == 2
