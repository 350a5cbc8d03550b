/**
 * A small registry and a relay in miniature: what the tests of the judge drive.
 *
 * It does exactly what judge.h asks of the relay, so that a sequence of requests can be
 * written down as one.
 */
#pragma once

#include <string.h>

#include "base/check.h"
#include "guard/judge.h"
#include "guard/recall.h"

enum {
    WORLD_ENTRIES_MAX = 512,
    WORLD_TOKENS_MAX = 8,
    TRIP_MARKERS_MAX = 4,
};

struct world_entry {
    struct session session;
    unsigned token_count;
    struct fingerprint tokens[WORLD_TOKENS_MAX];
};

struct world {
    struct login_policy login;
    struct request_pattern login_item;
    struct success_rule success;
    struct marker_class class;
    struct requirement requirement;
    struct rules rules;
    struct memo *shown; /**< NULL: nothing is recalled. */
    uint64_t now_ms;
    uint64_t next_id;
    struct world_entry entries[WORLD_ENTRIES_MAX];
};

/** One exchange: what it asks, and what comes back. */
struct trip {
    struct asker asker;
    uint64_t entry_ids[ASKER_TOKENS_MAX];
    bool counted[ASKER_TOKENS_MAX];
    uint32_t generations[ASKER_TOKENS_MAX];
    struct answer answer;
    unsigned marker_count;
    struct observation markers[TRIP_MARKERS_MAX];
    const struct observation *marker_list[TRIP_MARKERS_MAX];
    char names[TRIP_MARKERS_MAX][USER_SIZE_MAX];
    struct recalled recalled[RECALLED_MAX];
    struct judgement judgement;
};

static inline void world_init(struct world *self)
{
    *self = (struct world){.now_ms = 1000};
    self->class =
        (struct marker_class){.name = SPAN("owner"), .must_be = MARKER_RULE_REQUESTER};
    self->login.request.items = &self->login_item;
    self->login.request.count = 1;
    self->requirement.unmarked = UNMARKED_RELEASE;
    self->rules = (struct rules){.login = &self->login,
                                 .classes = &self->class,
                                 .class_count = 1,
                                 .requirement = &self->requirement};
}

/** Token number `n` as a fingerprint; 0: none. */
static inline struct fingerprint token_of(uint32_t n)
{
    struct fingerprint token = {0};
    memcpy(token.bytes, &n, sizeof(n));
    return token;
}

static inline struct world_entry *world_find(struct world *self,
                                             const struct fingerprint *token)
{
    for (size_t i = 0; i < WORLD_ENTRIES_MAX; i++) {
        struct world_entry *entry = &self->entries[i];
        for (unsigned k = 0; entry->session.id != 0 && k < entry->token_count; k++) {
            if (memcmp(&entry->tokens[k], token, sizeof(*token)) == 0) {
                return entry;
            }
        }
    }
    return NULL;
}

static inline struct world_entry *world_get(struct world *self, uint64_t id)
{
    for (size_t i = 0; id != 0 && i < WORLD_ENTRIES_MAX; i++) {
        if (self->entries[i].session.id == id) {
            return &self->entries[i];
        }
    }
    return NULL;
}

static inline struct session world_view(struct world *self, uint32_t token)
{
    struct fingerprint print = token_of(token);
    struct world_entry *entry = world_find(self, &print);
    return entry != NULL ? entry->session : (struct session){0};
}

static inline void world_forget(struct world *self, uint32_t token)
{
    struct fingerprint print = token_of(token);
    struct world_entry *entry = world_find(self, &print);
    if (entry != NULL) {
        *entry = (struct world_entry){0};
    }
}

static inline struct world_entry *world_room(struct world *self)
{
    struct world_entry *oldest = &self->entries[0];
    for (size_t i = 0; i < WORLD_ENTRIES_MAX; i++) {
        struct world_entry *entry = &self->entries[i];
        if (entry->session.id == 0) {
            return entry;
        }
        oldest = entry->session.id < oldest->session.id ? entry : oldest;
    }
    *oldest = (struct world_entry){0};
    return oldest;
}

static inline void world_commit(struct world *self, struct change *change)
{
    struct world_entry *entry = world_get(self, change->next.id);
    if (change->next.id == 0) {
        CHECK(change->token_count > 0);
        entry = world_room(self);
        change->next.id = ++self->next_id;
    }
    CHECK(entry != NULL);
    entry->session = change->next;
    for (unsigned i = 0; i < change->token_count; i++) {
        CHECK(world_find(self, &change->tokens[i]) == NULL);
        if (entry->token_count == WORLD_TOKENS_MAX) {
            memmove(entry->tokens, entry->tokens + 1,
                    sizeof(entry->tokens) - sizeof(entry->tokens[0]));
            entry->token_count--;
        }
        entry->tokens[entry->token_count++] = change->tokens[i];
    }
}

