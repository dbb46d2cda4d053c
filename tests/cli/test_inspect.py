"""cms inspect: it tells by the content what a file is and says what it holds."""

import pathlib
import shutil
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import world
from program import ProgramTest, parse, run

CHANNELS, MEASURES = 8, 32


def pack(letter, values, count=None):
    """Numbers one after the other, and zeros up to `count`."""
    values = list(values)
    return struct.pack(f"<{count or len(values)}{letter}", *values, *[0] * ((count or len(values)) - len(values)))


def lanes(rows, width, length):
    """Rows of small numbers in blocks of 16 lanes, two elements of each row together."""
    pairs = (width + 1) // 2
    content = bytearray((length + 15) // 16 * 16 * 2 * pairs)
    for row, values in enumerate(rows):
        for element, value in enumerate(values):
            at = ((row // 16 * pairs + element // 2) * 16 + row % 16) * 2 + element % 2
            struct.pack_into("<b", content, at, value)
    return bytes(content)


def bits(numbers, count):
    return sum(1 << number for number in numbers).to_bytes((count + 7) // 8, "little")


def state(window=16, horizon=20, rank=7, sketch=8, charts=60, version=3, points=((127, 1), (127, 2), (-127, 3))):
    """An account's state by docs/formats/state.md: three distinct requests and one repeat, in charts 0, 2 and 2."""
    name = b"0123456789ab"
    header = b"CMST" + pack("I", [version]) + pack("Q", [len(name)]) + name
    sizes = pack("I", [window, horizon, rank, sketch, charts]) + pack("Q", [4, 3])
    memory = pack("I", [2**31, 2**30, 0], window)  # kernels to the reference: .5, .25, 0
    memory += pack("H", [65535, 0, 0], window) + pack("H", [32767] * 3, window) + pack("H", [2, 1, 1], window)
    memory += pack("H", [0, 2, 2], horizon) + pack("H", [65535, 300, 65534], horizon) * 2
    memory += lanes(points, rank, window) + lanes([(1, 127)] * 3, sketch, window)
    memory += bits([1, 3], window) + bits([0, 1], window) + bits([0, 2], charts)
    score = pack("d", [0] * CHANNELS) + struct.pack("<2QdQdQd", 0, 0, 0, 0, 1, 0, 0)
    rest = pack("d", [1234.5]) + pack("Q", [1 << 2]) + pack("f", [0, 0, 0.75], MEASURES)
    return header + sizes + pack("Q", [len(memory)]) + memory + score + rest + signature(requests=3, charts=[0, 2])


def signature(requests, charts):
    """By docs/fleet.md: requests of full weight whose points and residuals have cancelled out."""
    weight = requests << 20
    sums = pack("i", [0] * 128) + pack("q", [weight, weight, weight])
    return sums + bits(charts, 1024) + bits([], 1024) + pack("I", [requests, 0]) + pack("Q", [requests])


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

    def test_times_that_are_the_rows_numbers_are_not_known(self):
        name = self.copy("manifold")
        said = self.inspect(name)
        self.assertEqual((said["time_first"], said["time_last"]), (None, None))
        self.assertRegex(run("inspect", name).stdout.decode(), r"first time, seconds +not known")
        sidecar = pathlib.Path(f"{name}.jsonl")
        rows = sidecar.read_text().splitlines()
        rows[0] = '{"time":-5}'
        sidecar.write_text("\n".join(rows) + "\n")
        said = self.inspect(name)
        self.assertEqual((said["time_first"], said["time_last"]), (-5, 1199))

    def test_the_state_of_an_account(self):
        path = self.own / "anna"
        path.write_bytes(state())
        said = self.inspect(path)
        self.assertEqual((said["kind"], said["atlas"]), ("state", "0123456789ab"))
        self.assertEqual([said[size] for size in ("window", "horizon", "rank", "charts")], [16, 20, 7, 60])
        self.assertEqual((said["requests"], said["distinct"], said["charts_visited"]), (4, 3, 2))
        self.assertEqual(said["signature_charts"], 2)
        self.assertEqual(said["time"], 1234.5)
        self.assertIsNone(said["poh_min"])
        self.assertEqual([value for value in said["readings"].values() if value is not None], [0.75])

    def test_a_damaged_state_is_bad_input(self):
        path = self.own / "anna"
        whole = state()
        for content in (whole[:4], whole[:24], whole[:-1], whole + b"\0"):
            path.write_bytes(content)
            self.assert_fails(run("inspect", path), 3, path)

    def test_a_state_of_another_version_is_bad_input_and_named(self):
        path = self.own / "anna"
        path.write_bytes(state(version=4))
        self.assert_fails(run("inspect", path), 3, "version 4")

    def test_what_no_request_writes_is_bad_input_and_named(self):
        path = self.own / "anna"
        for points in (((127,), (126,)), ((127,), (-128,)), ((127,),) * 4):
            path.write_bytes(state(points=points))
            self.assert_fails(run("inspect", path), 3, "points")

    def test_sizes_that_a_state_cannot_have_are_bad_input(self):
        path = self.own / "anna"
        for field in range(5):
            for size in (0, 1, 2**16, 2**31, 2**32 - 1):
                content = bytearray(state())
                struct.pack_into("<I", content, 28 + 4 * field, size)
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
