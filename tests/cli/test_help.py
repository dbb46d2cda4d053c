"""cms help: the manual page and the completions have every command and option, and shells can read them."""

import functools
import re
import shutil
import subprocess
import unittest

from program import PROGRAM, run

SHELLS = ("bash", "zsh", "fish")


@functools.cache
def commands():
    """{words of a command: its option names}, read from what --help prints, command by command."""
    found, waiting = {}, [()]
    while waiting:
        path = waiting.pop()
        text = run(*path, "--help").stdout.decode()
        head, _, below = text.partition("\nSubcommands:\n")
        lines = [line for line in head.splitlines() if re.match(r"  -", line)]
        names = [line[:60].split("  ")[1] for line in lines]
        found[path] = {name for part in names for name in re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", part)}
        for line in below.splitlines():
            if match := re.match(r"  ([\w-]+)", line):
                waiting.append((*path, match[1]))
    return found


@functools.cache
def page(*words):
    done = run("help", *words)
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    return done.stdout.decode()


def complete(*words):
    """What bash offers after these words; the last one is being written."""
    line = " ".join(words)
    script = f"""source <({PROGRAM} help --complete bash)
COMP_WORDS=({line} {"''" if words[-1] == "" else ""}); COMP_CWORD={len(words) - 1}
_cms; printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "--norc", "-c", script], check=True, capture_output=True)
    return done.stdout.decode().split()


@unittest.skipUnless(PROGRAM, "CMS_BIN does not name the program; ctest sets it")
class Help(unittest.TestCase):
    def test_the_program_has_commands_and_options_to_look_for(self):
        self.assertGreater(len(commands()), 30)
        self.assertIn("--atlas", commands()[("score",)])
        self.assertIn(("lab", "run"), commands())

    def test_the_manual_has_every_command_and_every_option_under_it(self):
        sections = dict(part.split("\n", 1) for part in page("--man").replace("\\-", "-").split("\n.SS ")[1:])
        for path, options in commands().items():
            below = {other[len(path)] for other in commands() if len(other) > len(path) and other[:len(path)] == path}
            words = ["cms", *path]
            title = next((one for one in sections if one.split()[:len(words)] == words
                          and one.split()[len(words)] not in below), None)
            self.assertIsNotNone(title, path)
            for option in options:
                self.assertIn(option, sections[title], path)

    def test_completions_have_every_command_and_option(self):
        for shell in ("bash", "zsh"):
            text = page("--complete", shell)
            for path, options in commands().items():
                self.assertIn(f'"{" ".join(("cms", *path))}"', text, shell)
                for option in options:
                    self.assertIn(option, text, shell)
        text = page("--complete", "fish")
        for path, options in commands().items():
            lines = [line for line in text.splitlines() if f"'{' '.join(('cms', *path))}'" in line]
            for option in options:
                flag = f"-l {option[2:]} " if option.startswith("--") else f"-s {option[1:]} "
                self.assertTrue(any(flag in line for line in lines), f"{path} {option}")

    def test_bash_offers_commands_below_commands_and_options_after_a_dash(self):
        self.assertEqual(complete("cms", "fle"), ["fleet"])
        self.assertIn("score", complete("cms", ""))
        self.assertEqual(set(complete("cms", "config", "")), {"check", "default"})
        self.assertIn("--readings", complete("cms", "score", "--atlas", "x", "--"))
        self.assertNotIn("--readings", complete("cms", "fit", "--"))
        self.assertEqual(complete("cms", "score", "tra"), [])

    def test_shells_that_are_here_can_read_their_completions(self):
        for shell in SHELLS:
            if shutil.which(shell):
                done = subprocess.run([shell, "-n"], input=page("--complete", shell).encode(), capture_output=True,
                                      check=False)
                self.assertEqual((done.returncode, done.stderr), (0, b""), shell)

    def test_man_can_set_the_manual(self):
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=page("--man").encode(),
                                  capture_output=True, check=False)
            self.assertEqual(done.stderr, b"")

    def test_no_line_of_the_manual_is_an_unknown_request(self):
        for line in page("--man").splitlines():
            if line.startswith((".", "'")):
                self.assertRegex(line, r"^\.(TH|SH|SS|TP|B)\b")

    def test_help_on_a_command_is_what_it_says_of_itself(self):
        self.assertEqual(page(), run("--help").stdout.decode())
        self.assertEqual(page("fit"), run("fit", "--help").stdout.decode())
        self.assertEqual(page("lab", "run", "fleet"), run("lab", "run", "fleet", "--help").stdout.decode())
        done = run("help", "fleet", "fitt")
        self.assertEqual(done.returncode, 2)
        self.assertIn('no command "fleet fitt"', done.stderr.decode())

    def test_unknown_shells_are_wrong_usage(self):
        self.assertEqual(run("help", "--complete", "csh").returncode, 2)


if __name__ == "__main__":
    unittest.main()
