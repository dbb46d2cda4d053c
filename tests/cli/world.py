"""A small made-up world in which the program can be tried: a model whose prompts lie around 60 directions.

Honest accounts stay within a few of these directions for a while, one attacker roams over all of them. The files are
made here byte by byte, so that the tests know the formats without the program. The same world every time.
"""

import array
import json
import math
import pathlib
import random
import struct

DIMENSION = 96
DIRECTIONS = 60
MODEL = "toy-model"


def manifest(**changes):
    return {"model_hash": "ab" * 32, "model_name": MODEL, "layer": "final", "normalisation": "output_norm",
            "pooling": "mean", "template": "none", "words_max": 0, "chars_max": 0, "dimension": DIMENSION,
            "program_version": "0.0.0"} | changes


def npy(rows, descr="<f4", shape=None):
    """A .npy file of version 1.0, https://numpy.org/neps/nep-0001-npy-format.html"""
    shape = shape or (len(rows), len(rows[0]))
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    letter = {"<f4": "f", "<f8": "d"}[descr]
    body = array.array(letter, [value for row in rows for value in row]).tobytes()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + body


def write_set(name, vectors, rows, **changes):
    """NAME.npy, NAME.jsonl and NAME.manifest.json; returns NAME as text."""
    name = pathlib.Path(name)
    pathlib.Path(f"{name}.npy").write_bytes(npy(vectors))
    pathlib.Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pathlib.Path(f"{name}.manifest.json").write_text(json.dumps(manifest(**changes)))
    return str(name)


class World:
    def __init__(self, seed=7):
        self.random = random.Random(seed)
        self.directions = [self.gauss(1.0) for _ in range(DIRECTIONS)]

    def gauss(self, scale):
        return [self.random.gauss(0, scale) for _ in range(DIMENSION)]

    def prompt(self, direction):
        """An activation near a direction, off centre as those of language models are."""
        noise = self.gauss(0.45)
        return [3 / math.sqrt(1 + i) + a + b for i, (a, b) in enumerate(zip(self.directions[direction], noise))]

    def anywhere(self, count):
        return [self.prompt(self.random.randrange(DIRECTIONS)) for _ in range(count)]

    def honest(self, requests):
        """Some subjects of one's own, each kept for a few requests."""
        subjects = self.random.sample(range(DIRECTIONS), self.random.randint(3, 7))
        now, result = subjects[0], []
        for _ in range(requests):
            if self.random.random() < 0.3:
                now = self.random.choice(subjects)
            result.append(self.prompt(now))
        return result

    def attacker(self, requests):
        order = list(range(DIRECTIONS))
        self.random.shuffle(order)
        return [self.prompt(order[i % DIRECTIONS]) for i in range(requests)]

    def accounts(self, named):
        """Vectors and rows of {account: vectors}, one request a minute, the accounts interleaved."""
        vectors, rows = [], []
        for i in range(max(len(one) for one in named.values())):
            for name, own in named.items():
                if i < len(own):
                    vectors.append(own[i])
                    rows.append({"account": name, "time": 1000.0 + 60 * i, "tokens_seen": 9, "tokens_total": 9})
        return vectors, rows


def build(folder):
    """Writes the sets manifold, benign, calibrate and traffic into `folder`."""
    world, folder = World(), pathlib.Path(folder)
    nobody = [{} for _ in range(1200)]
    write_set(folder / "manifold", world.anywhere(1200), nobody)
    write_set(folder / "benign", [v for _ in range(30) for v in world.honest(20)], nobody[:600])
    write_set(folder / "calibrate", *world.accounts({f"c{i:03}": world.honest(48) for i in range(90)}))
    traffic = {f"honest-{i}": world.honest(48) for i in range(4)} | {"attacker": world.attacker(48)}
    traffic |= {"newcomer": world.honest(5)}
    write_set(folder / "traffic", *world.accounts(traffic))
