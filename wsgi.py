"""The web application for any WSGI server: ``gunicorn wsgi:app``."""

from agentnet import create_app

app = create_app()
