#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "guard/identify.h"
#include "guard/login.h"
#include "relay/exchange_state.h"

enum {
    COMMIT_TRIES_MAX = 16, /* Times another worker may be faster in the registry. */
    NETWORK_V4_BYTES = 15,
};

struct rules exchange_rules(const struct exchange *self)
{
    const struct site *site = self->plan->site;

    return (struct rules){
        .login = &site->login,
        .classes = site->classes,
        .class_count = site->class_count,
        .requirement = &self->routed.requirement,
    };
}

bool exchange_is_down(const struct exchange *self)
{
    return feature_table_down(self->relay->shared->features, self->gate_mask) != 0;
}

static bool has_cache_sign(const struct head *head)
{
    const struct field *age = head_field(head, FIELD_AGE);
    const struct field *cache = head_field(head, FIELD_X_CACHE);
    const struct field *status = head_field(head, FIELD_CACHE_STATUS);
    uint64_t seconds = 0;

    if (age != NULL && (parse_u64(age->value, &seconds) != ERR_NONE || seconds > 0)) {
        return true;
    }
    if (cache != NULL && cache->value.len >= 3 &&
        span_equal_nocase(span_first(cache->value, 3), SPAN("hit"))) {
        return true;
    }
    struct span rest = status != NULL ? status->value : (struct span){0};
    struct span item;
    while (span_next(&rest, ';', &item)) {
        struct span word = span_trim(span_first(item, span_find(item, ',')));
        if (span_equal_nocase(word, SPAN("hit"))) {
            return true;
        }
    }
    return false;
}

static enum echo_state echo_of(const struct exchange *self, const struct head *head)
{
    const struct field *echo = head_field(head, FIELD_COUNTERMARK_ECHO);

    if (echo == NULL) {
        return ECHO_MISSING;
    }
    return span_equal(echo->value, span_of(self->id)) ? ECHO_MATCH : ECHO_OTHER;
}

static void keep_echo(struct exchange *self, const struct head *head)
{
    const struct field *echo = head_field(head, FIELD_COUNTERMARK_ECHO);

    self->echoed_id[0] = '\0';
    if (echo != NULL && echo->value.len == JOURNAL_ID_DIGITS) {
        uint8_t bytes[JOURNAL_ID_DIGITS / 2];
        if (parse_hex(echo->value, bytes, sizeof(bytes)) == ERR_NONE) {
            (void)span_copy(echo->value, self->echoed_id, sizeof(self->echoed_id));
        }
    }
}

static void fill_issued(struct exchange *self, const struct head *head)
{
    struct identify_issued issued[ANSWER_TOKENS_MAX];
    int64_t now_s = (int64_t)(loop_unix_ms(self->relay->loop) / 1000);
    unsigned count = identify_issued_tokens(&self->plan->site->session, head, now_s,
                                            issued, ANSWER_TOKENS_MAX);

    self->answer.too_many_tokens = count > ANSWER_TOKENS_MAX;
    self->answer.issued_count = count < ANSWER_TOKENS_MAX ? count : ANSWER_TOKENS_MAX;
    for (unsigned i = 0; i < self->answer.issued_count; i++) {
        struct issued_token *token = &self->answer.issued[i];
        *token = (struct issued_token){
            .deletion = issued[i].deletion,
            .too_short = issued[i].too_short,
        };
        token->token = fingerprint_of(self->relay->fingerprinter, issued[i].token);
    }
}

void exchange_fill_answer(struct exchange *self, const struct head *head)
{
    enum media media = media_of_head(head);

    self->answer.status = head->status;
    self->answer.complete = false;
    self->answer.has_content = false;
    self->answer.html = media == MEDIA_HTML;
    self->answer.doubtful = false;
    self->answer.cache_sign = has_cache_sign(head);
    self->answer.success = self->asker.role == ROLE_NONE
                               ? LOGIN_UNTOLD
                               : login_success_by_head(&self->plan->site->login, head);
    self->answer.echo = echo_of(self, head);
    self->answer.observation_count = 0;
    fill_issued(self, head);
    keep_echo(self, head);
}

