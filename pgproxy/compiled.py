"""Which implementation of a kernel runs: the compiled one where it was built, or the reference.

The one place of the core that looks at the environment.  ``PGPROXY_IMPL=python`` or ``compiled``
must get what it names or fail; unset takes the compiled kernel where there is one.  A kernel that
was built but does not load is an error, never a silent fall-back.
"""

from importlib import import_module
import os
from types import ModuleType

# What users are asked about in the environment.
WANTED = os.environ.get("PGPROXY_IMPL", "")


def choose(compiled: str, reference: ModuleType, wanted: str = WANTED) -> tuple[str, ModuleType]:
    """``python`` or ``compiled``, and the module: what ``PGPROXY_IMPL=wanted`` asks for.

    Both modules name the revision of what they promise to each other in ``REVISION``.  Raises
    ImportError for what was asked for and cannot be had.
    """
    if wanted not in ("", "python", "compiled"):
        raise ImportError("PGPROXY_IMPL is neither 'python' nor 'compiled'")
    if wanted == "python":
        return "python", reference
    try:
        built = import_module(compiled)
    except ModuleNotFoundError as error:
        if error.name != compiled:
            raise
        if wanted == "compiled":
            raise ImportError("PGPROXY_IMPL=compiled, but the kernel was not built") from error
        return "python", reference
    if built.REVISION == reference.REVISION:
        return "compiled", built
    if wanted == "compiled":
        raise ImportError("PGPROXY_IMPL=compiled, but the kernel is of an older build: reinstall")
    return "python", reference
