/* Which access evidence an incident counts: that of its window and of its feature. */
#include "record/clock.h"
#include "record/dossier.h"
#include "record/fixture.h"

enum {
    TEN_MINUTES_MS = 600000,
};

/* Begins a slot, so that all of a test is in one. */
static const uint64_t AT_MS = UINT64_C(1700000400000);

static void settle(struct fixture *self)
{
    const struct journal_entry barrier = {.kind = JOURNAL_BARRIER};
    assert_true(fixture_post(self, &barrier).committed);
}

/* An incident of `features` begins. */
static void open_at(struct fixture *self, uint64_t at_ms, uint64_t features,
                    enum detector detector)
{
    struct journal_entry entry = fixture_display("a", "b", "top");

    entry.at_ms = at_ms;
    entry.feature_mask = features;
    entry.detector = detector;
    assert_true(fixture_post(self, &entry).committed);
}

static void doubt(struct fixture *self, uint64_t first_ms, uint64_t last_ms,
                  unsigned count, enum journal_doubt_kind kind, uint64_t features)
{
    struct journal_doubt doubt = {.first_at_ms = first_ms,
                                  .last_at_ms = last_ms,
                                  .count = count,
                                  .kind = kind,
                                  .feature_mask = features};

    (void)span_copy(SPAN("/a"), doubt.route, sizeof(doubt.route));
    self->journal.note_doubts(self->journal.self, &doubt, 1);
}

static void unmarked(struct fixture *self, uint64_t at_ms, unsigned count)
{
    doubt(self, at_ms, at_ms, count, JOURNAL_UNMARKED, 0);
}

static void writes_by_a(struct fixture *self, uint64_t first_ms, uint64_t last_ms,
                        unsigned count)
{
    struct journal_write write = {
        .first_at_ms = first_ms, .last_at_ms = last_ms, .count = count};

    (void)user_set(&write.user, SPAN("a"));
    (void)span_copy(SPAN("/form"), write.route, sizeof(write.route));
    (void)span_copy(SPAN("POST"), write.method, sizeof(write.method));
    self->journal.note_writes(self->journal.self, &write, 1);
}

static void write_by_a(struct fixture *self, uint64_t at_ms, unsigned count)
{
    writes_by_a(self, at_ms, at_ms, count);
}

struct counted {
    uint64_t upper_bound, unmarked, uninspected, writes;
};

static struct counted count_of(struct fixture *self, uint64_t incident, uint64_t from_ms,
                               uint64_t to_ms)
{
    struct dossier *dossier = NULL;
    const struct dossier_scope scope = {
        .incident = incident,
        .from_ms = from_ms,
        .to_ms = to_ms,
        .now_ms = AT_MS + TEN_MINUTES_MS,
    };

    settle(self);
    assert_int_equal(dossier_new(self->directory, &scope, NULL, &dossier), ERR_NONE);
    const struct counted counted = {dossier->upper_bound, dossier->unmarked,
                                    dossier->uninspected, dossier->writes};
    dossier_free(&dossier);
    return counted;
}

static void kinds_are_added_up_to_the_upper_bound(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    open_at(&fixture, AT_MS, FEATURE_LOGIN_BIT, DETECTOR_OWNER_MARKER);
    for (int i = 0; i < 2; i++) {
        doubt(&fixture, AT_MS + 1, AT_MS + 2, 2, JOURNAL_UNMARKED, 0);
        doubt(&fixture, AT_MS + 1, AT_MS + 2, 3, JOURNAL_UNINSPECTED, 0);
    }
    const struct counted counted = count_of(&fixture, 1, 0, 0);
    assert_int_equal(counted.unmarked, 4);
    assert_int_equal(counted.uninspected, 6);
    assert_int_equal(counted.upper_bound, 10);
    assert_int_equal(fixture_ask(&fixture, "SELECT count(*) FROM doubts"), 2);
    fixture_remove(&fixture);
}

/* All within ten minutes, and the pages of before arrive first. */
static void what_was_before_the_first_display_is_not_counted(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    unmarked(&fixture, AT_MS + 1000, 4);
    write_by_a(&fixture, AT_MS + 1000, 3);
    open_at(&fixture, AT_MS + 4000, FEATURE_LOGIN_BIT, DETECTOR_OWNER_MARKER);
    unmarked(&fixture, AT_MS + 3999, 8);
    write_by_a(&fixture, AT_MS + 3999, 8);
    unmarked(&fixture, AT_MS + 4000, 16);
    write_by_a(&fixture, AT_MS + 4000, 16);
    assert_int_equal(count_of(&fixture, 1, 0, 0).upper_bound, 16);
    assert_int_equal(count_of(&fixture, 1, 0, 0).writes, 16);
    fixture_remove(&fixture);
}

static void what_came_after_the_end_is_not_counted(void **state)
{
    struct fixture fixture;
    uint64_t now_ms = clock_wall_ms();
    (void)state;

    fixture_make(&fixture);
    open_at(&fixture, now_ms - 5000, FEATURE_LOGIN_BIT, DETECTOR_OWNER_MARKER);
    unmarked(&fixture, now_ms - 1000, 4);
    write_by_a(&fixture, now_ms - 1000, 4);
    assert_int_equal(fixture_close_incident(&fixture, 1).result, CONTROL_DONE);
    uint64_t closed_ms = fixture_ask(&fixture, "SELECT closed_at FROM incidents");
    unmarked(&fixture, closed_ms, 1);
    unmarked(&fixture, closed_ms + 1, 16);
    write_by_a(&fixture, closed_ms, 1);
    write_by_a(&fixture, closed_ms + 1, 16);
    assert_int_equal(count_of(&fixture, 1, 0, 0).upper_bound, 5);
    assert_int_equal(count_of(&fixture, 1, 0, 0).writes, 5);
    fixture_remove(&fixture);
}

