"""Exports a network as programs: of ``torch.export``, and of ONNX."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from nas_env.errors import NASError
from nas_env.handover._checks import CLOSE, Examples, tensors

OPSET = 18  # of the ONNX file: the first that torch's exporter writes without a conversion
NEEDED = ("onnx", "onnxscript", "onnxruntime")  # the extra ``onnx``


def export(examples: Examples) -> tuple[ExportedProgram, bytes]:
    """Export the network of examples for batches of any size, and check the file.

    Returns:
        The program, and the content of its file.

    Raises:
        ExportDiffers: If the program gives other outputs.
        NASError: If the network cannot be exported.
    """
    first, second, *_ = examples.inputs
    shapes = _dynamic(first, second, Dim("batch"))
    with _quiet("network.pt2"), torch.no_grad():
        program = torch.export.export(examples.reference, first, dynamic_shapes=shapes)
        file = io.BytesIO()
        torch.export.save(program, file)
        loaded = torch.export.load(io.BytesIO(file.getvalue())).module()
    examples.check("network.pt2", loaded)
    return program, file.getvalue()


def missing() -> list[str]:
    """Return the packages that an ONNX file needs and that are not installed."""
    return [name for name in NEEDED if find_spec(name) is None]


def export_onnx(
    program: ExportedProgram, examples: Examples, inputs: Sequence[str], outputs: Sequence[str]
) -> bytes:
    """Return an ONNX file of a program, which onnxruntime has been checked to compute.

    Args:
        program: Exported program.
        examples: Examples of its inputs.
        inputs: Names of the inputs.
        outputs: Names of the outputs.

    Raises:
        ExportDiffers: If onnxruntime gives other outputs.
        NASError: If the program cannot be exported.
    """
    import onnxruntime  # pyright: ignore[reportMissingImports]

    with _quiet("network.onnx"):
        exported = torch.onnx.export(
            program,
            input_names=list(inputs),
            output_names=list(outputs),
            opset_version=OPSET,
            verbose=False,
        )
        assert exported is not None
        model = exported.model_proto
        _name_batch(model.graph)
        content = model.SerializeToString()
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]

    def run(*values: Any) -> list[Tensor]:
        arrays = [x.contiguous().numpy() for x in tensors(values)]
        found = session.run(None, dict(zip(names, arrays, strict=True)))
        return [torch.from_numpy(x) for x in found]

    examples.check("network.onnx", run, CLOSE)
    return content


def _name_batch(graph: Any) -> None:
    """Name the open dimension of inputs and outputs, which has a number of the exporter's."""
    values = (*graph.input, *graph.output, *graph.value_info)
    dims = [dim for value in values for dim in value.type.tensor_type.shape.dim if dim.dim_param]
    numbered = dims[0].dim_param
    for dim in dims:
        if dim.dim_param == numbered:
            dim.dim_param = "batch"


def _dynamic(one: Any, other: Any, batch: Any) -> Any:
    """Return which dimensions are the batch's: those that differ between two batches."""
    if isinstance(one, Tensor):
        sizes = enumerate(zip(one.shape, other.shape, strict=True))
        return {place: batch for place, (size, different) in sizes if size != different}
    return tuple(_dynamic(*pair, batch) for pair in zip(one, other, strict=True))


@contextlib.contextmanager
def _quiet(what: str) -> Iterator[None]:
    """Keep from a user what exporters tell their developers; an error is said in one line."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        raise NASError(f"{what} cannot be made: {type(error).__name__}: {lines[0]}") from error
    finally:
        logging.disable(logging.NOTSET)
