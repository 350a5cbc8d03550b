#include "base/check.h"
#include "guard/recall.h"
#include "relay/drill.h"
#include "relay/exchange_grants.h"

enum {
    COMMIT_TRIES_MAX = 16, /* Times another worker may be faster in the registry. */
};

struct rules exchange_rules(const struct exchange *self)
{
    const struct site *site = self->plan->site;

    return (struct rules){
        .login = &site->login,
        .classes = site->classes,
        .class_count = site->class_count,
        .requirement = &self->routed.requirement,
        .staff = site->staff,
        .staff_count = site->staff_count,
        .hasher = self->relay->fingerprinter,
        .detectors_off = site->detectors_off,
    };
}

/* One try at judging, with everything that it borrows. */
struct court {
    struct session now_copy;
    const struct session *now;
    struct session owners[ANSWER_TOKENS_MAX + 1]; /* The last one's is in Location. */
    const struct observation *observations[EXCHANGE_SIGHTS * SCAN_DISTINCT_MAX];
    size_t observation_count;
    uint32_t forged_mask;
    struct recalled recalled[RECALLED_MAX];
    struct user recalled_subject;
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

static void summon_owner(struct exchange *self, struct issued_token *token,
                         struct session *owner)
{
    registry_find(self->relay->shared->registry, &token->token,
                  loop_now_ms(self->relay->loop), false, owner);
    token->owner_id = owner->id;
    token->owner_bound = owner->id != 0 ? owner->binding : BINDING_NONE;
    token->owner = owner->id != 0 ? &owner->requester : NULL;
    token->owner_family = owner->id != 0 ? recall_family(owner, NULL) : 0;
}

static void summon_owners(struct exchange *self, struct court *court)
{
    struct issued_token *addressed = &self->answer.addressed;

    for (unsigned i = 0; i < self->answer.issued_count; i++) {
        summon_owner(self, &self->answer.issued[i], &court->owners[i]);
    }
    if (!fingerprint_none(&addressed->token)) {
        summon_owner(self, addressed, &court->owners[ANSWER_TOKENS_MAX]);
    }
}

static bool has_content(const struct exchange *self)
{
    return self->method != METHOD_HEAD && self->upstream_status != 204 &&
           self->upstream_status != 304 &&
           (self->hold.len > 0 || self->streaming || self->decoded_len > 0 ||
            self->delivery != DELIVERY_WHOLE);
}

const struct scan *exchange_sight(const struct exchange *self, size_t index)
{
    return index == 0 ? self->scan : self->messages.scans[index - 1];
}

static void summon_sights(const struct scan *scan, struct court *court)
{
    size_t count = scan != NULL ? scan_count(scan) : 0;

    CHECK(count <= SCAN_DISTINCT_MAX);
    court->forged_mask |= scan != NULL ? scan_forged(scan) : 0;
    for (size_t i = 0; i < count; i++) {
        court->observations[court->observation_count++] = scan_at(scan, i);
    }
}

static void summon_observations(struct exchange *self, struct court *court)
{
    court->observation_count = 0;
    court->forged_mask = 0;
    for (size_t i = 0; i < EXCHANGE_SIGHTS; i++) {
        summon_sights(exchange_sight(self, i), court);
    }
    self->answer.observations = court->observations;
    self->answer.observation_count = court->observation_count;
    self->answer.has_content = has_content(self);
    self->answer.forged_mask = court->forged_mask;
    self->answer.doubtful = self->undecodable || self->overflow;
    self->answer.head_left = self->streaming && !exchange_observes(self);
    exchange_summon_grants(self);
}

static struct evidence evidence_of(const struct exchange *self, const struct rules *rules,
                                   const struct court *court)
{
    return (struct evidence){
        .rules = rules,
        .asker = &self->asker,
        .now = court->now,
        .answer = &self->answer,
        .at_ms = loop_now_ms(self->relay->loop),
    };
}

static void judge_once(struct exchange *self, struct court *court)
{
    struct rules rules = exchange_rules(self);

    summon_session(self, court);
    summon_owners(self, court);
    exchange_note_mixed(self, court->now);
    struct evidence evidence = evidence_of(self, &rules, court);
    exchange_recall(self, &evidence, court->recalled, &court->recalled_subject);
    judge_response(&evidence, &court->judgement);
}

/* What is shown now belongs to this session. False: another was faster. */
static bool note(struct exchange *self, const struct court *court)
{
    struct rules rules = exchange_rules(self);
    struct evidence evidence = evidence_of(self, &rules, court);

    return self->answer.recalled_count == 0 ||
           court->judgement.verdict != VERDICT_RELEASE ||
           exchange_note_shown(self, &evidence, &court->judgement);
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
            kept->next.id != 0 ? kept->next.is_public : self->identity_removed;
        kept->next.is_public = session_is_public(&kept->next);
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

/* The answer may leave, unless a flag says otherwise: read right before its first byte.
 */
enum step exchange_let_go(struct exchange *self)
{
    exchange_part_with_upstream(self);
    if (self->logout_while_down) {
        return exchange_reply_logged_out(self);
    }
    if (exchange_is_down(self)) {
        if (self->streaming) {
            return exchange_close_silently(self, ENDING_CUT);
        }
        return exchange_settle(self);
    }
    if (self->streaming) {
        return exchange_become(self, STATE_STREAM);
    }
    return exchange_release(self);
}

/* Flag, record, then the page. */
static enum step refuse(struct exchange *self, const struct judgement *judgement)
{
    struct journal_entry entry;

    exchange_fill_entry(self, judgement, &entry);
    entry.outcome = self->streaming ? JOURNAL_CUT : JOURNAL_WITHHELD;
    entry.took_down_mask = exchange_take_down(self, judgement);
    self->took_down = entry.took_down_mask != 0;
    entry.quarantined = exchange_quarantine(self, judgement);
    if (entry.kind == JOURNAL_DISPLAY && !entry.drill) {
        meter_display(self->relay, entry.outcome);
        if (self->upstream != NULL) {
            pool_blame(self->upstream);
        }
    }
    drill_note_refused(self);
    exchange_drop_upstream(self);
    bool posted = exchange_post(self, &entry);
    if (self->streaming) {
        return exchange_cut(self, ENDING_CUT);
    }
    exchange_stop_answer(self, true);
    if (!posted) {
        return exchange_close_silently(self, ENDING_REFUSED_SILENT);
    }
    exchange_set_deadline(self, self->plan->site->ledger_deadline_ms);
    return exchange_become(self, STATE_COMMIT);
}

/* A stream that its verdict stops: more of it would have come. */
static bool is_stopped(const struct exchange *self)
{
    return self->delivery == DELIVERY_WHOLE && self->streaming &&
           self->answer_part != ANSWER_COMPLETE;
}

/* Judges what is there as a whole, and puts what follows for the sessions in place.
 * False: others were always faster, or what stopped a stream is not found any more, since
 * another worker has changed the session. */
static bool decide(struct exchange *self, struct court *court)
{
    self->answer.complete = true;
    summon_observations(self, court);
    for (unsigned tries = 0; tries <= COMMIT_TRIES_MAX; tries++) {
        judge_once(self, court);
        if (is_stopped(self) && court->judgement.verdict != VERDICT_REFUSE) {
            return false;
        }
        if (note(self, court) && commit(self, &court->judgement)) {
            CHECK(court->judgement.verdict != VERDICT_HOLD);
            exchange_learn(self, &court->judgement);
            return true;
        }
    }
    return false;
}

/* Judges one message of an answer that goes on; the first time with its fields. False:
 * it is refused, as `step_out` says. */
bool exchange_judge_message(struct exchange *self, enum step *step_out)
{
    struct court court;
    bool first = !self->judged;

    if (!decide(self, &court)) {
        *step_out = exchange_reply_error(self, 503, ENDING_INTERNAL);
        return false;
    }
    self->judged = true;
    if (first) {
        exchange_count_answer(self, &court.judgement);
    } else {
        exchange_count_findings(self, &court.judgement);
    }
    if (court.judgement.verdict == VERDICT_REFUSE && !exchange_observes(self)) {
        *step_out = refuse(self, &court.judgement);
        return false;
    }
    exchange_record_beside(self, &court.judgement);
    return true;
}

/* Judges for the record alone what has left, as far as it came. */
void exchange_judge_late(struct exchange *self)
{
    struct court court;
    bool whole = !self->judged && self->answer_part == ANSWER_COMPLETE;

    if (!decide(self, &court)) {
        return;
    }
    if (whole) {
        exchange_count_answer(self, &court.judgement);
    } else {
        exchange_count_findings(self, &court.judgement);
    }
    exchange_record_beside(self, &court.judgement);
}

enum step exchange_judge(struct exchange *self)
{
    struct court court;
    /* What stopped a stream is enforced, also if break-glass has begun just now. */
    bool stopped = is_stopped(self);
    bool observes = !stopped && exchange_observes(self);

    if (exchange_wants_grants(self)) {
        return exchange_ask_grants(self);
    }
    exchange_redact(self);
    if (!decide(self, &court)) {
        return stopped ? exchange_cut(self, ENDING_CUT)
                       : exchange_reply_error(self, 503, ENDING_INTERNAL);
    }
    self->judged = true;
    exchange_count_answer(self, &court.judgement);
    if (self->overflow && observes) {
        return exchange_reply_error(self, 502, ENDING_HOLD_LIMIT);
    }
    if (court.judgement.verdict == VERDICT_REFUSE && !observes) {
        return refuse(self, &court.judgement);
    }
    exchange_record_beside(self, &court.judgement);
    if (findings_with(&court.judgement.findings, FINDING_REDACT) != NULL) {
        return exchange_commit_redacted(self, &court.judgement);
    }
    if (self->overflow) {
        return exchange_reply_refused(self, ENDING_HOLD_LIMIT);
    }
    return exchange_let_go(self);
}

bool exchange_requester(struct exchange *self, struct user *user_out)
{
    struct court court;
    struct rules rules = exchange_rules(self);

    summon_observations(self, &court);
    summon_session(self, &court);
    exchange_note_mixed(self, court.now);
    struct evidence evidence = evidence_of(self, &rules, &court);
    return judge_requester(&evidence, user_out);
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
    /* On a route that observes no verdict cuts, and there is nothing to tell. */
    bool tells = self->answer_framing == FRAMING_LENGTH || !self->taste.old ||
                 self->routed.requirement.observe;

    if (!tells || self->logout_while_down || exchange_is_down(self)) {
        return false;
    }
    if (exchange_observes(self)) {
        return true;
    }
    if (!route_may_stream(self->plan->site, &self->routed)) {
        return false;
    }
    self->answer.complete = false;
    summon_observations(self, &court);
    summon_session(self, &court);
    summon_owners(self, &court);
    struct evidence evidence = evidence_of(self, &rules, &court);
    exchange_recall(self, &evidence, court.recalled, &court.recalled_subject);
    bool corrects = false;
    bool verified = judge_verified_so_far(&evidence, &corrects);
    if (verified && corrects) {
        exchange_correct(self);
    }
    return verified;
}
