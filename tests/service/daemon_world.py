"""The daemon that tests of it start: its folder, its words, what it answers."""

import ast
import json
import os
import pathlib
import re
import resource
import secrets
import signal
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "cli"), str(ROOT / "tests" / "service")]
import program  # noqa: E402  (the world that tests/cli fits)
from proving import free_port, settings  # noqa: E402

CMS = os.environ.get("CMS_BIN", "")
MODEL = os.environ.get("CMS_MODEL", "")
# Times of the sets begin near 0, which the daemon's clock refuses; a whole number keeps their differences.
BASE_S = int(time.time()) - 100_000


def let_dumps_come(folder, add_cleanup):
    """Core dumps as large as may be, in this folder, where most patterns put them: what a daemon does about its own is
    under test."""
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    add_cleanup(os.chdir, os.getcwd())
    os.chdir(folder)


class Daemon:
    """`cms serve` over a folder."""

    def __init__(self, folder, atlas, more="", grpc=""):
        self.folder, self.port = folder, free_port()
        key = folder / "t.key"
        key.write_text(secrets.token_hex(32) + "\n")
        key.chmod(0o600)
        self.tokens = {role: self.token(role) for role in ("tap", "reader", "analyst", "admin")}
        self.policy = folder / "policy.toml"
        self.policy.write_text("[policy]\n")
        self.config = folder / "cms.toml"
        self.config.write_text(settings(self.port, grpc, atlas) + f"""
[policy]
file = "policy.toml"
[events]
file = "events.jsonl"
{more}
""")
        self.process = None

    def token(self, role):
        done = program.run("token", "--role", role, "--tenant", "*", "--file", self.folder / "tokens")
        return re.search(rb"cms_\w+", done.stdout).group().decode()

    def start(self, answers=None, files=None):
        """`answers` says whether it does; by default that it is ready. `files`: how many may be open, soft and hard."""
        answers = answers or (lambda: self.ask("GET", "/readyz", role=None)[0] == 200)
        self.log = open(self.folder / "log", "ab")
        limit = files and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, files))
        self.process = subprocess.Popen([CMS, "serve", "--config", str(self.config)], stdout=self.log, stderr=self.log,
                                        preexec_fn=limit)
        for _ in range(3000):
            if self.process.poll() is not None:
                raise AssertionError((self.folder / "log").read_text())
            try:
                if answers():
                    return self
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError("not ready: " + (self.folder / "log").read_text())

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=180)
        self.log.close()
        return code

    def ask(self, method, path, body=None, role="reader", headers=()):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, method=method)
        if role:
            request.add_header("Authorization", "Bearer " + self.tokens[role])
        for name, value in headers:
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def send(self, lines, model, sequence, kind="activations"):
        status, body = self.ask("POST", f"/v1/tenants/t/{kind}", "\n".join(map(json.dumps, lines)).encode(), "tap", (
            ("Content-Type", "application/x-ndjson"), ("Cms-Model", model), ("Cms-Producer", "test"),
            ("Cms-Epoch", "1"), ("Cms-Sequence", str(sequence))))
        return status, json.loads(body)

    def guardrail(self, key, text):
        """What LiteLLM asks before a request of this key."""
        question = {"input_type": "request", "texts": [text], "request_data": {"user_api_key_hash": key}}
        status, body = self.ask("POST", "/v1/tenants/t/gateway/litellm/beta/litellm_basic_guardrail_api",
                                json.dumps(question).encode(), "tap", (("Content-Type", "application/json"),))
        return status, json.loads(body)

    def account(self, name):
        status, body = self.ask("GET", f"/v1/tenants/t/accounts/{urllib.request.quote(name, safe='')}")
        return json.loads(body) if status == 200 else None


def assert_in_no_file(test, folder, *secret):
    """The store, the log and the events file are among them."""
    seen = [path for path in folder.rglob("*") if path.is_file() and path.name not in ("tokens", "cms.toml")]
    test.assertLessEqual({"log", "events.jsonl"}, {path.name for path in seen})
    for path in seen:
        content = path.read_bytes()
        for piece in secret:
            test.assertNotIn(piece, content, path)


def float32(value):
    return struct.pack("<f", value)


def read_npy(path):
    """Rows of a little-endian float32 or float16 matrix as Python floats."""
    content = path.read_bytes()
    length = struct.unpack("<H", content[8:10])[0]
    header = ast.literal_eval(content[10:10 + length].decode())
    letter, size = ("e", 2) if header["descr"] == "<f2" else ("f", 4)
    rows_count, columns = header["shape"]
    at = 10 + length
    for _ in range(rows_count):
        yield list(struct.unpack(f"<{columns}{letter}", content[at:at + columns * size]))
        at += columns * size
