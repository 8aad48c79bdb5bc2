"""A network that OpenVINO computes, in bfloat16 where the processor has it."""

import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from denoising_pipeline.core.backend import has_bfloat16
from denoising_pipeline.denoiser.onnx_network import INPUT, of_same_size, told
from denoising_pipeline.images.arrays import Images

_ALONE = threading.Lock()
"""What a process may take is set for all of its threads."""


class OpenVinoNetwork:
    """What `Denoiser` needs of a network to run it.

    Layers compute in bfloat16, which has 8 binary digits, and sum up in float32.
    """

    def __init__(self, content: bytes, threads: int) -> None:
        """Compile the network.

        Args:
            content: As of `OnnxNetwork`, and looked at in the same way.
            threads: Likewise.

        Raises:
            MemoryError: It takes more than the machine has free; see `_bounded`.
            ValueError: OpenVINO is not installed, or cannot run the network.
        """
        if not importlib.util.find_spec("openvino"):
            raise ValueError(
                "Computing fast takes OpenVINO: install the extra `fast` by pip install "
                "'denoising-pipeline[fast]', or go without."
            )
        openvino = _without_telemetry()
        how = {"INFERENCE_PRECISION_HINT": "bf16" if has_bfloat16() else "f32"}
        if threads:
            how["INFERENCE_NUM_THREADS"] = str(threads)
        with told(), _bounded():
            core = openvino.Core()
            self._compiled = core.compile_model(core.read_model(content), "CPU", how)

    def predict_on_batch(self, pixels: Images) -> Images:
        """Return float32 (N, H, W, D) for float32 (N, H, W, C); see `OnnxNetwork`."""
        with told(), _bounded():
            found: Images = self._compiled({INPUT: pixels})[0].copy()
            if not found.size and pixels.size:  # so it ends where it gets no more memory
                raise MemoryError("OpenVINO gave nothing back")
        return of_same_size(found, pixels)


@contextmanager
def _bounded() -> Iterator[None]:
    """Let the process take what the machine has free and no more: a network may be anybody's.

    OpenVINO has no limit of its own, so that Linux holds it (RLIMIT_DATA of setrlimit(2)); on other
    systems nothing does. Only one network at a time is run.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    with _ALONE:
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        limit = psutil.Process().memory_info().data + psutil.virtual_memory().available
        given = [each for each in (soft, hard) if each != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_DATA, (min([limit, *given]), hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _without_telemetry() -> Any:
    """Import OpenVINO, and not the package by which it tells its makers of that."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # as if not installed
    try:
        import openvino
    finally:
        del sys.modules["openvino_telemetry"]
    return openvino
