"""experiments/small.toml on the product's own prompts: several experiments, one page. Form, not figures; needs nothing
but the repository."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import experiment

SOURCE = pathlib.Path(os.environ.get("CMS_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
SET = SOURCE / "examples" / "activations"
FAMILIES = SOURCE / "experiments" / "families-own.toml"


def run(*words):
    return subprocess.run([experiment.PROGRAM, "lab", "run", *words], capture_output=True, text=True)


class Small(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        work = pathlib.Path(folder.name)
        suite = SOURCE / "experiments" / "small.toml"
        cls.done = run("goals", "--file", str(suite), "--data", str(SET), "--families", str(FAMILIES),
                       "--work", str(work), "--json")
        cls.page = (work / "report.html").read_text() if cls.done.returncode == 0 else ""
        said = [json.loads(line) for line in cls.done.stdout.splitlines()]
        cls.lines = [line for line in said if "texts" not in line]
        cls.texts = {line["experiment"]: {use["what"]: use for use in line["texts"]} for line in said
                     if "texts" in line}
        cls.told = {line["what"]: line["figure"] for line in cls.lines}

    def setUp(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)

    def test_every_experiment_has_goal_lines(self):
        for line in self.lines:
            self.assertEqual(set(line), {"what", "figure", "goal", "holds"})
            self.assertIn(line["holds"], (True, False, None))
        for name in ("first-study: ", "sleeper: ", "frontier: ", "theft: "):
            self.assertTrue(any(what.startswith(name) for what in self.told), name)

    def test_the_roles_of_the_families_make_cells_and_what_has_none_is_not_there(self):
        for cell in ("single", "mixed", "power", "generalist", "batch", "unseen single", "conversations",
                     "naive, instruction sets", "systematic, people's prompts", "diluted 30%", "stream writing"):
            self.assertIn(f"first-study: share flagged, {cell}", self.told)
        self.assertFalse([what for what in self.told if "mmlu" in what or "alpaca" in what])

    def test_every_experiment_says_which_texts_served_what(self):
        self.assertEqual(set(self.texts), {"small-first-study", "small-sleeper", "small-frontier", "small-theft"})
        study = self.texts["small-first-study"]
        for what, part in (("atlas", "fit"), ("honest accounts that rank", "calibrate"), ("attackers", "test")):
            self.assertEqual(set(study[what]["texts"]), {part}, what)
        self.assertEqual(study["honest accounts of unseen kinds"]["people"], ["banking", "gardening", "shell"])
        self.assertLessEqual({"knowledge", "language", "reasoning", "writing"}, set(study["attackers"]["distillers"]))
        self.assertIn("sleepers, their honest requests", self.texts["small-sleeper"])
        self.assertIn("examination of students", self.texts["small-frontier"])
        self.assertEqual(self.done.stderr.count("which texts served what"), 4)

    def test_the_page_has_a_section_with_table_and_pictures_for_each(self):
        for title in ("Who is flagged, in small", "Sleepers, in small", "What covering costs, in small",
                      "A stolen head"):
            self.assertIn(title, self.page)
        data = json.loads(self.page.split('<script id="data" type="application/json">')[1].split("</script>")[0])
        self.assertEqual(len(data["steps"]), 4)
        for step in data["steps"]:
            self.assertIsNone(step["error"])
            self.assertTrue("which texts served what" in step["table"] and step["goals"], step["name"])
        drawn = {step["name"] for step in data["steps"] if step["plots"]}
        self.assertLessEqual({"small-first-study", "small-sleeper", "small-frontier"}, drawn)


class ReadAnew(unittest.TestCase):
    """Experiments that read texts anew do so as the set was read, and find again what they read."""

    @classmethod
    def setUpClass(cls):
        if not experiment.MODEL:
            raise unittest.SkipTest("CMS_MODEL names no GGUF file")
        cls.model = subprocess.run([experiment.PROGRAM, "model", "prepare", "--model", experiment.MODEL], check=True,
                                   capture_output=True, text=True).stdout.strip()

    def test_packed_prompts(self):
        with tempfile.TemporaryDirectory() as work:
            words = ("packed", "--data", str(SET), "--families", str(FAMILIES), "--work", work, "--seeds", "1",
                     "--taps", "lines", "--accounts", "2", "--ranking-accounts", "100", "--scale", ".01", "--json")
            first = run(*words, "--model", self.model)
            self.assertEqual(first.returncode, 0, first.stderr)
            again = run(*words)
            self.assertEqual((again.returncode, again.stdout), (0, first.stdout), again.stderr)
        self.assertIn("packed 5 through tap lines", first.stdout)


class OwnSets(unittest.TestCase):
    """What a set cannot be used for is told, with what to do."""

    def refused(self, *words):
        done = run(*words)
        self.assertIn(done.returncode, (2, 3), done.stderr)
        return done.stderr

    def test_without_roles_the_shared_families_are_missed_by_name(self):
        told = self.refused("first-study", "--data", str(SET))
        self.assertIn("no family", told)
        self.assertIn("--families", told)

    def test_neither_folder_nor_set_is_told(self):
        told = self.refused("sleeper", "--data", "nowhere")
        self.assertIn("nowhere", told)
        self.assertIn("activations/{human,distill}", told)

    def test_the_pairs_of_the_mmd_study_need_its_folder(self):
        self.assertIn("MMD study", self.refused("mmd", "--data", str(SET)))

    def test_nobody_to_tune_on_is_told(self):
        told = self.refused("first-study", "--data", str(SET), "--families", str(FAMILIES), "--tune", str(SET))
        self.assertIn("[tune]", told)


if __name__ == "__main__":
    unittest.main(verbosity=2)
