#include <string.h>

#include "app/difference_private.h"
#include "notify/alert.h"

static const struct listen_settings *find_listen(const struct config *config,
                                                 const struct listen_settings *like)
{
    for (size_t i = 0; i < config->listen_count; i++) {
        const struct listen_settings *listen = &config->listens[i];
        if (listen->port == like->port && strcmp(listen->host, like->host) == 0) {
            return listen;
        }
    }
    return NULL;
}

/* An address that is no longer listed stays as it is until a restart. */
static void compare_listens(struct comparison *self)
{
    for (size_t i = 0; i < self->before->listen_count; i++) {
        const struct listen_settings *before = &self->before->listens[i];
        const struct listen_settings *after = find_listen(self->after, before);
        if (after == NULL) {
            continue;
        }
        if (before->tls != NULL && after->tls == NULL) {
            difference_say(self, "%s port %u is without TLS", "%s port %u has TLS",
                           before->host, before->port);
        } else if (after->client_certificates > before->client_certificates) {
            difference_say(self, "%s port %u asks less of its clients' certificates",
                           "%s port %u asks more of its clients' certificates",
                           before->host, before->port);
        }
    }
}

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

static void compare_upstreams(struct comparison *self)
{
    const struct site *old = self->before->site;

    for (size_t i = 0; i < old->upstream_count; i++) {
        const struct upstream_settings *before = &old->upstreams[i];
        const struct upstream_settings *after =
            find_upstream(self->after->site, before->name);
        if (after == NULL) {
            continue;
        }
        if (before->connections != CONNECTIONS_SHARED &&
            after->connections == CONNECTIONS_SHARED) {
            difference_say(self, "connections to `%s` carry requests of several users",
                           "no connection to `%s` carries requests of several users",
                           before->name);
        }
        if (is_verified(before) && !is_verified(after)) {
            difference_say(self, "not every server of upstream `%s` is verified",
                           "every server of upstream `%s` is verified", before->name);
        }
        if (before->on_finding == ON_FINDING_DRAIN &&
            after->on_finding != ON_FINDING_DRAIN) {
            difference_say(self, "servers of upstream `%s` are kept after a finding",
                           "servers of upstream `%s` are drained after a finding",
                           before->name);
        }
    }
}

static const struct alert_settings *find_alert(const struct config *config,
                                               const char *name)
{
    for (size_t i = 0; i < config->alert_count; i++) {
        if (strcmp(config->alerts[i].name, name) == 0) {
            return &config->alerts[i];
        }
    }
    return NULL;
}

/* `incident.*` has every type of its kind. */
static bool has_type(const struct alert_settings *alert, const char *type)
{
    for (size_t i = 0; i < alert->type_count; i++) {
        struct span pattern = span_of(alert->types[i]);
        bool open = pattern.len > 0 && pattern.ptr[pattern.len - 1] == '*';
        if (open ? span_starts(span_of(type), span_first(pattern, pattern.len - 1))
                 : span_equal(span_of(type), pattern)) {
            return true;
        }
    }
    return alert->type_count == 0;
}

static bool sends_less(const struct alert_settings *before,
                       const struct alert_settings *after)
{
    for (size_t i = 0; i < before->type_count; i++) {
        if (!has_type(after, before->types[i])) {
            return true;
        }
    }
    return after->severity_min > before->severity_min ||
           (before->type_count == 0 && after->type_count > 0);
}

static void compare_alerts(struct comparison *self)
{
    for (size_t i = 0; i < self->before->alert_count; i++) {
        const struct alert_settings *before = &self->before->alerts[i];
        const struct alert_settings *after = find_alert(self->after, before->name);
        if (after == NULL) {
            difference_say(self, "alerts to `%s` are gone", "alerts go to `%s`",
                           before->name);
        } else if (sends_less(before, after)) {
            difference_say(self, "fewer alerts go to `%s`", "more alerts go to `%s`",
                           before->name);
        }
    }
}

void difference_net(struct comparison *self)
{
    compare_listens(self);
    compare_upstreams(self);
    compare_alerts(self);
    if (self->before->admin.tls != NULL && self->before->admin.host != NULL &&
        self->after->admin.tls == NULL) {
        difference_say(self, "`%s` is without TLS", "`%s` has TLS", "admin.address");
    }
}
