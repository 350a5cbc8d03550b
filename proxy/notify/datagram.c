#include "notify/datagram.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/host.h"
#include "net/address.h"

enum {
    UDP_PREFIX = 6,  /* udp:// */
    UNIX_PREFIX = 7, /* unix:// */
};

bool datagram_is(const char *url)
{
    return strncmp(url, "udp://", UDP_PREFIX) == 0 ||
           strncmp(url, "unix://", UNIX_PREFIX) == 0;
}

/* Returns the length of the address, 0: not one. */
static socklen_t read_udp(struct span text, struct sockaddr_storage *storage_out)
{
    struct host host;
    struct address address;

    if (!host_parse(text, &host) || host.port == 0) {
        return 0;
    }
    struct span name =
        span_equal(host.name, SPAN("localhost")) ? SPAN("127.0.0.1") : host.name;
    if (address_parse(name, &address) != ERR_NONE) {
        return 0;
    }
    address.port = host.port;
    return (socklen_t)address_sockaddr(&address, storage_out);
}

static socklen_t read_unix(struct span path, struct sockaddr_storage *storage_out)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};

    if (path.len == 0 || path.ptr[0] != '/' || path.len >= sizeof(local.sun_path)) {
        return 0;
    }
    (void)span_copy(path, local.sun_path, sizeof(local.sun_path));
    memcpy(storage_out, &local, sizeof(local));
    return (socklen_t)sizeof(local);
}

static socklen_t read_url(struct span url, struct sockaddr_storage *storage_out)
{
    memset(storage_out, 0, sizeof(*storage_out));
    if (span_starts(url, SPAN("udp://"))) {
        return read_udp(span_from(url, UDP_PREFIX), storage_out);
    }
    return span_starts(url, SPAN("unix://"))
               ? read_unix(span_from(url, UNIX_PREFIX), storage_out)
               : 0;
}

bool datagram_url_valid(struct span url)
{
    struct sockaddr_storage storage;
    return read_url(url, &storage) > 0;
}

enum err datagram_send(const char *url, struct span message, char *error_out,
                       size_t error_size)
{
    struct sockaddr_storage storage;
    socklen_t len = read_url(span_of(url), &storage);

    if (len == 0) {
        (void)snprintf(error_out, error_size, "not a syslog address");
        return ERR_SYNTAX;
    }
    int fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ssize_t sent = fd < 0 ? -1
                          : sendto(fd, message.ptr, message.len, MSG_NOSIGNAL,
                                   (struct sockaddr *)&storage, len);
    int saved = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (sent < 0 || (size_t)sent != message.len) {
        char text[128] = "";
        (void)snprintf(error_out, error_size, "%s",
                       strerror_r(saved, text, sizeof(text)));
        return ERR_SYSTEM;
    }
    return ERR_NONE;
}
