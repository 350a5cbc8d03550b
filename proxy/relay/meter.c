#include "relay/meter.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "net/tls.h"
#include "relay/relay.h"
#include "relay/series.h"

enum {
    CLASS_COUNT = 6, /* 1xx to 5xx, and none at 0. */
};

struct meter_route {
    unsigned requests[CLASS_COUNT];
    unsigned inspected;
    unsigned uninspected[UNINSPECTED_COUNT];
    unsigned unmarked;
    unsigned marked;
    unsigned unechoed;
};

struct meter {
    unsigned duration;
    unsigned hold;
    unsigned endings[ENDING_COUNT];
    unsigned connections[METER_CONNECTION_COUNT];
    unsigned messages[METER_MESSAGE_COUNT];
    unsigned h2_connections;
    unsigned h2_streams;
    unsigned h2_floods[H2_FLOOD_COUNT];
    unsigned findings[DETECTOR_COUNT][FINDING_ACTION_COUNT]; /* 0: none of it yet. */
    struct meter_route routes[];
};

static const char *const CLASS_NAMES[CLASS_COUNT] = {"none", "1xx", "2xx",
                                                     "3xx",  "4xx", "5xx"};

static const char *const UNINSPECTED_NAMES[UNINSPECTED_COUNT] = {
    [UNINSPECTED_MEDIA] = "media",        [UNINSPECTED_CODING] = "coding",
    [UNINSPECTED_BROKEN] = "undecodable", [UNINSPECTED_LIMIT] = "over-limit",
    [UNINSPECTED_BINARY] = "binary",
};

static const char *const CONNECTION_LABELS[METER_CONNECTION_COUNT] = {
    [METER_CLIENT_ACTIVE] = "side=\"client\",state=\"active\"",
    [METER_CLIENT_IDLE] = "side=\"client\",state=\"idle\"",
    [METER_UPSTREAM_BUSY] = "side=\"upstream\",state=\"active\"",
    [METER_UPSTREAM_IDLE] = "side=\"upstream\",state=\"idle\"",
};

static const char *const MESSAGE_LABELS[METER_MESSAGE_COUNT] = {
    [METER_EVENT] = "kind=\"event\"",
    [METER_TEXT] = "kind=\"text\"",
    [METER_BINARY] = "kind=\"binary\"",
};

static unsigned one_label(struct stats *stats, enum stat_id family, const char *name,
                          const char *value)
{
    return stats_series_of(stats, family, (struct stat_label){name, value},
                           (struct stat_label){0});
}

/* The slot of a family with `route` and, unless NULL, one more label. */
static unsigned route_series(struct stats *stats, enum stat_id family,
                             const struct route *route, const char *name,
                             const char *value)
{
    return stats_series_of(stats, family, (struct stat_label){"route", route->pattern},
                           (struct stat_label){name, value});
}

static void init_route(struct meter_route *self, struct stats *stats,
                       const struct route *route)
{
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        self->requests[i] =
            route_series(stats, STAT_REQUESTS, route, "code_class", CLASS_NAMES[i]);
    }
    for (unsigned i = 0; i < UNINSPECTED_COUNT; i++) {
        self->uninspected[i] =
            route_series(stats, STAT_UNINSPECTED, route, "reason", UNINSPECTED_NAMES[i]);
    }
    self->inspected = route_series(stats, STAT_INSPECTED, route, NULL, NULL);
    self->unmarked = route_series(stats, STAT_UNMARKED, route, NULL, NULL);
    self->marked = route_series(stats, STAT_MARKED, route, NULL, NULL);
    self->unechoed = route_series(stats, STAT_UNECHOED, route, NULL, NULL);
}

