#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "record/fixture.h"

/* SQLite's calls come here: how often something was made durable. */
static _Atomic(unsigned) syncs;

// The name of the parameter in glibc's header is reserved to glibc.
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
int fdatasync(int fd)
{
    (void)atomic_fetch_add(&syncs, 1);
    return fsync(fd);
}

/* The file-size limit stands in for a full disk: the next byte past it fails. */
static void limit_files(rlim_t size)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void pause_ms(long ms)
{
    const struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    assert_int_equal(nanosleep(&wait, NULL), 0);
}

static void await_failing(const struct fixture *fixture, bool failing)
{
    for (int i = 0; i < 500 && recorder_failing(fixture->recorder) != failing; i++) {
        pause_ms(10);
    }
    assert_int_equal(recorder_failing(fixture->recorder), failing);
}

static void a_failed_commit_is_said_kept_and_made_good(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);

    struct journal_entry entry = fixture_display("alice", "bob", "top");
    assert_true(fixture_post(&fixture, &entry).committed);
    limit_files(180000);
    for (int i = 0; i < 30; i++) {
        char viewer[16];
        (void)snprintf(viewer, sizeof(viewer), "v%d", i);
        entry = fixture_display(viewer, "bob", "top");
        (void)fixture_post(&fixture, &entry);
    }
    entry = fixture_display("last", "bob", "top");
    entry.took_down_mask = feature_table_take_down(&fixture.features, 1);
    assert_false(fixture_post(&fixture, &entry).committed);
    assert_true(recorder_failing(fixture.recorder));
    struct journal_entry barrier = {.kind = JOURNAL_BARRIER};
    assert_false(fixture_post(&fixture, &barrier).committed);
    fixture_shell(&fixture, "grep -q 'login down' features.state");
    pause_ms(1200);
    assert_true(recorder_failing(fixture.recorder));
    limit_files(RLIM_INFINITY);
    await_failing(&fixture, false);
    assert_true(fixture_post(&fixture, &barrier).committed);
    assert_int_equal(fixture_figures(&fixture, 1).cases, 32);
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_true(fixture_down(&fixture, "login"));

    fixture_remove(&fixture);
}

static void a_feature_is_down_after_a_crash_although_the_commit_failed(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);

    limit_files(180000);
    struct journal_entry entry = fixture_display("last", "bob", "top");
    entry.took_down_mask = feature_table_take_down(&fixture.features, 2);
    for (unsigned i = 0; fixture_post(&fixture, &entry).committed; i++) {
        assert_in_range(i, 0, 1000);
        entry.viewer.bytes[0] = (uint8_t)(i >> 8);
        entry.viewer.bytes[1] = (uint8_t)i;
    }
    /* What a crash leaves: the files as they are now. */
    fixture_shell(&fixture, "ulimit -S -f unlimited && mkdir ../$(basename $PWD).away && "
                            "cp -p * ../$(basename "
                            "$PWD).away/");
    limit_files(RLIM_INFINITY);
    struct fixture after = {0};
    (void)snprintf(after.path, sizeof(after.path), "%.200s.away", fixture.path);
    fixture_shell(&after, "chmod 700 .");
    fixture_open(&after);
    assert_true(fixture_down(&after, "mypage"));
    fixture_close(&after);

    fixture_remove(&fixture);
}

static void what_was_down_in_the_state_file_alone_is_told_after_the_restart(void **state)
{
    (void)state;
    static const struct alert_route routes[] = {{.name = "soc"}};
    struct fixture fixture;
    fixture_make(&fixture);
    fixture_close(&fixture);
    fixture_shell(&fixture, "cp ledger.db up.db");
    fixture_open(&fixture);
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_DOWN, false).result,
                     CONTROL_DONE);
    fixture_close(&fixture);
    fixture_shell(&fixture, "cp up.db ledger.db");
    for (int i = 0; i < 2; i++) {
        fixture_open(&fixture);
        assert_true(recorder_set_alerts(fixture.recorder, routes, 1));
        fixture_close(&fixture);
    }
    fixture_shell(&fixture,
                  "test \"$(sqlite3 ledger.db \"SELECT count(*) FROM deliveries WHERE "
                  "type = 'feature.down'\")\" = 1");
    fixture_open(&fixture);
    assert_true(fixture_down(&fixture, "mypage"));

    fixture_remove(&fixture);
}

static void an_operator_is_told_when_a_change_is_not_on_disk(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);

    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_DOWN, false).result,
                     CONTROL_DONE);
    limit_files(65536);
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_UP, false).result,
                     CONTROL_FAILED);
    assert_true(fixture_down(&fixture, "mypage"));
    /* Nothing is kept to try again: an empty commit must not end the failing state. */
    pause_ms(1200);
    assert_true(recorder_failing(fixture.recorder));
    assert_int_equal(fixture_change(&fixture, "login", FEATURE_DOWN, false).result,
                     CONTROL_FAILED);
    assert_true(fixture_down(&fixture, "login"));
    pause_ms(1200);
    assert_true(recorder_failing(fixture.recorder));
    limit_files(RLIM_INFINITY);
    await_failing(&fixture, false);

    fixture_remove(&fixture);
}

static void a_directory_that_went_away_fails_until_it_is_back(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);
    char away[300];
    (void)snprintf(away, sizeof(away), "%.200s.away", fixture.path);

    assert_int_equal(rename(fixture.path, away), 0);
    struct journal_entry entry = fixture_display("alice", "bob", "top");
    assert_false(fixture_post(&fixture, &entry).committed);
    assert_true(recorder_failing(fixture.recorder));
    assert_int_equal(rename(away, fixture.path), 0);
    await_failing(&fixture, false);
    assert_int_equal(fixture_figures(&fixture, 1).cases, 1);

    fixture_remove(&fixture);
}

