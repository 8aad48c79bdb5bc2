"""Twelve photographs that installed libraries bring along, as an example of images of any size."""

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from denoising_pipeline.core.files import write_missing


class Photograph(NamedTuple):
    """A file of a library.

    Attributes:
        library: Name of the package that has it.
        path: Where it lies in the package.
        author: Who made it.
        licence: What one may do with it, as the library says.
    """

    library: str
    path: str
    author: str
    licence: str


CC0, PUBLIC = "CC0 1.0", "public domain"
CC_BY = "CC BY 2.0, https://creativecommons.org/licenses/by/2.0/"

PHOTOGRAPHS = (
    Photograph("skimage", "data/astronaut.png", "NASA", PUBLIC),
    Photograph("skimage", "data/camera.png", "Lav Varshney", CC0),
    Photograph("skimage", "data/chelsea.png", "Stefan van der Walt", CC0),
    Photograph("skimage", "data/coffee.png", "Rachel Michetti, Pikolo Espresso Bar", CC0),
    Photograph("skimage", "data/hubble_deep_field.jpg", "NASA, HubbleSite", PUBLIC),
    Photograph(
        "skimage",
        "data/ihc.png",
        "Center for Microscopy and Molecular Imaging (CMMI)",
        "no known copyright restrictions",
    ),
    Photograph(
        "skimage",
        "data/motorcycle_left.png",
        "D. Scharstein and others, Middlebury 2014 stereo benchmark, "
        "http://vision.middlebury.edu/stereo/data/scenes2014/",
        "none is stated; scikit-image distributes it",
    ),
    Photograph("skimage", "data/retina.jpg", "Mikael Häggström", CC0),
    Photograph("skimage", "data/rocket.jpg", "SpaceX", PUBLIC),
    Photograph("sklearn", "datasets/images/china.jpg", "danielbuechele (flickr.com/photos)", CC_BY),
    Photograph("sklearn", "datasets/images/flower.jpg", "vultilion (flickr.com/photos)", CC_BY),
    Photograph("matplotlib", "mpl-data/sample_data/grace_hopper.jpg", "United States Navy", PUBLIC),
)
"""Eleven in colour and a grey one, of eight sizes from 300x451 to 1411x1411 pixels."""

LICENCES = "LICENCES.txt"


def fetch_photographs(folder: Path, overwrite: bool = False) -> list[Path]:
    """Copy the photographs and a text of their licences into a folder, unless they are there.

    Args:
        folder: Where they go; it is made if missing.
        overwrite: Replace files of these names that have another content.

    Returns:
        The paths of the photographs and of the text.

    Raises:
        FileExistsError: A file is there with another content, and `overwrite` is off.
        FileNotFoundError: A library is not installed, or came without one of them.
    """
    wanted = {folder / Path(photo.path).name: _content(photo) for photo in PHOTOGRAPHS}
    wanted[folder / LICENCES] = licences().encode()
    write_missing(wanted, overwrite)
    return list(wanted)


def licences() -> str:
    """Return who made the photographs and what one may do with them; the first line sums it up."""
    lines = [
        f"{Path(photo.path).name}\n  author: {photo.author}\n  licence: {photo.licence}\n"
        f"  copied from the Python package {photo.library}, {photo.path}\n"
        for photo in PHOTOGRAPHS
    ]
    return "\n".join(
        [f"Of each photograph its own (CC0, CC BY 2.0 and others), {LICENCES}\n", *lines]
    )


def _content(photo: Photograph) -> bytes:
    found = find_spec(photo.library)
    folders = found.submodule_search_locations if found else None
    for folder in folders or []:
        if (path := Path(folder) / photo.path).is_file():
            return path.read_bytes()
    raise FileNotFoundError(
        f"The package {photo.library} has no {photo.path}. Install the versions of this project's "
        "requirements.lock, or put photographs of your own into the folder."
    )
