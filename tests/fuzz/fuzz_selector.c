/*
 * Property: any text is a selector or an error with a sentence; what parses is within its
 * bounds, and compiles or says why not.
 */
#include "guard/markers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct selector selector;
    char error[120] = "";
    struct span text = {.ptr = data, .len = size};
    if (selector_parse(text, &selector, error, sizeof(error)) != ERR_NONE) {
        CHECK(selector.kind == SELECTOR_NONE && error[0] != '\0');
        return 0;
    }
    CHECK(selector.len > 0 && selector.len <= SELECTOR_ARGUMENT_MAX);
    CHECK(strlen(selector.argument) == selector.len);
    struct marker_class class = {
        .name = SPAN("c"), .selectors = &selector, .selector_count = 1};
    struct markers *markers =
        markers_new(&class, 1, MARKER_VALUE_MAX, error, sizeof(error));
    CHECK(markers != NULL || error[0] != '\0');
    markers_free(&markers);
    return 0;
}
