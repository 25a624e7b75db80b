"""The web application for any WSGI server: ``gunicorn wsgi:app``."""

from agentnet import create_app
from agentnet.infra.workbook_guard import load_reader

load_reader()
app = create_app()
