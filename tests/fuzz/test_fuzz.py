"""Every reader of others' bytes on files that are nearly right; `make fuzz` does it by coverage."""

import pytest
from fuzz_targets import TARGETS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from run_fuzz import SHARES

SLOW = {"denoiser_weights": "is Keras", "denoiser_onnx": "is a session each"}
EXAMPLES = 12

NUMBERS = [
    b"\0",
    b"\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\0\0\0\x80",
    b"\0\0",
    b"1e999",
]

Edit = tuple[float, float, bytes]
NEW = st.one_of(st.binary(max_size=4), st.sampled_from(NUMBERS))
EDITS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.3), NEW), min_size=1, max_size=4)
"""Where, how much of the rest is taken away (a part of the whole), and what is put there."""


def edited(content: bytes, edits: list[Edit]) -> bytes:
    for place, gone, new in edits:
        start = round(place * len(content))
        end = start + (len(new) if gone < 0.2 else round((gone - 0.2) * len(content)))
        content = content[:start] + new + content[end:]
    return content


def test_every_target_has_its_share() -> None:
    assert TARGETS.keys() == SHARES.keys()


@pytest.mark.parametrize("name", [name for name in TARGETS if name not in SLOW])
def test_whatever_bytes_come_only_the_promised_errors_are_raised(name: str) -> None:
    target = TARGETS[name]
    seeds = list(target.seeds())
    target.run(seeds[0])

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(seeds), EDITS)
    def holds(content: bytes, edits: list[Edit]) -> None:
        target.run(edited(content, edits))

    holds()
