/**
 * What an exchange is made of: its states, and the small things it owns or borrows.
 *
 * Layer: relay. Part of exchange_state.h; nobody else includes this.
 */
#pragma once

#include "base/list.h"
#include "guard/feature.h"
#include "guard/grants.h"
#include "guard/scan.h"
#include "guard/session.h"
#include "http/event_stream.h"
#include "relay/exchange_upload.h"
#include "relay/journal.h"

struct coding;
struct exchange;
struct exchange_socket;
struct grant_question;

enum {
    EXCHANGE_TEXT_SIZE = 4096, /* A head that is longer goes to memory of its own. */
    EXCHANGE_PATH_MAX = 256,
};

/*
 *                               GRANTS
 *                                ^  |
 *   LOGIN ----> ACQUIRE --> ASK --> HOLD --> COMMIT --> REPLY --> END
 *     |            |         |       |                    ^
 *     +-- SETTLE --+---------+-------+--> STREAM, --------+
 *                                        EVENTS, SOCKET
 */
#define EXCHANGE_STATES(X)                                                               \
    X(END, exchange_step_end, "end")                                                     \
    X(SETTLE, exchange_step_settle, "settle")                                            \
    X(LOGIN, exchange_step_login, "login")                                               \
    X(ACQUIRE, exchange_step_acquire, "acquire")                                         \
    X(ASK, exchange_step_ask, "ask")                                                     \
    X(HOLD, exchange_step_hold, "hold")                                                  \
    X(GRANTS, exchange_step_grants, "grants")                                            \
    X(STREAM, exchange_step_stream, "stream")                                            \
    X(EVENTS, exchange_step_events, "events")                                            \
    X(SOCKET, exchange_step_socket, "socket")                                            \
    X(COMMIT, exchange_step_commit, "commit")                                            \
    X(REPLY, exchange_step_reply, "reply")

enum exchange_state {
#define EXCHANGE_STATE_ID(id, function, name) STATE_##id,
    EXCHANGE_STATES(EXCHANGE_STATE_ID)
#undef EXCHANGE_STATE_ID
        STATE_COUNT
};

/* What a state's function asks of the loop that called it. */
enum step {
    STEP_AGAIN,
    STEP_WAIT,
    STEP_DONE,
};

/* A question to the journal; outlives its exchange when the answer is late. */
struct exchange_ticket {
    struct journal_ticket ticket;
    struct exchange *exchange; /* NULL: nobody waits any more. */
    struct feature_table *features;
    unsigned settles; /* Take-downs that are on disk with it. */
};

/* A decoder of the relay's list, lent to one exchange. */
struct exchange_decoder {
    struct list_link link;
    struct coding *coding;
    struct exchange *exchange;
    uint64_t charged; /* Of its memory, against the bound of all held bytes. */
};

/* Up to where a coded body was decoded and scanned with no match pending across it. */
struct coded_mark {
    uint64_t settled;  /* Received bytes that nothing pending can reach. */
    uint64_t received; /* A place further on, */
    uint64_t decoded;  /* and what had been decoded there, or when a coding gave more. */
    size_t steps_left; /* Codings that gave nothing since that place. */
};

/* How an answer goes to the client. */
enum delivery {
    DELIVERY_WHOLE,  /* Zero: when all of it was judged, or as a stream past hold_max. */
    DELIVERY_EVENTS, /* A text/event-stream: event by event. */
    DELIVERY_SOCKET, /* A WebSocket: message by message. */
};

/* What is looked for where in one message: see exchange_message.c. */
enum message_scan {
    MESSAGE_TEXT,   /* All of it, as text. */
    MESSAGE_DATA,   /* Its data: JSON if it begins like it, else markup. */
    MESSAGE_MARKUP, /* Its data as markup, when it only began like JSON. */
    MESSAGE_SCANS
};

/* The session that an answer without end belongs to, as it was when it was opened. */
struct exchange_pin {
    uint64_t id; /* 0: there was none yet. */
    uint32_t version;
    uint32_t generation;
    enum binding binding;
    struct user requester;
};

/* How far an answer is that goes on message by message. Lengths are of held bytes. */
struct exchange_messages {
    struct event_stream events;
    size_t read;  /* Looked through for the end of a message. */
    size_t ready; /* Of whole messages that may leave. */
    struct scan *scans[MESSAGE_SCANS];
};

/* What was asked about the subjects of one answer, or of one message of it. */
struct exchange_grants {
    enum exchange_state return_to; /* Where the answers are waited for. */
    unsigned pending;              /* Questions under way. */
    size_t asked_count;            /* Observations that were asked about. */
    bool redacted;                 /* What must not be seen was taken out. */
    struct user requester;         /* For whom. */
    struct grant_question *questions[GRANTS_MAX]; /* By grant; under way. */
    enum grant_answer answers[]; /* By observation, as exchange_sight() counts them. */
};

/* How the body would be redacted; a coded one is kept decoded as it comes. */
struct exchange_plain {
    enum scan_kind kind; /* NONE: it cannot be. */
    uint8_t *bytes;
    size_t len;
    size_t capacity;
};

/* How far the answer of the upstream is. */
enum answer_part {
    ANSWER_NONE, /* Zero: no byte yet. */
    ANSWER_HEAD, /* Bytes of a head. */
    ANSWER_BODY,
    ANSWER_COMPLETE, /* Ended as its framing says. */
};
