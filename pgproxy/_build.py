"""Build step of the wire kernel, run by setuptools at install time; the program never imports it.

The kernel has a reference in plain Python, so a machine without a compiler gets a slow build, said
loudly, in place of a failed install.

    PGPROXY_PURE=1               do not even try to compile
    PGPROXY_REQUIRE_COMPILED=1   a kernel that cannot be built fails the install
"""

import os
from pathlib import Path
import sys
from typing import Any

from setuptools.command.build_ext import build_ext

SLOW_BUILD = """\
**********************************************************************
pgproxy: the compiled wire kernel was NOT built ({why}).
This is the SLOW build: it works, at a fraction of the speed.
Install a C compiler and the Python headers, then install again;
PGPROXY_REQUIRE_COMPILED=1 makes a failed build an error.
**********************************************************************
"""


def _flag(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


class TolerantBuildExt(build_ext):
    """build_ext that survives whatever stands in the way of the compiled kernel."""

    def finalize_options(self) -> None:
        """Keep the generated C out of the source tree."""
        super().finalize_options()
        self.cython_c_in_temp = True

    def run(self) -> None:
        """Build, and on any failure leave the pure-Python package behind."""
        required = _flag("PGPROXY_REQUIRE_COMPILED")
        if _flag("PGPROXY_PURE"):
            if required:
                raise SystemExit("PGPROXY_PURE and PGPROXY_REQUIRE_COMPILED exclude each other")
            self._leave_pure("PGPROXY_PURE is set")
            return
        if required:
            super().run()
            return
        try:
            super().run()
        except (Exception, SystemExit) as error:
            # setuptools' own optional=True lets a missing compiler program through; nothing may
            self._leave_pure(f"{type(error).__name__}: {error}")

    def _leave_pure(self, why: str) -> None:
        for extension in self.extensions:
            self._remove_stale(extension)
            extension.optional = True
        print(SLOW_BUILD.format(why=why), file=sys.stderr, flush=True)

    def _remove_stale(self, extension: Any) -> None:
        """A kernel of an earlier build would be loaded in place of the source that just failed."""
        name = self.get_ext_fullname(extension.name)
        places = [Path(self.build_lib, self.get_ext_filename(name))]
        if self.inplace or getattr(self, "editable_mode", False):
            places.append(Path(self.get_ext_filename(name)))
        for place in places:
            place.unlink(missing_ok=True)
