"""Words on terminals of any encoding."""

import sys


def speak_any_encoding() -> None:
    """Let a terminal that lacks a character, such as an ASCII one, show a question mark instead."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure and stream.errors in {"strict", "surrogateescape"}:
            reconfigure(errors="replace")
