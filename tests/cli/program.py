"""Runs the built program on the world of world.py, fitted once for all tests of a process."""

import atexit
import functools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import world

PROGRAM = os.environ.get("CMS_BIN", "")


def run(*words, **more):
    """Exit code, standard output and standard error, the latter two as bytes."""
    settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 300}
    return subprocess.run([PROGRAM, *map(str, words)], check=False, **(settings | more))


def fit_words(folder, output, **sets):
    """The words of a fit of the sets in `folder`; other sets by keyword."""
    words = ["fit", "-o", output]
    for option in ("manifold", "benign", "calibrate"):
        words += [f"--{option}", sets.get(option, folder / option)]
    return words


@functools.cache
def fitted():
    """The folder of the world, with an atlas fitted to it: atlas.cms, and what fit said of it in fit.json."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cms-cli-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    world.build(folder)
    done = run(*fit_words(folder, folder / "atlas.cms"), "--json")
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    (folder / "fit.json").write_bytes(done.stdout)
    return folder


def parse(line):
    """One JSON line; NaN and Infinity, which are no JSON, are refused."""
    def refuse(word):
        raise ValueError(f"{word} is no JSON")
    return json.loads(line, parse_constant=refuse)


@unittest.skipUnless(PROGRAM, "CMS_BIN does not name the program; ctest sets it")
class ProgramTest(unittest.TestCase):
    """Gives each test the world and a folder of its own."""

    def setUp(self):
        self.world = fitted()
        self.atlas = self.world / "atlas.cms"
        self.own = pathlib.Path(tempfile.mkdtemp(prefix="cms-cli-test-"))
        self.addCleanup(shutil.rmtree, self.own, ignore_errors=True)

    def copy(self, name="traffic"):
        """A copy of a set to spoil; returns its name without ending."""
        for ending in (".npy", ".jsonl", ".manifest.json"):
            shutil.copy(f"{self.world / name}{ending}", self.own)
        return self.own / name

    def score(self, name, *words):
        return run("score", "--atlas", self.atlas, name, *words)

    def lines(self, name, *words):
        """The parsed lines of a score that must succeed."""
        done = self.score(name, "--json", *words)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return [parse(line) for line in done.stdout.decode().splitlines()]

    def assert_fails(self, done, code, *said):
        """The exit code, nothing on standard output, and an error that says all of `said`."""
        text = done.stderr.decode()
        self.assertEqual(done.returncode, code, text)
        if done.stdout is not None:
            self.assertEqual(done.stdout, b"")
        for words in said:
            self.assertIn(str(words), text)
