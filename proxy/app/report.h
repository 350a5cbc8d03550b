/**
 * What is wrong with a configuration: every error and warning with its place.
 *
 * Layer: app. Owned by whoever asked for the configuration. Bounded: past
 * REPORT_PROBLEMS_MAX only the count goes on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/span.h"

enum {
    REPORT_PROBLEMS_MAX = 200,
    REPORT_TEXT_MAX = 512, /**< Bytes of a message with its NUL; longer is cut. */
};

/** Where something was written. Lines and columns start at 1; line 0: no file's line. */
struct place {
    const char
        *source; /**< File name, or `--flag`. Lives as long as the report's user. */
    size_t line;
    size_t column;
};

enum report_kind {
    REPORT_ERROR,
    REPORT_WARNING,
    REPORT_NOTE,
    REPORT_KIND_COUNT,
};

/** One problem; the text is lent. */
struct report_problem {
    enum report_kind kind;
    struct place place;
    const char *message; /**< Without place and `warning:`. */
};

struct report;

/** The caller ends it with report_free(). NULL: memory. */
struct report *report_new(void);

void report_free(struct report **self_p);

/** Adds one error; `format` makes one sentence without full stop. */
void report_error(struct report *self, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Adds one warning. */
void report_warning(struct report *self, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Adds a line that is neither. */
void report_note(struct report *self, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

size_t report_error_count(const struct report *self);
size_t report_warning_count(const struct report *self);

/** Puts the problems in the order of their places, flags last. */
void report_sort(struct report *self);

/** Problem `index` as `FILE:LINE:COLUMN: message`; NULL past the last one. */
const char *report_text(const struct report *self, size_t index);

/** Problem `index`; false past the last one. */
bool report_problem(const struct report *self, size_t index,
                    struct report_problem *problem_out);

/** One problem a line, `FILE:LINE:COLUMN: [warning: ]message`. */
void report_print(const struct report *self, FILE *file);

/**
 * Writes one problem a line into lent memory: errors, what is `weaker:`, other warnings,
 * notes; where some have no room or were not kept, `and N more` at the end.
 */
struct span report_page(const struct report *self, void *memory, size_t capacity);
