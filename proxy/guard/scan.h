/**
 * Response fields and body pieces in, observed markers out, across any split.
 *
 * Layer: guard. No I/O, no clock; holds Vectorscan and PCRE2 (guard/scan_*.c).
 * `scanner` is one worker's working memory. `scan` is one response. What is observed
 * depends on the bytes alone and never on how they were cut into pieces.
 *
 * A body is read by its kind: HTML and XML by an exact tokenizer, entered only where the
 * matcher saw a literal of a selector; JSON by a walker; `regex:` on all of them.
 * Errors latch: what could not be read to its end is never later called readable.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard/markers.h"

enum {
    SCAN_DISTINCT_MAX = 1024, /**< Distinct (class, value) of one response. */
    SCAN_MATCHES_MAX = 8192,  /**< Markers of one response, repeated ones too. */
    SCAN_REQUEST_MAX = 32,    /**< Digits of a Countermark-Request. */
    SCAN_WINDOW = 4096,       /**< Bytes that one match of a `regex:` may be long. */
};

struct scanner;
struct scan;

enum scan_status {
    SCAN_UNDECODABLE =
        0, /**< Latched. Part of the body could not be judged: see reason. */
    SCAN_OK,
};

/** Why a scan is undecodable. */
enum scan_reason {
    SCAN_REASON_NONE = 0,
    SCAN_REASON_MATCHES, /**< More than SCAN_MATCHES_MAX or SCAN_DISTINCT_MAX. */
    SCAN_REASON_LENGTH,  /**< A marker longer than `marker_max`, or a match past the
                            window. */
    SCAN_REASON_CHARSET, /**< An encoding that is neither ASCII-compatible nor UTF-16. */
    SCAN_REASON_SYNTAX,  /**< Malformed JSON where `json:` selectors exist. */
    SCAN_REASON_DEPTH,   /**< Nested deeper than the walker goes. */
    SCAN_REASON_MEMORY,
    SCAN_REASON_MATCHER, /**< Vectorscan or PCRE2 gave up. */
};

/** How long the bytes of a piece can be read. */
enum scan_lease {
    SCAN_LEASE_BORROWED = 0, /**< During the call only. */
    SCAN_LEASE_KEPT,         /**< Unmoved until scan_settle() or scan_end(): cheaper. */
};

/** One marker: the first sight of a value of a class. */
struct observation {
    uint8_t class_index;     /**< Of the classes given to markers_new(). */
    uint8_t selector_index;  /**< Of that class. */
    enum selector_kind kind; /**< Of that selector. */
    bool weak;               /**< Only seen by an untrusted `regex:`. */
    bool in_field;     /**< Seen in a response field or cookie, whether elsewhere too
                          or not; the others tell of the strongest sight. */
    struct span value; /**< Unescaped and trimmed. Valid until scan_end(). */
    uint64_t offset;   /**< Decoded bytes before the sight's end; 0 for fields. */
};

/**
 * One worker's scanner.
 *
 * Owns:   the caller ends it with scanner_free(), after all its scans.
 * Keeps:  `markers` is borrowed.
 * Errors: NULL when memory is exhausted.
 */
struct scanner *scanner_new(const struct markers *markers);

void scanner_free(struct scanner **self_p);

/**
 * A scan of one response. Taken from a free list: no malloc once warm.
 *
 * `charset`: the parameter of Content-Type, empty when there is none. Not kept.
 * Owns:   the caller ends it with scan_end().
 * Errors: NULL when memory is exhausted: treat as SCAN_UNDECODABLE.
 */
struct scan *scan_begin(struct scanner *scanner, enum scan_kind kind,
                        struct span charset);

/** Gives the scan back, wipes its values and sets `*self_p` to NULL. May be NULL. */
void scan_end(struct scan **self_p);

/** The exchange's Countermark-Request, for markers whose signature is bound to it. At
 * most SCAN_REQUEST_MAX bytes, copied. */
void scan_bind(struct scan *self, struct span request);

/** One response field. Cheap when no class has `header:` selectors. */
void scan_field(struct scan *self, struct span name, struct span value);

/** One cookie of a Set-Cookie field. Cheap when no class has `cookie:` selectors. */
void scan_set_cookie(struct scan *self, struct span name, struct span value);

/** The next bytes of the decoded body. Returns scan_status(). */
enum scan_status scan_feed(struct scan *self, struct span piece, enum scan_lease lease);

/** Before kept pieces are freed or moved: reads what it still needs of them. */
void scan_settle(struct scan *self);

/** The body is at its end. Returns scan_status(). Nothing may be fed afterwards. */
enum scan_status scan_finish(struct scan *self);

enum scan_status scan_status(const struct scan *self);
enum scan_reason scan_reason(const struct scan *self);

/** A lower-case word for logs. Static storage. */
const char *scan_reason_name(enum scan_reason reason);

/**
 * How many of the last fed bytes may still become part of a marker. The bytes before them
 * may leave. Never too small; with `regex:` selectors at least a window.
 */
size_t scan_pending(const struct scan *self);

/** Observations so far; grows with each feed. Which they are does not depend on pieces,
 * in which order they come may. */
size_t scan_count(const struct scan *self);

/** Observation `index` < scan_count(). Valid until the next call that is not const. */
const struct observation *scan_at(const struct scan *self, size_t index);

/** Bit `n` set: class `n` was observed. */
uint32_t scan_seen(const struct scan *self);

/** Bit `n` set: class `n` is signed, and a marker of it was not, or wrongly. Such a
 * marker is no observation. */
uint32_t scan_forged(const struct scan *self);

/** Forgets the observations but not where the scan stands (next event of a stream). */
void scan_forget(struct scan *self);
