"""experiments/small.toml on the product's own prompts: several experiments, one page. Form, not figures; needs nothing
but the repository, and what reads texts anew a model."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import experiment

SOURCE = pathlib.Path(os.environ.get("CMS_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
SET = SOURCE / "examples" / "activations"
FAMILIES = SOURCE / "experiments" / "families-own.toml"
TITLES = {
    "first-study": "Who is flagged, in small",
    "sleeper": "Sleepers, in small",
    "frontier": "What covering costs, in small",
    "theft": "A stolen head",
    "economics": "What extraction costs under each price rule, in small",
    "students": "What an account's answers are worth, in small",
    "mixtures": "Mixtures, in small",
    "ablation": "Ablations, in small",
    "fleet": "Campaigns hidden among a few hundred accounts",
}
WITH_TABLES_ALONE = {"theft", "mixtures"}


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

    def named(self, start):
        """What the goal lines that begin so say of, the beginning left out."""
        return [line["what"][len(start):] for line in self.lines if line["what"].startswith(start)]

    def test_every_experiment_has_goal_lines(self):
        for line in self.lines:
            self.assertEqual(set(line), {"what", "figure", "goal", "holds"})
            self.assertIn(line["holds"], (True, False, None))
        self.assertEqual(len(self.told), len(self.lines), "no two lines are of one thing")
        for name in TITLES:
            self.assertTrue(self.named(f"{name}: "), name)

    def test_the_roles_of_the_families_make_cells_and_what_has_none_is_not_there(self):
        for cell in ("single", "mixed", "power", "generalist", "batch", "unseen single", "conversations",
                     "naive, instruction sets", "systematic, people's prompts", "diluted 30%", "stream writing"):
            self.assertIn(f"first-study: share flagged, {cell}", self.told)
        self.assertFalse([what for what in self.told if "mmlu" in what or "alpaca" in what])

    def test_every_experiment_says_which_texts_served_what(self):
        self.assertEqual(set(self.texts), {f"small-{name}" for name in TITLES})
        study = self.texts["small-first-study"]
        for what, part in (("atlas", "fit"), ("honest accounts that rank", "calibrate"), ("attackers", "test")):
            self.assertEqual(set(study[what]["texts"]), {part}, what)
        self.assertEqual(study["honest accounts of unseen kinds"]["people"], ["banking", "gardening", "shell"])
        self.assertLessEqual({"knowledge", "language", "reasoning", "writing"}, set(study["attackers"]["distillers"]))
        self.assertIn("sleepers, their honest requests", self.texts["small-sleeper"])
        for name, what in (("frontier", "examination of students"), ("economics", "price rules"),
                           ("students", "thefts, to choose from"), ("mixtures", "attackers, their honest requests"),
                           ("ablation", "honest accounts of unseen kinds"), ("fleet", "fleets that calibrate")):
            self.assertIn(what, self.texts[f"small-{name}"])
        self.assertEqual(self.done.stderr.count("which texts served what"), len(TITLES))

    def test_the_page_has_a_section_with_table_and_pictures_for_each(self):
        data = json.loads(self.page.split('<script id="data" type="application/json">')[1].split("</script>")[0])
        self.assertEqual({step["name"]: step["title"] for step in data["steps"]},
                         {f"small-{name}": title for name, title in TITLES.items()})
        for step in data["steps"]:
            self.assertIsNone(step["error"])
            self.assertTrue("which texts served what" in step["table"] and step["goals"], step["name"])
        drawn = {step["name"] for step in data["steps"] if step["plots"]}
        self.assertEqual(drawn, {f"small-{name}" for name in TITLES.keys() - WITH_TABLES_ALONE})

    def test_economics_has_a_cost_for_every_price_rule(self):
        rules = self.named("economics: C(.01), one account, rule ")
        self.assertEqual(len(rules), 10)
        for rule in rules:
            self.assertGreaterEqual(self.told[f"economics: C(.01), one account, rule {rule}"], 0)

    def test_students_steal_in_five_ways_from_three_pools(self):
        thefts = self.named("students: median first flag, ")
        self.assertEqual(len(thefts), 5 * 3)
        self.assertIn("ActiveThief k-centre, people's, unseen kinds too", thefts)
        self.assertIn("fidelity (use-weighted) with coverage, attackers", self.named("students: Pearson of "))
        self.assertFalse([what for what in self.told if "next token" in what], "no model is read with")

    def test_mixtures_has_the_score_and_fifteen_tests_alone_and_beside_it(self):
        cells = self.named("mixtures: share flagged by the score, ")
        self.assertLessEqual({"single", "systematic, people's prompts", "diluted 10%", "stream writing"}, set(cells))
        self.assertEqual(len(self.named("mixtures: ")), len(cells) * 31)

    def test_ablation_has_every_block_but_layers(self):
        self.assertEqual(self.named("ablation: the product's choice behind the best, "),
                         ["rank", "charts", "window", "measures"])
        flagged = self.named("ablation: attackers flagged, ")
        self.assertEqual(len([what for what in flagged if what.startswith("without ")]), 22)
        self.assertLessEqual({"rank 128", "charts 512", "window 32", "all measures"}, set(flagged))

    def test_the_fleet_says_of_every_campaign_what_is_found_and_what_it_pays(self):
        campaigns = self.named("fleet: members found at Campaign PoH .01, ")
        self.assertEqual(len(campaigns), 22)
        for what in ("members the best account score flags", "coverage of what it extracts",
                     "fidelity of its student"):
            self.assertEqual(self.named(f"fleet: {what}, "), campaigns)
        for campaign in campaigns:
            self.assertGreaterEqual(self.told[f"fleet: price of a request, each account for itself, {campaign}"],
                                    1 - 1e-9)
        for prize in ("80%", "2400 answers"):
            self.assertIn(f"{prize}, any number of accounts, account cost 100, fleet on over off",
                          self.named("fleet: C(.01) of "))


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

    def test_made_up_queries(self):
        with tempfile.TemporaryDirectory() as work:
            suite = SOURCE / "experiments" / "small-made-up.toml"
            words = ("goals", "--file", str(suite), "--data", str(SET), "--families", str(FAMILIES), "--work", work,
                     "--model", self.model, "--threads", "1", "--json")
            first = run(*words)
            self.assertEqual(first.returncode, 0, first.stderr)
            self.assertIn("reading with the model", first.stderr)
            shutil.rmtree(pathlib.Path(work) / "results")
            again = run(*words)
            self.assertEqual((again.returncode, again.stdout), (0, first.stdout), again.stderr)
            self.assertNotIn("reading with the model", again.stderr)
        for kind in ("single", "unseen power", "random words", "random characters", "Jacobian augmentation"):
            for what in ("share flagged", "fidelity (use-weighted)", "share flagged by PRADA"):
                self.assertIn(f"made-up: {what}, {kind}", first.stdout)


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
