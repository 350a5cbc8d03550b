/**
 * What /metrics shows of counters, as text.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "base/stats.h"
#include "support/test.h"

struct metrics_page {
    size_t len;
    char text[131072];
};

static inline void metrics_page_collect(void *context, struct span text)
{
    struct metrics_page *page = context;

    assert_true(page->len + text.len < sizeof(page->text));
    if (text.len > 0) {
        memcpy(page->text + page->len, text.ptr, text.len);
    }
    page->len += text.len;
    page->text[page->len] = '\0';
}

/** What follows `sample` (a name with its labels) and a space; NULL: it is not there. */
static inline const char *metrics_value(struct stats *stats, const char *sample)
{
    static struct metrics_page page;
    char line[256];

    page.len = 0;
    stats_render(stats, false, metrics_page_collect, &page);
    assert_true(strlen(sample) + 3 < sizeof(line));
    (void)snprintf(line, sizeof(line), "\n%s ", sample);
    const char *at = strstr(page.text, line);
    return at != NULL ? at + strlen(line) : NULL;
}

static inline bool metrics_is_zero(struct stats *stats, const char *sample)
{
    const char *value = metrics_value(stats, sample);

    return value != NULL && strncmp(value, "0\n", 2) == 0;
}
