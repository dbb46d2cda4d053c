"""What the tests of gateways share: the real daemon, an upstream that counts, the shipped configuration, the contract.

A gateway's test names its program and its files under examples/gateways; what must hold of every gateway is here.
"""

import http.client
import http.server
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("CMS_BIN", str(ROOT / "build" / "release" / "bin" / "cms"))
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("service", "cli", "front")]
import daemon_world  # noqa: E402
import peers  # noqa: E402
import program  # noqa: E402

EXAMPLES = ROOT / "examples" / "gateways"
FORGED = (("X-CMS-Tier", "forged"), ("X-CMS-Tier", "twice"), ("x-cms-decision", "forged"), ("X-CMS-Account", "forged"),
          ("X-CMS-Stale", "forged"))
COMPLETION = {"id": "1", "object": "chat.completion", "created": 1, "model": "model", "choices": [
    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yes"}}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}


class Upstream(http.server.ThreadingHTTPServer):
    """A model server that keeps what it was asked, and says the tier back, which no client may come to see."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.requests, self.go_on = [], threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self):
        """What came since it was last asked: (path, headers as pairs in lower case, body)."""
        taken, self.requests = self.requests, []
        return taken


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(iter(self.read_chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        self.server.requests.append((self.path, headers, body))
        self.send_response(200)
        self.send_header("X-CMS-Tier", "from the upstream")
        if self.path == "/stream":
            return self.stream()
        answer = json.dumps(COMPLETION).encode()
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def read_chunk(self):
        chunk = self.rfile.read(int(self.rfile.readline(), 16))
        self.rfile.readline()
        return chunk

    def stream(self):
        """One event, and the next only when the client says that it has the first."""
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"9\r\ndata: 1\n\n\r\n")
        self.wfile.flush()
        self.server.go_on.wait(10)
        self.wfile.write(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")

    def log_message(self, *_):
        pass


class Gateway:
    """A program in front of the upstream, its configuration made of a shipped one."""

    def __init__(self, world, command, files, token=None, more=()):
        """`files` under EXAMPLES; addresses, tenant and token are put in. `command(folder)` gives the words."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cms-gateway-"))
        self.port = daemon_world.free_port()
        token = token or world.daemon.tokens["reader"]
        put_in = {"127.0.0.1:8420": f"127.0.0.1:{world.daemon.port}",
                  "127.0.0.1:8000": f"127.0.0.1:{world.upstream_port}",
                  "port_value: 8421": f"port_value: {world.grpc}",
                  "port_value: 8000": f"port_value: {world.upstream_port}",
                  "port_value: 8080": f"port_value: {self.port}", "127.0.0.1:8080": f"127.0.0.1:{self.port}",
                  "http://:8080": f"http://:{self.port}",
                  "/run/cms_tiers.sock": f"{self.folder}/tiers.sock", "tenants/main": "tenants/t",
                  "tenant: main": "tenant: t", "cms_TOKEN": token, **dict(more)}
        for name in files:
            text = (EXAMPLES / name).read_text()
            for old, new in put_in.items():
                text = text.replace(old, new)
            (self.folder / pathlib.Path(name).name).write_text(text)
        self.token, self.command, self.process = token, command, None

    def start(self, seconds=60, **environment):
        self.log = open(self.folder / "gateway.log", "ab")
        words = self.command(self.folder)
        self.process = subprocess.Popen(list(map(str, words)), cwd=self.folder, stdout=self.log, stderr=self.log,
                                        env=os.environ | environment)
        for _ in range(seconds * 20):
            if self.process.poll() is not None:
                break
            try:
                http.client.HTTPConnection("127.0.0.1", self.port, timeout=5).connect()
                return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "gateway.log").read_text()[-4000:])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, key, headers=(), body=b'{"model":"model","messages":[]}', path="/v1/chat/completions"):
        """A client's request: (status, headers as pairs, body)."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        client.putrequest("POST", path)
        if key:
            client.putheader("Authorization", "Bearer " + key)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers):
            client.putheader(name, value)
        client.endheaders(body)
        answer = client.getresponse()
        with answer:
            return answer.status, answer.getheaders(), answer.read()


class GatewayTest(unittest.TestCase):
    """A daemon with accounts behind keys, an upstream; tests of one gateway are added by who inherits."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cms-gateways-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.grpc, self.batches = daemon_world.free_port(), 0
        self.daemon = daemon_world.Daemon(self.folder, self.atlas(), self.settings(), grpc=f"127.0.0.1:{self.grpc}")
        self.addCleanup(lambda: self.daemon.process and self.daemon.process.poll() is None and self.daemon.stop(9))
        self.daemon.start()
        self.upstream = Upstream()
        self.upstream_port = self.upstream.server_address[1]
        self.addCleanup(self.upstream.server_close)
        self.addCleanup(self.upstream.shutdown)

    def atlas(self):
        return program.fitted() / "atlas.cms"

    def settings(self):
        return "[gate]\nlimit_per_minute = 2\nreview_per_minute = 0\n"

    def start(self, gateway, **environment):
        gateway.start(**environment)
        self.addCleanup(gateway.stop)
        return gateway

    def key(self):
        return "sk-" + secrets.token_hex(16)

    def account_of(self, key):
        """The name of a key's account, as CMS says it to a gateway."""
        client = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=20)
        client.request("GET", "/v1/tenants/t/gateway/auth", headers={
            "Authorization": "Bearer " + key, "X-CMS-Token": self.daemon.tokens["reader"]})
        answer = client.getresponse()
        answer.read()
        return answer.getheader("X-CMS-Account")

    def key_at(self, action):
        """A new key whose account has traffic and stands at `action`."""
        key = self.key()
        self.fix(self.account_of(key), action)
        return key

    def fix(self, account, action):
        lines, model = traffic(account)
        self.batches += 1
        status, said = self.daemon.send(lines, model, self.batches)
        self.assertEqual((status, said["refused"]), (200, 0), said)
        self.override(account, action)

    def override(self, account, action):
        body = json.dumps({"action": action, "until": time.time() + 3600, "why": "a test"}).encode()
        status, said = self.daemon.ask("PUT", f"/v1/tenants/t/accounts/{account}/override", body, "analyst",
                                       (("Content-Type", "application/json"),))
        self.assertEqual(status, 200, said)

    def upstream_headers(self, name):
        """The values of a header in the one request that the upstream was sent."""
        taken = self.upstream.take()
        self.assertEqual(len(taken), 1)
        return [value for header, value in taken[0][1] if header == name]

    def assert_no_word_of_cms(self, answer):
        status, headers, body = answer
        self.assertEqual([name for name, _ in headers if name.lower().startswith("x-cms")], [])
        for word in (b"cms", b"limit", b"review", b"score", b"poh", b"account", b"key-"):
            self.assertNotIn(word, body.lower(), body)

    def assert_waits(self, answer):
        status, headers, body = answer
        self.assertEqual(status, 429, body)
        headers = {name.lower(): value for name, value in headers}
        self.assertRegex(headers["retry-after"], r"^[1-9][0-9]*$")
        self.assertTrue(headers["content-type"].startswith("application/problem+json"), headers)
        self.assertEqual(json.loads(body)["status"], 429)
        self.assert_no_word_of_cms(answer)


