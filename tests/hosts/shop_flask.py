# SPDX-License-Identifier: MIT
"""A shop with Flask."""

import os

import settings
from flask import Flask, jsonify

from monlight.integrations.flask import setup_monlight

app = Flask(__name__)
setup_monlight(app, **settings.clients())


@app.route("/items/<int:item>")
def item(item):
    return jsonify(item=item, pid=os.getpid())


@app.route("/crash")
def crash():
    raise ValueError("the route failed")
