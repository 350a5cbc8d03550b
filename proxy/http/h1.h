/**
 * HTTP/1 messages of one direction of one connection: bytes in, head and body pieces out.
 *
 * Layer: http. Pure: no I/O, no clock. Owned by a client or upstream connection.
 * The caller keeps received bytes contiguous until h1_find_head() says that the head is
 * complete, parses it once with h1_parse_head(), then hands every following byte to
 * h1_parse_body() until it answers PIECE_LAST. Anything ambiguous is an error, never
 * repaired (RFC 9112 sections 2.2, 5, 6, 7, 11.2): bare CR or LF, obs-fold, blanks before
 * a colon, empty, signed or repeated Content-Length, Content-Length with
 * Transfer-Encoding, codings other than one `chunked`, Transfer-Encoding in HTTP/1.0,
 * several or malformed Host, NUL and control bytes. After an error the codec stays in
 * error.
 */
#pragma once

#include "base/check.h"
#include "http/head.h"

struct h1;

enum h1_kind {
    H1_REQUEST,
    H1_RESPONSE,
};

enum h1_found {
    H1_FOUND_NOT,  /**< More bytes are needed. */
    H1_FOUND_HEAD, /**< Complete. */
    H1_FOUND_BAD,  /**< Can never become a head. */
};

/** The end of a body travels with its bytes; broken never becomes last. */
enum piece {
    PIECE_BROKEN, /**< Malformed or cut. */
    PIECE_MORE,   /**< More follows. */
    PIECE_LAST,   /**< The message ends with these bytes. */
};

/** What a head may be at most, all > 0. */
struct h1_limits {
    size_t head_size_max;   /**< Bytes of all field lines. */
    size_t target_size_max; /**< Bytes of the target. */
    size_t field_count_max; /**< At most HEAD_FIELDS_MAX. */
};

/** Why a head was not taken, from which the answer follows. */
enum h1_error {
    H1_ERROR_NONE,
    H1_ERROR_MALFORMED,    /**< 400. */
    H1_ERROR_AMBIGUOUS,    /**< 400: framing with two readings. */
    H1_ERROR_TARGET_LONG,  /**< 414. */
    H1_ERROR_FIELDS_LARGE, /**< 431. */
    H1_ERROR_VERSION,      /**< 505. */
    H1_ERROR_CODING,       /**< 501: a transfer coding that we do not know. */
    H1_ERROR_METHOD,       /**< 501: CONNECT, TRACE, a method nobody knows. */
};

/**
 * What is wrong with `bytes` for which h1_find_head() wants more: already past a limit,
 * or H1_ERROR_NONE. Ask before waiting for more, so that no head grows without end.
 */
enum h1_error h1_check_size(const struct h1 *self, struct span bytes,
                            const struct h1_limits *limits);

/** A codec ready for its first message. The caller frees it with h1_free(). NULL: memory.
 */
struct h1 *h1_new(enum h1_kind kind);

void h1_free(struct h1 **self_p);

/**
 * Looks for the end of a head in `bytes`, which start where the message starts.
 *
 * `checked_p`: bytes already looked at by an earlier call, 0 at first; updated, so that a
 * head that arrives byte by byte is read once.
 * `head_len_out`: set with H1_FOUND_HEAD: bytes up to and with the empty line.
 * One empty line before a request line is skipped as part of the head (RFC 9112 section
 * 2.2). A first byte that no message starts with is BAD at once.
 */
enum h1_found h1_find_head(const struct h1 *self, struct span bytes, size_t *checked_p,
                           size_t *head_len_out);

/**
 * Parses a complete head and readies the codec for its body.
 *
 * `bytes`: exactly the head that h1_find_head() found; `head_out` points into it.
 * For a response, h1_expect() must have told what was asked.
 */
MUST_USE enum h1_error h1_parse_head(struct h1 *self, struct span bytes,
                                     const struct h1_limits *limits,
                                     struct head *head_out);

/** Tells a response codec the method of the request whose answer comes next. */
void h1_expect(struct h1 *self, enum method request_method);

/**
 * Takes bytes of the body; call again with the rest until all are consumed or the result
 * is not PIECE_MORE. A message whose framing is FRAMING_NONE needs not be asked: it takes
 * nothing and is LAST.
 *
 * `content_out`: body bytes inside `bytes` (chunk framing removed), may be empty.
 * `consumed_out`: bytes taken; with PIECE_LAST what follows belongs to the next message.
 * Trailer fields are read and dropped. Chunk extensions are refused.
 */
MUST_USE enum piece h1_parse_body(struct h1 *self, struct span bytes,
                                  struct span *content_out, size_t *consumed_out);

/** The connection ended: PIECE_LAST where that ends the body properly, else BROKEN. */
MUST_USE enum piece h1_finish(struct h1 *self);

/** A short lower-case name for logs and counters. Static storage. */
const char *h1_error_name(enum h1_error error);

/** The status that answers a request with this error. */
unsigned h1_error_status(enum h1_error error);
