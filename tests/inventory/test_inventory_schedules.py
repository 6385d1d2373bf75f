"""What starts Python by itself, on every kind of system."""

from pathlib import Path

import pytest
from scan_samples import one, put, scanned

from inventory.schedules import Watch, readers

PLIST = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>Label</key><string>job</string>
<key>ProgramArguments</key><array><string>/usr/bin/python3</string><string>/srv/job.py</string></array>
<key>UserName</key><string>anna</string>
<key>StartCalendarInterval</key><dict><key>Hour</key><integer>3</integer></dict></dict></plist>
"""
TASK = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
<Triggers><CalendarTrigger><StartBoundary>2026-01-01T03:00:00</StartBoundary>
<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay></CalendarTrigger></Triggers>
<Principals><Principal><UserId>CORP\\anna</UserId></Principal></Principals>
<Settings><Enabled>true</Enabled></Settings>
<Actions><Exec><Command>"C:\\Program Files\\Python312\\python.exe"</Command>
<Arguments>-u "C:\\srv\\job.py" --all</Arguments></Exec></Actions></Task>
"""
AT = "#!/bin/sh\n# atrun uid=1000 gid=1000\n# mail anna 0\numask 22\nHOME=/home/anna; export HOME\ncd /srv || {\n\t echo 'Execution directory inaccessible' >&2\n\t exit 1\n}\npython3 job.py\n"

