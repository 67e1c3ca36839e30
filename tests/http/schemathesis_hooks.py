# SPDX-License-Identifier: MIT
"""Read by schemathesis: times that a database of nanoseconds in 64 bits can hold."""

from datetime import datetime, timezone

import schemathesis
from hypothesis import strategies

schemathesis.openapi.format(
    "date-time",
    strategies.datetimes(
        datetime(1700, 1, 1), datetime(2250, 1, 1), timezones=strategies.just(timezone.utc)
    ).map(datetime.isoformat),
)