/* One try at judging, with everything that it borrows. */
struct court {
    struct session now_copy;
    const struct session *now;
    struct session owners[ANSWER_TOKENS_MAX];
    const struct observation *observations[SCAN_DISTINCT_MAX];
    struct judgement judgement;
};

/* The entry as it is now: the request's own view while nothing changed. */
static void summon_session(struct exchange *self, struct court *court)
{
    struct registry *registry = self->relay->shared->registry;
    const struct asker *asker = &self->asker;
    uint64_t now_ms = loop_now_ms(self->relay->loop);

    court->now = &asker->session;
    if (asker->token_count == 0) {
        return;
    }
    if (asker->session.id != 0) {
        if (registry_is_current(registry, asker->session.id, asker->session.version)) {
            return;
        }
        registry_get(registry, asker->session.id, now_ms, &court->now_copy);
    } else {
        registry_find(registry, &asker->tokens[0], now_ms, false, &court->now_copy);
    }
    court->now = &court->now_copy;
}

static void summon_owners(struct exchange *self, struct court *court)
{
    struct registry *registry = self->relay->shared->registry;
    uint64_t now_ms = loop_now_ms(self->relay->loop);

    for (unsigned i = 0; i < self->answer.issued_count; i++) {
        struct issued_token *token = &self->answer.issued[i];
        struct session *owner = &court->owners[i];
        registry_find(registry, &token->token, now_ms, false, owner);
        token->owner_id = owner->id;
        token->owner_bound = owner->id != 0 ? owner->binding : BINDING_NONE;
        token->owner = owner->id != 0 ? &owner->requester : NULL;
    }
}

static bool has_content(const struct exchange *self)
{
    return self->method != METHOD_HEAD && self->upstream_status != 204 &&
           self->upstream_status != 304 &&
           (self->hold.len > 0 || self->streaming || self->decoded_len > 0);
}

static void summon_observations(struct exchange *self, struct court *court)
{
    size_t count = self->scan != NULL ? scan_count(self->scan) : 0;

    CHECK(count <= SCAN_DISTINCT_MAX);
    for (size_t i = 0; i < count; i++) {
        court->observations[i] = scan_at(self->scan, i);
    }
    self->answer.observations = court->observations;
    self->answer.observation_count = count;
    self->answer.has_content = has_content(self);
    self->answer.doubtful = self->undecodable || self->overflow;
}

static void judge_once(struct exchange *self, struct court *court)
{
    struct rules rules = exchange_rules(self);

    summon_session(self, court);
    summon_owners(self, court);
    struct evidence evidence = {
        .rules = &rules,
        .asker = &self->asker,
        .now = court->now,
        .answer = &self->answer,
        .at_ms = loop_now_ms(self->relay->loop),
    };
    judge_response(&evidence, &court->judgement);
}

/* Puts what the judgement made of the sessions in place. False: judge again. */
static bool commit(struct exchange *self, struct judgement *judgement)
{
    struct registry *registry = self->relay->shared->registry;
    uint64_t now_ms = loop_now_ms(self->relay->loop);

    if (judgement->fresh.store) {
        struct change *fresh = &judgement->fresh;
        fresh->next.is_public = self->identity_removed;
        if (registry_commit(registry, &fresh->next, fresh->tokens, fresh->token_count,
                            now_ms) == REGISTRY_CHANGED) {
            return false;
        }
        self->fresh_key = fresh->next.first;
        self->has_fresh_key = fresh->next.id != 0;
    }
    if (judgement->kept.store) {
        struct change *kept = &judgement->kept;
        kept->next.is_public =
            kept->next.id != 0 ? self->asker.session.is_public : self->identity_removed;
        if (registry_commit(registry, &kept->next, kept->tokens, kept->token_count,
                            now_ms) == REGISTRY_CHANGED) {
            if (judgement->fresh.store) {
                exchange_settle_token(self, 0);
                return true;
            }
            return false;
        }
        if (self->asker.session.id == 0) {
            self->fresh_key = kept->next.first;
            self->has_fresh_key = kept->next.id != 0;
        }
    }
    return true;
}

