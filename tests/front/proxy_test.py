"""Proxy mode in front of the real server of llama-cpp-python, called by the real openai client."""

import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "service"), str(ROOT / "tests" / "cli")]
import peers  # noqa: E402
import program  # noqa: E402
from daemon_world import Daemon, assert_in_no_file, free_port, let_dumps_come  # noqa: E402

MODEL = os.environ.get("CMS_MODEL", "")
LLAMA = os.environ.get("CMS_LLAMA_DIR", "")


def shipped_atlas(folder):
    """An atlas of the shipped prompts, fitted with the real model, and that model's file."""
    subprocess.run(["bash", ROOT / "tools/quickstart/main_job.sh", "--shipped"], check=True,
                   env=os.environ | {"CMS_QUICKSTART_DIR": str(folder)}, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return folder / "atlas.cms", program.run("model", "prepare", "--model", MODEL).stdout.decode().splitlines()[-1]


@unittest.skipUnless(program.PROGRAM and MODEL and LLAMA, "needs the program, a model and llama.cpp; ctest names them")
class ProxyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.python = peers.python()
        if cls.python is None:
            raise unittest.SkipTest("PyPI's openai and llama-cpp-python cannot be installed here")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="cms-proxy-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        let_dumps_come(cls.folder, cls.addClassCleanup)
        atlas, cls.model = shipped_atlas(cls.folder)
        cls.upstream, cls.proxy = free_port(), free_port()
        cls.daemon = Daemon(cls.folder, atlas, f"""
[tap]
model = "{cls.model}"
[proxy]
upstream = "http://127.0.0.1:{cls.upstream}"
listen = "127.0.0.1:{cls.proxy}"
[gate]
limit_per_minute = 0
""").start()
        cls.addClassCleanup(lambda: cls.daemon.stop(signal.SIGKILL))

    def url(self, port):
        return f"http://127.0.0.1:{port}"

    def accounts(self):
        status, body = self.daemon.ask("GET", "/v1/tenants/t/accounts")
        self.assertEqual(status, 200)
        return {one["account"]: one for one in json.loads(body)["accounts"]}

    def wait_until(self, holds):
        for _ in range(600):
            if holds():
                return
            time.sleep(0.05)
        self.fail("it did not come to that")

    def metric(self, name):
        text = self.daemon.ask("GET", "/metrics", role="admin")[1].decode()
        return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

    def openai(self, script, *words):
        done = subprocess.run([self.python, "-c", script, *words], capture_output=True, timeout=120, check=False)
        return (done.stdout + done.stderr).decode()

    def test_clients_see_what_they_would_see_without_it(self):
        with peers.llama_server(self.python, LLAMA, self.model, self.upstream):
            done = subprocess.run([self.python, ROOT / "tests/front/proxy_client.py", self.url(self.proxy),
                                   self.url(self.upstream)], capture_output=True, timeout=300, check=False)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            seen = json.loads(done.stdout)
            for what in ("models", "whole", "streamed", "slowly", "broken", "huge"):
                self.assertEqual(seen[what][0], seen[what][1], what)
            self.assertGreater(len(seen["streamed"][0]), 4)
            self.assertGreaterEqual(seen["broken"][0], 400)
            # A generation of 800 tokens that went on unread would hold the one model for a minute.
            self.assertLess(seen["after_hang_up_s"], 20)
            # The careful account asked its question several times.
            self.wait_until(lambda: any(one.get("requests", 0) >= 1 for one in self.accounts().values()))
            self.assertTrue(all(name.startswith("key-") for name in self.accounts()))
            self.assertGreaterEqual(self.metric('cms_proxy_results_total{result="hung_up"}'), 1)
            self.assertGreaterEqual(self.metric("cms_proxy_oversized_total"), 1)
            canary = "canary-prompt-" + secrets.token_hex(8)
            known = len(self.accounts())
            said = self.openai("import openai, sys\nprint(openai.OpenAI(base_url=sys.argv[1], api_key='sk-canary')."
                               "completions.create(model='small', prompt=f'How is {sys.argv[2]} spelt?', max_tokens=1)"
                               ".object)", self.url(self.proxy) + "/v1", canary)
            self.assertIn("text_completion", said)
            self.wait_until(lambda: len(self.accounts()) > known)
            self.limited()
        # The server is gone: said at once, and as an error that the client knows.
        started = time.monotonic()
        said = self.openai("import openai, sys\ntry:\n  openai.OpenAI(base_url=sys.argv[1], api_key='sk-x', "
                           "max_retries=0).models.list()\nexcept openai.InternalServerError as e:\n"
                           "  print(e.status_code, e.code)", self.url(self.proxy) + "/v1")
        self.assertIn("502 upstream_unavailable", said)
        self.assertLess(time.monotonic() - started, 20)
        self.daemon.stop(signal.SIGSEGV)
        assert_in_no_file(self, self.folder, canary.encode(), b"sk-canary")

    def limited(self):
        """An account that an analyst limits is told to wait, by the error that the client knows."""
        name = max(self.accounts().items(), key=lambda one: one[1].get("requests", 0))[0]
        status, _ = self.daemon.ask("PUT", f"/v1/tenants/t/accounts/{name}/override", json.dumps(
            {"action": "limit", "until": time.time() + 3600, "why": "test"}).encode(), "analyst",
            (("Content-Type", "application/json"),))
        self.assertEqual(status, 200)
        said = self.openai("import openai, sys\nfor key in ('sk-careful', 'sk-other'):\n  try:\n    print(key, openai."
                           "OpenAI(base_url=sys.argv[1], api_key=key, max_retries=0).models.list().data[0].id)\n"
                           "  except openai.RateLimitError as e:\n"
                           "    print(key, e.status_code, e.code, int(e.response.headers['retry-after']) > 0)",
                           self.url(self.proxy) + "/v1")
        self.assertIn("sk-careful 429 rate_limit_exceeded True", said)
        self.assertIn("sk-other small", said)


if __name__ == "__main__":
    unittest.main()
