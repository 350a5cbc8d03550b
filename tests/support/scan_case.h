/** Short ways to scan a text and to say what was seen. For tests of guard/scan*. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "guard/scan.h"
#include "support/test.h"

enum { SCAN_CASE_TEXT = 65536, SCAN_CASE_CLASSES = 8 };

/** Markers and a scanner of classes `c0`, `c1`, ... with one selector each. */
struct scan_case {
    struct selector selectors[SCAN_CASE_CLASSES];
    struct marker_class classes[SCAN_CASE_CLASSES];
    struct markers *markers;
    struct scanner *scanner;
};

static inline void scan_case_open(struct scan_case *self, const char *const *texts)
{
    char error[200];
    size_t count = 0;
    memset(self, 0, sizeof(*self));
    for (; texts[count] != NULL; count++) {
        assert_int_equal(selector_parse(span_of(texts[count]), &self->selectors[count],
                                        error, sizeof(error)),
                         ERR_NONE);
        self->classes[count] = (struct marker_class){.name = SPAN("c"),
                                                     .selectors = &self->selectors[count],
                                                     .selector_count = 1,
                                                     .must_be = MARKER_RULE_REQUESTER};
    }
    self->markers =
        markers_new(self->classes, count, MARKER_VALUE_MAX, error, sizeof(error));
    if (self->markers == NULL) {
        print_error("%s\n", error);
    }
    assert_non_null(self->markers);
    self->scanner = scanner_new(self->markers);
    assert_non_null(self->scanner);
}

static inline void scan_case_close(struct scan_case *self)
{
    scanner_free(&self->scanner);
    markers_free(&self->markers);
}

/** A small generator of numbers: the same in every run. */
static inline uint32_t scan_case_random(uint32_t *seed_p)
{
    *seed_p ^= *seed_p << 13;
    *seed_p ^= *seed_p >> 17;
    *seed_p ^= *seed_p << 5;
    return *seed_p;
}

static inline int scan_case_order(const void *a, const void *b)
{
    return strcmp(a, b);
}

/** `0=alice 1=bob` sorted, or the reason's name; into `out`. */
static inline void scan_case_say(const struct scan *scan, char *out, size_t size)
{
    static char items[SCAN_DISTINCT_MAX][300];
    size_t count = scan_count(scan);
    out[0] = '\0';
    if (scan_status(scan) != SCAN_OK) {
        (void)snprintf(out, size, "%s", scan_reason_name(scan_reason(scan)));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct observation *item = scan_at(scan, i);
        (void)snprintf(items[i], sizeof(items[i]), "%d%s=%.*s", item->class_index,
                       item->weak ? "?" : "", SPAN_ARGS(item->value));
    }
    qsort(items, count, sizeof(items[0]), scan_case_order);
    size_t len = 0;
    for (size_t i = 0; i < count && len < size; i++) {
        int written = snprintf(out + len, size - len, "%s%s", i > 0 ? " " : "", items[i]);
        len += (size_t)written;
    }
}

/** How a text is cut: all at once, byte by byte, or at random places. */
enum scan_case_cut { SCAN_CASE_WHOLE, SCAN_CASE_BYTES, SCAN_CASE_RANDOM, SCAN_CASE_KEPT };

struct scan_case_input {
    enum scan_kind kind;
    const char *charset;
    struct span text;
};

static inline void scan_case_run(struct scan_case *self, struct scan_case_input input,
                                 enum scan_case_cut cut, uint32_t *seed_p, char *out)
{
    struct scan *scan = scan_begin(self->scanner, input.kind, span_of(input.charset));
    assert_non_null(scan);
    struct span rest = input.text;
    while (rest.len > 0) {
        size_t len = rest.len;
        if (cut == SCAN_CASE_BYTES) {
            len = 1;
        } else if (cut != SCAN_CASE_WHOLE) {
            uint32_t number = scan_case_random(seed_p);
            len = 1 + number % ((number & 0x10000) != 0 ? 7 : 200);
        }
        bool kept = cut == SCAN_CASE_KEPT && scan_case_random(seed_p) % 4 != 0;
        struct span piece = span_first(rest, len);
        char *copy = kept ? NULL : malloc(piece.len);
        if (copy != NULL) {
            memcpy(copy, piece.ptr, piece.len);
            piece.ptr = (const uint8_t *)copy;
        }
        (void)scan_feed(scan, piece, kept ? SCAN_LEASE_KEPT : SCAN_LEASE_BORROWED);
        free(copy);
        assert_true(scan_pending(scan) <= input.text.len);
        rest = span_from(rest, len);
    }
    (void)scan_finish(scan);
    scan_case_say(scan, out, SCAN_CASE_TEXT);
    scan_end(&scan);
}

/** Fails unless the text, cut in all ways, gives `expected`. */
static inline void scan_case_expect(struct scan_case *self, struct scan_case_input input,
                                    const char *expected)
{
    static char said[SCAN_CASE_TEXT];
    uint32_t seed = 20240301;
    for (int i = 0; i < 14; i++) {
        enum scan_case_cut cut = i < 2        ? (enum scan_case_cut)i
                                 : i % 2 == 0 ? SCAN_CASE_RANDOM
                                              : SCAN_CASE_KEPT;
        scan_case_run(self, input, cut, &seed, said);
        if (strcmp(said, expected) != 0) {
            print_error("in (cut %d): %.*s\n", (int)cut,
                        (int)(input.text.len < 300 ? input.text.len : 300),
                        (const char *)input.text.ptr);
        }
        assert_string_equal(said, expected);
    }
}
