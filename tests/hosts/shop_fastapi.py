# SPDX-License-Identifier: MIT
"""A shop with FastAPI.  Two routes more than the others have: to flood, and to be looked into."""

import os

import settings
from fastapi import FastAPI

from monlight._worker import worker
from monlight.integrations.fastapi import setup_monlight

app = FastAPI()
monlight = setup_monlight(
    app,
    error_tracker_url=settings.ERRORS,
    metrics_collector_url=settings.METRICS,
    api_key=settings.ERRORS_KEY,
    metrics_api_key=settings.METRICS_KEY,
    project=settings.PROJECT,
    release=settings.RELEASE,
    flush_interval=settings.FLUSH_INTERVAL,
)


@app.get("/items/{item}")
async def item(item: int):
    return {"item": item, "pid": os.getpid()}


@app.get("/crash")
async def crash():
    raise ValueError("the route failed")


@app.get("/flood/{reports}")
def flood(reports: int):
    # Held back as repeats they would be one report with a count, and fill no queue.
    monlight["error_client"]._repeats.per_minute = reports
    for _ in range(reports):
        monlight["error_client"].report_message("flood")
    return {}


@app.get("/state")
def state():
    with open("/proc/self/statm") as file:
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    dropped = {name: client.dropped for name, client in monlight.items()}
    return {"resident": resident, "queued": len(worker._jobs), "dropped": dropped}
