"""Other names that files have by mounts: from tables as the kernel writes them."""

import pytest

from capture.mount_table import other_names, parsed

_TABLE = """\
20 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw
21 20 0:20 / /run rw,nosuid shared:2 - tmpfs tmpfs rw
22 20 0:20 /user\\040one /mnt/a\\040b rw - tmpfs tmpfs rw
23 20 8:1 /srv /export rw - ext4 /dev/sda1 rw
no mount
24 20 0:20 /docker.sock /opt/d.sock rw - tmpfs tmpfs rw
"""
NAMES = {
    "/run/docker.sock": ["/opt/d.sock"],
    "/opt/d.sock": ["/run/docker.sock"],
    "/run/user one/bus": ["/mnt/a b/bus"],
    "/mnt/a b/bus": ["/run/user one/bus"],
    "/run/user one two/bus": [],
    "/srv/d": ["/export/d"],
    "/export/d": ["/srv/d"],
    "/home/d": [],
    "/export": ["/srv"],
}


@pytest.mark.parametrize("path", NAMES)
def test_each_place_of_a_folder_is_a_name_of_its_files(path: str) -> None:
    """And only where the file is below what is seen there."""
    assert list(other_names(path, list(parsed(_TABLE)))) == NAMES[path]


_OVER = """\
20 1 8:1 / / rw - ext4 /dev/sda1 rw
21 20 0:40 / /home/ann rw - autofs systemd-1 rw
22 21 8:2 /ann /home/ann rw - ext4 /dev/sdb1 rw
23 20 8:2 /ann/share /srv/share rw - ext4 /dev/sdb1 rw
"""


def test_of_mounts_at_one_place_the_last_is_what_is_seen() -> None:
    """A place that is mounted when it is first used stands in the table twice."""
    table = list(parsed(_OVER))
    assert list(other_names("/home/ann/share/agent", table)) == ["/srv/share/agent"]
