"""cms lab run published in its small form, on the activations of our own prompts: its form, and what must hold of any
model's activations."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import experiment

EXAMPLES = pathlib.Path(os.environ.get("CMS_SOURCE_DIR", "")) / "examples" / "activations"
KINDS = ("single", "mixed", "power", "systematic", "naive", "adaptive", "all attacks")


class Published(experiment.Experiment):
    command = ("published", "--seeds", "1", "--scale", ".15", "--windows", "25,50", "--stride", "12")
    inputs = ("--set", str(EXAMPLES))

    def test_both_scores_have_a_line_for_every_kind_of_session(self):
        for score in ("published", "label-free"):
            for kind in KINDS:
                figure = self.told[f"published experiment: share of {kind} sessions flagged, {score} score"]
                self.assertTrue(0 <= figure <= 1)

    def test_the_published_figures_are_the_goals(self):
        goals = {line["what"]: line["goal"] for line in self.lines}
        at_50 = "published experiment: {} of {}, {} score, window 50"
        for score in ("published", "label-free"):
            self.assertIn("1.000", goals[at_50.format("AUC", "systematic", score)])
            self.assertIn("0.905", goals[at_50.format("AUC", "all attacks", score)])
            self.assertIn("0.015", goals[at_50.format("TPR at 1% FPR", "naive", score)])

    def test_the_table_says_that_the_texts_are_too_few_for_a_promise(self):
        self.assertIn("Too few texts for a promise at .01", self.table)

    def test_clustering_costs_an_attacker_coverage_in_the_end(self):
        what = "published experiment: cost multiplier of clustering at similarity 0.80, coverage 0.50"
        self.assertTrue(self.told[what] is None or self.told[what] > 1, self.told[what])


class Words(unittest.TestCase):
    def run_with(self, *options):
        return subprocess.run([experiment.PROGRAM, "lab", "run", "published", *options], capture_output=True, text=True,
                              check=False)

    def test_neither_model_nor_set_is_a_usage_error(self):
        self.assertEqual(self.run_with().returncode, 2)

    def test_a_model_that_is_not_there_is_named(self):
        run = self.run_with("--model", "/nowhere/model.gguf", "--prompts", f"{EXAMPLES.parent}/prompts.jsonl")
        self.assertEqual(run.returncode, 3)
        self.assertIn("/nowhere/model.gguf", run.stderr)

    def test_too_few_prompts_are_told_before_the_model_reads_them(self):
        with tempfile.TemporaryDirectory() as folder:
            prompts = pathlib.Path(folder) / "few.jsonl"
            lines = (EXAMPLES.parent / "prompts.jsonl").read_text(encoding="ascii").splitlines(keepends=True)
            prompts.write_text("".join(lines[:8]), encoding="ascii")
            run = self.run_with("--model", "/nowhere/model.gguf", "--prompts", str(prompts))
        self.assertEqual(run.returncode, 3)
        self.assertIn("an atlas needs 640", run.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
