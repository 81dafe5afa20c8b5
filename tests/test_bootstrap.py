"""From a bare Python to a running command: once slow, then instant, and never a mess."""

import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import time

import pytest

from pgproxy import bootstrap

ROOT = Path(__file__).resolve().parent.parent

# Stands in for the real installer: an index is no part of a test.
_PIP = """
import os, sys, time
if "--version" in sys.argv:
    print("pip 99")
    raise SystemExit
open(os.environ["PIP_LOG_FILE"], "a").write(" ".join(sys.argv[1:]) + "\\n")
print("Collecting something")
if os.environ.get("PIP_DOES") == "hang":
    print(os.getpid(), file=open(os.environ["PIP_LOG_FILE"] + ".pid", "w"), flush=True)
    time.sleep(60)
if os.environ.get("PIP_DOES") == "offline":
    sys.exit("WARNING: Retrying: NewConnectionError(...): [Errno -2] Name or service not known")
if os.environ.get("PIP_DOES") == "fail":
    sys.exit("error: the words of the installer")
"""

# venv without the three seconds that its pip takes; the installer above stands in for that
_VENV = """
import os, sys
sys.path = [p for p in sys.path if not p.endswith("fake")]
del sys.modules["venv"]
import venv
sys.exit(venv.main(["--without-pip", *sys.argv[1:]]))
"""

_PYPROJECT = """
[project]
name = "pgproxy"
dependencies = ["no-such-package-of-pgproxy>=1"]
[project.optional-dependencies]
demo = ["no-such-database>=1"]
dev = ["pgproxy[demo]", "no-such-tool"]
"""


class Checkout:
    """A checkout in a folder with a space in its name, with an installer that only notes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path.parent / "pip.log"
        (path / "pgproxy").mkdir(parents=True)
        (path / "pgproxy" / "__init__.py").write_text("")
        (path / "pyproject.toml").write_text(_PYPROJECT)
        shutil.copy(ROOT / "pgproxy" / "bootstrap.py", path / "pgproxy")
        (path / "pgproxy" / "__main__.py").write_text(
            "import sys\nfrom pgproxy.bootstrap import ensure\nensure('demo')\n"
            "print('in', sys.prefix, sys.argv[1:])\n"
        )
        for name, text in (("pip", _PIP), ("venv", _VENV)):
            fake = path.parent / "fake" / name
            fake.mkdir(parents=True)
            (fake / "__init__.py").write_text("")
            (fake / "__main__.py").write_text(text)

    def environment(self, does: str = "") -> dict[str, str]:
        """With the installer that notes in front of the real one."""
        extra = {"PIP_LOG_FILE": str(self.log), "PIP_DOES": does}
        return {**os.environ, "PYTHONPATH": str(self.path.parent / "fake"), **extra}

    def run(self, *arguments: str, does: str = "") -> subprocess.CompletedProcess[str]:
        """``python -m pgproxy`` in it, by an interpreter that has none of the requirements."""
        return subprocess.run(
            [sys.executable, "-m", "pgproxy", *arguments],
            cwd=self.path,
            env=self.environment(does),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @property
    def installs(self) -> list[str]:
        """The installer's command lines so far."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "a check out")


def test_the_command_goes_on_inside_its_own_environment(checkout: Checkout) -> None:
    shutil.rmtree(checkout.path.parent / "fake" / "venv")  # the real one, once
    done = checkout.run("demo", "--port", "7", "two words")
    assert done.returncode == 0, done.stderr
    assert f"in {checkout.path / '.venv'} ['demo', '--port', '7', 'two words']" in done.stdout
    assert checkout.installs[-1].endswith(f"-e {checkout.path}[demo]")


def test_a_second_run_installs_nothing(checkout: Checkout) -> None:
    checkout.run()
    done = checkout.run("again")
    assert done.stdout.endswith("['again']\n")
    assert done.stderr == ""
    assert len(checkout.installs) == 1


def test_changed_requirements_are_installed(checkout: Checkout) -> None:
    checkout.run()
    (checkout.path / "pyproject.toml").write_text(_PYPROJECT + "# changed\n")
    assert checkout.run().returncode == 0
    assert len(checkout.installs) == 2


