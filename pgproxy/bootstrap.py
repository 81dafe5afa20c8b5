"""From a bare Python to a running command: makes ``.venv`` in the checkout and goes on inside it.

Standard library only, and written so that an older Python can at least read it and say what it
needs.  An installed package never comes here past the first line of ``ensure``; neither does a
checkout whose interpreter has every requirement.  Nothing outside the checkout is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import hashlib
import os
from pathlib import Path
import re
import shutil
import signal
import subprocess
import sys
import time
from types import FrameType

NEEDED = (3, 11)
CHECKOUT = Path(__file__).resolve().parent.parent
# what, when changed, makes the environment stale
_INPUTS = (
    "pyproject.toml",
    "pgproxy/_build.py",
    "pgproxy/wire/_kernel.pyx",
    "pgproxy/analysis/_trees.pyx",
)
_AGAIN = "PGPROXY_BOOTSTRAPPED"
_OFFLINE = re.compile(
    r"NewConnectionError|Max retries|name resolution|Network is unreachable|ConnectTimeout"
    r"|No matching distribution|ProxyError|Connection refused|dns error|error sending request"
)


class Failed(Exception):
    """Set-up cannot go on; the message says what to do."""


def ensure(extra: str, module: str = "pgproxy") -> None:
    """Return where the requirements of ``extra`` are met; otherwise replace this process by the
    same command, ``python -m module …``, in an environment where they are."""
    if not (CHECKOUT / "pyproject.toml").is_file():
        return
    again = os.environ.pop(_AGAIN, "")
    place = Environment(CHECKOUT / ".venv")
    # the environment of our making is judged by its stamp, any other by what is installed
    if place.active and place.ours:
        met = place.fresh(extra)
    else:
        met = sys.version_info >= NEEDED and not missing(extra)
    if met:
        return
    try:
        if again:
            raise Failed(f"{place.path} does not work: remove it and try again")
        place.make(extra)
    except Failed as error:
        print(f"pgproxy: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("\npgproxy: interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    os.environ[_AGAIN] = "1"
    sys.stdout.flush()
    os.execv(place.python, [str(place.python), "-m", module, *sys.argv[1:]])


def requirements(extra: str) -> Iterator[str]:
    """The checkout's requirements, those of the extra and of the extras it names included."""
    import tomllib

    with (CHECKOUT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    yield from project["dependencies"]
    queue = [extra] if extra else []
    while queue:
        for requirement in project["optional-dependencies"][queue.pop()]:
            inner = re.fullmatch(r"pgproxy\[(\w+)\]", requirement)
            if inner:
                queue.append(inner[1])
            else:
                yield requirement


def missing(extra: str) -> str:
    """The first requirement that this interpreter does not meet, '' when all are met."""
    from importlib.metadata import PackageNotFoundError, version

    for requirement in requirements(extra):
        parts = re.match(r"([\w.-]+)(?:\[\w+\])?(?:>=([\d.]+))?", requirement)
        if parts is None:
            return requirement
        try:
            installed = version(parts[1])
        except PackageNotFoundError:
            return requirement
        if _numbers(installed) < _numbers(parts[2] or ""):
            return requirement
    return ""


def _numbers(version: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", version)[:3]]


class Environment:
    """The checkout's virtual environment, with a stamp that says what it was made from."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.python = path / "bin" / "python"
        self._stamp = path / "pgproxy-stamp"

    @property
    def active(self) -> bool:
        """Whether this very process runs in it."""
        return Path(sys.prefix).resolve() == self.path.resolve()

    @property
    def ours(self) -> bool:
        """Whether it was made here, and not by the user."""
        return self._stamp.is_file()

    def fresh(self, extra: str) -> bool:
        """Whether it stands complete, for this extra and the files as they are now."""
        lines = self._stamp.read_text().split("\n") if self.ours else []
        return bool(lines) and lines[0] == _fingerprint() and extra in lines[1:]

    def make(self, extra: str) -> None:
        """Create or refresh it; instant when nothing has changed."""
        if self.fresh(extra) and self.python.exists():
            return
        if not os.access(CHECKOUT, os.W_OK):
            raise Failed(f"cannot write to {CHECKOUT}; use a checkout of your own")
        with _one_at_a_time(), _stoppable():
            if self.fresh(extra) and self.python.exists():
                return
            base, show = base_python(), Progress()
            show.step(f"setting up {self.path}, once; this takes a minute")
            installer = self._create(base, show)
            self._install(installer, extra, show)
            show.done(f"{self.path} is ready{_kernel_note(self.python)}")

    def _create(self, base: str, show: Progress) -> list[str]:
        """Make the bare environment; the command that installs into it."""
        own_pip = [str(self.python), "-m", "pip"]
        if self.python.exists() and _works([*own_pip, "--version"]):
            return own_pip
        if self.path.exists() and not self.ours:
            raise Failed(f"{self.path} is not ours and has no working pip: move it away")
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        self._stamp.write_text("unfinished\n")
        show.step("making the virtual environment")
        if _works([base, "-m", "venv", str(self.path)]):
            return own_pip
        # Debian leaves ensurepip out of its Python; these do without it
        bare = _works([base, "-m", "venv", "--without-pip", str(self.path)])
        if bare and _works([base, "-m", "pip", "--python", str(self.python), "--version"]):
            return [base, "-m", "pip", "--python", str(self.python)]
        if _works([base, "-m", "virtualenv", "--quiet", str(self.path)]):
            return own_pip
        if bare and (uv := shutil.which("uv")):
            return [uv, "pip", "--python", str(self.python)]
        raise Failed(
            f"{base} cannot make a virtual environment with pip; install its venv package "
            f"(Debian, Ubuntu: apt install python3-venv) or uv, and try again"
        )

    def _install(self, installer: list[str], extra: str, show: Progress) -> None:
        """Install the checkout, editable, with the extra and those it had before."""
        extras = [extra, *self._extras()]
        target = f"{CHECKOUT}[{','.join(dict.fromkeys(extras))}]"
        options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        if installer[0].endswith("uv"):
            options = ["--no-progress"]
            installer = [*installer[:2], "install", *installer[2:]]
        else:
            installer = [*installer, "install"]
            options += ["--retries", "2", "--no-warn-script-location"]
        temporary = self.path / "tmp"
        temporary.mkdir(exist_ok=True)
        said: list[str] = []
        try:
            code = _run([*installer, *options, "-e", target], temporary, said, show)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        if code != 0:
            raise Failed(_explain(said, code))
        self._stamp.write_text("\n".join([_fingerprint(), *dict.fromkeys(extras)]))

    def _extras(self) -> list[str]:
        known = ("demo", "dev")
        return [
            line
            for line in (self._stamp.read_text() if self.ours else "").split("\n")[1:]
            if line in known
        ]


class Progress:
    """One line that changes on a terminal; a line a step elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._began = time.monotonic()

    def step(self, text: str) -> None:
        """What happens now."""
        if self._live:
            width = max(20, shutil.get_terminal_size().columns - 1)
            line = f"pgproxy: {time.monotonic() - self._began:3.0f} s  {text}"
            print(f"\r\033[K{line[:width]}", end="", file=sys.stderr, flush=True)
        else:
            print(f"pgproxy: {text}", file=sys.stderr, flush=True)

    def detail(self, text: str) -> None:
        """A sub-step: on a terminal only."""
        if self._live:
            self.step(text)

    def done(self, text: str) -> None:
        """The last line, which stays."""
        self.step(f"{text} ({time.monotonic() - self._began:.0f} s)")
        if self._live:
            print(file=sys.stderr)


def base_python() -> str:
    """An interpreter that is new enough: this one, else one on PATH."""
    if sys.version_info >= NEEDED:
        # from inside an environment: what that was made from, since it may be about to go
        inside = sys.prefix != sys.base_prefix
        return os.path.realpath(sys.executable) if inside else sys.executable
    for minor in range(NEEDED[1] + 4, NEEDED[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        # a name on PATH may be a version manager's stand-in for what is not installed
        if found and _works([found, "-c", "import venv"]):
            return found
    raise Failed(f"needs Python {NEEDED[0]}.{NEEDED[1]} or newer; this is {sys.version.split()[0]}")


def _fingerprint() -> str:
    """Of what the environment was made from; the place too, which an editable install holds."""
    digest = hashlib.sha256(str(CHECKOUT).encode())
    for name in _INPUTS:
        path = CHECKOUT / name
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def _kernel_note(python: Path) -> str:
    """A loud word where the wire kernel was not compiled."""
    ask = "import pgproxy.wire.kernel as kernel; print(kernel.IMPLEMENTATION)"
    command = [str(python), "-c", ask]
    env = {name: value for name, value in os.environ.items() if name != "PGPROXY_IMPL"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if done.stdout.strip() != "python":
        return ""
    return "; but this is the SLOW build: a C compiler and Python's headers make it fast"


def _works(command: list[str]) -> bool:
    null = subprocess.DEVNULL
    done = subprocess.run(command, stdin=null, stdout=null, stderr=null, check=False)
    return done.returncode == 0


def _run(command: list[str], temporary: Path, said: list[str], show: Progress) -> int:
    """Run the installer, showing what it is at; its words are kept in ``said``."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "TMPDIR": str(temporary)},
        # Ctrl-C reaches us alone, and we stop the installer with all it has started
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        show.step("installing the packages")
        for line in process.stdout:
            said.append(line.rstrip())
            if re.match(r"Collecting|Building|Installing|Preparing", line.strip()):
                show.detail(line.strip())
        return process.wait()
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    for signum in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is not None:
            break
        os.killpg(process.pid, signum)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue
    if process.stdout is not None:
        process.stdout.close()


def _explain(said: list[str], code: int) -> str:
    if any(_OFFLINE.search(line) for line in said):
        return (
            "no package index can be reached, and set-up needs one the first time; "
            "check the network, or name a mirror in PIP_INDEX_URL"
        )
    return "\n".join([*said[-25:], f"installing the packages failed ({code})"])


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two commands started at once must not build the same environment."""
    import fcntl

    directory = os.open(CHECKOUT, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM and SIGHUP stop the set-up as Ctrl-C does, instead of orphaning the installer."""

    def stop(_signum: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {signum: signal.signal(signum, stop) for signum in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
