"""A real daemon on a free port, with an atlas of noise, and what drives it: what the proofs of this folder share.

Programs are taken from CMS_BIN, CMS_SERVICE_LOAD and CMS_SERVICE_DAEMON, else from build/release/bin.
"""

import json
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release" / "bin"
CMS = os.environ.get("CMS_BIN", str(BUILD / "cms"))
LOAD = os.environ.get("CMS_SERVICE_LOAD", str(BUILD / "cms_service_load"))
DAEMON = os.environ.get("CMS_SERVICE_DAEMON", str(BUILD / "cms_service_daemon"))
DIMENSION = 1536
READY_S = 60
CORES = sorted(os.sched_getaffinity(0))
TRAFFIC = ("--accounts", 40, "--batch", 16)
STARTED = []  # daemons


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def on(cores):
    return lambda: os.sched_setaffinity(0, cores)


def settings(http, grpc, atlas):
    """The configuration that every daemon under test begins with: what it listens to, and where its files lie."""
    return f"""
[atlas]
file = "{atlas}"
[serve]
http = "127.0.0.1:{http}"
grpc = "{grpc}"
tokens = "tokens"
[store]
path = "store"
snapshots = "snapshots"
[tenants.t]
key_file = "t.key"
[pipeline]
"""


class World:
    """A folder with everything a daemon needs, and the daemon, which runs on `cores`."""

    def __init__(self, folder, dimension=DIMENSION, pipeline="", fleet=None, cores=CORES):
        self.folder, self.fleet, self.cores = folder, fleet, cores
        self.http, self.grpc = free_port(), free_port()
        self.atlas = folder / "atlas.cms"
        self.start_time = time.time() - 3600
        folder.mkdir(exist_ok=True)
        run(LOAD, "make", "--atlas", self.atlas, "--fleet", folder / "fleet.cms", "--dimension", dimension)
        self.dimension = dimension
        self.key = folder / "t.key"
        self.key.write_text(secrets.token_hex(32) + "\n")
        self.key.chmod(0o600)
        self.tokens = folder / "tokens"
        self.tap = self.token("tap")
        self.reader = self.token("reader")
        self.config = folder / "cms.toml"
        calibrated = "" if fleet is None else f'[fleet]\ncalibration = "fleet.cms"\n{fleet}\n'
        self.config.write_text(settings(self.http, f"127.0.0.1:{self.grpc}", "atlas.cms") + f"{pipeline}\n{calibrated}")
        self.process = None

    def limit_memory(self, limits_mb):
        text = self.config.read_text().replace('path = "store"', f'path = "store"\nmemory_mb = {limits_mb["store"]}')
        self.config.write_text(text.replace("[serve]", f"[serve]\nbodies_mb = {limits_mb['serve']}\nbody_mb = 16"))

    def token(self, role):
        said = run(CMS, "token", "--role", role, "--tenant", "*", "--file", self.tokens)
        return re.search(r"cms_\w+", said).group()

    def spawn(self, *command):
        """Starts the daemon, and does not wait for it."""
        log = open(self.folder / "daemon.log", "ab")
        self.process = subprocess.Popen([str(word) for word in command or (CMS, "serve", "--config", self.config)],
                                        stdout=log, stderr=log, preexec_fn=on(self.cores))
        STARTED.append(self.process)

    def start(self, *command):
        """Starts the daemon and returns after how many seconds its port answered."""
        began = time.monotonic()
        self.spawn(*command)
        while time.monotonic() - began < READY_S:
            if self.process.poll() is not None:
                raise RuntimeError("the daemon ended:\n" + self.log())
            try:
                socket.create_connection(("127.0.0.1", self.grpc), timeout=0.2).close()
                return time.monotonic() - began
            except OSError:
                time.sleep(0.01)
        raise RuntimeError("the daemon is not ready:\n" + self.log())

    def log(self):
        return (self.folder / "daemon.log").read_text(errors="replace")[-2000:]

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(timeout=READY_S)

    def kill(self):
        """Raises where it ended by itself before: such an end is none of our kills."""
        ended = self.stop(signal.SIGKILL)
        if ended != -signal.SIGKILL:
            raise RuntimeError(f"the daemon ended by itself, with {ended}:\n" + self.log())

    def words(self, *more, producer="tap"):
        return [LOAD, more[0], "--address", f"127.0.0.1:{self.grpc}", "--token", self.tap, "--producer", producer,
                "--dimension", str(self.dimension), "--start-time", str(self.start_time), *map(str, more[1:])]

    def check(self, acked, *more):
        """Every acknowledged batch once, each account as the pure step has it."""
        done = subprocess.run([str(word) for word in (
            LOAD, "check", "--atlas", self.atlas, "--store", self.folder / "store", "--key", self.key, "--acked", acked,
            "--dimension", self.dimension, "--start-time", self.start_time, *more)], capture_output=True, text=True)
        if not done.stdout:
            raise RuntimeError("check: " + done.stderr)
        return json.loads(done.stdout)

    def get(self, path):
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}",
                                         headers={"Authorization": f"Bearer {self.reader}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    def metric(self, name):
        text = self.get("/metrics")
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                if line.startswith(name)}

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self, which="VmRSS"):  # VmHWM: the greatest since it started
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(re.search(which + r":\s+(\d+)", status).group(1))


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{words[0]} {words[1]}: {done.stderr}")
    return done.stdout


def kill_started():
    """What a proof that failed left running."""
    for process in STARTED:
        if process.poll() is None:
            process.kill()


def goal(what, figure, target, holds):
    return {"what": what, "figure": figure, "goal": target, "holds": holds}


def exact(what, figure, target, holds):
    """A goal that no busy machine excuses: where it does not hold, the proof fails."""
    return goal(what, figure, target, holds) | {"exact": True}
