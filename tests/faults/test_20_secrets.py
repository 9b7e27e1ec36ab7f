"""Row 20: secrets in the environment and in the arguments are in no file that a run leaves."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_14_wandb import closed_port

from nas_env.command_line.train import main

ROOT = Path(__file__).parents[2]
TINY = ["--space.layers", "1", "--recipe.epochs", "1", "--workers", "1", "--quiet"]
#: A key of the form that W&B wants, and others by the names that they usually have.
SECRETS = {
    "WANDB_API_KEY": "c0ffee" * 6 + "c0ff",
    "AWS_SECRET_ACCESS_KEY": "canary-amazon",
    "HF_TOKEN": "canary-token",
    "PGPASSWORD": "canary-password",
    "MY_SECRET": "canary-own",
    "USER": "canary-user",
    "LOGNAME": "canary-user",
}
ARGUMENT = "canary-argument"  # the folder of the file of settings


def called(folder, module, *words):
    own = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    own |= {"HOME": str(folder / "home"), "PYTHONPATH": str(ROOT), **SECRETS}
    own["WANDB_BASE_URL"] = f"http://127.0.0.1:{closed_port()}"
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        env=own,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What a search with its control and a final training leave, and what they said."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "home").mkdir()
    settings = folder / ARGUMENT / "settings.json"
    settings.parent.mkdir()
    settings.write_text('{"children": 2, "make": {"task": {"train_size": 64}}}')
    run = folder / "run"
    words = ["--config", str(settings), "--control", "random", "--track", "wandb", "tensorboard"]
    said = called(folder, "train_agent", *TINY, *words, "--run", str(run))
    few = ["--grid", "none", "--seeds", "1", "--recipe.epochs", "1", "--workers", "1", "--quiet"]
    said += called(folder, "nas_env.command_line.retrain", str(run), *few)
    return run, said


def test_no_secret_is_in_any_file_or_word(left):
    run, said = left
    canaries = {*SECRETS.values(), ARGUMENT}
    files = [path for path in run.rglob("*") if path.is_file()]
    assert len(files) > 20 and any("wandb" in str(path) for path in files)
    for canary in canaries:
        assert canary not in said
        for path in files:
            assert canary not in str(path.relative_to(run))
            assert canary.encode() not in path.read_bytes(), path


PASSWORDS = [
    "postgresql://ann:{0}@127.0.0.1:{1}/db",
    "postgresql://ann@127.0.0.1:{1}/db?password={0}",
    "postgresql://ann@127.0.0.1:{1}/db?sslmode=disable&sslpassword={0}",
]


@pytest.mark.parametrize("address", PASSWORDS)
def test_the_password_of_a_server_is_in_no_message_and_no_file(tmp_path, capsys, address):
    pytest.importorskip("psycopg", reason="psycopg is wanted: pip install 'nas-env[cluster]'")
    secret = "canary-of-a-server"
    where = address.format(secret, closed_port())
    assert main([*TINY, "--store", where, "--run", str(tmp_path / "run")]) == 2
    printed = capsys.readouterr()
    assert secret not in printed.err + printed.out and printed.err.count("\n") == 1
    assert not any(secret.encode() in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    shutil.rmtree(tmp_path / "run", ignore_errors=True)