class Contract:
    """What holds of every gateway that CMS answers before each request. `gateway(token)` is given by who inherits."""

    def test_a_known_key_passes_with_its_tier_for_the_upstream_alone(self):
        gateway = self.start(self.gateway())
        key, body = self.key_at("price"), secrets.token_bytes(100_000)
        answer = gateway.send(key, body=body)
        self.assertEqual(answer[0], 200, answer)
        self.assert_no_word_of_cms((200, answer[1], b""))
        (path, headers, sent), = self.upstream.take()
        self.assertEqual((path, sent), ("/v1/chat/completions", body))
        cms = {name: value for name, value in headers if name.startswith("x-cms")}
        self.assertEqual((cms["x-cms-tier"], cms["x-cms-decision"]), ("price", "pass"))
        self.assertIn(("authorization", "Bearer " + key), headers)
        self.assertNotIn(gateway.token, str(headers))

    def test_who_is_limited_waits_after_the_allowance_and_the_upstream_is_not_asked(self):
        gateway = self.start(self.gateway())
        key = self.key_at("limit")
        answers = [gateway.send(key) for _ in range(4)]
        self.assertEqual([status for status, _, _ in answers], [200, 200, 429, 429])
        self.assertEqual(len(self.upstream.take()), 2)
        self.assert_waits(answers[2])
        self.assertEqual(gateway.send(self.key())[0], 200)
        self.assert_waits(gateway.send(self.key_at("review")))

    def test_clients_choose_neither_tier_nor_account(self):
        gateway = self.start(self.gateway())
        self.assertEqual(gateway.send(self.key(), FORGED)[0], 200)
        self.assertEqual(self.upstream_headers("x-cms-tier"), ["allow"])
        self.assertEqual(gateway.send(None, FORGED)[0], 200)
        (_, headers, _), = self.upstream.take()
        self.assertNotIn("forged", str(headers))
        blocked = self.key_at("review")
        others = (*FORGED, ("X-CMS-Api-Key", self.key()), ("X-CMS-Token", "none"))
        self.assert_waits(gateway.send(blocked, others))
        second = gateway.send(blocked, [("Authorization", "Bearer " + self.key())])
        self.assertIn(second[0], (400, 429), second)
        # More than CMS reads of a header: the gateway sends it less, or refuses it itself.
        self.assertIn(gateway.send(blocked, [(f"X-Much-{i}", "x" * 7000) for i in range(3)])[0], (429, 431))
        self.assertEqual(self.upstream.take(), [])

    def wait_until_it_stands_still(self, pid):
        """A signal that stops or ends a process takes its threads one by one."""
        def state(stat):
            try:
                return stat.read_text().rsplit(")", 1)[1].split()[0]
            except (FileNotFoundError, ProcessLookupError):  # a thread that ended meanwhile stands still
                return "X"

        for _ in range(1000):
            if all(state(stat) in "TZX" for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")):
                return
            time.sleep(0.005)
        self.fail("the daemon runs on")

    def test_serving_goes_on_without_the_daemon_and_decisions_come_back_with_it(self):
        gateway = self.start(self.gateway())
        blocked = self.key_at("review")
        self.assert_waits(gateway.send(blocked))
        for how in (signal.SIGSTOP, signal.SIGKILL):
            self.daemon.process.send_signal(how)
            self.wait_until_it_stands_still(self.daemon.process.pid)
            for _ in range(3):
                began = time.monotonic()
                answer = gateway.send(blocked, FORGED)
                self.assertEqual((answer[0], json.loads(answer[2])), (200, COMPLETION), answer)
                self.assertLess(time.monotonic() - began, 2)
                self.assert_no_word_of_cms((200, answer[1], b""))
        self.daemon.stop(signal.SIGKILL)
        for _, headers, _ in self.upstream.take():
            self.assertNotIn("forged", str(headers))
        self.daemon.start()
        for _ in range(100):  # until the gateway has connected again
            if gateway.send(blocked)[0] != 200:
                break
            time.sleep(0.1)
        self.assert_waits(gateway.send(blocked))

    def test_serving_goes_on_with_a_token_that_is_not_known(self):
        gateway = self.start(self.gateway("cms_" + "0" * 16 + "_" + "0" * 64))
        for _ in range(30):
            self.assertEqual(gateway.send(self.key())[0], 200)
        self.assertEqual(len(self.upstream.take()), 30)

    def test_streams_are_passed_on_as_they_come(self):
        gateway = self.start(self.gateway())
        client = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=8)
        client.request("POST", "/stream", b"{}", {"Authorization": "Bearer " + self.key()})
        answer = client.getresponse()
        self.assertEqual(answer.read(9), b"data: 1\n\n")
        self.upstream.go_on.set()
        self.assertEqual(answer.read(), b"data: 2\n\n")