def test_a_moved_checkout_is_set_up_again(checkout: Checkout) -> None:
    checkout.run()
    checkout.path = checkout.path.rename(checkout.path.parent / "moved away")
    done = checkout.run()
    assert f"in {checkout.path / '.venv'}" in done.stdout
    assert len(checkout.installs) == 2


def test_another_extra_keeps_the_first(checkout: Checkout) -> None:
    checkout.run()
    main = checkout.path / "pgproxy" / "__main__.py"
    main.write_text(main.read_text().replace("'demo'", "'dev'"))
    checkout.run()
    assert checkout.installs[-1].endswith("[dev,demo]")


def test_debian_s_python_without_ensurepip_serves_too(checkout: Checkout) -> None:
    venv = checkout.path.parent / "fake" / "venv" / "__main__.py"
    refuse = "import sys\nif '--without-pip' not in sys.argv: sys.exit('no ensurepip')\n"
    venv.write_text(refuse + _VENV)
    assert checkout.run().returncode == 0
    assert len(checkout.installs) == 1


def test_a_python_that_can_make_no_environment_is_told_what_to_install(
    checkout: Checkout,
) -> None:
    (checkout.path.parent / "fake" / "venv" / "__main__.py").write_text("raise SystemExit(1)")
    virtualenv = checkout.path.parent / "fake" / "virtualenv.py"
    virtualenv.write_text("raise SystemExit(1)")
    done = checkout.run()
    assert done.returncode == 2
    assert "apt install python3-venv" in done.stderr


def test_no_network_is_told_in_one_sentence(checkout: Checkout) -> None:
    done = checkout.run(does="offline")
    assert done.returncode == 2
    assert "no package index can be reached" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_failure_is_told_with_the_installers_words_and_tried_again(checkout: Checkout) -> None:
    done = checkout.run(does="fail")
    assert done.returncode == 2
    assert "the words of the installer" in done.stderr
    assert checkout.run().returncode == 0


def test_an_environment_of_the_users_own_is_not_thrown_away(checkout: Checkout) -> None:
    own = checkout.path / ".venv"
    own.mkdir()
    (own / "precious").write_text("")
    done = checkout.run()
    assert done.returncode == 2
    assert "is not ours" in done.stderr
    assert (own / "precious").exists()


def test_a_broken_environment_of_ours_is_made_anew(checkout: Checkout) -> None:
    checkout.run()
    (checkout.path / ".venv" / "bin" / "python").unlink()
    assert checkout.run().returncode == 0


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_set_up_takes_its_installer_along(
    checkout: Checkout, signum: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "pgproxy"],
        cwd=checkout.path,
        env=checkout.environment("hang"),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        note = Path(f"{checkout.log}.pid")
        deadline = time.monotonic() + 60
        while not (note.exists() and note.read_text().strip()) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signum)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert not Path(f"/proc/{note.read_text().strip()}").exists()


def test_an_installed_package_never_bootstraps(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "CHECKOUT", tmp_path)
    monkeypatch.setattr(bootstrap.Environment, "make", lambda *_: pytest.fail("set up"))
    bootstrap.ensure("demo")


def test_an_interpreter_with_everything_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.Environment, "make", lambda *_: pytest.fail("set up"))
    bootstrap.ensure("dev")


def test_a_requirement_that_is_too_old_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["pytest>=7.0", "hypothesis>=9999.1"]\n'
    )
    monkeypatch.setattr(bootstrap, "CHECKOUT", tmp_path)
    assert bootstrap.missing("") == "hypothesis>=9999.1"


def test_an_older_python_is_told_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "NEEDED", (3, 99))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(bootstrap.Failed, match=r"needs Python 3\.99"):
        bootstrap.base_python()


def test_it_imports_nothing_but_the_standard_library() -> None:
    code = "import sys; import pgproxy.bootstrap; print(*sys.modules, sep='\\n')"
    said = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    rooms = {name.split(".")[0] for name in said.split()} - {"pgproxy", "__main__"}
    assert rooms <= sys.stdlib_module_names
