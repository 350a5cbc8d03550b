/**
 * Responses of our own: refusals, the maintenance page, plain errors.
 *
 * Layer: relay. Pure: facts in, a whole HTTP/1.1 message out. HTML or RFC 9457 JSON, in
 * English and Japanese by what the request accepts. Neutral: they say nothing about whose
 * data was seen, and are never cached.
 */
#pragma once

#include "base/span.h"
#include "base/writer.h"
#include "http/head.h"

enum {
    REPLY_SIZE_MAX = 16384, /**< Bytes of any reply without an operator's own page. */
};

enum reply_kind {
    REPLY_ERROR,       /**< `status` and `sentence`. */
    REPLY_REFUSED,     /**< A response was withheld. */
    REPLY_MAINTENANCE, /**< A feature is down. */
    REPLY_LOGGED_OUT,  /**< Logout while login is down. */
};

/** What the client would rather read; learnt from the request's head. */
struct reply_taste {
    bool json;
    bool japanese;
    bool head_only; /**< HEAD: fields only. */
    bool old;       /**< HTTP/1.0. */
};

struct reply {
    enum reply_kind kind;
    unsigned status;
    const char *sentence;     /**< For REPLY_ERROR. */
    struct span reference;    /**< An incident's or exchange's name; may be empty. */
    bool unsafe;              /**< The request may have been carried out. */
    uint64_t retry_after_s;   /**< 0: none. */
    struct span page;         /**< The operator's own HTML; empty: built in. */
    struct span extra_fields; /**< Whole field lines, each with CRLF. */
    bool close;               /**< Connection: close. */
};

/** Reads Accept, Accept-Language and Sec-Fetch-Dest. */
struct reply_taste reply_taste_of(const struct head *request);

/**
 * Writes the whole message; `out` needs REPLY_SIZE_MAX and the length of `page`. Returns
 * the bytes of its head.
 */
size_t reply_write(const struct reply *self, struct reply_taste taste,
                   struct writer *out);

/** `Not Found` for 404, or "" for a status without a phrase of ours. */
const char *reply_phrase(unsigned status);
