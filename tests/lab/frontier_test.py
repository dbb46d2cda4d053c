"""cms lab run frontier in its small form: every floor is there, and more standing means less coverage."""

import unittest

import experiment


class Frontier(experiment.Experiment):
    command = ("frontier", "--seeds", "1", "--stride", "4", "--requests", "400", "--ranking-accounts", "120")

    def test_figures_are_there_and_not_negative(self):
        self.assertGreater(len(self.lines), 30)
        for line in self.lines:
            self.assertGreaterEqual(line["figure"], 0)

    def test_one_account_covers_less_the_higher_its_floor(self):
        free = self.told["frontier: coverage, unwatched, accounts: one"]
        some = self.told["frontier: coverage, PoH >= 0.010, accounts: one"]
        little = self.told["frontier: coverage, PoH >= 0.250, accounts: one"]
        self.assertGreater(free, .95)
        self.assertGreater(free, some)
        self.assertGreater(some, little)

    def test_the_table_has_costs_and_honest_accounts(self):
        for word in ("C(tau)", "unwatched", "as needed", "15 each", "generalist"):
            self.assertIn(word, self.table)


if __name__ == "__main__":
    unittest.main(verbosity=2)
