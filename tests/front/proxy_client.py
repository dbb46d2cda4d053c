"""What clients do, by the real openai client; runs in the Python that has it: proxy_client.py BASE_URL DIRECT_URL

Prints one JSON object: what was seen through the proxy and directly, for proxy_test.py to judge.
"""

import json
import sys
import time

import openai

QUESTION = [{"role": "system", "content": "You answer in one sentence."}, {"role": "user", "content": "What is rain?"}]
SAME = {"model": "small", "temperature": 0, "seed": 7, "max_tokens": 8}


def client(url, key="sk-careful"):
    return openai.OpenAI(base_url=url + "/v1", api_key=key, max_retries=0, timeout=60)


def whole(url):
    return client(url).chat.completions.create(messages=QUESTION, **SAME).choices[0].message.content


def streamed(url):
    stream = client(url).chat.completions.create(messages=QUESTION, stream=True, **SAME)
    return [piece.choices[0].delta.content for piece in stream]


def slowly(url):
    """The same stream, by a reader that takes its time."""
    pieces = []
    for piece in client(url).chat.completions.create(messages=QUESTION, stream=True, **SAME):
        time.sleep(0.3)
        pieces.append(piece.choices[0].delta.content)
    return pieces


def hang_up(url):
    """Closes after the first piece; how long the next answer took then."""
    stream = client(url, "sk-impatient").chat.completions.create(messages=QUESTION, stream=True, model="small",
                                                                 max_tokens=800)
    next(iter(stream))
    stream.close()
    started = time.monotonic()
    whole(url)
    return time.monotonic() - started


def status(url, key, body):
    """Of a request with this body, whatever it is."""
    answer = client(url, key)._client.post(url + "/v1/chat/completions", content=body, headers={
        "Authorization": "Bearer " + key, "Content-Type": "application/json"})
    return answer.status_code


def main():
    proxy, direct = sys.argv[1:]
    huge = json.dumps({"model": "small", "messages": [{"role": "user", "content": "word " * 4_000_000}]})
    seen = {
        "models": [[m.id for m in client(url).models.list()] for url in (proxy, direct)],
        "whole": [whole(url) for url in (proxy, direct)],
        "streamed": [streamed(url) for url in (proxy, direct)],
        "slowly": [slowly(proxy), streamed(direct)],
        "broken": [status(url, "sk-broken", '{"messages": [') for url in (proxy, direct)],
        "huge": [status(url, "sk-huge", huge) for url in (proxy, direct)],
        "after_hang_up_s": hang_up(proxy),
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
