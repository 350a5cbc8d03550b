/* Reports, marks, coverage over time, sessions that went: the graph's part between admin
 * and record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/graph.h"
#include "base/log.h"
#include "relay/meter.h"

enum {
    COVERAGE_HOURS_MAX = 2000, /* Rows of one answer. */
    EVICTED_DATA_MAX = 1024,
};

/* Hosts may have routes of the same pattern, and these share their counters. */
static bool counted_before(const struct site *site, unsigned index)
{
    for (unsigned i = 0; i < index; i++) {
        if (strcmp(site->routes[i].pattern, site->routes[index].pattern) == 0) {
            return true;
        }
    }
    return false;
}

/* What came on route `index` since the last time. */
static bool take_hour(struct graph *self, unsigned index, struct recorder_hour *hour)
{
    const struct site *site = self->config->site;
    struct stats *stats = self->shared.stats;
    const struct route *route = &site->routes[index];
    struct hours_count now = {0};
    struct hours_count since;

    struct meter_coverage coverage = meter_coverage(stats, site, index);
    now.marked = coverage.marked + coverage.unechoed; /* Its markers were there. */
    now.unmarked = coverage.unmarked;
    now.uninspected = meter_uninspected_count(stats, site, index);
    if (!hours_take(&self->hours, index, &now, &since) || counted_before(site, index)) {
        return false;
    }
    *hour = (struct recorder_hour){
        .at_ms = loop_unix_ms(self->loop),
        .required = route->requirement.require_mask != 0,
        .marked = since.marked,
        .unmarked = since.unmarked,
        .uninspected = since.uninspected,
    };
    (void)span_copy(span_of(route->pattern), hour->route, sizeof(hour->route));
    return true;
}

void graph_note_coverage(struct graph *self)
{
    unsigned count = 0;
    size_t routes = self->config->site->route_count;
    struct recorder_hour *hours = calloc(routes, sizeof(*hours));

    if (hours == NULL) {
        return; /* The counters stay: the next time tells it. */
    }
    for (unsigned i = 0; i < routes && i < HOURS_ROUTES_MAX; i++) {
        count += take_hour(self, i, &hours[count]) ? 1 : 0;
    }
    if (count > 0 && !recorder_note_coverage(self->recorder, hours, count)) {
        log_write(LOG_LEVEL_WARNING, "the coverage of the last minute is not in the "
                                     "ledger: its queue is full");
    }
    free(hours);
}

void graph_begin_coverage(struct graph *self)
{
    struct recorder_hour hour;

    for (unsigned i = 0; i < self->config->site->route_count && i < HOURS_ROUTES_MAX;
         i++) {
        (void)take_hour(self, i, &hour);
    }
}

bool graph_mark(void *context, const char *who, const char *text,
                struct control_ticket *ticket)
{
    struct graph *self = context;

    ticket->reply_to = self->mailbox;
    return recorder_mark(self->recorder, who, text, ticket);
}

/* Who sees names is on record before the report is made. */
static bool note_reveal(struct graph *self, const char *who,
                        const struct dossier_scope *scope)
{
    char what[128];

    (void)snprintf(
        what, sizeof(what),
        scope->incident != 0 ? "report with names: incident %llu"
                             : "report with names: from %llu to %llu (Unix milliseconds)",
        (unsigned long long)(scope->incident != 0 ? scope->incident : scope->from_ms),
        (unsigned long long)scope->to_ms);
    return recorder_note_access(self->recorder, who, what);
}

/* The first name under which the site is served; "": it answers to any. */
static void name_site(const struct site *site, char *name_out)
{
    const char *name = site->host_count > 0 ? site->hosts[0] : NULL;

    for (unsigned i = 0; name == NULL && i < site->route_count; i++) {
        name = site->routes[i].host;
    }
    if (name != NULL && strncmp(name, "*.", 2) == 0) {
        name += 2;
    }
    (void)span_copy(span_of(name != NULL ? name : ""), name_out, DOSSIER_SITE_SIZE_MAX);
}

bool graph_report(void *context, const char *reveal_to, struct reporter_ticket *ticket)
{
    struct graph *self = context;
    struct dossier_scope *scope = &ticket->scope;

    ticket->reply_to = self->mailbox;
    scope->now_ms = loop_unix_ms(self->loop);
    name_site(self->config->site, scope->site);
    scope->to_ms = scope->to_ms != 0 ? scope->to_ms : scope->now_ms;
    if (reveal_to != NULL && !note_reveal(self, reveal_to, scope)) {
        return false;
    }
    graph_note_coverage(self);
    return reporter_ask(self->reporter, ticket);
}

void graph_ledger(void *context, struct json_write *out)
{
    struct graph *self = context;
    char path[STATE_DIR_PATH_MAX + 64];

    state_dir_file(self->state_dir, "ledger.db", path);
    json_write_begin_object(out);
    json_write_member(out, "path", span_of(path));
    json_write_end_object(out);
}

enum err graph_coverage_history(void *context, struct json_write *out)
{
    struct graph *self = context;
    return query_coverage(self->query, COVERAGE_HOURS_MAX, out);
}

void graph_watch_evicted(struct graph *self)
{
    uint64_t count = registry_counts(self->shared.registry).evicted_bound;
    uint64_t max = self->first->site->session.max; /* A reload does not change it. */
    uint64_t since = 0;
    struct json_write data;

    if (!evicted_tell(&self->evicted, count, loop_now_ms(self->loop), &since)) {
        return;
    }
    json_write_init(&data, EVICTED_DATA_MAX);
    json_write_begin_object(&data);
    json_write_member_u64(&data, "evicted", since);
    json_write_member_u64(&data, "session_max", max);
    json_write_member(&data, "reason",
                      SPAN("raise session.max and restart; until they are seen again "
                           "these users count as unknown"));
    json_write_end_object(&data);
    log_write(LOG_LEVEL_WARNING,
              "%llu sessions of users were forgotten: raise session.max (%llu)",
              (unsigned long long)since, (unsigned long long)max);
    if (!recorder_alert(self->recorder, "", "sessions.evicted",
                        json_write_result(&data))) {
        log_write(LOG_LEVEL_ERROR, "the alert of it was not taken");
    }
    json_write_free(&data);
}
