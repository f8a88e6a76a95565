"""A clock that jumps under a process: it stands before the C library's, and is as far ahead as a file says."""

import struct
import subprocess
from pathlib import Path

SOURCE = r"""
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const long long *ahead;

__attribute__((constructor)) static void find(void) {
    void *found = mmap(0, 8, PROT_READ, MAP_SHARED, open(getenv("CLOCK_AHEAD"), O_RDONLY), 0);
    if (found != MAP_FAILED) ahead = found;
}

int clock_gettime(clockid_t which, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, which, now);
    if (!failed && ahead && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) now->tv_sec += *ahead;
    return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec found;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &found);
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *kept) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (kept) *kept = found.tv_sec;
    return found.tv_sec;
}
"""


class JumpingClock:
    """
    A clock, made in *directory*.

    Raises:
        OSError, subprocess.CalledProcessError: where there is no compiler for it.
    """

    def __init__(self, directory: Path) -> None:
        self._note = directory / "ahead"
        self._note.write_bytes(bytes(8))
        shim, source = directory / "clock.so", directory / "clock.c"
        source.write_text(SOURCE)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, source], check=True, capture_output=True)
        self.environment = {"LD_PRELOAD": str(shim), "CLOCK_AHEAD": str(self._note)}

    def jump(self, ahead_s: int) -> None:
        """Let the clock be so far ahead of the true time, from now on."""
        with self._note.open("r+b") as file:
            file.write(struct.pack("<q", ahead_s))
