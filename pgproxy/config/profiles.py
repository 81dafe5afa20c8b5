"""The profiles file: what `pgproxy learn` has learned, as JSON with a version and a digest.

The digest tells a file that was cut off or edited from a whole one; it is no signature.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
import hashlib
import json
import math
import os
from pathlib import Path
from typing import Any

from pgproxy.errors import ConfigError, Finding
from pgproxy.policy.rules import Like, Policy
from pgproxy.treatment.profiles import NO_PROFILES, Family, Profile, Profiles

VERSION = 1


def read_profiles(path: Path) -> Profiles:
    """The profiles of a file; none where it is not there.  Raises ConfigError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return NO_PROFILES
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(path, f"cannot be read ({type(error).__name__})") from None
    try:
        document = json.loads(text)
        version = document["version"]
        profiles = document["profiles"]
        whole = document["digest"] == _digest(profiles)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _bad(path, "no file that `pgproxy learn` has written") from None
    if version != VERSION:
        raise _bad(path, f"not of version {VERSION}, the only one this pgproxy knows")
    if not whole:
        raise _bad(path, "changed since `pgproxy learn` wrote it")
    try:
        read = [_profile(entry) for entry in profiles]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _bad(path, "no file that `pgproxy learn` has written") from None
    return {(profile.domain, profile.family): profile for profile in read}


def write_profiles(path: Path, profiles: Sequence[Profile]) -> None:
    """Put them in place of what is there, whole and durable.  Raises ConfigError."""
    entries = [_entry(profile) for profile in profiles]
    document = {"version": VERSION, "digest": _digest(entries), "profiles": entries}
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        # What is learned of a column is for those who may read pgproxy's files.
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(document, stream, indent=1)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise ConfigError(
            (Finding(str(path), 0, f"cannot be written: {error.strerror}"),)
        ) from None


def without_profile(path: str, policy: Policy, profiles: Profiles) -> Iterator[Finding]:
    """Classes that a role is to see like a distribution, and of which none is learned."""
    known = {domain for domain, _ in profiles}
    used = dict.fromkeys(pattern.class_name for pattern in policy.columns)
    for rule in policy.roles:
        for name in used:
            if isinstance(rule.treatment(name), Like) and policy.domain_of(name) not in known:
                message = f"class `{name}` has no learned distribution: NULL until `pgproxy learn`"
                yield Finding(path, rule.line, message)


def _bad(path: Path, why: str) -> ConfigError:
    return ConfigError((Finding(str(path), 0, f"{why}; remove it and run `pgproxy learn` again"),))


def _digest(entries: Any) -> str:
    text = json.dumps(entries, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _entry(profile: Profile) -> dict[str, Any]:
    return {
        "domain": profile.domain,
        "family": str(profile.family),
        "columns": list(profile.columns),
        "step": profile.step,
        "points": list(profile.points),
    }


def _profile(entry: dict[str, Any]) -> Profile:
    points = tuple(map(float, entry["points"]))
    step = float(entry["step"])
    if not all(map(math.isfinite, (*points, step))) or step < 0:
        raise ValueError("no finite number")
    columns = tuple(map(str, entry["columns"]))
    return Profile(str(entry["domain"]), Family(entry["family"]), points, step, columns)
