/* libmicrohttpd for Swift: its variadic functions, its flag macros and its option list, re-expressed. */
#ifndef HEADWATER_CMICROHTTPD_SHIM_H
#define HEADWATER_CMICROHTTPD_SHIM_H

#include <microhttpd.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

typedef void *(*mhd_request_line_callback)(void *context, const char *target, struct MHD_Connection *connection);
typedef size_t (*mhd_unescape_callback)(void *context, struct MHD_Connection *connection, char *text);

/* What a daemon is started with; `context` is handed to every callback. */
struct mhd_options {
    unsigned int workers;
    size_t connection_memory;
    unsigned int connections;
    unsigned int idle_seconds;
    void *context;
    MHD_AccessHandlerCallback handle;
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback connection_changed;
    mhd_request_line_callback request_line;
    mhd_unescape_callback unescape;
    MHD_LogCallback log;
};

/* Starts a daemon of epoll workers that take connections from MHD_add_connection and may suspend them. NULL when
   libmicrohttpd refuses. */
static inline struct MHD_Daemon *mhd_start(const struct mhd_options *o)
{
    unsigned int flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME
        | MHD_USE_ERROR_LOG;
    /* A pool of one is refused with a warning: one worker means no pool. END would stop the list there,
       so that the pool size stands last. */
    return MHD_start_daemon(
        flags, 0, NULL, NULL, o->handle, o->context,
        MHD_OPTION_EXTERNAL_LOGGER, o->log, o->context,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, o->connection_memory,
        MHD_OPTION_CONNECTION_LIMIT, o->connections,
        MHD_OPTION_CONNECTION_TIMEOUT, o->idle_seconds,
        MHD_OPTION_NOTIFY_COMPLETED, o->completed, o->context,
        MHD_OPTION_NOTIFY_CONNECTION, o->connection_changed, o->context,
        MHD_OPTION_URI_LOG_CALLBACK, o->request_line, o->context,
        MHD_OPTION_UNESCAPE_CALLBACK, o->unescape, o->context,
        o->workers > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, o->workers,
        MHD_OPTION_END);
}

