#include <stdio.h>
#include <string.h>

#include "base/page.h"
#include "record/dossier_print.h"
#include "support/test.h"

static const struct dossier EMPTY = {
    .feature = "", .detector = "", .reason = "", .closing = ""};

static void a_source_is_the_digest_of_exactly_one_text(void **state)
{
    char source[DOSSIER_SOURCE_SIZE_MAX];
    (void)state;

    dossier_source(SPAN(""), source);
    assert_string_equal(source, "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
}

/* What stands between `<tag>` and `</tag>` of the page. */
static struct span content_of(const char *text, const char *tag, const char *end)
{
    const char *from = strstr(text, tag);
    assert_non_null(from);
    from += strlen(tag);
    const char *to = strstr(from, end);
    assert_non_null(to);
    return (struct span){.ptr = (const uint8_t *)from, .len = (size_t)(to - from)};
}

static void the_page_lets_in_its_own_script_and_style_and_nothing_else(void **state)
{
    static char text[65536];
    char source[DOSSIER_SOURCE_SIZE_MAX];
    char wanted[512];
    struct page page = {0};
    (void)state;

    dossier_print(&EMPTY, DOSSIER_HTML, DOSSIER_EN, &page);
    assert_true(span_copy(page_text(&page), text, sizeof(text)));
    page_free(&page);
    dossier_source(content_of(text, "<style>", "</style>"), source);
    int len = snprintf(wanted, sizeof(wanted),
                       "content=\"default-src 'none'; style-src %s; script-src ", source);
    dossier_source(content_of(text, "<script>", "</script>"), source);
    (void)snprintf(wanted + len, sizeof(wanted) - (size_t)len, "%s\">", source);
    assert_non_null(strstr(text, wanted));
    assert_null(strstr(text, "unsafe-"));
    assert_null(strstr(text, " style="));
}

static void a_file_is_named_by_site_and_incident(void **state)
{
    struct dossier_scope scope = {.incident = 7};
    char name[DOSSIER_FILE_NAME_SIZE_MAX];
    (void)state;

    dossier_file_name(&scope, DOSSIER_HTML, DOSSIER_JA, name);
    assert_string_equal(name, "incident-7-ja.html");
    (void)span_copy(SPAN("www.example.jp\"/\r\n"), scope.site, sizeof(scope.site));
    dossier_file_name(&scope, DOSSIER_CSV, DOSSIER_EN, name);
    assert_string_equal(name, "www.example.jp____-incident-7.csv");
    scope.incident = 0;
    dossier_file_name(&scope, DOSSIER_TEXT, DOSSIER_EN, name);
    assert_string_equal(name, "www.example.jp____-report-en.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_is_the_digest_of_exactly_one_text),
        cmocka_unit_test(the_page_lets_in_its_own_script_and_style_and_nothing_else),
        cmocka_unit_test(a_file_is_named_by_site_and_incident),
    };
    return RUN_TESTS(tests);
}
