"""cms inspect: it tells by the content what a file is and says what it holds."""

import pathlib
import shutil
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import world
from program import ProgramTest, parse, run

CHANNELS, MEASURES = 7, 31


def array(letter, values):
    return struct.pack("<Q", len(values)) + struct.pack(f"<{len(values)}{letter}", *values)


def state(window=16, horizon=20, rank=8, sketch=8, charts=60, requests=3, visited=0b101):
    """An account's state by docs/formats/state.md, after a few requests."""
    name = b"0123456789ab"
    content = struct.pack("<Q", len(name)) + name
    content += struct.pack("<5I2Q", window, horizon, rank, sketch, charts, requests, requests)
    content += array("b", [0] * window * rank) + array("b", [0] * window * sketch) + array("H", [0] * window)
    content += array("f", [0] * window) * 3 + array("I", [0] * window) + array("B", [0] * window) * 2
    content += array("H", [0] * horizon) + array("f", [-1] * horizon) * 2
    content += array("B", [visited] + [0] * ((charts + 7) // 8 - 1))
    content += struct.pack(f"<{CHANNELS}d", *[0] * CHANNELS) + struct.pack("<2QdQdQd", 0, 0, 0, 0, 1, 0, 0)
    return content + struct.pack("<dQ", 1234.5, 0) + struct.pack(f"<{MEASURES}f", *[0] * MEASURES)


class Inspect(ProgramTest):
    def inspect(self, path, *words):
        done = run("inspect", path, "--json", *words)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return parse(done.stdout)

    def test_an_atlas_under_any_name(self):
        path = self.own / "name.npy"
        shutil.copy(self.atlas, path)
        said = self.inspect(path)
        self.assertEqual(said["kind"], "atlas")
        self.assertEqual(said["model"]["name"], world.MODEL)
        self.assertEqual(said["model"]["dimension"], world.DIMENSION)
        self.assertEqual(said["fitted_on"]["manifold_rows"], 1200)

    def test_an_activation_set_by_name_or_file(self):
        for path in (self.world / "traffic", self.world / "traffic.npy"):
            said = self.inspect(path)
            self.assertEqual(said["kind"], "set")
            self.assertEqual((said["rows"], said["accounts"], said["requests_most"]), (245, 6, 48))
            self.assertEqual((said["time_first"], said["time_last"]), (1000, 3820))

    def test_a_set_without_accounts_or_manifest(self):
        name = self.copy("manifold")
        pathlib.Path(f"{name}.manifest.json").unlink()
        self.assert_fails(run("inspect", name), 3, "--assume-model")
        said = self.inspect(name, "--assume-model", "some-model")
        self.assertEqual((said["accounts"], said["rows_without_account"]), (0, 1200))
        self.assertIsNone(said["requests_median"])
        self.assertIsNone(said["model"]["sha256"])

    def test_the_state_of_an_account(self):
        path = self.own / "anna"
        path.write_bytes(state())
        said = self.inspect(path)
        self.assertEqual(said["kind"], "state")
        self.assertEqual((said["atlas"], said["requests"], said["charts_visited"]), ("0123456789ab", 3, 2))
        self.assertEqual(said["time"], 1234.5)
        self.assertIsNone(said["poh_min"])

    def test_a_damaged_state_is_bad_input(self):
        path = self.own / "anna"
        whole = state()
        for content in (whole[:24], whole[:-1], whole + b"\0"):
            path.write_bytes(content)
            self.assert_fails(run("inspect", path), 3, path)

    def test_sizes_that_a_state_cannot_have_are_bad_input(self):
        path = self.own / "anna"
        for field in range(5):
            for size in (0, 1, 2**16, 2**31, 2**32 - 1):
                content = bytearray(state())
                struct.pack_into("<I", content, 20 + 4 * field, size)
                path.write_bytes(content)
                self.assert_fails(run("inspect", path), 3, path)

    def test_any_other_file_is_bad_input(self):
        path = self.own / "other"
        for content in (b"", b"hello", bytes(range(256))):
            path.write_bytes(content)
            self.assert_fails(run("inspect", path), 3, path)

    def test_words_for_people(self):
        for path in (self.atlas, self.world / "traffic"):
            done = run("inspect", path)
            self.assertEqual(done.returncode, 0)
            self.assertIn(f"{world.MODEL}/final/mean, dimension 96", done.stdout.decode())


if __name__ == "__main__":
    unittest.main()
