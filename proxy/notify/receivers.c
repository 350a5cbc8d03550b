#include "notify/receivers.h"

#include <stdlib.h>

#include "base/secret.h"

void receivers_free(struct receivers **self_p)
{
    if (*self_p != NULL) {
        secret_wipe(*self_p, sizeof(**self_p));
        free(*self_p);
        *self_p = NULL;
    }
}

struct receivers *receivers_new(const struct alert_settings *alerts, unsigned count)
{
    struct receivers *self =
        count <= RECORDER_ALERTS_MAX ? calloc(1, sizeof(*self)) : NULL;

    if (self == NULL) {
        return NULL;
    }
    self->count = count;
    for (unsigned i = 0; i < count; i++) {
        self->items[i] = alerts[i];
        self->items[i].types = NULL; /* The snapshot's, which may end before us. */
        self->items[i].type_count = 0;
    }
    return self;
}

static void fill_route(const struct alert_settings *alert, struct alert_route *route_out)
{
    route_out->severity_min = alert->severity_min;
    (void)span_copy(span_of(alert->name), route_out->name, sizeof(route_out->name));
    (void)span_copy(span_of(alert->console), route_out->console,
                    sizeof(route_out->console));
    for (size_t i = 0; i < alert->type_count && i < ALERT_TYPES_MAX; i++) {
        (void)span_copy(span_of(alert->types[i]), route_out->types[i],
                        sizeof(route_out->types[i]));
        route_out->type_count++;
    }
}

bool receivers_announce(struct recorder *recorder, const struct alert_settings *alerts,
                        unsigned count)
{
    struct alert_route *routes = calloc((size_t)count + 1, sizeof(*routes));

    if (routes == NULL) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        fill_route(&alerts[i], &routes[i]);
    }
    bool told = recorder_set_alerts(recorder, routes, count);
    free(routes);
    return told;
}
