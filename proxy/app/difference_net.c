#include <string.h>

#include "app/difference_private.h"
#include "net/address.h"
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

bool difference_has_network(const struct network *networks, size_t count,
                            const struct network *narrow)
{
    struct address first = {0};

    memcpy(first.bytes, narrow->address, sizeof(first.bytes));
    for (size_t i = 0; i < count; i++) {
        const struct network *wide = &networks[i];
        if (wide->prefix_len <= narrow->prefix_len &&
            address_in(&first, wide->address, wide->prefix_len)) {
            return true;
        }
    }
    return false;
}

static bool believes_anybody(const struct listen_settings *listen)
{
    return listen->proxy_protocol && listen->trusted_proxy_count == 0;
}

/* Whoever is believed decides which client it is: of a trial, of a certificate's name. */
static bool believes_more(const struct listen_settings *before,
                          const struct listen_settings *after)
{
    for (size_t i = 0; i < after->trusted_proxy_count; i++) {
        if (!difference_has_network(before->trusted_proxies, before->trusted_proxy_count,
                                    &after->trusted_proxies[i])) {
            return true;
        }
    }
    return believes_anybody(after) && !believes_anybody(before);
}

static bool lost_tls(const struct listen_settings *before,
                     const struct listen_settings *after)
{
    return before->tls != NULL && after->tls == NULL;
}

static bool asks_less(const struct listen_settings *before,
                      const struct listen_settings *after)
{
    return after->client_certificates > before->client_certificates;
}

static void compare_listen(struct comparison *self, const struct listen_settings *before,
                           const struct listen_settings *after)
{
    if (lost_tls(before, after)) {
        difference_say(self, "%s port %u is without TLS", "%s port %u has TLS",
                       before->host, before->port);
    } else if (asks_less(before, after)) {
        difference_say(self, "%s port %u asks less of its clients' certificates",
                       "%s port %u asks more of its clients' certificates", before->host,
                       before->port);
    }
    if (believes_more(before, after)) {
        difference_say(self, "%s port %u believes more proxies (`trusted_proxies`)",
                       "%s port %u believes fewer proxies (`trusted_proxies`)",
                       before->host, before->port);
    }
}

typedef bool less_fn(const struct listen_settings *before,
                     const struct listen_settings *after);

/* Each address that is new, and serves something, has less than `gone` had. */
static bool replaced_by_less(const struct comparison *self,
                             const struct listen_settings *gone, less_fn *less)
{
    bool replaced = false;

    for (size_t i = 0; i < self->after->listen_count; i++) {
        const struct listen_settings *listen = &self->after->listens[i];
        if (find_listen(self->before, listen) != NULL || listen->redirect_port != 0) {
            continue;
        }
        if (!less(gone, listen)) {
            return false;
        }
        replaced = true;
    }
    return replaced;
}

/* Which of the new addresses stands for which of the old is not written anywhere. */
static void compare_gone(struct comparison *self, const struct listen_settings *gone)
{
    if (replaced_by_less(self, gone, lost_tls)) {
        difference_say(self, "no new address has TLS as %s port %u had",
                       "%s port %u has TLS, which no address before it had", gone->host,
                       gone->port);
    } else if (replaced_by_less(self, gone, asks_less)) {
        difference_say(
            self, "no new address asks as much of clients' certificates as %s port %u",
            "%s port %u asks more of clients' certificates than addresses before it",
            gone->host, gone->port);
    }
    if (replaced_by_less(self, gone, believes_more)) {
        difference_say(self,
                       "every new address believes more proxies than %s port %u did",
                       "%s port %u believes fewer proxies than addresses before it",
                       gone->host, gone->port);
    }
}

/* With a reload an address that is no longer listed stays, and a new one is not opened.
 */
static void compare_listens(struct comparison *self)
{
    for (size_t i = 0; i < self->before->listen_count; i++) {
        const struct listen_settings *before = &self->before->listens[i];
        const struct listen_settings *after = find_listen(self->after, before);
        if (after != NULL) {
            compare_listen(self, before, after);
        } else if (self->taken == TAKEN_BY_START) {
            compare_gone(self, before);
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
    compare_alerts(self);
    if (self->before->admin.tls != NULL && self->before->admin.host != NULL &&
        self->after->admin.tls == NULL) {
        difference_say(self, "`%s` is without TLS", "`%s` has TLS", "admin.address");
    }
}