/** A request with token `token` (0: none). */
static inline void trip_ask(struct trip *self, uint32_t token)
{
    memset(self, 0, offsetof(struct trip, judgement));
    self->answer.status = 200;
    self->answer.complete = true;
    self->answer.has_content = true;
    self->answer.html = true;
    if (token != 0) {
        self->asker.tokens[self->asker.token_count++] = token_of(token);
    }
}

static inline void trip_ask_also(struct trip *self, uint32_t token)
{
    self->asker.tokens[self->asker.token_count++] = token_of(token);
}

static inline void trip_log_in(struct trip *self, const char *name)
{
    self->asker.role = ROLE_LOGIN;
    self->asker.unsafe = true;
    (void)user_set(&self->asker.claim, span_of(name));
}

static inline struct session trip_entry(struct world *world, const struct trip *self,
                                        unsigned index)
{
    struct world_entry *entry = world_find(world, &self->asker.tokens[index]);
    return entry != NULL ? entry->session : (struct session){0};
}

static inline void trip_identify(struct world *world, struct trip *self)
{
    struct asker *asker = &self->asker;
    struct session first = {0};
    asker->kind = asker->remembered ? ASKER_UNKNOWN : ASKER_ANONYMOUS;
    for (unsigned i = 0; i < asker->token_count; i++) {
        struct session entry = trip_entry(world, self, i);
        self->entry_ids[i] = entry.id;
        if (i == 0) {
            first = entry;
            asker->kind = entry.id != 0 ? ASKER_SESSION : ASKER_UNKNOWN;
            continue;
        }
        asker->mixed = asker->mixed || judge_mixed(asker->role, &first, &entry);
        if (first.binding != BINDING_NONE && entry.binding != BINDING_NONE &&
            !user_equal(&first.requester, &entry.requester)) {
            asker->kind = ASKER_AMBIGUOUS;
        }
    }
}

static inline void trip_forward(struct world *world, struct trip *self)
{
    struct asker *asker = &self->asker;
    trip_identify(world, self);
    asker->forwarded_at_ms = ++world->now_ms;
    for (unsigned i = 0; i < asker->token_count; i++) {
        struct change change;
        struct session now = trip_entry(world, self, i);
        bool twice = false;
        for (unsigned k = 0; k < i; k++) {
            twice = twice || (now.id != 0 && self->entry_ids[k] == now.id);
        }
        if (twice) {
            continue;
        }
        self->counted[i] = judge_forward(&world->rules, asker, i, &now, &change);
        if (self->counted[i]) {
            world_commit(world, &change);
            self->entry_ids[i] = change.next.id;
        }
    }
    for (unsigned i = 0; i < asker->token_count; i++) {
        self->generations[i] = trip_entry(world, self, i).generation;
    }
    if (asker->token_count > 0) {
        asker->session = trip_entry(world, self, 0);
    }
}

static inline struct observation *trip_mark(struct trip *self, const char *name)
{
    unsigned i = self->marker_count++;
    CHECK(i < TRIP_MARKERS_MAX);
    size_t len = span_copy(span_of(name), self->names[i], USER_SIZE_MAX);
    self->markers[i] = (struct observation){
        .kind = SELECTOR_META,
        .value = {.ptr = (const uint8_t *)self->names[i], .len = len}};
    return &self->markers[i];
}

static inline void trip_issue(struct trip *self, uint32_t token)
{
    self->answer.issued[self->answer.issued_count++].token = token_of(token);
}

static inline void trip_settle(struct world *world, struct trip *self, unsigned index)
{
    struct change change;
    struct world_entry *entry = world_get(world, self->entry_ids[index]);
    if (self->counted[index] && entry != NULL &&
        judge_settle(&world->rules, &self->asker, &entry->session, &change)) {
        world_commit(world, &change);
    }
}

static inline struct recall_families trip_families(struct world *world,
                                                   const struct trip *self,
                                                   const struct evidence *evidence)
{
    struct recall_families families = {.count = self->asker.token_count};
    for (unsigned i = 0; i < families.count; i++) {
        struct session session = i == 0 ? *evidence->now : trip_entry(world, self, i);
        families.items[i] = recall_family(&session, &self->asker.tokens[i]);
    }
    return families;
}

/** What the relay does for classes that are compared with what was shown before. */
static inline void trip_recall(struct world *world, struct trip *self,
                               const struct evidence *evidence)
{
    struct recall_families families = trip_families(world, self, evidence);
    const struct recall recall = {
        .memo = world->shown, .hasher = world->rules.hasher, .now_ms = world->now_ms};
    uint64_t family = 0;
    self->answer.recalled = self->recalled;
    self->answer.recalled_count =
        recall_read(&recall, evidence, &families, self->recalled, &family);
}

