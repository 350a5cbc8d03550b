/**
 * The inside of an HTTP/2 connection, shared by h2*.c and nobody else.
 *
 * Layer: http. h2.c is its life, h2_receive.c what the client says, h2_send.c what it
 * hears. The callbacks of nghttp2 record facts and tell the owner; none of them calls
 * nghttp2_session_mem_recv() or nghttp2_session_mem_send().
 */
#pragma once

#include "http/h2.h"
#include "http/h2_head.h"
#include "http/h2_walk.h"

struct nghttp2_session;
struct nghttp2_session_callbacks;

struct h2 {
    struct nghttp2_session *session;
    const struct h2_events *events;
    void *owner;
    const struct h1_limits *limits;
    struct h1 *parser;
    struct h2_head head;
    struct h2_flood flood;
    struct h2_walk walk;
    struct list taken;
    uint8_t *out; /* Where h2_produce() writes. */
    size_t out_len;
    size_t out_capacity;
    int32_t unread[H2_STREAMS_MAX]; /* Answered, to be reset. */
    size_t unread_count;
    int32_t last_id;   /* Highest stream that the client has begun. */
    int32_t gap_first; /* Streams that it passed over last, and must not begin. */
    int32_t gap_end;
    bool in_head; /* A header block is not whole. */
    bool warned;  /* The client has heard that the end comes. */
    bool failed;  /* Nothing that is received counts any more. */
};

enum {
    H2_PING_LEN = 8,
};

extern const uint8_t H2_WARNING_PING[H2_PING_LEN];

/* h2.c */
struct h2_stream *h2_stream_of(const struct h2 *self, int32_t id);
void h2_detach(struct h2 *self, struct h2_stream *stream);

/* h2_receive.c, h2_send.c: what nghttp2 calls. */
void h2_set_receiving(struct nghttp2_session_callbacks *callbacks);
void h2_set_sending(struct nghttp2_session_callbacks *callbacks);
