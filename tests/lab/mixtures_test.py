"""cms lab run mixtures in its small form: its form, and that tests see what nobody could overlook."""

import unittest

import experiment


class Mixtures(experiment.Experiment):
    command = ("mixtures", "--seeds", "1", "--scale", "0.25", "--stride", "16")

    def test_figures_are_shares(self):
        for line in self.lines:
            self.assertTrue(0 <= line["figure"] <= 1 + 1e-9, line)

    def test_every_cell_has_the_score_and_fifteen_tests_alone_and_beside_it(self):
        cells = sum(1 for line in self.lines if "by the score," in line["what"])
        self.assertGreater(cells, 20)
        self.assertEqual(len(self.lines), cells * 31)

    def test_systematic_extraction_is_a_surprise_to_the_predictive_law(self):
        for test in ("e-detector (Shiryaev-Roberts), charts", "CUSUM, charts"):
            self.assertGreater(self.told[f"mixtures: share flagged by {test} alone, systematic, instruction sets"], .5)

    def test_the_table_names_the_tests_and_the_law(self):
        for word in ("what honest accounts ask next", "dip, first direction", "score or it, at half the level",
                     "area under the curve"):
            self.assertIn(word, self.table)


if __name__ == "__main__":
    unittest.main(verbosity=2)
