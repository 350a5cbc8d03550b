/**
 * Names of fields that this program asks for, as numbers.
 *
 * Layer: http. Pure. The names live in field.def.
 */
#pragma once

#include "base/span.h"

enum field_id {
    FIELD_OTHER = 0,
#define FIELD(id, name) FIELD_##id,
#include "http/field.def"
#undef FIELD
    FIELD_ID_COUNT
};

/** The id of a field name in any case; FIELD_OTHER when it has none. */
enum field_id field_id_of(struct span name);

/** The lower-case name of `id`; empty for FIELD_OTHER. */
struct span field_name(enum field_id id);
