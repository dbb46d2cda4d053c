"""What schemathesis cannot know of the daemon: bodies that a tap sends, and which tenant, accounts and model there are.

Loaded by its program (SCHEMATHESIS_HOOKS). Values that the schema allows become ones that are there, half of the time;
what it does not allow stays as it is, for it has to be refused.
"""

import json
import os
import re
import struct

import schemathesis
from hypothesis import strategies as st

DIMENSION = int(os.environ["CMS_DIMENSION"])
NUMBERS = st.floats(width=32)  # NaN and infinite ones too
ROW = st.lists(NUMBERS, min_size=DIMENSION, max_size=DIMENSION) | st.lists(NUMBERS, max_size=3)
ITEM = st.fixed_dictionaries({}, optional={
    "account": st.sampled_from(["tap-account-1", "new", ""]) | st.text(max_size=9), "vector": ROW,
    "text": st.text(max_size=40), "time": st.floats() | st.integers(), "more": st.none()})
LINE = ITEM.map(lambda item: json.dumps(item).encode()) | st.text(max_size=20).map(
    lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=20)
LINES = st.lists(LINE, max_size=5).map(b"\n".join)


@st.composite
def npy(draw):
    rows, columns = draw(st.integers(0, 4)), draw(st.sampled_from([DIMENSION, 0, 1, 2 ** 40]))
    kind = draw(st.sampled_from(["<f4", "<f2", "<f8", "|O"]))
    header = f"{{'descr': '{kind}', 'fortran_order': {draw(st.booleans())}, 'shape': ({rows}, {columns}), }}".encode()
    header += b" " * (-(11 + len(header)) % 64) + b"\n"
    content = draw(st.binary(max_size=64)) * draw(st.sampled_from([1, 6, 24]))
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


@st.composite
def safetensors(draw):
    rows, ends = draw(st.integers(0, 4)), draw(st.integers(0, 2000))
    tensor = {"dtype": draw(st.sampled_from(["F32", "F16", "I64"])), "shape": [rows, DIMENSION],
              "data_offsets": [0, draw(st.sampled_from([ends, 4 * rows * DIMENSION]))]}
    header = json.dumps({draw(st.sampled_from(["a", "__metadata__"])): tensor}).encode()
    length = draw(st.sampled_from([len(header), len(header), 2 ** 60]))
    return struct.pack("<Q", length) + header + bytes(draw(st.sampled_from([ends, 4 * rows * DIMENSION])))


schemathesis.openapi.media_type("application/x-ndjson", LINES, aliases=["application/jsonl"])
schemathesis.openapi.media_type("application/x-npy", npy() | st.binary(max_size=80))
schemathesis.openapi.media_type("application/x-safetensors", safetensors() | st.binary(max_size=80))


def there(values, name, allowed, known):
    """Half of the values that the schema allows, by their own bytes: no chance of its own."""
    value = (values or {}).get(name)
    if isinstance(value, str) and re.fullmatch(allowed, value) and len(value.encode("utf-8", "replace")) % 2:
        values[name] = known
    return values


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    there(path_parameters, "account", r"(?s).{1,256}", "tap-account-1")
    return there(path_parameters, "tenant", r"[a-z0-9-]{1,64}", "t")


@schemathesis.hook
def map_headers(context, headers):
    return there(headers, "Cms-Model", r"[!-~]+", os.environ["CMS_NAME"])