struct meter *meter_new(struct stats *stats, const struct site *site)
{
    struct meter *self =
        malloc(sizeof(*self) + site->route_count * sizeof(struct meter_route));
    if (self == NULL) {
        return NULL;
    }
    memset(self->findings, 0, sizeof(self->findings));
    self->duration = stats_series(stats, STAT_REQUEST_DURATION, "");
    self->hold = stats_series(stats, STAT_HOLD_DURATION, "");
    for (unsigned i = 1; i < ENDING_COUNT; i++) {
        self->endings[i] =
            one_label(stats, STAT_ENDINGS, "reason", ending_word((enum ending)i));
    }
    for (unsigned i = 0; i < METER_CONNECTION_COUNT; i++) {
        self->connections[i] =
            stats_series(stats, STAT_CONNECTIONS, CONNECTION_LABELS[i]);
    }
    for (unsigned i = 0; i < METER_MESSAGE_COUNT; i++) {
        self->messages[i] = stats_series(stats, STAT_MESSAGES, MESSAGE_LABELS[i]);
    }
    self->h2_connections = stats_series(stats, STAT_H2_CONNECTIONS, "");
    self->h2_streams = stats_series(stats, STAT_H2_STREAMS, "");
    for (unsigned i = 1; i < H2_FLOOD_COUNT; i++) {
        self->h2_floods[i] = one_label(stats, STAT_H2_FLOODS, "kind",
                                       h2_flood_word((enum h2_flood_kind)i));
    }
    series_init(stats, site);
    for (size_t i = 0; i < site->route_count; i++) {
        init_route(&self->routes[i], stats, &site->routes[i]);
    }
    return self;
}

