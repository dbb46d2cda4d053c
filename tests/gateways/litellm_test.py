"""LiteLLM's generic guardrail in front of a model server: examples/gateways/litellm with the real LiteLLM."""

import hashlib
import json
import os
import secrets
import signal
import time
import unittest

import gateway
import proxy_test

MODEL = os.environ.get("CMS_MODEL", "")
WORDS = "What grows well in the shade of an old walnut tree?"
# LiteLLM checks keys in a database of its own; here every key is good, as LiteLLM's custom_auth has it.
AUTH = """from litellm.proxy._types import UserAPIKeyAuth


async def check(request, api_key):
    return UserAPIKeyAuth(api_key=api_key)
"""
KEYS = f"""general_settings:
  master_key: sk-{secrets.token_hex(24)}
  custom_auth: every_key.check

guardrails:"""
ASKED = {"model": "model", "messages": [{"role": "user", "content": WORDS}]}


def hashed(key):
    """A key as LiteLLM tells it to a guardrail."""
    return hashlib.sha256(key.encode()).hexdigest()


class LitellmTest(gateway.GatewayTest):
    @classmethod
    def setUpClass(cls):
        cls.litellm = gateway.program_of("litellm", ("litellm[proxy]==1.108.7",), "bin/litellm")

    def gateway(self, role="reader", more=()):
        def command(folder):
            (folder / "every_key.py").write_text(AUTH)
            return self.litellm, "--config", folder / "config.yaml", "--host", "127.0.0.1", "--port", self.gate.port, \
                "--telemetry", "False"
        self.gate = gateway.Gateway(self, command, ["litellm/config.yaml", "litellm/cms_guardrail.py"],
                                    self.daemon.tokens[role], (("guardrails:", KEYS), *more))
        # It would ask the network for a table of prices, three times, before it listens.
        return self.start(self.gate, LITELLM_LOCAL_MODEL_COST_MAP="True")

    def ask(self, key, **more):
        return self.gate.send(key, body=json.dumps(ASKED | more).encode())


class GuardrailTest(LitellmTest):
    def test_a_blocked_key_is_answered_400_and_everything_else_goes_on(self):
        self.gateway()
        blocked = self.key()
        self.fix(self.account_of(hashed(blocked)), "review")
        answer = self.ask(self.key())
        self.assertEqual(answer[0], 200, answer)
        self.assertEqual(len(self.upstream.take()), 1)
        # LiteLLM says all headers of the model server again, under a name of its own.
        self.assertNotIn("cms", str([one for one in answer[1] if not one[0].startswith("llm_provider-")]).lower())
        for more in ({}, {"guardrails": []}, {"stream": True}, {"user": "another"}):
            answer = self.ask(blocked, **more)
            self.assertEqual(answer[0], 400, (more, answer))
            self.assertIn(b"Too many requests", answer[2])
            self.assertNotIn(b"review", answer[2])
        self.assertEqual(self.upstream.take(), [])
        self.daemon.stop(signal.SIGKILL)
        self.assertEqual(self.ask(blocked)[0], 200)
        self.daemon.start()
        self.assertEqual(self.ask(blocked)[0], 400)


@unittest.skipUnless(MODEL and os.path.exists(MODEL), "CMS_MODEL does not name a GGUF file")
class ObserveTest(LitellmTest):
    def atlas(self):
        atlas, self.model = proxy_test.shipped_atlas(self.folder)
        return atlas

    def settings(self):
        return super().settings() + f'[tap]\nmodel = "{self.model}"\n'

    def test_words_come_to_the_tap_and_our_guardrail_answers_429_and_when_to_come_back(self):
        self.gateway("tap", (("guardrail: generic_guardrail_api", "guardrail: cms_guardrail.CmsGuardrail"),))
        key = self.key()
        account = self.account_of(hashed(key))
        self.assertIsNone(self.daemon.account(account))
        self.assertEqual(self.ask(key)[0], 200)
        deadline = time.time() + 10
        while self.daemon.account(account) is None and time.time() < deadline:
            time.sleep(0.1)
        self.assertEqual((self.daemon.account(account) or {}).get("records"), 1)
        self.override(account, "review")
        status, headers, body = self.ask(key)
        self.assertEqual(status, 429, body)
        self.assertGreater(int({name.lower(): value for name, value in headers}["retry-after"]), 0)
        self.assertEqual(self.ask(self.key())[0], 200)
        self.daemon.stop(signal.SIGKILL)
        self.assertEqual(self.ask(key)[0], 200)
        for path in self.folder.rglob("*"):
            if path.is_file() and "sets" not in path.parts:
                self.assertNotIn(WORDS.encode(), path.read_bytes(), path)


if __name__ == "__main__":
    gateway.main("LiteLLM guardrail")
