/*
 * A client that keeps a rate, whatever the server does:
 * `pace PORT PATH COOKIE RATE CONNECTIONS SECONDS`
 *
 * Requests are due at even intervals and go out on kept connections, each with one
 * exchange at a time. A latency runs from the moment at which the request was due to the
 * last byte of its answer, so that a slow answer also counts for those that wait behind
 * it. The first half second warms up and is not counted. Prints `asked N` with
 * these, `requests N` without, `per_second N` and p50, p99, p999 and the highest in
 * microseconds. Ends with 1 for an answer that is not 200 with a Content-Length, or a
 * connection that ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 4096,
    EVENTS_MAX = 256,
    HEAD_MAX = 8192,
    READ_SIZE = 256 * 1024,
    NS_PER_SECOND = 1000000000,
    PATIENCE_NS = 500000000, /* Longest wait, so that a dead server is noticed. */
    SILENCE_MAX = 20,        /* Such waits in a row without an answer. */
};

struct connection {
    int fd;
    bool busy;
    uint64_t due_ns;
    uint64_t number; /* Of the request under way. */
    uint64_t left;   /* Bytes of the body still to come. */
    size_t head_len; /* Bytes of an incomplete head. */
    bool in_body;
    char head[HEAD_MAX + 1];
};

static struct {
    uint64_t interval_ns;
    uint64_t start_ns;
    uint64_t total;
    uint64_t warm; /* Requests that are not counted. */
    uint64_t sent;
    uint64_t done;
    uint64_t *latencies_ns;
    uint64_t counted;
    uint64_t ended_ns;
    int epoll;
    size_t count;
    struct connection *connections;
    struct connection *idle[CONNECTIONS_MAX]; /* A ring, the one idle longest first. */
    size_t idle_first;
    size_t idle_count;
    char request[2048];
    size_t request_len;
} pace;

static char read_bytes[READ_SIZE];

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    _Exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static void rest(struct connection *connection)
{
    size_t at = pace.idle_first + pace.idle_count;
    connection->busy = false;
    pace.idle[at < pace.count ? at : at - pace.count] = connection;
    pace.idle_count++;
}

static struct connection *next_idle(void)
{
    struct connection *connection = pace.idle[pace.idle_first++];
    if (pace.idle_first == pace.count) {
        pace.idle_first = 0;
    }
    pace.idle_count--;
    return connection;
}

static void open_one(struct connection *connection, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int yes = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0 ||
        epoll_ctl(pace.epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0) {
        fail("a connection cannot be made: error %d", errno);
    }
    rest(connection);
}

static void answered(struct connection *connection)
{
    pace.ended_ns = now_ns();
    if (connection->number >= pace.warm) {
        pace.latencies_ns[pace.counted++] = pace.ended_ns - connection->due_ns;
    }
    pace.done++;
    connection->in_body = false;
    connection->head_len = 0;
    rest(connection);
}

static uint64_t content_length(const char *head)
{
    static const char NAME[] = "\r\nContent-Length:";
    for (const char *at = head; *at != '\0'; at++) {
        if (strncasecmp(at, NAME, sizeof(NAME) - 1) == 0) {
            return strtoull(at + sizeof(NAME) - 1, NULL, 10);
        }
    }
    fail("an answer without Content-Length: %.200s", head);
}

/* Takes bytes of a head; what follows it is body. */
static size_t take_head(struct connection *connection, const char *bytes, size_t len)
{
    size_t before = connection->head_len;
    size_t room = HEAD_MAX - before;
    size_t taken = len < room ? len : room;
    memcpy(connection->head + before, bytes, taken);
    connection->head_len += taken;
    connection->head[connection->head_len] = '\0';
    const char *end = strstr(connection->head, "\r\n\r\n");
    if (end == NULL) {
        if (taken == room) {
            fail("a head that is too long");
        }
        return taken;
    }
    size_t head_size = (size_t)(end - connection->head) + 4;
    connection->head[head_size] = '\0';
    if (strncmp(connection->head, "HTTP/1.1 200", 12) != 0) {
        fail("Non-2xx: %.60s", connection->head);
    }
    connection->left = content_length(connection->head);
    connection->in_body = true;
    return head_size - before;
}

static void take(struct connection *connection, const char *bytes, size_t len)
{
    while (len > 0) {
        size_t taken;
        if (!connection->busy) {
            fail("bytes that nobody asked for");
        }
        if (connection->in_body) {
            taken = len < connection->left ? len : (size_t)connection->left;
            connection->left -= taken;
        } else {
            taken = take_head(connection, bytes, len);
        }
        bytes += taken;
        len -= taken;
        if (connection->in_body && connection->left == 0) {
            answered(connection);
        }
    }
}

