/** A scanner with selectors of every kind, and comparing what two scans saw. */
#pragma once

#include "guard/scan.h"

static const char *const FUZZ_SELECTORS[] = {
    "meta:user-marker",
    "attr:data-user-id",
    "attr:id",
    "regex:uid=([0-9]+)",
    "json:/*/id",
    "json:/u",
    "regex:(?i)N:(\\w+)",
    "regex:\"n\":\"([^\"]+)\"",
};

enum { FUZZ_SELECTOR_COUNT = sizeof(FUZZ_SELECTORS) / sizeof(FUZZ_SELECTORS[0]) };

/** Made once, and never freed. */
static inline struct scanner *fuzz_scanner(void)
{
    static struct selector selectors[FUZZ_SELECTOR_COUNT];
    static struct marker_class classes[FUZZ_SELECTOR_COUNT];
    static struct scanner *scanner;
    char error[200];
    if (scanner != NULL) {
        return scanner;
    }
    for (size_t i = 0; i < FUZZ_SELECTOR_COUNT; i++) {
        CHECK(selector_parse(span_of(FUZZ_SELECTORS[i]), &selectors[i], error,
                             sizeof(error)) == ERR_NONE);
        classes[i] =
            (struct marker_class){.selectors = &selectors[i], .selector_count = 1};
    }
    struct markers *markers =
        markers_new(classes, FUZZ_SELECTOR_COUNT, MARKER_VALUE_MAX, error, sizeof(error));
    CHECK(markers != NULL);
    scanner = scanner_new(markers);
    CHECK(scanner != NULL);
    return scanner;
}

static inline bool fuzz_has(const struct scan *scan, const struct observation *wanted)
{
    for (size_t i = 0; i < scan_count(scan); i++) {
        const struct observation *item = scan_at(scan, i);
        if (item->class_index == wanted->class_index &&
            span_equal(item->value, wanted->value)) {
            return item->offset == wanted->offset && item->weak == wanted->weak;
        }
    }
    return false;
}

/** Both saw the same, or neither could be read to its end. Of markup that nests too deep
 * either may say so: where a piece ends, what could be a name is taken for one. */
static inline void fuzz_check_same(const struct scan *one, const struct scan *other)
{
    if (scan_reason(one) == SCAN_REASON_DEPTH ||
        scan_reason(other) == SCAN_REASON_DEPTH) {
        return;
    }
    CHECK(scan_status(one) == scan_status(other));
    for (size_t i = 0; scan_status(one) == SCAN_OK && i < scan_count(one); i++) {
        CHECK(scan_count(one) == scan_count(other));
        CHECK(fuzz_has(other, scan_at(one, i)));
    }
}
