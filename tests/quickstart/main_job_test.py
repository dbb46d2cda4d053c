"""The main job as a newcomer sees it, with the shipped rows in place of the live capture, so that no model is needed.

Needs CMS_BIN (the program).
"""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools" / "quickstart" / "main_job.sh"
SHIPPED = ROOT / "examples" / "activations"
BIN = os.environ.get("CMS_BIN", "")
ACCOUNTS = 16


def run(*words, **environment):
    merged = {key: value for key, value in os.environ.items() if key != "CMS_MODEL"} | environment
    return subprocess.run([str(word) for word in words], cwd=ROOT, env=merged, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, check=False)


@unittest.skipUnless(BIN, "CMS_BIN names no program")
class MainJob(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keeper = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.keeper.cleanup)
        cls.out = pathlib.Path(cls.keeper.name)
        cls.first = cls.job("--shipped")

    @classmethod
    def job(cls, *words):
        return run("bash", SCRIPT, *words, CMS_QUICKSTART_DIR=str(cls.out))

    def report(self, live, *words):
        return run(BIN, "lab", "report", "--atlas", self.out / "atlas.cms", live, *words)

    def test_it_ends_with_table_verdict_and_page(self):
        self.assertEqual(self.first.returncode, 0, self.first.stderr)
        lines = self.first.stdout.splitlines()
        rows = [line for line in lines if line.startswith(("honest-", "attacker-"))]
        self.assertEqual(len(rows), ACCOUNTS)
        self.assertEqual(sum(line.startswith("Attackers: ") for line in lines), 1)
        self.assertEqual(sum(line.startswith("Honest: ") for line in lines), 1)
        page = (self.out / "report.html").read_text()
        self.assertIn("</html>", page)
        self.assertNotIn("http", page)

    def test_it_prints_each_command_before_it_runs(self):
        commands = [line for line in self.first.stdout.splitlines() if line.startswith("$ ")]
        self.assertEqual([line.split(" lab ")[-1].split(" fit ")[-1].split()[0] for line in commands],
                         ["compose", "--manifold", "report"])

    def test_a_second_run_fits_nothing_anew_and_says_the_same(self):
        atlas = (self.out / "atlas.cms").read_bytes()
        second = self.job("--shipped")
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assertNotIn(" fit --manifold", second.stdout)
        self.assertEqual((self.out / "atlas.cms").read_bytes(), atlas)
        table = [line for line in self.first.stdout.splitlines() if line.startswith(("honest-", "attacker-"))]
        self.assertEqual([line for line in second.stdout.splitlines() if line in table], table)

    def test_lowest_poh_is_that_of_cms_score(self):
        live = self.out / "sets" / "expected"
        made = self.report(live, "-o", self.out / "again.html", "--json")
        self.assertEqual(made.returncode, 0, made.stderr)
        lines = [json.loads(line) for line in made.stdout.splitlines()]
        accounts = {line["account"]: line for line in lines if "account" in line}
        scored = run(BIN, "score", "--atlas", self.out / "atlas.cms", live, "--json")
        scores = [json.loads(line) for line in scored.stdout.splitlines()]
        self.assertEqual([score["account"] for score in scores], list(accounts))
        for score in scores:
            self.assertEqual(score["poh_min"], accounts[score["account"]]["poh_min"])
        counts = {line["what"]: line["figure"] for line in lines if "what" in line}
        noticed = sum(line["attacker"] and line["noticed_at"] is not None for line in accounts.values())
        self.assertEqual(counts["attackers noticed"], noticed)

    def test_rows_of_other_texts_fail_and_leave_the_page_alone(self):
        for ending in (".npy", ".jsonl", ".manifest.json"):
            content = (self.out / "sets" / f"expected{ending}").read_bytes()
            if ending == ".npy":
                header = 10 + int.from_bytes(content[8:10], "little")
                row = 2 * 576
                content = content[:header] + content[header + row:] + content[header:header + row]
            (self.out / f"shifted{ending}").write_bytes(content)
        page = self.out / "shifted.html"
        made = self.report(self.out / "shifted", "--reference", SHIPPED, "-o", page)
        self.assertEqual(made.returncode, 1)
        self.assertIn("not those that were shipped", made.stderr)
        self.assertFalse(page.exists())

    def test_wrong_words_and_missing_things_end_non_zero(self):
        self.assertEqual(self.job("--nonsense").returncode, 2)
        missing = run("bash", SCRIPT, CMS_QUICKSTART_DIR=str(self.out))
        self.assertNotEqual(missing.returncode, 0)
        self.assertIn("CMS_MODEL", missing.stderr)
        broken = run("bash", SCRIPT, "--shipped", CMS_QUICKSTART_DIR=str(self.out), CMS_BIN="/bin/false")
        self.assertNotEqual(broken.returncode, 0)

    def test_the_lab_lists_its_kinds_and_refuses_what_it_does_not_have(self):
        listed = run(BIN, "lab", "list")
        self.assertEqual(listed.returncode, 0)
        for kind in ("generalist", "systematic", "first-study"):
            self.assertIn(kind, listed.stdout)
        self.assertEqual(run(BIN, "lab", "run", "second-study").returncode, 2)
        self.assertEqual(run(BIN, "lab", "run", "first-study", "--data", self.out / "nowhere").returncode, 3)
        self.assertEqual(run(BIN, "lab", "compose", self.out / "nowhere", "-o", self.out / "x").returncode, 3)


if __name__ == "__main__":
    unittest.main()
