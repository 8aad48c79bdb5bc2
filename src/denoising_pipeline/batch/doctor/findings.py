"""What was found in a folder; all noise levels as n of n/255."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from denoising_pipeline.images.noise_level import CLEAN

FULL_SCALE = 255

MOSTLY = 0.8
"""Share of the files from where something is said of the whole folder."""

BANDS = (CLEAN * FULL_SCALE, 5, 15, 30, 50)
"""Noise levels n/255 between which files are counted."""


@dataclass(frozen=True)
class Noise:
    """How noise levels are spread.

    Attributes:
        known: Files whose level could be told.
        unknown: Files whose level could not.
        median: Of those that are known; None: there is none.
        low: A tenth of them have less.
        high: A tenth have more.
        bands: Files in each of the bands between `BANDS`, by name.
        kinds: Files of which something else is to be said, by what that is.
        clipped: Mean share of the values that are black or white.
    """

    known: int
    unknown: int
    median: float | None
    low: float | None
    high: float | None
    bands: Mapping[str, int]
    kinds: Mapping[str, int]
    clipped: float


@dataclass(frozen=True)
class FoundPairs:
    """Files that belong together by their names, some of which were compared.

    Attributes:
        noisy: What the noisy ones are called: a folder or a word in the names.
        clean: What the others are called.
        count: Pairs.
        compared: Pairs that were looked at.
        alike: Those of them that have one size and show the same.
        two_noisy: Whether both sides are as noisy.
        difference: Root mean square between the two, median of the pairs; None: none are alike.
        noise: Estimated noise of the noisy one, likewise.
        clean_noise: Of the other one.
        gain: What the denoiser gained in dB of PSNR on the middle of the pairs, median.
        patterns: How the clean and the noisy files are named, as `ingestion.pairs` has it; None:
            no two patterns say it.
    """

    noisy: str
    clean: str
    count: int
    compared: int
    alike: int
    two_noisy: bool
    difference: float | None
    noise: float | None
    clean_noise: float | None
    gain: float | None
    patterns: tuple[str, str] | None = None

    @property
    def more_than_noise(self) -> bool:
        """Whether the two differ by more than any noise explains: stains, light, another place."""
        known = self.noise is not None and self.difference is not None
        return known and (self.difference or 0) > 10 + 3 * (self.noise or 0)


@dataclass(frozen=True)
class Way:
    """A way to train a denoiser on what is there.

    Attributes:
        name: Such as "supervised".
        ready: Whether this version can do it.
        text: Why, and how.
    """

    name: str
    ready: bool
    text: str


@dataclass(frozen=True)
class Findings:
    """What a folder holds.

    Attributes:
        folder: Its name.
        files: Image files in it, by their endings.
        looked_at: How many of them were read.
        unreadable: (file, reason) of those that could not be.
        left_out: Other files, by reason.
        formats: Files by format.
        sizes: Files by "width x height" of the first page.
        types: Files by depth and mode.
        stacks: Files of several pages, each an image of its own, that were read.
        still: Stacks whose pages show the same but for the noise.
        pages: Of the stacks.
        megapixels: Of the files that were read, all pages counted as the first.
        noise: Of what is noisy; of pairs, the clean side is left out.
        clean: Images that are clean: without noise, or files that are the clean side of a pair.
        pairs: By name.
        repeats: Sizes of the groups of files that show one scene.
        copies: Files that hold the same pixels as another.
        gain: What the denoiser is expected to gain, in dB of PSNR; None: not estimated.
        gain_basis: What that is known from, in words.
        trained_up_to: Noise level n/255 up to which the denoiser was trained; None: not known.
        training_seconds: How long the recipe `photos` takes here; None: not estimated.
        verdict: Whether to denoise, and how: sentences.
        ways: How a denoiser could be trained on it.
        scenes: The files of each of the groups of `repeats`.
        looks: (file, noise level or None, kinds of noise) of every file that was read.
    """

    folder: str
    files: int
    looked_at: int
    unreadable: Sequence[tuple[str, str]]
    left_out: Mapping[str, int]
    formats: Mapping[str, int]
    sizes: Mapping[str, int]
    types: Mapping[str, int]
    stacks: int
    still: int
    pages: int
    megapixels: float
    noise: Noise
    clean: int
    pairs: Sequence[FoundPairs]
    repeats: Sequence[int]
    copies: int
    gain: float | None
    gain_basis: str
    trained_up_to: float | None
    training_seconds: float | None
    looks: Sequence[tuple[str, float | None, Sequence[str]]]
    verdict: Sequence[str] = field(default=())
    ways: Sequence[Way] = field(default=())
    scenes: Sequence[Sequence[str]] = field(default=())

    @property
    def images(self) -> int:
        """Images that can be read, pages of stacks counted; an estimate where not all were read."""
        read = self.looked_at - len(self.unreadable)
        each = 1 + (self.pages - self.stacks) / max(1, read)
        return round(each * (self.files - len(self.unreadable)))

    @property
    def is_still(self) -> bool:
        """Whether all files are stacks of shots, so that pages can be compared with each other."""
        return 0 < self.still == self.stacks == len(self.looks)

    @property
    def is_clean(self) -> bool:
        """Whether most of what is not the clean side of a pair has no noise."""
        known, judged = self.noise.known, self.noise.known + self.noise.unknown
        clean = self.noise.bands[next(iter(self.noise.bands))]
        return known > (1 - MOSTLY) * judged and clean >= MOSTLY * known > 0

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)
