#include "app/restart.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static bool same_listens(const struct config *a, const struct config *b)
{
    bool same = a->listen_count == b->listen_count;

    for (size_t i = 0; same && i < a->listen_count; i++) {
        const struct listen_settings *left = &a->listens[i];
        const struct listen_settings *right = &b->listens[i];
        same = same_text(left->host, right->host) && left->port == right->port &&
               left->socket_mode == right->socket_mode &&
               left->proxy_protocol == right->proxy_protocol &&
               left->forwarded == right->forwarded &&
               left->redirect_port == right->redirect_port &&
               left->trusted_proxy_count == right->trusted_proxy_count &&
               (left->trusted_proxy_count == 0 ||
                memcmp(left->trusted_proxies, right->trusted_proxies,
                       left->trusted_proxy_count * sizeof(struct network)) == 0);
    }
    return same;
}

void restart_check(const struct config *first, const struct config *next,
                   struct report *report)
{
    const struct place place = {.source = next->path != NULL ? next->path : "flags"};
    const struct {
        bool same;
        const char *what;
    } keys[] = {
        {same_listens(first, next), "listen"},
        {same_text(first->state, next->state), "state"},
        {same_text(first->user, next->user), "user"},
        {same_text(first->admin.socket, next->admin.socket), "admin.socket"},
        {first->admin.socket_mode == next->admin.socket_mode, "admin.socket_mode"},
        {same_text(first->admin.host, next->admin.host) &&
             first->admin.port == next->admin.port,
         "admin.address"},
        {first->workers == next->workers, "workers"},
        {first->access_log.kind == next->access_log.kind &&
             same_text(first->access_log.path, next->access_log.path),
         "access_log"},
        {first->site->session.max == next->site->session.max, "session.max"},
        {first->site->session.idle_ms == next->site->session.idle_ms, "session.idle"},
        {first->site->login.alias_idle_ms == next->site->login.alias_idle_ms,
         "alias_idle"},
        {first->site->limits.hold_total_max == next->site->limits.hold_total_max,
         "hold_total_max"},
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (!keys[i].same) {
            report_warning(
                report, place,
                "`%s` changes only with a restart; the value at the start stays",
                keys[i].what);
        }
    }
}
