"""One module a theme; importing this registers them in the order of the list."""

from . import (image, lifecycle, data, users, limits, configuration, article, cluster, deploy, discovery,  # noqa: F401
               headless, hosts, scaling, updates)
