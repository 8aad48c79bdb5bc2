"""The output is compared with another noisy image of the same scene."""

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.images.noise_kinds import CUT
from denoising_pipeline.training.batches import Batch
from denoising_pipeline.training.objectives.base import Objective


class Noise2Noise(Objective):
    """The network sees one of two noisy shots and is compared with the other.

    J. Lehtinen et al., "Noise2Noise: Learning Image Restoration without Clean Data" (2018): the
    mean of what the target can be, given the input, is what a squared error or a cross-entropy
    learns, and that is the clean image if the noise of the target has a mean of zero and is
    independent of the input.

    It assumes that the shots show the same, pixel by pixel, and that their noise is independent and
    has a mean of zero. Clipping breaks that: what was clipped at black is brighter on average, and
    so is what is learnt.

    It costs a second shot, and steps: the noise of the target makes the gradient noisier. With
    noise drawn afresh it comes close to training on clean images.
    """

    self_supervised: ClassVar[bool] = True
    assumption: ClassVar[str] = (
        "two shots that show the same, pixel by pixel, with noise that is zero on average and that "
        "of one independent of the other's (J. Lehtinen et al., Noise2Noise, 2018)"
    )
    broken_by: ClassVar[frozenset[str]] = CUT
    second_shot: ClassVar[bool] = True

    name: Literal["noise2noise"] = "noise2noise"
    swap: bool = Field(
        default=True, description="let either shot be the input, at random; false: the first"
    )

    def prepare(self, examples: Batch, draws: np.random.Generator) -> Batch:
        """Return the two shots of each example in random order; see `Objective.prepare`.

        Args:
            examples: A batch whose targets are second shots.
            draws: Which shots are swapped.

        Returns:
            The same, some of them swapped.

        Raises:
            ValueError: There is no second shot, or it has other channels and cannot be swapped.
        """
        if examples.target is None:
            raise ValueError(
                "The objective `noise2noise` needs two noisy images of each scene, and there is "
                "one. Train on pairs, or set training.objective.name=neighbor2neighbor."
            )
        if not self.swap:
            return examples
        if examples.input.shape != examples.target.shape:
            raise ValueError(
                f"The shots have the shapes {examples.input.shape} and {examples.target.shape}, "
                "so that they cannot change places. Set training.objective.swap=false."
            )
        swapped = draws.random(len(examples.input)) < 1 / 2

        def one_or(first: Any, second: Any) -> Any:
            if first is None or second is None:
                return first
            return np.where(swapped.reshape(-1, *[1] * (first.ndim - 1)), second, first)

        return examples._replace(
            input=one_or(examples.input, examples.target),
            target=one_or(examples.target, examples.input),
            level=one_or(examples.level, examples.target_level),
            target_level=one_or(examples.target_level, examples.level),
        )
