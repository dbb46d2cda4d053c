"""cms lab run made-up in its small form: its form, that accounts are as long as asked for, and that a second run finds
what the first has read."""

import json
import unittest

import experiment


class MadeUp(experiment.ModelExperiment):
    name = "made-up"
    options = ("--seeds", "1", "--accounts", "2", "--augmented", "2", "--requests", "40", "--pool", "40", "--scale",
               "0.01", "--ranking-accounts", "100", "--stride", "8")

    def test_every_kind_has_lines_of_its_own(self):
        for kind in ("single", "unseen power", "naive, instruction sets", "random words", "random characters",
                     "Jacobian augmentation"):
            for what in ("share flagged", "fidelity (use-weighted)", "share flagged by PRADA"):
                self.assertIn(f"made-up: {what}, {kind}", self.told)

    def test_augmentation_doubles_what_is_known_every_round(self):
        texts = [[json.loads(line)["text"] for line in open(path, encoding="utf-8")]
                 for path in sorted(self.work.glob("sequences-*.prompts.jsonl"))]
        # The pools, then rounds of 10 and 20 changed texts for each of two accounts of 40 requests.
        self.assertEqual([len(some) for some in texts], [80, 20, 40])
        everything = sum(texts, [])
        self.assertEqual(len(set(everything)), len(everything))

    def test_the_table_has_both_parts(self):
        for word in ("first flag", "weighted", "flagged by baselines", "DATE-like"):
            self.assertIn(word, self.table)


if __name__ == "__main__":
    unittest.main(verbosity=2)
