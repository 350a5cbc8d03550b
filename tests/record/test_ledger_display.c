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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_left_and_what_was_withheld_are_rows_apart),
        cmocka_unit_test(a_case_of_several_outcomes_is_one_case_with_each_screen_once),
    };
    return RUN_TESTS(tests);
}
