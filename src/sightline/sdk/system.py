"""What the process and the machine do, measured at intervals: CPU, memory, disk, network, load."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sightline.model.metric import MetricRecord, Sample
from sightline.sdk.background import Task, background
from sightline.sdk.recorder import recorder
from sightline.spool.format import prepare_directory
from sightline.wire import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psutil

_FIRST_S: Final = 1.0
"""
Seconds from the start until measuring begins, and from there to the first values: CPU is measured between two looks.
A program that is over sooner is spared the import of psutil.
"""

LOCK_NAME: Final = ".machine.lock"
"""File in the spool's directory. Who holds its lock measures the machine; the others leave it to that process."""

_SOCKET_COUNTS: Final = ("/proc/net/sockstat", "/proc/net/sockstat6")

DESCRIPTIONS: Final[dict[str, tuple[str, str, str]]] = {
    "system_cpu_percent": ("gauge", "percent", "Share of all CPUs in use since the last measurement."),
    "system_memory_used_bytes": ("gauge", "bytes", "Memory in use."),
    "system_memory_available_bytes": ("gauge", "bytes", "Memory that can be given to programs without swapping."),
    "system_memory_percent": ("gauge", "percent", "Share of memory that is not available."),
    "system_disk_used_bytes": ("gauge", "bytes", "Bytes used on the root file system."),
    "system_disk_percent": ("gauge", "percent", "Share of the root file system in use."),
    "system_network_sent_bytes": ("counter", "bytes", "Bytes sent on all network interfaces."),
    "system_network_received_bytes": ("counter", "bytes", "Bytes received on all network interfaces."),
    "system_connections": ("gauge", "", "TCP sockets in use, listening ones included."),
    "system_load1": ("gauge", "", "Processes that run or wait to run, mean of one minute."),
    "system_load5": ("gauge", "", "Processes that run or wait to run, mean of five minutes."),
    "system_load15": ("gauge", "", "Processes that run or wait to run, mean of fifteen minutes."),
    "process_cpu_percent": (
        "gauge",
        "percent",
        "Share of one CPU used since the last measurement; above 100 with threads.",
    ),
    "process_memory_rss_bytes": ("gauge", "bytes", "Memory of the process that is in RAM."),
    "process_memory_percent": ("gauge", "percent", "Share of the machine's memory that the process has in RAM."),
    "process_open_files": ("gauge", "", "Open file descriptors."),
    "process_connections": ("gauge", "", "TCP sockets of the process, listening ones included."),
    "process_threads": ("gauge", "", "Threads of the process."),
}
"""Type, unit and description of every family that is measured here."""


class System:
    """Measures this process, and the machine where no other process of the same spool does."""

    def __init__(self) -> None:
        self._process: psutil.Process | None = None
        self._measured = False
        self._latest: list[MetricRecord] = []
        self._lock_file = -1

    def record(self) -> None:
        """Measure and record, one line a family. The first call records nothing: CPU is measured from there."""
        if self._process is None:
            self._prime()
            return
        self._measured = True
        now, instance = time.time_ns(), recorder.instance
        measured = dict(self.measure_process())
        if self.elected():
            measured.update(self.measure_machine())
        self._latest = []
        for name, value in measured.items():
            kind, unit, description = DESCRIPTIONS[name]
            sample = Sample(f"{name}_total" if kind == "counter" else name, value)
            record = MetricRecord(now, instance, name, kind, unit, description, [sample])
            self._latest.append(record)
            recorder.append(lines.encode(record))

    def latest(self) -> list[MetricRecord]:
        """Give what was measured last; nothing of the machine where another process measures it."""
        return self._latest

    def interval_s(self) -> float:
        """Tell how long to wait for the next measurement."""
        interval = float(recorder.settings["system_interval_s"].value)
        return interval if self._measured else min(_FIRST_S, interval)

    def _prime(self) -> None:
        import psutil

        psutil.cpu_percent(None)
        process = psutil.Process()
        process.cpu_percent(None)
        self._process = process

    def measure_process(self) -> Iterator[tuple[str, float]]:
        """Measure this process."""
        import psutil

        process = self._process or psutil.Process()
        with process.oneshot():
            yield "process_cpu_percent", process.cpu_percent(None)
            yield "process_memory_rss_bytes", process.memory_info().rss
            yield "process_memory_percent", process.memory_percent("rss")
            yield "process_threads", process.num_threads()
            with contextlib.suppress(psutil.Error, OSError):
                yield "process_open_files", process.num_fds()
                yield "process_connections", len(process.net_connections("tcp"))

    def measure_machine(self) -> Iterator[tuple[str, float]]:
        """Measure the machine; in a container, what the container sees of it."""
        import psutil

        memory, disk, load = psutil.virtual_memory(), psutil.disk_usage("/"), psutil.getloadavg()
        yield "system_cpu_percent", psutil.cpu_percent(None)
        yield "system_memory_used_bytes", memory.used
        yield "system_memory_available_bytes", memory.available
        yield "system_memory_percent", memory.percent
        yield "system_disk_used_bytes", disk.used
        yield "system_disk_percent", disk.percent
        network = psutil.net_io_counters()
        if network is not None:
            yield "system_network_sent_bytes", network.bytes_sent
            yield "system_network_received_bytes", network.bytes_recv
        connections = count_connections()
        if connections is not None:
            yield "system_connections", connections
        for minutes, value in zip((1, 5, 15), load, strict=True):
            yield f"system_load{minutes}", value

    def elected(self) -> bool:
        """Tell whether it is on this process to measure the machine; the first one of a spool that asks is it."""
        if self._lock_file >= 0:
            return True
        writer = recorder.writer
        if writer is None:
            return False
        prepare_directory(writer.directory)
        try:
            file = os.open(writer.directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._lock_file = file
        return True

    def resign(self) -> None:
        """
        Let go of the election's lock.

        In a forked child only its copy is closed, and the parent keeps the lock.
        """
        file, self._lock_file = self._lock_file, -1
        self._process, self._measured, self._latest = None, False, []
        if file >= 0:
            with contextlib.suppress(OSError):
                os.close(file)


def count_connections() -> int | None:
    """
    Count the machine's TCP sockets in use, from the kernel's own counters.

    Listing them, as psutil does, looks into every process and takes milliseconds.
    """
    total = None
    for path in _SOCKET_COUNTS:
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in Path(path).read_text(encoding="ascii").splitlines():
                if line.startswith(("TCP:", "TCP6:")):
                    total = (total or 0) + int(line.split()[2])
    return total


system: Final = System()
"""The measurements of this process."""


recorder.on_fork(system.resign)
recorder.on_stop(system.resign)
background.add(Task(run=system.record, interval=system.interval_s, first_s=_FIRST_S))
