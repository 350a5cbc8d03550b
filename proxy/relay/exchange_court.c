#include "relay/exchange_court.h"

#include "base/check.h"
#include "guard/recall.h"
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

bool exchange_is_stopped(const struct exchange *self)
{
    return self->delivery == DELIVERY_WHOLE && self->streaming &&
           self->answer_part != ANSWER_COMPLETE;
}

bool exchange_decide(struct exchange *self, struct court *court)
{
    self->answer.complete = true;
    summon_observations(self, court);
    for (unsigned tries = 0; tries <= COMMIT_TRIES_MAX; tries++) {
        judge_once(self, court);
        if (exchange_is_stopped(self) && court->judgement.verdict != VERDICT_REFUSE) {
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

bool exchange_verified_so_far(struct exchange *self, bool *corrects_out)
{
    struct court court;
    struct rules rules = exchange_rules(self);

    self->answer.complete = false;
    summon_observations(self, &court);
    summon_session(self, &court);
    summon_owners(self, &court);
    struct evidence evidence = evidence_of(self, &rules, &court);
    exchange_recall(self, &evidence, court.recalled, &court.recalled_subject);
    return judge_verified_so_far(&evidence, corrects_out);
}
