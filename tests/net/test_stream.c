#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listener.h"
#include "net/stream.h"
#include "support/test.h"

enum {
    BIG = 8 * 1024 * 1024, /* More than any socket takes at once. */
    STEPS_MAX = 2000,
};

/* Remembers what its stream tells it. */
struct owner {
    struct stream *stream;
    size_t read_len;
    uint32_t read_sum;
    int ends;
    enum err end_err;
    int drains;
    enum err drain_err;
    int connects;
    enum err connect_err;
    bool frees_on_read;
    uint8_t own_space[16];
    bool uses_own_space;
    bool read_outside;
};

static struct stream_space on_space(void *owner)
{
    struct owner *self = owner;

    if (!self->uses_own_space) {
        return (struct stream_space){0};
    }
    return (struct stream_space){.ptr = self->own_space, .len = sizeof(self->own_space)};
}

static void on_read(void *owner, struct span bytes)
{
    struct owner *self = owner;

    self->read_len += bytes.len;
    for (size_t i = 0; i < bytes.len; i++) {
        self->read_sum = self->read_sum * 31 + bytes.ptr[i];
    }
    self->read_outside = self->uses_own_space && bytes.ptr != self->own_space;
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

/* A stream and the plain socket at its other end. */
struct pair {
    struct loop *loop;
    struct owner owner;
    int fd;
};

static void make_pair(struct pair *self)
{
    int fds[2];

    *self = (struct pair){.loop = loop_new()};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    self->fd = fds[1];
    assert_int_equal(fcntl(self->fd, F_SETFL, O_NONBLOCK), 0);
    self->owner.stream = stream_open(self->loop, fds[0], &EVENTS, &self->owner);
    assert_non_null(self->owner.stream);
}

static void free_pair(struct pair *self)
{
    stream_free(&self->owner.stream);
    if (self->fd >= 0) {
        (void)close(self->fd);
    }
    loop_free(&self->loop);
}

static void steps(struct pair *self, int count)
{
    for (int i = 0; i < count; i++) {
        loop_step(self->loop);
    }
}

/* Reads at the other end until `wanted` bytes have come; sums them as on_read() does. */
static uint32_t take(struct pair *self, size_t wanted)
{
    static uint8_t bytes[65536];
    uint32_t sum = 0;
    size_t len = 0;

    for (int i = 0; len < wanted && i < STEPS_MAX; i++) {
        ssize_t count = read(self->fd, bytes, sizeof(bytes));
        for (ssize_t j = 0; j < count; j++) {
            sum = sum * 31 + bytes[j];
        }
        len += count > 0 ? (size_t)count : 0;
        if (count < 0) {
            loop_step(self->loop);
        }
    }
    assert_int_equal(len, wanted);
    return sum;
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

static void stream_reads_into_the_space_it_is_given(void **state)
{
    (void)state;
    struct pair pair;

    make_pair(&pair);
    pair.owner.uses_own_space = true;
    stream_start(pair.owner.stream);
    assert_int_equal(write(pair.fd, "0123456789abcdefghij", 20), 20);
    steps(&pair, 4);
    assert_int_equal(pair.owner.read_len, 20);
    assert_false(pair.owner.read_outside);
    assert_int_equal(stream_bytes_in(pair.owner.stream), 20);
    free_pair(&pair);
}

static void stream_rests_while_any_reason_to_pause_is_left(void **state)
{
    (void)state;
    struct pair pair;

    make_pair(&pair);
    stream_start(pair.owner.stream);
    stream_pause(pair.owner.stream, PAUSE_HOLD);
    stream_pause(pair.owner.stream, PAUSE_SINK_FULL);
    stream_pause(pair.owner.stream, PAUSE_HOLD);
    assert_int_equal(write(pair.fd, "x", 1), 1);
    steps(&pair, 3);
    assert_int_equal(pair.owner.read_len, 0);
    stream_resume(pair.owner.stream, PAUSE_HOLD);
    steps(&pair, 3);
    assert_int_equal(pair.owner.read_len, 0);
    stream_resume(pair.owner.stream, PAUSE_SINK_FULL);
    steps(&pair, 3);
    assert_int_equal(pair.owner.read_len, 1);
    free_pair(&pair);
}

static void stream_paused_before_its_start_reads_nothing(void **state)
{
    (void)state;
    struct pair pair;

    make_pair(&pair);
    stream_pause(pair.owner.stream, PAUSE_BACKLOG);
    stream_start(pair.owner.stream);
    assert_int_equal(write(pair.fd, "x", 1), 1);
    steps(&pair, 3);
    assert_int_equal(pair.owner.read_len, 0);
    stream_resume(pair.owner.stream, PAUSE_BACKLOG);
    steps(&pair, 3);
    assert_int_equal(pair.owner.read_len, 1);
    free_pair(&pair);
}

static void stream_writes_all_spans_in_order_at_once_where_it_can(void **state)
{
    (void)state;
    struct pair pair;
    const struct span spans[] = {SPAN("one,"), SPAN(""), SPAN("two,"), SPAN("three")};
    char text[32] = {0};

    make_pair(&pair);
    assert_int_equal(stream_write(pair.owner.stream, spans, 4, true), WRITTEN_ALL);
    assert_int_equal(stream_write(pair.owner.stream, spans, 0, true), WRITTEN_ALL);
    assert_false(stream_writing(pair.owner.stream));
    assert_int_equal(read(pair.fd, text, sizeof(text)), 13);
    assert_string_equal(text, "one,two,three");
    assert_int_equal(stream_bytes_out(pair.owner.stream), 13);
    steps(&pair, 2);
    assert_int_equal(pair.owner.drains, 0);
    free_pair(&pair);
}

static void write_big(bool lent)
{
    struct pair pair;
    uint32_t sum = 0;
    uint8_t *bytes = noise(BIG, &sum);
    const struct span all = {.ptr = bytes, .len = BIG};
    const struct span spans[] = {span_first(all, 10),
                                 span_first(span_from(all, 10), 99990),
                                 span_from(all, 100000)};

    make_pair(&pair);
    assert_int_equal(stream_write(pair.owner.stream, spans, 3, lent), WRITTEN_PART);
    assert_true(stream_writing(pair.owner.stream));
    assert_true(stream_unwritten(pair.owner.stream) > 0);
    if (!lent) {
        memset(bytes, 0, BIG);
    }
    assert_int_equal(take(&pair, BIG), sum);
    for (int i = 0; i < STEPS_MAX && pair.owner.drains == 0; i++) {
        loop_step(pair.loop);
    }
    assert_int_equal(pair.owner.drains, 1);
    assert_int_equal(pair.owner.drain_err, ERR_NONE);
    assert_false(stream_writing(pair.owner.stream));
    assert_int_equal(stream_bytes_out(pair.owner.stream), BIG);
    free(bytes);
    free_pair(&pair);
}

static void stream_writes_lent_bytes_until_it_has_drained(void **state)
{
    (void)state;
    write_big(true);
}

static void stream_copies_bytes_that_are_not_lent(void **state)
{
    (void)state;
    write_big(false);
}

static void stream_freed_while_it_writes_tells_nobody(void **state)
{
    (void)state;
    struct pair pair;
    uint32_t sum = 0;
    uint8_t *bytes = noise(BIG, &sum);
    const struct span all = {.ptr = bytes, .len = BIG};

    make_pair(&pair);
    assert_int_equal(stream_write(pair.owner.stream, &all, 1, false), WRITTEN_PART);
    stream_free(&pair.owner.stream);
    assert_null(pair.owner.stream);
    steps(&pair, 3);
    assert_int_equal(pair.owner.drains, 0);
    free(bytes);
    free_pair(&pair);
}

static void stream_says_when_the_peer_has_finished(void **state)
{
    (void)state;
    struct pair pair;

    make_pair(&pair);
    stream_start(pair.owner.stream);
    assert_int_equal(write(pair.fd, "x", 1), 1);
    assert_int_equal(shutdown(pair.fd, SHUT_WR), 0);
    steps(&pair, 4);
    assert_int_equal(pair.owner.read_len, 1);
    assert_int_equal(pair.owner.ends, 1);
    assert_int_equal(pair.owner.end_err, ERR_CLOSED);
    const struct span answer = SPAN("still here");
    assert_int_equal(stream_write(pair.owner.stream, &answer, 1, true), WRITTEN_ALL);
    free_pair(&pair);
}

static void stream_write_to_a_peer_who_is_gone_fails(void **state)
{
    (void)state;
    struct pair pair;
    const struct span bytes = SPAN("x");

    make_pair(&pair);
    (void)close(pair.fd);
    pair.fd = -1;
    assert_int_equal(stream_write(pair.owner.stream, &bytes, 1, true), WRITTEN_FAILED);
    free_pair(&pair);
}

static void stream_finish_ends_what_was_written(void **state)
{
    (void)state;
    struct pair pair;
    uint32_t sum = 0;
    uint8_t *bytes = noise(BIG, &sum);
    const struct span all = {.ptr = bytes, .len = BIG};
    char byte = 0;

    make_pair(&pair);
    assert_int_equal(stream_write(pair.owner.stream, &all, 1, true), WRITTEN_PART);
    stream_finish(pair.owner.stream);
    assert_int_equal(take(&pair, BIG), sum);
    steps(&pair, 3);
    assert_int_equal(read(pair.fd, &byte, 1), 0);
    free(bytes);
    free_pair(&pair);
}

static void stream_may_be_freed_in_its_own_event(void **state)
{
    (void)state;
    struct pair pair;

    make_pair(&pair);
    pair.owner.frees_on_read = true;
    stream_start(pair.owner.stream);
    assert_int_equal(write(pair.fd, "x", 1), 1);
    assert_int_equal(shutdown(pair.fd, SHUT_WR), 0);
    steps(&pair, 4);
    assert_int_equal(pair.owner.read_len, 1);
    assert_int_equal(pair.owner.ends, 0);
    free_pair(&pair);
}

static void stream_tells_its_latest_owner(void **state)
{
    (void)state;
    struct pair pair;
    struct owner heir = {0};

    make_pair(&pair);
    stream_start(pair.owner.stream);
    stream_set_owner(pair.owner.stream, &EVENTS, &heir);
    assert_int_equal(write(pair.fd, "xy", 2), 2);
    steps(&pair, 3);
    assert_int_equal(pair.owner.read_len, 0);
    assert_int_equal(heir.read_len, 2);
    free_pair(&pair);
}

static void stream_of_no_socket_is_none_and_closes_it(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct owner owner = {0};
    int fd = open("/dev/null", O_WRONLY | O_PATH | O_CLOEXEC);

    assert_true(fd >= 0);
    struct stream *stream = stream_open(loop, fd, &EVENTS, &owner);
    if (stream == NULL) {
        assert_int_equal(fcntl(fd, F_GETFD), -1);
    }
    stream_free(&stream);
    loop_free(&loop);
}

static void stream_connect_says_when_nobody_listens(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct owner owner = {0};
    struct address address;
    int fd = -1;

    assert_int_equal(address_parse(SPAN("127.0.0.1"), &address), ERR_NONE);
    address.port = 0;
    assert_int_equal(listener_bind(&address, &fd, 1), ERR_NONE);
    (void)close(fd);
    owner.stream = stream_connect(loop, &address, &EVENTS, &owner);
    assert_non_null(owner.stream);
    for (int i = 0; i < STEPS_MAX && owner.connects == 0; i++) {
        loop_step(loop);
    }
    assert_int_equal(owner.connects, 1);
    assert_int_equal(owner.connect_err, ERR_REFUSED);
    stream_free(&owner.stream);
    loop_free(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_reads_into_the_space_it_is_given),
        cmocka_unit_test(stream_rests_while_any_reason_to_pause_is_left),
        cmocka_unit_test(stream_paused_before_its_start_reads_nothing),
        cmocka_unit_test(stream_writes_all_spans_in_order_at_once_where_it_can),
        cmocka_unit_test(stream_writes_lent_bytes_until_it_has_drained),
        cmocka_unit_test(stream_copies_bytes_that_are_not_lent),
        cmocka_unit_test(stream_freed_while_it_writes_tells_nobody),
        cmocka_unit_test(stream_says_when_the_peer_has_finished),
        cmocka_unit_test(stream_write_to_a_peer_who_is_gone_fails),
        cmocka_unit_test(stream_finish_ends_what_was_written),
        cmocka_unit_test(stream_may_be_freed_in_its_own_event),
        cmocka_unit_test(stream_tells_its_latest_owner),
        cmocka_unit_test(stream_of_no_socket_is_none_and_closes_it),
        cmocka_unit_test(stream_connect_says_when_nobody_listens),
    };
    return RUN_TESTS(tests);
}
