#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "relay/drill.h"
#include "relay/exchange_grants.h"

/* The features whose incident a finding about identity belongs to. */
static uint64_t incident_mask(const struct exchange *self)
{
    return FEATURE_LOGIN_BIT | self->routed.features;
}

/* What the findings of a detector may take down. */
static uint64_t down_mask(const struct exchange *self, enum detector detector)
{
    switch (detector_down(detector)) {
    case DOWN_NEVER:
        return 0;
    case DOWN_ROUTE:
        return self->routed.features & ~FEATURE_LOGIN_BIT;
    case DOWN_IDENTITY:
        return incident_mask(self);
    }
    UNREACHABLE();
}

static struct takedown_case case_of(struct exchange *self,
                                    const struct judgement *judgement,
                                    const struct finding *finding)
{
    const struct asker *asker = &self->asker;
    struct takedown_case noted = {
        .feature_mask = down_mask(self, finding->detector),
        .strength = finding->strength,
        .viewer_kind = VIEWER_ADDRESS,
        .viewer = {.ptr = self->client_address.bytes, .len = 16},
        .subject = user_span(&finding->subject),
        .address = self->client_address.bytes,
        .now_ms = loop_now_ms(self->relay->loop),
    };

    if (judgement->viewer != NULL) {
        noted.viewer_kind = VIEWER_USER;
        noted.viewer = user_span(judgement->viewer);
    } else if (asker->token_count > 0) {
        noted.viewer_kind = VIEWER_SESSION;
        noted.viewer =
            (struct span){.ptr = asker->tokens[0].bytes, .len = FINGERPRINT_SIZE};
    }
    return noted;
}

/* Each subject is a case, until there are enough of them. */
static uint64_t note_shown(struct exchange *self, const struct judgement *judgement,
                           const struct finding *finding, struct takedown *takedown)
{
    struct takedown_case noted = case_of(self, judgement, finding);
    uint64_t mask = 0;

    for (unsigned i = 0; i < judgement->findings.shown_count && noted.feature_mask != 0;
         i++) {
        const struct shown *shown = &judgement->findings.shown[i];
        if (shown->counts && shown->detector == finding->detector) {
            noted.subject = self->answer.observations[shown->observation]->value;
            noted.strength = shown->strength;
            uint64_t down = takedown_note(takedown, &noted, self->plan->policies);
            noted.feature_mask &= ~down;
            mask |= down;
        }
    }
    return mask;
}

static uint64_t note_finding(struct exchange *self, const struct judgement *judgement,
                             const struct finding *finding, struct takedown *takedown)
{
    struct takedown_case noted = case_of(self, judgement, finding);

    return finding->counts && finding->detector != DETECTOR_GRANTED_MARKER
               ? takedown_note(takedown, &noted, self->plan->policies)
               : 0;
}

/* What the findings would take down by the count of `takedown`; a drill's nothing. */
uint64_t exchange_note_cases(struct exchange *self, const struct judgement *judgement,
                             struct takedown *takedown)
{
    uint64_t mask = 0;
    uint32_t detectors = 0; /* Whose further subjects were noted. */
    unsigned count = drill_is(self) ? 0 : judgement->findings.count;

    for (unsigned i = 0; i < count && i < FINDINGS_MAX; i++) {
        const struct finding *finding = &judgement->findings.items[i];
        if (finding->action != FINDING_REFUSE && finding->action != FINDING_REDACT) {
            continue;
        }
        mask |= note_finding(self, judgement, finding, takedown);
        if ((detectors >> finding->detector & 1) == 0) {
            detectors |= UINT32_C(1) << finding->detector;
            mask |= note_shown(self, judgement, finding, takedown);
        }
    }
    return mask;
}

