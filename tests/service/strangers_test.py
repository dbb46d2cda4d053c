"""The daemon before strangers: what it shows them, and what its log has of what they send."""

import json
import os
import pathlib
import resource
import signal
import socket
import ssl
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon_world import Daemon, free_port, program  # noqa: E402  (which finds tests/cli)

LOAD = os.environ.get("CMS_SERVICE_LOAD", "")


class StrangersTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.daemon = None
        self.addCleanup(lambda: self.daemon and self.daemon.process.poll() is None and self.daemon.stop(9))

    def test_the_log_has_lines_of_its_own_alone_whatever_strangers_send(self):
        port = free_port()
        self.daemon = Daemon(self.own, self.atlas, grpc=f"127.0.0.1:{port}", more="[log]\njson = true")
        self.daemon.start()
        done = subprocess.run([LOAD, "send", "--address", f"127.0.0.1:{port}", "--token", self.daemon.tokens["tap"],
                               "--producer", b"no UTF-8: \xff", "--dimension", "8", "--seconds", "1"],
                              capture_output=True)
        self.assertEqual(json.loads(done.stdout)["acked_items"], 0, done.stdout)
        self.assertEqual(self.daemon.stop(), 0)
        kinds = self.kinds_in_log()
        self.assertIn("ready", kinds)
        self.assertIn("protobuf", kinds)
        self.assertLessEqual(kinds.count("protobuf"), 11)

    def test_too_few_open_files_are_told_at_the_start_and_as_many_as_may_be_are_taken(self):
        self.daemon = Daemon(self.own, self.atlas, more="[log]\njson = true")
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        for hard, told in ((1024, True), (min(most, 65_536), most < 3072)):  # 1,024 connections and 2,048 others
            (self.own / "log").unlink(missing_ok=True)
            self.daemon.start(files=(256, hard))
            limits = pathlib.Path(f"/proc/{self.daemon.process.pid}/limits").read_text()
            self.assertRegex(limits, rf"Max open files +{hard} +{hard} ")
            self.assertEqual(self.daemon.stop(), 0)
            self.assertEqual("open_files" in self.kinds_in_log(), told)

    def kinds_in_log(self):
        return [json.loads(line)["kind"] for line in (self.own / "log").read_text().splitlines()]

    def certificate(self, name):
        """A new one of this name, signed by itself, in the place of the old; it."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "1", "-subj", f"/CN={name}", "-keyout", self.own / "server.key", "-out",
                        self.own / "server.pem"], check=True, capture_output=True)
        (self.own / "server.key").chmod(0o600)
        return (self.own / "server.pem").read_text()

    def test_both_ports_take_up_new_certificates_and_keep_the_old_where_new_ones_are_wrong(self):
        grpc = free_port()
        self.daemon = Daemon(self.own, self.atlas, grpc=f"127.0.0.1:{grpc}", more="[log]\njson = true")
        config = self.daemon.config.read_text().replace(
            "[serve]", '[serve]\ntls_certificate = "server.pem"\ntls_key = "server.key"')
        self.daemon.config.write_text(config)
        first = self.certificate("first")
        ports = (self.daemon.port, grpc)
        shown = lambda: {ssl.get_server_certificate(("127.0.0.1", port)) for port in ports}  # noqa: E731
        self.daemon.start(answers=lambda: shown() == {first})
        second = self.certificate("second")
        self.assertEqual(shown(), {first})
        self.daemon.process.send_signal(signal.SIGHUP)
        self.until(lambda: shown() == {second})
        (self.own / "server.key").write_text("nonsense")
        self.daemon.process.send_signal(signal.SIGHUP)
        self.until(lambda: "reload_failed" in self.kinds_in_log())
        self.assertEqual(shown(), {second})
        for _ in range(30):
            with socket.create_connection(("127.0.0.1", grpc)) as stranger:
                stranger.sendall(b"no TLS at all, and long enough to be looked at\r\n\r\n")
                stranger.recv(100)
        self.assertEqual(self.daemon.stop(), 0)
        said = self.kinds_in_log().count("grpc")
        self.assertTrue(0 < said <= 10, said)

    def until(self, holds):
        for _ in range(500):
            if holds():
                return
            time.sleep(0.02)
        self.fail("it did not come to that: " + (self.own / "log").read_text())


if __name__ == "__main__":
    unittest.main()
