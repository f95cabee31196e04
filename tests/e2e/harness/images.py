"""Images under test: quickly from built binaries, or wholly from source as a user builds them."""

import gzip
import os
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
DOCKERFILE = os.path.join(ROOT, "deploy", "docker", "Dockerfile")
BASE = "debian:bookworm-slim"
IMAGES = {"server": "flotilla/server", "tools": "flotilla/tools",
          "discovery": "flotilla/discovery"}


def project_version():
    with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as file:
        return re.search(r"project\(flotilla VERSION (\S+)", file.read()).group(1)


def _build_arguments():
    def git(*arguments):
        done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=False)
        return done.stdout.strip() or "unknown"
    values = {"VERSION": project_version(), "REVISION": git("rev-parse", "HEAD"),
              "CREATED": git("log", "-1", "--format=%cI")}
    return [part for name, value in values.items() for part in ("--build-arg", f"{name}={value}")]


def _tags(name):
    """The exact version, its line, and latest."""
    version = project_version()
    return [f"{name}:{tag}" for tag in (version, version.rsplit(".", 1)[0], "latest")]


def _tag_arguments(target):
    return [part for tag in _tags(IMAGES[target]) for part in ("-t", tag)]


def build_from_binaries(engine, binaries, work):
    """The Dockerfile's own last stages over a root folder laid out from `binaries` on this machine."""
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    image = os.path.join(work, "context", "image")
    os.makedirs(os.path.dirname(image))
    subprocess.run([os.path.join(ROOT, "deploy", "docker", "rootfs"), binaries, image], check=True, cwd=ROOT)
    with open(DOCKERFILE, encoding="utf-8") as file:
        stages = file.read()
    stages = stages[stages.index("FROM scratch AS tools"):].replace("COPY --from=build /image/", "COPY image/")
    path = os.path.join(work, "Dockerfile")
    with open(path, "w", encoding="utf-8") as file:
        file.write(stages)
    for target in IMAGES:
        _build(engine, "-f", path, "--target", target, *_tag_arguments(target), *_build_arguments(),
               os.path.join(work, "context"))


def build_from_source(engine, cache):
    """As the head of the Dockerfile says. The base image comes from a registry if one answers, else from debootstrap."""
    ensure_base(engine, cache)
    for target in IMAGES:
        _build(engine, "--network", "host", "-f", DOCKERFILE, "--target", target, *_tag_arguments(target),
               *_build_arguments(), ROOT)


def _build(engine, *arguments):
    # The classic builder: it comes with every engine, and accepts less than BuildKit does.
    engine.env["DOCKER_BUILDKIT"] = "0"
    engine.run("build", *arguments, timeout=7200)


def ensure_base(engine, cache):
    if engine.run("image", "inspect", BASE, check=False).returncode == 0:
        return
    kept = os.path.join(cache, "debian-bookworm.tar")
    if not os.path.exists(kept):
        if engine.run("pull", BASE, check=False, timeout=120).returncode == 0:
            return
        _debootstrap(engine, cache, kept)
    engine.run("import", kept, BASE, timeout=600)


def _debootstrap(engine, cache, kept):
    folder = os.path.join(cache, "debootstrap")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    engine.run_outside("debootstrap", "--variant=minbase", "bookworm", folder, _mirror())
    subprocess.run(["tar", "-C", folder, "-cf", kept + ".part", "."], check=True)
    os.rename(kept + ".part", kept)
    shutil.rmtree(folder, ignore_errors=True)


def _mirror():
    """Where this machine's own apt gets Debian from."""
    for path in ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"):
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                found = re.search(r"^(?:URIs:|deb(?: \[.*?\])?) +(\S+)", file.read(), re.MULTILINE)
            if found:
                return found.group(1)
    return "http://deb.debian.org/debian"


def copy_images(source, target):
    """From one engine to another."""
    names = [tag for name in IMAGES.values() for tag in _tags(name)]
    save = subprocess.Popen(["docker", "save", *names], env=source.env, stdout=subprocess.PIPE)
    subprocess.run(["docker", "load"], env=target.env, stdin=save.stdout, check=True, stdout=subprocess.DEVNULL)
    if save.wait() != 0:
        raise RuntimeError("docker save failed")


def compressed_size(engine, name):
    """Bytes that a registry would keep for the image, to within the few that its manifest has."""
    save = subprocess.Popen(["docker", "save", name], env=engine.env, stdout=subprocess.PIPE)

    class Counter:
        size = 0

        def write(self, part):
            self.size += len(part)
            return len(part)

        def flush(self):
            pass

    counter = Counter()
    with gzip.GzipFile(fileobj=counter, mode="wb", compresslevel=6) as packed:
        shutil.copyfileobj(save.stdout, packed, 1 << 20)
    save.wait()
    return counter.size
