#include "record/clock.h"
#include "record/dossier_print.h"
#include "record/fixture.h"

/* Notes have the time of now: a little later the next is later. */
static void step(void)
{
    const struct timespec wait = {.tv_nsec = 3000000};
    (void)nanosleep(&wait, NULL);
}

static void note(struct fixture *fixture, const char *who, const char *summary)
{
    step();
    assert_true(recorder_note_config(fixture->recorder, "h1", who, summary));
    step();
}

static void show(struct fixture *fixture, const char *subject,
                 enum journal_outcome outcome)
{
    struct journal_entry entry = fixture_display("a", subject, "top");

    entry.at_ms = clock_wall_ms();
    entry.outcome = outcome;
    assert_true(fixture_post(fixture, &entry).committed);
}

static struct dossier *make(struct fixture *fixture)
{
    struct dossier *dossier = NULL;
    const struct dossier_scope scope = {.incident = 1, .now_ms = clock_wall_ms() + 1};

    assert_int_equal(dossier_new(fixture->directory, &scope, NULL, &dossier), ERR_NONE);
    return dossier;
}

/* The text of a report; the dossier is freed. */
static const char *text_of(struct dossier *dossier, enum dossier_lang lang)
{
    static char text[65536];
    struct page page = {0};

    dossier_print(dossier, DOSSIER_TEXT, lang, &page);
    assert_true(span_copy(page_text(&page), text, sizeof(text)));
    page_free(&page);
    dossier_free(&dossier);
    return text;
}

static void expect(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is missing in %s", part, text);
    }
}

static void
break_glass_is_on_the_time_line_and_the_reason_of_what_was_delivered(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    note(&fixture, "start", "in force");
    note(&fixture, "oncall", "mode observe for 900 s: the site: is broken");
    show(&fixture, "b", JOURNAL_DELIVERED);
    note(&fixture, "sre", "mode as configured: enough of it");
    show(&fixture, "b", JOURNAL_WITHHELD);
    struct dossier *dossier = make(&fixture);
    assert_int_equal(dossier->glass_count, 1);
    assert_true(dossier->glasses[0].delivered);
    assert_false(dossier->observed);
    const char *text = text_of(dossier, DOSSIER_EN);
    expect(text,
           "Break-glass begins, nothing is withheld  15m: the site: is broken (oncall)");
    expect(text, "Break-glass ends, withheld again  enough of it (sre)");
    expect(text, "Data was delivered because break-glass was in force from ");
    expect(text, "It was ordered by oncall: the site: is broken.");
    expect(text, "Last change of our configuration or mode before the first display: "
                 "Break-glass begins, nothing is withheld: ");
    text = text_of(make(&fixture), DOSSIER_JA);
    expect(text,
           "緊急解除により遮断を行わない状態だったため、情報が届きました。指示者はon"
           "call、理由は「the site: is broken」です。");
    fixture_remove(&fixture);
}

static void what_is_delivered_as_configured_is_not_put_down_to_break_glass(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    note(&fixture, "oncall", "mode observe for 900 s: before");
    note(&fixture, "oncall", "mode as configured: done");
    show(&fixture, "b", JOURNAL_DELIVERED);
    struct dossier *dossier = make(&fixture);
    assert_true(dossier->observed);
    assert_false(dossier->glasses[0].delivered);
    const char *text = text_of(dossier, DOSSIER_EN);
    expect(text, "Data was delivered because the configured mode is observe");
    expect(text, "mode before the first display: Break-glass ends, withheld again: ");
    assert_null(strstr(text, "was in force from"));
    fixture_remove(&fixture);
}

/* A row of before outcomes had rows of their own. */
static void a_row_of_several_outcomes_tells_by_its_first_time(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    note(&fixture, "oncall", "mode observe for 900 s: broken");
    show(&fixture, "b", JOURNAL_DELIVERED);
    note(&fixture, "oncall", "mode as configured: enough");
    fixture_shell(&fixture,
                  "sqlite3 ledger.db 'PRAGMA busy_timeout = 5000; UPDATE displays"
                  " SET count = 2, withheld = 1, last_at = last_at + 60000'"
                  " >/dev/null");
    struct dossier *dossier = make(&fixture);
    assert_true(dossier->glasses[0].delivered);
    assert_false(dossier->observed);
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

static void a_start_ends_break_glass_and_an_upgrade_does_not(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    note(&fixture, "oncall", "mode observe for 900 s: broken");
    note(&fixture, "upgrade", "in force");
    show(&fixture, "b", JOURNAL_DELIVERED);
    note(&fixture, "start", "in force");
    show(&fixture, "c", JOURNAL_DELIVERED);
    struct dossier *dossier = make(&fixture);
    assert_int_equal(dossier->glass_count, 1);
    assert_string_equal(dossier->glasses[0].end_who, "start");
    assert_true(dossier->glasses[0].delivered);
    assert_true(dossier->observed);
    dossier_free(&dossier);
    fixture_remove(&fixture);
}

static void a_second_order_goes_on_from_the_first_and_ends_by_its_time(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    note(&fixture, "oncall", "mode observe for 900 s: broken");
    note(&fixture, "oncall", "mode observe for 90 s: shorter");
    note(&fixture, "oncall", "mode as configured: its time is over");
    show(&fixture, "b", JOURNAL_WITHHELD);
    struct dossier *dossier = make(&fixture);
    assert_int_equal(dossier->glass_count, 2);
    assert_true(dossier->glasses[0].replaced);
    const char *text = text_of(dossier, DOSSIER_JA);
    expect(text, "緊急解除の開始（遮断しない状態）  90s：shorter（oncall）");
    expect(text, "緊急解除の終了（遮断を再開）  期限の終了（oncall）");
    assert_null(strstr(text, "15m")); /* Only the last before the window. */
    fixture_remove(&fixture);
}

static void what_was_withheld_first_and_left_later_is_told_twice(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    show(&fixture, "b", JOURNAL_WITHHELD);
    note(&fixture, "oncall", "mode observe for 900 s: broken");
    show(&fixture, "b", JOURNAL_DELIVERED);
    const char *text = text_of(make(&fixture), DOSSIER_EN);
    expect(text, "First display, withheld  top");
    expect(text, "First display that left the proxy  top");
    assert_null(strstr(text, "Break-glass ends"));
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            break_glass_is_on_the_time_line_and_the_reason_of_what_was_delivered),
        cmocka_unit_test(what_is_delivered_as_configured_is_not_put_down_to_break_glass),
        cmocka_unit_test(a_row_of_several_outcomes_tells_by_its_first_time),
        cmocka_unit_test(a_start_ends_break_glass_and_an_upgrade_does_not),
        cmocka_unit_test(a_second_order_goes_on_from_the_first_and_ends_by_its_time),
        cmocka_unit_test(what_was_withheld_first_and_left_later_is_told_twice),
    };
    return RUN_TESTS(tests);
}