/* Takes back what judge_forward() had counted on the entry of token `index`. */
void exchange_settle_token(struct exchange *self, unsigned index)
{
    struct registry *registry = self->relay->shared->registry;
    struct rules rules = exchange_rules(self);
    uint64_t now_ms = loop_now_ms(self->relay->loop);

    for (unsigned tries = 0; tries < COMMIT_TRIES_MAX; tries++) {
        struct session now;
        struct change change;
        registry_find(registry, &self->asker.tokens[index], now_ms, false, &now);
        if (!judge_settle(&rules, &self->asker, &now, &change) ||
            registry_commit(registry, &change.next, change.tokens, change.token_count,
                            now_ms) != REGISTRY_CHANGED) {
            return;
        }
    }
}

void exchange_settle_identity(struct exchange *self)
{
    for (unsigned i = self->judged ? 1 : 0; i < self->asker.token_count; i++) {
        if ((self->forward_changed >> i & 1) != 0) {
            exchange_settle_token(self, i);
        }
    }
    self->forward_changed = 0;
}

/* Counters of the answer, once per exchange. */
static void count_answer(struct exchange *self, const struct judgement *judgement)
{
    const struct meter *meter = self->plan->meter;
    unsigned route = self->routed.index;

    if (self->overflow) {
        meter_uninspected(self->relay, meter, route, UNINSPECTED_LIMIT);
    } else if (self->inspected && !self->undecodable) {
        meter_inspected(self->relay, meter, route);
    } else if (self->answer.has_content) {
        meter_uninspected(self->relay, meter, route, self->uninspected);
    }
    if (self->routed.requirement.require_mask != 0 && self->answer.has_content &&
        self->upstream_status / 100 == 2) {
        meter_marked(self->relay, meter, route, !judgement->unmarked);
    }
    if (judgement->source != SOURCE_NONE) {
        meter_binding(self->relay, binding_source_name(judgement->source));
    }
    for (unsigned i = 0; i < judgement->findings.count && i < FINDINGS_MAX; i++) {
        meter_finding(self->relay, &judgement->findings.items[i]);
    }
    if (judgement->findings.count > 0) {
        self->detector = detector_name(judgement->findings.items[0].detector);
    }
}

/* The features whose incident a finding about identity belongs to. */
static uint64_t incident_mask(const struct exchange *self)
{
    return FEATURE_LOGIN_BIT | self->routed.features;
}

