"""cms lab run sleeper in its small form: its form, and that systematic attackers are flagged all the same."""

import json
import os
import pathlib
import subprocess
import unittest

DATA = pathlib.Path(os.environ.get("CMS_SHARED_DIR", "")) / "data"
PROGRAM = os.environ.get("CMS_BIN", "")


@unittest.skipUnless((DATA / "activations" / "human.npy").is_file(), "../shared/data is not here")
class Sleeper(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        command = [PROGRAM, "lab", "run", "sleeper", "--data", str(DATA), "--seeds", "1", "--accounts", "5",
                   "--asleep", "0,100", "--json"]
        cls.run_ = subprocess.run(command, capture_output=True, text=True, check=True)
        cls.lines = [json.loads(line) for line in cls.run_.stdout.splitlines()]

    def test_every_line_is_a_goal_line(self):
        self.assertEqual(len(self.lines), 8)
        for line in self.lines:
            self.assertEqual(set(line), {"what", "figure", "goal", "holds"})

    def test_systematic_attackers_are_flagged_however_long_they_slept(self):
        told = {line["what"]: line["figure"] for line in self.lines}
        for asleep in (0, 100):
            figure = told[f"sleeper: delay, systematic, instruction sets, after {asleep} honest requests"]
            self.assertTrue(16 <= figure <= 150, figure)

    def test_the_table_has_flags_and_recoveries(self):
        for word in ("asleep", "delay", "recovered", "naive, people's prompts"):
            self.assertIn(word, self.run_.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
