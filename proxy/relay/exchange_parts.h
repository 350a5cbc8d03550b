/**
 * What an exchange is made of: its states, and the small things it owns or borrows.
 *
 * Layer: relay. Part of exchange_state.h; nobody else includes this.
 */
#pragma once

#include "base/list.h"
#include "guard/feature.h"
#include "relay/journal.h"

struct coding;
struct exchange;

enum {
    EXCHANGE_TEXT_SIZE = 4096, /* A head that is longer goes to memory of its own. */
    EXCHANGE_PATH_MAX = 256,
};

/*
 *   LOGIN ----> ACQUIRE --> ASK --> HOLD --> COMMIT --> REPLY --> END
 *     |            |         |       |                    ^
 *     +-- SETTLE --+---------+-------+--> STREAM ---------+
 */
#define EXCHANGE_STATES(X)                                                               \
    X(END, exchange_step_end, "end")                                                     \
    X(SETTLE, exchange_step_settle, "settle")                                            \
    X(LOGIN, exchange_step_login, "login")                                               \
    X(ACQUIRE, exchange_step_acquire, "acquire")                                         \
    X(ASK, exchange_step_ask, "ask")                                                     \
    X(HOLD, exchange_step_hold, "hold")                                                  \
    X(STREAM, exchange_step_stream, "stream")                                            \
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
};

/* Up to where a coded body was decoded and scanned with no match pending across it. */
struct coded_mark {
    uint64_t settled;  /* Received bytes that nothing pending can reach. */
    uint64_t received; /* A place further on, */
    uint64_t decoded;  /* and what had been decoded there, or when a coding gave more. */
    size_t steps_left; /* Codings that gave nothing since that place. */
};

/* How far the answer of the upstream is. */
enum answer_part {
    ANSWER_NONE, /* Zero: no byte yet. */
    ANSWER_HEAD, /* Bytes of a head. */
    ANSWER_BODY,
    ANSWER_COMPLETE, /* Ended as its framing says. */
};
