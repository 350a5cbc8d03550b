/*
 * Property: a normalised path starts with a slash, has no dot segment, no empty one, no
 * parameter and no control byte in either reading, and normalising its plain spelling
 * again changes nothing. A pattern made from it matches it and is covered by itself.
 */
#include <stdlib.h>

#include "http/path.h"
#include "http/path_pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_reading(struct span path)
{
    struct span rest = path;
    struct span segment;

    CHECK(path.len > 0 && path.ptr[0] == '/');
    rest = span_from(rest, 1);
    while (span_next(&rest, '/', &segment)) {
        CHECK(segment.len > 0);
        CHECK(!span_equal(segment, SPAN(".")) && !span_equal(segment, SPAN("..")));
        CHECK(span_find(segment, ';') == segment.len);
        CHECK(span_find(segment, 0) == segment.len);
        CHECK(span_find(segment, '\\') == segment.len);
    }
    CHECK(path.len == 1 || !span_ends(path, SPAN("/")));
}

static void check_pattern(struct span path)
{
    struct path_pattern pattern;
    struct path_pattern all;

    CHECK(path_pattern_parse(SPAN("/**"), false, &all) == NULL);
    CHECK(path_pattern_matches(&all, path));
    if (path_pattern_parse(path, false, &pattern) == NULL) {
        CHECK(path_pattern_matches(&pattern, path));
        CHECK(path_pattern_covers(&pattern, &pattern));
        CHECK(path_pattern_covers(&all, &pattern));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span target = {.ptr = data, .len = size};
    struct path path;
    struct path again;
    uint8_t *buffer = malloc(PATH_BUFFER_SIZE(size));
    uint8_t *second = malloc(PATH_BUFFER_SIZE(size + 1));

    if (path_normalize(target, buffer, &path) == PATH_ERROR_NONE) {
        check_reading(path.once);
        check_reading(path.full);
        check_pattern(path.once);
        check_pattern(path.full);
        CHECK(path.encoded || span_equal(path.once, path.full));
        if (span_find(path.full, '%') == path.full.len &&
            span_find(path.full, '?') == path.full.len &&
            span_find(path.full, '#') == path.full.len) {
            CHECK(path_normalize(path.full, second, &again) == PATH_ERROR_NONE);
            CHECK(span_equal(again.full, path.full));
        }
    }
    free(buffer);
    free(second);
    return 0;
}
