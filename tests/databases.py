"""A PostgreSQL of Debian's package, with a cluster of its own that tests may do anything with."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from limits import PATIENCE
from pages import block, shell

USER = "owner"
PAGE, PASSWORD = "docs/scaling.md", "a long password"


@cache
def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; Debian does not put all of them on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


def _unprivileged() -> dict[str, Any]:
    """Return whom PostgreSQL runs as, as `subprocess` takes it, since it refuses root."""
    if os.geteuid() != 0:
        return {}
    known = {user.pw_name: user for user in pwd.getpwall()}
    chosen = known.get("postgres") or known["nobody"]
    return {"user": chosen.pw_uid, "group": chosen.pw_gid, "extra_groups": []}


@contextmanager
def postgresql(*names: str, rules: str = "") -> Iterator[str]:
    """Start a server with empty databases; give the start of their addresses.

    Args:
        names: Of the databases.
        rules: Lines of pg_hba.conf that come first; everybody else is trusted.
    """
    folder = programs()
    assert folder
    as_user = _unprivileged()
    with TemporaryDirectory(prefix="postgresql") as home, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
        free.close()
        if as_user:
            os.chown(home, as_user["user"], as_user["group"])

        def call(program: str, *arguments: str) -> None:
            given = {"cwd": home, "capture_output": True, "timeout": PATIENCE, **as_user}
            subprocess.run([str(folder / program), *arguments], check=True, **given)

        cluster = f"{home}/cluster"
        call("initdb", "--auth=trust", f"--username={USER}", "--no-sync", cluster)
        hba = Path(cluster, "pg_hba.conf")
        hba.write_text(rules + hba.read_text())
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -F"
        control = ("-D", cluster, "-w", "-l", f"{home}/log")
        call("pg_ctl", *control, "-o", settings, "start")
        try:
            for name in names:
                call("createdb", "-h", "127.0.0.1", "-p", port, "-U", USER, name)
            yield f"postgresql+psycopg://{USER}@127.0.0.1:{port}"
        finally:
            call("pg_ctl", *control, "-m", "immediate", "stop")


@contextmanager
def documented(role: str) -> Iterator[dict[str, str]]:
    """Start a server, and make a role and its databases by the lines of the page.

    The role has to give `PASSWORD`. What is given are the variables that lead there.
    """
    folder = programs()
    assert folder
    (rule,) = (line for line in block(PAGE, "host ").splitlines() if role in line.split())
    with postgresql(rules=rule.replace("10.0.0.0/24", "127.0.0.1/32") + "\n") as address:
        there = {"PGHOST": "127.0.0.1", "PGPORT": str(urlsplit(address).port)}
        subprocess.run(
            ["bash", "-ec", block(PAGE, f"createuser --pwprompt {role}")],
            input=f"{PASSWORD}\n{PASSWORD}\n",
            env=shell(folder, **there, PGUSER=USER),
            start_new_session=True,  # So that it asks no terminal for the password.
            text=True,
            check=True,
        )
        yield there
