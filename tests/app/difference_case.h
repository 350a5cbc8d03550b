/** What a change of configuration is told to do, as text. */
#pragma once

#include "app/config_case.h"
#include "app/difference.h"

enum { DIFFERENCE_CASE_MAX = 4096 };

/* The lines of one effect, each with its end of line. */
static inline const char *difference_case_lines(const char *old, const char *next,
                                                enum effect effect, enum taken taken)
{
    static char lines[DIFFERENCE_CASE_MAX];
    struct config *before = config_case_good(old);
    struct config *after = config_case_good(next);
    struct difference *difference = difference_new(before, after, taken);
    const char *text = NULL;

    assert_non_null(difference);
    lines[0] = '\0';
    for (size_t i = 0; (text = difference_text(difference, effect, i)) != NULL; i++) {
        size_t len = strlen(lines);
        (void)snprintf(lines + len, sizeof(lines) - len, "%s\n", text);
    }
    difference_free(&difference);
    config_free(&before);
    config_free(&after);
    return lines;
}

static inline void difference_case_weaker(const char *old, const char *next,
                                          const char *lines)
{
    assert_string_equal(difference_case_lines(old, next, EFFECT_WEAKER, TAKEN_BY_RELOAD),
                        lines);
}

static inline void difference_case_stronger(const char *old, const char *next,
                                            const char *lines)
{
    assert_string_equal(
        difference_case_lines(old, next, EFFECT_STRONGER, TAKEN_BY_RELOAD), lines);
}

static inline void difference_case_changed(const char *old, const char *next,
                                           const char *lines)
{
    assert_string_equal(difference_case_lines(old, next, EFFECT_NEUTRAL, TAKEN_BY_RELOAD),
                        lines);
}
