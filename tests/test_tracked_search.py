"""What a real search and its final training tell W&B and TensorBoard, read back from the files."""

import json
import os
from pathlib import Path

import pytest

from nas_env.command_line import retrain, train
from nas_env.command_line.outcomes import INTERRUPTED
from nas_env.search import loop
from nas_env.search.tracked import data_used
from nas_env.tasks import make_task
from nas_env.tracking import Tracker
from tests._tracked import (
    event_files,
    text_of,
    wandb_artifacts,
    wandb_parts,
    wandb_rows,
    wandb_tables,
)

CANARY = "canary-7c1f"
TINY = ["--recipe.epochs", "1", "--task.train-size", "64", "--space.layers", "2", "--quiet"]
TRACK = ["wandb", "tensorboard"]
SEARCH = ["--children", "40", "--tags", "mine", *TINY]


class CtrlC(Tracker):
    """Is a person who stops the search at child 35, once."""

    def start(self, folder, labels, config, resume_from):
        self.stops = resume_from == 0

    def log(self, number, values):
        if self.stops and number == 35:
            raise KeyboardInterrupt

    def finish(self):
        pass


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A search of 40 children that was stopped at child 35 and resumed, and its final training."""
    run = tmp_path_factory.mktemp("tracked") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "offline")
        patch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
        patch.setattr("sys.argv", ["nas-train", f"--password={CANARY}"])
        patch.setattr(loop, "CHECKPOINT_EVERY", 0.0)
        search = [*SEARCH, "--run", str(run), "--track", *TRACK, f"{__name__}:CtrlC"]
        assert train.main(search) == INTERRUPTED
        assert train.main(["--resume", "--run", str(run), "--track", *TRACK, "--quiet"]) == 0
        final = ["--seeds", "1", "--top", "1", "--grid", "none", "--recipe.epochs", "1", "--quiet"]
        assert retrain.main([str(run), "--recipe", "short", *final]) == 0
    return run


@pytest.fixture(scope="module")
def searched(run):
    """The records of the two processes of the search."""
    return wandb_parts(run)


def test_every_child_and_update_is_told_with_all_figures(searched):
    rows = {row["_step"]: row for part in searched for row in wandb_rows(part)}.values()
    children = [row for row in rows if "search/reward" in row]
    assert [row["search/children"] for row in children] == [*range(1, 41)]
    wanted = "validation_accuracy best_reward parameters flops seconds status"
    good = [row for row in children if row["search/status"] == "ok"]
    assert all(row.keys() >= {f"search/{name}" for name in wanted.split()} for row in good)
    learned = [row for row in rows if "agent/loss" in row]
    wanted = {"agent/entropy", "agent/baseline", "agent/gradient_norm"}
    assert all(row.keys() >= wanted for row in learned)
    numbers = [row["search/children"] for row in learned]
    assert numbers == sorted(set(numbers)) and numbers[-1] == 40


def test_the_steps_of_a_resumed_search_go_on(searched):
    first, second = ([row["_step"] for row in wandb_rows(part)] for part in searched)
    assert first == sorted(set(first)) and second == sorted(set(second))
    assert 0 < len({*first} & {*second}) < 8, "what came after the last checkpoint"
    assert first[-1] < second[-1]


def test_the_configuration_has_versions_and_checksums(searched):
    run = next(record.run for record in searched[0] if record.HasField("run"))
    config = {item.key: json.loads(item.value_json) for item in run.config.update}
    assert config.keys() >= {"env", "agent", "seed", "make", "device"}
    assert config["versions"].keys() >= {"torch", "python", "nas-env"}
    assert len(config["data"]["images and labels"]) == 64
    assert (run.job_type, run.run_group) == ("search", "NAS-Digits-v0-reinforce")
    assert [*run.tags] == ["NAS-Digits-v0", "reinforce", "digits", "convolutional", "mine"]


def test_the_table_of_children_has_drawings_of_the_better_ones(searched):
    tables = [table for part in searched for table in wandb_tables(part)]
    assert [len(table["data"]) for table in tables] == [32, 40]
    rows = [dict(zip(tables[-1]["columns"], row, strict=True)) for row in tables[-1]["data"]]
    rewards = [row["reward"] for row in rows if row["status"] == "ok"]
    assert rewards == sorted(rewards, reverse=True)
    assert rows[0]["drawing"]["_type"] == "image-file"
    assert "parameters" in rows[0]["drawing"]["caption"]
    assert json.loads(rows[0]["architecture"])["space"] == "convolutional"


def test_the_pictures_of_the_search_are_there(searched):
    rows = wandb_rows(searched[1])
    for key in ("preferences", "curve"):
        (row,) = (row for row in rows if row.get(f"search/{key}/_type") == "image-file")
        assert row[f"search/{key}/caption"] and row["search/children"] == 40
    assert any("search/best_architecture/path" in row for row in wandb_rows(searched[0]))


def test_the_artifacts_say_what_was_used_and_made(run, searched):
    made, name = wandb_artifacts(searched[1]), json.loads((run / "config.json").read_text())["id"]
    assert {artifact: made[artifact].use_after_commit for artifact in made} == {
        "data-digits": True,
        f"architecture-{name}": False,
        f"checkpoint-{name}": False,
    }
    (data,) = made["data-digits"].manifest.contents
    assert json.loads(Path(data.local_path).read_text())["checksums"]["images and labels"]
    assert data.size < 2_000, "checksums, not the data"
    best = json.loads((run / "summary.json").read_text())["best"]
    (file,) = made[f"architecture-{name}"].manifest.contents
    assert json.loads(Path(file.local_path).read_text()) == best["architecture"]
    kept = {entry.path for entry in made[f"checkpoint-{name}"].manifest.contents}
    assert kept == {"000000040.json", "000000040.safetensors"}


def test_the_final_training_uses_the_searchs_artifact_and_makes_the_network(run, searched):
    (records,) = wandb_parts(run / "final")
    told = next(record.run for record in records if record.HasField("run"))
    assert (told.job_type, told.display_name) == ("final", "run-final")
    first = next(record.run for record in searched[0] if record.HasField("run"))
    assert told.run_group == first.run_group and told.run_id != first.run_id
    name = json.loads((run / "config.json").read_text())["id"]
    artifacts = wandb_artifacts(records)
    used = artifacts[f"architecture-{name}"]
    assert used.use_after_commit and artifacts["data-digits"].use_after_commit
    assert used.digest == wandb_artifacts(searched[1])[used.name].digest, "the same artifact"
    network = artifacts[f"network-{name}"]
    assert not network.use_after_commit
    files = {entry.path for entry in network.manifest.contents}
    assert files == {path.name for path in (run / "final" / "network").iterdir()}
    row = next(row for row in wandb_rows(records) if "final/test_accuracy" in row)
    assert row["search/children"] == 1 and "final/mean" in row
    assert {table["columns"][0] for table in wandb_tables(records)} == {"network", "name"}


def test_tensorboard_has_it_all_in_one_run(run):
    events, final = event_files(run), event_files(run / "final")
    assert [e.step for e in events.Scalars("search/best_reward")] == [*range(1, 41)]
    images = events.Tags()["images"]
    wanted = {"best_architecture", "children_table/01", "preferences", "curve"}
    assert set(images) >= {f"search/{name}" for name in wanted}
    assert text_of(events, "search/children_table")[-1].count("\n") == 21
    for kind in ("dataset", "architecture", "checkpoint"):
        assert json.loads(text_of(events, f"artifact/{kind}")[-1])["sha256"]
    assert json.loads(text_of(events, "summary")[-1])["children"] == 40
    assert events.PluginTagToContent("hparams") and final.PluginTagToContent("hparams")
    assert final.Tags()["images"] == ["final/network"]
    assert json.loads(text_of(final, "artifact/network")[-1])["name"].startswith("network-")


def test_of_ones_own_data_checksums_are_told_and_nothing_else(tmp_path):
    words = "some words of a secret kind and more words of another kind\n" * 400
    (tmp_path / "mine.txt").write_text(words)
    task = make_task({"name": "text", "path": str(tmp_path / "mine.txt")}).settled()
    assert "secret" in task.facts["symbols"]
    said = str(data_used(task))
    assert task.checksums["content"] in said
    assert "secret" not in said and str(tmp_path) not in said


def test_no_file_has_a_secret(run):
    assert os.environ.get("AWS_SECRET_ACCESS_KEY") != CANARY
    files = [path for path in run.rglob("*") if path.is_file()]
    assert len(files) > 30
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []
