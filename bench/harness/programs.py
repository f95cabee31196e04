"""What the programs of bench/ have in common: options of the same names, and a folder to work in."""

import argparse
import contextlib
import os
import shutil
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")


def parser(text, quick="", on_disk=False):
    """`text`: the program's docstring. `quick`: what --quick does, if there is such an option. `on_disk`: it makes files that matter."""
    made = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    if quick:
        made.add_argument("--quick", action="store_true", help=quick)
    if on_disk:
        made.add_argument("--folder", type=os.path.abspath, default=BUILD, help="where files go: on which disk")
    made.add_argument("--binaries", type=os.path.abspath, default=os.path.join(BUILD, "release", "bin"))
    return made


@contextlib.contextmanager
def work_folder(name, inside=None):
    """A new folder that is gone afterwards, inside the one that --folder named."""
    if inside is not None:
        os.makedirs(inside, exist_ok=True)
    folder = tempfile.mkdtemp(prefix=f"flotilla-{name}-", dir=inside)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
