"""cms lab run economics in its small form: its form, and what holds at any size."""

import unittest

import experiment


class Economics(experiment.Experiment):
    command = ("economics", "--seeds", "1", "--scale", ".03", "--floors", "0,.01", "--requests", "200",
               "--ranking-accounts", "100", "--long-accounts", "10", "--stride", "16")

    def test_every_rule_has_a_cost(self):
        rules = [what for what in self.told if what.startswith("economics: C(.01), one account, rule ")]
        self.assertEqual(len(rules), 10)
        for rule in rules:
            self.assertGreaterEqual(self.told[rule], 0)

    def test_half_of_the_honest_accounts_of_any_kind_pay_little_beyond_their_requests(self):
        surcharge = self.told["economics: median honest surcharge, worst kind"]
        self.assertTrue(0 <= surcharge <= .05, surcharge)

    def test_rules_at_equal_surcharge_charge_the_dearest_hundredth_a_tenth_or_nobody_anything(self):
        rows = self.table.split("\nrules at equal surcharge")[1].split("\n\n")[0].split("\n")[2:]
        highs = {row[:21].strip(): row[21:].split()[2] for row in rows}
        self.assertEqual(len(highs), 9)
        self.assertLessEqual(set(highs.values()), {"0.000", "0.100"})
        for rule in ("B4B buckets", "B4B charts"):  # at any size these charge everybody
            self.assertEqual(highs[rule], "0.100", rule)

    def test_nobody_is_cheaper_than_the_unwatched_minimum(self):
        for cost in (0, 10, 100, 1000):
            for charged in ("of accounts", "charged as one"):
                what = f"economics: C(.01), any number {charged}, account cost {cost}"
                self.assertGreaterEqual(self.told[what], 1 - 1e-9)

    def test_the_table_has_rules_floors_attackers_and_students(self):
        for word in ("B4B buckets", "proof of work", "charts+ladder, fitted", "C(tau)", "honest mimicry",
                     "honest teams", "budget"):
            self.assertIn(word, self.table)


if __name__ == "__main__":
    unittest.main(verbosity=2)
