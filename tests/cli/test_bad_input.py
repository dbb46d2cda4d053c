"""What the program does with input that is wrong: a clear error, the right exit code, nothing good overwritten."""

import array
import json
import pathlib
import resource
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import world
from program import ProgramTest, fit_words, run

FAILED, USAGE, BAD_INPUT, REFUSED = 1, 2, 3, 4


class ActivationSets(ProgramTest):
    def spoil_value(self, value):
        name = self.copy()
        content = bytearray(pathlib.Path(f"{name}.npy").read_bytes())
        header = 10 + int.from_bytes(content[8:10], "little")
        at = header + 4 * (7 * world.DIMENSION + 5)
        content[at:at + 4] = array.array("f", [value]).tobytes()
        pathlib.Path(f"{name}.npy").write_bytes(content)
        return self.score(name)

    def test_a_truncated_matrix_is_named(self):
        name = self.copy()
        matrix = pathlib.Path(f"{name}.npy")
        whole = matrix.read_bytes()
        for size in (0, 5, 9, 64, len(whole) // 2, len(whole) - 1):
            matrix.write_bytes(whole[:size])
            self.assert_fails(self.score(name), BAD_INPUT, matrix)

    def test_a_matrix_of_another_type_is_named(self):
        name = self.copy()
        pathlib.Path(f"{name}.npy").write_bytes(world.npy([[0.0] * world.DIMENSION] * 245, descr="<f8"))
        self.assert_fails(self.score(name), BAD_INPUT, f"{name}.npy", "<f8")

    def test_a_dimension_other_than_the_manifest_says_is_bad(self):
        name = self.copy()
        pathlib.Path(f"{name}.npy").write_bytes(world.npy([[1.0] * 95] * 245))
        self.assert_fails(self.score(name), BAD_INPUT, "95", "96")

    def test_a_dimension_other_than_the_atlas_has_is_refused(self):
        name = world.write_set(self.own / "narrow", [[1.0] * 95] * 20, [{"account": "a"}] * 20, dimension=95)
        self.assert_fails(self.score(name), REFUSED, "dimension", "95", "96")

    def test_nan_and_infinity_are_named_by_row_and_column(self):
        self.assert_fails(self.spoil_value(float("nan")), BAD_INPUT, "traffic.npy", "row 7, column 5", "NaN")
        self.assert_fails(self.spoil_value(float("inf")), BAD_INPUT, "traffic.npy", "row 7, column 5", "infinite")

    def spoil_line(self, number, line):
        name = self.copy()
        sidecar = pathlib.Path(f"{name}.jsonl")
        lines = sidecar.read_bytes().split(b"\n")
        lines[number - 1] = line
        sidecar.write_bytes(b"\n".join(lines))
        return self.score(name)

    def test_a_line_that_is_not_utf8_is_named(self):
        self.assert_fails(self.spoil_line(3, b'{"account": "\xff\xfe"}'), BAD_INPUT, "traffic.jsonl, line 3", "UTF-8")

    def test_a_line_that_is_not_json_is_named(self):
        for line in (b'{"account": "a"', b"[1, 2]", b"", b'{"account": 5}', b'{"account": "a", "time": "noon"}',
                     b'{"account": "a", "time": NaN}', b'{"account": "a", "tokens_seen": -1}', b"{" * 200000):
            self.assert_fails(self.spoil_line(9, line), BAD_INPUT, "traffic.jsonl, line 9")

    def test_row_counts_that_differ_are_told(self):
        name = self.copy()
        sidecar = pathlib.Path(f"{name}.jsonl")
        sidecar.write_text("".join(sidecar.read_text().splitlines(keepends=True)[:-1]))
        self.assert_fails(self.score(name), BAD_INPUT, "245 rows", "244 lines")

    def test_a_row_without_account_is_named_where_accounts_are_needed(self):
        self.assert_fails(self.spoil_line(4, b'{"time": 5}'), BAD_INPUT, "row 3", "account")
        nameless = fit_words(self.world, self.own / "a.cms", calibrate=self.world / "manifold")
        self.assert_fails(run(*nameless), BAD_INPUT, "--calibrate", "account")

    def test_a_missing_manifest_needs_the_model_to_be_named(self):
        name = self.copy()
        pathlib.Path(f"{name}.manifest.json").unlink()
        self.assert_fails(self.score(name), BAD_INPUT, "--assume-model")
        self.assert_fails(self.score(name, "--assume-model", "a/b"), USAGE, "--assume-model")
        self.assert_fails(self.score(name, "--assume-model", "another-model"), REFUSED, "another-model")
        self.assertEqual(self.lines(name, "--assume-model", world.MODEL), self.lines(self.world / "traffic"))

    def test_a_manifest_that_is_wrong_is_named(self):
        name = self.copy()
        manifest = pathlib.Path(f"{name}.manifest.json")
        wrong = [world.manifest(dimension="96"), world.manifest(dimension=-96), world.manifest(layer=3), {}, []]
        for text in ("", "{", *map(json.dumps, wrong)):
            manifest.write_text(text)
            self.assert_fails(self.score(name), BAD_INPUT, manifest)

    def test_a_set_that_is_not_there_is_named(self):
        self.assert_fails(self.score(self.own / "nothing"), BAD_INPUT, self.own / "nothing")

    def test_a_set_of_another_model_layer_or_pooling_is_refused(self):
        for key, value in (("model_hash", "cd" * 32), ("layer", "l3"), ("pooling", "last"), ("normalisation", "none")):
            name = self.copy()
            pathlib.Path(f"{name}.manifest.json").write_text(json.dumps(world.manifest(**{key: value})))
            self.assert_fails(self.score(name), REFUSED, value)
            other = fit_words(self.world, self.own / "a.cms", benign=name)
            self.assert_fails(run(*other), REFUSED, name, value)


class Atlases(ProgramTest):
    def test_a_flipped_bit_anywhere_is_noticed(self):
        whole = self.atlas.read_bytes()
        spoilt = self.own / "spoilt.cms"
        size = len(whole)
        places = [*range(0, 40, 3), *range(40, size - 40, size // 60), *range(size - 40, size, 3)]
        for i, place in enumerate(places):
            content = bytearray(whole)
            content[place] ^= 1 << i % 8
            spoilt.write_bytes(content)
            self.assert_fails(run("score", "--atlas", spoilt, self.world / "traffic"), BAD_INPUT, spoilt)

    def test_a_part_of_an_atlas_is_no_atlas(self):
        whole = self.atlas.read_bytes()
        part = self.own / "part.cms"
        for size in (0, 7, 8, 16, 47, 48, 1000, len(whole) - 1):
            part.write_bytes(whole[:size])
            self.assert_fails(run("score", "--atlas", part, self.world / "traffic"), BAD_INPUT, part)

    def test_another_file_or_none_is_no_atlas(self):
        for path in (self.world / "traffic.npy", self.own / "nothing.cms", self.own):
            self.assert_fails(run("score", "--atlas", path, self.world / "traffic"), BAD_INPUT, path)


class Fitting(ProgramTest):
    def fit(self, output, **more):
        return run(*fit_words(self.world, output, **more))

    def set_of(self, name, count, requests):
        made = world.World(seed=3)
        return world.write_set(self.own / name, *made.accounts({f"a{i}": made.honest(requests) for i in range(count)}))

    def test_too_little_to_calibrate_says_how_much_is_needed(self):
        done = self.fit(self.own / "a.cms", calibrate=self.set_of("few", 20, 24))
        self.assert_fails(done, BAD_INPUT, "20 accounts", "60")

    def test_accounts_too_young_to_calibrate_say_what_age_is_needed(self):
        done = self.fit(self.own / "a.cms", calibrate=self.set_of("young", 70, 9))
        self.assert_fails(done, BAD_INPUT, "16 requests")

    def test_too_few_rows_say_how_many_are_needed(self):
        small = self.set_of("small", 5, 20)
        self.assert_fails(self.fit(self.own / "a.cms", manifold=small), BAD_INPUT, "--manifold", "100 rows", "640")
        self.assert_fails(self.fit(self.own / "a.cms", benign=small), BAD_INPUT, "--benign", "100 rows", "200")
        self.assertFalse((self.own / "a.cms").exists())

    def test_an_output_that_cannot_be_written_is_named(self):
        for output in (self.own / "no" / "folder" / "a.cms", self.own, "/proc/a.cms"):
            self.assert_fails(self.fit(output), FAILED, output)

    def test_a_full_disk_leaves_the_old_atlas_and_nothing_else(self):
        output = self.own / "a.cms"
        output.write_bytes(self.atlas.read_bytes())
        limit = len(self.atlas.read_bytes()) // 2
        done = run(*fit_words(self.world, output),
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assert_fails(done, FAILED, output)
        self.assertEqual(output.read_bytes(), self.atlas.read_bytes())
        self.assertEqual([path.name for path in self.own.iterdir()], ["a.cms"])

    def test_a_full_disk_under_the_results_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            done = run("score", "--atlas", self.atlas, self.world / "traffic", "--json", stdout=full)
        self.assert_fails(done, FAILED, "cannot write")


class Usage(ProgramTest):
    COMMANDS = ("fit", "score", "watch", "inspect", "capture", "model")

    def test_help_is_no_error(self):
        for words in (["--help"], *([command, "--help"] for command in self.COMMANDS)):
            done = run(*words)
            self.assertEqual(done.returncode, 0)
            self.assertIn(b"Usage", done.stdout)

    def test_wrong_words_are_wrong_usage(self):
        traffic = self.world / "traffic"
        fit = fit_words(self.world, self.own / "a.cms")
        fleet = ["lab", "run", "fleet", "--data", self.own]
        for words in ([], ["guess"], ["score"], ["score", traffic], ["score", "--atlas", self.atlas],
                      ["score", "--atlas", self.atlas, traffic, "--no-such-option"],
                      ["score", "--atlas", self.atlas, traffic, "another"],
                      ["score", "--atlas", self.atlas, traffic, "--every", "--at", "5"],
                      ["score", "--atlas", self.atlas, traffic, "--readings"],
                      ["score", "--atlas", self.atlas, traffic, "--at", "nan"],
                      ["score", "--atlas", self.atlas, traffic, "--at", "noon"],
                      ["score", "--atlas", self.atlas, traffic, "--threads", "-1"],
                      ["watch", "--atlas", self.atlas, traffic, "--rate", "-3"], ["inspect"],
                      ["watch", "--atlas", self.atlas, traffic, "--rate", "nan"],
                      *(["lab", "run", experiment, "--data", self.own, "--scale", scale]
                        for experiment in ("first-study", "students", "economics") for scale in ("nan", "inf", ".001")),
                      ["lab", "run", "packed", "--data", self.own, "--work", self.own, "--scale", "nan"],
                      ["lab", "run", "published", "--scale", "nan"],
                      *([*fleet, "--tune", "--style", style] for style in ("nan", "-1", "33")),
                      [*fleet, "--tune", "--style-outlying", "nan"], [*fleet, "--resolution", "nan"],
                      [*fleet, "--style", "2"], [*fleet, "--style-outlying", "2"],
                      *(["lab", "run", "economics", "--data", self.own, "--floors", floors]
                        for floors in (".01", ".01,0", "0,nan", "0,1.5", "0,-1")),
                      *(["lab", "run", "first-study", "--data", self.own, "--shares", shares]
                        for shares in ("0", "nan", ".5,1.5", ".5,.5", "half")),
                      [*fit, "--rank", "7"], [*fit, "--rank", "12"], [*fit, "--rank", "104"], [*fit, "--window", "1"],
                      [*fit, "--window", "1000"], [*fit, "--stride", "0"], [*fit, "--charts", "5000"], fit[:-2]):
            done = run(*words)
            self.assertEqual(done.returncode, USAGE, f"{words}: {done.stderr.decode()}")
            self.assertEqual(done.stdout, b"")
            self.assertNotEqual(done.stderr, b"")
        self.assertFalse((self.own / "a.cms").exists())

    def test_a_word_that_is_no_command_is_named(self):
        for words in (["frobnicate"], ["lab", "run", "fristy"], ["config", "chek"]):
            done = run(*words)
            self.assertEqual((done.returncode, done.stdout), (USAGE, b""))
            self.assertIn(f'"{words[-1]}"', done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
