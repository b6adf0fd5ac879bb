"""The load generator, a process of its own: `python -m benchmarks.load JOB.json` prints its result as JSON.

A job: `{"url", "token", "connections", "seconds", "requests": [{"method", "path", "body"?}, ...]}`;
the requests are taken round and round by all connections.
"""

from __future__ import annotations

import http.client
import itertools
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Send requests for the job's seconds; gives counts and latencies in milliseconds."""
    place = urlsplit(job["url"])
    turn = itertools.cycle(range(len(job["requests"])))
    latencies: list[float] = []
    failures: list[str] = []
    end = time.perf_counter() + job["seconds"]

    def work() -> None:
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        headers = {"Authorization": f"Bearer {job['token']}", "Content-Type": "application/json"}
        while time.perf_counter() < end:
            request = job["requests"][next(turn)]
            body = json.dumps(request["body"]).encode() if "body" in request else None
            started = time.perf_counter()
            connection.request(request["method"], request["path"], body, headers)
            response = connection.getresponse()
            text = response.read()
            latencies.append((time.perf_counter() - started) * 1000)
            if response.status >= 300:
                failures.append(f"{response.status} {text[:200]!r}")
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(job["connections"])]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "seconds": time.perf_counter() - started,
        "latencies": sorted(latencies),
        "failures": failures[:3],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(json.loads(Path(sys.argv[1]).read_text()))))
