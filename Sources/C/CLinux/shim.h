// Linux calls that Swift cannot make itself: variadic ones, and those that its C library module leaves out.
//
// Types that the C library module has too, such as those of <sys/socket.h>, are kept out: of two modules that show one, the
// compiler takes either for the one that defines it.
#pragma once
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Names the calling thread; Linux keeps the first 15 bytes.
static inline int clinux_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

/// accept4(2), which the C library hides behind _GNU_SOURCE: a `struct sockaddr` and its length.
static inline int clinux_accept(int descriptor, void *address, unsigned int *length, int flags)
{
    return (int) syscall(SYS_accept4, descriptor, address, length, flags);
}

/// On how many cores the process may run, sched_getaffinity(2), which the C library hides behind _GNU_SOURCE; 0 when the
/// kernel does not tell.
static inline int clinux_usable_cores(void)
{
    unsigned long cores[128];
    long size = syscall(SYS_sched_getaffinity, 0, sizeof cores, cores);
    int count = 0;
    for (long word = 0; word < size / (long) sizeof *cores; word++) {
        count += __builtin_popcountl(cores[word]);
    }
    return count;
}

/// Has the C library keep no more heaps than that for threads that allocate at the same time.
static inline void clinux_limit_arenas(int count) { mallopt(M_ARENA_MAX, count); }
