#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listener.h"
#include "net/stream.h"
#include "support/tls_case.h"

enum {
    BIG = 4 * 1024 * 1024, /* More than any socket takes at once. */
    SMALL_SPACE = 1000,
    STEPS_MAX = 20000,
};

/* What one end's owner is told. */
struct owner {
    struct stream *stream;
    struct loop *loop;
    int connects;
    enum err connect_err;
    int ends;
    enum err end_err;
    int drains;
    enum err drain_err;
    size_t read_len;
    uint32_t read_sum;
    uint8_t space[SMALL_SPACE];
    bool small_space;
    bool no_space;
    bool frees_on_read;
    bool pauses_on_read;
    struct span frees_after; /* Written before it frees itself. */
};

static struct stream_space on_space(void *owner)
{
    struct owner *self = owner;

    if (self->no_space) {
        return (struct stream_space){.ptr = self->space};
    }
    return self->small_space
               ? (struct stream_space){.ptr = self->space, .len = SMALL_SPACE}
               : (struct stream_space){0};
}

static void on_read(void *owner, struct span bytes)
{
    struct owner *self = owner;

    assert_true(!self->small_space || bytes.ptr == self->space);
    for (size_t i = 0; i < bytes.len; i++) {
        self->read_sum = self->read_sum * 31 + bytes.ptr[i];
    }
    self->read_len += bytes.len;
    if (self->pauses_on_read) {
        stream_pause(self->stream, PAUSE_SINK_FULL);
    }
    if (self->frees_on_read) {
        stream_free(&self->stream);
    }
}

static void on_end(void *owner, enum err err)
{
    struct owner *self = owner;
    self->ends++;
    self->end_err = err;
}

static void on_drain(void *owner, enum err err)
{
    struct owner *self = owner;
    self->drains++;
    self->drain_err = err;
}

static void on_connect(void *owner, enum err err)
{
    struct owner *self = owner;
    self->connects++;
    self->connect_err = err;
}

static const struct stream_events EVENTS = {
    .space = on_space,
    .on_read = on_read,
    .on_end = on_end,
    .on_drain = on_drain,
    .on_connect = on_connect,
};

struct world {
    struct loop *loop;
    struct listener *listener;
    struct address address;
    struct tls_context *server_context;
    struct tls_context *client_context;
    struct owner server;
    struct owner client;
};

static void on_client(void *owner, void *handle)
{
    struct world *self = owner;

    self->server.stream = stream_accept(self->loop, handle, &EVENTS, &self->server);
    assert_non_null(self->server.stream);
    assert_true(
        stream_secure(self->server.stream, self->server_context, (struct span){0}));
    stream_start(self->server.stream);
}

static void world_open(struct world *self)
{
    int fd = -1;

    *self = (struct world){.loop = loop_new()};
    self->server_context = tls_case_server(false, TLS_CLIENT_REQUIRE);
    self->client_context =
        tls_case_client((struct span){0}, (struct span){0}, "http/1.1");
    assert_int_equal(address_parse(SPAN("127.0.0.1"), &self->address), ERR_NONE);
    assert_int_equal(listener_bind(&self->address, &fd, 1), ERR_NONE);
    self->listener = listener_new(self->loop, fd, on_client, self);
    assert_non_null(self->listener);
}

static void step_until(struct world *self, const int *count, int wanted)
{
    for (int i = 0; i < STEPS_MAX && *count < wanted; i++) {
        loop_step(self->loop);
    }
    assert_int_equal(*count, wanted);
}

static void read_until(struct world *self, const struct owner *owner, size_t wanted)
{
    for (int i = 0; i < STEPS_MAX && owner->read_len < wanted; i++) {
        loop_step(self->loop);
    }
    assert_int_equal(owner->read_len, wanted);
}

static void connect_as(struct world *self, const char *name)
{
    self->client.stream =
        stream_connect_secure(self->loop, &self->address, self->client_context, name,
                              NULL, &EVENTS, &self->client);
    assert_non_null(self->client.stream);
    step_until(self, &self->client.connects, 1);
}

/* Both ends are up. */
static void world_connect(struct world *self)
{
    world_open(self);
    connect_as(self, "site.test");
    assert_int_equal(self->client.connect_err, ERR_NONE);
    stream_start(self->client.stream);
    step_until(self, &self->server.connects, 1);
    assert_int_equal(self->server.connect_err, ERR_NONE);
}

static void world_close(struct world *self)
{
    stream_free(&self->client.stream);
    stream_free(&self->server.stream);
    listener_free(&self->listener);
    loop_free(&self->loop);
    tls_context_unref(&self->server_context);
    tls_context_unref(&self->client_context);
}

