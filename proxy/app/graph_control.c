#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/operation.h"
#include "app/graph.h"
#include "app/graph_drill.h"
#include "app/graph_operate.h"
#include "app/graph_ready.h"
#include "app/graph_show.h"
#include "base/log.h"
#include "guard/alias.h"
#include "net/tls_context.h"
#include "relay/meter.h"

enum {
    COVERAGE_DATA_MAX = 4096,
};

static enum control_ready ready(void *context)
{
    return graph_ready(context);
}

static bool observes(const struct graph *self)
{
    return self->config->site->observe || self->glass.until_ms != 0;
}

static uint64_t would_have(struct stats *stats, const char *what)
{
    char labels[64];

    (void)snprintf(labels, sizeof(labels), "action=\"%s\"", what);
    return stats_read(stats, stats_series(stats, STAT_WOULD_HAVE, labels));
}

static enum err change_mode(void *context, const struct mode_change *change)
{
    return glass_change(context, change);
}

static void status(void *context, struct control_status *status_out)
{
    struct graph *self = context;
    uint64_t open = 0;
    struct stats *stats = self->shared.stats;

    if (query_open_count(self->query, &open) != ERR_NONE) {
        open = stats_read(stats, stats_series(stats, STAT_INCIDENTS_OPEN, ""));
    }
    *status_out = (struct control_status){
        .version = VERSION,
        .mode = observes(self) ? "observe" : "enforce",
        .glass_until_ms = self->glass.until_ms != 0 ? self->glass.until_unix_ms : 0,
        .glass_who = self->glass.who,
        .glass_reason = self->glass.reason,
        .would_have_refused =
            would_have(stats, "refuse") + would_have(stats, "take-down"),
        .would_have_taken_down = would_have(stats, "take-down"),
        .ready = graph_ready(self),
        .config_hash = self->config->hash,
        .config_loaded_at_ms = self->config_loaded_at_ms,
        .workers = self->worker_count,
        .incidents_open = open,
        .ledger_ok = !recorder_failing(self->recorder),
        .sessions = registry_counts(self->shared.registry).entries,
        .alerts_queued = stats_read(stats, stats_series(stats, STAT_ALERT_QUEUE, "")),
    };
}

static bool feature(void *context, unsigned index, struct control_feature *feature_out)
{
    struct graph *self = context;
    const struct site *site = self->config->site;

    if (index >= site->feature_count) {
        return false;
    }
    const struct feature_settings *settings = &site->features[index];
    if (query_feature(self->query, settings->name, &self->feature) != ERR_NONE) {
        self->feature = (struct query_feature){0};
    }
    *feature_out = (struct control_feature){
        .name = settings->name,
        .state = feature_table_state(self->features, settings->slot),
        .since_ms = self->feature.at_ms,
        .who = self->feature.who[0] != '\0' ? self->feature.who : NULL,
        .reason = self->feature.reason[0] != '\0' ? self->feature.reason : NULL,
        .incident = self->feature.incident,
        .up_at_ms = graph_reopens_at(self, settings->slot),
        .has_trial = settings->trial_count > 0,
    };
    return true;
}

static bool change_feature(void *context, const struct feature_change *change,
                           struct control_ticket *ticket)
{
    struct graph *self = context;

    graph_drill_leave(self, change->name);
    ticket->reply_to = self->mailbox;
    if (!recorder_change_feature(self->recorder, change, ticket)) {
        return false;
    }
    if (change->state != FEATURE_UP) { /* Up may be refused, and then decides nothing. */
        graph_schedule_drop(self, change);
    }
    return true;
}

static bool close_incident(void *context, uint64_t incident, const char *who,
                           const char *reason, struct control_ticket *ticket)
{
    struct graph *self = context;

    ticket->reply_to = self->mailbox;
    return recorder_close_incident(self->recorder, incident, who, reason, ticket);
}

static enum err forget(void *context, const char *who, struct span login)
{
    struct graph *self = context;
    struct fingerprinter *hasher = fingerprinter_new(self->shared.fingerprint_key);
    struct memo_row row;
    char digits[FINGERPRINT_DIGITS + 1] = "";
    char what[64];

    if (hasher == NULL) {
        return ERR_MEMORY;
    }
    struct fingerprint key = alias_of(hasher, &self->config->site->login, login);
    fingerprinter_free(&hasher);
    uint64_t now_ms = loop_now_ms(self->loop);
    if (!memo_find(self->shared.aliases, &key, now_ms, &row)) {
        return ERR_SYNTAX;
    }
    fingerprint_format(&key, digits);
    (void)snprintf(what, sizeof(what), "alias %s forgotten", digits);
    if (!recorder_note_access(self->recorder, who, what)) {
        return ERR_FULL;
    }
    (void)memo_forget(self->shared.aliases, &key, now_ms);
    return ERR_NONE;
}

