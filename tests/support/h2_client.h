/**
 * A client of HTTP/2 that a test plays: requests as fields, raw frames where it wants to
 * be hostile, and what it heard of each stream.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum {
    H2_CLIENT_STREAMS_MAX = 512,
    H2_CLIENT_NO_RESET = 0x7fffffff, /**< No code of HTTP/2. */
};

/** What was heard of one stream. */
struct h2_heard {
    int32_t id;
    unsigned status;
    unsigned interim; /**< 1xx heads. */
    bool ended;       /**< END_STREAM. */
    bool closed;
    uint32_t reset; /**< Its code, or H2_CLIENT_NO_RESET. */
    size_t field_count;
    char fields[4096]; /**< `name: value\n` of each. */
    size_t body_len;
    char *body;
    char *asked; /**< The request's body, as long as it may be read. */
};

struct h2_client {
    void *session;
    bool windows_shut; /**< Takes no more than the first window. */
    bool priorities;   /**< Those of RFC 9218, not of RFC 7540. */
    size_t len;
    size_t capacity;
    uint8_t *out; /**< To be sent. */
    unsigned goaways;
    uint32_t goaway_code;
    int32_t goaway_last;
    unsigned pings_answered;
    bool failed; /**< What it heard was no HTTP/2. */
    size_t count;
    struct h2_heard heard[H2_CLIENT_STREAMS_MAX];
};

/** With preface and settings. `windows_shut` set before: no window ever opens; so too
 * `priorities`. */
void h2_client_open(struct h2_client *self);
void h2_client_close(struct h2_client *self);

/** A request by its fields, `name: value` lines; `body` NULL: ends with the head.
 * Returns the stream. */
int32_t h2_client_ask(struct h2_client *self, const char *fields, const char *body);

/** `GET path` of host `site`, with cookie `sid` unless NULL. */
int32_t h2_client_get(struct h2_client *self, const char *path, const char *sid);

/** A head without END_STREAM; its body comes by h2_client_frame(). */
int32_t h2_client_begin(struct h2_client *self, const char *fields);

void h2_client_reset(struct h2_client *self, int32_t id, uint32_t code);
void h2_client_ping(struct h2_client *self);

/** Lets the other side send `count` more bytes of a stream, or of all (0). */
void h2_client_allow(struct h2_client *self, int32_t id, int32_t count);

/** Appends a frame as it stands, whatever it says. */
void h2_client_frame(struct h2_client *self, uint8_t type, uint8_t flags, int32_t id,
                     struct span payload);

/** Takes what the other side sent. */
void h2_client_hear(struct h2_client *self, struct span bytes);

/** What is to be sent; valid until the next call. */
struct span h2_client_take(struct h2_client *self);

/** What was heard of stream `id`. */
struct h2_heard *h2_client_of(struct h2_client *self, int32_t id);

/** True when `text` stands in the body. */
bool h2_heard_has(const struct h2_heard *self, const char *text);
