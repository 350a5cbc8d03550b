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

void weaker_net(struct comparison *self)
{
    compare_listens(self);
}