static bool reload(void *context, const char *who, const char *accept_weaker,
                   struct control_reload *reload_p)
{
    struct graph *self = context;
    struct report *report = report_new();
    char *page = malloc(OPERATION_TEXT_MAX);

    if (report != NULL && page != NULL) {
        bool in_force = graph_reload(self, who, accept_weaker, report);
        control_reload_done(reload_p, in_force,
                            report_page(report, page, OPERATION_TEXT_MAX));
    }
    bool done = report != NULL && page != NULL;
    free(page);
    report_free(&report);
    return done;
}

/* Sets the gauge with one label. */
static void show(struct graph *self, enum stat_id family, const char *name,
                 const char *value, uint64_t count)
{
    stats_set(self->stats,
              stats_series_of(self->shared.stats, family,
                              (struct stat_label){name, value}, (struct stat_label){0}),
              count);
}

/* What the configuration in force does not name is not shown: this thread alone renders.
 */
static void refresh_features(struct graph *self)
{
    const struct site *site = self->config->site;

    stats_retire(self->shared.stats, STAT_FEATURE_UP);
    for (size_t i = 0; i < site->feature_count; i++) {
        const struct feature_settings *feature = &site->features[i];
        bool up = feature_table_state(self->features, feature->slot) == FEATURE_UP;
        show(self, STAT_FEATURE_UP, "feature", feature->name, up ? 1 : 0);
    }
}

static void refresh_coverage(struct graph *self)
{
    const struct site *site = self->config->site;

    stats_retire(self->shared.stats, STAT_MARKER_COVERAGE);
    for (unsigned i = 0; i < site->route_count; i++) {
        struct meter_coverage carried = meter_coverage(self->shared.stats, site, i);
        uint64_t all = carried.marked + carried.lacking;
        if (carried.expected && all > 0) {
            show(self, STAT_MARKER_COVERAGE, "route", site->routes[i].pattern,
                 carried.marked * STATS_RATIO_ONE / all);
        }
    }
}

static void refresh_certificates(struct graph *self)
{
    for (size_t i = 0; i < self->config->listen_count; i++) {
        const struct listen_settings *listen = &self->config->listens[i];
        int64_t least = 0;
        int64_t end = 0;
        char text[320];
        for (size_t k = 0;
             listen->tls != NULL && (end = tls_context_not_after(listen->tls, k)) > 0;
             k++) {
            least = least == 0 || end < least ? end : least;
        }
        if (listen->path != NULL) {
            (void)snprintf(text, sizeof(text), "%s", listen->host);
        } else {
            (void)snprintf(text, sizeof(text), "%s:%u", listen->host, listen->port);
        }
        if (least > 0) {
            show(self, STAT_TLS_EXPIRY, "listen", text, (uint64_t)least);
        }
    }
}

static void refresh(void *context)
{
    struct graph *self = context;
    struct stats *stats = self->shared.stats;
    struct registry_counts counts = registry_counts(self->shared.registry);

    stats_set(self->stats, stats_series(stats, STAT_SESSIONS, ""), counts.entries);
    stats_set(self->stats, stats_series(stats, STAT_SESSIONS_EVICTED, "kind=\"bound\""),
              counts.evicted_bound);
    stats_set(self->stats, stats_series(stats, STAT_SESSIONS_EVICTED, "kind=\"unbound\""),
              counts.evicted_unbound);
    stats_set(self->stats,
              stats_series(stats, STAT_BUILD_INFO, "version=\"" VERSION "\""), 1);
    stats_set(self->stats, stats_series(stats, STAT_MODE_OBSERVE, ""),
              observes(self) ? 1 : 0);
    stats_set(self->stats, stats_series(stats, STAT_BREAK_GLASS, ""),
              self->glass.until_ms != 0 ? 1 : 0);
    refresh_features(self);
    refresh_coverage(self);
    refresh_certificates(self);
}

static enum err incidents(void *context, bool open_only, unsigned count_max,
                          struct json_write *out)
{
    struct graph *self = context;
    return query_incidents(self->query, open_only, count_max, out);
}

static enum err incident(void *context, uint64_t number, const char *reveal_to,
                         unsigned count_max, struct json_write *out)
{
    struct graph *self = context;
    char what[64];

    if (reveal_to != NULL) {
        (void)snprintf(what, sizeof(what), "values of incident %llu",
                       (unsigned long long)number);
        if (!recorder_note_access(self->recorder, reveal_to, what)) {
            return ERR_FULL;
        }
    }
    return query_incident(self->query, number, reveal_to != NULL, count_max, out);
}

