/**
 * The inside of an HTTP/2 client connection, shared by client_h2*.c and nobody else.
 *
 * Layer: relay. client_h2.c is the connection: bytes in and out, deadlines, its end.
 * client_h2_stream.c is one request on it: waiting, its body; client_h2_answer.c what its
 * exchange says to it.
 */
#pragma once

#include "http/h2.h"
#include "relay/client_h2.h"
#include "relay/client_state.h"

enum {
    /* One 4th of all held bytes is cut at once, what a caller may leave only after a
     * while: answers to many requests come at a time, and the client may be about to take
     * them. */
    CLIENT_H2_SHARE = 4,
};

/*
 *   OPEN --> WARNED --> ENDING --> OVER
 */
enum h2_phase {
    H2_PHASE_OVER, /* Zero: broken, or everything said. */
    H2_PHASE_OPEN,
    H2_PHASE_WARNED, /* The client was asked to begin no more. */
    H2_PHASE_ENDING, /* Takes no more; what is under way goes on. */
};

struct client_h2 {
    struct client *client;
    struct relay *relay;
    struct h2 *h2;
    struct h1_limits limits;
    struct loop_task task; /* Frames to write, streams to begin. */
    struct list streams;   /* struct h2_caller, oldest first. */
    unsigned stream_count;
    unsigned running;      /* Streams with an exchange. */
    unsigned running_most; /* That may be at a time: grows while answers are taken. */
    enum h2_phase phase;
    bool busy;           /* Something below us goes through the streams. */
    bool broken;         /* The client is gone: nothing can be said. */
    uint64_t lent;       /* Bytes of answers that are not framed yet. */
    uint64_t sent;       /* Bytes of frames so far. */
    uint64_t charged;    /* Frames that the socket did not take, against the address. */
    uint64_t idle_by_ms; /* When each comes due; 0: not set. */
    uint64_t head_by_ms;
    uint64_t look_by_ms;
    uint64_t warn_by_ms;
    uint64_t unread_by_ms;
    uint64_t full_by_ms;
    uint64_t look_sent; /* `sent` at the last look. */
};

/* One request. */
struct h2_caller {
    struct caller caller;
    struct h2_stream stream;
    struct client_h2 *connection;
    struct list_link link;
    uint8_t *text; /* The head, until it is begun; then NULL. */
    size_t text_len;
    uint8_t *body; /* What waits for the exchange. */
    size_t body_len;
    size_t body_capacity;
    uint64_t lent;    /* Bytes of the part that is being sent. */
    uint64_t charged; /* Bytes of head and body that wait. */
    uint64_t look_sent;
    bool running;    /* It has an exchange. */
    bool admitted;   /* It counts as a connection. */
    bool body_ended; /* The client has sent all of it. */
    bool bodyless;   /* END_STREAM came with the head. */
    bool rejected;   /* Its head was malformed. */
};

/* client_h2_stream.c */
extern const struct h2_events CLIENT_H2_EVENTS;
void h2_caller_begin_waiting(struct client_h2 *connection);
void h2_caller_resume_body(struct h2_caller *self);
void h2_caller_break(struct h2_caller *self);
void h2_caller_free(struct h2_caller *self);

/* client_h2_answer.c */
extern const struct caller_kind CLIENT_H2_CALLER;
void h2_caller_lend(struct h2_caller *self, uint64_t lent);
void h2_caller_note_full(struct client_h2 *connection);
void h2_caller_cut_youngest(struct client_h2 *connection);

/* client_h2.c */
void client_h2_schedule(struct client_h2 *self);
void client_h2_note_count(struct client_h2 *self, int change);