static struct takedown_case case_of(struct exchange *self,
                                    const struct judgement *judgement,
                                    const struct finding *finding)
{
    const struct asker *asker = &self->asker;
    struct takedown_case noted = {
        .feature_mask = incident_mask(self),
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

/* Sets the flags at once, for every worker; the disk follows. Returns what went down. */
static uint64_t take_down(struct exchange *self, const struct judgement *judgement)
{
    struct relay_shared *shared = self->relay->shared;
    uint64_t mask = 0;

    for (unsigned i = 0; i < judgement->findings.count && i < FINDINGS_MAX; i++) {
        const struct finding *finding = &judgement->findings.items[i];
        if (finding->counts && finding->action == FINDING_REFUSE) {
            struct takedown_case noted = case_of(self, judgement, finding);
            mask |= takedown_note(shared->takedown, &noted, self->plan->policies);
        }
    }
    if (mask == 0) {
        return 0;
    }
    if (feature_table_down(shared->features, FEATURE_LOGIN_BIT) != 0 &&
        self->routed.features == 0) {
        atomic_store(&self->plan->site->routes[self->routed.index].closed, true);
    }
    (void)atomic_fetch_add(&shared->features->unsettled, 1);
    uint64_t taken = feature_table_take_down(shared->features, mask);
    if (taken == 0) {
        (void)atomic_fetch_sub(&shared->features->unsettled, 1);
        return 0;
    }
    meter_take_down(self->relay, taken);
    return taken;
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
    if (judgement->findings.count == 0) {
        (void)snprintf(entry->reason, sizeof(entry->reason), "in-doubt");
        return;
    }
    const struct finding *first = &judgement->findings.items[0];
    entry->detector = first->detector;
    entry->subject = first->subject;
    (void)snprintf(entry->reason, sizeof(entry->reason), "%s",
                   first->reason != NULL ? first->reason : "");
    if (first->marker_class < site->class_count) {
        (void)span_copy(site->classes[first->marker_class].name, entry->marker_class,
                        sizeof(entry->marker_class));
    }
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
    }
    (void)address_format(&self->client_address, entry->client_address);
}

static void fill_connection(const struct exchange *self, struct journal_entry *entry)
{
    const struct upstream *upstream = self->upstream;

    if (upstream == NULL) {
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
static void fill_entry(struct exchange *self, const struct judgement *judgement,
                       struct journal_entry *entry)
{
    const struct route *route = self->routed.route;

    *entry = (struct journal_entry){
        .kind = JOURNAL_EVENT,
        .at_ms = loop_unix_ms(self->relay->loop),
        .status = self->upstream_status,
        .body_size = self->hold.len + self->body_sent,
    };
    fill_finding(self, judgement, entry);
    fill_viewer(self, judgement, entry);
    fill_connection(self, entry);
    if (entry->kind == JOURNAL_DISPLAY && !self->routed.requirement.observe) {
        entry->feature_mask = incident_mask(self);
    } else if (entry->kind == JOURNAL_DISPLAY) {
        entry->feature_mask = FEATURE_LOGIN_BIT;
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

    if (ticket->settles) {
        (void)atomic_fetch_sub(&ticket->features->unsettled, 1);
    }
    if (self != NULL) {
        self->ticket = NULL;
        self->committed = true;
        self->commit_failed = !inner->committed;
        self->incident = inner->incident;
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

/* Gives the facts to the record. False: it takes nothing more. */
static bool post(struct exchange *self, const struct journal_entry *entry)
{
    struct relay *relay = self->relay;
    struct journal *journal = relay->shared->journal;
    struct exchange_ticket *ticket = malloc(sizeof(*ticket));

    if (ticket == NULL) {
        return false;
    }
    *ticket = (struct exchange_ticket){
        .ticket = {.mail = {.deliver = on_recorded}, .reply_to = relay->mailbox},
        .exchange = self,
        .features = relay->shared->features,
        .settles = entry->took_down_mask != 0,
    };
    self->ticket = ticket;
    if (!journal->post(journal->self, entry, &ticket->ticket)) {
        self->ticket = NULL;
        free(ticket);
        return false;
    }
    return true;
}

/* Says goodbye to the connection: kept under its session's name if provably clean. */
static void part_with_upstream(struct exchange *self)
{
    const struct asker *asker = &self->asker;
    bool shared = pool_settings(self->pool)->connections == CONNECTIONS_SHARED;
    bool clean = self->upstream_clean && self->request_sent && !self->request.alone &&
                 !self->upstream_failed;

    if (self->upstream == NULL) {
        return;
    }
    struct fingerprint key = self->request.key;
    if (asker->token_count == 0 && !shared) {
        bool touched = asker->unsafe || self->routed.role != ROLE_NONE ||
                       self->answer.issued_count > 0;
        if (touched && self->has_fresh_key) {
            key = self->fresh_key;
        } else if (touched) {
            clean = false;
        }
    }
    if (!clean) {
        pool_discard(&self->upstream);
        return;
    }
    memcpy(self->upstream->previous_id, self->id, sizeof(self->id));
    self->upstream->previous_session[0] = '\0';
    if (asker->token_count > 0) {
        fingerprint_format(asker->session.id != 0 ? &asker->session.first
                                                  : &asker->tokens[0],
                           self->upstream->previous_session);
        self->upstream->previous_session[FINGERPRINT_DIGITS] = '\0';
    }
    pool_return(&self->upstream, &key);
}

/* The answer may leave, unless a flag says otherwise: read right before its first byte.
 */
static enum step release(struct exchange *self)
{
    part_with_upstream(self);
    if (self->logout_while_down) {
        return exchange_reply_logged_out(self);
    }
    if (exchange_is_down(self)) {
        if (self->streaming) {
            return exchange_close_silently(self, ENDING_CUT);
        }
        return exchange_become(self, STATE_SETTLE);
    }
    if (self->streaming) {
        return exchange_become(self, STATE_STREAM);
    }
    return exchange_release(self);
}

/* A finding on a route that only observes: on record, delivered all the same. */
static enum step observe(struct exchange *self, const struct judgement *judgement)
{
    struct journal_entry entry;
    struct journal *journal = self->relay->shared->journal;

    fill_entry(self, judgement, &entry);
    entry.outcome = JOURNAL_DELIVERED;
    if (entry.kind == JOURNAL_DISPLAY) {
        meter_display(self->relay, JOURNAL_DELIVERED);
    }
    (void)journal->post(journal->self, &entry, NULL);
    return release(self);
}

/* Flag, record, then the page. */
static enum step refuse(struct exchange *self, const struct judgement *judgement)
{
    struct journal_entry entry;

    fill_entry(self, judgement, &entry);
    entry.outcome = self->streaming ? JOURNAL_CUT : JOURNAL_WITHHELD;
    entry.took_down_mask = take_down(self, judgement);
    if (entry.kind == JOURNAL_DISPLAY) {
        meter_display(self->relay, entry.outcome);
    }
    exchange_drop_upstream(self);
    bool posted = post(self, &entry);
    if (self->streaming) {
        return exchange_close_silently(self, ENDING_CUT);
    }
    exchange_stop_answer(self, true);
    if (!posted) {
        return exchange_close_silently(self, ENDING_REFUSED_SILENT);
    }
    exchange_set_deadline(self, self->plan->site->ledger_deadline_ms);
    return exchange_become(self, STATE_COMMIT);
}

/* Findings that do not refuse are kept beside a release. */
static void record_beside(struct exchange *self, const struct judgement *judgement)
{
    struct journal *journal = self->relay->shared->journal;
    struct journal_entry entry;

    fill_entry(self, judgement, &entry);
    entry.kind = JOURNAL_EVENT;
    entry.outcome = JOURNAL_DELIVERED;
    (void)journal->post(journal->self, &entry, NULL);
}

enum step exchange_judge(struct exchange *self)
{
    struct court court;
    bool observes = self->routed.requirement.observe || self->plan->site->observe;

    self->answer.complete = true;
    summon_observations(self, &court);
    for (unsigned tries = 0;; tries++) {
        judge_once(self, &court);
        if (commit(self, &court.judgement)) {
            break;
        }
        if (tries == COMMIT_TRIES_MAX) {
            return exchange_reply_error(self, 503, ENDING_INTERNAL);
        }
    }
    self->judged = true;
    count_answer(self, &court.judgement);
    CHECK(court.judgement.verdict != VERDICT_HOLD);
    if (court.judgement.verdict == VERDICT_REFUSE) {
        return observes ? observe(self, &court.judgement)
                        : refuse(self, &court.judgement);
    }
    if (court.judgement.findings.count > 0) {
        record_beside(self, &court.judgement);
    }
    if (self->overflow) {
        return exchange_reply_error(self, 502, ENDING_HOLD_LIMIT);
    }
    return release(self);
}

enum verdict exchange_judge_part(struct exchange *self)
{
    struct court court;

    self->answer.complete = false;
    summon_observations(self, &court);
    judge_once(self, &court);
    return court.judgement.verdict;
}

bool exchange_may_stream(struct exchange *self)
{
    struct court court;
    struct rules rules = exchange_rules(self);
    bool tells = self->answer_framing == FRAMING_LENGTH || !self->taste.old;

    if (!tells || self->undecodable ||
        self->routed.route->over_limit != OVER_LIMIT_STREAM || self->logout_while_down ||
        exchange_is_down(self)) {
        return false;
    }
    self->answer.complete = false;
    summon_observations(self, &court);
    summon_session(self, &court);
    summon_owners(self, &court);
    struct evidence evidence = {
        .rules = &rules,
        .asker = &self->asker,
        .now = court.now,
        .answer = &self->answer,
        .at_ms = loop_now_ms(self->relay->loop),
    };
    return judge_verified_so_far(&evidence);
}

/* Waits until the refusal is on disk. */
enum step exchange_step_commit(struct exchange *self)
{
    if (self->committed) {
        return self->commit_failed ? exchange_close_silently(self, ENDING_REFUSED_SILENT)
                                   : exchange_reply_refused(self);
    }
    if (self->timed_out || self->client_gone) {
        return exchange_close_silently(self, ENDING_REFUSED_SILENT);
    }
    return STEP_WAIT;
}
