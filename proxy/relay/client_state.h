/**
 * The inside of a client connection, shared by client*.c and nobody else.
 *
 * Layer: relay. client.c is its life and its events, client_read.c works through the
 * bytes that it sent, client_send.c is what its exchange says to it, client_certificate.c
 * whom its certificate names.
 */
#pragma once

#include "relay/client.h"

enum {
    CLIENT_TOKEN_KEPT_MAX = 256,
    CLIENT_CHUNK_HEAD_MAX = 20,
    CLIENT_LINGER_BYTES_MAX = 1048576,
};

/*
 *   (PREFACE -->) (SHAKE -->) IDLE --> HEAD --> EXCHANGE --> IDLE
 *                                    |
 *                                    +--> LINGER --> closed
 */
enum client_state {
    CLIENT_CLOSED,  /* Zero: nothing may be done with it. */
    CLIENT_PREFACE, /* A proxy says whose connection it is. */
    CLIENT_SHAKE,   /* TLS is being agreed on. */
    CLIENT_IDLE,    /* Between requests. */
    CLIENT_HEAD,    /* Some bytes of a head. */
    CLIENT_H2,      /* client_h2.c has the connection. */
    CLIENT_EXCHANGE,
    CLIENT_LINGER, /* Answered; reads and drops until the client closes. */
};

struct client {
    struct list_link link;
    struct relay *relay;
    const struct listen_settings *listen;
    struct stream *stream;
    struct tls_context *tls; /* Until the handshake begins; NULL: none is to come. */
    struct h1 *codec;
    struct caller caller; /* Whose exchange is under way. */
    struct client_h2 *h2; /* NULL: HTTP/1. */
    struct deadline deadline;
    struct address peer;
    enum client_state state;
    bool ended;       /* The client sent FIN. */
    bool proved;      /* client_note_proof() */
    bool may_be_h2;   /* It has said nothing yet that HTTP/2 would not. */
    bool pumping;     /* pump() is running below us. */
    uint8_t *backlog; /* Bytes that wait; NULL: none ever did. */
    size_t backlog_len;
    size_t backlog_capacity;
    size_t checked; /* Bytes of the head that were looked at. */
    uint64_t lingered;
    struct client_certificate *certificate; /* NULL: not read, or there is none. */
    struct fingerprint fingerprint;         /* Of `token`. */
    struct fingerprint bound_key;           /* client_bind(); none: it was not called. */
    uint16_t token_len;
    uint8_t token[CLIENT_TOKEN_KEPT_MAX];
    char chunk_head[CLIENT_CHUNK_HEAD_MAX]; /* Of the chunk being sent. */
};

/* client_send.c */
extern const struct caller_kind CLIENT_CALLER;

/* client.c */
void client_free(struct client *self);
void client_begin(struct client *self, struct span taken);
void client_end(struct client *self, enum disposition disposition);
void client_linger(struct client *self);
void client_set_deadline(struct client *self, uint64_t timeout_ms);
const struct limits *client_limits(const struct client *self);

/* client_preface.c; the last line of client_preface_read() may free `self`. */
bool client_enter(struct relay *relay, const struct address *address,
                  uint64_t address_max);
bool client_preface_comes(const struct listen_settings *listen,
                          const struct address *peer);
void client_preface_read(struct client *self, struct span bytes);

/* client_read.c; each may free `self` in its last line, except client_keep(). */
bool client_keep(struct client *self, struct span bytes);
void client_pump(struct client *self, struct span bytes);
void client_pump_backlog(struct client *self);
void client_reject(struct client *self, enum ending ending, unsigned status);
enum ending client_ending_of(enum h1_error error);