static inline void trip_note(struct world *world, struct trip *self,
                             const struct evidence *evidence)
{
    const struct session none = {0};
    const struct change *fresh = &self->judgement.fresh;
    const struct recall recall = {
        .memo = world->shown, .hasher = world->rules.hasher, .now_ms = world->now_ms};
    bool mixed = self->asker.mixed || self->asker.kind == ASKER_AMBIGUOUS;
    struct recall_families families = trip_families(world, self, evidence);
    uint64_t family = recall_common_family(&families);
    if (fresh->store) {
        family = fresh->next.family != 0 ? fresh->next.family
                                         : recall_family(&none, &fresh->tokens[0]);
    }
    CHECK(recall_note(&recall, evidence, mixed ? 0 : family, self->answer.recalled,
                      self->answer.recalled_count));
}

static inline void world_own(struct world *self, struct issued_token *token)
{
    struct world_entry *owner =
        fingerprint_none(&token->token) ? NULL : world_find(self, &token->token);
    token->owner_id = owner != NULL ? owner->session.id : 0;
    token->owner_bound = owner != NULL ? owner->session.binding : BINDING_NONE;
    token->owner = owner != NULL ? &owner->session.requester : NULL;
    token->owner_family = owner != NULL ? recall_family(&owner->session, NULL) : 0;
}

/** Each is one that detector.def has: its series is there from the start. */
static inline void expect_known_actions(const struct findings *findings)
{
    for (unsigned i = 0; i < findings->count && i < FINDINGS_MAX; i++) {
        CHECK(detector_acts(findings->items[i].detector, findings->items[i].action));
    }
}

static inline enum verdict trip_judge(struct world *world, struct trip *self)
{
    struct session now = {0};
    struct world_entry *entry = NULL;
    for (unsigned i = 0; i < self->marker_count; i++) {
        self->marker_list[i] = &self->markers[i];
    }
    self->answer.observations = self->marker_list;
    self->answer.observation_count = self->marker_count;
    for (unsigned i = 0; i < self->answer.issued_count; i++) {
        world_own(world, &self->answer.issued[i]);
    }
    world_own(world, &self->answer.addressed);
    if (self->asker.token_count > 0) {
        entry = world_get(world, self->asker.session.id);
        entry = entry != NULL ? entry : world_find(world, &self->asker.tokens[0]);
    }
    now = entry != NULL ? entry->session : now;
    for (unsigned i = 1; i < self->asker.token_count; i++) {
        struct session other = trip_entry(world, self, i);
        self->asker.several = self->asker.several || other.id != now.id;
        bool changed = other.generation != self->generations[i];
        if (changed || judge_mixed(self->asker.role, &now, &other)) {
            self->asker.mixed = true;
        }
    }
    struct evidence evidence = {.rules = &world->rules,
                                .asker = &self->asker,
                                .now = &now,
                                .answer = &self->answer,
                                .at_ms = ++world->now_ms};
    if (world->shown != NULL) {
        trip_recall(world, self, &evidence);
    }
    judge_response(&evidence, &self->judgement);
    expect_known_actions(&self->judgement.findings);
    if (world->shown != NULL && self->judgement.verdict == VERDICT_RELEASE) {
        trip_note(world, self, &evidence);
    }
    self->judgement.viewer = NULL; /* Was borrowed from `now`. */
    return self->judgement.verdict;
}

/** Judges, and puts in place what follows. */
static inline enum verdict trip_end(struct world *world, struct trip *self)
{
    enum verdict verdict = trip_judge(world, self);
    if (self->judgement.fresh.store) {
        world_commit(world, &self->judgement.fresh);
    }
    if (self->judgement.kept.store) {
        world_commit(world, &self->judgement.kept);
    }
    for (unsigned i = 0; i < self->asker.token_count; i++) {
        if (i > 0 || self->asker.kind == ASKER_AMBIGUOUS) {
            trip_settle(world, self, i);
        }
    }
    return verdict;
}

/** The first finding; zeroed when there is none. */
static inline struct finding trip_finding(const struct trip *self)
{
    return self->judgement.findings.count > 0 ? self->judgement.findings.items[0]
                                              : (struct finding){0};
}

/** A page that shows `marker` (NULL: none) to `token`, from request to verdict. */
static inline enum verdict world_page(struct world *self, struct trip *trip,
                                      uint32_t token, const char *marker)
{
    trip_ask(trip, token);
    trip_forward(self, trip);
    if (marker != NULL) {
        (void)trip_mark(trip, marker);
    }
    return trip_end(self, trip);
}

/** A login of `name` on `token` that is answered 303 with `issued` (0: none). */
static inline enum verdict world_login(struct world *self, struct trip *trip,
                                       uint32_t token, const char *name, uint32_t issued)
{
    trip_ask(trip, token);
    trip_log_in(trip, name);
    trip_forward(self, trip);
    trip->answer.status = 303;
    trip->answer.success = self->login.success_count > 0 ? LOGIN_SUCCEEDED : LOGIN_UNTOLD;
    if (issued != 0) {
        trip_issue(trip, issued);
    }
    return trip_end(self, trip);
}
