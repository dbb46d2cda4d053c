"""Forward-auth in front of a model server: examples/gateways/caddy with the real Caddy."""

import http.server
import shutil
import threading
import unittest

import gateway

CADDY = shutil.which("caddy")


class StaleCms(http.server.BaseHTTPRequestHandler):
    """Answers as CMS does while its store refuses commits."""

    def do_GET(self):
        self.send_response(200)
        for name, value in (("X-CMS-Tier", "observe"), ("X-CMS-Decision", "pass"), ("X-CMS-Stale", "true")):
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        pass


@unittest.skipUnless(CADDY, "caddy is not installed (apt-get install caddy)")
class CaddyTest(gateway.Contract, gateway.GatewayTest):
    def gateway(self, token=None, cms=None):
        def command(folder):
            return CADDY, "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"
        return gateway.Gateway(self, command, ["caddy/Caddyfile"], token,
                               [("127.0.0.1:8420", f"127.0.0.1:{cms}")] if cms else ())

    def start(self, gate, **environment):
        return super().start(gate, CMS_TOKEN=gate.token, HOME=str(gate.folder), **environment)

    def test_the_upstream_is_told_that_a_tier_may_be_old_and_only_then(self):
        gate = self.start(self.gateway())
        self.assertEqual(gate.send(self.key())[0], 200)
        self.assertEqual(self.upstream_headers("x-cms-stale"), [])
        cms = http.server.ThreadingHTTPServer(("127.0.0.1", 0), StaleCms)
        threading.Thread(target=cms.serve_forever, daemon=True).start()
        self.addCleanup(cms.server_close)
        self.addCleanup(cms.shutdown)
        gate = self.start(self.gateway(cms=cms.server_address[1]))
        self.assertEqual(gate.send(self.key(), gateway.FORGED)[0], 200)
        (_, headers, _), = self.upstream.take()
        told = {name: value for name, value in headers if name.startswith("x-cms")}
        self.assertEqual(told, {"x-cms-tier": "observe", "x-cms-decision": "pass", "x-cms-stale": "true"})


if __name__ == "__main__":
    gateway.main("Caddy forward-auth")
