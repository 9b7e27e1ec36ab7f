"""A search that is killed and resumed, followed by every tracker, and read back from its files."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from nas_env.tracking import (
    Artifact,
    Labels,
    Picture,
    Table,
    Tracker,
    Trackers,
    make_tracker,
    make_trackers,
    tracker_names,
)
from nas_env.tracking.wandb import _found_by
from search_spaces import InvalidValue, UnknownName
from tests._tracked import (
    event_files,
    text_of,
    wandb_artifacts,
    wandb_parts,
    wandb_rows,
    wandb_tables,
)

CONFIG = {"agent": {"name": "reinforce", "rate": 0.5}, "seed": 7}
CANARIES = {
    "PATH_OF_PROGRAM": "canary-program",
    "ARGUMENT": "canary-argument",
    "MY_SECRET": "canary-secret",
    "USER": "canary-user",
    "LOGNAME": "canary-user",
    "HOST": "canary-host",
}

PROGRAM = """
import os, random, signal, socket, sys, time
from pathlib import Path

socket.gethostname = lambda: os.environ["HOST"]
from nas_env.tracking import Artifact, Labels, Picture, Table, make_trackers, tracker_names

run, resume_from, last = Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
trackers = make_trackers(tracker_names())
state = random.getstate()
labels = Labels("digits", usual_group="usual", tags=("reinforce", "T" * 99))
trackers.start(run, labels, {config!r}, resume_from)
trackers.uses(Artifact("data-digits", "dataset", {{"data.json": b"{{}}"}}, {{"checksums": {{}}}}))
for number in range(1, last + 1):
    values = {{"reward": number / 8, "validation_accuracy": None if number == 2 else number / 4}}
    trackers.child(number, {{**values, "parameters": 10 * number, "status": "ok"}})
    picture = Picture.read(run / "best.png", f"child {{number}}")
    trackers.picture(number, "search/best_architecture", picture)
    trackers.update(number, {{"loss": -number, "entropy": 2.0, "baseline": 0.25,
                             "gradient_norm": 1.5}})
