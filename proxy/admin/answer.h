/**
 * One answer being made: status, content, and the fields that follow from them.
 *
 * Layer: admin. Plain value, owned by its connection. Errors are problem details (RFC
 * 9457). The content stays where it is until answer_reset(), so it is written without a
 * copy.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/json_write.h"
#include "base/page.h"
#include "base/writer.h"

enum {
    ANSWER_JSON_SIZE_MAX = 8 * 1024 * 1024,
    ANSWER_SPANS = 2, /**< Pieces of a whole answer. */
    ANSWER_FILE_NAME_SIZE_MAX = 320,
    ANSWER_HEAD_SIZE_MAX = 2560, /**< Bytes of the status line and all fields. */
};

#define ANSWER_TYPE_JSON    "application/json"
#define ANSWER_TYPE_PROBLEM "application/problem+json"
#define ANSWER_TYPE_TEXT    "text/plain; charset=utf-8"
#define ANSWER_TYPE_EVENTS  "text/event-stream"

struct answer {
    unsigned status;  /**< 0: not made yet. */
    const char *type; /**< Content-Type. */
    struct json_write json;
    struct page page;  /**< The content when it is not JSON. */
    struct span fixed; /**< Likewise, lent for ever. */
    const char *tag;   /**< ETag: may be kept and asked for again; NULL else. */
    char file_name[ANSWER_FILE_NAME_SIZE_MAX]; /**< As which to keep it; "": not said. */
    const char *policy;                        /**< Content-Security-Policy; NULL else. */
    bool endless;          /**< No length: it ends with the connection. */
    const char *allow;     /**< With 405; NULL else. */
    const char *challenge; /**< With 401: WWW-Authenticate; NULL else. */
    bool close;            /**< The connection ends behind it. */
};

/** A zeroed answer made ready. */
void answer_init(struct answer *self);

/** Forgets everything and frees the content. */
void answer_reset(struct answer *self);

/** JSON with status 200; write the document to `json`. */
struct json_write *answer_json(struct answer *self);

/** Text with status 200; write it to `page`. */
struct page *answer_page(struct answer *self, const char *type);

/** Bytes that outlive the answer, with status 200. */
void answer_fixed(struct answer *self, const char *type, struct span bytes);

/** A whole problem. `detail`: one sentence, with full stop. */
void answer_problem(struct answer *self, unsigned status, const char *detail);

/** As answer_problem(), left open for members of its own: end with answer_end(). */
struct json_write *answer_problem_begin(struct answer *self, unsigned status,
                                        const char *detail);
void answer_end(struct answer *self);

/**
 * The content, lent until the answer changes. One that could not be written whole (too
 * long, no memory) becomes a problem with status 500 first.
 */
struct span answer_content(struct answer *self);

/** Writes status line and fields. `unix_s` is for Date. */
void answer_head(const struct answer *self, uint64_t content_len, int64_t unix_s,
                 struct writer *out);

/** The whole answer in pieces, lent until it changes, the head in `head`. Returns how
 * many. */
size_t answer_spans(struct answer *self, bool head_only, int64_t unix_s,
                    struct writer *head, struct span *spans_out);
