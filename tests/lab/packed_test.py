"""cms lab run packed in its small form: its form, that questions packed tight are not seen by a tap of one segment, and
that a second run finds what the first has read."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import experiment

MODEL = os.environ.get("CMS_MODEL", "")


@unittest.skipUnless(MODEL, "CMS_MODEL names no GGUF file")
class Packed(experiment.Experiment):
    options = ("--taps", "first", "--seeds", "1", "--accounts", "2", "--questions", "40", "--pool", "40", "--scale",
               "0.01", "--ranking-accounts", "100")

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        prepared = subprocess.run([experiment.PROGRAM, "model", "prepare", "--model", MODEL], capture_output=True,
                                  text=True, check=True).stdout.strip()
        cls.command = ("packed", "--work", str(cls.work), "--model", prepared, *cls.options)
        super().setUpClass()

    def test_every_attack_and_every_honest_kind_has_a_line(self):
        for name in ("single", "unseen power", "unpacked", "packed 5", "packed 20", "wrapper, the same", "wrapper of 8",
                     "packed 10, wrapper of 1"):
            self.assertIn(f"{name} through tap first: flagged", self.told)

    def test_a_tap_of_one_segment_does_not_see_forty_questions_in_two_requests(self):
        self.assertEqual(self.told["packed 20 through tap first: flagged"], 0)

    def test_a_second_run_reads_nothing_and_says_the_same(self):
        self.assertEqual([path.name for path in self.work.glob("*.npy")], ["sequences-0.npy"])
        name, _, work, _, _, *options = self.command
        again = subprocess.run([experiment.PROGRAM, "lab", "run", name, "--data", str(experiment.DATA), "--work", work,
                                *options, "--json"], capture_output=True, text=True, check=True)
        self.assertEqual([json.loads(line) for line in again.stdout.splitlines()], self.lines)


if __name__ == "__main__":
    unittest.main(verbosity=2)
