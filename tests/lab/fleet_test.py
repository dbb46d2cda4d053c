"""cms lab run fleet in its small form: its form, not its figures."""

import unittest

import experiment

CAMPAIGNS = 22


class Fleet(experiment.Experiment):
    command = ("fleet", "--seeds", "1", "--accounts", "300", "--calibration-fleets", "8", "--test-fleets", "1",
               "--ranking-accounts", "100", "--update-accounts", "2500", "--resolution", "1")

    def test_every_campaign_has_a_line_of_each_kind(self):
        judged = "members found where at most .01 of honest communities are ever flagged, "
        precision = "precision at Campaign PoH .01 where any account is told of, "
        for what in (judged, "members found at Campaign PoH .01, ", precision, "members the best account",
                     "members PRADA", "members benign MMD", "coverage of what it extracts, ",
                     "fidelity of its student"):
            lines = [line for line in self.lines if line["what"].startswith("fleet: " + what)]
            self.assertEqual(len(lines), CAMPAIGNS, what)
            for line in lines:
                if what == precision and line["figure"] is None:  # nobody is told of
                    continue
                self.assertTrue(-1e-9 <= line["figure"] <= 1 + 1e-9, line)

    def test_a_request_is_never_cheaper_than_an_ordinary_one(self):
        prices = [figure for what, figure in self.told.items() if what.startswith("fleet: price of a request, ")]
        self.assertEqual(len(prices), CAMPAIGNS)
        self.assertGreaterEqual(min(prices), 1 - 1e-9)
        self.assertGreater(max(prices), 1)

    def test_above_the_bar_no_more_is_found_than_at_the_usual_level(self):
        judged = [what for what in self.told if "members found where at most .01" in what]
        self.assertEqual(len(judged), CAMPAIGNS)
        for what in judged:
            usual = "fleet: members found at Campaign PoH .01, " + what.split("ever flagged, ")[1]
            self.assertLessEqual(self.told[what], self.told[usual] + 1e-9, what)

    def test_a_campaign_cut_to_a_tenth_of_the_fleet_has_its_own_name_and_no_goal(self):
        names = [line["what"] for line in self.lines if line["what"].startswith("fleet: members found at Campaign PoH")]
        self.assertEqual(len(names), CAMPAIGNS)
        self.assertEqual(len(set(names)), len(names))
        for line in self.lines:
            if not line["what"].startswith("fleet: members"):
                continue
            self.assertRegex(line["what"], r"(300|30|20|2) x \d+$")
            self.assertIsNone(line["holds"], line)

    def test_what_becomes_of_honest_communities_beside_campaigns_is_told(self):
        self.assertTrue(0 <= self.told["fleet: honest communities flagged beside campaigns"] <= 1)
        self.assertTrue(0 <= self.told["fleet: honest groups flagged beside campaigns"] <= 1)
        lines = self.table.split("communities and accounts beside a campaign", 1)[1].splitlines()[1:]
        counts = [[int(word) for word in line.split()[-8:]] for line in lines[:CAMPAIGNS + 1]]
        self.assertTrue(lines[CAMPAIGNS].startswith("all "), lines[CAMPAIGNS])
        self.assertEqual([sum(column) for column in zip(*counts[:-1])], counts[-1])
        self.assertTrue(all(one[0] <= one[1] and one[2] <= one[3] and one[7] <= one[4] for one in counts))
        self.assertGreater(counts[-1][1], 0)

    def test_what_campaigns_pay_is_told_for_every_account_cost(self):
        for prize in ("80%", "2400 answers"):
            for cost in (0, 10, 100, 1000):
                what = f"fleet: C(.01) of {prize}, any number of accounts, account cost {cost}, fleet"
                self.assertGreaterEqual(self.told[f"{what} off"], 1)
                self.assertGreater(self.told[f"{what} on over off"], 0)

    def test_a_small_fleet_has_every_link_proposed(self):
        self.assertEqual(self.told["fleet: links proposed of the nearest among 300 accounts"], 1)

    def test_a_signature_takes_at_most_a_kibibyte(self):
        self.assertLessEqual(self.told["fleet: bytes of a signature"], 1024)

    def test_the_table_names_campaigns_and_honest_groups(self):
        for word in ("rotated, people's prompts, 30 x 60", "honest groups", "team", "communities that rank"):
            self.assertIn(word, self.table)


if __name__ == "__main__":
    unittest.main(verbosity=2)
