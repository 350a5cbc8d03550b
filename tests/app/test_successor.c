/* Goal: what is handed over is taken whole or not at all, and the words come in their
 * order. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/successor.h"
#include "net/listener.h"
#include "net/passing.h"
#include "support/test.h"

static const struct common_limits LIMITS = {
    .session_max = 1000, .session_idle_ms = 1000, .alias_idle_ms = 1000};

struct before {
    int fd; /* The predecessor's end. */
    int lock;
    struct common common;
    struct successor_offer offer;
};

/* The other end is what the variable names. */
static void open_before(struct before *self)
{
    int ends[2];
    char text[16];

    assert_int_equal(passing_pair(ends), ERR_NONE);
    self->fd = ends[0];
    (void)snprintf(text, sizeof(text), "%d", ends[1]);
    assert_int_equal(setenv(SUCCESSOR_VARIABLE, text, 1), 0);
    self->lock = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(common_make(&self->common, &LIMITS, 1));
    self->offer = (struct successor_offer){
        .magic = SUCCESSOR_MAGIC,
        .layout = common_layout(),
        .region = (uint64_t)(uintptr_t)self->common.region,
        .size = self->common.size,
        .worker_count = 3,
        .pid = 77,
    };
}

static void send_offer(struct before *self)
{
    const int fds[2] = {self->common.fd, self->lock};
    assert_int_equal(passing_send(self->fd, &self->offer, sizeof(self->offer), fds, 2),
                     ERR_NONE);
}

static void close_before(struct before *self)
{
    (void)close(self->fd);
    (void)close(self->lock);
    common_leave(&self->common);
}

static void a_process_of_its_own_has_no_predecessor(void **state)
{
    (void)state;
    struct successor successor;
    struct common common = {0};
    struct address address = {0};
    int fds[2];

    assert_int_equal(unsetenv(SUCCESSOR_VARIABLE), 0);
    assert_true(successor_begin(&successor, &common));
    assert_false(successor.joined);
    assert_int_equal(successor_take(&successor, &address, fds, 2), 0);
    assert_int_equal(successor_take_local(&successor, "/tmp/x"), -1);
    assert_int_equal(successor_take_address(&successor, &address), -1);
    assert_false(successor_left_alone(&successor));
    successor_end(&successor);
}

/* The memory has one place, and it is taken in this process. */
static void refuse(struct before *self)
{
    struct successor successor;
    struct common common = {0};

    assert_false(successor_begin(&successor, &common));
    assert_null(common.root);
    assert_null(getenv(SUCCESSOR_VARIABLE));
    successor_end(&successor);
    close_before(self);
}

static void another_layout_is_refused(void **state)
{
    (void)state;
    struct before before;

    open_before(&before);
    before.offer.layout++;
    send_offer(&before);
    refuse(&before);
}

static void another_language_is_refused(void **state)
{
    (void)state;
    struct before before;

    open_before(&before);
    before.offer.magic[0] = 'x';
    send_offer(&before);
    refuse(&before);
}

static void memory_at_a_taken_place_is_refused(void **state)
{
    (void)state;
    struct before before;

    open_before(&before);
    send_offer(&before);
    refuse(&before);
}

static void a_predecessor_that_is_gone_is_refused(void **state)
{
    (void)state;
    struct before before;

    open_before(&before);
    (void)close(before.fd);
    before.fd = -1;
    refuse(&before);
}

/* The predecessor leaves the place first, as if it were another process. */
static void begin(struct before *before, struct successor *successor,
                  struct common *common, const int *sockets, size_t count)
{
    char word = SUCCESSOR_SOCKETS;

    open_before(before);
    before->offer.socket_count = (uint32_t)count;
    send_offer(before);
    if (count > 0) {
        assert_int_equal(passing_send(before->fd, &word, 1, sockets, count), ERR_NONE);
    }
    common_leave(&before->common);
    assert_true(successor_begin(successor, common));
    assert_true(successor->joined);
    assert_non_null(common->root);
}

static void sockets_go_to_the_addresses_they_listen_at(void **state)
{
    (void)state;
    struct before before;
    struct successor successor;
    struct common common = {0};
    struct address first;
    struct address second;
    int sockets[3];
    int fds[4];

    assert_int_equal(address_parse(SPAN("127.0.0.1"), &first), ERR_NONE);
    second = first;
    assert_int_equal(listener_bind(&first, sockets, 2), ERR_NONE);
    assert_int_equal(listener_bind(&second, sockets + 2, 1), ERR_NONE);
    begin(&before, &successor, &common, sockets, 3);
    assert_int_equal(successor.worker_count, 3);
    assert_int_equal(successor_take(&successor, &first, fds, 4), 2);
    assert_int_equal(successor_take(&successor, &first, fds + 2, 2), 0);
    assert_int_equal(successor_take(&successor, &second, fds + 2, 2), 1);
    assert_true(listener_is_at(fds[2], &second));
    for (int i = 0; i < 3; i++) {
        (void)close(fds[i]);
        (void)close(sockets[i]);
    }
    successor_end(&successor);
    close_before(&before);
    common_leave(&common);
}

static char hear(struct before *self)
{
    char word = 0;
    struct passing_room room = {.bytes = &word, .size = 1};
    assert_int_equal(passing_receive(self->fd, &room, 0), ERR_NONE);
    return word;
}

static void say(struct before *self, enum successor_word what)
{
    char word = (char)what;
    assert_int_equal(passing_send(self->fd, &word, 1, NULL, 0), ERR_NONE);
}

static void the_words_come_in_their_order(void **state)
{
    (void)state;
    struct before before;
    struct successor successor;
    struct common common = {0};

    begin(&before, &successor, &common, NULL, 0);
    assert_int_equal(successor.predecessor, 77);
    int lock = successor_take_lock(&successor);
    assert_true(lock >= 0);
    assert_int_equal(successor_take_lock(&successor), -1);
    say(&before, SUCCESSOR_GO);
    assert_true(successor_await(&successor));
    assert_int_equal(hear(&before), SUCCESSOR_READY);
    successor_serve(&successor);
    assert_int_equal(hear(&before), SUCCESSOR_SERVING);
    assert_false(successor_left_alone(&successor));
    assert_false(successor.confirmed);
    say(&before, SUCCESSOR_ALONE);
    assert_false(successor_left_alone(&successor));
    assert_true(successor.confirmed);
    close_before(&before);
    assert_true(successor_left_alone(&successor));
    assert_false(successor_left_alone(&successor));
    assert_int_equal(successor.fd, -1);
    (void)close(lock);
    successor_end(&successor);
    common_leave(&common);
}

static void without_go_a_successor_does_not_serve(void **state)
{
    (void)state;
    struct before before;
    struct successor successor;
    struct common common = {0};

    begin(&before, &successor, &common, NULL, 0);
    close_before(&before);
    assert_false(successor_await(&successor));
    successor_end(&successor);
    common_leave(&common);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_of_its_own_has_no_predecessor),
        cmocka_unit_test(another_layout_is_refused),
        cmocka_unit_test(another_language_is_refused),
        cmocka_unit_test(memory_at_a_taken_place_is_refused),
        cmocka_unit_test(a_predecessor_that_is_gone_is_refused),
        cmocka_unit_test(sockets_go_to_the_addresses_they_listen_at),
        cmocka_unit_test(the_words_come_in_their_order),
        cmocka_unit_test(without_go_a_successor_does_not_serve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
