# SPDX-License-Identifier: MIT
"""The shop's tasks with Celery.  The broker is a folder, so that no server is needed."""

import os
import time

import settings
from celery import Celery

from monlight.integrations.celery import setup_monlight

FOLDER = os.environ["FOLDER"]

app = Celery("shop", broker="filesystem://")
app.conf.broker_transport_options = {
    "data_folder_in": FOLDER + "/queue",
    "data_folder_out": FOLDER + "/queue",
    "control_folder": FOLDER + "/control",
}
setup_monlight(**settings.clients())


@app.task(name="send_mail")
def send_mail(number):
    with open(FOLDER + "/done", "a") as done:
        done.write(f"{os.getpid()}\n")
    time.sleep(0.02)  # so that one process cannot do it all
    if number % 10 == 0:
        raise ValueError("the mail failed")
