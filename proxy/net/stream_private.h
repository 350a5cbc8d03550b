/**
 * The inside of a stream, shared by stream.c, stream_write.c and stream_secure.c and
 * nobody else.
 *
 * Layer: net. stream.c is its life and what is read, stream_write.c what is written,
 * stream_secure.c what has TLS between it and its owner.
 */
#pragma once

#include <uv.h> /* house: the parts of a stream share its handle */

#include "net/secure.h"

struct stream {
    union {
        uv_tcp_t tcp;   /* Of TCP, and whatever was opened. */
        uv_pipe_t pipe; /* Of a Unix socket, connected or accepted. */
    };
    uv_write_t write;
    union {
        uv_connect_t connect;
        uv_shutdown_t shutdown;
    } once; /* A connection connects before it finishes, and each once. */
    struct loop *loop;
    const struct stream_events *events; /* NULL once the owner let go. */
    void *owner;
    struct address peer;
    struct secure *secure; /* NULL: what is read and written is what the wire has. */
    uint8_t *copied;       /* What a waiting write copied; NULL when lent. */
    uint64_t bytes_in;
    uint64_t bytes_out;
    size_t writing_len; /* Bytes of the waiting write; 0: none waits. */
    unsigned pauses;
    bool local; /* A pipe. */
    bool started;
};