static void coverage(void *context, struct json_write *out)
{
    struct graph *self = context;
    const struct site *site = self->config->site;

    json_write_begin_array(out);
    for (unsigned i = 0; i < site->route_count; i++) {
        struct meter_coverage carried = meter_coverage(self->shared.stats, site, i);
        uint64_t all = carried.marked + carried.lacking;
        json_write_begin_object(out);
        json_write_member(out, "route", span_of(site->routes[i].pattern));
        json_write_member_bool(out, "required",
                               site->routes[i].requirement.require_mask != 0);
        json_write_member_u64(out, "marked", carried.marked);
        json_write_member_u64(out, "unmarked", carried.unmarked);
        json_write_member_u64(out, "unechoed", carried.unechoed);
        json_write_key(out, "ratio");
        char ratio[32];
        int len = snprintf(ratio, sizeof(ratio), "%.6f",
                           all == 0 ? 0.0 : (double)carried.marked / (double)all);
        json_write_raw(out,
                       (struct span){.ptr = (const uint8_t *)ratio, .len = (size_t)len});
        json_write_end_object(out);
    }
    json_write_end_array(out);
}

static void alert_coverage(struct graph *self, const struct route *route, double share)
{
    struct json_write data;
    char text[32];
    int len = snprintf(text, sizeof(text), "%.6f", share);

    json_write_init(&data, COVERAGE_DATA_MAX);
    json_write_begin_object(&data);
    json_write_member(&data, "route", span_of(route->pattern));
    json_write_member(&data, "screen", span_of(route->screen));
    json_write_key(&data, "ratio");
    json_write_raw(&data,
                   (struct span){.ptr = (const uint8_t *)text, .len = (size_t)len});
    json_write_end_object(&data);
    log_write(LOG_LEVEL_WARNING, "route `%s` lost its marker: %s of its pages have it",
              route->pattern, text);
    if (!recorder_alert(self->recorder, "", "coverage.lost", json_write_result(&data))) {
        log_write(LOG_LEVEL_ERROR, "the alert of it was not taken");
    }
    json_write_free(&data);
}

void graph_watch_coverage(struct graph *self)
{
    const struct site *site = self->config->site;

    for (unsigned i = 0; i < site->route_count && i < GRAPH_COVERAGE_MAX; i++) {
        struct meter_coverage carried = meter_coverage(self->shared.stats, site, i);
        double share = 0;
        if (carried.expected &&
            coverage_lost(&self->coverage[i], carried.marked, carried.lacking, &share)) {
            alert_coverage(self, &site->routes[i], share);
        }
    }
}

struct admin_control graph_control(struct graph *self)
{
    return (struct admin_control){
        .self = self,
        .ready = ready,
        .status = status,
        .feature = feature,
        .change_feature = change_feature,
        .schedule_up = graph_schedule_up,
        .alerts = graph_alerts,
        .deliveries = graph_deliveries,
        .retry_alerts = graph_retry_alerts,
        .test_alert = graph_test_alert,
        .close_incident = close_incident,
        .forget = forget,
        .change_mode = change_mode,
        .reload = reload,
        .refresh = refresh,
        .incidents = incidents,
        .incident = incident,
        .coverage = coverage,
        .coverage_history = graph_coverage_history,
        .mark = graph_mark,
        .report = graph_report,
        .ledger = graph_ledger,
        .changes = graph_changes,
        .events = graph_events,
        .last_event = graph_last_event,
        .session = graph_session,
        .drill = graph_drill,
        .upgrade = graph_upgrade,
        .upgrade_state = graph_upgrade_state,
        .drill_state = graph_drill_state,
    };
}

bool graph_set_tokens(struct graph *self)
{
    const struct admin_settings *settings = &self->config->admin;
    struct access_token *tokens = calloc(settings->token_count + 1, sizeof(*tokens));

    if (tokens == NULL) {
        return false;
    }
    for (size_t i = 0; i < settings->token_count; i++) {
        const struct admin_token *from = &settings->tokens[i];
        (void)span_copy(span_of(from->name), tokens[i].name, sizeof(tokens[i].name));
        tokens[i].role = from->role == ADMIN_OPERATOR ? ACCESS_OPERATOR : ACCESS_VIEWER;
        memcpy(tokens[i].digest, from->hash, sizeof(tokens[i].digest));
    }
    admin_set_url(self->admin, settings->url);
    bool set = admin_set_tokens(self->admin, tokens, settings->token_count);
    explicit_bzero(tokens, (settings->token_count + 1) * sizeof(*tokens));
    free(tokens);
    return set;
}
