"""cms lab run mmd in its small form, on the few rows of ../shared/data: its form, and that whole attacks are seen."""

import unittest

import experiment

DETECTORS = ("length", "MMD", "MMD, atlas", "channels", "nearest", "shrunk mean", "shrunk MMD", "together",
             "and channels")


class Mmd(experiment.Experiment):
    command = ("mmd", "--seeds", "1,2", "--windows", "20", "--calibration-windows", "400", "--honest-windows", "40",
               "--attack-windows", "20")

    def figure(self, pair, share, detector):
        return self.told[f"mmd: share of windows of 20 flagged, {pair}, share {share}, {detector}"]

    def test_every_pair_share_and_detector_has_a_line(self):
        self.assertEqual(len(self.lines), 4 * 5 * len(DETECTORS))

    def test_windows_of_nothing_but_attackers_are_flagged(self):
        for pair in ("agnews", "hatespeech", "imdb", "sst2"):
            self.assertGreaterEqual(self.figure(pair, "1.00", "together"), .8)

    def test_what_needs_an_atlas_is_not_measured_on_so_few_rows(self):
        self.assertIsNone(self.figure("imdb", "0.50", "channels"))
        self.assertIn(" - ", self.table)


if __name__ == "__main__":
    unittest.main(verbosity=2)
