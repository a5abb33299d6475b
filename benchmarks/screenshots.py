"""The pictures of the web pages in the docs: a sweep on its way, seen at a desk and on a telephone, light and dark.

    python -m benchmarks.screenshots [--levels 9] [--out docs/images]

It trains the embedded example, MNIST-1D, for about a minute on two processor cores, and looks at it while it runs. It
needs Chromium or Chrome. Look at the pictures before you keep them.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

from oracle.api.launching import Launcher
from oracle.api.study_reader import StudyReader
from oracle.web import application
from oracle.web.server import server
from studies import Store, StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from playwright.sync_api import Browser

NAME = "mnist1d"


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        name: of its file.
        width: of the window, in pixels.
        height: likewise.
        theme: the reader's.
        page: address, without the server's.
        at: heading that the picture begins with; the page's top by default.
    """

    name: str
    width: int
    height: int
    theme: Literal["light", "dark"]
    page: str
    at: str | None = None


MOVED = f"/study/{NAME}?schedule=s-cyc:delta=0.16,epsilon=0.2,beta=4,q=1&show=constant"
PICTURES = (
    Picture("study", 1280, 1000, "light", f"/study/{NAME}?show=constant"),
    Picture("study-dark", 1280, 1000, "dark", MOVED),
    Picture("study-phone", 390, 1000, "light", f"/study/{NAME}"),
    Picture("schedule-phone-dark", 390, 1000, "dark", MOVED, at="Try a schedule"),
    Picture("trial", 1280, 1240, "light", f"/study/{NAME}?level=4", at="Every candidate"),
    Picture("studies-dark", 1280, 420, "dark", "/"),
)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levels", type=int, default=9, help="levels that are decided when the pictures are taken")
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="folder of the pictures")
    options = parser.parse_args()
    out: Path = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    db = "sqlite:///scyc.db"  # the pictures show it
    with tempfile.TemporaryDirectory(prefix="scyc-screenshots-") as folder, chdir(folder):
        swept("first-try", db, "--set", "levels=2", "--set", "epochs=2").wait()
        sweep = swept(NAME, db)
        try:
            wait_for(options.levels, db)
            with served(db) as there, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
                for picture in PICTURES:
                    take(picture, browser, there, out)
                browser.close()
        finally:
            sweep.terminate()
            sweep.wait()


def swept(name: str, db: str, *options: str) -> subprocess.Popen[bytes]:
    """Start a sweep in a process of its own."""
    scyc = Path(sys.executable).with_name("scyc")
    command = [scyc, "sweep", "--name", name, "--db", db, *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def wait_for(levels: int, db: str) -> None:
    """Wait until so many levels are decided."""
    while True:
        try:
            if len(StudyReader(NAME, db).status.decided) >= levels:
                return
        except StudyError:  # the study has not begun
            pass
        time.sleep(0.5)


@contextmanager
def served(db: str) -> Iterator[str]:
    """The address of the service, which may change studies, so that its buttons are there."""
    with Store.open(db, read_only=True) as store, socket.create_server(("127.0.0.1", 0)) as listener:
        running = server(application(store, db, launcher=Launcher(db)))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        there = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with urlopen(f"{there}/health", timeout=20):
            yield there
        running.should_exit = True
        thread.join(timeout=10)


def chromium() -> str | None:
    """Return the browser of this machine; None for Playwright's own."""
    return next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)


def take(picture: Picture, browser: Browser, there: str, out: Path) -> None:
    """Take one picture, once the page has all that it shows."""
    size = {"width": picture.width, "height": picture.height}
    page = browser.new_page(viewport=size, color_scheme=picture.theme)
    page.goto(there + picture.page)
    if picture.page != "/":
        page.locator("#plot-heatmap .subplot.xy").wait_for(state="attached")
        page.locator("#hits li").first.wait_for()
    if "level=" in picture.page:
        page.get_by_label("with max_lr").select_option(index=8)
        page.locator("#trials tbody tr").nth(3).wait_for(state="detached")
        page.locator("#trials a").first.click()
        page.locator("#plot-trial .subplot.xy").wait_for(state="attached")
    if picture.at:
        page.get_by_role("heading", name=picture.at).evaluate("heading => heading.scrollIntoView()")
    page.wait_for_timeout(1500)
    page.screenshot(path=out / f"service-{picture.name}.png")
    page.close()


if __name__ == "__main__":
    main()
