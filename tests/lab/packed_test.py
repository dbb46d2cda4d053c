"""cms lab run packed in its small form: its form, that questions packed tight are not seen by a tap of one segment, and
that a second run finds what the first has read."""

import unittest

import experiment


class Packed(experiment.ModelExperiment):
    name = "packed"
    options = ("--taps", "first", "--seeds", "1", "--accounts", "2", "--questions", "40", "--pool", "40", "--scale",
               "0.01", "--ranking-accounts", "100")

    def test_every_attack_and_every_honest_kind_has_a_line(self):
        for name in ("single", "unseen power", "unpacked", "packed 5", "packed 20", "wrapper, the same", "wrapper of 8",
                     "packed 10, wrapper of 1"):
            self.assertIn(f"{name} through tap first: flagged", self.told)

    def test_wrapped_accounts_ask_as_many_questions_as_others_or_are_dropped(self):
        self.assertEqual(self.told["unpacked: requests sent, least"], 40)
        for segments in (1, 2, 4, 8):
            least, dropped = (self.told[f"wrapper of {segments}: {what}"]
                              for what in ("requests sent, least", "accounts dropped for having too few"))
            self.assertTrue((least, dropped) == (40, 0) or (segments > 2 and (least, dropped) in ((40, 1), (0, 2))),
                            (segments, least, dropped))

    def test_a_tap_of_one_segment_does_not_see_forty_questions_in_two_requests(self):
        self.assertEqual(self.told["packed 20 through tap first: flagged"], 0)

    def test_one_set_holds_what_was_read(self):
        self.assertEqual([path.name for path in self.work.glob("*.npy")], ["sequences-0.npy"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
