"""What runs: version, kernel, Python, event loop."""

import asyncio
from dataclasses import dataclass
from importlib import metadata
import platform

from pgproxy.wire.kernel import IMPLEMENTATION


@dataclass(frozen=True, slots=True)
class Build:
    """For the log, the metrics and the admin page."""

    version: str
    kernel: str
    python: str
    loop: str

    @classmethod
    def current(cls) -> "Build":
        """Of this process and its running loop."""
        try:
            version = metadata.version("pgproxy")
        except metadata.PackageNotFoundError:
            version = "unknown"  # run from a checkout that was not installed
        loop = type(asyncio.get_running_loop()).__module__.partition(".")[0]
        return cls(version, IMPLEMENTATION, platform.python_version(), loop)
