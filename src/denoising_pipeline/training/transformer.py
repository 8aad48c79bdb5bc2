"""An autoencoder as a transformer of scikit-learn, for its pipelines and searches."""

import io
import math
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.codes import code_values, decode, encode
from denoising_pipeline.denoiser.file import DENOISER, read_network, write_network
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.training.autoencoder import train_autoencoder
from denoising_pipeline.training.options import TransformerOptions

VALIDATION = 1000
"""Rows, from the first, that choose the epoch whose weights are kept."""

Matrix = npt.NDArray[np.float32]


class AutoencoderTransformer(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]  # scikit-learn has no types
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Turns rows into codes and back, in place of `PCA` in a scikit-learn `Pipeline`.

    `fit` trains the dense autoencoder of this package, with a linear code, or takes a denoiser that
    is there. Rows may have any values: they are scaled to [0, 1] by the least and the largest value
    of all that it is fitted to. Where features have different scales, put a `MinMaxScaler` before
    it. A row of a new image is clipped to that range.

    Args:
        latent_dim: Values of a code.
        layers: Hidden layers of the encoder, and of the decoder.
        nodes: Of each hidden layer.
        sigma: Standard deviation of noise that training takes away, on the scale of [0, 1].
        epochs: Passes over the rows.
        batch_size: Rows per step.
        learning_rate: Step size, at its highest.
        denoiser: A `Denoiser`, or the name or file of one, whose code is taken and which is not
            trained; rows are its images, flattened, in [0, 1]. None: one is trained.
        random_state: Seed of everything that is drawn. Equal seeds give equal codes.

    Attributes:
        denoiser_: The `Denoiser`.
        range_: The value that becomes 0, and the one that becomes 1.
        n_features_in_: Values of a row.
        feature_names_in_: Their names, where they have any.

    Examples:
        ```python
        make_pipeline(AutoencoderTransformer(latent_dim=16), LogisticRegression()).fit(X, y)
        ```
    """

    def __init__(
        self,
        latent_dim: int = 32,
        *,
        layers: int = 2,
        nodes: int = 128,
        sigma: float = 0.0,
        epochs: int = 10,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        denoiser: Denoiser | str | None = None,
        random_state: Any = 0,
    ) -> None:
        """Keep the options; they are checked by `fit`, as scikit-learn wants it."""
        self.latent_dim = latent_dim
        self.layers = layers
        self.nodes = nodes
        self.sigma = sigma
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.denoiser = denoiser
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803
        """Train the autoencoder, or take the one that was given.

        Args:
            X: (n, features) of numbers.
            y: Not used.

        Returns:
            Itself.

        Raises:
            ValueError: An option is out of its bounds, `X` holds NaN or infinity, or it does not
                fit the denoiser.
            FileNotFoundError: There is no such denoiser.
        """
        rows = validate_data(self, X, dtype=np.float32)
        if self.denoiser is None:
            self.range_ = (float(rows.min()), float(rows.max()))
            self.denoiser_ = self._trained(self._images(rows))
        else:
            given = self.denoiser
            self.denoiser_ = given if isinstance(given, Denoiser) else Denoiser.load(given)
            self.range_ = (0.0, 1.0)
            self._check_denoiser(rows)
        self._n_features_out = code_values(self.denoiser_)
        return self

    def transform(self, X: Any) -> Matrix:  # noqa: N803
        """Return the codes of rows.

        Args:
            X: (n, features).

        Returns:
            float32 (n, values of a code).
        """
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float32, reset=False)
        return encode(self.denoiser_, self._images(rows))

    def inverse_transform(self, X: Any) -> Matrix:  # noqa: N803
        """Return the rows that codes stand for.

        Args:
            X: (n, values of a code).

        Returns:
            float32 (n, features), on the scale of the rows that it was fitted to.

        Raises:
            ValueError: Codes have another number of values, or do not suffice for an image.
        """
        check_is_fitted(self)
        codes = check_array(X, dtype=np.float32)
        if codes.shape[1] != self._n_features_out:
            raise ValueError(
                f"X has {codes.shape[1]} values a row, and a code has {self._n_features_out}. Give "
                "what transform returned."
            )
        low, high = self.range_
        images = decode(self.denoiser_, codes)
        rows: Matrix = images.reshape(len(images), -1) * np.float32(high - low) + np.float32(low)
        return rows

    def _images(self, rows: Matrix) -> Images:
        low, high = self.range_
        scaled = (rows - np.float32(low)) / np.float32(high - low or 1)
        shape = (1, self.n_features_in_, 1) if self.denoiser is None else self.denoiser_.image_shape
        images: Images = np.clip(scaled, 0, 1).reshape(len(rows), *shape)
        return images

    def _trained(self, images: Images) -> Denoiser:
        chosen = {"epochs", "batch_size", "learning_rate"}
        given = {key: value for key, value in self.get_params(deep=False).items() if key in chosen}
        architecture = Dense(
            latent_dim=self.latent_dim, layers=self.layers, nodes=self.nodes, code="linear"
        )
        return train_autoencoder(
            images,
            images[:VALIDATION],
            architecture,
            TransformerOptions(**given),
            int(check_random_state(self.random_state).randint(2**31 - 1)),
            sigma=self.sigma,
            quiet=True,
        )

    def _check_denoiser(self, rows: Matrix) -> None:
        shape = self.denoiser_.image_shape
        values = math.prod(size or 0 for size in shape)
        code_values(self.denoiser_)
        if rows.shape[1] != values:
            raise ValueError(
                f"X has {rows.shape[1]} values a row, and the denoiser takes images of {shape}, "
                f"which are {values}. Give flattened images of that size."
            )
        if rows.min() < 0 or rows.max() > 1:
            raise ValueError(
                f"X has values from {rows.min():g} to {rows.max():g}, and the denoiser takes "
                "[0, 1]. Divide bytes by 255."
            )

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: of a network its file, which holds no code."""
        state = dict(super().__getstate__())
        return {key: _packed(value) for key, value in state.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what was pickled."""
        super().__setstate__({key: _unpacked(value) for key, value in state.items()})

    def __sklearn_tags__(self) -> Any:
        """Say that codes are float32."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


class _Packed(bytes):
    """The file of a denoiser."""


def _packed(value: Any) -> Any:
    if not isinstance(value, Denoiser):
        return value
    file = io.BytesIO()
    write_network(value, DENOISER, file)
    return _Packed(file.getvalue())


def _unpacked(value: Any) -> Any:
    return read_network(io.BytesIO(value), DENOISER) if isinstance(value, _Packed) else value
