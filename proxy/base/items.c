#include "base/items.h"

#include "base/check.h"

struct span items_comma(struct span items)
{
    for (size_t i = 0; i < items.len; i++) {
        if (items.ptr[i] >= 0xe3) { /* Kana, ideographs, Hangul. */
            return SPAN("\xe3\x80\x81");
        }
    }
    return SPAN(", ");
}

struct span items_join(struct span items, struct span between, char *buffer,
                       size_t capacity)
{
    struct span item;
    size_t len = 0;
    CHECK(capacity > 0);

    buffer[0] = '\0';
    for (bool first = true; span_next(&items, ITEMS_BETWEEN, &item); first = false) {
        len += first ? 0 : span_copy(between, buffer + len, capacity - len);
        len += span_copy(item, buffer + len, capacity - len);
    }
    return (struct span){.ptr = (const uint8_t *)buffer, .len = len};
}

void items_write(struct json_write *out, const char *name, struct span items)
{
    struct span item;

    json_write_key(out, name);
    json_write_begin_array(out);
    while (span_next(&items, ITEMS_BETWEEN, &item)) {
        json_write_text(out, item);
    }
    json_write_end_array(out);
}
