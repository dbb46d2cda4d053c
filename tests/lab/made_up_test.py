"""cms lab run made-up in its small form: its form, that accounts are as long as asked for, and that a second run finds
what the first has read."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import experiment

MODEL = os.environ.get("CMS_MODEL", "")


@unittest.skipUnless(MODEL, "CMS_MODEL names no GGUF file")
class MadeUp(experiment.Experiment):
    options = ("--seeds", "1", "--accounts", "2", "--augmented", "2", "--requests", "40", "--pool", "40", "--scale",
               "0.01", "--ranking-accounts", "100", "--stride", "8")

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        prepared = subprocess.run([experiment.PROGRAM, "model", "prepare", "--model", MODEL], capture_output=True,
                                  text=True, check=True).stdout.strip()
        cls.command = ("made-up", "--work", str(cls.work), "--model", prepared, *cls.options)
        super().setUpClass()

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

    def test_a_second_run_reads_nothing_and_says_the_same(self):
        name, _, work, _, _, *options = self.command
        again = subprocess.run([experiment.PROGRAM, "lab", "run", name, "--data", str(experiment.DATA), "--work", work,
                                *options, "--json"], capture_output=True, text=True, check=True)
        self.assertEqual([json.loads(line) for line in again.stdout.splitlines()], self.lines)


if __name__ == "__main__":
    unittest.main(verbosity=2)
