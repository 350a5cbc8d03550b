/**
 * The inside of a secure, shared by secure.c and secure_write.c and nobody else.
 *
 * Layer: net. secure.c is its life, the handshake and what is read; secure_write.c what
 * is sent.
 */
#pragma once

#include "net/secure.h"

enum {
    SECURE_SPANS_MAX = 64,
    SECURE_LATER_MAX = 16384, /* What a peer can make us say while it does not listen. */
};

/* Of one loop; each part is used within one call and empty afterwards. */
struct secure_shared {
    struct tls_output output;
    uint8_t in[LOOP_READ_SIZE];
    uint8_t record[TLS_RECORD_MAX];
    uint8_t out[TLS_OUTPUT_SIZE];
};

/* Plaintext that is to be sent. */
struct secure_source {
    const struct span *spans;
    size_t count;
    size_t taken; /* Bytes of the first span that are gone. */
};

/* A write that the socket does not take at once. */
struct secure_waiting {
    size_t left;  /* Plaintext that is not encrypted yet. */
    size_t piece; /* Plaintext of what the socket has now. */
    struct secure_source source;
    struct span spans[SECURE_SPANS_MAX];
    uint8_t *copied; /* NULL: lent. */
};

struct secure {
    struct stream *stream;
    struct tls *tls;
    struct secure_shared *shared;
    struct loop_task task;
    uint8_t *kept; /* Ciphertext that nobody wanted yet. */
    struct secure_waiting *waiting;
    struct tls_output later; /* Ciphertext behind what the socket has now. */
    bool ready;              /* The handshake is over. */
    bool started;
    bool ended; /* Nothing more will be read. */
    bool finishing;
    bool finished;
};

/* secure_write.c */
void secure_free_waiting(struct secure *self);
enum written secure_flush(struct secure *self);
