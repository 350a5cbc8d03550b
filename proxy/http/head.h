/**
 * A parsed message head: request line or status line, fields, and how the body is framed.
 *
 * Layer: http. Pure. A head owns nothing: every span points into the received bytes and
 * is valid as long as they are. Filled by h1_parse_head() (and later by the HTTP/2
 * codec), read by everyone else. Words of RFC 9110 and RFC 9112.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "http/field.h"

enum {
    HEAD_FIELDS_MAX =
        128, /**< Fields a head can hold; a configured limit may be lower. */
};

enum method {
    METHOD_OTHER, /**< Zero: treated as unsafe and not idempotent. */
    METHOD_GET,
    METHOD_HEAD,
    METHOD_OPTIONS,
    METHOD_TRACE,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_CONNECT,
};

/** How the end of a body is found (RFC 9112 section 6.3). */
enum framing {
    FRAMING_NONE,    /**< No body at all, or one announced as `Content-Length: 0`. */
    FRAMING_LENGTH,  /**< Content-Length. */
    FRAMING_CHUNKED, /**< Transfer-Encoding: chunked, alone. */
    FRAMING_CLOSE,   /**< Until the connection closes; responses only. */
};

/** One field line. */
struct field {
    struct span name;
    struct span value; /**< Without surrounding OWS. */
    enum field_id id;  /**< FIELD_OTHER for a name that no code asks for. */
};

struct head {
    /* Request. */
    enum method method;
    struct span method_text;
    struct span target; /**< As received. */

    /* Response. */
    unsigned status;
    struct span reason;

    /* Both. */
    unsigned version_major; /**< 1, or 2 for a request that came by HTTP/2. */
    unsigned version_minor; /**< 1 for HTTP/1.1 and HTTP/2, 0 for HTTP/1.0. */
    enum framing framing;
    uint64_t
        content_length; /**< With FRAMING_LENGTH, and for HEAD or 304 as announced. */
    bool has_content_length; /**< The field was present (also on HEAD and 304). */
    bool keep_alive;         /**< By version and Connection (RFC 9112 section 9.3). */
    size_t field_count;
    struct field fields[HEAD_FIELDS_MAX];
};

/** The first field with `id`, or NULL. */
const struct field *head_field(const struct head *self, enum field_id id);

/** How many fields have `id`. */
size_t head_field_count(const struct head *self, enum field_id id);

/** The first field called `name` (any case), for names without an id. NULL when absent.
 */
const struct field *head_field_named(const struct head *self, struct span name);

/** True when the comma-separated list of any field `id` has the token (any case). */
bool head_has_token(const struct head *self, enum field_id id, struct span token);

/** The method of a method name; METHOD_OTHER when it is none of ours. */
enum method method_of(struct span name);

/** GET, HEAD, OPTIONS, TRACE (RFC 9110 section 9.2.1). */
bool method_is_safe(enum method method);

/** The safe ones, PUT and DELETE (RFC 9110 section 9.2.2). */
bool method_is_idempotent(enum method method);