/* A second in which the incident began counts whole, and takes no other row with it. */
static void what_lies_across_the_edge_is_counted(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    unmarked(&fixture, AT_MS + 3100, 32);
    write_by_a(&fixture, AT_MS + 3100, 32);
    open_at(&fixture, AT_MS + 4500, FEATURE_LOGIN_BIT, DETECTOR_OWNER_MARKER);
    doubt(&fixture, AT_MS + 4100, AT_MS + 4900, 2, JOURNAL_UNMARKED, 0);
    unmarked(&fixture, AT_MS + 5000, 4);
    writes_by_a(&fixture, AT_MS + 4100, AT_MS + 4900, 2);
    write_by_a(&fixture, AT_MS + 5000, 4);
    assert_int_equal(count_of(&fixture, 1, 0, 0).upper_bound, 6);
    assert_int_equal(count_of(&fixture, 1, 0, 0).writes, 6);
    fixture_remove(&fixture);
}

static void each_incident_has_its_own_window(void **state)
{
    struct fixture fixture;
    unsigned slot = 0;
    (void)state;

    fixture_make(&fixture);
    assert_true(feature_table_find(&fixture.features, SPAN("mypage"), &slot));
    uint64_t mypage = UINT64_C(1) << slot;
    unmarked(&fixture, AT_MS, 32);
    open_at(&fixture, AT_MS + 1000, mypage, DETECTOR_GRANTED_MARKER);
    doubt(&fixture, AT_MS + 1500, AT_MS + 1500, 4, JOURNAL_UNMARKED, mypage);
    open_at(&fixture, AT_MS + 2000, FEATURE_LOGIN_BIT, DETECTOR_OWNER_MARKER);
    doubt(&fixture, AT_MS + 2500, AT_MS + 2500, 8, JOURNAL_UNMARKED, mypage);
    assert_int_equal(count_of(&fixture, 1, 0, 0).upper_bound, 12);
    assert_int_equal(count_of(&fixture, 2, 0, 0).upper_bound, 8);
    fixture_remove(&fixture);
}

static void
an_incident_of_a_feature_counts_its_routes_alone_and_one_of_login_all(void **state)
{
    struct fixture fixture;
    unsigned slot = 0;
    unsigned other = 0;
    (void)state;

    fixture_make(&fixture);
    assert_true(feature_table_find(&fixture.features, SPAN("mypage"), &slot));
    assert_int_equal(feature_table_slot(&fixture.features, SPAN("page"), &other),
                     ERR_NONE);
    uint64_t mypage = UINT64_C(1) << slot;
    uint64_t page = UINT64_C(1) << other;
    open_at(&fixture, AT_MS, mypage, DETECTOR_GRANTED_MARKER);
    open_at(&fixture, AT_MS, FEATURE_LOGIN_BIT, DETECTOR_OWNER_MARKER);
    open_at(&fixture, AT_MS, page, DETECTOR_GRANTED_MARKER);
    doubt(&fixture, AT_MS + 1, AT_MS + 1, 1, JOURNAL_UNINSPECTED, 0);
    doubt(&fixture, AT_MS + 1, AT_MS + 1, 2, JOURNAL_UNINSPECTED, FEATURE_LOGIN_BIT);
    doubt(&fixture, AT_MS + 1, AT_MS + 1, 4, JOURNAL_UNINSPECTED, mypage);
    doubt(&fixture, AT_MS + 1, AT_MS + 1, 8, JOURNAL_UNINSPECTED, mypage | page);
    doubt(&fixture, AT_MS + 1, AT_MS + 1, 16, JOURNAL_UNINSPECTED, page);
    assert_int_equal(count_of(&fixture, 1, 0, 0).upper_bound, 12);
    assert_int_equal(count_of(&fixture, 2, 0, 0).upper_bound, 31);
    assert_int_equal(count_of(&fixture, 3, 0, 0).upper_bound, 24);
    assert_int_equal(count_of(&fixture, 0, AT_MS, AT_MS + 1000).upper_bound, 31);
    fixture_remove(&fixture);
}

/* Where no incident begins or ends there is no edge: ten minutes are one row. */
static void a_range_that_was_asked_for_counts_what_it_touches(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    open_at(&fixture, AT_MS - TEN_MINUTES_MS, FEATURE_LOGIN_BIT, DETECTOR_OWNER_MARKER);
    unmarked(&fixture, AT_MS + 1000, 1);
    unmarked(&fixture, AT_MS + 300000, 2);
    unmarked(&fixture, AT_MS + TEN_MINUTES_MS, 4);
    unmarked(&fixture, AT_MS - 1, 8);
    assert_int_equal(
        count_of(&fixture, 0, AT_MS - TEN_MINUTES_MS, AT_MS + 2000).upper_bound, 11);
    assert_int_equal(fixture_ask(&fixture, "SELECT count(*) FROM doubts"), 3);
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_added_up_to_the_upper_bound),
        cmocka_unit_test(what_was_before_the_first_display_is_not_counted),
        cmocka_unit_test(what_came_after_the_end_is_not_counted),
        cmocka_unit_test(what_lies_across_the_edge_is_counted),
        cmocka_unit_test(each_incident_has_its_own_window),
        cmocka_unit_test(
            an_incident_of_a_feature_counts_its_routes_alone_and_one_of_login_all),
        cmocka_unit_test(a_range_that_was_asked_for_counts_what_it_touches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
