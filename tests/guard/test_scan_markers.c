/*
 * The matcher is a library whose releases have missed matches, so what the scanner asks
 * of it is tried here: every literal, at every place, next to what looks like it.
 */
#include "support/scan_case.h"

static const char *const SELECTORS[] = {"meta:user-marker", "attr:data-user-id",
                                        "regex:u='([^']+)'", "regex:uid=([0-9]+);", NULL};

static const char FILLERS[] = "<mu'd-=iaetx \n";

static void expect_found(struct scan_case *markers, const char *text, uint32_t *seed_p)
{
    static char said[SCAN_CASE_TEXT];
    struct scan_case_input input = {.kind = SCAN_KIND_TEXT, .text = span_of(text)};
    for (int i = 0; i < 2; i++) {
        scan_case_run(markers, input, i == 0 ? SCAN_CASE_WHOLE : SCAN_CASE_RANDOM, seed_p,
                      said);
        assert_string_equal(said, "2?=v 3?=7");
    }
}

static void matcher_sees_the_beginnings_of_patterns_at_every_place(void **state)
{
    (void)state;
    uint32_t seed = 31;
    char text[700];
    struct scan_case markers;
    scan_case_open(&markers, SELECTORS);
    for (size_t before = 0; before < 400; before++) {
        for (size_t i = 0; i < sizeof(FILLERS) - 1; i++) {
            memset(text, FILLERS[i], sizeof(text));
            char filler = FILLERS[i];
            if (filler == '\'') {
                filler = 'y';
            }
            memset(text, filler, before);
            (void)snprintf(text + before, sizeof(text) - before, "u='v'%*suid=7;%*s",
                           (int)(before % 70), "", (int)(before % 33), "");
            expect_found(&markers, text, &seed);
        }
    }
    scan_case_close(&markers);
}

static void matcher_sees_tags_at_every_place(void **state)
{
    (void)state;
    static char said[SCAN_CASE_TEXT];
    uint32_t seed = 33;
    char text[1600];
    struct scan_case markers;
    scan_case_open(&markers, SELECTORS);
    for (size_t before = 0; before < 400; before++) {
        memset(text, "xm-d"[before % 4], before);
        (void)snprintf(text + before, sizeof(text) - before,
                       "<MeTa%*sname=user-marker content=a>%*s<p %*sDATA-user-ID=b>",
                       (int)(before % 37) + 1, "", (int)(before % 61), "",
                       (int)(before % 53), "");
        struct scan_case_input input = {.kind = SCAN_KIND_HTML, .text = span_of(text)};
        for (int i = 0; i < 3; i++) {
            scan_case_run(&markers, input, (enum scan_case_cut)i, &seed, said);
            assert_string_equal(said, "0=a 1=b");
        }
    }
    scan_case_close(&markers);
}

static void regex_finds_values_of_every_length(void **state)
{
    (void)state;
    static char said[SCAN_CASE_TEXT];
    static const char *const PATTERNS[] = {"regex:u='([^']+)'", "regex:u='([^']*)'",
                                           "regex:u='(.+)'", "regex:(?:^|x)u='([^']+)'",
                                           "regex:(?i)U='(\\w+)'"};
    uint32_t seed = 35;
    for (size_t i = 0; i < sizeof(PATTERNS) / sizeof(PATTERNS[0]); i++) {
        const char *const selectors[] = {PATTERNS[i], NULL};
        char text[300] = "u='";
        char expected[300] = "0?=";
        struct scan_case markers;
        scan_case_open(&markers, selectors);
        for (size_t len = 1; len <= MARKER_VALUE_MAX; len++) {
            memset(text + 3, 'v', len);
            memset(expected + 3, 'v', len);
            text[3 + len] = '\'';
            struct scan_case_input input = {.kind = SCAN_KIND_HTML,
                                            .text = span_first(span_of(text), len + 4)};
            for (int cut = 0; cut < 3; cut++) {
                scan_case_run(&markers, input, (enum scan_case_cut)cut, &seed, said);
                assert_string_equal(said, expected);
            }
        }
        scan_case_close(&markers);
    }
}

static void regex_with_alternatives_is_searched_everywhere(void **state)
{
    (void)state;
    static const struct {
        const char *selector;
        const char *text;
        const char *expected;
    } ROWS[] = {
        {"regex:ab(c)|de(f)", "def abc", "0?=c"},
        {"regex:ab(?:x|y)(c)", "abxc abyc abc", "0?=c"},
        {"regex:ab[(](c)|de[)](f)|gh(i)", "ab(c", "0?=c"},
        {"regex:ab[|](c)", "ab|c", "0?=c"},
        {"regex:ab?(c)", "ac", "0?=c"},
        {"regex:ab{0,2}(c)", "ac", "0?=c"},
        {"regex:a\\.b\\/(c)", "axb/d a.b/c", "0?=c"},
        {"regex:ab\\|(c)", "ab|c", "0?=c"},
        {"regex:(u=\\d)", "u=1u=2", "0?=u=1 0?=u=2"},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        const char *const selectors[] = {ROWS[i].selector, NULL};
        struct scan_case markers;
        scan_case_open(&markers, selectors);
        struct scan_case_input input = {.kind = SCAN_KIND_TEXT,
                                        .text = span_of(ROWS[i].text)};
        scan_case_expect(&markers, input, ROWS[i].expected);
        scan_case_close(&markers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matcher_sees_the_beginnings_of_patterns_at_every_place),
        cmocka_unit_test(matcher_sees_tags_at_every_place),
        cmocka_unit_test(regex_finds_values_of_every_length),
        cmocka_unit_test(regex_with_alternatives_is_searched_everywhere),
    };
    return RUN_TESTS(tests);
}
