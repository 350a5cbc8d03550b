#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "record/fixture.h"

/*
 * A child posts refusals and writes the number of each one to a pipe when its ticket says
 * that it is on disk: what a client would see. It is killed at a random moment; then
 * everything that was acknowledged must be in the ledger.
 */
enum {
    ROUNDS = 25,
    THREADS = 3,
    LIFE_MS_MAX = 60,
};

struct acknowledged {
    unsigned thread;
    unsigned number;
};

struct poster {
    struct fixture *fixture;
    unsigned thread;
    unsigned round;
    int fd;
};

static void name_viewer(char *name, size_t size, unsigned round, unsigned thread,
                        unsigned number)
{
    (void)snprintf(name, size, "r%u-t%u-n%u", round, thread, number);
}

static void *post_for_ever(void *context)
{
    const struct poster *poster = context;
    char viewer[64];

    for (unsigned number = 0;; number++) {
        name_viewer(viewer, sizeof(viewer), poster->round, poster->thread, number);
        struct journal_entry entry = fixture_display(viewer, "bob", "top");
        entry.took_down_mask = feature_table_take_down(&poster->fixture->features, 1);
        if (!fixture_post(poster->fixture, &entry).committed) {
            _exit(3);
        }
        struct acknowledged told = {.thread = poster->thread, .number = number};
        if (write(poster->fd, &told, sizeof(told)) != (ssize_t)sizeof(told)) {
            _exit(4);
        }
    }
    return NULL;
}

static void live_until_killed(struct fixture *fixture, unsigned round, int fd)
{
    static const struct alert_route routes[] = {{.name = "soc"}};
    struct poster posters[THREADS];
    pthread_t threads[THREADS];

    fixture_open(fixture);
    if (!recorder_set_alerts(fixture->recorder, routes, 1)) {
        _exit(5);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        posters[i] = (struct poster){fixture, i, round, fd};
        if (pthread_create(&threads[i], NULL, post_for_ever, &posters[i]) != 0) {
            _exit(6);
        }
    }
    (void)pause();
}

/* `fd`: what the child acknowledged. Two of three live until it has said something. */
static void kill_soon(pid_t child, unsigned round, int fd)
{
    struct pollfd heard = {.fd = fd, .events = POLLIN};
    if (round % 3 != 0) {
        assert_int_equal(poll(&heard, 1, 30000), 1);
    }
    /* Spread over the life; the exact moment is the scheduler's, and differs each run. */
    const struct timespec life = {.tv_nsec =
                                      1000000L * (5 + (long)(round * 37 % LIFE_MS_MAX))};
    int status = 0;

    assert_int_equal(nanosleep(&life, NULL), 0);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static bool has_viewer(struct json_write *out, const char *viewer)
{
    char quoted[80];
    int len = snprintf(quoted, sizeof(quoted), "\"viewer\":\"%s\"", viewer);
    struct span text = json_write_result(out);
    return memmem(text.ptr, text.len, quoted, (size_t)len) != NULL;
}

static unsigned check_acknowledged(struct fixture *fixture, unsigned round, int fd)
{
    struct query *query = NULL;
    struct json_write out;
    struct acknowledged told;
    char viewer[64];
    unsigned count = 0;

    json_write_init(&out, 1U << 30);
    assert_int_equal(query_open(fixture->directory, &query, NULL), ERR_NONE);
    enum err err = query_incident(query, 1, true, 1000000, &out);
    while (read(fd, &told, sizeof(told)) == (ssize_t)sizeof(told)) {
        assert_int_equal(err, ERR_NONE);
        name_viewer(viewer, sizeof(viewer), round, told.thread, told.number);
        if (!has_viewer(&out, viewer)) {
            fail_msg("%s was acknowledged and is not in the ledger", viewer);
        }
        count++;
    }
    query_close(&query);
    json_write_free(&out);
    return count;
}

static void nothing_that_was_acknowledged_is_lost_by_kill_9(void **state)
{
    (void)state;
    struct fixture fixture;
    unsigned in_all = 0;

    fixture_name(&fixture);
    for (unsigned round = 0; round < ROUNDS; round++) {
        int ends[2];
        uint64_t rows = 0;
        struct fault fault = {0};
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)close(ends[0]);
            live_until_killed(&fixture, round, ends[1]);
            _exit(7);
        }
        (void)close(ends[1]);
        kill_soon(child, round, ends[0]);
        fixture_open(&fixture);
        unsigned count = check_acknowledged(&fixture, round, ends[0]);
        in_all += count;
        if (in_all > 0) {
            assert_true(fixture_down(&fixture, "login"));
        }
        if (fixture_verify(&fixture, &rows, &fault) != ERR_NONE) {
            fail_msg("%s", fault.text);
        }
        fixture_close(&fixture);
        (void)close(ends[0]);
    }
    assert_true(in_all >= ROUNDS / 2);
    print_message("%u refusals acknowledged before %d kills\n", in_all, ROUNDS);
    fixture_shell(&fixture,
                  "test \"$(sqlite3 ledger.db \"SELECT count(*) FROM deliveries "
                  "WHERE type = 'incident.opened'\")\" = 1");
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_was_acknowledged_is_lost_by_kill_9),
    };
    return RUN_TESTS(tests);
}
