"""A tenth of the first study, run as a user runs it: its form, and what must hold of any run; never its goals."""

import unittest

import experiment


class FirstStudy(experiment.Experiment):
    command = ("first-study", "--scale", "0.1")

    def test_figures_are_shares(self):
        self.assertGreater(len(self.lines), 40)
        for line in self.lines:
            self.assertTrue(0 <= line["figure"] <= 1, line)

    def test_every_goal_of_the_study_is_there(self):
        told = {line["what"]: line["goal"] for line in self.lines}
        for kind in ("single", "mixed", "power", "generalist", "unseen single", "unseen power"):
            self.assertEqual(told[f"first-study: share flagged, {kind}"], "<= 0.01")
        self.assertEqual(told["first-study: share flagged, batch"], "<= 0.03")
        for attack, goal in {
            "systematic, instruction sets": ".97",
            "sorted, instruction sets": ".97",
            "naive, people's prompts": ".97",
            "naive, instruction sets": ".90",
            "sorted, people's prompts": ".90",
            "clustered, instruction sets": ".90",
            "diluted 50%": ".60",
        }.items():
            self.assertEqual(told[f"first-study: share flagged, {attack}"], f">= 0{goal}")

    def test_a_goal_holds_just_where_its_figure_says_so(self):
        for line in self.lines:
            if line["goal"].startswith(">= 0"):
                self.assertEqual(line["holds"], line["figure"] >= float(line["goal"][3:]), line)

    def test_single_requests_of_replayed_people_cannot_be_told(self):
        self.assertLess(self.told["first-study: AUC of single requests, naive, people's prompts"], .6)
        self.assertGreater(self.told["first-study: share flagged, naive, people's prompts"], .3)

    def test_the_table_has_rivals_channels_and_real_conversations(self):
        for word in ("distinct texts", "account length", "mean text length", "published CMS", "PRADA", "B4B buckets",
                     "request", "topology", "-mixture", "conversations", "cosine of two requests", "alike -0.2"):
            self.assertIn(word, self.table)


if __name__ == "__main__":
    unittest.main(verbosity=2)
