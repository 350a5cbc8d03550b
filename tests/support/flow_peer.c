#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/client.h"
#include "support/flow_world.h"
#include "support/test.h"

enum {
    PATIENCE_MS = 20000,
    SMALL_BUFFER = 4608,
};

struct sockaddr_in flow_loopback(unsigned host, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(0x7f000000U + host);
    return address;
}

uint16_t flow_port_of(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t len = sizeof(address);

    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

void flow_make_nonblocking(int fd)
{
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
}

static void peer_init(struct flow_peer *peer, int fd)
{
    *peer = (struct flow_peer){.fd = fd, .capacity = 65536};
    peer->text = malloc(peer->capacity);
    assert_non_null(peer->text);
    peer->text[0] = '\0';
    flow_make_nonblocking(fd);
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* Connects, and hands the relay its end. `buffer_size` 0: as the system has it. */
static void connect_client(struct flow_world *self, struct flow_peer *client,
                           unsigned host, int buffer_size)
{
    struct sockaddr_in from = flow_loopback(host, 0);
    struct sockaddr_in to = flow_loopback(1, flow_port_of(self->client_fd));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    if (buffer_size > 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_size, sizeof(buffer_size));
    }
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    int accepted = accept4(self->client_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(accepted >= 0);
    if (buffer_size > 0) {
        (void)setsockopt(accepted, SOL_SOCKET, SO_SNDBUF, &buffer_size,
                         sizeof(buffer_size));
    }
    peer_init(client, fd);
    client_open(self->relay, accepted, &self->listen, self->tls);
}

void flow_client(struct flow_world *self, struct flow_peer *client)
{
    connect_client(self, client, 1, 0);
}

void flow_client_from(struct flow_world *self, struct flow_peer *client, unsigned host)
{
    connect_client(self, client, host, 0);
}

void flow_slow_client(struct flow_world *self, struct flow_peer *client)
{
    connect_client(self, client, 1, SMALL_BUFFER);
}

bool flow_knocks(struct flow_world *self)
{
    fd_set set;
    struct timeval none = {0};

    FD_ZERO(&set);
    FD_SET(self->server_fd, &set);
    return select(self->server_fd + 1, &set, NULL, NULL, &none) > 0;
}

void flow_accept(struct flow_world *self, struct flow_peer *upstream)
{
    uint64_t until = flow_now_ms() + PATIENCE_MS;
    int fd = -1;

    while (fd < 0 && flow_now_ms() < until) {
        flow_turn(self);
        fd = accept4(self->server_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    }
    assert_true(fd >= 0);
    peer_init(upstream, fd);
}

void flow_say_bytes(struct flow_world *self, struct flow_peer *peer, struct span bytes)
{
    uint64_t until = flow_now_ms() + PATIENCE_MS;

    while (bytes.len > 0) {
        ssize_t sent = send(peer->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            return; /* The other side is gone: what comes of it is heard. */
        }
        bytes = span_from(bytes, sent > 0 ? (size_t)sent : 0);
        flow_turn(self);
        if (!peer->deaf) {
            flow_listen(peer);
        }
        assert_true(flow_now_ms() < until);
    }
}

void flow_say_unturned(struct flow_peer *peer, const char *text)
{
    ssize_t len = (ssize_t)strlen(text);
    assert_int_equal(send(peer->fd, text, (size_t)len, MSG_NOSIGNAL), len);
}

void flow_say(struct flow_world *self, struct flow_peer *peer, const char *text)
{
    flow_say_bytes(self, peer, span_of(text));
}

void flow_listen(struct flow_peer *peer)
{
    while (!peer->ended && !peer->broken) {
        if (peer->capacity - peer->len < 65536) {
            peer->capacity *= 2;
            peer->text = realloc(peer->text, peer->capacity);
            assert_non_null(peer->text);
        }
        ssize_t count =
            recv(peer->fd, peer->text + peer->len, peer->capacity - peer->len - 1, 0);
        if (count < 0) {
            peer->broken = errno != EAGAIN;
            return;
        }
        peer->ended = count == 0;
        peer->len += (size_t)count;
        peer->text[peer->len] = '\0';
    }
}

bool flow_has(const struct flow_peer *peer, const char *text)
{
    return memmem(peer->text, peer->len, text, strlen(text)) != NULL;
}

void flow_forget(struct flow_peer *peer)
{
    peer->len = 0;
    peer->text[0] = '\0';
}

bool flow_hear(struct flow_world *self, struct flow_peer *peer, const char *text)
{
    uint64_t until = flow_now_ms() + PATIENCE_MS;

    flow_listen(peer);
    while (!flow_has(peer, text)) {
        if (peer->ended || peer->broken || flow_now_ms() >= until) {
            return false;
        }
        flow_turn(self);
        flow_listen(peer);
    }
    return true;
}

bool flow_hear_bytes(struct flow_world *self, struct flow_peer *peer, size_t len)
{
    uint64_t until = flow_now_ms() + PATIENCE_MS;

    flow_listen(peer);
    while (peer->len < len) {
        if (peer->ended || peer->broken || flow_now_ms() >= until) {
            return false;
        }
        flow_turn(self);
        flow_listen(peer);
    }
    return true;
}

bool flow_hear_end(struct flow_world *self, struct flow_peer *peer)
{
    uint64_t until = flow_now_ms() + PATIENCE_MS;

    flow_listen(peer);
    while (!peer->ended && !peer->broken) {
        if (flow_now_ms() >= until) {
            return false;
        }
        flow_turn(self);
        flow_listen(peer);
    }
    return true;
}

void flow_finish(struct flow_peer *peer)
{
    (void)shutdown(peer->fd, SHUT_WR);
}

void flow_hang_up(struct flow_peer *peer)
{
    if (peer->fd >= 0) {
        (void)close(peer->fd);
    }
    free(peer->text);
    *peer = (struct flow_peer){.fd = -1};
}

void flow_break(struct flow_peer *peer)
{
    struct linger hard = {.l_onoff = 1};

    (void)setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    flow_hang_up(peer);
}

/* --- messages ---------------------------------------------------------------------- */

/* The value of a field, or an empty span. */
static struct span field_of(struct span head, const char *name)
{
    char needle[80];
    int len = snprintf(needle, sizeof(needle), "\r\n%s: ", name);
    const uint8_t *at = memmem(head.ptr, head.len, needle, (size_t)len);

    if (at == NULL) {
        return (struct span){0};
    }
    struct span rest = span_from(head, (size_t)(at - head.ptr) + (size_t)len);
    return span_first(rest, span_find(rest, '\r'));
}

/* Takes chunk framing off in place. Bytes of framing and content, 0: not whole yet. */
static size_t join_chunks(char *text, size_t len, size_t *content_len_out)
{
    char *copy = malloc(len + 1);
    size_t at = 0;
    size_t content = 0;

    assert_non_null(copy);
    for (;;) {
        const char *line_end = memmem(text + at, len - at, "\r\n", 2);
        if (line_end == NULL) {
            break;
        }
        size_t size = strtoul(text + at, NULL, 16);
        at = (size_t)(line_end - text) + 2;
        if (len - at < size + 2) {
            break;
        }
        memcpy(copy + content, text + at, size);
        content += size;
        at += size + 2;
        if (size == 0) {
            memcpy(text, copy, content);
            free(copy);
            *content_len_out = content;
            return at;
        }
    }
    free(copy);
    *content_len_out = 0;
    return 0;
}

void flow_parse_answer(struct flow_peer *client, bool head_only, struct flow_answer *out)
{
    *out = (struct flow_answer){0};
    const char *end = memmem(client->text, client->len, "\r\n\r\n", 4);
    if (end == NULL || client->len < 12) {
        return;
    }
    size_t head_len = (size_t)(end - client->text) + 4;
    out->head = (struct span){.ptr = (const uint8_t *)client->text, .len = head_len};
    out->status = (unsigned)strtoul(client->text + 9, NULL, 10);
    struct span length = field_of(out->head, "Content-Length");
    struct span rest = {.ptr = (const uint8_t *)end + 4, .len = client->len - head_len};
    size_t needed = length.len > 0 ? strtoul((const char *)length.ptr, NULL, 10) : 0;
    out->wire_len = head_len;
    if (head_only || out->status == 204 || out->status == 304 || out->status < 200) {
        out->whole = true;
    } else if (field_of(out->head, "Transfer-Encoding").len > 0) {
        size_t content = 0;
        size_t used = join_chunks(client->text + head_len, rest.len, &content);
        out->whole = used > 0;
        out->body = span_first(rest, content);
        out->wire_len += used;
    } else if (length.len > 0) {
        out->whole = rest.len >= needed;
        out->body = span_first(rest, needed);
        out->wire_len += out->body.len;
    } else {
        out->whole = client->ended;
        out->body = rest;
        out->wire_len += rest.len;
    }
}

bool flow_hear_answer(struct flow_world *self, struct flow_peer *client, bool head_only,
                      struct flow_answer *out)
{
    uint64_t until = flow_now_ms() + PATIENCE_MS;

    for (;;) {
        flow_listen(client);
        flow_parse_answer(client, head_only, out);
        if (out->whole) {
            return true;
        }
        if (client->ended || client->broken || flow_now_ms() >= until) {
            return false;
        }
        flow_turn(self);
    }
}

void flow_get(struct flow_world *self, struct flow_peer *client, const char *path,
              const char *sid)
{
    char text[1024];

    (void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: site\r\n%s%s%s\r\n",
                   path, sid != NULL ? "Cookie: sid=" : "", sid != NULL ? sid : "",
                   sid != NULL ? "\r\n" : "");
    flow_say(self, client, text);
}

void flow_hear_request(struct flow_world *self, struct flow_peer *upstream)
{
    assert_true(flow_hear(self, upstream, "\r\n\r\n"));
}

void flow_page(struct flow_world *self, struct flow_peer *upstream, const char *owner,
               const char *body)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                   "Content-Length: %zu\r\n%s%s%s\r\n",
                   strlen(body), owner != NULL ? "X-User-Marker: " : "",
                   owner != NULL ? owner : "", owner != NULL ? "\r\n" : "");
    flow_say(self, upstream, text);
    flow_say(self, upstream, body);
}

void flow_bind(struct flow_world *self, struct flow_peer *client,
               struct flow_peer *upstream, const char *sid, const char *name)
{
    struct flow_answer answer;

    for (int i = 0; i < 2; i++) {
        flow_get(self, client, "/mypage/top", sid);
        if (i == 0) {
            flow_accept(self, upstream);
        }
        flow_hear_request(self, upstream);
        flow_forget(upstream);
        flow_page(self, upstream, name, "hello");
        assert_true(flow_hear_answer(self, client, false, &answer));
        assert_int_equal(answer.status, 200);
        flow_forget(client);
        flow_wait(self, 3); /* The second must not overlap the first by the clock. */
    }
}
