/* Goal: two processes write one ledger and one state file, and neither undoes the
 * other's. */
#include "record/fixture.h"
#include "record/recorder_house.h"

/* A second recorder of the same features, as a successor has it. */
static void join_as(struct recorder **recorder_out, struct fixture *first,
                    struct journal *journal_out)
{
    struct fault fault = {0};
    const struct recorder_settings settings = {
        .directory = first->directory, .features = &first->features, .joins = true};

    assert_int_equal(recorder_new(&settings, recorder_out, &fault), ERR_NONE);
    assert_int_equal(recorder_start(*recorder_out), ERR_NONE);
    *journal_out = recorder_journal(*recorder_out);
    recorder_share(first->recorder, true);
}

/* Posts through the recorder `other` instead of the fixture's. */
static struct journal_ticket post_to(struct fixture *fixture, const struct journal *other,
                                     const struct journal_entry *entry)
{
    struct journal own = fixture->journal;

    fixture->journal = *other;
    struct journal_ticket ticket = fixture_post(fixture, entry);
    fixture->journal = own;
    return ticket;
}

static void the_chain_and_the_incident_are_one(void **state)
{
    (void)state;
    struct fixture fixture;
    struct recorder *other = NULL;
    struct journal journal;
    struct fault fault = {0};
    uint64_t rows = 0;
    char screen[16];

    fixture_make(&fixture);
    join_as(&other, &fixture, &journal);
    for (int i = 0; i < 20; i++) {
        (void)snprintf(screen, sizeof(screen), "screen%d", i);
        struct journal_entry entry = fixture_display("alice", "bob", screen);
        struct journal_ticket ticket = i % 2 == 0 ? fixture_post(&fixture, &entry)
                                                  : post_to(&fixture, &journal, &entry);
        assert_true(ticket.committed);
        assert_int_equal(ticket.incident, 1);
    }
    assert_int_equal(fixture_verify(&fixture, &rows, &fault), ERR_NONE);
    assert_int_equal(rows, 21);
    assert_int_equal(fixture_figures(&fixture, 1).displays, 20);
    recorder_free(&other);
    fixture_remove(&fixture);
}

static void both_commit_at_once_and_nothing_is_lost(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    struct fixture fixture;
    struct recorder *other = NULL;
    struct journal journal;
    struct fault fault = {0};
    uint64_t rows = 0;
    char screen[16];

    fixture_make(&fixture);
    join_as(&other, &fixture, &journal);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(screen, sizeof(screen), "screen%d", i);
        struct journal_entry entry = fixture_display("alice", "bob", screen);
        const struct journal *to = i % 2 == 0 ? &fixture.journal : &journal;
        assert_true(to->post(to->self, &entry, NULL));
    }
    recorder_free(&other);
    const struct journal_entry barrier = fixture_display("alice", "bob", "screen0");
    assert_true(fixture_post(&fixture, &barrier).committed);
    assert_int_equal(fixture_figures(&fixture, 1).displays, COUNT + 1);
    assert_int_equal(fixture_verify(&fixture, &rows, &fault), ERR_NONE);
    assert_int_equal(rows, COUNT + 1);
    fixture_remove(&fixture);
}

static void what_either_takes_down_is_in_the_state_file(void **state)
{
    (void)state;
    struct fixture fixture;
    struct recorder *other = NULL;
    struct journal journal;

    fixture_make(&fixture);
    join_as(&other, &fixture, &journal);
    struct journal_entry entry = fixture_display("alice", "bob", "top");
    entry.took_down_mask = feature_table_take_down(&fixture.features, FEATURE_LOGIN_BIT);
    assert_true(post_to(&fixture, &journal, &entry).committed);
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_DOWN, false).result,
                     CONTROL_DONE);
    recorder_free(&other);
    fixture_close(&fixture);
    fixture_shell(&fixture, "grep -q 'login down' features.state");
    fixture_shell(&fixture, "grep -q 'mypage down' features.state");
    fixture_open(&fixture);
    assert_true(fixture_down(&fixture, "login"));
    assert_true(fixture_down(&fixture, "mypage"));
    fixture_remove(&fixture);
}

/* The file is another process's meanwhile: what we wrote last does not count. */
static void a_barrier_writes_what_the_file_may_not_say(void **state)
{
    (void)state;
    struct fixture fixture;
    struct recorder *other = NULL;
    struct journal journal;
    const struct journal_entry barrier = {.kind = JOURNAL_BARRIER};

    fixture_make(&fixture);
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_DOWN, false).result,
                     CONTROL_DONE);
    join_as(&other, &fixture, &journal);
    fixture.recorder = other; /* The other one brings it up ... */
    struct recorder *own = ((struct recorder *)fixture.journal.self);
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_UP, true).result,
                     CONTROL_DONE);
    fixture.recorder = own;
    (void)feature_table_take_down(&fixture.features, UINT64_C(2)); /* ... and it falls. */
    assert_true(fixture_post(&fixture, &barrier).committed);
    recorder_free(&other);
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_true(fixture_down(&fixture, "mypage"));
    fixture_remove(&fixture);
}

static void a_house_that_moves_is_answered(void **state)
{
    (void)state;
    struct fixture fixture;
    struct asking asking = {.ticket.mail.deliver = fixture_on_control};

    fixture_make(&fixture);
    assert_int_equal(sem_init(&asking.done, 0, 0), 0);
    assert_true(recorder_keep_house(fixture.recorder, false, &asking.ticket));
    assert_true(fixture_await(&asking.done));
    assert_int_equal(asking.ticket.result, CONTROL_DONE);
    assert_true(recorder_keep_house(fixture.recorder, true, NULL));
    fixture_remove(&fixture);
}

static void the_lock_of_another_directory_is_none(void **state)
{
    (void)state;
    struct fixture fixture;
    struct fixture elsewhere;
    struct state_dir *joined = NULL;
    struct fault fault = {0};

    fixture_make(&fixture);
    fixture_make(&elsewhere);
    assert_int_equal(state_dir_join(fixture.path,
                                    dup(state_dir_lock(elsewhere.directory)), &joined,
                                    &fault),
                     ERR_STORAGE);
    assert_non_null(strstr(fault.text, "changes only with a restart"));
    assert_int_equal(state_dir_join(fixture.path, dup(state_dir_lock(fixture.directory)),
                                    &joined, &fault),
                     ERR_NONE);
    fixture_close(&fixture);
    struct fixture third = fixture;
    assert_int_equal(fixture_try_open(&third, &fault), ERR_STORAGE); /* Still held. */
    state_dir_close(&joined);
    fixture_open(&fixture);
    fixture_remove(&fixture);
    fixture_remove(&elsewhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_and_the_incident_are_one),
        cmocka_unit_test(both_commit_at_once_and_nothing_is_lost),
        cmocka_unit_test(what_either_takes_down_is_in_the_state_file),
        cmocka_unit_test(a_barrier_writes_what_the_file_may_not_say),
        cmocka_unit_test(a_house_that_moves_is_answered),
        cmocka_unit_test(the_lock_of_another_directory_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
