"""Where the key ring comes from: a file, wrapped by a key service or not, or a variable.

Reads; never writes a key.
"""

import os
from pathlib import Path
import stat

from pgproxy.errors import ConfigError, Finding
from pgproxy.vault.envelope import KeyService, unwrap_key_file
from pgproxy.vault.keys import KeyRing

# The key services: see ``services``.
WRAPPED = ("hashicorp", "aws-kms")

_MAX_BYTES = 1 << 20


def load_keys(provider: str, location: str, service: KeyService | None = None) -> KeyRing:
    """The key ring of a provider: ``location`` is a variable for ``env``, else a path.

    ``service`` unwraps the file of the providers ``hashicorp`` and ``aws-kms``.  Raises
    ConfigError, and Unavailable where the service is away.
    """
    return KeyRing.from_json(*key_text(provider, location, service))


def key_text(provider: str, location: str, service: KeyService | None) -> tuple[str, str]:
    """The plain text of the key file, and what an error calls it.  Raises the same."""
    if provider == "env":
        return _from_environment(location)
    if provider == "file":
        return _from_file(Path(location))
    if provider in WRAPPED and service is not None:
        text, source = _from_file(Path(location))
        return unwrap_key_file(text, source, service), source
    raise _finding("vault.keys", f"unknown provider {provider!r}; expected file or env")


def _from_environment(variable: str) -> tuple[str, str]:
    text = os.environ.get(variable, "")
    if not text:
        raise _finding(f"${variable}", "not set; expected what `pgproxy keys new` prints")
    return text, f"${variable}"


def _from_file(path: Path) -> tuple[str, str]:
    try:
        with path.open("rb") as file:
            _require_private(path, os.fstat(file.fileno()))
            content = file.read(_MAX_BYTES)
    except OSError as error:
        hint = ""
        if isinstance(error, FileNotFoundError):
            hint = f"; make one with: (umask 077 && pgproxy keys new > {path})"
        raise _finding(str(path), f"cannot read the key file: {error.strerror}{hint}") from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        # The decoder's exception carries the bytes: it must not travel as a cause.
        raise _finding(str(path), "not a key file: not UTF-8 text") from None
    return text, str(path)


def _require_private(path: Path, found: os.stat_result) -> None:
    """Refuse a key that others can read, as ssh does.

    A file of root's may be readable by its group (and no more), the exception that PostgreSQL makes
    for its TLS key: secrets mounted into containers look like that.
    """
    if os.name != "posix":
        return
    if not stat.S_ISREG(found.st_mode):
        raise _finding(str(path), "not a regular file")
    allowed = 0o640 if found.st_uid == 0 else 0o600
    if stat.S_IMODE(found.st_mode) & 0o077 & ~allowed:
        mode = stat.S_IMODE(found.st_mode)
        raise _finding(str(path), f"others can read this key (mode {mode:04o}); chmod 600 {path}")


def _finding(source: str, message: str) -> ConfigError:
    return ConfigError((Finding(source, 0, message),))
