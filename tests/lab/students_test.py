"""cms lab run students in its small form: its form, and that who covers more learns more."""

import json
import os
import pathlib
import subprocess
import unittest

DATA = pathlib.Path(os.environ.get("CMS_SHARED_DIR", "")) / "data"
PROGRAM = os.environ.get("CMS_BIN", "")


@unittest.skipUnless((DATA / "activations" / "human.npy").is_file(), "../shared/data is not here")
class Students(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        command = [PROGRAM, "lab", "run", "students", "--data", str(DATA), "--seeds", "1", "--scale", "0.01",
                   "--stride", "8", "--runs", "1", "--json"]
        cls.run_ = subprocess.run(command, capture_output=True, text=True, check=True)
        cls.lines = [json.loads(line) for line in cls.run_.stdout.splitlines()]

    def test_every_line_is_a_goal_line(self):
        self.assertEqual(len(self.lines), 13)
        for line in self.lines:
            self.assertEqual(set(line), {"what", "figure", "goal", "holds"})
            self.assertTrue(-1 <= line["figure"] <= 1, line)

    def test_fidelity_follows_coverage(self):
        told = {line["what"]: line["figure"] for line in self.lines}
        self.assertGreater(told["students: Pearson of fidelity (use-weighted) with coverage, attackers"], .5)

    def test_the_table_has_students_and_thefts(self):
        for word in ("nearness", "generalist", "Knockoff Nets", "adaptive, people's prompts", "first flag"):
            self.assertIn(word, self.run_.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
