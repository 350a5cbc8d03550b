#include "app/graph_ready.h"

#include "app/cover.h"
#include "app/graph.h"

enum { UPSTREAMS_MAX = 64 };

struct look {
    const struct graph *graph;
    uint64_t now_ms;
    uint64_t known; /* Upstreams by number: looked at, and nobody answers. */
    uint64_t dead;
};

static bool has_server(const struct look *self, const struct upstream_settings *upstream)
{
    bool checked = upstream->health.path != NULL;

    for (size_t i = 0; i < upstream->server_count; i++) {
        if (!health_is_down(self->graph->shared.health, upstream->name,
                            upstream->servers[i].text, checked, self->now_ms)) {
            return true;
        }
    }
    return false;
}

static bool is_dead(struct look *self, unsigned number)
{
    const struct site *site = self->graph->config->site;
    uint64_t bit = UINT64_C(1) << number;

    CHECK(number < UPSTREAMS_MAX && number < site->upstream_count);
    if ((self->known & bit) == 0) {
        self->known |= bit;
        self->dead |= has_server(self, &site->upstreams[number]) ? 0 : bit;
    }
    return (self->dead & bit) != 0;
}

/* What may not be withheld for want of a ledger is not asked for (exchange_open.c). */
static bool needs_ledger(const struct graph *graph, const struct route *route)
{
    return route->requirement.require_mask != 0 && !route->requirement.observe &&
           graph->glass.until_ms == 0;
}

/* CONTROL_NO_ROUTE: either is the reason for some of them. */
static enum control_ready why_not(bool ledger, bool upstream)
{
    if (ledger && upstream) {
        return CONTROL_NO_ROUTE;
    }
    return ledger ? CONTROL_NO_LEDGER : CONTROL_NO_UPSTREAM;
}

enum control_ready graph_ready(const struct graph *self)
{
    const struct site *site = self->config->site;
    struct look look = {.graph = self, .now_ms = loop_now_ms(self->loop)};
    bool failing = recorder_failing(self->recorder);
    bool ledger = false;
    bool upstream = false;

    if (self->ready != CONTROL_READY) {
        return self->ready;
    }
    for (size_t i = 0; i < site->route_count; i++) {
        const struct route *route = &site->routes[i];
        if (failing && needs_ledger(self, route)) {
            ledger = true;
        } else if (is_dead(&look, route->upstream)) {
            upstream = true;
        } else if (cover_find(site, route) == route) {
            return CONTROL_READY;
        }
    }
    return why_not(ledger, upstream);
}
