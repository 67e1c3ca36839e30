# SPDX-License-Identifier: MIT
"""Read by schemathesis: times that a database of nanoseconds in 64 bits can hold, and texts
that are as long in bytes as a schema, which counts characters, lets them be."""

from datetime import datetime, timezone

import schemathesis
from hypothesis import strategies

schemathesis.openapi.format(
    "date-time",
    strategies.datetimes(
        datetime(1700, 1, 1), datetime(2250, 1, 1), timezones=strategies.just(timezone.utc)
    ).map(datetime.isoformat),
)

LEAST_LIMIT = 100  # in bytes, of all that the schemas name


def shortened(data):
    """The same with each text of more than ASCII cut to what no field refuses."""
    if isinstance(data, str) and not data.isascii():
        return data.encode(errors="ignore")[:LEAST_LIMIT].decode(errors="ignore")
    if isinstance(data, dict):
        return {shortened(name): shortened(value) for name, value in data.items()}
    return [shortened(item) for item in data] if isinstance(data, list) else data


@schemathesis.hook
def map_query(context, query):
    return shortened(query)


@schemathesis.hook
def map_body(context, body):
    return shortened(body)
