/**
 * A connection to a server, and whether it may carry another request.
 *
 * Layer: relay. Owned by its pool while idle, lent to one exchange while busy. It knows
 * whose requests it carried; it is never handed to another session. While it is idle its
 * read stays armed, and a byte that arrives then is a finding.
 */
#pragma once

#include "base/list.h"
#include "guard/fingerprint.h"
#include "http/h1.h"
#include "net/stream.h"
#include "relay/journal.h"
#include "relay/site.h"

struct pool;
struct attempt;

struct upstream {
    struct list_link link;     /**< Idle list of its server, longest idle first. */
    struct list_link key_link; /**< Idle connections with keys alike. */
    struct fingerprint key;    /**< The session it belongs to; none: anonymous. */
    uint64_t idle_since_ms;
    struct pool *pool;
    struct pool_server *server;
    struct stream *stream;
    struct h1 *codec;
    struct attempt *attempt;     /**< While connecting. */
    struct fingerprint bound_to; /**< A client connection (client_bind()), or none. */
    uint64_t number;             /**< Unique in a run. */
    uint64_t exchange_count;
    uint64_t idle_turn;                      /**< Of the loop, in which it became idle. */
    char previous_id[JOURNAL_ID_DIGITS + 1]; /**< The last exchange on it. */
    char previous_session[FINGERPRINT_DIGITS + 1];
    struct address address;
    bool adopted; /**< pool_adopt(): serves one exchange alone. */
};
