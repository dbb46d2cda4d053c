"""cms lab run ablation in its small form: its form, one block on the shared data."""

import unittest

import experiment


class Ablation(experiment.Experiment):
    command = ("ablation", "--seeds", "1", "--scale", ".1", "--blocks", "measures", "--stride", "32")

    def test_every_scored_measure_is_left_out_once(self):
        names = [what for what in self.told if what.startswith("ablation: attackers flagged, without ")]
        self.assertEqual(len(names), 22)
        self.assertIn("ablation: attackers flagged, without charts", self.told)

    def test_shares_are_shares_and_the_product_is_compared(self):
        for what, figure in self.told.items():
            self.assertTrue(0 <= figure <= 1, what)
        self.assertIn("ablation: the product's choice behind the best, measures", self.told)
        self.assertIn("all measures *", self.table)


if __name__ == "__main__":
    unittest.main(verbosity=2)
