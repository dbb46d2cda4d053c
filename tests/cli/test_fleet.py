"""cms fleet: a campaign that no account gives away is found, its line is a format, and the same input gives the same
bytes."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import world
from program import ProgramTest, fit_words, fitted, run

KEYS = {"atlas", "poh", "poh_min", "evidence", "accounts", "requests", "coverage", "covered", "effective_charts",
        "expected_charts", "distance", "style", "breadth", "overlap", "ledger", "reasons", "suspects", "told",
        "communities"}
REQUESTS = 20


class Fleet(ProgramTest):
    @classmethod
    def setUpClass(cls):
        made, folder = world.World(), fitted()
        honest = {f"h{i:03}": made.honest(REQUESTS) for i in range(240)}
        today = {f"t{i:03}": made.honest(REQUESTS) for i in range(70)}
        today |= {f"campaign-{i:02}": made.anywhere(REQUESTS) for i in range(20)}
        world.write_set(folder / "fleet-honest", *made.accounts(honest))
        world.write_set(folder / "fleet-today", *made.accounts(today))

    def fleet(self, *words):
        return run("fleet", "--atlas", self.world / "atlas.cms", "--honest", self.world / "fleet-honest",
                   self.world / "fleet-today", *words)

    def told(self, *words):
        done = self.fleet("--json", *words)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_the_campaign_comes_first_and_is_told_of_whole(self):
        lines = self.told("--all", "--level", "0.05")
        first = lines[0]
        members = [name for name in first["accounts"] if name.startswith("campaign")]
        self.assertEqual(len(members), 20)
        # Honest accounts of this world are alike with nobody: some hang by weak links on the only community there is.
        self.assertLessEqual(len(first["accounts"]), 25)
        self.assertLessEqual(first["poh"], 0.05)
        for other in lines[1:]:
            self.assertGreater(first["evidence"], 5 * other["evidence"])
        self.assertGreater(first["effective_charts"], first["expected_charts"])
        self.assertEqual(sum(name.startswith("campaign") for name in first["told"]), 20)

    def test_a_line_has_the_documented_keys_and_lines_are_ordered(self):
        lines = self.told("--all")
        for line in lines:
            self.assertEqual(set(line), KEYS)
            self.assertTrue(0 < line["poh_min"] <= line["poh"] <= 1 and 0 < line["coverage"] <= 1)
            charts = [chart for chart, _ in line["covered"]]
            self.assertEqual(charts, sorted(set(charts)))
            self.assertTrue(all(1 <= members <= len(line["accounts"]) for _, members in line["covered"]))
            self.assertLessEqual(set(line["suspects"]) | set(line["told"]), set(line["accounts"]))
            ledger = line["ledger"]
            self.assertEqual(set(ledger), {"requests", "distinct", "charts", "coverage", "paid"})
            self.assertEqual(ledger["charts"], len(charts))  # of 20 requests an account nothing is forgotten
            self.assertEqual(ledger["requests"], REQUESTS * len(line["accounts"]))
            self.assertGreaterEqual(ledger["paid"], ledger["requests"])
        evidence = [line["evidence"] for line in lines]
        self.assertEqual(evidence, sorted(evidence, reverse=True))

    def test_words_say_what_lines_say_of_coverage_and_price(self):
        first = self.told("--all")[0]
        done = self.fleet("--all")
        said = f"in all {100 * first['ledger']['coverage']:.0f}%; at the atlas' prices their " \
               f"{first['ledger']['requests']} requests cost as much as {first['ledger']['paid']:.0f} ordinary ones"
        self.assertIn(said, done.stdout.decode())

    def test_words_draw_what_a_campaign_covers_together(self):
        flagged = self.told("--level", "0.05")
        drawing = self.fleet("--level", "0.05").stdout.decode().split("laid out flat", 1)[1].splitlines()[1:17]
        self.assertTrue(all(set(line) <= set(" .+#") for line in drawing), drawing)
        whole, some = (sum(line.count(letter) for line in drawing) for letter in "#+")
        self.assertTrue(0 < whole and whole + some <= len(flagged[0]["covered"]))

    def test_only_what_is_below_the_level_is_shown(self):
        lines = self.told("--level", "0.05")
        self.assertTrue(lines)
        self.assertLessEqual(max(line["poh"] for line in lines), 0.05)

    def test_a_level_that_no_community_can_reach_is_warned_of(self):
        least = self.told("--all")[0]["poh_min"]
        for words in ((), ("--json",)):
            low = self.fleet("--level", str(least / 2), *words)
            self.assertEqual(low.returncode, 0, low.stderr.decode())
            self.assertIn(f"warning: nothing can be flagged: too few honest communities rank for a Campaign PoH below "
                          f"{least:.4f}", low.stderr.decode())
            self.assertNotIn("warning", self.fleet("--level", str(least * 1.01), *words).stderr.decode())
        self.assertIn(f"the least it can be is {least:.4f}", self.fleet("--all").stdout.decode())

    def test_what_is_no_number_is_refused(self):
        for option in ("--level", "--resolution"):
            for value in ("nan", "-nan", "101", "-1", "x"):
                self.assertEqual(self.fleet(option, value).returncode, 2, (option, value))

    def test_the_same_input_gives_the_same_bytes_with_any_number_of_threads(self):
        self.assertEqual(self.fleet("--json", "--all").stdout, self.fleet("--json", "--all", "--threads", "3").stdout)

    def fit(self, *words, atlas=None):
        return run("fleet", "fit", "--atlas", atlas or self.atlas, "--honest", self.world / "fleet-honest",
                   "-o", self.own / "fleet.cms", *words)

    def judge(self, file, *words, atlas=None):
        return run("fleet", "--atlas", atlas or self.atlas, "--calibration", file, self.world / "fleet-today", *words)

    def test_a_calibration_in_a_file_judges_as_the_honest_set_does_and_is_the_same_bytes_again(self):
        done = self.fit("--json", "--level", "0.05")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        said, first = json.loads(done.stdout), (self.own / "fleet.cms").read_bytes()
        self.assertEqual((said["accounts"], set(said)),
                         (240, {"atlas", "accounts", "fleet_accounts", "accounts_max", "ranking_communities",
                                              "kinds", "poh_min", "looks"}))
        self.assertEqual(said["accounts_max"], 3 * said["fleet_accounts"] // 2)
        self.assertEqual(said["ranking_communities"], sum(said["kinds"].values()))
        held = json.loads(run("inspect", self.own / "fleet.cms", "--json").stdout)
        self.assertEqual(held["kind"], "fleet")
        for key in ("atlas", "kinds", "ranking_communities", "fleet_accounts", "accounts_max", "looks", "poh_min"):
            self.assertEqual(held[key], said[key], key)
        again = self.judge(self.own / "fleet.cms", "--json", "--all")
        self.assertEqual(again.returncode, 0, again.stderr.decode())
        self.assertEqual(again.stdout, self.fleet("--json", "--all").stdout)
        self.fit("--threads", "3")
        self.assertEqual((self.own / "fleet.cms").read_bytes(), first)

    def test_more_looks_make_another_calibration_and_none_is_a_usage_error(self):
        made = {}
        for looks, useful in (("1", 1), ("3", 1), ("10", 3)):  # links begin at 16 requests of 20
            done = self.fit("--looks", looks, "--json")
            self.assertEqual(json.loads(done.stdout)["looks"], useful)
            made[looks] = (self.own / "fleet.cms").read_bytes()
        self.assertTrue(made["1"] == made["3"])
        self.assertFalse(made["1"] == made["10"])
        self.assert_fails(self.fit("--looks", "0"), 2, "--looks")

    def test_a_calibration_of_another_atlas_or_a_spoiled_one_is_refused_with_what_to_do(self):
        self.assertEqual(self.fit().returncode, 0)
        file, other = self.own / "fleet.cms", self.own / "other.cms"
        self.assertEqual(run(*fit_words(self.world, other, calibrate=self.world / "fleet-honest")).returncode, 0)
        self.assert_fails(self.judge(file, atlas=other), 4, "cms fleet fit", "another's")
        content = file.read_bytes()
        for spoiled in (content[:-1], content[:40] + b"?" + content[41:], b"nothing", b""):
            file.write_bytes(spoiled)
            self.assert_fails(self.judge(file), 3, file, "cms fleet fit")
        self.assert_fails(self.judge(self.own / "nothing.cms"), 3, "nothing.cms")

    def test_a_set_of_many_more_accounts_than_calibrated_is_warned_of(self):
        self.assertEqual(self.fit().returncode, 0)
        done = run("fleet", "--atlas", self.atlas, "--calibration", self.own / "fleet.cms", self.world / "fleet-honest")
        self.assertEqual(done.returncode, 0)
        self.assertIn("warning: 240 accounts are seen together, and the calibration is of fleets", done.stderr.decode())
        self.assertNotIn("seen together", self.judge(self.own / "fleet.cms").stderr.decode())

    def test_accounts_too_young_to_be_linked_are_left_out_of_both_sets_and_counted(self):
        made = world.World()
        accounts = {f"h{i:03}": made.honest(REQUESTS) for i in range(240)}
        accounts |= {f"y{i}": made.honest(15) for i in range(5)}
        name = world.write_set(self.own / "young", *made.accounts(accounts))
        self.assertEqual(self.fit().returncode, 0)
        done = run("fleet", "fit", "--json", "--atlas", self.atlas, "--honest", name, "-o", self.own / "young.cms")
        self.assertEqual(json.loads(done.stdout)["accounts"], 240)
        judged = run("fleet", "--atlas", self.atlas, "--calibration", self.own / "fleet.cms", "--all", "--json", name)
        self.assertEqual(judged.returncode, 0)
        self.assertFalse([one for line in judged.stdout.splitlines() for one in json.loads(line)["accounts"]
                          if one.startswith("y")])
        self.assertIn("warning: 240 accounts are seen together", judged.stderr.decode())
        for said in (done, judged):
            self.assertIn("5 accounts have fewer than 16 distinct requests and are left out", said.stderr.decode())

    def test_whom_a_policy_lets_off_by_name_is_left_out_of_both_sets_while_it_does(self):
        policy = self.own / "policy.toml"

        def let_off(accounts, tenant="main", until="2100-01-01"):
            policy.write_text("[policy]\n" + "".join(
                f'[[policy.allow]]\ntenant = "{tenant}"\naccount = "{name}"\nuntil = {until}\nwhy = "batch"\n'
                for name in accounts))

        def seen(*words):
            lines = self.told("--all", "--policy", str(policy), *words)
            return {name for line in lines for name in line["accounts"]}

        campaign = [f"campaign-{i:02}" for i in range(20)]
        let_off(campaign + ["h007"])
        self.assertFalse(any(name.startswith("campaign") for name in seen()))
        self.assertIn("1 accounts of", self.fleet("--policy", str(policy)).stderr.decode())
        self.assertIn("20 accounts of", self.fleet("--policy", str(policy)).stderr.decode())
        self.assertEqual(seen("--tenant", "other"), seen("--tenant", "another"))  # whose nobody is let off
        self.assertTrue(any(name.startswith("campaign") for name in seen("--tenant", "other")))
        let_off(campaign, until="1970-01-01")
        self.assertTrue(any(name.startswith("campaign") for name in seen()))
        self.assert_fails(self.fleet("--policy", str(self.own / "none.toml")), 3, "none.toml")

    def test_a_group_whose_name_no_calibration_holds_is_refused_with_its_account(self):
        made = world.World()
        vectors, rows = made.accounts({f"h{i}": made.honest(REQUESTS) for i in range(3)})
        name = world.write_set(self.own / "named", vectors, [row | {"group": "g" * 257} for row in rows])
        done = run("fleet", "fit", "--atlas", self.atlas, "--honest", name, "-o", self.own / "fleet.cms")
        self.assert_fails(done, 3, "account h0", "257 bytes, at most 256")
        self.assertFalse((self.own / "fleet.cms").exists())

    def test_words_that_do_not_go_together_are_refused(self):
        both = run("fleet", "--atlas", self.atlas, "--honest", self.world / "fleet-honest", "--calibration", "x", "y")
        for done in (both, run("fleet", "--atlas", self.atlas, "x"), run("fleet", "x", "--honest", "y"), run("fleet")):
            self.assert_fails(done, 2, "needed")
        fit = ("fit", "--atlas", self.atlas, "--honest", self.world / "fleet-honest", "-o", self.own / "fleet.cms")
        for option in (("--policy", "p"), ("--level", ".02"), ("--threads", "1"), ("--json",)):
            self.assert_fails(run("fleet", *option, *fit), 2, option[0], "before `fit`")
        self.assertFalse((self.own / "fleet.cms").exists())
        for option in ("--fleets", "--looks", "--seed", "--neighbours", "--resolution"):
            self.assert_fails(self.judge("x", option, "4"), 2, option, "--calibration")
        self.assertEqual(run("fleet", "fit", "--atlas", self.atlas, "--honest", "x").returncode, 2)

    def test_too_few_honest_accounts_are_refused_in_words(self):
        done = run("fleet", "--atlas", self.world / "atlas.cms", "--honest", self.world / "traffic",
                   self.world / "fleet-today")
        self.assert_fails(done, 3, "honest")


if __name__ == "__main__":
    unittest.main(verbosity=2)
