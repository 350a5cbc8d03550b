#include "admin/console.h"
#include "admin/fixture.h"
#include "record/dossier_print.h"

#define HOST "Host: localhost\r\n"
#define END  "\r\n"

static int ask(struct fixture *fixture, const char *request)
{
    return fixture_ask(fixture, false, request);
}

static void console_is_served_without_a_token_and_forbids_all_but_itself(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(ask(fixture, "GET / HTTP/1.1\r\n" HOST END), 200);
    fixture_expect(fixture, "Content-Type: text/html; charset=utf-8\r\n");
    fixture_expect(fixture, "Content-Security-Policy: default-src 'none'; script-src "
                            "'self' 'sha256-");
    fixture_expect(fixture, "'; style-src 'self' 'sha256-");
    fixture_expect(fixture,
                   "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
                   "require-trusted-types-for 'script'; trusted-types 'none'\r\n");
    fixture_expect(fixture, "X-Content-Type-Options: nosniff\r\n");
    fixture_expect(fixture, "Referrer-Policy: no-referrer\r\n");
    fixture_expect(fixture, "X-Frame-Options: DENY\r\n");
    assert_null(strstr(fixture->reply, "Set-Cookie"));
    assert_int_equal(fixture_ask(fixture, true, "GET / HTTP/1.1\r\n" HOST END), 200);
}

static void console_is_asked_for_again_only_after_a_new_build(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const struct console_file *file = console_find("main.js");
    static const char *const forms[] = {"%s", "W/%s", "\"other\", %s"};
    char request[512];
    char tags[128];

    assert_non_null(file);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const char *hole = strchr(forms[i], '%');
        (void)snprintf(tags, sizeof(tags), "%.*s%s", (int)(hole - forms[i]), forms[i],
                       file->tag);
        (void)snprintf(request, sizeof(request),
                       "HEAD /console/main.js HTTP/1.1\r\n" HOST "If-None-Match: %s\r\n"
                       "Connection: close\r\n" END,
                       tags);
        int fd = fixture_connect(fixture, false);
        fixture_send(fd, request);
        fixture->reply_len = 0;
        assert_true(fixture_closes(fixture, fd));
        fixture_expect(fixture, "HTTP/1.1 304 Not Modified\r\n");
        fixture_expect(fixture, file->tag);
        fixture_expect(fixture, "Cache-Control: no-cache\r\n");
        assert_null(strstr(fixture->reply, "Content-Length"));
        (void)close(fd);
    }
    assert_int_equal(ask(fixture, "GET /console/main.js HTTP/1.1\r\n" HOST
                                  "If-None-Match: \"other\"\r\n" END),
                     200);
    fixture_expect(fixture, "Content-Type: text/javascript; charset=utf-8\r\n");
}

static void console_has_its_own_files_and_no_others(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(ask(fixture, "GET /console/secret.txt HTTP/1.1\r\n" HOST END), 404);
    assert_int_equal(
        ask(fixture, "GET /console/..%2f..%2fetc%2fpasswd HTTP/1.1\r\n" HOST END), 404);
    assert_int_equal(ask(fixture, "GET /console/ HTTP/1.1\r\n" HOST END), 404);
    assert_int_equal(ask(fixture, "POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n" END),
                     405);
    assert_int_equal(ask(fixture, "GET / HTTP/1.1\r\nHost: rebound.example\r\n" END),
                     421);
}

static bool has(const struct console_file *file, const char *text)
{
    struct span rest = {.ptr = file->bytes, .len = file->len};
    struct span wanted = span_of(text);

    for (; rest.len >= wanted.len; rest = span_from(rest, 1)) {
        if (span_starts(rest, wanted)) {
            return true;
        }
    }
    return false;
}

static void console_names_nothing_outside_and_makes_no_markup_of_text(void **state)
{
    static const char *const never[] = {
        "innerHTML", "outerHTML", "insertAdjacent", "document.write",
        "eval(",     "Function(", "https://",       "document.cookie",
        "onclick=",  "DOMParser", "javascript:",    "srcdoc"};
    (void)state;

    assert_true(CONSOLE_FILE_COUNT > 10);
    for (size_t i = 0; i < CONSOLE_FILE_COUNT; i++) {
        for (size_t k = 0; k < sizeof(never) / sizeof(never[0]); k++) {
            if (has(&CONSOLE_FILES[i], never[k])) {
                fail_msg("%s has %s", CONSOLE_FILES[i].name, never[k]);
            }
        }
    }
}

/* The report is opened from the console as a blob: URL and bound by its policy. */
static void console_lets_in_the_one_script_and_the_one_style_of_the_report(void **state)
{
    char policy[CONSOLE_POLICY_SIZE_MAX];
    char source[DOSSIER_SOURCE_SIZE_MAX];
    (void)state;

    console_policy(policy);
    dossier_source(dossier_script(), source);
    const char *script = strstr(policy, "script-src 'self' ");
    assert_non_null(script);
    assert_memory_equal(script + strlen("script-src 'self' "), source, strlen(source));
    dossier_source(dossier_style(), source);
    assert_non_null(strstr(policy, source));
    assert_null(strstr(policy, "unsafe"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(console_is_served_without_a_token_and_forbids_all_but_itself),
        TEST(console_is_asked_for_again_only_after_a_new_build),
        TEST(console_has_its_own_files_and_no_others),
        TEST(console_names_nothing_outside_and_makes_no_markup_of_text),
        TEST(console_lets_in_the_one_script_and_the_one_style_of_the_report),
    };
    return RUN_TESTS(tests);
}
