"""``pgproxy vault``: the upkeep of the vault; values come on stdin and are never printed."""

from collections.abc import Sequence
from contextlib import closing
from enum import StrEnum
import json
import os
from pathlib import Path
import sys
from typing import Annotated

from rich.console import Console
from rich.table import Table
import typer

from pgproxy.commands.options import ConfigFile
from pgproxy.config.load import Config, load
from pgproxy.config.proxy import Provider
from pgproxy.errors import ConfigError, Finding
from pgproxy.net.vaults import SCHEMES, key_service, load_ring, open_vault
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.envelope import wrap_key_file
from pgproxy.vault.keys import KeyRing, rotated_key_file
from pgproxy.vault.providers import key_text
from pgproxy.vault.sqlite_upkeep import copy_vault
from pgproxy.vault.status import SpaceStatus, VaultStatus
from pgproxy.vault.store import Upkeep
from pgproxy.vault.tokens import capacity

EPILOG = "Example: echo ann@example.org | pgproxy vault forget -c pgproxy.yaml --domain email"

_BATCH = 2000
# A space that is fuller than this wants another format, before it is full.
_MOST = 0.8
_SQLITE = "sqlite:///"


class Action(StrEnum):
    """What can be done with a vault."""

    STATUS = "status"
    ROTATE = "rotate"
    RESEAL = "reseal"
    FORGET = "forget"
    BACKUP = "backup"
    RESTORE = "restore"


