"""cms fleet: a campaign that no account gives away is found, its line is a format, and the same input gives the same
bytes."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import world
from program import ProgramTest, fitted, run

KEYS = {"atlas", "poh", "poh_min", "evidence", "accounts", "requests", "coverage", "charts", "effective_charts",
        "expected_charts", "distance", "breadth", "overlap", "ledger", "reasons"}
REQUESTS = 20
SMALL = ("--resolution", "1")  # for fleets of a hundred accounts


class Fleet(ProgramTest):
    @classmethod
    def setUpClass(cls):
        made, folder = world.World(), fitted()
        honest = {f"h{i:03}": made.honest(REQUESTS) for i in range(240)}
        today = {f"t{i:03}": made.honest(REQUESTS) for i in range(80)}
        today |= {f"campaign-{i:02}": made.anywhere(REQUESTS) for i in range(20)}
        world.write_set(folder / "fleet-honest", *made.accounts(honest))
        world.write_set(folder / "fleet-today", *made.accounts(today))

    def fleet(self, *words):
        return run("fleet", "--atlas", self.world / "atlas.cms", "--honest", self.world / "fleet-honest",
                   self.world / "fleet-today", *SMALL, *words)

    def told(self, *words):
        done = self.fleet("--json", *words)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_the_campaign_comes_first_and_hardly_anybody_else_is_in_it(self):
        first = self.told("--all")[0]
        members = [name for name in first["accounts"] if name.startswith("campaign")]
        self.assertGreaterEqual(len(members), 15)
        self.assertGreaterEqual(len(members) / len(first["accounts"]), 0.8)
        self.assertLessEqual(first["poh"], 0.05)
        self.assertGreater(first["effective_charts"], first["expected_charts"])

    def test_a_line_has_the_documented_keys_and_lines_are_ordered(self):
        lines = self.told("--all")
        for line in lines:
            self.assertEqual(set(line), KEYS)
            self.assertTrue(0 < line["poh_min"] <= line["poh"] <= 1 and 0 < line["coverage"] <= 1)
            self.assertEqual(line["charts"], sorted(set(line["charts"])))
            ledger = line["ledger"]
            self.assertEqual(set(ledger), {"requests", "distinct", "charts", "coverage", "paid"})
            self.assertEqual(ledger["charts"], len(line["charts"]))  # of 20 requests an account nothing is forgotten
            self.assertEqual(ledger["requests"], REQUESTS * len(line["accounts"]))
            self.assertGreaterEqual(ledger["paid"], ledger["requests"])
        evidence = [line["evidence"] for line in lines]
        self.assertEqual(evidence, sorted(evidence, reverse=True))

    def test_only_what_is_below_the_level_is_shown(self):
        lines = self.told("--level", "0.05")
        self.assertTrue(lines)
        self.assertLessEqual(max(line["poh"] for line in lines), 0.05)

    def test_a_level_that_no_community_can_reach_is_warned_of(self):
        least = self.told("--all")[0]["poh_min"]
        for words in ((), ("--json",)):
            low = self.fleet("--level", str(least / 2), *words)
            self.assertEqual(low.returncode, 0, low.stderr.decode())
            self.assertIn(f"warning: nothing can be flagged: too few honest communities rank for a Campaign PoH below "
                          f"{least:.4f}", low.stderr.decode())
            self.assertNotIn("warning", self.fleet("--level", str(least * 1.01), *words).stderr.decode())
        self.assertIn(f"the least it can be is {least:.4f}", self.fleet("--all").stdout.decode())

    def test_what_is_no_number_is_refused(self):
        for option in ("--level", "--resolution"):
            for value in ("nan", "-nan", "101", "-1", "x"):
                self.assertEqual(self.fleet(option, value).returncode, 2, (option, value))

    def test_the_same_input_gives_the_same_bytes_with_any_number_of_threads(self):
        self.assertEqual(self.fleet("--json", "--all").stdout, self.fleet("--json", "--all", "--threads", "3").stdout)

    def test_too_few_honest_accounts_are_refused_in_words(self):
        done = run("fleet", "--atlas", self.world / "atlas.cms", "--honest", self.world / "traffic",
                   self.world / "fleet-today")
        self.assert_fails(done, 3, "honest")


if __name__ == "__main__":
    unittest.main(verbosity=2)
