"""cms lab run frontier in its small form: every floor is there, and more standing means less coverage."""

import json
import os
import pathlib
import subprocess
import unittest

DATA = pathlib.Path(os.environ.get("CMS_SHARED_DIR", "")) / "data"
PROGRAM = os.environ.get("CMS_BIN", "")


@unittest.skipUnless((DATA / "activations" / "human.npy").is_file(), "../shared/data is not here")
class Frontier(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        command = [PROGRAM, "lab", "run", "frontier", "--data", str(DATA), "--seeds", "1", "--stride", "4",
                   "--requests", "400", "--ranking-accounts", "120", "--json"]
        cls.run_ = subprocess.run(command, capture_output=True, text=True, check=True)
        cls.lines = [json.loads(line) for line in cls.run_.stdout.splitlines()]

    def test_every_line_is_a_goal_line(self):
        self.assertGreater(len(self.lines), 30)
        for line in self.lines:
            self.assertEqual(set(line), {"what", "figure", "goal", "holds"})
            self.assertGreaterEqual(line["figure"], 0)

    def test_one_account_covers_less_the_higher_its_floor(self):
        told = {line["what"]: line["figure"] for line in self.lines}
        free = told["frontier: coverage, unwatched, accounts: one"]
        some = told["frontier: coverage, PoH >= 0.010, accounts: one"]
        little = told["frontier: coverage, PoH >= 0.250, accounts: one"]
        self.assertGreater(free, .95)
        self.assertGreater(free, some)
        self.assertGreater(some, little)

    def test_the_table_has_costs_and_honest_accounts(self):
        for word in ("C(tau)", "unwatched", "as needed", "15 each", "generalist"):
            self.assertIn(word, self.run_.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
