#include "http/head.h"

static const struct {
    struct span name;
    enum method method;
} METHODS[] = {
    {{(const uint8_t *)"GET", 3}, METHOD_GET},
    {{(const uint8_t *)"POST", 4}, METHOD_POST},
    {{(const uint8_t *)"HEAD", 4}, METHOD_HEAD},
    {{(const uint8_t *)"OPTIONS", 7}, METHOD_OPTIONS},
    {{(const uint8_t *)"PUT", 3}, METHOD_PUT},
    {{(const uint8_t *)"PATCH", 5}, METHOD_PATCH},
    {{(const uint8_t *)"DELETE", 6}, METHOD_DELETE},
    {{(const uint8_t *)"TRACE", 5}, METHOD_TRACE},
    {{(const uint8_t *)"CONNECT", 7}, METHOD_CONNECT},
};

const struct field *head_field(const struct head *self, enum field_id id)
{
    for (size_t i = 0; i < self->field_count; i++) {
        if (self->fields[i].id == id) {
            return &self->fields[i];
        }
    }
    return NULL;
}

size_t head_field_count(const struct head *self, enum field_id id)
{
    size_t count = 0;

    for (size_t i = 0; i < self->field_count; i++) {
        count += self->fields[i].id == id ? 1 : 0;
    }
    return count;
}

const struct field *head_field_named(const struct head *self, struct span name)
{
    for (size_t i = 0; i < self->field_count; i++) {
        if (span_equal_nocase(self->fields[i].name, name)) {
            return &self->fields[i];
        }
    }
    return NULL;
}

static bool list_has_token(struct span list, struct span token)
{
    struct span item;

    while (span_next(&list, ',', &item)) {
        if (span_equal_nocase(span_trim(item), token)) {
            return true;
        }
    }
    return false;
}

bool head_has_token(const struct head *self, enum field_id id, struct span token)
{
    for (size_t i = 0; i < self->field_count; i++) {
        if (self->fields[i].id == id && list_has_token(self->fields[i].value, token)) {
            return true;
        }
    }
    return false;
}

enum method method_of(struct span name)
{
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++) {
        if (span_equal(name, METHODS[i].name)) {
            return METHODS[i].method;
        }
    }
    return METHOD_OTHER;
}

bool method_is_safe(enum method method)
{
    return method == METHOD_GET || method == METHOD_HEAD || method == METHOD_OPTIONS ||
           method == METHOD_TRACE;
}

bool method_is_idempotent(enum method method)
{
    return method_is_safe(method) || method == METHOD_PUT || method == METHOD_DELETE;
}