static void a_removed_ledger_is_noticed_without_a_refusal(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);

    assert_false(recorder_failing(fixture.recorder));
    fixture_shell(&fixture, "rm ledger.db");
    await_failing(&fixture, true);

    fixture_remove(&fixture);
}

static void a_full_file_system_is_said_and_made_good(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_name(&fixture);
    if (mount("tmpfs", fixture.path, "tmpfs", 0, "size=2m,mode=0700") != 0) {
        (void)rmdir(fixture.path);
        skip(); /* Not allowed here: the file-size limit above stands in. */
    }
    fixture_open(&fixture);

    fixture_shell(&fixture, "cat /dev/zero > fill 2>/dev/null || true");
    struct journal_entry entry = fixture_display("a", "bob", "top");
    entry.took_down_mask = feature_table_take_down(&fixture.features, 1);
    bool committed = true;
    for (int i = 0; i < 400 && committed; i++) {
        char viewer[16];
        (void)snprintf(viewer, sizeof(viewer), "v%d", i);
        assert_true(user_set(&entry.viewer, span_of(viewer)));
        committed = fixture_post(&fixture, &entry).committed;
    }
    assert_false(committed);
    fixture_shell(&fixture, "grep -q 'login down' features.state && rm fill");
    await_failing(&fixture, false);
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_true(fixture_down(&fixture, "login"));

    fixture_close(&fixture);
    assert_int_equal(umount(fixture.path), 0);
    assert_int_equal(rmdir(fixture.path), 0);
}

struct refusal {
    const char *damage;
    const char *says;
};

static void a_damaged_state_directory_is_refused_with_what_to_do(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"head -c 200000 /dev/urandom > ledger.db", "restore it from a backup"},
        {"printf garbage | dd of=ledger.db bs=1 seek=5000 conv=notrunc 2>/dev/null; "
         "dd if=/dev/urandom of=ledger.db bs=4096 seek=1 count=8 conv=notrunc "
         "2>/dev/null",
         "restore it from a backup"},
        {": > ledger.db", "it is empty"},
        {"rm ledger.db", "restore the ledger from a backup"},
        {": > ledger.db; head -c 100 /dev/zero > features.state", "damaged"},
        {"printf x >> fingerprint.key", "33 bytes"},
        {"chmod 644 fingerprint.key", "chmod 600"},
        {"rm fingerprint.key", "restore it from a backup"},
        {"chmod 755 .", "chmod 700"},
        {"sqlite3 ledger.db 'PRAGMA user_version = 99' && cat ledger.db > /dev/null",
         "newer version"},
    };

    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        struct fixture fixture;
        struct fault fault = {0};
        fixture_make(&fixture);
        fixture_close(&fixture);
        fixture_shell(&fixture, refusals[i].damage);
        assert_int_not_equal(fixture_try_open(&fixture, &fault), ERR_NONE);
        if (strstr(fault.text, refusals[i].says) == NULL) {
            fail_msg("%s: %s", refusals[i].damage, fault.text);
        }
        fixture_remove(&fixture);
    }
}

static void a_second_process_is_kept_out(void **state)
{
    (void)state;
    struct fixture fixture;
    struct fault fault = {0};
    struct state_dir *second = NULL;
    fixture_make(&fixture);

    assert_int_equal(state_dir_open(fixture.path, &second, &fault), ERR_STORAGE);
    assert_non_null(strstr(fault.text, "in use"));
    assert_null(second);

    fixture_remove(&fixture);
}

static void an_event_that_somebody_waits_for_is_durable_and_another_is_not(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);
    struct journal_entry barrier = {.kind = JOURNAL_BARRIER};

    struct journal_entry entry = fixture_display("", "", "top");
    entry.kind = JOURNAL_EVENT;
    for (int i = 0; i < 2; i++) { /* The second is one more of the same row. */
        unsigned before = atomic_load(&syncs);
        assert_true(fixture_post(&fixture, &entry).committed);
        assert_true(atomic_load(&syncs) > before);
    }
    unsigned before = atomic_load(&syncs);
    assert_true(fixture.journal.post(fixture.journal.self, &entry, NULL));
    pause_ms(300); /* A barrier would wait for the disk. */
    assert_int_equal(atomic_load(&syncs), before);
    assert_true(fixture_post(&fixture, &barrier).committed);
    fixture_shell(&fixture,
                  "test \"$(sqlite3 ledger.db 'SELECT count FROM events')\" = 3");

    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_commit_is_said_kept_and_made_good),
        cmocka_unit_test(a_feature_is_down_after_a_crash_although_the_commit_failed),
        cmocka_unit_test(what_was_down_in_the_state_file_alone_is_told_after_the_restart),
        cmocka_unit_test(an_operator_is_told_when_a_change_is_not_on_disk),
        cmocka_unit_test(a_directory_that_went_away_fails_until_it_is_back),
        cmocka_unit_test(a_removed_ledger_is_noticed_without_a_refusal),
        cmocka_unit_test(a_full_file_system_is_said_and_made_good),
        cmocka_unit_test(a_damaged_state_directory_is_refused_with_what_to_do),
        cmocka_unit_test(a_second_process_is_kept_out),
        cmocka_unit_test(an_event_that_somebody_waits_for_is_durable_and_another_is_not),
    };
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR) {
        return 1;
    }
    return RUN_TESTS(tests);
}
