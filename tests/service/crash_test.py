"""A daemon that crashes: nothing of what it was fed, over HTTP or gRPC, comes into a core dump or any other file."""

import json
import os
import pathlib
import random
import resource
import secrets
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon_world import (Daemon, assert_in_no_file, float32, free_port, let_dumps_come, program,  # noqa: E402
                         read_npy)
import world  # noqa: E402  (of tests/cli, which daemon_world has put on the path)

LOAD = os.environ.get("CMS_SERVICE_LOAD", "")
CORE_PATTERN = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()


def crash(process):
    """Whether the kernel dumped its memory, to whatever core_pattern says: a file, or a program behind a pipe."""
    process.send_signal(signal.SIGSEGV)
    how = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    process.wait()
    return (how.si_code, how.si_status) == (os.CLD_DUMPED, signal.SIGSEGV)


class CrashTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        let_dumps_come(self.own, self.addCleanup)
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.daemon = Daemon(self.own, self.atlas, '[log]\nlevel = "debug"', self.address)
        self.addCleanup(lambda: self.daemon.process and self.daemon.process.poll() is None and self.daemon.stop(9))
        manifest = json.loads((self.world / "traffic.manifest.json").read_text())
        self.model = "/".join((manifest["model_name"], manifest["layer"], manifest["pooling"]))
        self.dimension = len(next(read_npy(self.world / "traffic.npy")))

    def test_its_limits_and_its_memory_allow_no_dump(self):
        self.daemon.start()
        limits = pathlib.Path(f"/proc/{self.daemon.process.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        # What may not be dumped may not be looked into by another program of the same user: it belongs to root. Of a
        # daemon that root runs that says nothing.
        if os.getuid() != 0:
            self.assertEqual(os.stat(f"/proc/{self.daemon.process.pid}/mem").st_uid, 0)

    def test_another_program_that_crashes_here_is_dumped_where_this_machine_dumps_at_all(self):
        if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0 or CORE_PATTERN.startswith("|") or not CORE_PATTERN:
            self.skipTest("no core files here")
        self.assertTrue(crash(subprocess.Popen(["sleep", "600"])), "the next test would tell nothing")

    def send_other_ways(self, names, vectors):
        """A matrix, items that are refused one by one, a body that is no JSON, and prompts, which nobody reads here."""
        status, answer = self.daemon.ask("POST", "/v1/tenants/t/activations?account=" + names[2], world.npy(vectors),
                                         "tap", (("Content-Type", "application/x-npy"), ("Cms-Model", self.model)))
        self.assertEqual((status, json.loads(answer)["scored"]), (200, len(vectors)), answer)
        wrong = [{"account": names[3], "time": time.time(), "vector": vectors[0][1:]},
                 {"account": names[3], "time": time.time() + 1e6, "vector": vectors[0]},
                 {"account": names[3], "time": "now", "vector": vectors[0]}]
        status, answer = self.daemon.send(wrong, self.model, 2)
        self.assertEqual((status, answer["scored"]), (200, 0), answer)
        broken = json.dumps({"account": names[4], "vector": vectors[0]})[:-1].encode()
        self.daemon.ask("POST", "/v1/tenants/t/activations", broken, "tap", (
            ("Content-Type", "application/x-ndjson"), ("Cms-Model", self.model)))
        self.assertEqual(self.daemon.guardrail(names[5], f"Who is {names[6]}?"), (200, {"action": "NONE"}))
        status, _ = self.daemon.send([{"account": names[7], "text": f"And who {names[8]}?"}], "", 3, "observations")
        self.assertEqual(status, 409)

    def test_what_it_was_fed_is_in_no_file_after_a_crash(self):
        self.daemon.start()
        ways = ("http", "grpc", "npy", "refused", "broken", "key", "prompt", "observed", "observed-prompt")
        names = [f"canary-{way}-" + secrets.token_hex(8) for way in ways]
        vectors = [[random.random() for _ in range(self.dimension)] for _ in range(20)]
        lines = [{"account": names[0], "time": time.time(), "vector": vector} for vector in vectors]
        status, answer = self.daemon.send(lines, self.model, 1)
        self.assertEqual((status, answer["scored"]), (200, len(lines)), answer)
        self.send_other_ways(names, vectors)
        digits = "".join(secrets.choice("0123456789") for _ in range(28))
        done = subprocess.run([LOAD, "canary", "--address", self.address, "--token", self.daemon.tokens["tap"],
                               "--account", names[1], "--text", digits, "--model", self.model, "--batch", "20",
                               "--dimension", str(self.dimension), "--start-time", str(time.time() - 60)],
                              capture_output=True, check=True)
        self.assertEqual(json.loads(done.stdout), {"scored": 20})
        before = set(self.own.rglob("*"))
        self.assertFalse(crash(self.daemon.process), CORE_PATTERN)
        self.assertEqual(set(self.own.rglob("*")) - before, set())
        assert_in_no_file(self, self.own, *(name.encode() for name in names),
                          *(b"".join(map(float32, vector[:8])) for vector in vectors), digits.encode())


if __name__ == "__main__":
    unittest.main()
