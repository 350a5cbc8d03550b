#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listener.h"
#include "net/local.h"
#include "net/stream.h"
#include "support/test.h"

enum {
    STEPS_MAX = 500,
};

static struct address loopback(const char *text)
{
    struct address address;

    assert_int_equal(address_parse(span_of(text), &address), ERR_NONE);
    address.port = 0;
    return address;
}

static struct stream_space no_space(void *owner)
{
    (void)owner;
    return (struct stream_space){0};
}

struct echo {
    struct loop *loop;
    struct stream *server;
    struct stream *client;
    int accepted;
    int connected;
    struct address peer;
    int resets;
};

static void on_read(void *owner, struct span bytes)
{
    (void)owner;
    (void)bytes;
}

static void on_end(void *owner, enum err err)
{
    struct echo *self = owner;
    self->resets += err == ERR_RESET;
}

static void on_drain(void *owner, enum err err)
{
    (void)owner;
    (void)err;
}

static void on_connect(void *owner, enum err err)
{
    struct echo *self = owner;
    assert_int_equal(err, ERR_NONE);
    self->connected++;
}

static const struct stream_events EVENTS = {
    .space = no_space,
    .on_read = on_read,
    .on_end = on_end,
    .on_drain = on_drain,
    .on_connect = on_connect,
};

static void on_client(void *owner, void *server_handle)
{
    struct echo *self = owner;

    self->server = stream_accept(self->loop, server_handle, &EVENTS, self);
    assert_non_null(self->server);
    self->accepted++;
    self->peer = stream_peer(self->server);
}

static void meet(const char *text)
{
    struct address address = loopback(text);
    struct echo echo = {.loop = loop_new()};
    char name[ADDRESS_TEXT_MAX];
    int fd = -1;

    assert_int_equal(listener_bind(&address, &fd, 1), ERR_NONE);
    assert_int_not_equal(address.port, 0);
    struct listener *listener = listener_new(echo.loop, fd, on_client, &echo);
    assert_non_null(listener);
    echo.client = stream_connect(echo.loop, &address, &EVENTS, &echo);
    for (int i = 0; i < STEPS_MAX && (echo.accepted == 0 || echo.connected == 0); i++) {
        loop_step(echo.loop);
    }
    assert_int_equal(echo.accepted, 1);
    assert_int_equal(echo.connected, 1);
    (void)address_format(&echo.peer, name);
    assert_string_equal(name, text);
    stream_start(echo.client);
    stream_reset(&echo.server);
    for (int i = 0; i < STEPS_MAX && echo.resets == 0; i++) {
        loop_step(echo.loop);
    }
    assert_int_equal(echo.resets, 1);
    stream_free(&echo.client);
    listener_free(&listener);
    assert_null(listener);
    loop_free(&echo.loop);
}

static void listener_takes_clients_and_a_reset_reaches_them(void **state)
{
    (void)state;
    meet("127.0.0.1");
}

static void listener_serves_ipv6_alike(void **state)
{
    (void)state;
    int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    bool usable = probe >= 0 && bind(probe, (struct sockaddr *)&name, sizeof(name)) == 0;

    (void)close(probe);
    if (!usable) {
        skip();
    }
    meet("::1");
}

static void listener_takes_clients_of_a_unix_socket(void **state)
{
    (void)state;
    struct echo echo = {.loop = loop_new()};
    char folder[] = "/tmp/listener.XXXXXX";
    char path[64];
    int fd = -1;

    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/s", folder);
    assert_int_equal(local_bind_mode(path, 0600, &fd), ERR_NONE);
    struct listener *listener = listener_new(echo.loop, fd, on_client, &echo);
    assert_non_null(listener);
    echo.client = stream_connect_local(echo.loop, path, &EVENTS, &echo);
    for (int i = 0; i < STEPS_MAX && (echo.accepted == 0 || echo.connected == 0); i++) {
        loop_step(echo.loop);
    }
    assert_int_equal(echo.accepted, 1);
    assert_true(address_is_none(&echo.peer));
    stream_start(echo.server);
    stream_free(&echo.client);
    stream_reset(&echo.server);
    listener_free(&listener);
    loop_free(&echo.loop);
    assert_int_equal(unlink(path), 0); /* It stays until somebody removes it. */
    assert_int_equal(rmdir(folder), 0);
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)close(fds[i]);
    }
}

static void listener_binds_one_socket_for_each_worker(void **state)
{
    (void)state;
    struct address address = loopback("127.0.0.1");
    int fds[4] = {-1, -1, -1, -1};

    assert_int_equal(listener_bind(&address, fds, 4), ERR_NONE);
    for (size_t i = 0; i < 4; i++) {
        assert_true(fds[i] >= 0);
    }
    close_all(fds, 4);
}

static void listener_bind_says_when_the_port_is_in_use(void **state)
{
    (void)state;
    struct address address = loopback("127.0.0.1");
    int fds[2] = {-1, -1};
    int other = -1;

    assert_int_equal(listener_bind(&address, fds, 2), ERR_NONE);
    struct address same = address;
    assert_int_equal(listener_bind(&same, &other, 1), ERR_ADDRESS);
    assert_int_equal(errno, EADDRINUSE);
    close_all(fds, 2);
    assert_int_equal(listener_bind(&same, &other, 1), ERR_NONE);
    (void)close(other);
}

static void listener_bind_says_when_the_address_is_not_ours(void **state)
{
    (void)state;
    struct address address = loopback("192.0.2.1");
    int fd = -1;

    assert_int_equal(listener_bind(&address, &fd, 1), ERR_ADDRESS);
    assert_int_equal(errno, EADDRNOTAVAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listener_takes_clients_and_a_reset_reaches_them),
        cmocka_unit_test(listener_serves_ipv6_alike),
        cmocka_unit_test(listener_takes_clients_of_a_unix_socket),
        cmocka_unit_test(listener_binds_one_socket_for_each_worker),
        cmocka_unit_test(listener_bind_says_when_the_port_is_in_use),
        cmocka_unit_test(listener_bind_says_when_the_address_is_not_ours),
    };
    return RUN_TESTS(tests);
}
