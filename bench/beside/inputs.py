"""Windows that both sides see: real activations, whitened to 64 directions and rounded to int8 as the product does."""

import json
import pathlib

import numpy as np

RANK = 64
SHARED = ("human", "distill")


class Activations:
    """Distinct raw rows, and each as a unit point of RANK dimensions. Real prompts: those of ../shared/data where it is
    there, else the examples'."""

    def __init__(self, root):
        shared = pathlib.Path(root).parent / "shared" / "data" / "activations"
        paths = [shared / f"{name}.npy" for name in SHARED]
        if not all(path.exists() for path in paths):
            paths = [pathlib.Path(root) / "examples" / "activations.npy"]
        self.source = ", ".join(path.name for path in paths)
        raw = np.concatenate([np.load(path) for path in paths])
        _, first = np.unique(raw, axis=0, return_index=True)
        self.raw = np.ascontiguousarray(raw[np.sort(first)], np.float32)
        self.int8 = round_to_int8(whiten(self.raw))
        _, first = np.unique(self.int8, axis=0, return_index=True)
        keep = np.sort(first)
        self.raw, self.int8 = self.raw[keep], np.ascontiguousarray(self.int8[keep])
        self.points = self.int8 / np.linalg.norm(self.int8.astype(np.float64), axis=1, keepdims=True)

    def __len__(self):
        return len(self.points)

    def stream(self, length, seed):
        """Rows of one account: even seeds as the file has them (like with like), odd ones mixed."""
        chance = np.random.default_rng(seed)
        if seed % 2:
            return chance.permutation(len(self))[:length]
        start = chance.integers(0, len(self) - length + 1)
        return np.arange(start, start + length)

    def matrix(self, rows):
        return chords(self.points[rows])


def whiten(raw):
    """Centred, the leading RANK principal directions at unit variance, unit length."""
    centred = raw - raw.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    points = centred @ (vectors[:, -RANK:] / np.sqrt(values[-RANK:]))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def round_to_int8(points):
    """One scale a point, as src/base/directions.hpp rounds."""
    return np.rint(points * (127 / np.abs(points).max(axis=1, keepdims=True))).astype(np.int8)


def chords(points):
    """Symmetric float32 matrix of chord distances of unit points, diagonal 0."""
    matrix = np.sqrt(np.maximum(0, 2 - 2 * (points @ points.T))).astype(np.float32)
    matrix = np.triu(matrix, 1)
    return matrix + matrix.T


def write_set(name, rows, accounts, manifest):
    """An activation set of float16 rows in `accounts` equal parts (docs/formats/activation-set.md)."""
    np.save(f"{name}.npy", rows.astype(np.float16))
    each = len(rows) // accounts
    with open(f"{name}.jsonl", "w", encoding="utf-8") as out:
        for i in range(len(rows)):
            out.write(json.dumps({"account": f"a{i // each}", "time": float(i)}) + "\n")
    pathlib.Path(f"{name}.manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
