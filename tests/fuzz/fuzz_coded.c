/*
 * Property: what is observed in a body does not depend on how it is coded, once or
 * several times, nor on the pieces in which the coded bytes come. The first bytes choose
 * kind, charset, codings and pieces.
 */
#include <stdlib.h>

#include "http/coding.h"
#include "support/encode.h"

#include "fuzz/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 5, BODY_MAX = 8192, CODED_MAX = 4 * BODY_MAX };

static const char *const CHARSETS[] = {"", "utf-8", "utf-16be", "iso-2022-jp",
                                       "shift_jis"};

static struct scan *begin(const uint8_t *header)
{
    struct scan *scan =
        scan_begin(fuzz_scanner(), (enum scan_kind)(header[0] % SCAN_KIND_NONE),
                   span_of(CHARSETS[header[1] % 5]));
    CHECK(scan != NULL);
    return scan;
}

static void on_decoded(void *context, struct span bytes)
{
    (void)scan_feed(context, bytes, SCAN_LEASE_BORROWED);
}

/* Up to three codings of the body, one upon another; the head names them. */
static struct span encode(struct span body, const uint8_t *header, struct head *head)
{
    static uint8_t coded[2][CODED_MAX];
    unsigned choice = header[2];

    for (int i = 0; i <= header[3] % 3; i++, choice /= ENCODE_FORMS) {
        enum encode_form form = (enum encode_form)(choice % ENCODE_FORMS);
        size_t len =
            encode_bytes(body, form, 1 + header[3] / 3 % 9, coded[i % 2], CODED_MAX);
        CHECK(len > 0);
        body = (struct span){.ptr = coded[i % 2], .len = len};
        head->fields[head->field_count++] = (struct field){
            .value = span_of(encode_name(form)), .id = FIELD_CONTENT_ENCODING};
    }
    return body;
}

static struct scan *scan_coded(struct span body, const uint8_t *header)
{
    const struct coding_limits limits = {.decoded_size_max = 1 << 20,
                                         .ratio_max = 100000};
    static struct coding *coding;
    struct head head = {0};
    struct span coded = encode(body, header, &head);
    struct scan *scan = begin(header);

    if (coding == NULL) {
        coding = coding_new(&limits, on_decoded);
    }
    CHECK(coding_start(coding, &head, scan) == CODING_MORE);
    for (unsigned i = header[4]; coded.len > 0; i = i * 31 + 7) {
        struct span piece = span_first(coded, 1 + i % 97);
        coded = span_from(coded, piece.len);
        CHECK(coding_feed(coding, piece, coded.len == 0 ? PIECE_LAST : PIECE_MORE) ==
              (coded.len == 0 ? CODING_DONE : CODING_MORE));
    }
    coding_rest(coding);
    (void)scan_finish(scan);
    return scan;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEADER || size > HEADER + BODY_MAX) {
        return 0;
    }
    struct span body = {.ptr = data + HEADER, .len = size - HEADER};
    struct scan *plain = begin(data);
    if (body.len > 0) {
        (void)scan_feed(plain, body, SCAN_LEASE_KEPT);
    }
    (void)scan_finish(plain);
    struct scan *coded = scan_coded(body, data);
    fuzz_check_same(plain, coded);
    scan_end(&coded);
    scan_end(&plain);
    return 0;
}
