# SPDX-License-Identifier: MIT
"""A shop with Django, settings and all in one file."""

import os

import django
import settings
from django.conf import settings as django_settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

django_settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="shop",
    MIDDLEWARE=["monlight.integrations.django.MonlightMiddleware"],
    MONLIGHT=settings.clients(),
)
django.setup()


def item(request, item):
    return JsonResponse({"item": item, "pid": os.getpid()})


def crash(request):
    raise ValueError("the route failed")


urlpatterns = [path("items/<int:item>", item), path("crash", crash)]
app = get_wsgi_application()
