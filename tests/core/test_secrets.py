"""What looks like a secret is masked, and nothing else."""

from typing import Any

import pytest

from denoising_pipeline.core.secrets import masked


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://me:hidden@host/path", "https://***@host/path"),
        ("postgresql://me:p%40ss@host:5432/db", "postgresql://***@host:5432/db"),
        ("s3://bucket/key", "s3://bucket/key"),
        ("inference.input=s3://id:hidden@bucket/a", "inference.input=s3://***@bucket/a"),
        ("--params=api_key=hidden,seed=3", "--params=api_key=***,seed=3"),
        ("password: hidden", "password: ***"),
        ("https://host/?token=hidden&page=2", "https://host/?token=***&page=2"),
        ("someone@example.org", "someone@example.org"),
        ("training.epochs=3", "training.epochs=3"),
        ({"a": ["https://u:p@h", 3, None]}, {"a": ["https://***@h", 3, None]}),
        (("secret=x",), ("secret=***",)),
        ({"store.api_key": "hidden", "keys": "a"}, {"store.api_key": "***", "keys": "a"}),
        ({"password": {"seconds": 3}}, {"password": {"seconds": 3}}),
        (0.5, 0.5),
    ],
)
def test_secrets_and_nothing_else_are_masked(given: Any, shown: Any) -> None:
    assert masked(given) == shown
