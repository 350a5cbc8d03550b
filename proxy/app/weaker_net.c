#include <string.h>

#include "app/weaker_private.h"

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
    for (size_t i = 0; i < self->in_force->listen_count; i++) {
        const struct listen_settings *before = &self->in_force->listens[i];
        const struct listen_settings *after = find_listen(self->next, before);
        if (after == NULL) {
            continue;
        }
        if (before->tls != NULL && after->tls == NULL) {
            weaker_say(self, "%s port %u is without TLS", before->host, before->port);
        } else if (after->client_certificates > before->client_certificates) {
            weaker_say(self, "%s port %u asks less of its clients' certificates",
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
    const struct site *old = self->in_force->site;

    for (size_t i = 0; i < old->upstream_count; i++) {
        const struct upstream_settings *before = &old->upstreams[i];
        const struct upstream_settings *after =
            find_upstream(self->next->site, before->name);
        if (after != NULL && is_verified(before) && !is_verified(after)) {
            weaker_say(self, "not every server of upstream `%s` is verified",
                       before->name);
        }
    }
}

void weaker_net(struct comparison *self)
{
    compare_listens(self);
    compare_upstreams(self);
    if (self->in_force->admin.tls != NULL && self->next->admin.tls == NULL &&
        self->in_force->admin.host != NULL) {
        weaker_say(self, "`admin.address` is without TLS");
    }
}
