/**
 * The bytes of one connection's requests: head, then body, then the next.
 *
 * Layer: admin. No I/O. Owned by its connection. The head stays where it was received
 * until request_next(), so its spans are valid that long. Bounded by REQUEST_FIELDS_MAX,
 * REQUEST_TARGET_MAX and REQUEST_BODY_MAX. Heads hold tokens: what was used is wiped.
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "base/span.h"
#include "http/head.h"

enum {
    REQUEST_FIELDS_MAX = 16 * 1024, /**< Bytes of all field lines. */
    REQUEST_TARGET_MAX = 4096,
    REQUEST_BODY_MAX = 64 * 1024,
};

struct request;

enum request_step {
    REQUEST_BAD, /**< Refused; nothing can follow on this connection. */
    REQUEST_MORE,
    REQUEST_WHOLE,
};

/** The answer to REQUEST_BAD. */
struct request_fault {
    unsigned status;
    const char *detail; /**< A sentence. Static storage. */
};

/** NULL: memory. */
struct request *request_new(void);

/** Wipes and frees. Sets NULL. NULL is fine. */
void request_free(struct request **self_p);

/** Memory for received bytes: never empty while request_step is REQUEST_MORE. */
uint8_t *request_space(struct request *self, size_t *room_out);

/** `count` bytes were received into request_space(). */
void request_take(struct request *self, size_t count);

/** Bytes received and not used: the head, or what follows the last request. */
size_t request_waiting(const struct request *self);

/** Looks for the head in what was received. */
enum request_step request_read_head(struct request *self,
                                    struct request_fault *fault_out);

/** The head after REQUEST_WHOLE; its method is METHOD_OTHER before. */
const struct head *request_head(const struct request *self);

/** True when the sender waits to be asked for the body (RFC 9110 section 10.1.1). */
bool request_expects_word(const struct request *self);

/** Reads the body, which may be empty, behind the head. */
enum request_step request_read_body(struct request *self,
                                    struct request_fault *fault_out);

/** The body after REQUEST_WHOLE; lent until request_next(). */
struct span request_body(const struct request *self);

/** Forgets this request, of which head and body were read. */
void request_next(struct request *self);

/** Forgets everything received. */
void request_discard(struct request *self);
