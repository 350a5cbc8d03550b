/*
 * Property: a coded body, whole or in pieces, decodes to the same bytes and the same end,
 * within its limits; so does a JSON text. The first byte chooses the codings.
 */
#include <stdlib.h>

#include "http/coding.h"
#include "http/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct digest {
    uint64_t hash;
    uint64_t len;
};

static void mix(struct digest *digest, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        digest->hash = digest->hash * 1099511628211U + bytes.ptr[i] + 1;
    }
    digest->len += bytes.len;
}

static void on_decoded(void *context, struct span bytes)
{
    mix(context, bytes);
}

static void on_match(void *context, const struct json_match *match)
{
    uint8_t facts[3] = {(uint8_t)match->pointer_index, (uint8_t)match->kind,
                        match->too_long ? 1 : 0};
    mix(context, (struct span){.ptr = facts, .len = sizeof(facts)});
    mix(context, match->value);
}

static enum coding_state decode(const struct head *head, struct span bytes, size_t step,
                                struct digest *digest)
{
    const struct coding_limits limits = {.decoded_size_max = 100000, .ratio_max = 1000};
    struct coding *coding = coding_new(&limits, on_decoded);
    enum coding_state end = coding_start(coding, head, digest);

    for (size_t i = 0; i < bytes.len && end == CODING_MORE; i += step) {
        end = coding_feed(coding, span_first(span_from(bytes, i), step),
                          i + step >= bytes.len ? PIECE_LAST : PIECE_MORE);
    }
    CHECK(digest->len <= limits.decoded_size_max);
    coding_free(&coding);
    return end;
}

static enum json_state walk(struct json *json, struct span bytes, size_t step,
                            struct digest *digest)
{
    json_start(json, digest);
    for (size_t i = 0; i < bytes.len; i += step) {
        (void)json_feed(json, span_first(span_from(bytes, i), step));
    }
    return json_finish(json);
}

static void try_json(struct span bytes)
{
    struct pointer pointers[3];
    const struct json_wanted wanted = {
        .pointers = pointers, .pointer_count = 3, .value_size_max = 8, .sink = on_match};
    struct digest whole = {0};
    struct digest bytewise = {0};

    CHECK(pointer_parse(SPAN("/a"), &pointers[0]) == NULL);
    CHECK(pointer_parse(SPAN("/*/1"), &pointers[1]) == NULL);
    CHECK(pointer_parse(SPAN(""), &pointers[2]) == NULL);
    struct json *json = json_new(&wanted);
    enum json_state end = walk(json, bytes, bytes.len + 1, &whole);
    CHECK(walk(json, bytes, 1, &bytewise) == end);
    CHECK(whole.hash == bytewise.hash);
    json_free(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const CODINGS[] = {
        "gzip", "deflate", "gzip, deflate", "deflate, gzip, gzip",
        "br",   "zstd",    "gzip, br",      "zstd, zstd"};
    if (size == 0) {
        return 0;
    }
    struct span bytes = span_from((struct span){.ptr = data, .len = size}, 1);
    struct head head = {.field_count = 1};
    head.fields[0] = (struct field){.value = span_of(CODINGS[data[0] % 8]),
                                    .id = FIELD_CONTENT_ENCODING};
    struct digest whole = {0};
    struct digest bytewise = {0};

    enum coding_state end = decode(&head, bytes, bytes.len + 1, &whole);
    enum coding_state other = decode(&head, bytes, 1, &bytewise);
    CHECK(end >= CODING_MORE ? end == other && whole.hash == bytewise.hash
                             : other < CODING_MORE);
    try_json(bytes);
    return 0;
}
