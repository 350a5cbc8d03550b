/*
 * Property: what is observed in a body does not depend on how it is cut into pieces, nor
 * on whether the pieces are kept. The first bytes choose kind, charset and cuts.
 */
#include <stdlib.h>

#include "fuzz/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 4 };

static const char *const CHARSETS[] = {"", "utf-8", "utf-16be", "iso-2022-jp",
                                       "shift_jis"};

static struct scan *scan_in_pieces(const uint8_t *header, struct span body,
                                   size_t piece_max)
{
    struct scan *scan =
        scan_begin(fuzz_scanner(), (enum scan_kind)(header[0] % SCAN_KIND_NONE),
                   span_of(CHARSETS[header[1] % 5]));
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEADER) {
        return 0;
    }
    static const size_t PIECES[] = {1, 5, 40};
    struct span body = {.ptr = data + HEADER, .len = size - HEADER};
    struct scan *whole = scan_in_pieces(data, body, SIZE_MAX);
    for (size_t i = 0; i < sizeof(PIECES) / sizeof(PIECES[0]); i++) {
        struct scan *cut = scan_in_pieces(data, body, PIECES[i]);
        fuzz_check_same(whole, cut);
        scan_end(&cut);
    }
    scan_end(&whole);
    return 0;
}
