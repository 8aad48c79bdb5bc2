"""What tests let processes take, and may."""

import ctypes
import os
import resource

PATIENCE = 1200
"""Seconds that a process may take before a test gives up on it."""


def limit_memory(size: int) -> None:
    """Let this process, and its children, have no more bytes of addresses."""
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def obey_permissions() -> None:
    """Take from a process of root what lets it write everywhere (prctl(2), PR_CAPBSET_DROP)."""
    if os.geteuid() == 0:
        dac_override, dac_read_search = 1, 2
        for capability in (dac_override, dac_read_search):
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
