"""A flood over HTTP, which refuses at its edge: more bodies than may be under way, more items than the queue takes."""

import array
import collections
import http.client
import json
import random
import struct
import threading
import time

from proving import exact, goal, on

ROWS = 1024  # two bodies fill the queue of a world to flood


def npy(rows, columns):
    """A matrix of noise as numpy writes it."""
    chance = random.Random(7)
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}".encode()
    header += b" " * (-(11 + len(header)) % 64) + b"\n"
    values = array.array("f", (chance.uniform(-1, 1) for _ in range(rows * columns)))
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + values.tobytes()


def post(world, account, body):
    """The status and how many of the body were scored; no status where the connection was cut off."""
    connection = http.client.HTTPConnection("127.0.0.1", world.http, timeout=120)
    try:
        try:
            connection.request("POST", f"/v1/tenants/t/activations?account={account}", body, {
                "Authorization": f"Bearer {world.tap}", "Content-Type": "application/x-npy",
                "Cms-Model": "noise/final/mean"})
        except OSError:
            pass  # it may have answered before it had read all
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text)["scored"] if answer.status == 200 else 0
    except (OSError, http.client.HTTPException):
        return None, 0
    finally:
        connection.close()


def flood(world, seconds, senders, cap_bytes, cores):
    """Every sender sends whole bodies, one after the other, whatever it is answered; `cap_bytes` are what the daemon
    may take."""
    body = npy(ROWS, world.dimension)
    answers, scored, most_bytes = collections.Counter(), 0, 0
    lock = threading.Lock()
    end = time.monotonic() + seconds

    def send(number):
        nonlocal scored
        on(cores)()  # of this thread
        while time.monotonic() < end:
            status, items = post(world, f"http-{number}", body)
            with lock:
                answers[status] += 1
                scored += items

    threads = [threading.Thread(target=send, args=(number,)) for number in range(senders)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most_bytes = max(most_bytes, world.rss_bytes())
        time.sleep(0.2)
    received = sum(world.metric("cms_pipeline_received_total").values())
    counted = world.metric("cms_pipeline_items_total")
    what = (f"flood of {seconds} s over HTTP by {senders} senders of bodies of {len(body) >> 20} MiB, {ROWS} "
            f"activations each ({answers[200]} taken in, {answers[None]} cut off): ")
    strange = {status: count for status, count in answers.items() if status not in (200, 503, None)}
    return [exact(what + "answered 503", answers[503], "> 0", answers[503] > 0),
            exact(what + f"other answers ({strange})", sum(strange.values()), "0", not strange and answers[200] > 0),
            exact(what + f"greatest resident memory over the limits, {cap_bytes >> 20} MiB",
                  round(most_bytes / cap_bytes, 2), "<= 1.05", most_bytes <= 1.05 * cap_bytes),
            exact(what + f"of {received:.0f} items received, not counted as scored, shed or refused",
                  received - sum(counted.values()), "0", received == sum(counted.values())),
            exact(what + "items that answers called scored, more than were counted so",
                  max(0, scored - counted['cms_pipeline_items_total{result="scored"}']), "0",
                  scored <= counted['cms_pipeline_items_total{result="scored"}']),
            goal(what + "scored a second", round(scored / seconds), "-", None)]