/* Sets the flags at once, for every worker; the disk follows. Returns what went down. */
uint64_t exchange_take_down(struct exchange *self, const struct judgement *judgement)
{
    struct relay_shared *shared = self->relay->shared;
    uint64_t mask = exchange_note_cases(self, judgement, shared->takedown);

    if (mask == 0) {
        return 0;
    }
    /* Asked while it was down, not only answered: what was under way may be any page. */
    if (feature_table_down(shared->features, FEATURE_LOGIN_BIT) != 0 &&
        self->identity_removed && self->routed.features == 0) {
        relay_close_route(self->relay, &self->plan->site->routes[self->routed.index]);
        relay_close_route(self->relay, &self->plan->site->routes[self->routed.other]);
    }
    (void)atomic_fetch_add(&shared->features->unsettled, 1);
    uint64_t taken = feature_table_take_down(shared->features, mask);
    if (taken == 0) {
        (void)atomic_fetch_sub(&shared->features->unsettled, 1);
        return 0;
    }
    return taken;
}

/* The finding that the entry is about: the first that says whose data it was. */
static const struct finding *base_of(const struct findings *findings)
{
    const struct finding *base = NULL;

    for (unsigned i = 0; i < findings->count && i < FINDINGS_MAX; i++) {
        const struct finding *finding = &findings->items[i];
        bool names =
            finding->subject.len > 0 && detector_down(finding->detector) == DOWN_IDENTITY;
        if (finding->strength == STRENGTH_NONE) {
            continue;
        }
        if (base == NULL || (base->subject.len == 0 && names)) {
            base = finding;
        }
    }
    return base != NULL ? base : &findings->items[0];
}

static void fill_finding(struct exchange *self, const struct judgement *judgement,
                         struct journal_entry *entry)
{
    const struct site *site = self->plan->site;

    for (unsigned i = 0; i < judgement->findings.count && i < FINDINGS_MAX; i++) {
        const struct finding *finding = &judgement->findings.items[i];
        entry->detectors_mask |= UINT32_C(1) << finding->detector;
        entry->strong = entry->strong || finding->strength == STRENGTH_STRONG;
        entry->one_of_two = entry->one_of_two || finding->one_of_two;
        if (finding->strength != STRENGTH_NONE) {
            entry->kind = JOURNAL_DISPLAY;
        }
    }
    if (judgement->in_doubt) {
        (void)snprintf(entry->reason, sizeof(entry->reason), "in-doubt");
        return;
    }
    const struct finding *base = base_of(&judgement->findings);
    entry->detector = base->detector;
    entry->subject = base->subject;
    (void)snprintf(entry->reason, sizeof(entry->reason), "%s",
                   base->reason != NULL ? base->reason : "");
    if (base->marker_class < site->class_count) {
        (void)span_copy(site->classes[base->marker_class].name, entry->marker_class,
                        sizeof(entry->marker_class));
    }
    exchange_fill_shown(self, &judgement->findings, base, entry);
}

/* Where the incident belongs: `login` unless nothing was found about identity. */
static uint64_t feature_mask(const struct exchange *self,
                             const struct journal_entry *entry)
{
    if (entry->drill) {
        return drill_feature(self);
    }
    if (detector_down(entry->detector) == DOWN_ROUTE) {
        return down_mask(self, entry->detector);
    }
    return exchange_observes(self) ? FEATURE_LOGIN_BIT : incident_mask(self);
}

static void fill_viewer(const struct exchange *self, const struct judgement *judgement,
                        struct journal_entry *entry)
{
    const struct asker *asker = &self->asker;

    if (judgement->viewer != NULL) {
        entry->viewer = *judgement->viewer;
        entry->viewer_confirmed = judgement->viewer_confirmed;
    }
    if (asker->token_count > 0) {
        entry->session = asker->session.id != 0 ? asker->session.first : asker->tokens[0];
    } else {
        entry->session = asker->credential;
    }
    (void)address_format_peer(&self->client_address, entry->client_address);
}

static void fill_connection(const struct exchange *self, struct journal_entry *entry)
{
    const struct upstream *upstream = self->upstream;

    if (upstream == NULL) {
        return;
    }
    if (upstream->adopted) {
        (void)snprintf(entry->upstream, sizeof(entry->upstream), "drill");
        return;
    }
    (void)snprintf(entry->upstream, sizeof(entry->upstream), "%s %s",
                   pool_settings(self->pool)->name, upstream_server_text(upstream));
    entry->upstream_connection = upstream->number;
    entry->upstream_exchange_count = upstream->exchange_count;
    memcpy(entry->previous_id, upstream->previous_id, sizeof(entry->previous_id));
    memcpy(entry->previous_session, upstream->previous_session,
           sizeof(entry->previous_session));
}

