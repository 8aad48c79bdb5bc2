"""Whom the service answers: its own page and programs on this machine, and no other site."""

import pytest
from starlette.datastructures import Headers

from denoising_pipeline.service.guard import Hosts
from denoising_pipeline.service.limits import RefusedError


def status(hosts: Hosts, **headers: str) -> int:
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        hosts.check(Headers(found))
    except RefusedError as refused:
        return refused.status
    return 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("[::1]:8000", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:8000", 403),
        ("localhost.evil.example", 403),
        ("192.168.0.7:8000", 403),
        ("[::1", 403),
        ("", 403),
    ],
)
def test_fault_r40_only_names_of_this_machine_are_answered(host: str, expected: int) -> None:
    assert status(Hosts("127.0.0.1"), host=host) == expected


def test_a_service_for_everybody_is_called_by_any_address_but_by_no_foreign_name() -> None:
    hosts = Hosts("0.0.0.0")
    assert status(hosts, host="192.168.0.7:8000") == 200
    assert status(hosts, host="[2001:db8::7]:8000") == 200
    assert status(hosts, host="evil.example") == 403


def test_a_name_that_is_allowed_is_answered_behind_a_proxy_too() -> None:
    hosts = Hosts("127.0.0.1", ["denoise.example"])
    assert status(hosts, host="denoise.example", origin="https://denoise.example") == 200
    assert status(hosts, host="localhost:8000", origin="https://denoise.example") == 200
    assert status(hosts, host="denoise.example", origin="https://evil.example") == 403


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://localhost:8000", 200),
        ("http://localhost:9000", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_fault_r40_pages_of_other_sites_may_not_use_it(origin: str, expected: int) -> None:
    assert status(Hosts("127.0.0.1"), host="localhost:8000", origin=origin) == expected


def test_other_sites_may_lead_to_the_page_but_not_load_from_it() -> None:
    hosts = Hosts("127.0.0.1")
    foreign = {"host": "localhost:8000", "sec_fetch_site": "cross-site"}
    assert status(hosts, **foreign, sec_fetch_mode="navigate") == 200
    assert status(hosts, **foreign, sec_fetch_mode="no-cors") == 403
