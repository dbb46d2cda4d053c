"""nginx' auth_request in front of a model server: examples/gateways/nginx with the real nginx."""

import shutil
import unittest

import gateway

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@unittest.skipUnless(NGINX, "nginx is not installed (apt-get install nginx-light)")
class NginxTest(gateway.Contract, gateway.GatewayTest):
    def gateway(self, token=None):
        def command(folder):
            made = token or self.daemon.tokens["reader"]
            (folder / "cms_token.conf").write_text(f'proxy_set_header Authorization "Bearer {made}";\n')
            # Workers of root's nginx are another user's, who may not enter this folder.
            return NGINX, "-p", folder, "-c", folder / "nginx.conf", "-g", "daemon off; user root;"
        return gateway.Gateway(self, command, ["nginx/nginx.conf"], token)

    def test_nginx_own_limiter_counts_who_is_priced_by_account(self):
        gate = self.start(self.gateway())
        priced, other = self.key_at("price"), self.key_at("price")
        statuses = [gate.send(priced)[0] for _ in range(20)]
        self.assertEqual(statuses[:11], [200] * 11)
        self.assertIn(429, statuses)
        self.assertEqual(gate.send(other)[0], 200)
        self.assertEqual([gate.send(self.key())[0] for _ in range(20)], [200] * 20)


if __name__ == "__main__":
    gateway.main("nginx auth_request")
