#include <string.h>

#include "record/dossier_say.h"
#include "support/test.h"

static struct dossier_screen screens[] = {
    {.screen = "My page",
     .shows = "name\x1f"
              "age",
     .displays = 3,
     .left = 2,
     .cases = 2},
    {.screen = "Form", .shows = "address", .displays = 1, .cases = 1}};
static struct dossier_person persons[] = {
    {.name = "u-a", .id = "1", .identified = true, .as_viewer = 1, .received = true},
    {.name = "u-b", .id = "2", .identified = true, .as_subject = 1, .left = true}};
static struct dossier_case cases[] = {
    {.viewer = 0, .subject = 1, .displays = 3, .withheld = 1, .screen_names = "My page"}};
static struct dossier_event events[] = {{.at_ms = 1700000000000,
                                         .kind = DOSSIER_FIRST_DISPLAY,
                                         .withheld = true,
                                         .detail = "My page"},
                                        {.at_ms = 1700000001000,
                                         .kind = DOSSIER_TAKE_DOWN,
                                         .about = "login",
                                         .detail = "other-owner",
                                         .who = "countermark"},
                                        {.at_ms = 1700000002000,
                                         .kind = DOSSIER_REOPENING,
                                         .about = "login",
                                         .detail = "repaired",
                                         .who = "oncall"}};

/* An incident of which `left` of `all` displays left the proxy. */
static struct dossier made_of(uint64_t all, uint64_t left)
{
    return (struct dossier){
        .scope = {.incident = 7,
                  .now_ms = 1700000000000,
                  .reveal = true,
                  .site = "www.example.jp"},
        .from_ms = 1700000000000,
        .to_ms = 1700000100000,
        .first_ms = 1700000000000,
        .last_ms = 1700000000000,
        .detected_ms = 1700000000000,
        .incident_count = 1,
        .feature = "login",
        .detector = "owner-marker",
        .reason = "other-owner",
        .closing = "",
        .tallies = {[DOSSIER_ALL] =
                        {.displays = all, .cases = all, .subjects = all, .viewers = 1},
                    [DOSSIER_WITHHELD] = {.displays = all - left, .cases = all - left},
                    [DOSSIER_DELIVERED] = {.displays = left},
                    [DOSSIER_LEFT] = {.displays = left,
                                      .cases = left,
                                      .subjects = left,
                                      .viewers = left > 0 ? 1 : 0}},
        .screens = screens,
        .screen_count = 2,
        .events = events,
        .event_count = 3,
        .persons = persons,
        .person_count = 2,
        .cases = cases,
        .case_count = 1,
    };
}

static const char *print(const struct dossier *dossier, enum dossier_format format,
                         enum dossier_lang lang)
{
    static char text[1 << 18];
    struct page page = {0};

    dossier_print(dossier, format, lang, &page);
    assert_true(span_copy(page_text(&page), text, sizeof(text)));
    page_free(&page);
    return text;
}

static void expect(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is missing in %s", part, text);
    }
}

static void expect_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL) {
        fail_msg("\"%s\" stands in %s", part, text);
    }
}

/* `part` stands in the tag that begins at `text`. */
static void expect_in_tag(const char *text, const char *part)
{
    const char *found = strstr(text, part);
    assert_non_null(found);
    assert_true(found < strchr(text, '\n'));
}

static void what_was_withheld_was_not_shown(void **state)
{
    static const char *const never[] = {"was shown (",           "who saw it",
                                        "whose data was shown<", "Screens showed",
                                        "screens showed",        "Persons to notify"};
    struct dossier dossier = made_of(2, 0);
    (void)state;

    screens[0].left = 0;
    const char *text = print(&dossier, DOSSIER_HTML, DOSSIER_EN);
    expect(text,
           "<h1>Report: other people&#39;s data was about to be shown; nothing left "
           "the proxy (incident 7, www.example.jp)</h1>");
    expect(text,
           "Nothing left the proxy: 2 displays were withheld before the first byte.");
    expect(text, "persons whose data was about to be shown");
    expect(text, "Persons concerned: nothing of their data left the proxy");
    expect(text, "Nothing left the proxy. In what was withheld: name, age / address.");
    for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
        expect_not(text, never[i]);
    }
    text = print(&dossier, DOSSIER_TEXT, DOSSIER_JA);
    expect(text, "他人の情報が表示されかけた事案の報告（すべて遮断し、外部には出ていませ"
                 "ん）（事案番号7、www.example.jp）");
    expect(text, "外部に出た情報はありません。2回の表示は、すべて");
    expect_not(text, "閲覧した方");
    expect_not(text, "閲覧された方");
    screens[0].left = 2;
}

static void what_left_and_what_was_withheld_are_told_apart(void **state)
{
    struct dossier dossier = made_of(4, 3);
    (void)state;

    const char *text = print(&dossier, DOSSIER_HTML, DOSSIER_EN);
    expect(text, "was shown; a part was withheld (incident 7");
    expect(text,
           "Of 4 displays, 3 left the proxy and 1 was withheld before the first byte.");
    expect(text, "Persons whose data left the proxy: 3. Persons who received it: 1.");
    expect(text, "Persons whose data was about to be shown but was withheld: 1.");
    expect(
        text,
        "In what left the proxy: name, age. In what was withheld: name, age / address.");
    expect(text, "Persons to notify");
    expect(text,
           "<td>u-b</td><td class=n>1</td><td class=n>0</td><td>yes</td><td>no</td>");
    expect(text,
           "<td>u-a</td><td class=n>0</td><td class=n>1</td><td>no</td><td>yes</td>");
}

