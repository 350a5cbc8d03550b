#include "relay/rewrite_names.h"

static uint8_t plain(uint8_t byte)
{
    byte = byte == '_' ? '-' : byte;
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

bool rewrite_looks_like(struct span name, struct span prefix)
{
    if (name.len < prefix.len) {
        return false;
    }
    for (size_t i = 0; i < prefix.len; i++) {
        if (plain(name.ptr[i]) != plain(prefix.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool rewrite_same_name(struct span name, struct span other)
{
    return name.len == other.len && rewrite_looks_like(name, other);
}

bool rewrite_names_another_path(const struct field *field)
{
    return field->name.len > 0 && (field->name.ptr[0] | 0x20) == 'x' &&
           (rewrite_same_name(field->name, SPAN("x-original-url")) ||
            rewrite_same_name(field->name, SPAN("x-original-uri")) ||
            rewrite_same_name(field->name, SPAN("x-rewrite-url")));
}

bool rewrite_is_reserved(const struct field *field)
{
    if (field->name.len == 0) {
        return true;
    }
    switch (field->name.ptr[0] | 0x20) {
    case 'c':
        return rewrite_looks_like(field->name, SPAN("countermark-"));
    case 'x':
        return rewrite_looks_like(field->name, SPAN("x-forwarded-")) ||
               rewrite_same_name(field->name, SPAN("x-real-ip"));
    case 'f':
        return rewrite_same_name(field->name, SPAN("forwarded"));
    default:
        return false;
    }
}