SCHEDULES: dict[str, tuple[str | bytes, str, str, str]] = {
    "etc/crontab": (
        "*/5 * * * * anna /usr/bin/python3 /srv/job.py\n",
        "cron",
        "anna",
        "*/5 * * * *",
    ),
    "etc/cron.d/jobs": (
        "0 3 * * 1-5 anna cd /srv && ./job.py >> /dev/null 2>&1\n",
        "cron",
        "anna",
        "0 3 * * 1-5",
    ),
    "var/spool/cron/crontabs/anna": ("@daily python3 -u /srv/job.py\n", "cron", "anna", "@daily"),
    "var/spool/cron/anna": (
        "0 3 * * * flock -n /tmp/x nice -n 5 /srv/job.py\n",
        "cron",
        "anna",
        "0 3 * * *",
    ),
    "etc/anacrontab": (
        "7 10 weekly.job timeout 60 python3 /srv/job.py\n",
        "anacron",
        "root",
        "weekly",
    ),
    "var/spool/cron/atjobs/a0000101c5e8a0": (AT, "at", "anna", "once, 2026-09-03 21:04 UTC"),
    "etc/systemd/system/job.service": (
        "[Service]\nUser=anna\nWorkingDirectory=/srv\nExecStart=/usr/bin/env python3 \\\n  job.py\n",
        "systemd service",
        "anna",
        "when the machine or a person starts it",
    ),
    "Library/LaunchDaemons/job.plist": (PLIST, "launchd", "anna", "Hour 3"),
    "Windows/System32/Tasks/Corp/Nightly": (
        TASK.encode("utf-16"),
        "Task Scheduler",
        "CORP\\anna",
        "day from 2026-01-01 03:00",
    ),
    "exported/nightly.xml": (TASK, "Task Scheduler", "CORP\\anna", "day from 2026-01-01 03:00"),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_script_is_told_with_what_starts_it(tmp_path: Path, name: str) -> None:
    """Each kind of schedule is read: which script, when, and for whom."""
    text, kind, account, when = SCHEDULES[name]
    put(tmp_path, name, text)
    job = put(tmp_path, "srv/job.py")

    (entry,) = one(scanned(tmp_path), job).started_by
    assert (entry.kind, entry.account) == (kind, account)
    assert entry.when == when or kind == "at"


USER = "home/anna/.config/systemd/user/job.service"
SPELLED: dict[str, dict[str, str]] = {
    "from the home of cron": {"var/spool/cron/anna": "0 1 * * * python3 ../../srv/job.py"},
    "by the home's variable": {"var/spool/cron/anna": "0 1 * * * $HOME/../../srv/job.py"},
    "by a variable of the table": {"etc/crontab": "APP=/srv\n0 1 * * * root ${APP}/job.py"},
    "from a home that the table sets": {"etc/crontab": "HOME=/srv\n0 1 * * * root ./job.py"},
    "by a variable of the command": {"etc/crontab": "0 1 * * * root D=/srv; python3 $D/job.py"},
    "in a loop": {"etc/crontab": "0 1 * * * root for f in a b; do python3 /srv/job.py $f; done"},
    "by a condition": {"etc/crontab": "0 1 * * * root if true; then /srv/job.py; fi"},
    "as a module": {"etc/crontab": "0 1 * * * root cd /srv && python3 -m job"},
    "as a module of a manager": {"etc/crontab": "0 1 * * * root cd /srv && uv run -m job"},
    "as an application": {
        "etc/systemd/system/a.service":
            "[Service]\nWorkingDirectory=/srv\nExecStart=/usr/bin/uvicorn job:app --port 80"
    },
    "by a person's home": {USER: "[Service]\nExecStart=/usr/bin/python3 %h/../../srv/job.py"},
    "by an instance": {
        "etc/systemd/system/run@.service": "[Service]\nExecStart=/usr/bin/python3 /srv/%i.py",
        "etc/systemd/system/run@job.timer": "[Timer]\nOnCalendar=daily",
    },
    "by a unit's name": {"lib/systemd/system/job.service": "[Service]\nExecStart=/srv/%p.py"},
    "by a unit's environment": {
        "etc/systemd/system/a.service":
            '[Service]\nEnvironment="APP=/srv" B=c\nExecStart=/usr/bin/python3 ${APP}/job.py'
    },
    "under another name": {
        "etc/systemd/system/a.service": "[Service]\nExecStart=@/usr/bin/python3 jobs /srv/job.py"
    },
    "by at's environment": {
        "var/spool/at/a0000101c5e8a0": "#!/bin/sh\nAPP=/srv; export APP\npython3 $APP/job.py\n"
    },
    "by a shell of Windows": {
        "Windows/System32/Tasks/N": TASK.replace(
            '"C:\\Program Files\\Python312\\python.exe"', "cmd.exe"
        ).replace('-u "C:\\srv\\job.py" --all', "/c cd /d C:\\srv &amp;&amp; python job.py")
    },
    "by a script of the shell": {
        "etc/crontab": "0 1 * * * root /opt/run.sh",
        "opt/run.sh": "#!/bin/bash\nset -e\nif true; then\n  exec python3 \\\n /srv/job.py\nfi\n",
    },
    "by a script that goes to its own folder": {
        "etc/crontab": "0 1 * * * root bash /srv/run.sh >/dev/null",
        "srv/run.sh": 'cd "$(dirname "$0")" || exit 1\n. venv/bin/activate\npython job.py "$@"\n',
    },
    "by a script that sets where": {
        "etc/systemd/system/a.service": "[Service]\nExecStart=/opt/start",
        "opt/start": "#!/usr/bin/env bash\nexport APP=/srv # where\n$APP/venv/bin/python $APP/job.py",
    },
    "by a script of a script": {
        "etc/cron.daily/a": "#!/bin/sh\n/opt/b.sh\n", "opt/b.sh": "#!/bin/sh\n/srv/job.py\n",
    },
    "by a batch file": {
        "Windows/System32/Tasks/N": TASK.replace(
            '"C:\\Program Files\\Python312\\python.exe"', "C:\\srv\\run.bat"
        ),
        "srv/run.bat": "@echo off\r\nREM nightly\r\ncd /d %~dp0\r\npython job.py\r\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("how", SPELLED)
def test_a_script_is_found_however_a_schedule_spells_it(tmp_path: Path, how: str) -> None:
    """By variables, by the home, as a module, and through scripts of the shell."""
    for name, text in SPELLED[how].items():
        put(tmp_path, name, f"{text}\n")
    job = put(tmp_path, "srv/job.py")
    result = scanned(tmp_path)
    assert len(one(result, job).started_by) == 1, result.schedules


STARTED_NOT: dict[str, dict[str, str]] = {
    "a text that is shown": {"etc/crontab": "0 1 * * * root echo python3 /srv/job.py"},
    "another home": {"var/spool/cron/anna": "0 1 * * * python3 srv/job.py"},
    "a name that the shell looks for elsewhere": {"etc/crontab": "0 1 * * * root cd /srv && job"},
    "an unknown variable": {"etc/crontab": "0 1 * * * root $APP/srv/job.py"},
    "a value that is computed": {"etc/crontab": "0 1 * * * root D=$(x)/srv; $D/job.py"},
    "a module of elsewhere": {"etc/crontab": "0 1 * * * root cd /opt && python3 -m job"},
    "comments, texts and other programs of a script": {
        "etc/crontab": "0 1 * * * root /opt/run.sh",
        "opt/run.sh": "#!/bin/sh\n# python3 /srv/job.py\ncat <<END\npython3 /srv/job.py\nEND\n"
        "ls # /srv/job.py\n",
    },
    "what is no script of the shell": {
        "etc/crontab": "0 1 * * * root /opt/run", "opt/run": "#!/usr/bin/perl\n/srv/job.py\n",
    },
    "a script that starts itself": {
        "etc/crontab": "0 1 * * * root /opt/run.sh", "opt/run.sh": "#!/bin/sh\n/opt/run.sh\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("what", STARTED_NOT)
def test_what_is_only_spoken_of_is_not_started(tmp_path: Path, what: str) -> None:
    """A schedule that does not start a script is not told with it."""
    for name, text in STARTED_NOT[what].items():
        put(tmp_path, name, f"{text}\n")
    job = put(tmp_path, "srv/job.py")
    put(tmp_path, "srv/job", "#!/usr/bin/python3\n")
    assert one(scanned(tmp_path), job).started_by == ()


def test_a_timer_starts_the_service_of_its_name(tmp_path: Path) -> None:
    """A service that a timer starts is told with the timer's times, and when it last went off."""
    put(tmp_path, "etc/systemd/system/job.service", "[Service]\nExecStart=-/srv/job.py\n")
    put(tmp_path, "etc/systemd/system/job.timer", "[Timer]\nOnCalendar=daily\n")
    put(tmp_path, "var/lib/systemd/timers/stamp-job.timer", "")
    job = put(tmp_path, "srv/job.py")

    script = one(scanned(tmp_path), job)
    assert [(e.kind, e.when) for e in script.started_by] == [("systemd timer", "daily")]
    assert (script.last_run is not None, script.last_run_by) == (True, "its timer went off")


JOB, DAILY = "[Service]\nExecStart=-/srv/job.py\n", "[Timer]\nOnCalendar=daily\n"
TIMED = {
    "a piece changes the times": {
        "etc/systemd/system/job.service": JOB,
        "etc/systemd/system/job.timer": DAILY,
        "etc/systemd/system/job.timer.d/often.conf": "[Timer]\nOnCalendar=\nOnCalendar=hourly\n",
    },
    "a piece lies elsewhere than the unit": {
        "usr/lib/systemd/system/job.service": JOB,
        "usr/lib/systemd/system/job.timer": DAILY,
        "etc/systemd/system/job.timer.d/often.conf": "[Timer]\nOnCalendar=\nOnCalendar=hourly\n",
    },
    "of two pieces of one name the machine's own prevails": {
        "etc/systemd/system/job.service": JOB,
        "etc/systemd/system/job.timer": "[Timer]\n",
        "usr/lib/systemd/system/job.timer.d/a.conf": DAILY,
        "etc/systemd/system/job.timer.d/a.conf": "[Timer]\nOnCalendar=hourly\n",
    },
    "a piece changes what is started": {
        "lib/systemd/system/job.service": "[Service]\nExecStart=/usr/bin/true\n",
        "etc/systemd/system/job.service.d/o.conf": "[Service]\nExecStart=\nExecStart=/srv/job.py\n",
        "lib/systemd/system/job.timer": "[Timer]\nOnCalendar=hourly\n",
    },
    "a timer names its service": {
        "etc/systemd/system/job.service": JOB,
        "etc/systemd/system/often.timer": "[Timer]\nOnCalendar=hourly\nUnit=job.service\n",
    },
    "a timer starts an instance": {
        "etc/systemd/system/job@.service": JOB,
        "etc/systemd/system/job@all.timer": "[Timer]\nOnCalendar=hourly\n",
    },
    "a person's own": {
        "home/anna/.config/systemd/user/job.service": JOB,
        "home/anna/.config/systemd/user/job.timer": "[Timer]\nOnCalendar=hourly\n",
    },
}


@pytest.mark.parametrize("kind", TIMED)
def test_units_of_systemd_are_read_as_systemd_puts_them_together(tmp_path: Path, kind: str) -> None:
    """Whoever changes a unit by a piece beside it, or starts it by another timer, is read so."""
    for name, text in TIMED[kind].items():
        put(tmp_path, name, text)
    put(tmp_path, "etc/systemd/system/other.timer", "[Timer]\nOnCalendar=weekly\n")
    job = put(tmp_path, "srv/job.py")
    found = one(scanned(tmp_path), job).started_by
    assert [(e.kind, e.when) for e in found] == [("systemd timer", "hourly")]


def test_programs_in_the_folders_of_cron_run_by_where_they_lie(tmp_path: Path) -> None:
    """A script in `cron.daily` needs no line anywhere."""
    job = put(tmp_path, "etc/cron.daily/cleanup", "#!/usr/bin/python3\nprint(1)\n")

    assert [e.when for e in one(scanned(tmp_path), job).started_by] == ["daily"]


NOT_PYTHON = {
    "etc/cron.d/backup": "0 3 * * * root /usr/bin/rsync -a /srv /backup\n# 0 3 * * * root python3 /srv/job.py\n",
    "etc/cron.d/broken": "python3 /srv/job.py\nPATH=/usr/bin:/srv/job.py\n* * *\n",
    "etc/systemd/system/web.service": "[Service]\nExecStart=/usr/sbin/nginx\nExecStart=\n",
    "Library/LaunchAgents/bad.plist": "<plist><dict><key>Program",
    "data/export.xml": "<Task><Actions><Exec><Command>python</Command></Exec></Actions></Task>",
    "data/bomb.xml": '<!DOCTYPE x [<!ENTITY a "windows/2004/02/mit/task">]><Task>&a;</Task>',
    "etc/anacrontab": "1 5 daily run-parts /etc/cron.daily\nSHELL=/bin/sh\n",
}


@pytest.mark.parametrize("name", NOT_PYTHON)
def test_what_starts_no_python_is_no_schedule_of_it(tmp_path: Path, name: str) -> None:
    """Other programs, comments, and files that are damaged or hostile name no script."""
    put(tmp_path, name, NOT_PYTHON[name])
    job = put(tmp_path, "srv/job.py")

    result = scanned(tmp_path)
    assert (one(result, job).started_by, result.schedules) == ((), ())


@pytest.mark.parametrize("reader", readers(), ids=lambda reader: reader.kind)
@pytest.mark.parametrize(
    "text", ["", "\0", "=" * 500, "* * * * *", "<Task", "[Service]\nExecStart=", "'\"\\"]
)
def test_no_reader_ends_in_an_error_on_foreign_text(reader: object, text: str) -> None:
    """Whatever stands in a file, a reader answers with what it can tell."""
    assert list(reader.read("/etc/cron.d/x", text)) is not None  # type: ignore[attr-defined]


def test_most_files_are_told_to_be_no_schedule_at_once() -> None:
    """The names of ordinary files ask for no look."""
    watch = Watch()
    names = (
        "/srv/x/report.py",
        "/home/a/x.service.bak",
        "/etc/cronie",
        "/srv/crontabs.txt",
        "/a/b.plist",
    )
    assert [name for name in names if watch(*name.rsplit("/", 1))] == []
