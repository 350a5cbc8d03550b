#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "support/test.h"

enum { THREADS = 4, LINES = 200, TEXT_MAX = 1024 * 1024 };

/* Standard error goes to a file between these two. */
struct capture {
    FILE *file;
    int saved;
};

static struct capture begin(void)
{
    struct capture capture = {.file = tmpfile(), .saved = dup(STDERR_FILENO)};
    assert_non_null(capture.file);
    assert_true(dup2(fileno(capture.file), STDERR_FILENO) >= 0);
    return capture;
}

static const char *finish(struct capture *capture)
{
    static char text[TEXT_MAX];

    (void)dup2(capture->saved, STDERR_FILENO);
    (void)close(capture->saved);
    rewind(capture->file);
    text[fread(text, 1, sizeof(text) - 1, capture->file)] = '\0';
    (void)fclose(capture->file);
    return text;
}

static void log_line_has_level_and_text(void **state)
{
    (void)state;
    struct capture capture = begin();

    log_init();
    log_write(LOG_LEVEL_WARNING, "port %d", 80);
    log_write(LOG_LEVEL_ERROR, "x");
    assert_string_equal(finish(&capture), "warning: port 80\nerror: x\n");
}

static void log_line_is_one_line_and_bounded(void **state)
{
    (void)state;
    static char large[4 * LOG_LINE_MAX];
    struct capture capture = begin();

    memset(large, 'a', sizeof(large) - 1);
    log_init();
    log_write(LOG_LEVEL_INFO, "a\nerror: forged\x1b[2J");
    log_write(LOG_LEVEL_INFO, "%s", large);
    const char *text = finish(&capture);
    assert_non_null(strstr(text, "info: a?error: forged?[2J\n"));
    const char *second = strchr(text, '\n') + 1;
    assert_int_equal(strlen(second), LOG_LINE_MAX);
    assert_ptr_equal(strchr(second, '\n'), second + LOG_LINE_MAX - 1);
}

// NOLINTBEGIN(concurrency-mt-unsafe): one thread.
static void log_has_the_journals_prefix_only_when_stderr_is_the_journal(void **state)
{
    (void)state;
    char stream[64];
    struct stat facts;
    struct capture capture = begin();

    assert_int_equal(fstat(STDERR_FILENO, &facts), 0);
    (void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)facts.st_dev,
                   (unsigned long long)facts.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    log_init();
    log_write(LOG_LEVEL_NOTICE, "x");
    assert_int_equal(setenv("JOURNAL_STREAM", "1:1", 1), 0);
    log_init();
    log_write(LOG_LEVEL_NOTICE, "y");
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    log_init();
    assert_string_equal(finish(&capture), "<5>x\nnotice: y\n");
}

// NOLINTEND(concurrency-mt-unsafe)

static void *write_lines(void *context)
{
    for (int i = 0; i < LINES; i++) {
        log_write(LOG_LEVEL_INFO, "%s", (const char *)context);
    }
    return NULL;
}

static void log_lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    static char words[THREADS][8] = {"alpha", "beta", "gamma", "delta"};
    pthread_t threads[THREADS];
    struct capture capture = begin();

    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, words[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    const char *text = finish(&capture);
    size_t lines = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        bool known = false;
        for (size_t i = 0; i < THREADS; i++) {
            known |=
                len == 6 + strlen(words[i]) && memcmp(text + 6, words[i], len - 6) == 0;
        }
        assert_true(known);
        text += len + 1;
        lines++;
    }
    assert_int_equal(lines, THREADS * LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_line_has_level_and_text),
        cmocka_unit_test(log_line_is_one_line_and_bounded),
        cmocka_unit_test(log_has_the_journals_prefix_only_when_stderr_is_the_journal),
        cmocka_unit_test(log_lines_of_threads_do_not_mix),
    };
    return RUN_TESTS(tests);
}
