"""One run of `cms lab run NAME --json`, shared by the tests of a class; on ../shared/data unless said otherwise."""

import json
import os
import pathlib
import subprocess
import unittest

DATA = pathlib.Path(os.environ.get("CMS_SHARED_DIR", "")) / "data"
PROGRAM = os.environ.get("CMS_BIN", "")


class Experiment(unittest.TestCase):
    """`command`: the experiment's name and options; `inputs`: what it runs on. Leaves the goal lines in `lines`, the
    figure of each in `told` and the table in `table`."""

    command = ()
    inputs = ("--data", str(DATA))

    @classmethod
    def setUpClass(cls):
        if "--data" in cls.inputs and not (DATA / "activations" / "human.npy").is_file():
            raise unittest.SkipTest("../shared/data is not here")
        name, *options = cls.command
        run = subprocess.run([PROGRAM, "lab", "run", name, *cls.inputs, *options, "--json"],
                             capture_output=True, text=True, check=True)
        cls.lines = [json.loads(line) for line in run.stdout.splitlines()]
        cls.told = {line["what"]: line["figure"] for line in cls.lines}
        cls.table = run.stderr

    def test_every_line_is_a_goal_line(self):
        for line in self.lines:
            self.assertEqual(set(line), {"what", "figure", "goal", "holds"})
            self.assertIsInstance(line["what"], str)
            self.assertIsInstance(line["goal"], str)
            self.assertIn(line["holds"], (True, False, None))
