#include <string.h>

#include "app/difference_private.h"

static const struct upstream_settings *find_upstream(const struct site *site,
                                                     const char *name)
{
    for (size_t i = 0; i < site->upstream_count; i++) {
        if (strcmp(site->upstreams[i].name, name) == 0) {
            return &site->upstreams[i];
        }
    }
    return NULL;
}

/* Every server can be known for what it is. */
static bool is_verified(const struct upstream_settings *upstream)
{
    for (size_t i = 0; i < upstream->server_count; i++) {
        if (!upstream->servers[i].secure && upstream->servers[i].path == NULL) {
            return false;
        }
    }
    return !upstream->tls_settings.unverified;
}

static bool shares_more(const struct upstream_settings *before,
                        const struct upstream_settings *after)
{
    return before->connections != CONNECTIONS_SHARED &&
           after->connections == CONNECTIONS_SHARED;
}

static bool verifies_less(const struct upstream_settings *before,
                          const struct upstream_settings *after)
{
    return is_verified(before) && !is_verified(after);
}

static bool drains_less(const struct upstream_settings *before,
                        const struct upstream_settings *after)
{
    return before->on_finding == ON_FINDING_DRAIN &&
           after->on_finding != ON_FINDING_DRAIN;
}

void difference_upstreams(struct comparison *self)
{
    const struct site *old = self->before->site;

    for (size_t i = 0; i < old->upstream_count; i++) {
        const struct upstream_settings *before = &old->upstreams[i];
        const struct upstream_settings *after =
            find_upstream(self->after->site, before->name);
        if (after == NULL) {
            continue;
        }
        if (shares_more(before, after)) {
            difference_say(self, "connections to `%s` carry requests of several users",
                           "no connection to `%s` carries requests of several users",
                           before->name);
        }
        if (verifies_less(before, after)) {
            difference_say(self, "not every server of upstream `%s` is verified",
                           "every server of upstream `%s` is verified", before->name);
        }
        if (drains_less(before, after)) {
            difference_say(self, "servers of upstream `%s` are kept after a finding",
                           "servers of upstream `%s` are drained after a finding",
                           before->name);
        }
    }
}

static void compare_moved(struct comparison *self, const struct upstream_settings *before,
                          const struct upstream_settings *after, const char *where)
{
    if (shares_more(before, after)) {
        difference_say(self, "on `%s` connections carry requests of several users",
                       "on `%s` no connection carries requests of several users", where);
    }
    if (verifies_less(before, after)) {
        difference_say(self, "on `%s` not every server is verified",
                       "on `%s` every server is verified", where);
    }
    if (drains_less(before, after)) {
        difference_say(self, "on `%s` servers are kept after a finding",
                       "on `%s` servers are drained after a finding", where);
    }
}

void difference_moved(struct comparison *self, const struct route *before,
                      const struct route *after, bool demanding, const char *where)
{
    const struct upstream_settings *old =
        &self->before->site->upstreams[before->upstream];
    const struct upstream_settings *new = &self->after->site->upstreams[after->upstream];
    bool gone = find_upstream(self->after->site, old->name) == NULL;

    if (strcmp(old->name, new->name) != 0 && (demanding || gone)) {
        compare_moved(self, old, new, where);
    }
}
