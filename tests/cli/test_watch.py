"""cms watch: a table where there is no terminal; where there is one, it is given back as it was found."""

import fcntl
import os
import pathlib
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import program
from program import ProgramTest, run

ENTER, LEAVE = b"\033[?1049h", b"\033[?1049l"
COLOUR = rb"\033\[[0-9;]+m"
SECONDS_MAX = 60


class Terminal:
    """The program on a pseudo-terminal of a given size."""

    def __init__(self, words, rows, columns, **environment):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.found = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen([program.PROGRAM, *map(str, words)], stdin=self.slave, stdout=self.slave,
                                        stderr=subprocess.DEVNULL, start_new_session=True,
                                        env=os.environ | {"TERM": "xterm-256color"} | environment)
        self.output = b""

    def read_until(self, done):
        end = time.monotonic() + SECONDS_MAX
        while not done() and time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                self.output += os.read(self.master, 65536)

    def finish(self):
        """The exit code; the output and the settings of the terminal stay to be looked at."""
        self.read_until(lambda: self.process.poll() is not None)
        while select.select([self.master], [], [], 0.1)[0]:
            self.output += os.read(self.master, 65536)
        code = self.process.poll()
        self.left = termios.tcgetattr(self.slave)
        if code is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)
        return code


class Watch(ProgramTest):
    def watch(self, *words, rows=20, columns=100, **environment):
        words = ["watch", "--atlas", self.atlas, self.world / "traffic", *words]
        return Terminal(words, rows, columns, **environment)

    def assert_given_back(self, terminal):
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(terminal.output.count(ENTER), 1)
        self.assertEqual(terminal.output.count(LEAVE), 1)
        self.assertEqual(terminal.left, terminal.found)
        after = terminal.output.split(LEAVE)[1].decode()
        self.assertIn("main reasons", after)
        self.assertIn("scored came to PoH", after)

    def test_without_a_terminal_the_final_table_is_sorted_by_poh(self):
        done = run("watch", "--atlas", self.atlas, self.world / "traffic")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        lines = done.stdout.decode().splitlines()
        self.assertEqual(len(lines), 8)
        self.assertTrue(lines[1].startswith("attacker"))
        self.assertTrue(lines[6].startswith("newcomer"))
        self.assertNotIn(b"\033", done.stdout)
        table = run("score", "--atlas", self.atlas, self.world / "traffic").stdout.decode().splitlines()
        self.assertEqual(sorted(lines), sorted(table))

    def test_it_ends_by_itself_when_all_is_played(self):
        terminal = self.watch("--rate", "0")
        self.assert_given_back(terminal)
        self.assertIn("245 of 245 requests", terminal.output.decode())

    def test_q_and_ctrl_c_and_signals_end_it(self):
        for leave in ("q", "\x03", signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            terminal = self.watch("--rate", "5")
            terminal.read_until(lambda: b"main reasons" in terminal.output)
            if isinstance(leave, str):
                os.write(terminal.master, leave.encode())
            else:
                terminal.process.send_signal(leave)
            self.assert_given_back(terminal)

    def test_colours_are_shown_unless_no_color_is_set(self):
        coloured, plain = self.watch("--rate", "0", NO_COLOR=""), self.watch("--rate", "0", NO_COLOR="1")
        self.assert_given_back(coloured)
        self.assert_given_back(plain)
        self.assertRegex(coloured.output, COLOUR)
        self.assertNotRegex(plain.output, COLOUR)

    def test_any_size_of_terminal_is_lived_with(self):
        for rows, columns in ((1, 1), (2, 10), (4, 40), (5, 500), (60, 20)):
            terminal = self.watch("--rate", "0", rows=rows, columns=columns)
            self.assertEqual(terminal.finish(), 0)
            self.assertEqual(terminal.left, terminal.found)

    def test_what_does_not_fit_is_counted(self):
        terminal = self.watch("--rate", "0", rows=5)
        self.assert_given_back(terminal)
        self.assertIn("and 4 more with a higher PoH", terminal.output.decode())

    def test_a_dumb_terminal_gets_the_table_alone(self):
        terminal = self.watch(TERM="dumb")
        self.assertEqual(terminal.finish(), 0)
        self.assertNotIn(b"\033", terminal.output)
        self.assertIn(b"attacker", terminal.output)


if __name__ == "__main__":
    unittest.main()
