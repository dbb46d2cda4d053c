"""Sets up the peers in the user's cache, by pinned version: made beside its place and renamed into it, under a lock, so
that an interruption leaves nothing half done. Standard library only."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

from beside.console import say

# In process: gudhi (MIT), ripser.py (MIT), scikit-learn, faiss. giotto-ph (AGPL) only ever runs as its own process.
BASE_PINS = ("numpy==2.4.6", "scipy==1.17.1", "scikit-learn==1.9.1", "faiss-cpu==1.15.1", "gudhi==3.13.0",
             "ripser==0.6.15", "threadpoolctl==3.8.0")
GIOTTO_PINS = ("giotto-ph==0.2.4", "numpy==2.4.6", "scipy==1.17.1", "scikit-learn==1.9.1")
# alibi-detect (BSL) runs on Debian's torch, as its own process.
TORCH_PINS = ("alibi-detect==0.13.0", "numpy==1.26.4", "scipy==1.17.1", "scikit-learn==1.9.1")
TORCH_PACKAGES = ("python3-torch", "python3-venv")
BASE_PROBE = "import numpy, scipy, sklearn, faiss, pyRipser, gudhi._ripser_ext, threadpoolctl"
GIOTTO_PROBE = "import gph"
TORCH_PROBE = "from alibi_detect.cd import MMDDriftOnline; import torch"


class SetupError(Exception):
    """A peer that could not be set up; the message says why in one sentence."""


def cache_folder():
    root = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(root) / "cms" / "peers"


def run(command, log):
    """Runs a command with its output in the log; SetupError names command and log."""
    with open(log, "a", encoding="utf-8") as out:
        out.write(f"$ {' '.join(command)}\n")
        out.flush()
        try:
            code = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                  check=False).returncode
        except OSError as error:
            raise SetupError(f"{command[0]}: {error.strerror}") from error
    if code != 0:
        raise SetupError(f"`{' '.join(command[:4])} ...` failed, see {log}")


@contextlib.contextmanager
def locked(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def works(python, probe):
    return python.exists() and subprocess.run([python, "-c", probe], stdout=subprocess.DEVNULL,
                                              stderr=subprocess.DEVNULL, check=False).returncode == 0


def make_environment(name, python, options, pins, probe, size):
    """The python of the environment `name`, made if it is not there; its folder's name follows the pins."""
    stamp = hashlib.sha256("\n".join((python, *options, *pins)).encode()).hexdigest()[:8]
    folder = cache_folder() / f"{name}-{stamp}"
    interpreter = folder / "bin" / "python"
    if (folder / "ready").exists() and works(interpreter, probe):
        return interpreter
    say(f"  {name}: installing {', '.join(pins)} ({size}) into {folder}")
    log = cache_folder() / f"{name}.log"
    log.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    run([python, "-m", "venv", *options, str(folder)], log)
    run([str(interpreter), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *pins], log)
    if not works(interpreter, probe):
        raise SetupError(f"{name}: installed, but `{probe}` fails; see {log}")
    (folder / "ready").touch()
    return interpreter


def ensure_packages(names):
    """Debian packages of the second environment."""
    query = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *names], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False) if shutil.which(
                               "dpkg-query") else None
    if query is None:
        raise SetupError("this is not Debian, whose torch alibi-detect runs on")
    installed = {row.split()[1] for row in query.stdout.splitlines() if row.startswith("installed ")}
    missing = [name for name in names if name not in installed]
    if not missing:
        return
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    say(f"  torch: installing Debian's {', '.join(missing)} (150 MB)")
    log = cache_folder() / "packages.log"
    apt_get = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=600"]
    with contextlib.suppress(SetupError):
        run([*apt_get, "update"], log)
    run([*apt_get, "install", "-y", "--no-install-recommends", *missing], log)


def base_environment():
    with locked(cache_folder()):
        return make_environment("base", sys.executable, (), BASE_PINS, BASE_PROBE, "150 MB")


def giotto_environment():
    with locked(cache_folder()):
        return make_environment("giotto", sys.executable, (), GIOTTO_PINS, GIOTTO_PROBE, "100 MB")


def torch_environment():
    with locked(cache_folder()):
        ensure_packages(TORCH_PACKAGES)
        return make_environment("torch", "/usr/bin/python3", ("--system-site-packages",), TORCH_PINS, TORCH_PROBE,
                                "300 MB")
