"""Addresses of servers: told from files, and shown and kept without their password."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from nas_env.errors import InvalidValue

SCHEMES = ("postgresql://", "postgres://")
SECRET = ("password", "sslpassword")  # settings of an address that are never shown
EXPECTED = (
    "expected postgresql://USER@HOST:PORT/DATABASE; in a password, @ is written %40, / is %2F, "
    "? is %3F and : is %3A"
)
_ANOTHER = re.compile(r"(\w[\w+.-]*://|postgres(ql)?:)")
_WHOLE = re.compile(r"(?P<scheme>\w+://)(?P<who>[^@/?]*@)?(?P<hosts>[^@/?]*)(?P<rest>[^@]*)")
_USER = re.compile(r"(postgres(?:ql)?://[^\s:@/]*):\S*@")
_QUERY = re.compile(r"([?&])(?:ssl)?password=[^\s&'\"]*")
_HOST = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(:\d*)?")

_secrets: dict[str, dict[str, str]] = {}  # by address; in this process's memory alone


class Address(NamedTuple):
    """A server's address in two parts.

    Attributes:
        shown: The address without what is secret.
        secrets: Settings by name that are not shown.
    """

    shown: str
    secrets: dict[str, str]


def is_server(where: str | Path) -> bool:
    """Tell whether a store is on a server.

    Raises:
        InvalidValue: If it looks like the address of something else.
    """
    if str(where).startswith(SCHEMES):
        return True
    if found := _ANOTHER.match(str(where)):
        raise InvalidValue(
            f"{found[0]}… cannot be a store of evaluations: expected a file, or "
            "postgresql://USER@HOST:PORT/DATABASE"
        )
    return False


def shown(where: str | Path) -> str:
    """Return where a store is, as it may be shown and written: without its password.

    Example:
        >>> shown("postgresql://ann:secret@db.example.org/search?sslmode=require&password=x")
        'postgresql://ann@db.example.org/search?sslmode=require'
        >>> shown("runs/all.sqlite")
        'runs/all.sqlite'
    """
    return _parted(str(where)).shown if is_server(where) else str(where)


def remembered(where: str | Path) -> str:
    """Return what :func:`shown` does, and remember the password in the memory of this process."""
    if not is_server(where):
        return str(where)
    address = _parted(str(where))
    if address.secrets:
        _secrets[address.shown] = address.secrets
    return address.shown


def absolute(where: str | Path) -> str:
    """Return where a store is from any folder: an address, its password remembered, or a path."""
    return remembered(where) if is_server(where) else str(Path(where).absolute())


def secrets(address: str) -> dict[str, str]:
    """Return what was remembered of an address that is shown."""
    return _secrets.get(address, {})


def censored(text: str) -> str:
    """Return a message without the passwords of addresses, as one about a word that is misplaced.

    Example:
        >>> censored("unexpected 'postgresql://ann:se:cr@et@db/search?password=x'")
        "unexpected 'postgresql://ann@db/search?…'"
    """
    return _QUERY.sub(r"\1…", _USER.sub(r"\1@", text))


def _parted(text: str) -> Address:
    """Return the parts of an address; what is wrong with one is said without showing it."""
    found = _WHOLE.fullmatch(text)
    hosts = found["hosts"].split(",") if found else []
    if not found or not text.isprintable() or not all(map(_HOST.fullmatch, hosts)):
        raise InvalidValue(f"the address of a store cannot be read: {EXPECTED}")
    user, _, password = (found["who"] or "").removesuffix("@").partition(":")
    place, _, query = found["rest"].partition("?")
    settings = [setting.partition("=") for setting in query.split("&") if setting]
    secret = {name: unquote(value) for name, _, value in settings if name in SECRET}
    if password:
        secret["password"] = unquote(password)
    who = f"{user}@" if user else ""
    rest = "&".join("".join(setting) for setting in settings if setting[0] not in SECRET)
    address = f"{found['scheme']}{who}{found['hosts']}{place}" + (f"?{rest}" if rest else "")
    return Address(address, secret)
