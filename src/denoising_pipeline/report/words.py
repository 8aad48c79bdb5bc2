"""Words that not everybody knows, explained where they stand: a small question mark opens it."""

import re

from markupsafe import Markup, escape

WORDS = {
    "PSNR": (
        "Peak signal-to-noise ratio, in decibels: how small the error is beside full white, "
        "10 times the logarithm of 1 / mean squared error. More is better; 3 dB more is half the "
        "squared error. Each image has its own, and the mean is taken over images."
    ),
    "pooled": (
        "The PSNR of the mean squared error of all images together, in place of the mean of their "
        "PSNRs. Images that came out badly weigh more in it."
    ),
    "SSIM": (
        "Structural similarity: brightness, contrast and structure compared in small windows. 1 "
        "for equal images, about 0 for unrelated ones."
    ),
    "MSE": "Mean squared error of the values, which lie from 0 (black) to 1 (white).",
    "MAE": "Mean absolute error of the values, which lie from 0 (black) to 1 (white).",
    "Gain": "Mean PSNR of the denoised images less that of the noisy ones, which is doing nothing.",
    "limit": (
        "An estimate of the best mean PSNR that any denoiser can reach on these images at this "
        "noise: what the noise has hidden, nobody brings back. It is for one source and one noise, "
        "and estimated by a script in the folder benchmarks."
    ),
    "interval": (
        "What other images like these would give: in so many of a hundred such test sets the mean "
        "would lie within it. It says nothing of another training."
    ),
    "loss": (
        "What training makes smaller. It need not be an error: where it has the logarithm of the "
        "error in it, it is negative, and the lower the better all the same. Compare it with "
        "losses of the same kind only."
    ),
    "risk": (
        "Mean squared difference from noisy values that the denoiser did not see: the error plus "
        "the variance of their noise, which is the same for every denoiser. Less is better."
    ),
    "validation": (
        "Images that are not trained on. They choose what is kept; test images choose nothing."
    ),
    "SI-SDR": (
        "Scale-invariant signal-to-distortion ratio, in decibels: speech against all else, at any "
        "loudness. More is better."
    ),
    "STOI": "Short-time objective intelligibility: how well speech is understood, up to 1.",
    "CIEDE2000": "Difference of colours as people see it. 1 is hardly seen; less is better.",
    "F1": "Strokes found and strokes right, in one number: 1 is all of them and no others.",
    "sigma": (
        "Standard deviation of the noise where black is 0 and white is 1: at 0.5 a grey pixel is "
        "as likely outside of that range as not."
    ),
    "digest": "A number made of the content: two files with the same one are equal.",
    "AUC": (
        "Area under the ROC curve: how often the score of an image of another kind is above that "
        "of one of the known kind. 1 is always, 0.5 is guessing."
    ),
    "OOD score": (
        "Out-of-distribution score: how unlike that of validation images it is what the denoiser "
        "takes away from an image. It needs no clean image."
    ),
    "false alarms": "Images of the known kind that the score takes for others.",
    "tone": (
        "A curve over the values, learned on validation images, which is applied after the "
        "denoiser: noise that was clipped at black and white has changed the brightness."
    ),
    "linear MMSE": (
        "The best linear denoiser, by the means and covariances of clean and noisy training images."
    ),
    "calibrated": "Its options were chosen on validation images, not on test images.",
    "latent_dim": "How many values the encoder leaves of an image: the size of the code.",
    "PCA": "Principal component analysis: the best linear way to few values.",
    "trustworthiness": (
        "Whether images that are neighbours on the map were so before: 1 is always."
    ),
    "continuity": "Whether images that were neighbours still are so on the map: 1 is always.",
    "hallucinated": (
        "The classifier is right on the clean image, and confident of another label on this one."
    ),
    "standard deviation": (
        "How far off a value is, by the network's own estimate: 68% of normal errors are within "
        "one, 95% within two."
    ),
    "severity": "How strong the degradation is: 0 is none, 1 the strongest that is tried.",
    "importance": "Share of the differences between trials that a parameter explains (fANOVA).",
}
"""What each means."""

_PLACES = {
    word: re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE if word.islower() else 0)
    for word in WORDS
}


class Glossary:
    """Marks words where they first stand in a section, and knows which ones a page has."""

    def __init__(self) -> None:
        """Start with a page without words."""
        self.used: dict[str, str] = {}
        self._marked: set[str] = set()

    def begin(self) -> str:
        """Begin a section: its words are marked anew."""
        self._marked = set()
        return ""

    def __call__(self, text: str) -> Markup:
        """Return a text, escaped, and its `marks`."""
        return escape(text) + self.marks(text)

    def marks(self, text: str) -> Markup:
        """Return a question mark for each word of a text that is new in the section.

        Args:
            text: A heading or a cell, of a few words.
        """
        found = [word for word, place in _PLACES.items() if place.search(text)]
        new = [word for word in found if word not in self._marked]
        self._marked.update(new)
        self.used.update({word: WORDS[word] for word in new})
        button = Markup(
            '<button type="button" class="word" popovertarget="{}" aria-label="What is {}?">'
            "</button>"
        )
        return Markup("").join(button.format(anchor(word), word) for word in new)


def anchor(word: str) -> str:
    """Return the address of a word's explanation in the page."""
    return f"word-{re.sub(r'[^a-z0-9]+', '-', word.lower())}"