def vault(  # noqa: PLR0913
    action: Annotated[
        Action,
        typer.Argument(
            help="status: what is in it. rotate: put a fresh primary key into the key file. "
            "reseal: seal every value under the primary key. forget: erase the values (or, with "
            "--tokens, what the tokens stand for) that come on stdin, one a line. "
            "backup, restore: copy a SQLite vault to or from --file.",
            metavar="status|rotate|reseal|forget|backup|restore",
        ),
    ],
    config: ConfigFile,
    domain: Annotated[str, typer.Option(help="The domain to forget in.", metavar="D")] = "",
    tokens: Annotated[bool, typer.Option("--tokens", help="stdin holds tokens.")] = False,
    file: Annotated[
        Path | None, typer.Option(help="The copy that backup makes, restore reads.", metavar="FILE")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look after the vault.  Every action is safe while proxies run.

    No action changes a token.  To change keys: rotate, restart every proxy, then reseal.
    """
    loaded = load(config, with_pools=False)
    if (domain != "" or tokens) and action is not Action.FORGET:
        raise _usage("--domain and --tokens go with forget")
    if (file is not None) != (action in (Action.BACKUP, Action.RESTORE)):
        raise _usage("--file goes with backup and restore, and they need it")
    if action is Action.FORGET and not domain:
        raise _usage("forget needs --domain, the name space of the values")
    if action is Action.ROTATE:
        _tell({"key": _rotate(loaded)}, as_json, "restart every proxy, then `pgproxy vault reseal`")
        return
    place = loaded.proxy.vault
    keys = load_ring(place.keys)
    if file is not None:
        _copy(action, place.url, file, keys)
        _tell({str(action): str(file)}, as_json)
        return
    _require_vault(place.url)
    with closing(open_vault(place.url, keys)) as opened:
        if action is Action.STATUS:
            _show(opened.status(), as_json)
        elif action is Action.RESEAL:
            _tell({"resealed": _reseal(opened)}, as_json)
        else:
            _forget(opened, domain, tokens, as_json)


def _rotate(loaded: Config) -> str:
    """The id of the fresh key.  The file is replaced whole, and durable before this returns."""
    keys = loaded.proxy.vault.keys
    if keys.provider is Provider.ENV:
        message = f"keys of provider `{keys.provider}` are not ours to write; change them there"
        raise ConfigError((Finding("vault.keys", 0, message),))
    path = Path(keys.location)
    service = key_service(keys)
    plain = rotated_key_file(*key_text(str(keys.provider), keys.location, service))
    text = wrap_key_file(plain, service) if service is not None else plain
    try:
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        found = path.stat()
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            os.fchmod(descriptor, found.st_mode & 0o777)
            os.fchown(descriptor, found.st_uid, found.st_gid)
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)
        os.replace(part, path)
    except OSError as error:
        message = f"cannot write the key file: {error.strerror}"
        raise ConfigError((Finding(keys.location, 0, message),)) from None
    return KeyRing.from_json(plain, keys.location).primary


def _reseal(opened: Upkeep) -> int:
    total = 0
    while done := opened.reseal(_BATCH):
        total += done
    return total


def _forget(opened: Upkeep, domain: str, tokens: bool, as_json: bool) -> None:
    """Exits with 1 when nothing was there to forget."""
    given = [line.removesuffix(b"\n").removesuffix(b"\r") for line in sys.stdin.buffer]
    spaces = [one.space for one in opened.status().spaces if one.space.domain == domain]
    forgotten = sum(_forget_in(opened, space, given, tokens) for space in spaces)
    hint = "running proxies hold what they have seen in memory until they are restarted"
    _tell({"forgotten": forgotten}, as_json, hint)
    if not forgotten:
        raise typer.Exit(1)


def _forget_in(opened: Upkeep, space: TokenSpace, given: Sequence[bytes], tokens: bool) -> int:
    count = 0
    for at in range(0, len(given), _BATCH):
        part = given[at : at + _BATCH]
        values = (
            [value for value in opened.values(space, part) if value is not None] if tokens else part
        )
        count += opened.forget(space, values)
    return count


def _copy(action: Action, url: str, file: Path, keys: KeyRing) -> None:
    if url.startswith(SCHEMES):
        verb = "pg_dump -n pgproxy_vault" if action is Action.BACKUP else "pg_restore"
        message = f"the vault is in PostgreSQL; use {verb} on its database"
        raise ConfigError((Finding("vault.url", 0, message),))
    path = Path(url.removeprefix(_SQLITE))
    source, target = (path, file) if action is Action.BACKUP else (file, path)
    copy_vault(source.absolute(), target.absolute(), keys)


def _require_vault(url: str) -> None:
    """Looking after a vault makes none."""
    if not url.startswith(SCHEMES) and not Path(url.removeprefix(_SQLITE)).is_file():
        message = "there is no vault yet; `pgproxy serve` makes it"
        raise ConfigError((Finding(url.removeprefix(_SQLITE), 0, message),))


def _show(status: VaultStatus, as_json: bool) -> None:
    if as_json:
        document = {
            "schema_version": status.schema_version,
            "bytes": status.bytes,
            "tokens": status.tokens,
            "spaces": [
                {
                    "domain": one.space.domain,
                    "kind": one.space.kind,
                    "tokens": one.tokens,
                    "full": _share(one),
                }
                for one in status.spaces
            ],
            "keys": [{"id": k.id, "state": k.state, "sealed": k.sealed} for k in status.keys],
        }
        typer.echo(json.dumps(document, indent=2))
        return
    typer.echo(
        f"{status.tokens:,} tokens, {status.bytes:,} bytes, schema version {status.schema_version}"
    )
    spaces = Table("domain", "kind", "tokens", "full")
    for one in status.spaces:
        share = _share(one)
        told = "" if share is None else f"{share:.0%}"
        told = f"[bold red]{told}[/]" if share is not None and share > _MOST else told
        spaces.add_row(one.space.domain, one.space.kind, f"{one.tokens:,}", told)
    keys = Table("key", "state", "values sealed")
    for key in status.keys:
        keys.add_row(key.id, key.state or "not in the key file", f"{key.sealed:,}")
    console = Console()
    console.print(spaces)
    console.print(keys)


def _share(one: SpaceStatus) -> float | None:
    """How full a small space is; None for one that nobody fills."""
    room = capacity(one.space.kind)
    return one.tokens / room if room else None


def _tell(document: dict[str, str | int], as_json: bool, hint: str = "") -> None:
    if as_json:
        typer.echo(json.dumps(document))
        return
    for name, value in document.items():
        typer.echo(f"{name}: {value}")
    if hint:
        typer.echo(f"hint: {hint}", err=True)


def _usage(message: str) -> ConfigError:
    return ConfigError((Finding("pgproxy vault", 0, message),))