static uint8_t *noise(size_t len, uint32_t *sum_out)
{
    uint8_t *bytes = malloc(len);

    assert_non_null(bytes);
    *sum_out = 0;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(i * 2654435761U >> 24);
        *sum_out = *sum_out * 31 + bytes[i];
    }
    return bytes;
}

/* Many spans of many sizes, the socket full in between, the reader slow. */
static void send_big(bool lent)
{
    struct world world;
    uint32_t sum = 0;
    uint8_t *bytes = noise(BIG, &sum);
    struct span rest = {.ptr = bytes, .len = BIG};
    struct span spans[64];
    size_t lens[] = {1, 0, 300, 16384, 5, 70000, 16383, 16385, 0, 1000000};

    world_connect(&world);
    world.client.small_space = true;
    for (size_t i = 0; i < 64; i++) {
        size_t len = i < sizeof(lens) / sizeof(lens[0]) ? lens[i] : BIG / 64;
        spans[i] = i == 63 ? rest : span_first(rest, len);
        rest = span_from(rest, spans[i].len);
    }
    stream_pause(world.client.stream, PAUSE_HOLD);
    assert_int_equal(stream_write(world.server.stream, spans, 64, lent), WRITTEN_PART);
    assert_true(stream_writing(world.server.stream));
    size_t unwritten = stream_unwritten(world.server.stream);
    assert_true(unwritten > 0 && unwritten < BIG);
    if (!lent) {
        memset(bytes, 0, BIG);
    }
    stream_resume(world.client.stream, PAUSE_HOLD);
    read_until(&world, &world.client, BIG);
    assert_int_equal(world.client.read_sum, sum);
    step_until(&world, &world.server.drains, 1);
    assert_int_equal(world.server.drain_err, ERR_NONE);
    assert_false(stream_writing(world.server.stream));
    assert_int_equal(stream_unwritten(world.server.stream), 0);
    free(bytes);
    world_close(&world);
}

static void secure_sends_lent_and_copied_bytes_as_the_socket_takes_them(void **state)
{
    (void)state;
    send_big(true);
    send_big(false);
}

static void secure_small_writes_go_out_at_once(void **state)
{
    (void)state;
    struct world world;
    const struct span spans[] = {SPAN("one,"), SPAN(""), SPAN("two,"), SPAN("three")};

    world_connect(&world);
    assert_int_equal(stream_write(world.client.stream, spans, 4, true), WRITTEN_ALL);
    assert_int_equal(stream_write(world.client.stream, spans, 0, true), WRITTEN_ALL);
    assert_int_equal(stream_write(world.client.stream, &spans[1], 1, true), WRITTEN_ALL);
    read_until(&world, &world.server, 13);
    assert_true(span_equal(tls_alpn(stream_tls(world.server.stream)), SPAN("http/1.1")));
    world_close(&world);
}

static void secure_keeps_what_a_paused_owner_does_not_take(void **state)
{
    (void)state;
    struct world world;
    uint8_t bytes[50000] = {1};
    const struct span all = {.ptr = bytes, .len = sizeof(bytes)};

    world_connect(&world);
    world.server.pauses_on_read = true;
    world.server.small_space = true;
    assert_int_equal(stream_write(world.client.stream, &all, 1, true), WRITTEN_ALL);
    read_until(&world, &world.server, SMALL_SPACE);
    for (int i = 0; i < 5; i++) {
        loop_poll(world.loop);
    }
    assert_int_equal(world.server.read_len, SMALL_SPACE);
    assert_true(stream_pending(world.server.stream));
    for (size_t before = SMALL_SPACE; before < sizeof(bytes);
         before = world.server.read_len) {
        stream_resume(world.server.stream, PAUSE_SINK_FULL);
        assert_int_equal(world.server.read_len, before);
        for (int i = 0; i < STEPS_MAX && world.server.read_len == before; i++) {
            loop_step(world.loop);
        }
        assert_in_range(world.server.read_len, before + 1, before + SMALL_SPACE);
    }
    world.server.pauses_on_read = false;
    stream_resume(world.server.stream, PAUSE_SINK_FULL);
    loop_poll(world.loop);
    assert_int_equal(world.server.read_len, sizeof(bytes));
    assert_false(stream_pending(world.server.stream));
    world.server.no_space = true;
    assert_int_equal(stream_write(world.client.stream, &all, 1, true), WRITTEN_ALL);
    for (int i = 0; i < 20; i++) {
        loop_poll(world.loop);
    }
    assert_int_equal(world.server.read_len, sizeof(bytes));
    world.server.no_space = false;
    stream_resume(world.server.stream, PAUSE_HOLD);
    read_until(&world, &world.server, 2 * sizeof(bytes));
    world_close(&world);
}

