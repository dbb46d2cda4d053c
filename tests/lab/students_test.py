"""cms lab run students in its small form: its form, that who covers more learns more, and that a narrow stream learns
its own field."""

import unittest

import experiment


class Students(experiment.Experiment):
    command = ("students", "--seeds", "1", "--scale", "0.01", "--stride", "8", "--runs", "1")

    def test_figures_are_correlations_and_shares(self):
        self.assertEqual(len(self.lines), 64)
        for line in self.lines:
            requests = "median first flag" in line["what"]
            self.assertTrue(0 <= line["figure"] <= 400 if requests else -1 <= line["figure"] <= 1, line)

    def test_fidelity_follows_coverage(self):
        self.assertGreater(self.told["students: Pearson of fidelity (use-weighted) with coverage, attackers"], .5)

    def test_a_narrow_stream_teaches_its_own_field(self):
        stream = "stream chatdoctor5k"
        self.assertGreater(self.told[f"students: fidelity (cosine) on its own field, {stream}"],
                           self.told[f"students: fidelity (use-weighted) over the manifold, {stream}"] + .1)

    def test_the_table_has_students_and_thefts(self):
        for word in ("nearness", "generalist", "Knockoff Nets", "adaptive, people's prompts",
                     "ActiveThief k-centre, instruction sets",
                     "ActiveThief uncertain k-centre, people's prompts", "own cos", "first flag",
                     "undefined: constant"):
            self.assertIn(word, self.table)


if __name__ == "__main__":
    unittest.main(verbosity=2)
