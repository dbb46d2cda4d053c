"""One run of `cms lab run NAME --json`, shared by the tests of a class; on ../shared/data unless said otherwise."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

DATA = pathlib.Path(os.environ.get("CMS_SHARED_DIR", "")) / "data"
PROGRAM = os.environ.get("CMS_BIN", "")
MODEL = os.environ.get("CMS_MODEL", "")


def parts_of(output):
    """Goal lines, and which texts served what, by use."""
    *lines, last = (json.loads(line) for line in output.splitlines())
    return lines, {use["what"]: use for use in last["texts"]}


class Experiment(unittest.TestCase):
    """`command`: the experiment's name and options; `inputs`: what it runs on. Leaves the goal lines in `lines`, the
    figure of each in `told`, which texts served what in `texts`, by use, and the table in `table`."""

    command = ()
    inputs = ("--data", str(DATA))

    @classmethod
    def setUpClass(cls):
        if "--data" in cls.inputs and not (DATA / "activations" / "human.npy").is_file():
            raise unittest.SkipTest("../shared/data is not here")
        name, *options = cls.command
        run = subprocess.run([PROGRAM, "lab", "run", name, *cls.inputs, *options, "--json"],
                             capture_output=True, text=True, check=True)
        cls.lines, cls.texts = parts_of(run.stdout)
        cls.told = {line["what"]: line["figure"] for line in cls.lines}
        cls.table = run.stderr

    def test_every_line_is_a_goal_line(self):
        for line in self.lines:
            self.assertEqual(set(line), {"what", "figure", "goal", "holds"})
            self.assertIsInstance(line["what"], str)
            self.assertIsInstance(line["goal"], str)
            self.assertIn(line["holds"], (True, False, None))


    def test_it_says_which_texts_served_what(self):
        self.assertTrue(self.texts)
        for what, use in self.texts.items():
            self.assertGreater(sum(use["texts"].values()), 0, what)
            self.assertTrue(use["people"] or use["distillers"], what)
            self.assertIn(what, self.table)
        for what, part in (("atlas", "fit"), ("honest accounts that make the tables", "calibrate"),
                           ("honest accounts that rank", "calibrate"), ("honest accounts under test", "test")):
            if what in self.texts:
                self.assertEqual(set(self.texts[what]["texts"]), {part}, what)


class ModelExperiment(Experiment):
    """One that reads texts with the prepared model and keeps them in the folder `work`. `name`: the experiment's;
    `options`: its others."""

    name = ""
    options = ()

    @classmethod
    def setUpClass(cls):
        if not MODEL:
            raise unittest.SkipTest("CMS_MODEL names no GGUF file")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        prepared = subprocess.run([PROGRAM, "model", "prepare", "--model", MODEL], capture_output=True, text=True,
                                  check=True).stdout.strip()
        # One thread: ctest runs two tests at a time, and threads of llama.cpp that wait for one another spin.
        cls.command = (cls.name, "--work", str(cls.work), "--model", prepared, "--threads", "1", *cls.options)
        super().setUpClass()

    def test_a_second_run_reads_nothing_and_says_the_same(self):
        again = subprocess.run([PROGRAM, "lab", "run", self.name, "--data", str(DATA), "--work", str(self.work),
                                *self.options, "--json"], capture_output=True, text=True, check=True)
        self.assertEqual(parts_of(again.stdout), (self.lines, self.texts))
