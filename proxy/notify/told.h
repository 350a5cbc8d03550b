/**
 * What one alert tells, read back from its stored body.
 *
 * Layer: notify. Pure but for memory. The queue keeps every alert in one form, that of
 * the standard format; other formats are made from this when it is sent, so that a change
 * of `format` holds for what waits, too.
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

enum {
    TOLD_TEXT_MAX = 16384, /**< Bytes of all values together. */
};

/** Empty where the alert does not say. Texts live in `text`. */
struct told {
#define TOLD(member, pointer) struct span member;
#include "notify/told.def"
#undef TOLD
    size_t text_len;
    uint8_t text[TOLD_TEXT_MAX];
};

/** Errors: ERR_SYNTAX: not the body of an alert; ERR_MEMORY. */
MUST_USE enum err told_read(struct span body, struct told *told_out);

/** True for an alert of a drill. */
bool told_is_drill(const struct told *self);