void meter_free(struct meter **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

void meter_exchange(struct relay *relay, const struct meter *self,
                    const struct meter_exchange *exchange)
{
    unsigned class = exchange->status / 100;

    CHECK(exchange->ending != ENDING_NONE);
    class = class < CLASS_COUNT ? class : 0;
    stats_add(relay->stats, self->routes[exchange->route].requests[class], 1);
    stats_add(relay->stats, self->endings[exchange->ending], 1);
    stats_observe(relay->stats, self->duration, exchange->duration_us);
    if (exchange->hold_us > 0) {
        stats_observe(relay->stats, self->hold, exchange->hold_us);
    }
}

void meter_rejected(struct relay *relay, enum ending ending)
{
    stats_add(
        relay->stats,
        one_label(relay->shared->stats, STAT_REJECTED, "reason", ending_word(ending)), 1);
}

void meter_inspected(struct relay *relay, const struct meter *self, unsigned route)
{
    stats_add(relay->stats, self->routes[route].inspected, 1);
}

void meter_uninspected(struct relay *relay, const struct meter *self, unsigned route,
                       enum uninspected reason)
{
    stats_add(relay->stats, self->routes[route].uninspected[reason], 1);
}

void meter_message(struct relay *relay, const struct meter *self, enum meter_message kind)
{
    stats_add(relay->stats, self->messages[kind], 1);
}

void meter_marked(struct relay *relay, const struct meter *self, unsigned route,
                  bool marked)
{
    const struct meter_route *slots = &self->routes[route];
    stats_add(relay->stats, marked ? slots->marked : slots->unmarked, 1);
}

void meter_unechoed(struct relay *relay, const struct meter *self, unsigned route)
{
    stats_add(relay->stats, self->routes[route].unechoed, 1);
}

/* A site whose every page is corrected has one in every exchange: its slot is kept. */
void meter_finding(struct relay *relay, const struct finding *finding)
{
    CHECK(finding->detector < DETECTOR_COUNT);
    CHECK(finding->action < FINDING_ACTION_COUNT);

    unsigned *slot = &relay->plan->meter->findings[finding->detector][finding->action];
    if (*slot == 0) {
        *slot = series_finding(relay->shared->stats, finding->detector, finding->action);
    }
    stats_add(relay->stats, *slot, 1);
}

void meter_would_have(struct relay *relay, const char *what)
{
    stats_add(relay->stats,
              one_label(relay->shared->stats, STAT_WOULD_HAVE, "action", what), 1);
}

void meter_display(struct relay *relay, enum journal_outcome outcome)
{
    stats_add(relay->stats, series_display(relay->shared->stats, outcome), 1);
}

void meter_binding(struct relay *relay, const char *source)
{
    stats_add(relay->stats,
              one_label(relay->shared->stats, STAT_BINDINGS, "source", source), 1);
}

void meter_removed(struct relay *relay, const char *reason)
{
    stats_add(relay->stats,
              one_label(relay->shared->stats, STAT_TOKENS_REMOVED, "reason", reason), 1);
}

void meter_quarantined(struct relay *relay, const char *side, uint64_t count)
{
    stats_add(relay->stats,
              one_label(relay->shared->stats, STAT_SESSIONS_QUARANTINED, "side", side),
              count);
}

void meter_connections(struct relay *relay, enum meter_connection kind, int change)
{
    stats_add(relay->stats, relay->plan->meter->connections[kind],
              (uint64_t)(int64_t)change);
}

void meter_h2_connections(struct relay *relay, int change)
{
    stats_add(relay->stats, relay->plan->meter->h2_connections,
              (uint64_t)(int64_t)change);
}

void meter_h2_streams(struct relay *relay, int change)
{
    stats_add(relay->stats, relay->plan->meter->h2_streams, (uint64_t)(int64_t)change);
}

void meter_h2_flood(struct relay *relay, enum h2_flood_kind kind)
{
    stats_add(relay->stats, relay->plan->meter->h2_floods[kind], 1);
}

void meter_refused_connection(struct relay *relay, const char *reason)
{
    stats_add(relay->stats,
              one_label(relay->shared->stats, STAT_CONNECTIONS_REFUSED, "reason", reason),
              1);
}

void meter_handshake(struct relay *relay, enum meter_side side, const struct tls *tls)
{
    const char *result = tls == NULL ? "failed" : tls_resumed(tls) ? "resumed" : "full";

    stats_add(relay->stats,
              stats_series_of(relay->shared->stats, STAT_TLS_HANDSHAKES,
                              (struct stat_label){
                                  "side", side == METER_CLIENT ? "client" : "upstream"},
                              (struct stat_label){"result", result}),
              1);
}

void meter_connect(struct relay *relay, const char *upstream, enum ending failure)
{
    stats_add(relay->stats, series_connect(relay->shared->stats, upstream, failure), 1);
}

void meter_retry(struct relay *relay)
{
    stats_add(relay->stats, stats_series(relay->shared->stats, STAT_UPSTREAM_RETRIES, ""),
              1);
}

void meter_desync(struct relay *relay, const char *upstream, const char *kind)
{
    stats_add(relay->stats, series_desync(relay->shared->stats, upstream, kind), 1);
}

void meter_grants(struct relay *relay, const char *grant, const char *result)
{
    stats_add(relay->stats, series_grants(relay->shared->stats, grant, result), 1);
}

struct meter_coverage meter_coverage(struct stats *stats, const struct site *site,
                                     unsigned index)
{
    const struct route *route = &site->routes[index];
    const struct requirement *requirement = &route->requirement;
    struct meter_coverage coverage = {
        .expected = requirement->require_mask != 0 || requirement->echo_expected,
        .marked = stats_read(stats, route_series(stats, STAT_MARKED, route, NULL, NULL)),
        .unmarked =
            stats_read(stats, route_series(stats, STAT_UNMARKED, route, NULL, NULL)),
        .unechoed =
            stats_read(stats, route_series(stats, STAT_UNECHOED, route, NULL, NULL)),
    };

    coverage.lacking = coverage.unmarked + coverage.unechoed;
    return coverage;
}

uint64_t meter_uninspected_count(struct stats *stats, const struct site *site,
                                 unsigned index)
{
    const struct route *route = &site->routes[index];
    uint64_t count = 0;

    for (unsigned i = 0; i < UNINSPECTED_COUNT; i++) {
        count += stats_read(stats, route_series(stats, STAT_UNINSPECTED, route, "reason",
                                                UNINSPECTED_NAMES[i]));
    }
    return count;
}
