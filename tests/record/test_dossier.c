#include "record/clock.h"
#include "record/db.h"
#include "record/dossier.h"
#include "record/dossier_print.h"
#include "record/fixture.h"
#include "record/recorder_evidence.h"

static const uint64_t AT_MS = UINT64_C(1700000000000);

static struct dossier *make(struct fixture *self, uint64_t incident)
{
    struct dossier *dossier = NULL;
    const struct dossier_scope scope = {
        .incident = incident,
        .to_ms = incident == 0 ? INT64_MAX : 0,
        .now_ms = UINT64_C(1700000100000),
    };
    assert_int_equal(dossier_new(self->directory, &scope, NULL, &dossier), ERR_NONE);
    return dossier;
}

/* All that was posted before is in the ledger. */
static void settle(struct fixture *self)
{
    const struct journal_entry barrier = {.kind = JOURNAL_BARRIER};
    assert_true(fixture_post(self, &barrier).committed);
}

static void post(struct fixture *self, const struct journal_entry *entry)
{
    assert_true(self->journal.post(self->journal.self, entry, NULL));
}

static void dossier_counts_cases_pairs_and_people(void **state)
{
    struct fixture fixture;
    static const struct {
        const char *viewer;
        const char *subject;
        const char *screen;
    } seen[] = {{"a", "b", "top"},  {"b", "a", "top"}, {"a", "b", "form"},
                {"a", "b", "form"}, {"c", "b", "top"}, {"d", "e", "top"}};
    (void)state;

    fixture_make(&fixture);
    for (size_t i = 0; i < sizeof(seen) / sizeof(*seen); i++) {
        struct journal_entry entry =
            fixture_display(seen[i].viewer, seen[i].subject, seen[i].screen);
        entry.outcome = i == 5 ? JOURNAL_DELIVERED : JOURNAL_WITHHELD;
        entry.strong = i != 4;
        post(&fixture, &entry);
    }
    settle(&fixture);
    struct dossier *dossier = make(&fixture, 1);
    const struct dossier_tally *all = &dossier->tallies[DOSSIER_ALL];
    assert_int_equal(all->displays, 6);
    assert_int_equal(all->cases, 4);
    assert_int_equal(all->pairs, 3);
    assert_int_equal(all->mutual_pairs, 1);
    assert_int_equal(all->subjects, 3);
    assert_int_equal(all->viewers, 4);
    assert_int_equal(all->both, 2);
    assert_int_equal(dossier->tallies[DOSSIER_WITHHELD].displays, 5);
    assert_int_equal(dossier->tallies[DOSSIER_WITHHELD].cases, 3);
    assert_int_equal(dossier->tallies[DOSSIER_DELIVERED].cases, 1);
    assert_int_equal(dossier->tallies[DOSSIER_STRONG].cases, 3);
    assert_int_equal(dossier->weak_cases, 1);
    assert_int_equal(dossier->screen_count, 2);
    assert_int_equal(dossier->screens[0].cases, 4);
    assert_int_equal(dossier->screens[1].cases, 1);
    assert_int_equal(dossier->screens[1].displays, 2);
    assert_int_equal(dossier->case_count, 4);
    assert_int_equal(dossier->person_count, 5);
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

static void dossier_leaves_out_drills_and_counts_one_of_two_as_suspected(void **state)
{
    struct fixture fixture;
    struct journal_entry drill = fixture_display("a", "b", "top");
    struct journal_entry either = fixture_display("a", "c", "top");
    struct journal_entry real = fixture_display("a", "d", "top");
    (void)state;

    drill.drill = true;
    either.one_of_two = true;
    fixture_make(&fixture);
    post(&fixture, &real);
    post(&fixture, &drill);
    post(&fixture, &either);
    settle(&fixture);
    struct dossier *dossier = make(&fixture, 0);
    assert_int_equal(dossier->tallies[DOSSIER_ALL].cases, 1);
    assert_int_equal(dossier->tallies[DOSSIER_ALL].displays, 1);
    assert_int_equal(dossier->one_of_two, 1);
    assert_int_equal(dossier->upper_bound, 1);
    assert_int_equal(dossier->incident_count, 1);
    dossier_free(&dossier);
    dossier = make(&fixture, 2);
    assert_int_equal(dossier->tallies[DOSSIER_ALL].displays, 0);
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

static bool tells(const struct dossier *dossier, const char *text)
{
    for (size_t i = 0; i < dossier->event_count; i++) {
        if (strstr(dossier->events[i].detail, text) != NULL) {
            return true;
        }
    }
    return false;
}

static void take_down(struct fixture *self, bool drill)
{
    struct feature_change change = {.state = FEATURE_DOWN, .drill = drill};

    (void)span_copy(SPAN("login"), change.name, sizeof(change.name));
    (void)span_copy(drill ? SPAN("rehearsed") : SPAN("in earnest"), change.reason,
                    sizeof(change.reason));
    assert_true(recorder_change_feature(self->recorder, &change, NULL));
    (void)fixture_change(self, "login", FEATURE_UP, true);
}

static void dossier_tells_of_no_take_down_by_a_drill(void **state)
{
    struct fixture fixture;
    struct journal_entry real = fixture_display("a", "d", "top");
    (void)state;

    fixture_make(&fixture);
    post(&fixture, &real);
    take_down(&fixture, true);
    take_down(&fixture, false);
    settle(&fixture);
    struct dossier *dossier = make(&fixture, 0);
    assert_true(tells(dossier, "in earnest"));
    assert_false(tells(dossier, "rehearsed"));
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

/* A member that `viewer` may not see, on the report screen. */
static struct journal_entry granted(const char *viewer, const char *member)
{
    struct journal_entry entry = fixture_display(viewer, member, "report");

    entry.detector = DETECTOR_GRANTED_MARKER;
    entry.detectors_mask = 1U << DETECTOR_GRANTED_MARKER;
    return entry;
}

/* `count` members, seen by one viewer on the report screen. */
static void show_members(struct fixture *self, const char *kind, unsigned viewer,
                         unsigned count)
{
    char name[32];
    char member[32];
    const char *other = strcmp(kind, "provider") == 0 ? "user" : "provider";

    (void)snprintf(name, sizeof(name), "%s%u", kind, viewer);
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(member, sizeof(member), "seen-%s%u", other, i);
        struct journal_entry entry = granted(name, member);
        span_copy(span_of(other), entry.marker_class, sizeof(entry.marker_class));
        post(self, &entry);
    }
}

/* 131 providers: 78, 65 times 14, 65 times 13; 25 users: 15, 13 times 4, 11 times 3. */
static void show_second_notice(struct fixture *self)
{
    for (unsigned i = 0; i < 131; i++) {
        show_members(self, "provider", i, i == 0 ? 78 : i <= 65 ? 14 : 13);
        if (i % 20 == 0) {
            settle(self);
        }
    }
    for (unsigned i = 0; i < 25; i++) {
        show_members(self, "user", i, i == 0 ? 15 : i <= 13 ? 4 : 3);
    }
    settle(self);
}

static void dossier_has_the_figures_of_the_second_notice(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    show_second_notice(&fixture);
    struct dossier *dossier = make(&fixture, 1);
    assert_int_equal(dossier->grant_count, 2);
    assert_string_equal(dossier->grants[0].marker, "provider");
    assert_int_equal(dossier->grants[0].viewers, 25);
    assert_int_equal(dossier->grants[0].subjects_max, 15);
    assert_int_equal(dossier->grants[0].subjects_mean, 4);
    assert_string_equal(dossier->grants[1].marker, "user");
    assert_int_equal(dossier->grants[1].viewers, 131);
    assert_int_equal(dossier->grants[1].subjects_max, 78);
    assert_int_equal(dossier->grants[1].subjects_mean, 14);
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

/* One number may name a provider and a user: each class has its own figures, and a person
 * is one person. */
static void dossier_counts_a_subject_in_each_class_that_named_it(void **state)
{
    static const char *const classes[] = {"provider", "user", "user"};
    static const char *const subjects[] = {"b", "b", "c"};
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    for (unsigned i = 0; i < 6; i++) { /* The second time each is counted, not added. */
        struct journal_entry entry = granted("a", subjects[i % 3]);
        span_copy(span_of(classes[i % 3]), entry.marker_class,
                  sizeof(entry.marker_class));
        post(&fixture, &entry);
        settle(&fixture);
    }
    struct dossier *dossier = make(&fixture, 1);
    assert_int_equal(dossier->grant_count, 2);
    assert_string_equal(dossier->grants[0].marker, "provider");
    assert_int_equal(dossier->grants[0].subjects_max, 1);
    assert_string_equal(dossier->grants[1].marker, "user");
    assert_int_equal(dossier->grants[1].subjects_max, 2);
    assert_int_equal(dossier->tallies[DOSSIER_ALL].cases, 2);
    assert_int_equal(dossier->tallies[DOSSIER_ALL].subjects, 2);
    dossier_free(&dossier);
    fixture_shell(&fixture, "test \"$(sqlite3 ledger.db 'SELECT count(*), min(count),"
                            " max(count) FROM displays')\" = '3|2|2'");
    fixture_remove(&fixture);
}

/* A page of somebody else's that shows members too: its owner is no class of grants. */
static void figures_of_grants_leave_out_the_owner_of_the_same_page(void **state)
{
    struct fixture fixture;
    struct journal_entry entry = fixture_display("a", "b", "report");
    const struct journal_subject member = {.value = SPAN("c"),
                                           .marker_class = SPAN("member"),
                                           .detector = DETECTOR_GRANTED_MARKER};
    (void)state;

    span_copy(SPAN("owner"), entry.marker_class, sizeof(entry.marker_class));
    entry.detectors_mask |= 1U << DETECTOR_GRANTED_MARKER;
    entry.more = &member;
    entry.more_count = 1;
    fixture_make(&fixture);
    post(&fixture, &entry);
    settle(&fixture);
    struct dossier *dossier = make(&fixture, 1);
    assert_int_equal(dossier->tallies[DOSSIER_ALL].cases, 2);
    assert_int_equal(dossier->grant_count, 1);
    assert_string_equal(dossier->grants[0].marker, "member");
    assert_int_equal(dossier->grants[0].subjects_max, 1);
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

static void dossier_rounds_a_mean_half_up(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    show_members(&fixture, "provider", 1, 2);
    show_members(&fixture, "provider", 2, 3);
    settle(&fixture);
    struct dossier *dossier = make(&fixture, 1);
    assert_int_equal(dossier->grants[0].subjects_mean, 3);
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

static void note_write(struct fixture *self, const char *user, uint64_t at_ms,
                       unsigned count)
{
    struct journal_write write = {
        .first_at_ms = at_ms, .last_at_ms = at_ms, .count = count};

    (void)user_set(&write.user, span_of(user));
    memset(write.session.bytes, user[0], FINGERPRINT_SIZE);
    span_copy(SPAN("/form"), write.route, sizeof(write.route));
    span_copy(SPAN("POST"), write.method, sizeof(write.method));
    self->journal.note_writes(self->journal.self, &write, 1);
}

static void
dossier_counts_writes_of_the_people_of_the_incident_in_its_window(void **state)
{
    struct fixture fixture;
    struct journal_entry entry = fixture_display("a", "b", "top");
    (void)state;

    fixture_make(&fixture);
    post(&fixture, &entry);
    note_write(&fixture, "a", AT_MS - 1, 7); /* Before. */
    note_write(&fixture, "a", AT_MS + 60000, 2);
    note_write(&fixture, "a", AT_MS + 60000, 1); /* The same minute: the same row. */
    note_write(&fixture, "b", AT_MS + 1, 4);
    note_write(&fixture, "c", AT_MS + 1, 8);      /* Not of it. */
    note_write(&fixture, "a", AT_MS + 200000, 9); /* After. */
    settle(&fixture);
    struct dossier *dossier = make(&fixture, 1);
    assert_int_equal(dossier->writes, 7);
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

/* How many events of the kind are on the time line. */
static unsigned count_events(const struct dossier *dossier, enum dossier_kind kind)
{
    unsigned count = 0;
    for (size_t i = 0; i < dossier->event_count; i++) {
        count += dossier->events[i].kind == kind ? 1 : 0;
    }
    return count;
}

static void a_restart_does_not_hide_the_last_change_of_configuration(void **state)
{
    struct fixture fixture;
    struct journal_entry entry = fixture_display("a", "b", "top");
    (void)state;

    fixture_make(&fixture);
    entry.at_ms = UINT64_C(4000000000000); /* After these notes, whenever that is. */
    assert_true(recorder_note_config(fixture.recorder, "h1", "start", "in force"));
    assert_true(recorder_note_config(fixture.recorder, "h2", "op", "the change"));
    assert_true(recorder_note_config(fixture.recorder, "h2", "start", "a restart"));
    post(&fixture, &entry);
    settle(&fixture);
    struct dossier *dossier = make(&fixture, 1);
    assert_int_equal(count_events(dossier, DOSSIER_CONFIGURATION), 1);
    assert_non_null(strstr(dossier->events[0].detail, "the change"));
    dossier_free(&dossier);

    const struct dossier_scope later = {.from_ms = 1, .to_ms = INT64_MAX, .now_ms = 2};
    assert_int_equal(dossier_new(fixture.directory, &later, NULL, &dossier), ERR_NONE);
    assert_int_equal(count_events(dossier, DOSSIER_CONFIGURATION), 2);
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

/* What is noted next has a later time. */
static void let_time_pass(void)
{
    const struct timespec step = {.tv_nsec = 3000000};
    assert_int_equal(nanosleep(&step, NULL), 0);
}

static void change(struct fixture *self, enum feature_state state)
{
    let_time_pass();
    assert_int_equal(fixture_change(self, "login", state, false).result, CONTROL_DONE);
}

static void a_reopening_by_way_of_a_trial_is_told_after_the_closing_too(void **state)
{
    struct fixture fixture;
    struct journal_entry entry = fixture_display("a", "b", "top");
    (void)state;

    fixture_make(&fixture);
    entry.at_ms = clock_wall_ms();
    entry.took_down_mask = feature_table_take_down(&fixture.features, 1);
    assert_true(fixture_post(&fixture, &entry).committed);
    assert_int_equal(fixture_close_incident(&fixture, 1).result, CONTROL_DONE);
    change(&fixture, FEATURE_TRIAL);
    change(&fixture, FEATURE_UP);
    change(&fixture, FEATURE_DOWN); /* Of these three nothing is the incident's. */
    change(&fixture, FEATURE_TRIAL);
    change(&fixture, FEATURE_UP);
    struct dossier *dossier = make(&fixture, 1);
    assert_int_equal(count_events(dossier, DOSSIER_TAKE_DOWN), 1);
    assert_int_equal(count_events(dossier, DOSSIER_TRIAL), 1);
    assert_int_equal(count_events(dossier, DOSSIER_REOPENING), 1);
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

static void a_feature_that_is_taken_down_again_on_trial_is_reopened_once(void **state)
{
    struct fixture fixture;
    struct journal_entry entry = fixture_display("a", "b", "top");
    (void)state;

    fixture_make(&fixture);
    entry.at_ms = clock_wall_ms();
    entry.took_down_mask = feature_table_take_down(&fixture.features, 1);
    assert_true(fixture_post(&fixture, &entry).committed);
    assert_int_equal(fixture_close_incident(&fixture, 1).result, CONTROL_DONE);
    change(&fixture, FEATURE_TRIAL);
    change(&fixture, FEATURE_DOWN);
    change(&fixture, FEATURE_UP);
    struct dossier *dossier = make(&fixture, 1);
    assert_int_equal(count_events(dossier, DOSSIER_REOPENING), 1);
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

static void a_reader_that_stays_delays_no_commit(void **state)
{
    struct fixture fixture;
    struct journal_entry entry = fixture_display("a", "b", "top");
    char path[300];
    struct db *db = NULL;
    (void)state;

    fixture_make(&fixture);
    assert_true(fixture_post(&fixture, &entry).committed);
    (void)snprintf(path, sizeof(path), "%s/ledger.db", fixture.path);
    assert_int_equal(db_open(path, DB_READ, &db, NULL), ERR_NONE);
    db_run(db, "BEGIN", NULL, 0);
    assert_int_equal(db_one_u64(db, "SELECT count(*) FROM displays", 0), 1);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(entry.screen, sizeof(entry.screen), "screen %d", i);
        assert_true(fixture_post(&fixture, &entry).committed);
    }
    assert_int_equal(fixture_close_incident(&fixture, 1).result, CONTROL_DONE);
    recorder_set_limits(fixture.recorder, UINT64_MAX, 0); /* Erases, and sweeps. */
    entry.viewer.bytes[0] = 'z';
    assert_true(fixture_post(&fixture, &entry).committed);
    assert_int_equal(db_one_u64(db, "SELECT count(*) FROM displays ", 0), 1);
    db_rollback(db);
    db_close(&db);
    fixture_remove(&fixture);
}

static void a_report_that_nobody_waits_for_is_broken_off(void **state)
{
    struct fixture fixture;
    struct dossier *dossier = NULL;
    const _Atomic(bool) cancel = true;
    const struct dossier_scope scope = {.incident = 1, .now_ms = AT_MS};
    (void)state;

    fixture_make(&fixture);
    show_members(&fixture, "provider", 1, 400);
    settle(&fixture);
    assert_int_equal(dossier_new(fixture.directory, &scope, &cancel, &dossier),
                     ERR_STORAGE);
    assert_null(dossier);
    fixture_remove(&fixture);
}

static void dossier_of_an_unknown_incident_says_so(void **state)
{
    struct fixture fixture;
    struct dossier *dossier = NULL;
    const struct dossier_scope scope = {.incident = 4, .now_ms = AT_MS};
    (void)state;

    fixture_make(&fixture);
    assert_int_equal(dossier_new(fixture.directory, &scope, NULL, &dossier), ERR_SYNTAX);
    assert_null(dossier);
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dossier_counts_cases_pairs_and_people),
        cmocka_unit_test(dossier_leaves_out_drills_and_counts_one_of_two_as_suspected),
        cmocka_unit_test(dossier_tells_of_no_take_down_by_a_drill),
        cmocka_unit_test(dossier_has_the_figures_of_the_second_notice),
        cmocka_unit_test(dossier_counts_a_subject_in_each_class_that_named_it),
        cmocka_unit_test(figures_of_grants_leave_out_the_owner_of_the_same_page),
        cmocka_unit_test(dossier_rounds_a_mean_half_up),
        cmocka_unit_test(
            dossier_counts_writes_of_the_people_of_the_incident_in_its_window),
        cmocka_unit_test(a_restart_does_not_hide_the_last_change_of_configuration),
        cmocka_unit_test(a_reopening_by_way_of_a_trial_is_told_after_the_closing_too),
        cmocka_unit_test(a_feature_that_is_taken_down_again_on_trial_is_reopened_once),
        cmocka_unit_test(a_reader_that_stays_delays_no_commit),
        cmocka_unit_test(a_report_that_nobody_waits_for_is_broken_off),
        cmocka_unit_test(dossier_of_an_unknown_incident_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
