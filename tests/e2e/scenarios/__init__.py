"""One module a theme; importing this registers them in the order of the list."""

from . import image, lifecycle, data, users, limits, configuration, article, cluster, discovery, hosts, updates  # noqa: F401
