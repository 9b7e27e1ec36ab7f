"""What trackers wrote, read back from their files."""

import json
import struct
from pathlib import Path


def wandb_records(file):
    """The records of a ``.wandb`` file: LevelDB's log format after a header of 7 bytes."""
    from wandb.proto import wandb_internal_pb2

    data, position, record = file.read_bytes(), 7, b""
    while position + 7 <= len(data):
        left = 32768 - position % 32768
        if left < 7:
            position += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, position)
        record += data[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):  # a whole record, or the last part of one
            yield wandb_internal_pb2.Record.FromString(record)
            record = b""


def wandb_parts(run):
    """The records of each process that followed a run, in order."""
    files = run.glob("wandb/offline-run-*/*.wandb")
    return [list(wandb_records(file)) for file in sorted(files, key=lambda f: f.stat().st_mtime)]


def wandb_rows(records):
    """The rows of the history, each value under its full key."""
    rows = []
    for record in records:
        if record.HasField("history"):
            items = record.history.item
            rows.append({"/".join(i.nested_key) or i.key: json.loads(i.value_json) for i in items})
    return rows


def wandb_artifacts(records):
    """The artifacts that were made or used, by their names, without those of tables."""
    made = [r.artifact for r in records if r.HasField("artifact")]
    return {artifact.name: artifact for artifact in made if artifact.type != "run_table"}


def wandb_tables(records):
    """The tables that a process logged, in order, from the artifacts in which W&B keeps them."""
    artifacts = [r.artifact for r in records if r.HasField("artifact")]
    contents = [a.manifest.contents for a in artifacts if a.type == "run_table"]
    files = [e.local_path for each in contents for e in each if e.path.endswith(".table.json")]
    return [json.loads(Path(file).read_text()) for file in files]


def event_files(folder):
    """All events of TensorBoard's files in a folder, none of them sampled away."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder / "tensorboard"), size_guidance={"images": 0}).Reload()


def text_of(events, tag):
    """The texts under a tag."""
    return [e.tensor_proto.string_val[0].decode() for e in events.Tensors(f"{tag}/text_summary")]
