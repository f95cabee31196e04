"""Images of programs that this machine has, for what a compose file takes from a registry."""

import os
import re
import shutil
import subprocess


def build(engine, work, tag, programs, instructions, base="scratch"):
    """The image `tag`: `base`, the programs under their own paths with all that they load, and then `instructions`."""
    context = os.path.join(work, "image-" + re.sub(r"\W", "-", tag))
    root = os.path.join(context, "root")
    for program in programs:
        found = shutil.which(program)
        assert found, f"{program} is not installed"
        for path in (os.path.realpath(found), *_loaded_by(found)):
            _copy(path, root)
        _copy(found, root)
    if base == "scratch":
        os.makedirs(os.path.join(root, "etc"), exist_ok=True)
        with open(os.path.join(root, "etc", "passwd"), "w", encoding="utf-8") as file:
            file.write("root:x:0:0::/:\n")
    with open(os.path.join(context, "Dockerfile"), "w", encoding="utf-8") as file:
        file.write("\n".join([f"FROM {base}", "COPY root/ /", *instructions, ""]))
    engine.env["DOCKER_BUILDKIT"] = "0"
    engine.run("build", "-t", tag, context, timeout=600)


def _loaded_by(program):
    """Nothing for a static one."""
    shown = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(/\S+)", shown)


def _copy(path, root):
    # Where /bin is a link to /usr/bin, the image has two folders.
    target = root + path
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if not os.path.exists(target):
        shutil.copy(path, target)
