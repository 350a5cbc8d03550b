#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "record/dossier_print.h"
#include "support/test.h"

static struct dossier_screen screens[] = {{.screen = "=cmd|'/c calc'!A1",
                                           .shows = "a \"name\"\x1fhis, or her, age",
                                           .displays = 2,
                                           .cases = 1}};
static struct dossier_person persons[] = {
    {.name = "<script>alert(1)</script>", .id = "1", .identified = true, .as_viewer = 1},
    {.name = "b\xff\x01\"&\xc2\x9b"
             "1\xc2\xa0",
     .id = "2",
     .identified = true,
     .as_subject = 1},
};
static struct dossier_case cases[] = {{.viewer = 0,
                                       .subject = 1,
                                       .screens = 1,
                                       .displays = 2,
                                       .withheld = 2,
                                       .strong = true,
                                       .first_ms = 1700000000000,
                                       .last_ms = 1700000000000,
                                       .screen_names = "<top>"}};
static struct dossier_event events[] = {
    {.at_ms = 1700000000000, .kind = DOSSIER_MARK, .detail = "</title><b>deploy"}};

static const struct dossier HOSTILE = {
    .scope = {.incident = 1, .now_ms = 1700000000000, .reveal = true},
    .from_ms = 1700000000000,
    .to_ms = 1700000000000,
    .detected_ms = 1700000000000,
    .incident_count = 1,
    .feature = "login",
    .detector = "owner-marker",
    .reason = "other-owner",
    .closing = "",
    .screens = screens,
    .screen_count = 1,
    .events = events,
    .event_count = 1,
    .persons = persons,
    .person_count = 2,
    .cases = cases,
    .case_count = 1,
};

static char *print_of(const struct dossier *dossier, enum dossier_format format,
                      enum dossier_lang lang)
{
    static char text[1 << 20];
    struct page page = {0};

    dossier_print(dossier, format, lang, &page);
    struct span printed = page_text(&page);
    assert_in_range(printed.len, 1, sizeof(text) - 1);
    memcpy(text, printed.ptr, printed.len);
    text[printed.len] = '\0';
    page_free(&page);
    return text;
}

static char *print(enum dossier_format format, enum dossier_lang lang)
{
    return print_of(&HOSTILE, format, lang);
}

static void an_incident_of_no_feature_says_so(void **state)
{
    struct dossier dossier = HOSTILE;

    (void)state;
    dossier.feature = "";
    assert_non_null(strstr(print_of(&dossier, DOSSIER_TEXT, DOSSIER_EN), "Feature: -\n"));
    assert_non_null(strstr(print_of(&dossier, DOSSIER_HTML, DOSSIER_EN), "Feature: -<"));
}