static void what_was_shown_is_said_to_have_been_shown(void **state)
{
    struct dossier dossier = made_of(1, 1);
    (void)state;

    const char *text = print(&dossier, DOSSIER_TEXT, DOSSIER_EN);
    expect(text, "Report: other people's data was shown (incident 7, www.example.jp)");
    expect(text, "1 display left the proxy; none was withheld.");
    expect(text, "Persons whose data was shown: 1. Persons who saw it: 1.");
    expect_not(text, "about to");
}

static void what_may_have_left_is_not_said_to_have_stayed(void **state)
{
    struct dossier dossier = made_of(0, 0);
    (void)state;

    dossier.one_of_two = 2;
    dossier.one_of_two_left = 1;
    const char *text = print(&dossier, DOSSIER_TEXT, DOSSIER_EN);
    expect(text, "data may have been shown");
    expect(text, "1 response that may show another person's data left the proxy");
    expect_not(text, "Nothing left the proxy");
}

static void a_drill_is_called_a_drill_and_asks_for_nothing(void **state)
{
    static const char *const never[] = {"Deadlines",  "報告期限", "GDPR",
                                        "APPI",       "Final",    "確報",
                                        "class=hand", "was shown"};
    struct dossier dossier = made_of(0, 0);
    (void)state;

    dossier.drill = true;
    for (int format = DOSSIER_TEXT; format <= DOSSIER_CSV; format++) {
        const char *text = print(&dossier, (enum dossier_format)format, DOSSIER_EN);
        expect(text, "Drill: a made-up incident with people who do not exist");
        expect(text, "This was a drill. The people in it do not exist");
        expect(text, "nobody must be notified");
        for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
            expect_not(text, never[i]);
        }
        expect_not(text, "_33\"");
        text = print(&dossier, (enum dossier_format)format, DOSSIER_JA);
        expect(text, "訓練の記録");
        expect(text, "これは訓練です。");
    }
}

static void measures_tell_of_the_take_down_and_of_the_reopening(void **state)
{
    struct dossier dossier = made_of(2, 0);
    (void)state;

    const char *text = print(&dossier, DOSSIER_TEXT, DOSSIER_EN);
    expect(text, "2 displays withheld before the first byte left. Take-down: ");
    expect(text, "login: other-owner (countermark). Reopening: ");
    expect(text, "login: repaired (oncall). [");
    text = print(&dossier, DOSSIER_TEXT, DOSSIER_JA);
    expect(text, "login：repaired（oncall）。");
}

/* As in the console: red is what left, dashed what was withheld. */
static void the_drawing_is_red_where_bytes_left(void **state)
{
    struct dossier dossier = made_of(2, 0);
    (void)state;

    const char *text = strstr(print(&dossier, DOSSIER_HTML, DOSSIER_EN), "<path");
    assert_non_null(text);
    expect_in_tag(text, "stroke=\"#4b5563\" stroke-width=\"1.4\" stroke-dasharray");
    cases[0].delivered = 2;
    text = strstr(print(&dossier, DOSSIER_HTML, DOSSIER_EN), "<path");
    assert_non_null(text);
    expect_in_tag(text, "stroke=\"#b42318\" stroke-width=\"1.4\"/>");
    cases[0].delivered = 0;
}

/* No figure of zero is told in prose, and no sentence ends in a semicolon. */
static void prose_is_prose(void **state)
{
    struct dossier dossier = made_of(2, 0);
    (void)state;

    const char *text = print(&dossier, DOSSIER_TEXT, DOSSIER_EN);
    expect_not(text, ": 0;");
    expect_not(text, "; \n");
    expect_not(text, ") (");
    expect(text, "\n       2  withheld (no byte left)\n               2  cases\n");
}

static void japanese_has_full_width_punctuation(void **state)
{
    (void)state;
    for (int i = 0; i < WORD_COUNT; i++) {
        const char *english = dossier_say(DOSSIER_EN, (enum dossier_word)i);
        const char *japanese = dossier_say(DOSSIER_JA, (enum dossier_word)i);
        assert_true(english[0] != '\0' && japanese[0] != '\0');
        if (strpbrk(japanese, "():,;.!?") != NULL) {
            fail_msg("half-width punctuation: %s", japanese);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_withheld_was_not_shown),
        cmocka_unit_test(what_left_and_what_was_withheld_are_told_apart),
        cmocka_unit_test(what_was_shown_is_said_to_have_been_shown),
        cmocka_unit_test(what_may_have_left_is_not_said_to_have_stayed),
        cmocka_unit_test(a_drill_is_called_a_drill_and_asks_for_nothing),
        cmocka_unit_test(measures_tell_of_the_take_down_and_of_the_reopening),
        cmocka_unit_test(the_drawing_is_red_where_bytes_left),
        cmocka_unit_test(prose_is_prose),
        cmocka_unit_test(japanese_has_full_width_punctuation),
    };
    return RUN_TESTS(tests);
}
