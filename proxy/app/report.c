#include "app/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app/listing.h"
#include "base/check.h"
#include "base/span.h"

struct problem {
    struct place place;
    enum report_kind kind;
    size_t message; /* Where it begins in `text`. */
    size_t order;   /* Of being reported: keeps problems of one place in order. */
    char text[REPORT_TEXT_MAX];
};

struct report {
    size_t count;
    size_t counts[REPORT_KIND_COUNT];
    struct problem problems[REPORT_PROBLEMS_MAX];
};

struct report *report_new(void)
{
    return calloc(1, sizeof(struct report));
}

void report_free(struct report **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

/* Control bytes of a configuration never reach a terminal or log. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            *text = '?';
        }
    }
}

static int write_place(const struct place *place, char *text)
{
    return place->line == 0
               ? snprintf(text, REPORT_TEXT_MAX, "%s: ", place->source)
               : snprintf(text, REPORT_TEXT_MAX, "%s:%zu:%zu: ", place->source,
                          place->line, place->column);
}

__attribute__((format(printf, 4, 0))) static void
add(struct report *self, struct place place, enum report_kind kind, const char *format,
    va_list arguments)
{
    self->counts[kind]++;
    if (self->count == REPORT_PROBLEMS_MAX) {
        return;
    }
    struct problem *problem = &self->problems[self->count];
    problem->place = place;
    problem->kind = kind;
    problem->order = self->count++;

    int len = write_place(&place, problem->text);
    if (len > 0 && len < REPORT_TEXT_MAX) {
        size_t used = (size_t)len;
        if (kind == REPORT_WARNING) {
            (void)span_copy(SPAN("warning: "), problem->text + used,
                            REPORT_TEXT_MAX - used);
            used += strlen(problem->text + used);
        }
        problem->message = used;
        (void)vsnprintf(problem->text + used, REPORT_TEXT_MAX - used, format, arguments);
    }
    make_printable(problem->text);
}

void report_error(struct report *self, struct place place, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(self, place, REPORT_ERROR, format, arguments);
    va_end(arguments);
}

void report_warning(struct report *self, struct place place, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(self, place, REPORT_WARNING, format, arguments);
    va_end(arguments);
}

void report_note(struct report *self, struct place place, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(self, place, REPORT_NOTE, format, arguments);
    va_end(arguments);
}

size_t report_error_count(const struct report *self)
{
    return self->counts[REPORT_ERROR];
}

size_t report_warning_count(const struct report *self)
{
    return self->counts[REPORT_WARNING];
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare(const void *a, const void *b)
{
    const struct problem *left = a;
    const struct problem *right = b;
    bool left_is_flag = left->place.line == 0;
    bool right_is_flag = right->place.line == 0;

    if (left_is_flag != right_is_flag) {
        return left_is_flag ? 1 : -1;
    }
    int order = compare_sizes(left->place.line, right->place.line);
    if (order == 0) {
        order = compare_sizes(left->place.column, right->place.column);
    }
    return order != 0 ? order : compare_sizes(left->order, right->order);
}

void report_sort(struct report *self)
{
    qsort(self->problems, self->count, sizeof(self->problems[0]), compare);
}

const char *report_text(const struct report *self, size_t index)
{
    return index < self->count ? self->problems[index].text : NULL;
}

bool report_problem(const struct report *self, size_t index,
                    struct report_problem *problem_out)
{
    if (index >= self->count) {
        return false;
    }
    const struct problem *problem = &self->problems[index];
    *problem_out = (struct report_problem){.kind = problem->kind,
                                           .place = problem->place,
                                           .message = problem->text + problem->message};
    return true;
}

/* How many were told and not kept. */
static size_t lost_count(const struct report *self)
{
    return self->counts[REPORT_ERROR] + self->counts[REPORT_WARNING] +
           self->counts[REPORT_NOTE] - self->count;
}

void report_print(const struct report *self, FILE *file)
{
    for (size_t i = 0; i < self->count; i++) {
        (void)fprintf(file, "%s\n", self->problems[i].text);
    }
    if (lost_count(self) > 0) {
        (void)fprintf(file, "and %zu more\n", lost_count(self));
    }
}

enum { RANK_COUNT = 4 };

static unsigned rank_of(const struct problem *problem)
{
    switch (problem->kind) {
    case REPORT_ERROR:
        return 0;
    case REPORT_WARNING:
        return span_starts(span_of(problem->text + problem->message), SPAN("weaker: "))
                   ? 1
                   : 2;
    case REPORT_NOTE:
    case REPORT_KIND_COUNT:
        break;
    }
    return RANK_COUNT - 1;
}

struct span report_page(const struct report *self, void *memory, size_t capacity)
{
    struct listing page = listing_of(memory, capacity);

    for (unsigned rank = 0; rank < RANK_COUNT; rank++) {
        for (size_t i = 0; i < self->count; i++) {
            if (rank_of(&self->problems[i]) == rank) {
                listing_add(&page, "", self->problems[i].text, "\n");
            }
        }
    }
    return listing_end(&page, lost_count(self), "", "\n");
}
