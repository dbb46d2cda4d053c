"""cms lab run goals: files are experiments, results are kept, the page holds them. Form, not figures; needs no data."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import experiment

SOURCE = pathlib.Path(os.environ.get("CMS_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
# Heads over the product's own activations; no model, whatever this machine has.
SET = f'set = "{SOURCE}/examples/activations"\nmodel = ""\n'


class Goals(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, text):
        (self.folder / f"{name}.toml").write_text(text)

    def run_goals(self, *words):
        return subprocess.run(
            [experiment.PROGRAM, "lab", "run", "goals", "--data", "nowhere", "--file",
             str(self.folder / "suite.toml"), "--work", str(self.folder / "work"), "--json", *words],
            capture_output=True, text=True)

    def test_a_suite_runs_once_and_its_page_has_tables_goals_and_pictures(self):
        self.write("suite", 'title = "A suite"\nexperiments = ["heads", "twin"]\n')
        self.write("heads", f'title = "Stolen heads"\nrun = "theft"\nseeds = [1]\n{SET}')
        self.write("twin", f'run = "theft"\nseeds = [2]\n{SET}')
        first = self.run_goals()
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertNotIn("--model", first.stderr, "what a file leaves out is no part of the command")
        *lines, heads, twin = [json.loads(line) for line in first.stdout.splitlines()]
        self.assertTrue(lines)
        self.assertEqual((heads["experiment"], twin["experiment"]), ("heads", "twin"))
        self.assertEqual({use["what"] for use in heads["texts"]},
                         {"first theft, the victim's training", "first theft, queries",
                          "first theft, to compare both heads on"})
        for line in lines:
            self.assertEqual(set(line), {"what", "figure", "goal", "holds"})
        page = (self.folder / "work" / "report.html").read_text()
        for part in ("A suite", "Stolen heads", "twin", lines[0]["what"]):
            self.assertIn(part, page)

        second = self.run_goals()
        self.assertEqual(second.stdout, first.stdout)
        self.assertIn("[1/2] heads: kept from an earlier run", second.stderr)
        self.assertEqual(len(list((self.folder / "work" / "results").iterdir())), 2)

        only = self.run_goals("--only", "heads")
        self.assertNotIn("twin", only.stderr)

    def test_what_cannot_be_run_is_told_and_ends_with_1(self):
        self.write("suite", 'run = "theft"\nset = "{data}/nothing"\n')
        run = self.run_goals()
        self.assertEqual(run.returncode, 1)
        self.assertIn("not run", run.stderr)

    def test_families_that_cannot_be_read_end_it_before_anything_is_run(self):
        self.write("suite", f'run = "theft"\nseeds = [1]\n{SET}')
        self.write("families", "report = 5\n")
        run = self.run_goals("--families", str(self.folder / "families.toml"))
        self.assertEqual(run.returncode, 3, run.stderr)
        self.assertIn("families.toml", run.stderr)
        self.assertFalse((self.folder / "work").exists())

    def test_files_that_are_wrong_are_named(self):
        for text, words in (('run = "sleep"\n', 'no experiment "sleep"'), ("seeds = [1]\n", "neither `run`"),
                            ('run = "sleeper"\nstride = 0\n', "--stride"),
                            ('run = "sleeper"\nseds = 1\n',
                             'line 2: sleeper has no option "seds"; did you mean "seeds"?'),
                            ('run = "sleeper"\nseeds = [[1]]\n', "line 2"), ("run = \n", "line 1"),
                            ('run = "sleeper"\nhelp = true\n', "no option"), ("experiments = [5]\n", "line 1"),
                            ('experiments = ["gone"]\n', "suite.toml, line 1: there is no experiment")):
            with self.subTest(text=text):
                self.write("suite", text)
                run = self.run_goals()
                self.assertEqual(run.returncode, 3, run.stderr)
                self.assertIn(words, run.stderr)
                self.assertIn(".toml", run.stderr)

    def test_two_experiments_of_one_name_are_refused(self):
        self.write("suite", 'experiments = ["heads", "heads"]\n')
        self.write("heads", f'run = "theft"\n{SET}')
        run = self.run_goals()
        self.assertEqual(run.returncode, 3, run.stderr)
        self.assertIn('two experiments "heads"', run.stderr)

    def test_another_set_of_the_same_name_is_another_configuration(self):
        for ending in (".npy", ".jsonl", ".manifest.json"):
            (self.folder / f"set{ending}").write_bytes((SOURCE / "examples" / f"activations{ending}").read_bytes())
        self.write("suite", f'run = "theft"\nset = "{self.folder}/set"\nmodel = ""\n')
        self.assertEqual(self.run_goals().returncode, 0)
        content = bytearray((self.folder / "set.npy").read_bytes())
        content[-8:] = bytes(8)
        (self.folder / "set.npy").write_bytes(content)
        again = self.run_goals()
        self.assertNotIn("kept", again.stderr)
        self.assertIn("configurations ever run here: 2", again.stderr)

    def test_an_option_that_excludes_another_is_not_joined_by_it(self):
        self.write("suite", 'run = "published"\nset = "nowhere"\n')
        run = self.run_goals("--model", "some.gguf")
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn("nowhere", run.stderr)

    def test_every_file_of_the_repository_is_an_experiment_that_parses(self):
        work = self.folder / "work"
        (work / "more").mkdir(parents=True)
        # --pretrained takes no file that is not there, before anything is run.
        (work / "more" / "gemma-3-270m-q4_k_m.gguf").touch()
        others = set()
        for path in sorted((SOURCE / "experiments").glob("*.toml")):
            if not re.search(r"^(run|experiments) = ", path.read_text(), re.MULTILINE):
                others.add(path.stem)
                continue
            with self.subTest(file=path.name):
                run = subprocess.run(
                    [experiment.PROGRAM, "lab", "run", "goals", "--data", "nowhere", "--file", str(path), "--work",
                     str(work), "--only", "none"],
                    capture_output=True, text=True)
                self.assertEqual(run.returncode, 2, run.stderr)
                self.assertIn('has no experiment "none"', run.stderr)
        self.assertEqual(others, {"families", "families-own"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
