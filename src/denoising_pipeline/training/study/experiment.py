"""What a trial does: the training that a recipe would do, scored on validation images."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from denoising_pipeline.degradations import Degradation
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.scoring import score_images
from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.sets import ImageSet, first_of
from denoising_pipeline.training.examples import Examples
from denoising_pipeline.training.history import EpochLogger
from denoising_pipeline.training.loop import network_shape, train
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.sources import learnt_from
from denoising_pipeline.training.validation import Validation


@dataclass(frozen=True)
class Experiment:
    """Images of a source, on which trainings are compared.

    Attributes:
        clean: Clean training images; none, where the source has noisy ones alone.
        recorded: The noisy images of the source, if it has any.
        splits: Which of them are of which split.
        noisy: Noisy validation images.
        references: The clean images of `noisy`.
        degradation: What training images go through.
        denoisers: Opens the one that training.start names.
        seed: Root seed.
    """

    clean: Images | ImageSet
    recorded: ImageSet
    splits: pd.DataFrame
    noisy: Images | ImageSet
    references: Images | ImageSet
    degradation: Degradation
    denoisers: Callable[[str], Denoiser]
    seed: int

    def limited(self, images: int | None, validation_images: int | None) -> "Experiment":
        """Return the same on the first images only.

        Raises:
            ValueError: There are no clean images to compare with.
        """
        if not len(self.references):
            raise ValueError(
                "A study compares trainings by PSNR on clean validation images, and this source "
                "has none. Choose one with clean images by --params source=<folder>."
            )
        of_train = self.splits["split"] == "train"
        kept = ~of_train if images is None else ~of_train | (of_train.cumsum() <= images)
        splits = self.splits if images is None else self.splits[kept]
        return Experiment(
            first_of(self.clean, images),
            self.recorded,
            splits,
            first_of(self.noisy, validation_images),
            first_of(self.references, validation_images),
            self.degradation,
            self.denoisers,
            self.seed,
        )

    def check(self, trainings: Iterable[TrainingParameters]) -> None:
        """Check that these images can be learnt from, without training.

        Raises:
            ValueError: An architecture cannot process them.
        """
        seen = []
        for options in trainings:
            needed = (options.model, options.patch, options.objective)
            if needed not in seen:
                seen.append(needed)
                examples, _ = self._learnt(options)
                options.model.check(network_shape(options.model, examples))

    def __call__(self, options: TrainingParameters, log_epoch: EpochLogger) -> Values:
        """Train, and score the denoiser.

        Args:
            options: How it is trained.
            log_epoch: Called after every epoch; what it raises ends the training.

        Returns:
            PSNR [dB] of each validation image, float64 (N,).
        """
        examples, validation = self._learnt(options)
        start = self.denoisers(options.start) if options.start else None
        denoiser, _ = train(examples, validation, options, self.seed, log_epoch, start=start)
        return score_images(["psnr"], self.references, denoiser(self.noisy))["psnr"]

    def _learnt(self, options: TrainingParameters) -> tuple[Examples, Validation]:
        return learnt_from(
            self.clean,
            self.recorded,
            self.splits,
            (self.noisy, self.references),
            self.degradation,
            options,
            self.seed,
        )
