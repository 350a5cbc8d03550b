#include "app/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/parse.h"

enum { HEAD_SIZE_MAX = 4096, READ_SIZE = 65536 };

static enum err wait_for(int fd, short events, int timeout_ms)
{
    struct pollfd poller = {.fd = fd, .events = events};
    int count = 0;

    do {
        count = poll(&poller, 1, timeout_ms > 0 ? timeout_ms : CLIENT_TIMEOUT_MS);
    } while (count < 0 && errno == EINTR);
    if (count == 0) {
        return ERR_TIMEOUT;
    }
    return count > 0 ? ERR_NONE : ERR_SYSTEM;
}

static enum err open_socket(const char *path, int *fd_out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path)) {
        return ERR_ADDRESS;
    }
    (void)span_copy(span_of(path), address.sun_path, sizeof(address.sun_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return ERR_SYSTEM;
    }
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        (void)close(fd);
        return ERR_REFUSED;
    }
    *fd_out = fd;
    return ERR_NONE;
}

static enum err send_all(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        enum err err = wait_for(fd, POLLOUT, 0);
        if (err != ERR_NONE) {
            return err;
        }
        ssize_t count = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno != EINTR && errno != EAGAIN) {
            return ERR_RESET;
        }
        bytes = span_from(bytes, count > 0 ? (size_t)count : 0);
    }
    return ERR_NONE;
}

/* Head and body in one piece: a proxy that answers early then has both. */
static enum err send_request(int fd, const struct client_request *request,
                             struct arena *arena)
{
    uint8_t *bytes = arena_alloc(arena, HEAD_SIZE_MAX + request->body.len);
    if (bytes == NULL) {
        return ERR_MEMORY;
    }
    int len = snprintf((char *)bytes, HEAD_SIZE_MAX,
                       "%s %s HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
                       "Connection: close\r\nContent-Type: application/json\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       request->method, request->target, request->body.len);
    if (len < 0 || len >= HEAD_SIZE_MAX) {
        return ERR_LIMIT;
    }
    if (request->body.len > 0) {
        memcpy(bytes + len, request->body.ptr, request->body.len);
    }
    return send_all(fd,
                    (struct span){.ptr = bytes, .len = (size_t)len + request->body.len});
}

/* What has come so far. */
struct intake {
    uint8_t *bytes;
    size_t len;
    size_t capacity;
};

static enum err grow(struct intake *self, struct arena *arena)
{
    if (self->capacity >= CLIENT_ANSWER_SIZE_MAX) {
        return ERR_LIMIT;
    }
    size_t capacity = self->capacity > 0 ? self->capacity * 2 : READ_SIZE;
    uint8_t *bytes = arena_alloc(arena, capacity);
    if (bytes == NULL) {
        return ERR_MEMORY;
    }
    if (self->len > 0) {
        memcpy(bytes, self->bytes, self->len);
    }
    self->bytes = bytes;
    self->capacity = capacity;
    return ERR_NONE;
}

/* One read. ERR_CLOSED: the proxy is at its end. */
static enum err take(struct intake *self, int fd, int timeout_ms, struct arena *arena)
{
    enum err err = self->len == self->capacity ? grow(self, arena) : ERR_NONE;
    if (err == ERR_NONE) {
        err = wait_for(fd, POLLIN, timeout_ms);
    }
    if (err != ERR_NONE) {
        return err;
    }
    ssize_t count =
        recv(fd, self->bytes + self->len, self->capacity - self->len, MSG_DONTWAIT);
    if (count == 0) {
        return ERR_CLOSED;
    }
    if (count < 0) {
        return errno == EINTR || errno == EAGAIN ? ERR_NONE : ERR_RESET;
    }
    self->len += (size_t)count;
    return ERR_NONE;
}

/* Everything until the proxy closes, in the arena. */
static enum err receive(int fd, int timeout_ms, struct arena *arena,
                        struct span *bytes_out)
{
    struct intake intake = {0};
    enum err err = ERR_NONE;

    while (err == ERR_NONE) {
        err = take(&intake, fd, timeout_ms, arena);
    }
    *bytes_out = (struct span){.ptr = intake.bytes, .len = intake.len};
    return err == ERR_CLOSED ? ERR_NONE : err;
}

static enum err split_head(struct span bytes, struct span *head_out,
                           struct span *body_out)
{
    const uint8_t *end =
        bytes.len > 0 ? memmem(bytes.ptr, bytes.len, "\r\n\r\n", 4) : NULL;

    if (end == NULL) {
        return bytes.len == 0 ? ERR_CLOSED : ERR_SYNTAX;
    }
    size_t len = (size_t)(end - bytes.ptr);
    *head_out = span_first(bytes, len + 2);
    *body_out = span_from(bytes, len + 4);
    return ERR_NONE;
}

/* Content-Length, or ERR_SYNTAX when there is a framing that our proxy does not use. */
static enum err find_length(struct span head, uint64_t *len_out)
{
    struct span line;

    while (span_next(&head, '\n', &line)) {
        size_t colon = span_find(line, ':');
        struct span name = span_first(line, colon);
        struct span value = span_from(line, colon + 1);
        if (span_ends(value, SPAN("\r"))) {
            value.len--;
        }
        if (span_equal_nocase(name, SPAN("transfer-encoding"))) {
            return ERR_SYNTAX;
        }
        if (span_equal_nocase(name, SPAN("content-length"))) {
            return parse_u64(span_trim(value), len_out);
        }
    }
    return ERR_SYNTAX;
}

static enum err parse(struct span bytes, struct client_answer *answer_out)
{
    struct span head;
    uint64_t status = 0;
    uint64_t len = 0;
    enum err err = split_head(bytes, &head, &answer_out->body);

    if (err != ERR_NONE) {
        return err;
    }
    if (!span_starts(head, SPAN("HTTP/1.1 ")) ||
        parse_u64(span_first(span_from(head, 9), 3), &status) != ERR_NONE) {
        return ERR_SYNTAX;
    }
    answer_out->status = (unsigned)status;
    err = find_length(head, &len);
    if (err != ERR_NONE) {
        return err;
    }
    if (answer_out->body.len < len) {
        return ERR_CLOSED;
    }
    answer_out->body = span_first(answer_out->body, len);
    return ERR_NONE;
}

enum err client_exchange(const struct client_request *request, struct arena *arena,
                         struct client_answer *answer_out)
{
    struct span bytes = {0};
    int fd = -1;
    enum err err = open_socket(request->socket, &fd);

    *answer_out = (struct client_answer){0};
    if (err != ERR_NONE) {
        return err;
    }
    err = send_request(fd, request, arena);
    if (err == ERR_NONE) {
        err = receive(fd, request->timeout_ms, arena, &bytes);
    }
    (void)close(fd);
    return err != ERR_NONE ? err : parse(bytes, answer_out);
}
