"""The places where the tests of a store keep one: a file, and a database of a real server.

The server runs in a folder of its own, over a socket; it refuses to run as root, so that root's
tests run it as another user.
"""

import contextlib
import glob
import itertools
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from nas_env.run.owners import process_start
from nas_env.run.store import open_store

USERS = ("postgres", "nobody")  # whom root runs the server as
OWNER = "nas"  # of all databases
SOCKET = ".s.PGSQL.5432"
SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
max_connections = 60
shared_buffers = 16MB
max_wal_senders = 0
autovacuum = off
log_min_messages = fatal
dynamic_shared_memory_type = mmap
recovery_init_sync_method = syncfs
"""


class Place:
    """A place that closes what was opened there.

    The tests open many stores, as many processes would.
    """

    def __init__(self, address):
        self.address, self.opened = str(address), []

    def open(self, run="", **how):
        self.opened.append(open_store(self.address, run, **how))
        return self.opened[-1]

    def close(self):
        for store in self.opened:
            store.close()


class File(Place):
    """A file of SQLite."""

    def sql(self, statement):
        with contextlib.closing(sqlite3.connect(self.address)) as connection, connection:
            return connection.execute(statement).fetchall()


class Database(Place):
    """A database of a server, whose tables are dropped at the end."""

    def sql(self, statement):
        import psycopg

        with psycopg.connect(self.address) as connection:
            connection.execute("SET search_path = nas_env")
            found = connection.execute(statement)
            return found.fetchall() if found.description else []

    def close(self):
        super().close()
        self.sql("DROP SCHEMA IF EXISTS nas_env CASCADE")


class Server:
    """A server of PostgreSQL, stopped and removed by :meth:`remove`."""

    def __init__(self):
        self.folder = Path(
            tempfile.mkdtemp(prefix="nas-pg-", dir="/tmp")
        )  # a socket's path is short
        self._numbers = itertools.count(1)
        self._user = {}
        if os.geteuid() == 0:
            user = next(pwd.getpwnam(name) for name in USERS if known(name))
            self._user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-A", "trust", "-U", OWNER, "-E", "UTF8", "--no-locale", "--no-sync")
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(SETTINGS.format(folder=self.folder))
        self.start()

    def start(self):
        self._run("pg_ctl", "-w", "-t", "120", "-l", str(self.folder / "log"), "start")

    def stop(self, mode="immediate"):
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def kill(self):
        """End it and all of its processes by SIGKILL, in the middle of whatever they do."""
        lock = self.folder / "data" / "postmaster.pid"
        first = int(lock.read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        processes = [first, *map(int, children)]
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while any(map(process_start, processes)):
            time.sleep(0.01)
        # A dead process is still in the system's table until it is waited for, and held to live.
        for file in (lock, self.folder / f"{SOCKET}.lock"):
            file.unlink(missing_ok=True)

    def restart(self, killed=True):
        self.kill() if killed else self.stop("fast")
        self.start()

    def address(self, database="postgres", user=OWNER):
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def sql(self, statement):
        import psycopg

        with psycopg.connect(self.address(), autocommit=True) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else []

    def user(self, password):
        """Make a user who needs a password and may do everything; return its name."""
        name, rules = f"user_{next(self._numbers)}", self.folder / "data" / "pg_hba.conf"
        self.sql(f"CREATE ROLE {name} LOGIN SUPERUSER PASSWORD '{password}'")
        rules.write_text(f"local all {name} scram-sha-256\n{rules.read_text()}")
        self.sql("SELECT pg_reload_conf()")
        return name

    @contextlib.contextmanager
    def small_disk(self, size):
        """Have a tablespace ``small`` on a disk of its own; yield a function that resizes it."""
        place, mount = self.folder / "small", ["mount", "-t", "tmpfs", "-o"]
        place.mkdir()
        try:
            subprocess.run([*mount, f"size={size}", "tmpfs", place], check=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("a small disk is wanted, and this user may mount none")
        try:
            os.chown(place, self._user["user"], self._user["group"])
            self.sql(f"CREATE TABLESPACE small LOCATION '{place}'")
            yield lambda size: subprocess.run(
                ["mount", "-o", f"remount,size={size}", place], check=True
            )
            self.sql("DROP SCHEMA nas_env CASCADE")
            self.sql("DROP TABLESPACE small")
        finally:
            subprocess.run(["umount", "-l", place], check=True)

    def remove(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop()
        shutil.rmtree(self.folder)

    def _run(self, name, *words):
        line = [program(name), "-D", str(self.folder / "data"), *words]
        # Not into a pipe, which the server would hold open.
        with (self.folder / "out").open("w") as out:
            subprocess.run(line, check=True, cwd="/", stdout=out, stderr=out, **self._user)


def program(name):
    """The path of one of the server's programs; None where it is not installed."""
    places = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return shutil.which(name) or (places[-1] if places else None)


def known(user):
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(user)


def missing():
    """Why there can be no server here; empty where there can."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    for name in ("initdb", "pg_ctl"):
        if program(name) is None:
            return f"PostgreSQL is not installed: there is no {name}"
    if os.geteuid() == 0 and not any(map(known, USERS)):
        return "PostgreSQL refuses to run as root, and there is no other user"
    return ""