/* Everything that a regulator will ask about this exchange. */
void exchange_fill_entry(struct exchange *self, const struct judgement *judgement,
                         struct journal_entry *entry)
{
    const struct route *route = self->routed.route;

    *entry = (struct journal_entry){
        .kind = JOURNAL_EVENT,
        .at_ms = loop_unix_ms(self->relay->loop),
        .status = self->upstream_status,
        .body_size = self->body_received,
        .drill = drill_is(self),
    };
    fill_finding(self, judgement, entry);
    fill_viewer(self, judgement, entry);
    fill_connection(self, entry);
    if (entry->kind == JOURNAL_DISPLAY) {
        entry->feature_mask = feature_mask(self, entry);
    }
    memcpy(entry->exchange_id, self->id, sizeof(entry->exchange_id));
    memcpy(entry->echoed_id, self->echoed_id, sizeof(entry->echoed_id));
    (void)snprintf(entry->screen, sizeof(entry->screen), "%s", route->screen);
    (void)snprintf(entry->shows, sizeof(entry->shows), "%s", route->shows);
    (void)snprintf(entry->route, sizeof(entry->route), "%s", route->pattern);
    (void)snprintf(entry->method, sizeof(entry->method), "%s", self->method_text);
    (void)snprintf(entry->path, sizeof(entry->path), "%s", self->path);
}

/* The disk has answered, on our thread. */
static void on_recorded(struct mail *mail)
{
    struct journal_ticket *inner = LIST_ENTRY(mail, struct journal_ticket, mail);
    struct exchange_ticket *ticket = LIST_ENTRY(inner, struct exchange_ticket, ticket);
    struct exchange *self = ticket->exchange;

    if (ticket->settles > 0) {
        (void)atomic_fetch_sub(&ticket->features->unsettled, ticket->settles);
    }
    if (self != NULL) {
        self->ticket = NULL;
        self->committed = true;
        self->commit_failed = !inner->committed;
        self->incident = inner->incident;
        drill_note_recorded(self);
    }
    free(ticket);
    if (self != NULL) {
        exchange_advance(self);
    }
}

void exchange_ticket_forget(struct exchange *self)
{
    if (self->ticket != NULL) {
        self->ticket->exchange = NULL;
        self->ticket = NULL;
    }
}

/* The ticket that was posted with the entry, or NULL. */
static struct exchange_ticket *post_entry(struct relay *relay, struct exchange *exchange,
                                          const struct journal_entry *entry,
                                          unsigned settles)
{
    struct journal *journal = relay->shared->journal;
    struct exchange_ticket *ticket = malloc(sizeof(*ticket));

    if (ticket == NULL) {
        return NULL;
    }
    *ticket = (struct exchange_ticket){
        .ticket = {.mail = {.deliver = on_recorded}, .reply_to = relay->mailbox},
        .exchange = exchange,
        .features = relay->shared->features,
        .settles = settles,
    };
    if (!journal->post(journal->self, entry, &ticket->ticket)) {
        free(ticket);
        return NULL;
    }
    return ticket;
}

/* What went down stays down, and nobody is told until the record has taken it. */
static void keep_lost(struct relay *relay, const struct journal_entry *entry)
{
    if (relay->lost_count == 0) {
        relay->lost = *entry;
        relay->lost.more = NULL; /* Borrowed. */
        relay->lost.more_count = 0;
    }
    relay->lost.took_down_mask |= entry->took_down_mask;
    relay->lost.feature_mask |= entry->feature_mask;
    relay->lost_count++;
}

/* Gives the facts to the record. False: it takes nothing more. */
bool exchange_post(struct exchange *self, const struct journal_entry *entry)
{
    bool settles = entry->took_down_mask != 0;

    self->ticket = post_entry(self->relay, self, entry, settles ? 1 : 0);
    if (self->ticket == NULL && settles) {
        keep_lost(self->relay, entry);
    }
    return self->ticket != NULL;
}

void exchange_post_lost(struct relay *relay)
{
    if (relay->lost_count > 0 &&
        post_entry(relay, NULL, &relay->lost, relay->lost_count) != NULL) {
        relay->lost_count = 0;
    }
}
