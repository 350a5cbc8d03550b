#include <string.h>

#include "relay/access_log.h"
#include "support/test.h"

struct sink {
    char text[2 * ACCESS_LOG_BUFFER];
    size_t len;
    unsigned takes;
    bool refuses;
};

static bool take(void *context, struct span text)
{
    struct sink *self = context;

    self->takes++;
    if (self->refuses || self->len + text.len >= sizeof(self->text)) {
        return false;
    }
    memcpy(self->text + self->len, text.ptr, text.len);
    self->len += text.len;
    self->text[self->len] = '\0';
    return true;
}

static struct sink sink;
static struct stats *stats;
static struct access_log *access_log;

static int set_up(void **state)
{
    struct access_log_sink page = {.self = &sink, .take = take};

    (void)state;
    sink.len = 0;
    sink.takes = 0;
    sink.refuses = false;
    stats = stats_new();
    access_log = access_log_new(&page, stats);
    return access_log == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    access_log_free(&access_log);
    stats_free(&stats);
    return 0;
}

static enum access_log_coverage coverage;

static void write_line(struct span path, const char *detector)
{
    static struct address client;
    struct access_log_line line = {
        .unix_ms = 1711374720123,
        .duration_us = 42,
        .id = "0123456789abcdef0123456789abcdef",
        .client = &client,
        .method = SPAN("GET"),
        .path = path,
        .route = SPAN("/**"),
        .status = 200,
        .bytes = 7,
        .ending = ENDING_RELEASED,
        .session = "",
        .upstream = "",
        .detector = detector,
        .incident = strcmp(detector, "owner-marker") == 0 ? 3 : 0,
        .coverage = coverage,
    };
    assert_int_equal(address_parse(SPAN("192.0.2.1"), &client), ERR_NONE);
    access_log_write(access_log, &line);
}

static void access_log_writes_one_json_line(void **state)
{
    (void)state;
    write_line(SPAN("/a"), "");
    assert_int_equal(sink.takes, 0);
    access_log_flush(access_log);
    assert_string_equal(
        sink.text,
        "{\"time\":\"2024-03-25T13:52:00.123Z\",\"request\":"
        "\"0123456789abcdef0123456789abcdef\",\"client\":\"192.0.2.1\",\"method\":"
        "\"GET\",\"path\":\"/a\",\"route\":\"/**\",\"status\":200,\"bytes\":7,"
        "\"duration_us\":42,\"ending\":\"released\"}\n");
}

static void access_log_escapes_what_would_break_out_of_a_line(void **state)
{
    (void)state;
    write_line(SPAN("/a\"\\\n\xe3\x81\x82%"), "owner-marker");
    access_log_flush(access_log);
    assert_non_null(strstr(sink.text, "\"path\":\"/a%22%5C%0A%E3%81%82%25\""));
    assert_non_null(strstr(sink.text, "\"detector\":\"owner-marker\",\"incident\":3"));
    assert_ptr_equal(strchr(sink.text, '\n'), sink.text + sink.len - 1);
}

/* Corrected on nearly every page of some sites: no reader is to look for an incident. */
static void access_log_names_no_incident_where_there_is_none(void **state)
{
    (void)state;
    write_line(SPAN("/a"), "cacheable");
    access_log_flush(access_log);
    assert_non_null(strstr(sink.text, ",\"detector\":\"cacheable\"}\n"));
}

static void access_log_says_whether_a_required_marker_was_there(void **state)
{
    (void)state;
    coverage = ACCESS_LOG_MARKED;
    write_line(SPAN("/a"), "");
    coverage = ACCESS_LOG_UNMARKED;
    write_line(SPAN("/b"), "");
    coverage = ACCESS_LOG_NOT_ASKED;
    access_log_flush(access_log);
    assert_non_null(strstr(sink.text, ",\"marked\":true}\n"));
    assert_non_null(strstr(sink.text, ",\"marked\":false}\n"));
}

static void access_log_cuts_a_long_path_and_always_fits(void **state)
{
    static uint8_t path[3000];

    (void)state;
    memset(path, 0xff, sizeof(path));
    for (int i = 0; i < 50; i++) {
        write_line((struct span){.ptr = path, .len = sizeof(path)}, "");
    }
    access_log_flush(access_log);
    assert_true(sink.takes > 1);
}

static void access_log_counts_the_lines_that_nobody_took(void **state)
{
    (void)state;
    sink.refuses = true;
    write_line(SPAN("/a"), "");
    write_line(SPAN("/b"), "");
    access_log_flush(access_log);
    assert_int_equal(stats_read(stats, stats_series(stats, STAT_LOG_DROPPED, "")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        LOG_TEST(access_log_writes_one_json_line),
        LOG_TEST(access_log_escapes_what_would_break_out_of_a_line),
        LOG_TEST(access_log_names_no_incident_where_there_is_none),
        LOG_TEST(access_log_says_whether_a_required_marker_was_there),
        LOG_TEST(access_log_cuts_a_long_path_and_always_fits),
        LOG_TEST(access_log_counts_the_lines_that_nobody_took),
    };
    return RUN_TESTS(tests);
}
