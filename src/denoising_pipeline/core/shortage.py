"""Whether an error came of too little memory, or too few threads, handles or processes."""

import errno

_WORDS = ("start new thread", "failed to map segment", "allocate memory", "bad_alloc", "OOM when")
"""What libraries say where Python has a `MemoryError`."""

_LIMITS = {errno.ENOMEM, errno.EAGAIN}

_HANDLES = {errno.EMFILE, errno.ENFILE}


def shortage(error: BaseException | None) -> str:
    """Return a sentence on what the system is short of and what to do, or nothing.

    Args:
        error: Any; what it came of is looked at, too.
    """
    while error is not None:
        number = error.errno if isinstance(error, OSError) else None
        if number in _HANDLES:
            return (
                f"The system lets this process open no more files ({error}). Raise that limit "
                "(ulimit -n), or give fewer workers."
            )
        said = str(error)
        if (
            isinstance(error, MemoryError)
            or number in _LIMITS
            or any(words in said for words in _WORDS)
        ):
            return (
                "There is too little memory for this, or no thread or process more is allowed "
                f"({said.splitlines()[0][:200] if said else type(error).__name__}). Close other "
                "programs, raise the limits (ulimit -v, ulimit -u, the memory of a container), or "
                "give it less to do at once: fewer workers, smaller batches."
            )
        error = error.__cause__
    return ""
