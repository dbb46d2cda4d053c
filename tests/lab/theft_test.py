"""cms lab run theft in its small form: both thefts work on real activations and a real model, and whoever sends their
queries is scored."""

import json
import os
import subprocess
import tempfile
import unittest

import experiment


class Theft(experiment.ModelExperiment):
    name = "theft"
    options = ("--seeds", "1", "--accounts", "2", "--prompts", "600", "--ranking-accounts", "100")

    def test_the_thefts_succeed(self):
        for what in ("hidden size, full logits", "hidden size, logit bias",
                     "hidden size, answers to 80 requests of an honest account"):
            self.assertEqual(self.told[f"theft: {what}"], 576)
        for what in ("relative error after alignment", "less a reference row, the same, logit bias"):
            matrix = next(line for line in self.lines if "output matrix" in line["what"] and what in line["what"])
            self.assertLess(matrix["figure"], 1e-3)

    def test_every_stream_has_a_line_with_a_goal(self):
        goals = {line["what"].split("queries of ")[1]: line["goal"] for line in self.lines
                 if "accounts flagged" in line["what"]}
        self.assertEqual(goals, {"equation solving": ">= 0.99", "full logits": ">= 0.99", "logit bias": ">= 0.99",
                                 "an honest account": "<= 0.01"})

    def test_texts_are_short_and_none_is_asked_twice_by_an_account(self):
        texts = [json.loads(line)["text"] for path in self.work.glob("sequences-*.prompts.jsonl")
                 for line in open(path, encoding="utf-8")]
        self.assertEqual(len(texts), 2 * 600)
        self.assertEqual(len(set(texts)), len(texts))

    def test_another_model_is_told_of_at_once_and_nothing_is_read_with_it(self):
        as_shipped = experiment.MODEL  # in Q4_1; the data were read with the Q4_0 that is prepared of it
        with tempfile.TemporaryDirectory() as work:
            done = subprocess.run([experiment.PROGRAM, "lab", "run", "theft", "--data", str(experiment.DATA), "--model",
                                   as_shipped, "--work", work, *self.options], capture_output=True, text=True)
            self.assertEqual((done.returncode != 0, os.listdir(work)), (True, []))
        self.assertIn("is not the one that the data were read with", done.stderr)
        self.assertIn("q4_1", done.stderr)

    # Without the model there is no second theft: that test is not of this experiment.
    test_a_second_run_reads_nothing_and_says_the_same = None


if __name__ == "__main__":
    unittest.main(verbosity=2)
