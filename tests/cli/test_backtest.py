"""cms backtest and cms replay: what they print is a format, and agrees with what cms score prints of the same set."""

import collections
import hashlib
import hmac
import json
import pathlib
import unittest

from program import ProgramTest, parse, run

ACTIONS = ["allow", "observe", "price", "limit", "review"]
LADDER = {"observe": .1, "price": .05, "limit": .01, "review": .001}


def action_of(poh, ladder):
    """The rung of a PoH, by the definition."""
    if poh is None:
        return "allow"
    return next((rung for rung in ("review", "limit", "price", "observe") if poh <= ladder[rung]), "allow")


class BacktestTest(ProgramTest):
    def policy(self, text="", name="policy.toml"):
        path = self.own / name
        path.write_text("[policy]\n" + text)
        return path

    def backtest(self, *words, policy=None):
        policy = policy or self.policy()
        return run("backtest", "--atlas", self.atlas, "--policy", policy, self.world / "traffic", *words)

    def found(self, *words, policy=None):
        done = self.backtest("--json", *words, policy=policy)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return parse(done.stdout.decode())

    def replayed(self, policy, *words):
        done = run("replay", "--atlas", self.atlas, "--policy", policy, self.world / "traffic", *words)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return [parse(line) for line in done.stdout.decode().splitlines()]

    def scored(self):
        """The lines of `cms score --every`, by account and request."""
        return {(line["account"], line["requests"]): line for line in self.lines(self.world / "traffic", "--every")}


class Backtest(BacktestTest):
    def test_it_counts_what_the_scores_of_every_request_say(self):
        ladder = {"observe": .9, "price": .5, "limit": .2, "review": .005}
        policy = self.policy("".join(f"{rung} = {value}\n" for rung, value in ladder.items()))
        harshest, requests = {}, collections.Counter()
        for (account, _), line in self.scored().items():
            action = action_of(line["poh"], ladder)
            requests[action] += 1
            harshest[account] = max(harshest.get(account, "allow"), action, key=ACTIONS.index)
        whole = self.found(policy=policy)["policies"][0]["groups"][0]
        self.assertEqual(whole["requests"], {action: requests[action] for action in ACTIONS})
        accounts = collections.Counter(harshest.values())
        self.assertEqual(whole["accounts"], {action: accounts[action] for action in ACTIONS})
        self.assertGreater(len(accounts), 1)

    def test_keys_are_the_documented_ones(self):
        said = self.found("--against", self.policy("shadow = true\n", "b.toml"))
        self.assertEqual(list(said), ["atlas", "tenant", "accounts", "requests", "policies", "changed", "changes"])
        for one in said["policies"]:
            self.assertEqual(list(one), ["file", "shadow", "ladder", "jitter", "groups"])
            for group in one["groups"]:
                self.assertEqual(list(group), ["group", "accounts", "requests", "let_off"])
        self.assertEqual([one["shadow"] for one in said["policies"]], [False, True])
        self.assertEqual(said["changed"], 0)

    def test_accounts_that_change_are_named_with_both_actions_and_reasons(self):
        strict = self.policy("observe = 1.0\n", "strict.toml")
        said = self.found("--against", self.policy("review = 1e-300\nlimit = 1e-300\n"), policy=strict)
        changes = {one["account"]: one for one in said["changes"]}
        self.assertEqual(said["changed"], len(changes))
        attacker = changes["attacker"]
        harshest = "review" if attacker["poh_min"] <= .001 else "limit"
        self.assertEqual((attacker["action"], attacker["against"]), (harshest, "price"))
        self.assertAlmostEqual(sum(reason["share"] for reason in attacker["reasons"]), 1, places=9)
        self.assertNotIn("newcomer", changes)
        self.assertEqual(len(self.found("--against", self.policy(), "--top", 1, policy=strict)["changes"]), 1)

    def test_groups_are_counted_apart(self):
        name = self.copy()
        path = pathlib.Path(f"{name}.jsonl")
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        kinds = {"attacker": "distiller", "newcomer": "people"}
        path.write_text("".join(json.dumps(row | {"kind": kinds.get(row["account"], "people")}) + "\n" for row in rows))
        done = run("backtest", "--atlas", self.atlas, "--policy", self.policy(), name, "--json")
        groups = {one["group"]: one for one in parse(done.stdout.decode())["policies"][0]["groups"]}
        self.assertEqual(set(groups), {None, "distiller", "people"})
        self.assertEqual(sum(groups["distiller"]["accounts"].values()), 1)
        self.assertEqual(sum(groups["people"]["accounts"].values()), 5)

    def test_declared_automation_is_let_off_for_its_tenant_until_its_end(self):
        text = '[[policy.allow]]\ntenant = "main"\naccount = "attacker"\nuntil = {}\nwhy = "ours"\n'
        for until, tenant, let_off in ((2030, "main", 1), (2030, "other", 0), (1969, "main", 0)):
            found = self.found("--tenant", tenant, policy=self.policy(text.format(f"{until}-01-01")))
            self.assertEqual(found["policies"][0]["groups"][0]["let_off"], let_off, (until, tenant))

    def test_the_same_input_gives_the_same_bytes_on_any_number_of_threads(self):
        for words in (("--json",), ()):
            outputs = {self.backtest(*words, "--threads", threads).stdout for threads in (1, 2, 5)}
            self.assertEqual(len(outputs), 1)

    def test_the_table_says_which_policy_is_in_shadow(self):
        text = self.backtest(policy=self.policy("shadow = true\n")).stdout.decode()
        self.assertIn("in shadow: it acts on nobody", text)
        self.assertNotIn("\033", text)

    def test_bad_policies_fail_before_the_set_is_read_and_print_nothing(self):
        self.assert_fails(self.backtest(policy=self.policy("limt = 0.1\n")), 3, "line 2, column 1", '"limit"?')
        self.assert_fails(self.backtest(policy=self.own / "none.toml"), 3, "none.toml")
        self.assert_fails(self.backtest("--against", self.policy("limit = 2.0\n", "b.toml")), 3, "b.toml")
        self.assertEqual(run("backtest", self.world / "traffic").returncode, 2)


