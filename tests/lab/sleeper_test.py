"""cms lab run sleeper in its small form: its form, and that systematic attackers are flagged all the same."""

import unittest

import experiment


class Sleeper(experiment.Experiment):
    command = ("sleeper", "--seeds", "1", "--accounts", "5", "--asleep", "0,100")

    def test_every_attack_has_a_line_for_every_sleep(self):
        self.assertEqual(len([what for what in self.told if "delay" in what]), 8)
        self.assertEqual(len([what for what in self.told if "before the attack" in what]), 4)

    def test_systematic_attackers_are_flagged_however_long_they_slept(self):
        for asleep in (0, 100):
            figure = self.told[f"sleeper: delay, systematic, instruction sets, after {asleep} honest requests"]
            self.assertTrue(16 <= figure <= 150, figure)

    def test_the_table_has_flags_and_recoveries(self):
        for word in ("asleep", "delay", "recovered", "naive, people's prompts"):
            self.assertIn(word, self.table)


if __name__ == "__main__":
    unittest.main(verbosity=2)
