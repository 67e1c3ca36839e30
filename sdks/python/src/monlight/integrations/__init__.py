# SPDX-License-Identifier: MIT
"""What ties the clients to frameworks; each module needs its framework installed."""