class Replay(BacktestTest):
    def test_every_row_has_its_decision_in_the_order_of_rows(self):
        scored = self.scored()
        lines = self.replayed(self.policy())
        rows = [json.loads(line) for line in pathlib.Path(self.world / "traffic.jsonl").read_text().splitlines()]
        self.assertEqual([line["account"] for line in lines], [row["account"] for row in rows])
        self.assertEqual([line["row"] for line in lines], list(range(len(rows))))
        for line in lines:
            self.assertEqual(list(line), ["row", "account", "time", "requests", "poh", "action", "would_be", "why"])
            self.assertEqual(line["poh"], scored[line["account"], line["requests"]]["poh"])
            self.assertEqual(line["action"], action_of(line["poh"], LADDER))
            self.assertEqual(line["why"], "not computed" if line["poh"] is None else "ladder")

    def test_in_shadow_everybody_is_allowed_and_what_would_be_is_said(self):
        plain = self.replayed(self.policy())
        shadow = self.replayed(self.policy("shadow = true\n", "shadow.toml"))
        self.assertEqual({line["action"] for line in shadow}, {"allow"})
        self.assertEqual([line["would_be"] for line in shadow], [line["action"] for line in plain])
        self.assertIn("shadow", {line["why"] for line in shadow})

    WIDE = "observe = 0.9\nprice = 0.6\nlimit = 0.4\nreview = 0.2\n"

    def key(self, name, digits):
        path = self.own / name
        path.write_text(digits + "\n")
        path.chmod(0o600)
        return path

    def test_with_the_tenants_key_it_is_jittered_as_by_the_key_that_the_daemon_derives(self):
        tenant = bytes.fromhex("cd" * 32)
        self.key("jitter.key", hmac.new(tenant, b"cms policy 1 jitter", hashlib.sha256).hexdigest())
        named = self.replayed(self.policy(self.WIDE + 'jitter = 0.5\njitter_key_file = "jitter.key"\n', "j.toml"))
        own = self.policy(self.WIDE + "jitter = 0.5\n")
        self.assertEqual(self.replayed(own, "--key", self.key("tenant.key", tenant.hex())), named)
        self.assertEqual(self.replayed(own), self.replayed(self.policy(self.WIDE + "jitter = 0\n", "none.toml")))
        self.assertNotEqual(self.replayed(own), named)
        self.assertIn("as this does with the tenant's --key", self.backtest(policy=own).stderr.decode())
        self.assertEqual(self.found(policy=own)["policies"][0]["jitter"], 0)
        self.assert_fails(self.backtest("--key", self.own / "none.key", policy=own), 3, "none.key")

    def test_with_jitter_no_decision_is_harsher(self):
        self.key("jitter.key", "ab" * 32)
        plain = self.replayed(self.policy(self.WIDE))
        jittered = self.replayed(self.policy(self.WIDE + 'jitter = 0.5\njitter_key_file = "jitter.key"\n', "j.toml"))
        pairs = [(ACTIONS.index(a["action"]), ACTIONS.index(b["action"])) for a, b in zip(plain, jittered)]
        self.assertTrue(all(b <= a for a, b in pairs))
        self.assertTrue(any(b < a for a, b in pairs))


if __name__ == "__main__":
    unittest.main()