static void on_readable(struct connection *connection)
{
    ssize_t len = recv(connection->fd, read_bytes, sizeof(read_bytes), MSG_DONTWAIT);
    if (len > 0) {
        take(connection, read_bytes, (size_t)len);
    } else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
        fail("Socket errors: a connection ended");
    }
}

static uint64_t due_ns(uint64_t number)
{
    return pace.start_ns + number * pace.interval_ns;
}

static void send_due(uint64_t now)
{
    while (pace.sent < pace.total && pace.idle_count > 0 && due_ns(pace.sent) <= now) {
        struct connection *connection = next_idle();
        connection->busy = true;
        connection->number = pace.sent;
        connection->due_ns = due_ns(pace.sent);
        if (send(connection->fd, pace.request, pace.request_len, MSG_NOSIGNAL) !=
            (ssize_t)pace.request_len) {
            fail("Socket errors: a request cannot be sent");
        }
        pace.sent++;
    }
}

static uint64_t wait_ns(uint64_t now)
{
    if (pace.sent == pace.total || pace.idle_count == 0) {
        return PATIENCE_NS;
    }
    uint64_t due = due_ns(pace.sent);
    uint64_t wait = due > now ? due - now : 0;
    return wait < PATIENCE_NS ? wait : PATIENCE_NS;
}

static void keep_pace(void)
{
    struct epoll_event events[EVENTS_MAX];
    unsigned silent = 0;
    pace.start_ns = now_ns();
    while (pace.done < pace.total) {
        uint64_t now = now_ns();
        send_due(now);
        uint64_t wait = wait_ns(now);
        struct timespec timeout = {.tv_sec = 0, .tv_nsec = (long)wait};
        int ready = epoll_pwait2(pace.epoll, events, EVENTS_MAX, &timeout, NULL);
        silent = ready > 0 || wait < PATIENCE_NS ? 0 : silent + 1;
        if (silent > SILENCE_MAX) {
            fail("Socket errors: no answer any more");
        }
        for (int i = 0; i < ready; i++) {
            on_readable(events[i].data.ptr);
        }
    }
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static double share_us(uint64_t thousandths)
{
    uint64_t at = pace.counted * thousandths / 1000;
    at = at < pace.counted ? at : pace.counted - 1;
    return (double)pace.latencies_ns[at] / 1000;
}

static void show(void)
{
    double spent = (double)(pace.ended_ns - due_ns(pace.warm)) / NS_PER_SECOND;
    qsort(pace.latencies_ns, pace.counted, sizeof(*pace.latencies_ns), compare);
    (void)printf("asked %llu\nrequests %llu\nper_second %.1f\np50_us %.1f\np99_us %.1f\n"
                 "p999_us %.1f\nhighest_us %.1f\n",
                 (unsigned long long)pace.total, (unsigned long long)pace.counted,
                 (double)pace.counted / spent, share_us(500), share_us(990),
                 share_us(999), share_us(1000));
}

static uint64_t number_of(const char *text, uint64_t max)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value == 0 || value > max) {
        fail("not a number from 1 to %llu: %s", (unsigned long long)max, text);
    }
    return value;
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fail("pace PORT PATH COOKIE RATE CONNECTIONS SECONDS");
    }
    uint64_t rate = number_of(argv[4], 10000000);
    pace.count = number_of(argv[5], CONNECTIONS_MAX);
    pace.interval_ns = NS_PER_SECOND / rate;
    pace.warm = (rate + 1) / 2;
    pace.total = pace.warm + rate * number_of(argv[6], 3600);
    pace.latencies_ns = malloc(pace.total * sizeof(*pace.latencies_ns));
    pace.connections = calloc(pace.count, sizeof(*pace.connections));
    pace.epoll = epoll_create1(0);
    int len = snprintf(pace.request, sizeof(pace.request),
                       "GET %s HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\n\r\n",
                       argv[2], argv[3]);
    if (pace.latencies_ns == NULL || pace.connections == NULL || pace.epoll < 0 ||
        len < 0 || (size_t)len >= sizeof(pace.request)) {
        fail("no room to begin");
    }
    pace.request_len = (size_t)len;
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    for (size_t i = 0; i < pace.count; i++) {
        open_one(&pace.connections[i], (int)number_of(argv[1], UINT16_MAX));
    }
    keep_pace();
    show();
    return 0;
}
