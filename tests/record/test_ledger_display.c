#include "record/dossier.h"
#include "record/fixture.h"

static void show(struct fixture *fixture, enum journal_outcome outcome)
{
    struct journal_entry entry = fixture_display("a", "b", "top");

    entry.outcome = outcome;
    assert_true(fixture_post(fixture, &entry).committed);
}

/* The first one that left is evidence of its own, not one more of what was withheld. */
static void what_left_and_what_was_withheld_are_rows_apart(void **state)
{
    struct fixture fixture;
    uint64_t rows = 0;
    (void)state;

    fixture_make(&fixture);
    show(&fixture, JOURNAL_WITHHELD);
    show(&fixture, JOURNAL_DELIVERED);
    show(&fixture, JOURNAL_WITHHELD);
    show(&fixture, JOURNAL_CUT);
    fixture_shell(&fixture, "test \"$(sqlite3 ledger.db \"SELECT group_concat(outcome ||"
                            " count || withheld || cut || delivered, ' ') FROM (SELECT *"
                            " FROM displays ORDER BY seq)\")\" ="
                            " 'withheld2200 delivered1001 cut1010'");
    struct query_figures figures = fixture_figures(&fixture, 1);
    assert_int_equal(figures.displays, 4);
    assert_int_equal(figures.withheld, 2);
    assert_int_equal(figures.cut, 1);
    assert_int_equal(figures.delivered, 1);
    assert_int_equal(figures.cases, 1);
    assert_int_equal(fixture_verify(&fixture, &rows, NULL), ERR_NONE);
    assert_int_equal(rows, 4);
    fixture_remove(&fixture);
}

static void a_case_of_several_outcomes_is_one_case_with_each_screen_once(void **state)
{
    struct fixture fixture;
    struct dossier *dossier = NULL;
    const struct dossier_scope scope = {.incident = 1, .now_ms = 1700000100000};
    (void)state;

    fixture_make(&fixture);
    show(&fixture, JOURNAL_DELIVERED);
    show(&fixture, JOURNAL_WITHHELD);
    assert_int_equal(dossier_new(fixture.directory, &scope, NULL, &dossier), ERR_NONE);
    assert_int_equal(dossier->case_count, 1);
    assert_string_equal(dossier->cases[0].screen_names, "top");
    assert_int_equal(dossier->cases[0].screens, 1);
    assert_int_equal(dossier->cases[0].displays, 2);
    assert_int_equal(dossier->cases[0].withheld, 1);
    assert_int_equal(dossier->cases[0].delivered, 1);
    assert_int_equal(dossier->tallies[DOSSIER_WITHHELD].displays, 1);
    assert_int_equal(dossier->tallies[DOSSIER_DELIVERED].displays, 1);
    assert_int_equal(dossier->tallies[DOSSIER_ALL].cases, 1);
    assert_int_equal(dossier->screens[0].cases, 1);
    assert_int_equal(dossier->screens[0].displays, 2);
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

/* One page that shows `first`, then the other two of b, c and d. */
static void show_three(struct fixture *fixture, const char *first,
                       enum journal_outcome outcome, bool one_of_two)
{
    static const char *const NAMES[] = {"b", "c", "d"};
    struct journal_entry entry = fixture_display("a", first, "list");
    struct journal_subject more[2];

    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(NAMES[i], first) != 0) {
            more[entry.more_count++] = (struct journal_subject){
                .value = span_of(NAMES[i]), .detector = DETECTOR_OWNER_MARKER};
        }
    }
    entry.more = more;
    entry.outcome = outcome;
    entry.one_of_two = one_of_two;
    assert_true(fixture_post(fixture, &entry).committed);
}