static void secure_half_closes(void **state)
{
    (void)state;
    struct world world;
    const struct span answer = SPAN("still here");

    world_connect(&world);
    stream_finish(world.client.stream);
    step_until(&world, &world.server.ends, 1);
    assert_int_equal(world.server.end_err, ERR_CLOSED);
    assert_int_equal(stream_write(world.server.stream, &answer, 1, true), WRITTEN_ALL);
    read_until(&world, &world.client, answer.len);
    stream_free(&world.server.stream);
    step_until(&world, &world.client.ends, 1);
    assert_int_equal(world.client.end_err, ERR_CLOSED);
    world_close(&world);
}

static void secure_finish_comes_after_what_was_written(void **state)
{
    (void)state;
    struct world world;
    uint32_t sum = 0;
    uint8_t *bytes = noise(BIG, &sum);
    const struct span all = {.ptr = bytes, .len = BIG};

    world_connect(&world);
    assert_int_equal(stream_write(world.server.stream, &all, 1, true), WRITTEN_PART);
    stream_finish(world.server.stream);
    read_until(&world, &world.client, BIG);
    assert_int_equal(world.client.read_sum, sum);
    step_until(&world, &world.client.ends, 1);
    assert_int_equal(world.client.end_err, ERR_CLOSED);
    free(bytes);
    world_close(&world);
}

static void secure_end_without_a_goodbye_is_a_break(void **state)
{
    (void)state;
    struct world world;

    world_connect(&world);
    stream_reset(&world.server.stream);
    step_until(&world, &world.client.ends, 1);
    assert_int_equal(world.client.end_err, ERR_RESET);
    world_close(&world);
}

static void secure_handshake_that_fails_is_told_to_both(void **state)
{
    (void)state;
    struct world world;

    world_open(&world);
    connect_as(&world, "third.test");
    assert_int_equal(world.client.connect_err, ERR_TLS);
    assert_string_equal(tls_reason(stream_tls(world.client.stream)), "hostname mismatch");
    step_until(&world, &world.server.connects, 1);
    assert_int_equal(world.server.connect_err, ERR_TLS);
    const struct span word = SPAN("x");
    assert_int_equal(stream_write(world.server.stream, &word, 1, true), WRITTEN_FAILED);
    world_close(&world);
}

static void secure_server_refuses_what_is_no_tls(void **state)
{
    (void)state;
    struct world world;
    const struct span request = SPAN("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");

    world_open(&world);
    world.client.stream =
        stream_connect(world.loop, &world.address, &EVENTS, &world.client);
    step_until(&world, &world.client.connects, 1);
    stream_start(world.client.stream);
    assert_int_equal(stream_write(world.client.stream, &request, 1, true), WRITTEN_ALL);
    step_until(&world, &world.server.connects, 1);
    assert_int_equal(world.server.connect_err, ERR_TLS);
    assert_int_equal(world.server.read_len, 0);
    world_close(&world);
}

static void secure_may_be_freed_in_its_own_event(void **state)
{
    (void)state;
    struct world world;
    uint8_t bytes[50000] = {0};
    const struct span all = {.ptr = bytes, .len = sizeof(bytes)};

    world_connect(&world);
    world.server.frees_on_read = true;
    assert_int_equal(stream_write(world.client.stream, &all, 1, true), WRITTEN_ALL);
    step_until(&world, &world.client.ends, 1);
    assert_true(world.server.read_len <= TLS_RECORD_MAX);
    world_close(&world);
}

static void secure_freed_while_it_writes_tells_nobody(void **state)
{
    (void)state;
    struct world world;
    uint32_t sum = 0;
    uint8_t *bytes = noise(BIG, &sum);
    const struct span all = {.ptr = bytes, .len = BIG};

    world_connect(&world);
    assert_int_equal(stream_write(world.server.stream, &all, 1, false), WRITTEN_PART);
    stream_free(&world.server.stream);
    step_until(&world, &world.client.ends, 1);
    assert_int_equal(world.client.end_err, ERR_RESET);
    assert_int_equal(world.server.drains, 0);
    free(bytes);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secure_sends_lent_and_copied_bytes_as_the_socket_takes_them),
        cmocka_unit_test(secure_small_writes_go_out_at_once),
        cmocka_unit_test(secure_keeps_what_a_paused_owner_does_not_take),
        cmocka_unit_test(secure_half_closes),
        cmocka_unit_test(secure_finish_comes_after_what_was_written),
        cmocka_unit_test(secure_end_without_a_goodbye_is_a_break),
        cmocka_unit_test(secure_handshake_that_fails_is_told_to_both),
        cmocka_unit_test(secure_server_refuses_what_is_no_tls),
        cmocka_unit_test(secure_may_be_freed_in_its_own_event),
        cmocka_unit_test(secure_freed_while_it_writes_tells_nobody),
    };
    return RUN_TESTS(tests);
}
