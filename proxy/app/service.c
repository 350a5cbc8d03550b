#include "app/service.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/parse.h"
#include "net/listener.h"
#include "net/local.h"

enum {
    FIRST_FD = 3,
    MESSAGE_MAX = 256,
};

/* A number from the environment, 0 when it is none. */
static uint64_t number_of(const char *name)
{
    uint64_t number = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread.
    const char *text = getenv(name);

    if (text == NULL || parse_u64(span_of(text), &number) != ERR_NONE) {
        return 0;
    }
    return number;
}

/* True when the variable names no process, or this one. */
static bool is_for_us(const char *name)
{
    uint64_t pid = number_of(name);
    return pid == 0 || pid == (uint64_t)getpid();
}

static void forget_environment(void)
{
    static const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC",
                                        "WATCHDOG_PID",  "LISTEN_FDS",
                                        "LISTEN_PID",    "LISTEN_FDNAMES"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)unsetenv(names[i]); // NOLINT(concurrency-mt-unsafe)
    }
}

void service_init(struct service *self)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread.
    const char *socket = getenv("NOTIFY_SOCKET");

    *self = (struct service){0};
    if (socket != NULL && (socket[0] == '/' || socket[0] == '@') &&
        strlen(socket) < sizeof(self->socket)) {
        (void)span_copy(span_of(socket), self->socket, sizeof(self->socket));
    }
    if (is_for_us("WATCHDOG_PID")) {
        self->watchdog_ms = number_of("WATCHDOG_USEC") / 1000;
    }
    uint64_t count =
        number_of("LISTEN_PID") == (uint64_t)getpid() ? number_of("LISTEN_FDS") : 0;
    self->fd_count = count < SERVICE_FDS_MAX ? (unsigned)count : SERVICE_FDS_MAX;
    for (unsigned i = 0; i < self->fd_count; i++) {
        (void)fcntl((int)(FIRST_FD + i), F_SETFD, FD_CLOEXEC);
    }
    forget_environment();
}

static void tell(const struct service *self, const char *message)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(self->socket);

    if (len == 0) {
        return;
    }
    memcpy(address.sun_path, self->socket, len);
    if (address.sun_path[0] == '@') {
        address.sun_path[0] = '\0'; /* The abstract namespace. */
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)sendto(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
                     (struct sockaddr *)&address,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
        (void)close(fd);
    }
}

void service_ready(const struct service *self, const char *status)
{
    char message[MESSAGE_MAX];

    (void)snprintf(message, sizeof(message), "READY=1\nSTATUS=%s", status);
    tell(self, message);
}

void service_reloading(const struct service *self, uint64_t monotonic_us)
{
    char message[MESSAGE_MAX];

    (void)snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%llu",
                   (unsigned long long)monotonic_us);
    tell(self, message);
}

void service_stopping(const struct service *self)
{
    tell(self, "STOPPING=1\nSTATUS=draining");
}

void service_main_is(const struct service *self, pid_t pid)
{
    char message[MESSAGE_MAX];

    (void)snprintf(message, sizeof(message), "MAINPID=%d", (int)pid);
    tell(self, message);
}

void service_alive(struct service *self, uint64_t now_ms)
{
    if (self->watchdog_ms == 0 || now_ms < self->watchdog_at_ms) {
        return;
    }
    self->watchdog_at_ms = now_ms + self->watchdog_ms / 2;
    tell(self, "WATCHDOG=1");
}

typedef bool fits_fn(int fd, const void *wanted);

static bool fits_address(int fd, const void *wanted)
{
    return listener_is_at(fd, wanted);
}

static bool fits_path(int fd, const void *wanted)
{
    return local_is_at(fd, wanted);
}

static int take(struct service *self, fits_fn *fits, const void *wanted)
{
    for (unsigned i = 0; i < self->fd_count; i++) {
        int fd = (int)(FIRST_FD + i);
        if (!self->taken[i] && fits(fd, wanted)) {
            self->taken[i] = true;
            return fd;
        }
    }
    return -1;
}

int service_take_socket(struct service *self, const struct address *address)
{
    return take(self, fits_address, address);
}

int service_take_local(struct service *self, const char *path)
{
    return take(self, fits_path, path);
}

bool service_has_left(const struct service *self)
{
    for (unsigned i = 0; i < self->fd_count; i++) {
        if (!self->taken[i]) {
            return true;
        }
    }
    return false;
}
