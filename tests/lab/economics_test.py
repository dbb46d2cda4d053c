"""cms lab run economics in its small form: its form, and what holds at any size."""

import unittest

import experiment


class Economics(experiment.Experiment):
    command = ("economics", "--seeds", "1", "--scale", ".03", "--floors", "0,.01", "--requests", "200",
               "--ranking-accounts", "100", "--long-accounts", "10", "--stride", "16")

    def test_every_rule_has_a_cost(self):
        rules = [what for what in self.told if what.startswith("economics: C(.01), one account, rule ")]
        self.assertEqual(len(rules), 9)
        for rule in rules:
            self.assertGreaterEqual(self.told[rule], 0)

    def test_half_of_the_honest_accounts_of_any_kind_pay_little_beyond_their_requests(self):
        surcharge = self.told["economics: median honest surcharge, worst kind"]
        self.assertTrue(0 <= surcharge <= .05, surcharge)

    def test_nobody_is_cheaper_than_the_unwatched_minimum(self):
        for cost in (0, 10, 100, 1000):
            for charged in ("of accounts", "charged as one"):
                what = f"economics: C(.01), any number {charged}, account cost {cost}"
                self.assertGreaterEqual(self.told[what], 1 - 1e-9)

    def test_the_table_has_rules_floors_attackers_and_students(self):
        for word in ("B4B buckets", "proof of work", "C(tau)", "honest mimicry", "honest teams", "budget"):
            self.assertIn(word, self.table)


if __name__ == "__main__":
    unittest.main(verbosity=2)
