#include <stdlib.h>

#include "app/report.h"
#include "support/test.h"

enum { PAGE_SIZE = 1024 };

static const struct place PLACE = {.source = "f"};

static void report_page_has_first_what_matters_most(void **state)
{
    (void)state;
    char page[PAGE_SIZE];
    struct report *report = report_new();
    const char *wanted = "f: wrong\nf: warning: weaker: it\nf: warning: old\nf: note\n";

    report_note(report, PLACE, "note");
    report_warning(report, PLACE, "old");
    report_warning(report, PLACE, "weaker: %s", "it");
    report_error(report, PLACE, "wrong");
    struct span text = report_page(report, page, sizeof(page));
    assert_int_equal(text.len, strlen(wanted));
    assert_memory_equal(text.ptr, wanted, text.len);
    report_free(&report);
}

static void report_page_says_what_it_leaves_out(void **state)
{
    (void)state;
    enum { COUNT = REPORT_PROBLEMS_MAX + 5 };
    char page[PAGE_SIZE];
    struct report *report = report_new();

    for (int i = 0; i < COUNT - 1; i++) {
        report_note(report, PLACE, "%s", "a note of thirty bytes or some");
    }
    report_error(report, PLACE, "kept nowhere");
    struct span text = report_page(report, page, sizeof(page) - 1);
    page[text.len] = '\0';
    const char *end = strstr(page, "and ");
    assert_non_null(end);
    size_t lines = 0;
    for (const char *it = page; it < end; it++) {
        lines += *it == '\n' ? 1 : 0;
    }
    assert_in_range(lines, 20, 40);
    assert_int_equal(strtoul(end + 4, NULL, 10), COUNT - lines);
    assert_non_null(strstr(end, " more\n"));
    report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(report_page_has_first_what_matters_most),
        cmocka_unit_test(report_page_says_what_it_leaves_out),
    };
    return RUN_TESTS(tests);
}
