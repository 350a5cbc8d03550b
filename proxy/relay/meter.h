/**
 * The relay's counters: one place that knows which series an event belongs to.
 *
 * Layer: relay. A meter belongs to one plan: it holds the slots of its routes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "guard/finding.h"
#include "http/h2_flood.h"
#include "relay/ending.h"
#include "relay/journal.h"
#include "relay/site.h"

struct relay;
struct stats;
struct tls;
struct meter;

enum meter_connection {
    METER_CLIENT_ACTIVE, /**< With a request under way. */
    METER_CLIENT_IDLE,
    METER_UPSTREAM_BUSY,
    METER_UPSTREAM_IDLE,
    METER_CONNECTION_COUNT
};

/** A desync that is none: the upstream says that it closes an idle connection. */
#define METER_IDLE_408 "idle-408"

enum meter_side { METER_CLIENT, METER_UPSTREAM };

/** Why a body was not scanned. */
enum uninspected {
    UNINSPECTED_MEDIA,  /**< A media type that is judged by its fields. */
    UNINSPECTED_CODING, /**< A content coding that is not decoded. */
    UNINSPECTED_BROKEN, /**< Undecodable: damaged, past a limit, unreadable. */
    UNINSPECTED_LIMIT,  /**< Larger than may be held. */
    UNINSPECTED_BINARY, /**< A binary message of a WebSocket. */
    UNINSPECTED_COUNT
};

/** What is counted of answers that go on message by message. */
enum meter_message {
    METER_EVENT,
    METER_TEXT,   /**< Of a WebSocket. */
    METER_BINARY, /**< Likewise: not inspected. */
    METER_MESSAGE_COUNT
};

/** What became of one exchange, for its counters. */
struct meter_exchange {
    unsigned route;
    unsigned status; /**< Sent to the client; 0: none. */
    enum ending ending;
    uint64_t duration_us;
    uint64_t hold_us; /**< 0: nothing was held. */
};

/** Makes the series of all routes of `site`, and those of events that are yet to come.
 * NULL: memory. */
struct meter *meter_new(struct stats *stats, const struct site *site);
void meter_free(struct meter **self_p);

void meter_exchange(struct relay *relay, const struct meter *self,
                    const struct meter_exchange *exchange);
COLD void meter_rejected(struct relay *relay, enum ending ending);
void meter_inspected(struct relay *relay, const struct meter *self, unsigned route);
void meter_uninspected(struct relay *relay, const struct meter *self, unsigned route,
                       enum uninspected reason);
void meter_message(struct relay *relay, const struct meter *self,
                   enum meter_message kind);
void meter_marked(struct relay *relay, const struct meter *self, unsigned route,
                  bool marked);
/** Has its markers, but not the echo; counted instead of `marked`. */
void meter_unechoed(struct relay *relay, const struct meter *self, unsigned route);
void meter_finding(struct relay *relay, const struct finding *finding);
/** `refuse`, `take-down`, `correct`: where nothing is enforced. */
void meter_would_have(struct relay *relay, const char *what);
void meter_display(struct relay *relay, enum journal_outcome outcome);
void meter_binding(struct relay *relay, const char *source);
/** A session token did not go on; `reason` is static. */
void meter_removed(struct relay *relay, const char *reason);
/** Sessions that have to log in again; `side` is static. */
void meter_quarantined(struct relay *relay, const char *side, uint64_t count);
void meter_connections(struct relay *relay, enum meter_connection kind, int change);
/** One connection, or stream, of HTTP/2 more or less. */
void meter_h2_connections(struct relay *relay, int change);
void meter_h2_streams(struct relay *relay, int change);
void meter_h2_flood(struct relay *relay, enum h2_flood_kind kind);
void meter_refused_connection(struct relay *relay, const char *reason);
/** `tls`: NULL when it failed. */
void meter_handshake(struct relay *relay, enum meter_side side, const struct tls *tls);
/** A connection was tried. ENDING_NONE: it worked. */
void meter_connect(struct relay *relay, const char *upstream, enum ending failure);
/** `result`: `answered`, `failed`, `late`, `busy`. */
void meter_grants(struct relay *relay, const char *grant, const char *result);
void meter_retry(struct relay *relay);
/** `kind`: name of the detector, or METER_IDLE_408. */
void meter_desync(struct relay *relay, const char *upstream, const char *kind);

/** Responses of a route so far, all workers. */
struct meter_coverage {
    bool expected;   /**< The route asks for a marker or the echo. */
    uint64_t marked; /**< They carried all that they should. */
    uint64_t unmarked;
    uint64_t unechoed; /**< With their markers. */
    uint64_t lacking;  /**< Either. */
};

struct meter_coverage meter_coverage(struct stats *stats, const struct site *site,
                                     unsigned index);

/** Likewise those that were not inspected, for whatever reason. */
uint64_t meter_uninspected_count(struct stats *stats, const struct site *site,
                                 unsigned index);