static void html_escapes_whatever_stands_in_the_ledger(void **state)
{
    (void)state;
    for (int lang = DOSSIER_EN; lang <= DOSSIER_JA; lang++) {
        const char *text = print(DOSSIER_HTML, (enum dossier_lang)lang);
        const char *script = strstr(text, "<script"); /* Ours, the one behind all text. */
        assert_non_null(script);
        assert_null(strstr(script + 1, "<script"));
        assert_non_null(strstr(script, "</script></body></html>"));
        assert_null(strstr(text, "<b>deploy"));
        assert_null(strstr(text, "<top>"));
        assert_non_null(strstr(text, "&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert_null(strchr(text, '\xff'));
        assert_null(strchr(text, '\x01'));
        assert_null(strstr(text, "\xc2\x9b"));
    }
}

/* A comma within an item is none between two. */
static void what_a_screen_shows_is_a_list_for_programs_and_a_text_for_people(void **state)
{
    (void)state;
    assert_non_null(strstr(print(DOSSIER_JSON, DOSSIER_JA),
                           "\"shows\":[\"a \\\"name\\\"\",\"his, or her, age\"]"));
    for (int format = DOSSIER_TEXT; format <= DOSSIER_CSV; format++) {
        const char *text = print((enum dossier_format)format, DOSSIER_EN);
        bool people = format != DOSSIER_JSON;
        assert_int_equal(strstr(text, ", his, or her, age") != NULL, people);
        text = print((enum dossier_format)format, DOSSIER_JA);
        assert_int_equal(strstr(text, "、his, or her, age") != NULL, people);
        assert_null(strchr(text, '\x1f'));
    }
}

static void csv_cells_are_no_formulas(void **state)
{
    (void)state;
    const char *text = print(DOSSIER_CSV, DOSSIER_EN);
    assert_non_null(strstr(text, "\"'=cmd|'/c calc'!A1\""));
    assert_non_null(strstr(text, "\"a \"\"name\"\", his"));
    assert_null(strstr(text, "\"=cmd"));
}

static void text_has_no_control_bytes(void **state)
{
    (void)state;
    const char *text = print(DOSSIER_TEXT, DOSSIER_JA);
    assert_null(strchr(text, '\x01'));
    assert_null(strstr(text, "\xc2\x9b"));
    assert_non_null(strstr(text, "\"& 1\xc2\xa0"));
    assert_non_null(strstr(text, "個人情報保護法"));
}

static void json_has_the_keys_of_the_contract(void **state)
{
    static const char *const keys[] = {"\"cases\":",        "\"pairs\":",
                                       "\"mutual_pairs\":", "\"subjects\":",
                                       "\"viewers\":",      "\"both\":",
                                       "\"displays\":",     "\"viewers_unidentified\":",
                                       "\"screens\":",      "\"grants\":",
                                       "\"timeline\":",     "\"outcomes\":{\"withheld\":",
                                       "\"writes\":",       "\"upper_bound\":"};
    (void)state;

    const char *text = print(DOSSIER_JSON, DOSSIER_EN);
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (strstr(text, keys[i]) == NULL) {
            fail_msg("%s is missing", keys[i]);
        }
    }
}

/* Of each outcome eight numbers that stand nowhere else. */
static void set_tallies(struct dossier *dossier)
{
    static const enum dossier_part PARTS[] = {DOSSIER_WITHHELD, DOSSIER_CUT,
                                              DOSSIER_DELIVERED};

    for (unsigned i = 0; i < 3; i++) {
        uint64_t base = 70000 + UINT64_C(1000) * i;
        dossier->tallies[PARTS[i]] = (struct dossier_tally){
            .displays = base + 1,
            .cases = base + 2,
            .pairs = base + 3,
            .mutual_pairs = base + 4,
            .subjects = base + 5,
            .viewers = base + 6,
            .viewers_unidentified = base + 7,
            .both = base + 8,
        };
    }
}

__attribute__((format(printf, 2, 3))) static void expect_line(const char *text,
                                                              const char *form, ...)
{
    char line[256];
    va_list values;

    va_start(values, form);
    (void)vsnprintf(line, sizeof(line), form, values);
    va_end(values);
    if (strstr(text, line) == NULL) {
        fail_msg("\"%s\" is missing in %s", line, text);
    }
}

static const struct {
    const char *key;
    const char *words[2];
} TALLY[] = {{"displays", {"displays", "表示回数"}},
             {"cases", {"cases", "件数"}},
             {"pairs", {"pairs", "組数"}},
             {"mutual_pairs", {"of these, in both directions", "うち双方向の組"}},
             {"subjects", {"subjects", "情報の本人"}},
             {"viewers", {"viewers", "表示先の方"}},
             {"viewers_unidentified", {"of these, not identified", "うち特定できない方"}},
             {"both", {"persons who are both", "双方に該当する方"}}};

enum {
    TALLY_COUNT = sizeof(TALLY) / sizeof(*TALLY),
};

static void programs_have_every_figure_of_every_outcome(void **state)
{
    static const char *const outcomes[] = {"withheld", "cut", "delivered"};
    struct dossier dossier = HOSTILE;
    (void)state;

    set_tallies(&dossier);
    for (unsigned i = 0; i < 3 * TALLY_COUNT; i++) {
        unsigned figure = i % TALLY_COUNT;
        unsigned value = 70001 + 1000 * (i / TALLY_COUNT) + figure;
        expect_line(print_of(&dossier, DOSSIER_CSV, DOSSIER_EN),
                    "\"outcomes\",\"%s\",\"%s\",\"%u\"\r\n", outcomes[i / TALLY_COUNT],
                    TALLY[figure].key, value);
        expect_line(print_of(&dossier, DOSSIER_JSON, DOSSIER_EN), "\"%s\":%u",
                    TALLY[figure].key, value);
    }
}

static void people_have_every_figure_of_every_outcome(void **state)
{
    struct dossier dossier = HOSTILE;
    (void)state;

    set_tallies(&dossier);
    for (unsigned i = 0; i < 2 * TALLY_COUNT; i++) {
        unsigned figure = i % TALLY_COUNT;
        enum dossier_lang lang = i < TALLY_COUNT ? DOSSIER_EN : DOSSIER_JA;
        const char *word = TALLY[figure].words[lang == DOSSIER_JA];
        unsigned value = 70001 + figure;
        expect_line(print_of(&dossier, DOSSIER_HTML, lang),
                    ">%s</td><td class=n>%u</td><td class=n>%u</td><td class=n>%u</td>",
                    word, value, value + 1000, value + 2000);
        const char *text = print_of(&dossier, DOSSIER_TEXT, lang);
        for (unsigned k = 0; k < 3; k++) {
            if (figure == 0) { /* In front of the outcome. */
                expect_line(text, "\n%8u  ", value + 1000 * k);
            } else {
                expect_line(text, "\n%16u  %s\n", value + 1000 * k, word);
            }
        }
    }
}

static void the_clocks_run_from_detection(void **state)
{
    (void)state;
    const char *text = print(DOSSIER_JSON, DOSSIER_EN);
    assert_non_null(strstr(text, "\"gdpr_33\":\"2023-11-17T22:13:20.000Z\""));
    assert_non_null(
        strstr(text, "\"appi_preliminary_latest\":\"2023-11-19T22:13:20.000Z\""));
    assert_non_null(strstr(text, "\"appi_final\":\"2023-12-14T22:13:20.000Z\""));
}

static void formats_and_languages_have_their_words(void **state)
{
    enum dossier_format format = DOSSIER_TEXT;
    enum dossier_lang lang = DOSSIER_EN;
    (void)state;

    assert_true(dossier_format_of(SPAN("html"), &format));
    assert_int_equal(format, DOSSIER_HTML);
    assert_false(dossier_format_of(SPAN("pdf"), &format));
    assert_true(dossier_lang_of(SPAN("ja"), &lang));
    assert_int_equal(lang, DOSSIER_JA);
    assert_false(dossier_lang_of(SPAN("fr"), &lang));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incident_of_no_feature_says_so),
        cmocka_unit_test(html_escapes_whatever_stands_in_the_ledger),
        cmocka_unit_test(
            what_a_screen_shows_is_a_list_for_programs_and_a_text_for_people),
        cmocka_unit_test(csv_cells_are_no_formulas),
        cmocka_unit_test(text_has_no_control_bytes),
        cmocka_unit_test(json_has_the_keys_of_the_contract),
        cmocka_unit_test(programs_have_every_figure_of_every_outcome),
        cmocka_unit_test(people_have_every_figure_of_every_outcome),
        cmocka_unit_test(the_clocks_run_from_detection),
        cmocka_unit_test(formats_and_languages_have_their_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
