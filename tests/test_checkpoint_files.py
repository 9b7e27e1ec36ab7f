"""A training that is killed continues inside itself: files, evaluators, workers."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from _children import pids
from safetensors.torch import load_file
from test_final_split import image_request, text_request

from nas_env.command_line.train import main
from nas_env.errors import NASError
from nas_env.evaluation import evaluate, make_evaluator
from nas_env.evaluation._checkpoints import NOWHERE, FileCheckpoints, Place
from nas_env.files import write_bytes
from nas_env.problem import Problem
from nas_env.records import Evaluation
from nas_env.run.states import TYPES, read_state, write_state
from nas_env.run.store import open_store
from nas_env.testing._asked import timeless
from nas_env.training import images, language
from nas_env.training.outcome import unheard
from tests._killing import killed_at

CPU = torch.device("cpu")
ALWAYS = 1e-9  # seconds: a checkpoint after each step
REQUESTS = {
    "images": image_request(),
    "images, tested": image_request(split="final"),
    "text": text_request(),
    "text, tested": text_request(split="final"),
}
MODERN = {"averaging": 0.9, "flip": True, "alternate_flip": True, "cutout": 2}


@pytest.fixture
def counted(monkeypatch):
    """The steps that this process takes of any training, as a list."""
    steps = []
    for engine in (images, language):
        step = engine._Steps.step
        monkeypatch.setattr(
            engine._Steps, "step", lambda *given, step=step: (steps.append(1), step(*given))[1]
        )
    return steps


class Stop(KeyboardInterrupt):
    """Ends a training."""


def stop_after(monkeypatch, count):
    """Let a training in this process end when so many checkpoints of it were looked at."""
    keep, seen = FileCheckpoints.keep, []

    def kept(self, *rest):
        keep(self, *rest)
        seen.append(1)
        if len(seen) == count:
            raise Stop

    monkeypatch.setattr(FileCheckpoints, "keep", kept)


# -- the files -----------------------------------------------------------------------------------
def test_a_state_is_read_as_it_was(tmp_path):
    tensors = {
        f"{number} {kind}": (torch.arange(-3, 9).view(3, 4) * 1.5).to(kind).t()
        for number, kind in enumerate(TYPES)
    }
    tensors |= {"one number": torch.tensor(7), "none": torch.zeros(0, 2)}
    write_state(tmp_path, 5, tensors, {"n": [0.1, 1e300]}, kept=1)
    found = read_state(tmp_path, {"n": list})
    assert found is not None and found.number == 5 and found.values["n"] == [0.1, 1e300]
    for read in (found.tensors, load_file(tmp_path / "000000005.safetensors")):
        assert read.keys() == tensors.keys()
        assert all(torch.equal(read[name], each) for name, each in tensors.items())
    assert read_state(tmp_path, {"n": dict}) is None


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_a_kill_at_any_step_of_writing_costs_a_step_of_training_at_most(tmp_path, request_):
    place = Place(str(tmp_path / "unfinished" / "it"), ALWAYS)
    expected = timeless(evaluate(request_, CPU))
    step = 1
    while killed_at(step, lambda: _finish(request_, place, expected)):
        step += 5  # of 9 that a checkpoint has, so that each kind of step is met
    assert step > 20


def _finish(request, place, expected):
    assert timeless(evaluate(request, CPU, unheard, place)) == expected


def test_a_training_that_goes_on_takes_the_steps_that_are_left(tmp_path, counted, monkeypatch):
    request = REQUESTS["images"]
    recipe = {**request.recipe, **MODERN}
    request = replace(request, recipe=recipe)
    whole = evaluate(request, CPU)
    assert len(counted) == 20
    place = Place(str(tmp_path / "it"), ALWAYS)
    with monkeypatch.context() as patched, pytest.raises(Stop):
        stop_after(patched, 13)
        evaluate(request, CPU, unheard, place)
    assert len(counted) == 33 and len(place.written()) == 1
    with monkeypatch.context() as patched:
        patched.setattr(images.Training, "start", lambda *_: None)  # spends nothing itself
        found = evaluate(request, CPU, unheard, place)
    assert len(counted) == 40 and timeless(found) == timeless(whole)
    assert 0 < found.seconds["validate"] < found.seconds["train"] and found.cpu_seconds > 0


# -- what does not fit ---------------------------------------------------------------------------
def spoil(path, change):
    """Change the manifest of a checkpoint, which is whole."""
    found = read_state(path, {})
    assert found is not None
    values = {name: each for name, each in found.values.items() if name != "tensors_sha256"}
    tensors = dict(found.tensors)
    change(values, tensors)
    write_state(path, found.number, tensors, values, kept=1)


SPOILT = {
    "has request ": lambda values, _: values["origin"].update(request="another"),
    f"has torch 1.0, expected {torch.__version__}": lambda values, _: values["origin"].update(
        torch="1.0"
    ),
    "has format 0, expected 1": lambda values, _: values["origin"].update(format=0),
    "has pieces 2, expected 1": lambda values, _: values["origin"].update(pieces=2),
    "has no random of this training": lambda _, tensors: tensors.pop("random"),
    "has no total of this training": lambda _, tensors: tensors.update(total=torch.zeros(3)),
    "is of another engine": lambda values, _: values["steps"].update(more=1),
    "is broken": lambda values, _: values.pop("spent"),
}


def left(tmp_path, monkeypatch, request):
    """Leave a checkpoint of a training that was ended in the middle; return its place."""
    place = Place(str(tmp_path / "it"), ALWAYS)
    with monkeypatch.context() as patched, pytest.raises(Stop):
        stop_after(patched, 4)
        evaluate(request, CPU, unheard, place)
    return place


@pytest.mark.parametrize("line", SPOILT)
def test_what_does_not_fit_is_ignored_with_a_line(tmp_path, counted, monkeypatch, caplog, line):
    request = REQUESTS["images"]
    place = left(tmp_path, monkeypatch, request)
    spoil(tmp_path / "it" / "1", SPOILT[line])
    expected = evaluate(request, CPU)
    before = len(counted)
    assert timeless(evaluate(request, CPU, unheard, place)) == timeless(expected)
    assert len(counted) - before == 20
    (told,) = caplog.messages
    assert line in told and str(tmp_path) in told and "\n" not in told


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b[:-9] + b"!" + b[-8:]])
def test_a_broken_file_is_ignored_with_a_line(tmp_path, monkeypatch, caplog, suffix, damage):
    request = REQUESTS["text"]
    place = left(tmp_path, monkeypatch, request)
    (file,) = (tmp_path / "it" / "1").glob(f"*{suffix}")
    file.write_bytes(damage(file.read_bytes()))
    assert timeless(evaluate(request, CPU, unheard, place)) == timeless(evaluate(request, CPU))
    assert caplog.messages == [
        f"{tmp_path / 'it' / '1'}: the checkpoint is broken: training begins anew"
    ]


def test_a_disk_that_is_full_ends_no_training(tmp_path, monkeypatch, caplog):
    def full(path, parts):
        raise NASError(f"{path} cannot be written: No space left on device")

    monkeypatch.setattr("nas_env.run.states.write_parts", full)
    request, place = REQUESTS["text"], Place(str(tmp_path / "it"), ALWAYS)
    assert timeless(evaluate(request, CPU, unheard, place)) == timeless(evaluate(request, CPU))
    assert "no checkpoint was written" in caplog.messages[0]
    assert "No space left on device" in caplog.messages[0]


# -- the evaluators ------------------------------------------------------------------------------
def test_an_evaluator_goes_on_where_it_was_and_clears_away(tmp_path, counted, monkeypatch):
    request, expected = REQUESTS["images, tested"], evaluate(REQUESTS["images, tested"], CPU)
    spec = {"name": "in_process", "checkpoint_every": ALWAYS}
    with monkeypatch.context() as patched, pytest.raises(Stop):
        stop_after(patched, 9)
        make_evaluator(spec, CPU, open_store(tmp_path / "s")).submit(request)
    kept = tmp_path / "s.unfinished" / request.key[:16] / "1"
    assert sorted(path.suffix for path in kept.iterdir()) == [".json", ".safetensors"]
    before = len(counted)
    found = make_evaluator(spec, CPU, open_store(tmp_path / "s")).submit(request).result()
    assert timeless(found) == timeless(expected)
    assert len(counted) - before == 30 - 9
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_nothing_is_written_before_it_is_time_or_where_it_is_not_wanted(tmp_path):
    request = REQUESTS["images"]
    for every, folder in ((60.0, str(tmp_path / "s.unfinished" / request.key[:16])), (0, None)):
        made = make_evaluator(
            {"name": "in_process", "checkpoint_every": every}, CPU, open_store(tmp_path / "s")
        )
        assert made.place(request) == Place(folder, every)
    made = make_evaluator("in_process", CPU, open_store())
    assert made.place(request) == NOWHERE
    evaluate(request, CPU, unheard, Place(str(tmp_path / "it"), 60.0))
    assert not (tmp_path / "it").exists()


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_time_that_is_none_is_refused_in_a_line(tmp_path, capsys, workers):
    line = ["--workers", workers, "--checkpoint-every", "-1", "--run", str(tmp_path / "run")]
    assert main(line) == 2
    told = capsys.readouterr().err
    assert "checkpoint_every is -1.0, expected at least 0" in told and told.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("split, there", [("search", False), ("final", True)])
def test_what_was_stopped_goes_on_where_it_is_a_final_training(tmp_path, split, there):
    request, store = image_request(split=split), open_store(tmp_path / "s", "run")
    made = make_evaluator({"name": "in_process", "checkpoint_every": 60.0}, CPU, store)
    folder = Path(made.place(request).folder or "")
    for status in ("timed_out", "died", "failed"):
        folder.mkdir(parents=True, exist_ok=True)
        made._put(request, Evaluation(status))
        assert folder.exists() == there
    made._put(request, Evaluation("diverged"))
    assert not folder.parent.exists()


def faulty(store, every, fault="die", note=""):
    """A problem whose children have 32 steps, and whose worker is killed every ten."""
    return Problem(
        {"name": "faulty:FaultyImages", "train_size": 64, "validation_size": 32},
        "convolutional",
        recipe={"note": str(note), "fault": fault, "epochs": 2, "batch_size": 4},
        device="cpu",
        evaluator={"name": "workers", "workers": 1, "checkpoint_every": every},
        store=store,
        layers=2,
        filter_sizes=[1, 3],
        filters=[2, 3, 4],
    )


@pytest.mark.parametrize("every, legs", [(ALWAYS, 4), (60.0, 2), (0.0, 2)])
def test_a_training_whose_worker_is_killed_goes_on_in_the_next(tmp_path, every, legs):
    """As long as each comes to another checkpoint; once without one."""
    made = faulty(tmp_path / "s", every, note=tmp_path / "note")
    with closing(made):
        ((_, found),) = made.evaluate([[0] * made.space.length()])
    assert len(pids(tmp_path / "note")) == legs
    if legs == 2:
        assert (found.status, found.error) == ("died", "the worker was killed by SIGKILL")
    else:
        with closing(faulty(None, every, fault="")) as whole:
            ((_, expected),) = whole.evaluate([[0] * whole.space.length()])
        assert timeless(found) == timeless(expected)
    assert not (tmp_path / "s.unfinished").exists()


def test_a_final_training_that_took_too_long_goes_on_in_another_run(tmp_path):
    """Its place is kept; within its run it stays what it was."""
    made = faulty(tmp_path / "s", 60.0)
    asked = made.request(made.space.decode([0] * made.space.length()))
    request = replace(asked, split="final")
    place = made.evaluator.place(request)
    Path(place.folder or "").mkdir(parents=True)
    made.store.put(request, Evaluation("timed_out"))
    assert made.evaluator.submit(request).result().status == "timed_out"
    made.close()
    assert Path(place.folder or "").exists()


def test_a_checkpoint_is_json_and_numbers_alone(tmp_path, monkeypatch):
    left(tmp_path, monkeypatch, REQUESTS["images"])
    manifest, numbers = sorted((tmp_path / "it" / "1").iterdir())
    values = json.loads(manifest.read_text())
    assert values["origin"]["request"] == REQUESTS["images"].key
    assert values["steps"]["done"] == 4 and values["spent"]["curves"]["training_loss"] == []
    assert "random" in load_file(numbers)
    write_bytes(manifest, b"[" * 100_000)  # as deep as no reader goes
    assert read_state(tmp_path / "it" / "1", {}) is None
