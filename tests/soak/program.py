# SPDX-License-Identifier: MIT
"""A program with the Python SDK in it, which at its end says what it has reported."""

import json
import os
import signal
import time

from monlight import ErrorClient, MetricsClient

errors = ErrorClient(os.environ["ERRORS"], os.environ["ERRORS_KEY"], "soak-python")
metrics = MetricsClient(
    os.environ["METRICS"], os.environ["METRICS_KEY"], flush_interval=2, project="soak-python"
)
metrics.start()
ended = False


def end(*_):
    global ended
    ended = True


signal.signal(signal.SIGTERM, end)
reports = calls = 0
while not ended:
    errors.report_message("soaked")
    reports += 1
    for _ in range(20):
        metrics.counter("soak_calls_total")
        calls += 1
    metrics.histogram("soak_call_seconds", 0.1)
    time.sleep(0.2)
flushed = metrics.flush(120)
print(
    json.dumps(
        {
            "errors": reports - errors.dropped,
            "calls": calls,
            "dropped": errors.dropped + metrics.dropped,
            "flushed": flushed,
        }
    )
)
