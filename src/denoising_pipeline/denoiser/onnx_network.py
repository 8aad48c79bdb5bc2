"""A network that ONNX Runtime computes, without Keras and TensorFlow."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from denoising_pipeline.images.arrays import Images

if TYPE_CHECKING:
    from denoising_pipeline.denoiser.openvino_network import OpenVinoNetwork

INPUT = "noisy"
"""Name of the one input of an ONNX file."""

_LONGEST = 300
"""Characters of an engine's words that are told."""

_SHORT = ("bad_alloc", "Failed to allocate", "Available memory of")
"""What an engine says where Python has a `MemoryError`."""


class OnnxNetwork:
    """What `Denoiser` needs of a network, by ONNX Runtime on the processor.

    Attributes:
        content: The ONNX file: one input float32 (N, H, W, C), one output float32 (N, H, W, D).
        bytes_per_pixel: What it takes, of the padded images; see `memory.bytes_per_pixel`.
        weight_count: The number of weights, biases included.
        threads: That one image is computed in, set before the first; 0: as many as there are cores.
    """

    def __init__(self, content: bytes, bytes_per_pixel: int, weight_count: int) -> None:
        self.content = content
        self.bytes_per_pixel = bytes_per_pixel
        self.weight_count = weight_count
        self.threads = 0

    def predict_on_batch(self, pixels: Images) -> Images:
        """Return the output for (N, H, W, C), as `keras.Model` does.

        Raises:
            MemoryError: It takes more than the machine has free.
            ValueError: ONNX Runtime cannot run the network, or see `of_same_size`.
        """
        with told():
            (output,) = self._session.run(None, {INPUT: pixels}, self._freed_after)
        return of_same_size(output, pixels)

    @property
    def output_shape(self) -> tuple[Any, ...]:
        """(N, H, W, D), what may be of any size being a name or None."""
        return tuple(self._session.get_outputs()[0].shape)

    def count_params(self) -> int:
        """Return `weight_count`."""
        return self.weight_count

    @cached_property
    def fast(self) -> "OpenVinoNetwork":
        """The same network in an engine that computes with fewer digits.

        Raises:
            ValueError: The extra `fast` is not installed, or the engine cannot run the network.
        """
        from denoising_pipeline.denoiser.openvino_network import OpenVinoNetwork

        return OpenVinoNetwork(self.content, self.threads)

    @cached_property
    def _freed_after(self) -> Any:
        """Within a run, layers take memory from each other; after it, nothing is kept."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        return options

    @cached_property
    def _session(self) -> Any:
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = self.threads
        options.enable_mem_pattern = False  # Sizes differ from image to image.
        options.add_session_config_entry("session.use_env_allocators", "1")
        _bound_memory()
        with told():
            return onnxruntime.InferenceSession(
                self.content,
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=["ConstantFolding"],  # it takes memory beside the bound
            )


@cache
def _bound_memory() -> None:
    """Let all networks together take what the machine has free, for they may be anybody's."""
    import onnxruntime
    import psutil

    kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    place = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
    limit = {"max_mem": psutil.virtual_memory().available}
    onnxruntime.create_and_register_allocator(place, onnxruntime.OrtArenaCfg(limit))


def of_same_size(output: Images, pixels: Images) -> Images:
    """Return what a network makes of (N, H, W, C).

    Raises:
        ValueError: It is no (N, H, W, D).
    """
    if output.ndim != pixels.ndim or output.shape[:3] != pixels.shape[:3]:
        raise ValueError(
            f"The network of this denoiser makes {output.shape} of {pixels.shape}, which are "
            "no images of the same size: take another file."
        )
    return output


@contextmanager
def told() -> Iterator[None]:
    """Say in a sentence what an engine does not like.

    Raises:
        MemoryError: There is not enough.
        ValueError: Anything else.
    """
    try:
        yield
    except Exception as error:  # Its errors have no class in common.
        if isinstance(error, MemoryError) or any(words in str(error) for words in _SHORT):
            raise MemoryError(str(error)) from error
        words = " ".join(str(error).split())[:_LONGEST]
        raise ValueError(
            f"The network of this denoiser cannot be run ({words}): copy its file again from where "
            "it came, or take another."
        ) from error
