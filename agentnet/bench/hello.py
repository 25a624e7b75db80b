"""The limit of every page: a bare Flask application that says hello, served exactly as the product is."""

from __future__ import annotations

from flask import Flask

from agentnet.infra.config import read_settings
from agentnet.infra.processes import WebServer, web_options


def hello_app() -> Flask:
    """Return an application with one page and nothing around it."""
    app = Flask("hello")
    app.add_url_rule("/", "hello", lambda: "hello")
    return app


if __name__ == "__main__":
    WebServer(hello_app(), web_options(read_settings(), tls=False)).run()
