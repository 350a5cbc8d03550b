/**
 * Cookies: what a request carries, what a response sets, and which names matter.
 *
 * Layer: http. Pure, no allocation. Spans point into the head. Values are without the
 * double quotes that some sites put around them, so that a token is the same in `Cookie`
 * and in `Set-Cookie`. Names compare with case (RFC 6265).
 */
#pragma once

#include "base/check.h"
#include "http/head.h"

/** Pairs of a request, over all its `Cookie` fields. */
struct cookie_reader {
    const struct head *head;
    size_t field_index;
    struct span rest;
};

/** One pair. A pair without `=` is a value with an empty name, as browsers have it. */
struct cookie {
    struct span name;
    struct span value;
    struct span text; /**< As received, without blanks around it. */
};

/** Starts before the first pair of `head`, which must outlive the reader. */
void cookie_start(struct cookie_reader *self, const struct head *head);

/** The next pair; false when there is none. Empty pairs are passed over. */
bool cookie_next(struct cookie_reader *self, struct cookie *cookie_out);

/** One parsed `Set-Cookie` value (RFC 6265 section 5.2). */
struct set_cookie {
    struct span name;
    struct span value;
    struct span path;   /**< Empty when absent. */
    struct span domain; /**< Without a leading dot; empty when absent. */
    bool has_max_age;
    bool has_expires;
    bool secure;
    bool http_only;
    int64_t max_age_s;
    int64_t expires_s; /**< Unix time. */
};

/** False when no browser would store it: no `=`, or neither name nor value. */
MUST_USE bool cookie_parse_set(struct span field_value, struct set_cookie *cookie_out);

/** Value empty or `deleted`, Max-Age zero or less, or (without Max-Age) Expires past. */
bool cookie_is_deletion(const struct set_cookie *self, int64_t now_s);

/**
 * Patterns of names in order of preference: `name`, `name*`, and `!name` or `!name*`,
 * which exclude wherever they stand. The memory is the caller's.
 */
struct cookie_names {
    const struct span *patterns;
    size_t count;
};

enum { COOKIE_NO_MATCH = -1 };

/** The index of the first pattern that matches, or COOKIE_NO_MATCH; also when excluded.
 */
int cookie_names_rank(const struct cookie_names *self, struct span name);

/** True when `pattern` can be used: a token, perhaps after `!`, perhaps before `*`. */
bool cookie_pattern_valid(struct span pattern);

/** Whether a pair stays. */
typedef bool cookie_keep(void *context, const struct cookie *cookie);

/** A cookie_keep: `names` is a struct cookie_names whose names do not stay. */
bool cookie_keep_others(void *names, const struct cookie *cookie);

/**
 * Writes the value of one `Cookie` field with the pairs of `head` that `keep` wants,
 * as received, joined by `; `.
 *
 * `buffer`: room for cookie_size_max() bytes. Returns the bytes written, 0 when no pair
 * stays: then the field is to be left out.
 */
size_t cookie_write(const struct head *head, cookie_keep *keep, void *context,
                    uint8_t *buffer);

/** Bytes that cookie_write() may need for `head`. */
size_t cookie_size_max(const struct head *head);
