"""Forward-auth in front of a model server: examples/gateways/caddy with the real Caddy."""

import shutil
import unittest

import gateway

CADDY = shutil.which("caddy")


@unittest.skipUnless(CADDY, "caddy is not installed (apt-get install caddy)")
class CaddyTest(gateway.Contract, gateway.GatewayTest):
    def gateway(self, token=None):
        def command(folder):
            return CADDY, "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"
        return gateway.Gateway(self, command, ["caddy/Caddyfile"], token)

    def start(self, gate, **environment):
        return super().start(gate, CMS_TOKEN=gate.token, HOME=str(gate.folder), **environment)


if __name__ == "__main__":
    gateway.main("Caddy forward-auth")
