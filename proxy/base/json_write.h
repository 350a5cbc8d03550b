/**
 * Writes JSON into a growing, bounded buffer.
 *
 * Layer: base. Pure but for memory. Commas are set by the writer; text is escaped, and
 * what is not UTF-8 becomes U+FFFD, so whatever a peer sent the result is valid (RFC
 * 8259). An error latches: json_write_text() is empty then, never half a document.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

/** Private fields; begin with json_write_init(), end with json_write_free(). */
struct json_write {
    char *bytes;
    size_t len;
    size_t capacity;
    size_t size_max;
    bool failed;
    bool needs_comma;
};

/** `size_max`: bytes of the document, > 0. */
void json_write_init(struct json_write *self, size_t size_max);

/** Frees the buffer. */
void json_write_free(struct json_write *self);

/** Forgets what was written and any error; keeps the buffer. */
void json_write_reset(struct json_write *self);

/** The document so far, lent; empty after an error. */
struct span json_write_result(const struct json_write *self);

void json_write_begin_object(struct json_write *self);
void json_write_end_object(struct json_write *self);
void json_write_begin_array(struct json_write *self);
void json_write_end_array(struct json_write *self);

/** A member's name; its value must follow. */
void json_write_key(struct json_write *self, const char *name);

void json_write_text(struct json_write *self, struct span text);
void json_write_u64(struct json_write *self, uint64_t value);
void json_write_bool(struct json_write *self, bool value);
void json_write_null(struct json_write *self);

/** A value that is JSON already. */
void json_write_raw(struct json_write *self, struct span json);

/** Key and value in one call. */
void json_write_member(struct json_write *self, const char *name, struct span text);
void json_write_member_u64(struct json_write *self, const char *name, uint64_t value);
void json_write_member_bool(struct json_write *self, const char *name, bool value);

/** Unix milliseconds as `2026-01-31T23:59:59.999Z`; 0 is null. */
void json_write_member_time(struct json_write *self, const char *name, uint64_t at_ms);
