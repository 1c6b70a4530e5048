// Linux calls that Swift cannot make itself: variadic ones, and those that its C library module leaves out.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <fcntl.h>

/// Names the calling thread; Linux keeps the first 15 bytes.
static inline int clinux_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

/// accept4(2) without the address family's types, which the C library hides behind _GNU_SOURCE.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