/* As countermark_displays_total counts it; cases and people are counted for each. */
static void a_page_with_several_subjects_is_one_display_in_every_figure(void **state)
{
    struct fixture fixture;
    struct dossier *dossier = NULL;
    const struct dossier_scope scope = {.incident = 1, .now_ms = 1700000100000};
    (void)state;

    fixture_make(&fixture);
    show_three(&fixture, "b", JOURNAL_WITHHELD, false);
    show_three(&fixture, "c", JOURNAL_WITHHELD, false);
    show_three(&fixture, "d", JOURNAL_CUT, false);
    show_three(&fixture, "b", JOURNAL_DELIVERED, true);
    assert_int_equal(dossier_new(fixture.directory, &scope, NULL, &dossier), ERR_NONE);
    assert_int_equal(dossier->tallies[DOSSIER_ALL].displays, 3);
    assert_int_equal(dossier->tallies[DOSSIER_WITHHELD].displays, 2);
    assert_int_equal(dossier->tallies[DOSSIER_CUT].displays, 1);
    assert_int_equal(dossier->tallies[DOSSIER_LEFT].displays, 1);
    assert_int_equal(dossier->tallies[DOSSIER_DELIVERED].displays, 0);
    assert_int_equal(dossier->tallies[DOSSIER_ALL].cases, 3);
    assert_int_equal(dossier->tallies[DOSSIER_CUT].cases, 3);
    assert_int_equal(dossier->screens[0].displays, 3);
    assert_int_equal(dossier->screens[0].left, 1);
    assert_int_equal(dossier->screens[0].cases, 3);
    assert_int_equal(dossier->one_of_two, 1);
    assert_int_equal(dossier->one_of_two_left, 1);
    assert_int_equal(dossier->case_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(dossier->cases[i].displays, 3);
        assert_int_equal(dossier->cases[i].withheld, 2);
    }
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

static void expect_text(const struct json_write *out, const char *part)
{
    struct span text = json_write_result(out);
    assert_non_null(memmem(text.ptr, text.len, part, strlen(part)));
}

static void the_api_counts_a_page_with_several_subjects_once(void **state)
{
    struct fixture fixture;
    struct query *query = NULL;
    struct json_write out;
    uint64_t rows = 0;
    (void)state;

    fixture_make(&fixture);
    show_three(&fixture, "b", JOURNAL_WITHHELD, false);
    show_three(&fixture, "c", JOURNAL_DELIVERED, false);
    json_write_init(&out, 65536);
    assert_int_equal(query_open(fixture.directory, &query, NULL), ERR_NONE);
    assert_int_equal(query_incident(query, 1, false, 100, &out), ERR_NONE);
    expect_text(&out, "\"displays\":2,\"outcomes\":{\"withheld\":1,\"cut\":0,"
                      "\"delivered\":1},\"cases\":3,");
    expect_text(&out, "\"displays\":2,\"cases\":3}");
    query_close(&query);
    json_write_free(&out);
    assert_int_equal(fixture_ask(&fixture, "SELECT displays FROM incidents"), 2);
    assert_int_equal(fixture_verify(&fixture, &rows, NULL), ERR_NONE);
    assert_int_equal(rows, 7);
    fixture_remove(&fixture);
}

/* Cases, and the head of the chain: behind the last subject. The example is the first
 * subject, which the finding is about. */
static void an_incident_is_told_of_with_all_subjects_of_its_first_page(void **state)
{
    static const struct alert_route routes[] = {{.name = "soc"}};
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    assert_true(recorder_set_alerts(fixture.recorder, routes, 1));
    show_three(&fixture, "b", JOURNAL_CUT, false);
    fixture_shell(&fixture,
                  "test \"$(sqlite3 ledger.db \"SELECT type || json_extract(body,"
                  " '\\$.data.displays', '\\$.data.cases', '\\$.data.outcomes.cut',"
                  " '\\$.data.chain_row') FROM deliveries\")\" ="
                  " 'incident.opened[1,3,1,4]'");
    fixture_shell(&fixture,
                  "test 1 = $(sqlite3 ledger.db \"SELECT count(*) FROM displays,"
                  " deliveries WHERE subject = 'b' AND json_extract(body,"
                  " '\\$.data.subject') = 'u-' || substr(subject_id, 1, 12)\")");
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_left_and_what_was_withheld_are_rows_apart),
        cmocka_unit_test(a_case_of_several_outcomes_is_one_case_with_each_screen_once),
        cmocka_unit_test(a_page_with_several_subjects_is_one_display_in_every_figure),
        cmocka_unit_test(the_api_counts_a_page_with_several_subjects_once),
        cmocka_unit_test(an_incident_is_told_of_with_all_subjects_of_its_first_page),
    };
    return RUN_TESTS(tests);
}