/* The pointer that the connection callback stored, or NULL. */
static inline void *mhd_connection_context(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

/* The connection's socket, or -1. */
static inline int mhd_connection_socket(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

/* The client's address, or NULL. */
static inline const struct sockaddr *mhd_client_address(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info == NULL ? NULL : info->client_addr;
}

/* Has the connection closed after the response that is queued next, which says so. Responses are shared, so that the
   field is not theirs to carry: libmicrohttpd adds it where the client asks for it, and this is as if it had. It takes
   64 bytes of the connection's memory; 0 when there are none left. Only within the access handler. */
static inline int mhd_close_after_response(struct MHD_Connection *connection)
{
    return MHD_set_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
}

/* How many bytes the request line and headers have. */
static inline size_t mhd_request_header_size(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info == NULL ? 0 : info->header_size;
}

/* How often the fields that frame a request stand in it, and how many of its fields are malformed: a name
   with blanks in it, a value with a NUL or CR in it, one that is ended by LF alone, or continued on a second line. A NUL
   would end the value for us, but not for whoever else reads the request; a second line 0.9.75 appends to the name.

   libmicrohttpd leaves the head where it was read, and puts NULs in the place of CR and LF, so that two follow each
   value. What it joins it copies to somewhere else. */
struct mhd_framing {
    const char *head;
    size_t head_size;
    int hosts;
    int lengths;
    int codings;
    int malformed;
    /* How many header fields and cookies libmicrohttpd keeps a record of, and how much memory its copy of the cookies
       takes. */
    int records;
    size_t cookie_size;
};

static inline int mhd_is_name(const char *name, size_t size, const char *wanted)
{
    return size == strlen(wanted) && strncasecmp(name, wanted, size) == 0;
}

static inline enum MHD_Result mhd_count_framing(
    void *context, enum MHD_ValueKind kind, const char *name, size_t name_size, const char *value, size_t value_size)
{
    struct mhd_framing *framing = context;
    framing->hosts += mhd_is_name(name, name_size, "Host");
    framing->lengths += mhd_is_name(name, name_size, "Content-Length");
    framing->codings += mhd_is_name(name, name_size, "Transfer-Encoding");
    framing->records += 1;
    if (mhd_is_name(name, name_size, "Cookie")) {
        framing->cookie_size += value_size + 17;
    }
    size_t name_at = (uintptr_t) name - (uintptr_t) framing->head;
    size_t value_at = (uintptr_t) value - (uintptr_t) framing->head;
    framing->malformed += memchr(name, ' ', name_size) != NULL || memchr(name, '\t', name_size) != NULL
        || name_at >= framing->head_size || value_at >= framing->head_size
        || value_size + 2 > framing->head_size - value_at || value[value_size] != 0 || value[value_size + 1] != 0
        || memchr(value, '\r', value_size) != NULL;
    return MHD_YES;
}

/* Reads the current request's framing in one pass over its fields; its head begins at `head`. */
static inline struct mhd_framing mhd_read_framing(struct MHD_Connection *connection, const char *head)
{
    struct mhd_framing framing = {.head = head, .head_size = mhd_request_header_size(connection)};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, mhd_count_framing, &framing);
    if (framing.cookie_size > 0) {
        framing.records += MHD_get_connection_values(connection, MHD_COOKIE_KIND, NULL, NULL);
    }
    return framing;
}

/* How a TCP connection stands, as the kernel tells it (struct tcp_info of <linux/tcp.h>, whose layout is part of
   the kernel's interface; glibc's own copy ends before the segment counts). */
struct tcp_standing {
    int established;
    uint32_t milliseconds_since_sent;
    uint32_t milliseconds_since_received;
    uint32_t segments_received;
    uint32_t segments_sent;
    /* Whether something waits that the client's window has no room for, how much it has taken in all, and how much
       it has sent. */
    int has_unsent;
    uint64_t bytes_taken;
    uint64_t bytes_received;
};

/* A client: its IPv4 address, or its IPv6 network of 64 bits. Mapped addresses are IPv4. */
static inline uint64_t client_key(const struct sockaddr *address)
{
    uint64_t key = 0;
    if (address != NULL && address->sa_family == AF_INET) {
        memcpy(&key, &((const struct sockaddr_in *) address)->sin_addr, 4);
    } else if (address != NULL && address->sa_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *) address)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(v6)) {
            memcpy(&key, v6->s6_addr + 12, 4);
        } else {
            memcpy(&key, v6->s6_addr, 8);
        }
    }
    return key;
}

/* Fills `standing`; 0 when the kernel does not tell. Segments count only those that carry data. */
static inline int tcp_read_standing(int descriptor, struct tcp_standing *standing)
{
    uint8_t info[256];
    socklen_t length = sizeof info;
    if (getsockopt(descriptor, IPPROTO_TCP, 11 /* TCP_INFO */, info, &length) != 0 || length < 160) {
        return 0;
    }
    standing->established = info[0] == 1;
    memcpy(&standing->milliseconds_since_sent, info + 44, 4);
    memcpy(&standing->milliseconds_since_received, info + 52, 4);
    memcpy(&standing->segments_received, info + 152, 4);
    memcpy(&standing->segments_sent, info + 156, 4);
    uint32_t unsent;
    memcpy(&unsent, info + 144, 4);
    standing->has_unsent = unsent != 0;
    memcpy(&standing->bytes_taken, info + 120, 8);
    memcpy(&standing->bytes_received, info + 128, 8);
    return 1;
}

/* How many bytes were ever read from the socket, or more; 0 when the kernel does not tell. What comes between the two
   questions counts as read. */
static inline uint64_t socket_bytes_read(int descriptor)
{
    int unread;
    struct tcp_standing standing;
    if (ioctl(descriptor, FIONREAD, &unread) != 0 || !tcp_read_standing(descriptor, &standing)) {
        return 0;
    }
    return standing.bytes_received - (uint64_t) unread;
}

#endif
