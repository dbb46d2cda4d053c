"""cms fit and cms score: what they print is a format, and the same input gives the same bytes."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import world
from program import ProgramTest, fit_words, parse, run

KEYS = ["account", "atlas", "status", "why", "requests", "poh", "poh_min", "requests_at_min", "extrapolated", "action",
        "price", "reasons", "coverage", "confidence", "completeness"]
CHANNELS = {"breadth", "topology", "geometry", "coherence", "divergence", "mixture", "repetition", "isolation"}
MEASURES = ["charts", "chao_shen_entropy", "good_turing", "new_charts", "charts_horizon", "h0_total", "h0_entropy",
            "h1_total", "h1_entropy", "h1_bars", "dimension", "dispersion", "tangent_residual", "chart_curvature",
            "forman_ricci", "coherence", "turning_angle", "log_density", "knn_mean", "knn_tail", "mmd",
            "normality_atlas", "normality_raw", "near_duplicates", "effective_rank", "hill_1", "hill_2", "chao1",
            "h0_max", "h1_max", "two_nn", "isolation_covariance"]
LATER = 1e8  # seconds; some three years, many half-lives


class ScoreLines(ProgramTest):
    def traffic(self, *words):
        return {line["account"]: line for line in self.lines(self.world / "traffic", *words)}

    def test_an_account_that_roams_over_everything_ends_lower_than_every_honest_one(self):
        lines = self.traffic()
        honest = [line["poh"] for name, line in lines.items() if name.startswith("honest")]
        self.assertLess(lines["attacker"]["poh"], min(honest))
        self.assertLessEqual(lines["attacker"]["poh"], 0.01)
        self.assertIn(lines["attacker"]["action"], ("limit", "review"))
        self.assertTrue(lines["attacker"]["extrapolated"])

    def test_a_line_has_the_documented_keys_in_their_order_and_no_other(self):
        for words in ((), ("--every",), ("--at", "2000")):
            for line in self.lines(self.world / "traffic", *words):
                self.assertEqual(list(line), KEYS)
        for line in self.lines(self.world / "traffic", "--readings"):
            self.assertEqual(list(line), KEYS + ["readings"])

    def test_reasons_are_channels_largest_first_and_sum_to_one(self):
        for line in self.lines(self.world / "traffic", "--every"):
            if not line["reasons"]:
                continue
            shares = [reason["share"] for reason in line["reasons"]]
            self.assertAlmostEqual(sum(shares), 1, places=12)
            self.assertEqual(shares, sorted(shares, reverse=True))
            self.assertLessEqual({reason["channel"] for reason in line["reasons"]}, CHANNELS)

    def test_numbers_lie_in_their_ranges(self):
        for line in self.lines(self.world / "traffic", "--every"):
            for key in ("coverage",) if line["status"] != "computed" else (
                    "poh", "poh_min", "coverage", "confidence", "completeness"):
                self.assertTrue(0 <= line[key] <= 1, f"{key} of {line}")

    def test_a_price_is_at_least_one_and_the_attackers_is_the_highest(self):
        for line in self.lines(self.world / "traffic", "--every"):
            self.assertGreaterEqual(line["price"], 1)
        lines = self.traffic()
        honest = [line["price"] for name, line in lines.items() if name.startswith("honest")]
        self.assertGreater(lines["attacker"]["price"], max(honest))

    def test_an_account_with_too_few_requests_is_not_computed_and_says_why(self):
        line = self.traffic()["newcomer"]
        self.assertEqual(line["status"], "not_computed")
        self.assertEqual(line["why"], "needs 16 requests, has 5")
        self.assertEqual(line["requests"], 5)
        for key in ("poh", "poh_min", "requests_at_min", "extrapolated", "reasons", "confidence", "completeness"):
            self.assertIsNone(line[key])
        self.assertEqual(line["action"], "allow")

    def test_every_request_has_a_line_and_the_last_is_the_plain_one(self):
        every = self.lines(self.world / "traffic", "--every")
        self.assertEqual([line["requests"] for line in every if line["account"] == "attacker"], list(range(1, 49)))
        last = {line["account"]: line for line in every}
        self.assertEqual(last, self.traffic())

    def test_the_first_score_comes_at_the_sixteenth_request(self):
        for line in self.lines(self.world / "traffic", "--every"):
            self.assertEqual(line["status"] == "computed", line["requests"] >= 16)

    def test_readings_name_every_measure(self):
        lines = self.traffic("--readings")
        self.assertEqual(list(lines["attacker"]["readings"]), MEASURES)
        self.assertEqual(set(lines["newcomer"]["readings"].values()), {None})
        self.assertGreater(lines["attacker"]["readings"]["charts"], lines["honest-0"]["readings"]["charts"])

    def test_accounts_come_in_the_order_of_their_first_row(self):
        rows = [json.loads(line) for line in pathlib.Path(self.world / "traffic.jsonl").read_text().splitlines()]
        self.assertEqual(list(self.traffic()), list(dict.fromkeys(row["account"] for row in rows)))


class Time(ProgramTest):
    def attacker(self, *words):
        return next(line for line in self.lines(self.world / "traffic", *words) if line["account"] == "attacker")

    def test_an_idle_account_recovers_and_keeps_its_lowest(self):
        now, later = self.attacker(), self.attacker("--at", LATER)
        self.assertLess(now["poh"], 0.01)
        self.assertEqual(later["poh"], 1)
        self.assertEqual(later["poh_min"], now["poh_min"])
        self.assertEqual(later["requests"], now["requests"])

    def test_requests_after_the_time_are_left_out(self):
        every = [line for line in self.lines(self.world / "traffic", "--every") if line["account"] == "attacker"]
        self.assertEqual(self.attacker("--at", 1000 + 60 * 29), every[29])
        self.assertEqual(self.attacker("--at", 0)["requests"], 0)

    def test_requests_are_taken_by_time_not_by_row(self):
        name = self.copy()
        rows = pathlib.Path(f"{name}.jsonl").read_text().splitlines(keepends=True)
        matrix = pathlib.Path(f"{name}.npy").read_bytes()
        size = 4 * world.DIMENSION
        body = len(matrix) - size * len(rows)
        turned = [matrix[body + size * i:body + size * (i + 1)] for i in reversed(range(len(rows)))]
        pathlib.Path(f"{name}.npy").write_bytes(matrix[:body] + b"".join(turned))
        pathlib.Path(f"{name}.jsonl").write_text("".join(reversed(rows)))
        turned, found = ({line["account"]: line for line in self.lines(one)} for one in (name, self.world / "traffic"))
        self.assertEqual(turned, found)


class Sameness(ProgramTest):
    def test_the_same_input_gives_the_same_bytes_on_any_number_of_threads(self):
        words = ("--json", "--every", "--readings")
        outputs = {self.score(self.world / "traffic", *words, "--threads", threads).stdout for threads in (1, 1, 2, 5)}
        self.assertEqual(len(outputs), 1)
        self.assertGreater(len(outputs.pop()), 10000)

    def test_the_same_sets_give_the_same_atlas_on_any_number_of_threads(self):
        for threads in (1, 2):
            done = run(*fit_words(self.world, self.own / f"{threads}.cms"), "--threads", threads)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual((self.own / "1.cms").read_bytes(), (self.own / "2.cms").read_bytes())
        self.assertEqual((self.own / "1.cms").read_bytes(), self.atlas.read_bytes())

    def test_a_set_of_json_lines_is_scored_like_one_of_numpy(self):
        made = world.World(seed=11)
        vectors, rows = made.accounts({"a": made.honest(20), "b": made.attacker(20)})
        numpy = world.write_set(self.own / "numpy", vectors, rows)
        lines = self.own / "lines.ndjson"
        lines.write_text("".join(json.dumps(row | {"vector": vector}) + "\n" for row, vector in zip(rows, vectors)))
        (self.own / "lines.manifest.json").write_text(json.dumps(world.manifest()))
        self.assertEqual(self.score(lines, "--json").stdout, self.score(numpy, "--json").stdout)


class Table(ProgramTest):
    def test_a_table_away_from_a_terminal_has_no_colours(self):
        done = self.score(self.world / "traffic")
        self.assertEqual(done.returncode, 0)
        self.assertNotIn(b"\033", done.stdout)
        self.assertIn(b"needs 16 requests, has 5", done.stdout)

    def test_the_name_of_an_account_cannot_steer_the_terminal(self):
        name = "\033[2J\u202eevil\u0007\u009b"
        made = world.World(seed=5)
        set_name = world.write_set(self.own / "evil", *made.accounts({name: made.honest(3)}))
        shown = self.score(set_name).stdout.decode()
        self.assertIn("?[2J?evil??", shown)
        self.assertEqual(self.lines(set_name)[0]["account"], name)


class Fit(ProgramTest):
    def test_fit_says_what_it_learnt(self):
        said = parse((self.world / "fit.json").read_text())
        self.assertEqual(said["kind"], "atlas")
        self.assertEqual(said["charts"], 60)
        self.assertEqual(said["horizon"], 48)
        self.assertEqual(said["accounts"]["all"], 90)
        self.assertEqual(said["accounts"]["tables"] + said["accounts"]["ranking"], 90)
        self.assertEqual(said["ranking"], {"": said["accounts"]["ranking"]})
        self.assertEqual(said["held_back"]["accounts"], 90)
        self.assertEqual([level["a"] for level in said["held_back"]["levels"]], [.01, .05, .1, .25])
        self.assertIsNone(said["held_back"]["levels"][0]["holds"])
        self.assertTrue(said["held_back"]["levels"][3]["holds"])
        self.assertIn("extrapolated", said["warnings"][0])

    def test_groups_of_use_are_ranked_apart(self):
        made = world.World(seed=13)
        vectors, rows = made.accounts({f"g{i:03}": made.honest(20) for i in range(120)})
        for row in rows:
            row["group"] = "even" if int(row["account"][1:]) % 2 == 0 else "odd"
        grouped = world.write_set(self.own / "grouped", vectors, rows)
        done = run(*fit_words(self.world, self.own / "g.cms", calibrate=grouped), "--json")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(set(parse(done.stdout)["ranking"]), {"even", "odd"})

    def test_an_old_atlas_is_replaced(self):
        output = self.own / "a.cms"
        output.write_text("old")
        self.assertEqual(run(*fit_words(self.world, output)).returncode, 0)
        self.assertEqual(output.read_bytes(), self.atlas.read_bytes())
        self.assertEqual([path.name for path in self.own.iterdir()], ["a.cms"])


if __name__ == "__main__":
    unittest.main()