def program_of(name, wanted, pattern):
    """Path of a program out of PyPI; skips the tests of a class where it cannot be had."""
    folder = peers.installed(name, wanted)
    found = next(folder.glob(pattern), None) if folder else None
    if found is None:
        raise unittest.SkipTest(f"{' '.join(wanted)} cannot be had from PyPI")
    return found


def traffic(account, count=3):
    """A few requests of the made-up world as lines for /activations, and the model they are of."""
    name = next(path.with_suffix("") for path in sorted(program.fitted().glob("*.npy"))
                if path.stem not in ("manifold", "benign", "calibrate"))
    manifest = json.loads(name.with_suffix(".manifest.json").read_text())
    rows = daemon_world.read_npy(name.with_suffix(".npy"))
    lines = [{"account": account, "time": time.time() - count + i, "vector": next(rows)} for i in range(count)]
    return lines, "/".join((manifest["model_name"], manifest["layer"], manifest["pooling"]))


def main(what):
    """Runs the tests of the calling script; with --json prints one goal line."""
    as_json = "--json" in sys.argv
    tests = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(tests)
    bad, asked = len(result.failures) + len(result.errors), result.testsRun - len(result.skipped)
    if as_json:
        print(json.dumps({"what": f"{what}: decisions applied, share of checks", "goal": "1",
                          "figure": (asked - bad) / asked if asked else None, "holds": not bad if asked else None}))
    sys.exit(bad > 0)
