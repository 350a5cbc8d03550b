/*
 * Property: what is observed in a body does not depend on how it is cut into pieces, nor
 * on whether the pieces are kept. The first bytes choose kind, charset and cuts.
 */
#include <stdlib.h>

#include "guard/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 4 };

static const char *const SELECTORS[] = {
    "meta:user-marker",
    "attr:data-user-id",
    "attr:id",
    "regex:uid=([0-9]+)",
    "json:/*/id",
    "json:/u",
    "regex:(?i)N:(\\w+)",
    "regex:\"n\":\"([^\"]+)\"",
};

enum { COUNT = sizeof(SELECTORS) / sizeof(SELECTORS[0]) };

static const char *const CHARSETS[] = {"", "utf-8", "utf-16be", "iso-2022-jp"};

static struct scanner *scanner_of_all(void)
{
    static struct selector selectors[COUNT];
    static struct marker_class classes[COUNT];
    char error[200];
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(selector_parse(span_of(SELECTORS[i]), &selectors[i], error,
                             sizeof(error)) == ERR_NONE);
        classes[i] =
            (struct marker_class){.selectors = &selectors[i], .selector_count = 1};
    }
    struct markers *markers =
        markers_new(classes, COUNT, MARKER_VALUE_MAX, error, sizeof(error));
    CHECK(markers != NULL);
    struct scanner *scanner = scanner_new(markers);
    CHECK(scanner != NULL);
    return scanner;
}

static struct scan *scan_in_pieces(struct scanner *scanner, const uint8_t *header,
                                   struct span body, size_t piece_max)
{
    struct scan *scan = scan_begin(scanner, (enum scan_kind)(header[0] % SCAN_KIND_NONE),
                                   span_of(CHARSETS[header[1] % 4]));
    CHECK(scan != NULL);
    for (unsigned i = header[2]; body.len > 0; i = i * 31 + 7) {
        size_t len = piece_max == SIZE_MAX ? piece_max : 1 + i % piece_max;
        bool kept = (header[3] >> i % 8 & 1) != 0;
        (void)scan_feed(scan, span_first(body, len),
                        kept ? SCAN_LEASE_KEPT : SCAN_LEASE_BORROWED);
        body = span_from(body, len);
    }
    (void)scan_finish(scan);
    return scan;
}

static bool has(const struct scan *scan, const struct observation *wanted)
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scanner *scanner;
    if (scanner == NULL) {
        scanner = scanner_of_all();
    }
    if (size < HEADER) {
        return 0;
    }
    static const size_t PIECES[] = {1, 5, 40};
    struct span body = {.ptr = data + HEADER, .len = size - HEADER};
    struct scan *whole = scan_in_pieces(scanner, data, body, SIZE_MAX);
    for (size_t i = 0; i < sizeof(PIECES) / sizeof(PIECES[0]); i++) {
        struct scan *cut = scan_in_pieces(scanner, data, body, PIECES[i]);
        CHECK(scan_status(whole) == scan_status(cut));
        for (size_t j = 0; scan_status(whole) == SCAN_OK && j < scan_count(whole); j++) {
            CHECK(scan_count(whole) == scan_count(cut));
            CHECK(has(cut, scan_at(whole, j)));
        }
        scan_end(&cut);
    }
    scan_end(&whole);
    return 0;
}
