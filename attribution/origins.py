"""Where the ancestry of a process may begin, and who takes in the children of others (pure)."""

from attribution.facts import ProcessFacts
from attribution.interpreters import base_name
from core.attribution import ProcessRef

_ORIGINS = frozenset(
    "sshd sshd-session login agetty getty gdm-session-worker gdm-x-session gdm-wayland-session"
    " lightdm sddm-helper xdm gnome-shell gnome-session-binary plasmashell ksmserver xfce4-session"
    " cinnamon-session mate-session Xorg Xwayland sway Hyprland gnome-terminal-server konsole xterm"
    " kitty alacritty wezterm-gui foot tilix ptyxis terminator xfce4-terminal mate-terminal"
    " lxterminal urxvt rxvt st ghostty kgx xrdp-sesman loginwindow Dock Finder Terminal iTerm2"
    " explorer.exe WindowsTerminal.exe winlogon.exe".split()
)
"""Programs with which a person's session begins, or a window of it. Whoever starts them asks for a
session, not for a request.
"""
_SYSTEM_FOLDERS = (
    "/usr/",
    "/bin/",
    "/sbin/",
    "/lib/",
    "/opt/",
    "/nix/store/",
    "/System/",
    "/Applications/",
    "C:\\Windows\\",
    "C:\\Program Files\\",
)
_ADOPTING = frozenset(
    "systemd init launchd tini dumb-init docker-init s6-svscan runsvdir supervisord "
    "containerd-shim containerd-shim-runc-v2 conmon crond cron anacron atd fcron tmux "
    "screen zellij at systemd-run".split()
)
"""Processes that get the orphans of others, or start what somebody else has asked them for."""


def is_origin(process: ProcessFacts) -> bool:
    """True for a program from which a person's session starts, where it lies where only the system
    may put it.
    """
    name = base_name(process.exe or "")
    return name in _ORIGINS and (process.exe or "").startswith(_SYSTEM_FOLDERS)


def adopts(process: ProcessFacts | ProcessRef) -> bool:
    """True for a process whose children may be anybody's."""
    names = {base_name(process.exe or ""), process.name}
    return process.pid == 1 or not names.isdisjoint(_ADOPTING)