rows = [[last, None if number == 1 else picture, 0.5] for number in range(last)]
trackers.table(last, "search/children_table", Table(["child", "drawing", "reward"], rows))
assert random.getstate() == state, "a tracker used Python's random numbers"
if not resume_from:
    # W&B writes out every second; each row is there twice, in the history and in the summary.
    (file,), end = run.glob("wandb/offline-run-*/*.wandb"), time.monotonic() + 30
    while file.read_bytes().count(b"agent/gradient_norm") < 2 * last and time.monotonic() < end:
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGKILL)
made = {{"architecture.json": b"{{}}", "best.png": run / "best.png"}}
trackers.makes(Artifact("architecture-7", "architecture", made, {{"reward": 0.5}}))
trackers.summary({{"best": {{"reward": 0.5}}, "children": last}})
trackers.finish()
"""


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The folder of a run killed after child 3, resumed after child 2, finished after child 4."""
    root = tmp_path_factory.mktemp("tracking")
    run, home = root / "run", root / "home"
    for folder in (run, home, root / CANARIES["PATH_OF_PROGRAM"]):
        folder.mkdir()
    matplotlib.image.imsave(run / "best.png", np.full((5, 6, 3), 128, np.uint8))
    program = root / CANARIES["PATH_OF_PROGRAM"] / "search.py"
    program.write_text(PROGRAM.format(config=CONFIG))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WANDB")}
    places = {f"WANDB_{w}_DIR": str(root / "wandb") for w in ("CACHE", "CONFIG")}
    project = str(Path(__file__).parents[1])
    environment |= CANARIES | places | {"HOME": str(home), "PYTHONPATH": project}
    for resume_from, last, status in ((0, 3, -signal.SIGKILL), (2, 4, 0)):
        arguments = [CANARIES["ARGUMENT"], str(run), str(resume_from), str(last)]
        done = subprocess.run(
            [sys.executable, str(program), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == status, done.stderr
        assert done.stdout == ""
        assert done.stderr.count("this run is kept offline") == 1
        assert done.stderr.strip().endswith("wandb: no API key")
    assert list(home.iterdir()) == []
    return run


@pytest.fixture(scope="module")
def events(followed):
    return event_files(followed)


def test_wandb_has_every_value(followed):
    killed, resumed = map(wandb_rows, wandb_parts(followed))
    children = [row for row in killed if "search/reward" in row]
    assert [row["search/children"] for row in children] == [1, 2, 3]
    assert [row["search/reward"] for row in children] == [1 / 8, 2 / 8, 3 / 8]
    assert children[0]["search/validation_accuracy"] == 0.25
    assert "search/validation_accuracy" not in children[1]
    assert children[2]["search/parameters"] == 30
    assert children[2]["search/status"] == "ok"
    updates = [row for row in resumed if "agent/loss" in row]
    assert [row["search/children"] for row in updates] == [3, 4]
    assert updates[0].items() >= {"agent/loss": -3, "agent/entropy": 2.0}.items()
    assert updates[0].items() >= {"agent/baseline": 0.25, "agent/gradient_norm": 1.5}.items()


def test_wandb_has_the_picture(followed):
    rows = wandb_rows(wandb_parts(followed)[1])
    row = next(r for r in rows if r.get("search/best_architecture/caption") == "child 4")
    assert row["search/best_architecture/width"] == 6
    assert len(list(followed.glob("wandb/*/files/media/images/search/*.png"))) >= 2


def test_wandb_has_configuration_axis_and_summary(followed):
    records = wandb_parts(followed)[1]
    config = next(r.run.config for r in records if r.HasField("run"))
    assert {u.key: json.loads(u.value_json) for u in config.update}.items() >= CONFIG.items()
    metrics = [r.metric for r in records if r.HasField("metric")]
    axes = {m.glob_name: m.step_metric for m in metrics if m.glob_name}
    assert axes == dict.fromkeys(("search/*", "agent/*", "final/*"), "search/children")
    updates = [u for r in records if r.HasField("summary") for u in r.summary.update]
    assert {"reward": 0.5} in [json.loads(u.value_json) for u in updates if u.key == "best"]


def test_wandb_goes_on_under_the_same_id(followed):
    killed, resumed = wandb_parts(followed)
    (first,), (second,) = ([r.run for r in part if r.HasField("run")] for part in (killed, resumed))
    assert first.run_id == second.run_id != ""
    assert json.loads((followed / "tracking.json").read_text()) == {"wandb": first.run_id}
    assert (second.project, second.host) == ("nas-env", "hidden")


def test_wandb_has_the_table_with_its_drawings(followed):
    killed, resumed = map(wandb_tables, wandb_parts(followed))
    (table,) = resumed
    assert [len(each["data"]) for each in (*killed, table)] == [3, 4]
    assert table["columns"] == ["child", "drawing", "reward"]
    assert [row[0] for row in table["data"]] == [4, 4, 4, 4]
    first, none, *_ = (row[1] for row in table["data"])
    assert none is None and (first["_type"], first["caption"]) == ("image-file", "child 4")


def test_wandb_knows_what_was_used_and_made(followed):
    for records in wandb_parts(followed):
        used = wandb_artifacts(records)["data-digits"]
        assert (used.type, used.use_after_commit) == ("dataset", True)
        assert json.loads(used.metadata) == {"checksums": {}}
    made = wandb_artifacts(records)["architecture-7"]
    assert (made.type, made.use_after_commit) == ("architecture", False)
    kept = {entry.path: Path(entry.local_path) for entry in made.manifest.contents}
    assert kept["best.png"].read_bytes() == (followed / "best.png").read_bytes()
    assert all(path.is_relative_to(followed) for path in kept.values()), "sent later from there"


def test_wandb_finds_the_run_by_group_job_and_tags(followed):
    run = next(r.run for r in wandb_parts(followed)[1] if r.HasField("run"))
    assert (run.display_name, run.run_group, run.job_type) == ("digits", "usual", "search")
    assert [*run.tags] == ["reinforce", "T" * 64]


def test_wandbs_own_variables_count_and_the_command_line_counts_more(monkeypatch):
    for name in ("PROJECT", "RUN_GROUP", "TAGS"):
        monkeypatch.setenv(f"WANDB_{name}", f"{name},b".lower())
    usual = Labels("a", usual_group="usual", tags=("ppo", "b"))
    assert _found_by(usual) == {
        "project": "project,b",
        "group": "run_group,b",
        "job_type": "search",
        "tags": ["ppo", "b", "tags"],
    }
    chosen = replace(usual, project="p", group="g")
    assert _found_by(chosen).items() >= {"project": "p", "group": "g"}.items()


def test_wandb_numbers_a_row_alike_in_every_process(followed):
    """So that a row which W&B already has is known by its step."""
    killed, resumed = map(wandb_rows, wandb_parts(followed))

    def steps(rows):
        return {row["_step"] for row in rows if row["search/children"] == 3}

    assert steps(killed) > steps(resumed) == {24, 25, 26}, "the table is shown after the last"


@pytest.mark.parametrize("canary", sorted(set(CANARIES.values())))
def test_no_file_says_who_ran_what_and_where(followed, canary):
    for path in followed.rglob("*"):
        assert canary not in str(path.relative_to(followed))
        if path.is_file():
            assert canary.encode() not in path.read_bytes(), path


def test_no_file_is_named_after_the_host(followed):
    names = {part for path in followed.rglob("*") for part in path.name.split(".")}
    assert socket.gethostname() not in names


def test_tensorboard_shows_every_child_once(events):
    reward = [(e.step, e.value) for e in events.Scalars("search/reward")]
    assert reward == [(1, 1 / 8), (2, 2 / 8), (3, 3 / 8), (4, 4 / 8)]
    assert [e.step for e in events.Scalars("search/validation_accuracy")] == [1, 3, 4]
    assert [e.value for e in events.Scalars("agent/loss")] == [-1, -2, -3, -4]
    assert {"agent/entropy", "agent/baseline", "agent/gradient_norm"} <= set(
        events.Tags()["scalars"]
    )
    # TensorBoard hides scalars and pictures that are played again, but no text.
    assert {e.step for e in events.Tensors("search/status/text_summary")} == {1, 2, 3, 4}
    assert set(text_of(events, "search/status")) == {"ok"}


def test_tensorboard_has_configuration_picture_and_summary(events):
    (config,), (summary,) = text_of(events, "config"), text_of(events, "summary")
    assert json.loads(config) == {"name": "digits", **CONFIG}
    assert json.loads(summary) == {"best": {"reward": 0.5}, "children": 4}
    assert text_of(events, "search/children_table")[-1].startswith("| child | reward |")
    assert [e.step for e in events.Images("search/children_table/03")] == [4]
    for kind, name in (("dataset", "data-digits"), ("architecture", "architecture-7")):
        said = json.loads(text_of(events, f"artifact/{kind}")[-1])
        assert said["name"] == name and said["used"] == (kind == "dataset")
        assert all(len(checksum) == 64 for checksum in said["sha256"].values())
    picture = events.Images("search/best_architecture")[-1]
    assert (picture.step, picture.width, picture.height) == (4, 6, 5)
    assert text_of(events, "search/best_architecture/caption")[-1] == "child 4"


def test_tensorboard_has_the_hyperparameters_in_the_same_run(followed, events):
    from tensorboard.plugins.hparams import metadata

    told = events.PluginTagToContent("hparams")
    chosen = metadata.parse_session_start_info_plugin_data(told["_hparams_/session_start_info"])
    assert chosen.hparams["agent.rate"].number_value == 0.5
    assert chosen.hparams["agent.name"].string_value == "reinforce"
    experiment = metadata.parse_experiment_plugin_data(told["_hparams_/experiment"])
    assert [m.name.tag for m in experiment.metric_infos] == ["search/best_reward"]
    metadata.parse_session_end_info_plugin_data(told["_hparams_/session_end_info"])
    assert {path.name for path in (followed / "tensorboard").iterdir()} == {
        f"events.out.tfevents.{number:06d}" for number in range(2)
    }


def test_tensorboard_reads_on_after_half_a_record(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for resume_from in (0, 1):
        trackers = make_trackers(["tensorboard"])
        trackers.start(tmp_path, Labels("digits"), {}, resume_from)
        trackers.child(resume_from + 1, {"reward": 0.5})
        trackers.finish()
        if not resume_from:
            file = tmp_path / "tensorboard" / "events.out.tfevents.000000"
            file.write_bytes(file.read_bytes()[:-5])
    reward = EventAccumulator(str(tmp_path / "tensorboard")).Reload().Scalars("search/reward")
    assert [e.step for e in reward] == [2]


DOT = Picture(np.zeros((1, 1, 3), np.uint8), "a dot")


class Recorder(Tracker):
    """Keeps what it is told; raises when told of child ``fails_at``."""

    def __init__(self, fails_at=None):
        super().__init__()
        self.fails_at = fails_at
        self.told = []

    def start(self, folder, labels, config, resume_from):
        self.told.append(("start", resume_from))

    def log(self, number, values):
        if number == self.fails_at:
            raise OSError("no space left\non device")
        self.told.append((number, dict(values)))

    def finish(self):
        self.told.append("finish")


def test_a_failing_tracker_is_switched_off_and_the_others_go_on(tmp_path, caplog):
    bad, good = Recorder(fails_at=2), Recorder()
    trackers = Trackers([bad, good])
    trackers.start(tmp_path, Labels("digits"), {})
    for number in (1, 2, 3):
        trackers.child(number, {"reward": 0.0})
    trackers.finish()
    assert [r.levelno for r in caplog.records] == [logging.WARNING]
    assert "Recorder is off" in caplog.text
    assert "OSError: no space left on device" in caplog.text
    assert bad.told == [("start", 0), (1, {"search/reward": 0.0}), "finish"]
    assert [told[0] for told in good.told[:-1]] == ["start", 1, 2, 3]
    assert good.told[-1] == "finish"


def test_ctrl_c_is_not_a_failure_of_a_tracker(tmp_path):
    class Interrupted(Recorder):
        def log(self, number, values):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trackers([Interrupted()]).child(1, {"reward": 0.0})


def test_what_was_tracked_before_is_not_logged_again(tmp_path):
    recorder = Recorder()
    trackers = Trackers([recorder])
    trackers.start(tmp_path, Labels("digits"), {}, resume_from=2)
    for number in (1, 2, 3):
        trackers.child(number, {"reward": None, "status": "died"})
        trackers.picture(number, "drawing", DOT)
        trackers.update(number, {"loss": 1.0})
    told = [(3, {"search/status": "died"}), (3, {"drawing/caption": "a dot"})]
    told.append((3, {"agent/loss": 1.0}))
    assert recorder.told == [("start", 2), (2, {"drawing/caption": "a dot"}), *told], (
        "what is shown after the last child may be missing where a search was stopped"
    )


def test_a_tracker_with_three_methods_is_told_everything_in_values(tmp_path):
    recorder = Recorder()
    trackers = Trackers([recorder])
    trackers.start(tmp_path, Labels("digits"), {})
    trackers.table(4, "children", Table(["child", "drawing"], [[4, DOT], [2, None]]))
    trackers.makes(Artifact("network-7", "network", {"a": b"a"}))
    trackers.summary({"best": {"reward": 0.5}, "control": None})
    _, table, picture, artifact, summary = recorder.told
    assert table == (4, {"children": "| child |\n|---|\n| 4 |\n| 2 |"})
    assert picture == (4, {"children/01/caption": "a dot"})
    assert "ca978112ca1bbdcafac231b39a23dc4da786eff8" in artifact[1]["artifact/network"]
    assert summary == (4, {"summary/best.reward": 0.5})


def test_an_artifact_that_is_too_large_is_left_out_with_a_line(tmp_path, caplog):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2**28 + 1)
    recorder = Recorder()
    Trackers([recorder]).makes(Artifact("large", "checkpoint", {"large": tmp_path / "large"}))
    assert recorder.told == [] and "large is not tracked: its files have 256 MiB" in caplog.text


def test_what_cannot_be_made_for_the_trackers_is_left_out_with_a_line(caplog):
    with Trackers().or_without():
        raise OSError("no space left\non device")
    assert "not told of everything: OSError: no space left on device" in caplog.text


@pytest.mark.parametrize("name", tracker_names())
def test_a_missing_library_is_told_in_one_line(name, monkeypatch):
    monkeypatch.setitem(sys.modules, type(make_tracker(name)).requires, None)
    with pytest.raises(InvalidValue, match=f"pip install {name}") as caught:
        make_tracker(name)
    assert "\n" not in str(caught.value)


def test_a_tracker_may_live_elsewhere_and_a_wrong_name_is_answered():
    assert isinstance(make_tracker(f"{__name__}:Recorder"), Recorder)
    with pytest.raises(UnknownName, match="did you mean 'wandb'"):
        make_trackers(["wand"])
