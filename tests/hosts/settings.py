# SPDX-License-Identifier: MIT
"""What the three small shops here have in common; the tests run them as users run theirs."""

import os

from monlight import ErrorClient, MetricsClient

ERRORS, METRICS = os.environ["ERRORS"], os.environ["METRICS"]
ERRORS_KEY, METRICS_KEY = os.environ["ERRORS_KEY"], os.environ["METRICS_KEY"]
PROJECT = os.environ["PROJECT"]
RELEASE = "shop@1.2"
FLUSH_INTERVAL = float(os.environ.get("FLUSH_INTERVAL", "60"))


def clients():
    """For the frameworks whose integration is given its clients."""
    errors = ErrorClient(ERRORS, ERRORS_KEY, PROJECT, release=RELEASE)
    metrics = MetricsClient(METRICS, METRICS_KEY, FLUSH_INTERVAL, project=PROJECT)
    return {"error_client": errors, "metrics_client": metrics}
