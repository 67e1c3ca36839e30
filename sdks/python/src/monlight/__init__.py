# SPDX-License-Identifier: MIT
"""Errors and metrics of a Python program, for Monlight.

See :class:`ErrorClient` and :class:`MetricsClient`; ``monlight.integrations`` holds
what ties them to FastAPI, Django, Flask and Celery.
"""

from ._version import __version__
from .errors import ErrorClient
from .hooks import MonlightHandler, install_asyncio_handler, install_excepthook
from .metrics import MetricsClient
from .scope import add_breadcrumb, isolated, set_tag, set_user

__all__ = [
    "ErrorClient",
    "MetricsClient",
    "MonlightHandler",
    "__version__",
    "add_breadcrumb",
    "install_asyncio_handler",
    "install_excepthook",
    "isolated",
    "set_tag",
    "set_user",
]
