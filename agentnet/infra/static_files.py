"""Static files: an address that changes with the content, kept by browsers for ever, sent compressed.

Pages are not compressed, only files that are the same for everybody: a compressed page that holds both a secret and
what a stranger typed can be measured from outside (BREACH).
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app, has_request_context, request, url_for
from werkzeug.security import safe_join

FOR_EVER = "public, max-age=31536000, immutable"
_TEXT = (".css", ".js", ".svg")


@cache
def _fingerprint(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:10]


@cache
def _compressed(path: str) -> bytes:
    return gzip.compress(Path(path).read_bytes(), compresslevel=9, mtime=0)


def _file(filename: str) -> str:
    return safe_join(current_app.static_folder or "", filename) or ""


def asset_path(filename: str) -> str:
    """Return where a static file is with its content's fingerprint, seen from the application's root.

    Raises:
        FileNotFoundError: there is no such file; a page that names it is wrong.
    """
    paths: dict[str, str] = current_app.extensions["agentnet.assets"]
    if filename not in paths:
        place = url_for("static", filename=filename, v=_fingerprint(_file(filename)))
        paths[filename] = place.removeprefix(request.script_root)
    return paths[filename]


def asset(filename: str) -> str:
    """Return the address of a static file with its content's fingerprint.

    Raises:
        FileNotFoundError: there is no such file; a page that names it is wrong.
    """
    return request.script_root + asset_path(filename)


def init_static_files(app: Flask) -> None:
    """Let browsers keep fingerprinted files for ever, and send text files compressed to those who take it."""
    app.extensions["agentnet.assets"] = {}

    @app.context_processor
    def root() -> dict[str, str]:
        return {"script_root": request.script_root if has_request_context() else ""}

    @app.after_request
    def for_ever_and_small(response: Response) -> Response:
        if request.endpoint != "static" or response.status_code != 200:
            return response
        filename = str((request.view_args or {}).get("filename", ""))
        path = _file(filename)
        if request.args.get("v") == _fingerprint(path):
            response.headers["Cache-Control"] = FOR_EVER
        if filename.endswith(_TEXT):
            response.vary.add("Accept-Encoding")
            if "gzip" in request.accept_encodings and "Range" not in request.headers:
                response.direct_passthrough = False
                response.data = _compressed(path)
                response.headers["Content-Encoding"] = "gzip"
                response.headers.pop("ETag", None)
        return response
