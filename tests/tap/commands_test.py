"""cms capture and cms model, run as a user runs them.

Needs CMS_BIN (the program); what needs a model reads CMS_MODEL and is skipped without one.
"""
import array
import hashlib
import json
import math
import os
import pathlib
import random
import resource
import signal
import subprocess
import tempfile
import time
import unittest

BIN = os.environ.get("CMS_BIN", "")
MODEL = os.environ.get("CMS_MODEL", "")
SUBJECTS = ["a heat pump", "my old bicycle", "the rent increase", "a sourdough starter", "this regular expression"]
FORMS = ["How do I fix {} by {}?", "Tell me about {} and number {}.", "Why does {} matter to {} people?"]
READOUTS = ["--layer", "final", "--layer", "7", "--pooling", "mean", "--pooling", "last"]
SETS = ["final.mean", "final.last", "l7.mean", "l7.last"]


def limit_file_size(size):
    """To be run in the child: files may not grow past `size` bytes; the kernel fails writes as on a full disk."""
    def apply():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return apply


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


@unittest.skipUnless(BIN, "CMS_BIN names no program")
class Commands(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def prompts(self, count, note=""):
        lines = [{"text": FORMS[i % 3].format(SUBJECTS[i % 5], i), "account": f"a{i % 4}", "time": i / 2, "id": i,
                  "note": note}
                 for i in range(count)]
        path = self.folder / "prompts.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    def command(self, name, *options, prompts):
        return [BIN, "capture", "--model", MODEL, str(prompts), "-o", str(self.folder / name), "--threads", "1",
                "--batch-tokens", "64", *options]

    def run_cms(self, words, **keywords):
        return subprocess.run(words, capture_output=True, text=True, **keywords)

    def hashes(self, name, suffixes):
        return {suffix + ending: hashlib.sha256((self.folder / f"{name}.{suffix}{ending}").read_bytes()).hexdigest()
                for suffix in suffixes for ending in (".npy", ".jsonl", ".manifest.json")}

    def partials(self, name):
        return sorted(path.name for path in self.folder.glob(f"{name}.partial.*"))


class Words(Commands):
    def test_wrong_words_exit_with_2(self):
        for words in (["capture"], ["bogus"], [], ["capture", "p", "-o", "n", "--pooling", "max"],
                      ["capture", "p", "-o", "n", "--layer", "x1"], ["model"]):
            self.assertEqual(self.run_cms([BIN, *words]).returncode, 2, words)

    def test_version_and_help_exit_with_0(self):
        for words in (["--version"], ["--help"], ["capture", "--help"], ["model", "prepare", "--help"]):
            done = self.run_cms([BIN, *words])
            self.assertEqual(done.returncode, 0)
            self.assertNotEqual(done.stdout, "")

    def test_without_a_prepared_model_the_error_says_how_to_get_one(self):
        path = self.prompts(1)
        done = self.run_cms([BIN, "capture", str(path), "-o", str(self.folder / "a")],
                            env={**os.environ, "XDG_CACHE_HOME": str(self.folder)})
        self.assertEqual(done.returncode, 3)
        self.assertIn("cms model prepare", done.stderr)

    def test_a_file_that_is_no_gguf_is_bad_input(self):
        path = self.folder / "m.gguf"
        path.write_bytes(b"nothing")
        done = self.run_cms([BIN, "model", "prepare", "--model", str(path), "-o", str(self.folder / "o.gguf")])
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertFalse((self.folder / "o.gguf").exists())


@unittest.skipUnless(MODEL, "CMS_MODEL names no GGUF file")
class Capture(Commands):
    def test_bad_prompts_are_named_by_file_and_line(self):
        path = self.prompts(3)
        with path.open("ab") as file:
            file.write(b'{"text": "\xff"}\n')
        done = self.run_cms(self.command("a", prompts=path))
        self.assertEqual(done.returncode, 3)
        self.assertIn("prompts.jsonl, line 4: not UTF-8", done.stderr)
        self.assertEqual(self.partials("a"), [])

    def test_a_layer_the_model_does_not_have_is_wrong_usage(self):
        done = self.run_cms(self.command("a", "--layer", "999", prompts=self.prompts(1)))
        self.assertEqual(done.returncode, 2)

    def test_one_default_readout_takes_the_name_itself(self):
        path = self.prompts(5)
        done = self.run_cms(self.command("a", prompts=path))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, f"{self.folder}/a\n")
        rows = [json.loads(line) for line in (self.folder / "a.jsonl").read_text().splitlines()]
        self.assertEqual([row["id"] for row in rows], list(range(5)))
        self.assertEqual(rows[3]["account"], "a3")
        self.assertEqual(rows[3]["time"], 1.5)
        self.assertEqual(rows[3]["tokens_seen"], rows[3]["tokens_total"])
        manifest = json.loads((self.folder / "a.manifest.json").read_text())
        self.assertEqual(manifest["model_hash"], hashlib.sha256(pathlib.Path(MODEL).read_bytes()).hexdigest())
        self.assertEqual(self.partials("a"), [])

    def test_a_text_that_comes_again_is_read_once_and_its_rows_are_the_same_bits(self):
        lines = self.prompts(9).read_text().splitlines(keepends=True)
        order = [0, 1, 0, 2, 3, 4, 4, 4, 5, 1, 6, 7, 8, 0]
        path = self.folder / "again.jsonl"
        path.write_text("".join(json.dumps(json.loads(lines[text]) | {"account": f"b{i}"}) + "\n"
                                for i, text in enumerate(order)))
        for name, prompts in (("once", self.folder / "prompts.jsonl"), ("again", path)):
            # Cut short after some batches, it goes on where it was.
            self.run_cms(self.command(name, "--dtype", "f32", *READOUTS, prompts=prompts),
                         preexec_fn=limit_file_size(60_000))
            self.assertEqual(len(self.partials(name)), 2)
            done = self.run_cms(self.command(name, "--dtype", "f32", *READOUTS, prompts=prompts))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("9/9 distinct texts", done.stderr)
        for suffix in SETS:
            bytes_a_row = 4 * json.loads((self.folder / f"once.{suffix}.manifest.json").read_text())["dimension"]

            def vectors(name, count):
                data = (self.folder / f"{name}.{suffix}.npy").read_bytes()[-count * bytes_a_row:]
                return [data[i * bytes_a_row:(i + 1) * bytes_a_row] for i in range(count)]
            once = vectors("once", 9)
            self.assertEqual(vectors("again", len(order)), [once[text] for text in order])
            rows = [json.loads(line) for line in (self.folder / f"again.{suffix}.jsonl").read_text().splitlines()]
            self.assertEqual([(row["account"], row["id"]) for row in rows],
                             [(f"b{i}", text) for i, text in enumerate(order)])

    def test_segments_are_rows_whose_vectors_nothing_before_them_changes(self):
        first, second = "Why does my bread not rise at all?", "Write a haiku about rain, please, and be quick."
        path = self.folder / "prompts.jsonl"
        lines = [{"text": f"{first} {second}", "account": "a", "time": 5}, {"text": second, "account": "b", "time": 6}]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        words = ["--words", "8", "--segments", "4", "--dtype", "f32"]
        done = self.run_cms(self.command("a", *words, prompts=path))
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [json.loads(line) for line in (self.folder / "a.jsonl").read_text().splitlines()]
        self.assertEqual(" ".join(row["text"] for row in rows[:3]), f"{first} {second}")
        told = [(row["account"], row["time"], row["request"], row["segment"], row["segments"]) for row in rows]
        self.assertEqual(told, [("a", 5, 0, 0, 3), ("a", 5, 0, 1, 3), ("a", 5, 0, 2, 3), ("b", 6, 1, 0, 2),
                                ("b", 6, 1, 1, 2)])
        manifest = json.loads((self.folder / "a.manifest.json").read_text())
        self.assertEqual((manifest["words_max"], manifest["segments_max"]), (8, 4))
        numbers = array.array("f", (self.folder / "a.npy").read_bytes()[-5 * 4 * manifest["dimension"]:])
        vectors = [numbers[i * manifest["dimension"]:(i + 1) * manifest["dimension"]] for i in range(5)]
        self.assertGreater(cosine(vectors[1], vectors[3]), 0.998)
        self.assertLess(cosine(vectors[0], vectors[3]), 0.99)

    def test_a_key_that_segments_would_replace_is_named_by_file_and_line(self):
        path = self.folder / "prompts.jsonl"
        path.write_text('{"text": "a"}\n{"text": "b", "request": "r1"}\n')
        done = self.run_cms(self.command("a", "--words", "8", "--segments", "4", prompts=path))
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn('prompts.jsonl, line 2: "request"', done.stderr)

    def test_segments_need_words(self):
        done = self.run_cms(self.command("a", "--segments", "4", prompts=self.prompts(1)))
        self.assertEqual(done.returncode, 2, done.stderr)

    def test_killed_at_random_moments_it_ends_with_the_same_bytes(self):
        path = self.prompts(36)
        started = time.monotonic()
        done = self.run_cms(self.command("whole", *READOUTS, prompts=path))
        seconds = time.monotonic() - started
        self.assertEqual(done.returncode, 0, done.stderr)
        expected = self.hashes("whole", SETS)

        chance = random.Random(7)
        kills = 0
        for _ in range(40):
            process = subprocess.Popen(self.command("killed", *READOUTS, prompts=path), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
            try:
                _, errors = process.communicate(timeout=chance.uniform(0.1, 0.7) * seconds)
                self.assertEqual(process.returncode, 0, errors)
                break
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                kills += 1
                rows = self.folder / "killed.partial.rows"
                if rows.exists() and kills % 2 == 0:
                    # A torn tail, as a power cut leaves it.
                    with rows.open("ab") as file:
                        file.write(chance.randbytes(chance.randrange(1, 5000)))
        else:
            self.fail("never finished")
        self.assertGreater(kills, 0)
        self.assertEqual(self.hashes("killed", SETS), expected)
        self.assertEqual(self.partials("killed"), [])

    def unfinished(self, name, path):
        """Fills the disk after a few batches, so that a capture stops with rows ready."""
        done = self.run_cms(self.command(name, prompts=path), preexec_fn=limit_file_size(40000))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("cannot write", done.stderr)
        self.assertGreater((self.folder / f"{name}.partial.rows").stat().st_size, 20000)

    def test_a_full_disk_loses_nothing(self):
        path = self.prompts(30)
        self.run_cms(self.command("whole", prompts=path))
        self.unfinished("a", path)
        self.assertFalse((self.folder / "a.npy").exists())
        done = self.run_cms(self.command("a", prompts=path))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.folder / "a.npy").read_bytes(), (self.folder / "whole.npy").read_bytes())

    def test_a_full_disk_at_the_end_leaves_the_old_set(self):
        path = self.prompts(20)
        self.assertEqual(self.run_cms(self.command("a", prompts=path)).returncode, 0)
        before = (self.folder / "a.npy").read_bytes()
        # Rows and matrix fit the disk, the lines of the sidecar do not.
        more = self.prompts(24, note="x" * 10000)
        done = self.run_cms(self.command("a", prompts=more), preexec_fn=limit_file_size(120000))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("a.jsonl", done.stderr)
        self.assertEqual((self.folder / "a.npy").read_bytes(), before)
        self.assertEqual(list(self.folder.glob("a*.new*")), [])
        done = self.run_cms(self.command("a", prompts=more))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len((self.folder / "a.jsonl").read_text().splitlines()), 24)

    def test_going_on_with_other_options_is_refused(self):
        path = self.prompts(60)
        self.unfinished("a", path)
        for options, word in ((["--words", "3"], "words"), (["--layer", "2"], "readouts"),
                              (["--template", "chat"], "template")):
            done = self.run_cms(self.command("a", *options, prompts=path))
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn("another " + word, done.stderr)
            self.assertIn("--fresh", done.stderr)
        fewer = self.prompts(3)
        self.assertEqual(self.run_cms(self.command("a", prompts=fewer)).returncode, 4)
        done = self.run_cms(self.command("a", "--fresh", prompts=fewer))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len((self.folder / "a.jsonl").read_text().splitlines()), 3)

    def test_an_output_that_cannot_be_written_fails(self):
        done = self.run_cms(self.command("no/such/a", prompts=self.prompts(1)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("cannot open", done.stderr)


@unittest.skipUnless(MODEL, "CMS_MODEL names no GGUF file")
class Prepare(Commands):
    def test_a_full_disk_leaves_the_old_file(self):
        target = self.folder / "o.gguf"
        target.write_bytes(b"old")
        done = self.run_cms([BIN, "model", "prepare", "--model", MODEL, "-o", str(target)],
                            preexec_fn=limit_file_size(1 << 20))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(target.read_bytes(), b"old")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["o.gguf"])

    def test_a_truncated_model_is_bad_input(self):
        path = self.folder / "cut.gguf"
        with open(MODEL, "rb") as model:
            path.write_bytes(model.read(3_000_000))
        done = self.run_cms([BIN, "model", "prepare", "--model", str(path), "-o", str(self.folder / "o.gguf")])
        self.assertEqual(done.returncode, 3, done.stderr)
        done = self.run_cms([BIN, "capture", "--model", str(path), str(self.prompts(1)), "-o", str(self.folder / "a")])
        self.assertEqual(done.returncode, 3, done.stderr)

    def test_the_cached_file_is_made_once_and_named_on_stdout(self):
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.folder)}
        words = [BIN, "model", "prepare", "--model", MODEL]
        first = self.run_cms(words, env=environment)
        self.assertEqual(first.returncode, 0, first.stderr)
        made = pathlib.Path(first.stdout.strip())
        stamp = made.stat().st_mtime_ns
        second = self.run_cms(words, env=environment)
        self.assertEqual(second.stdout, first.stdout)
        self.assertEqual(made.stat().st_mtime_ns, stamp)


if __name__ == "__main__":
    unittest.main()
