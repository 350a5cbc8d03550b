/* The registry against a plain model of it, and under threads. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "guard/registry.h"
#include "support/test.h"

enum {
    ENTRIES_MAX = 8,
    IDLE_MS = 90000,
    STEP_MS = 1500,
    TOKENS = 60,
    STEPS = 20000,
    THREADS = 4,
    THREAD_STEPS = 15000,
    THREAD_TOKENS = 200,
};

static struct fingerprint token_of(uint64_t number)
{
    struct fingerprint token = {{0}};
    uint64_t mixed = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    memcpy(token.bytes, &mixed, sizeof(mixed));
    token.bytes[15] = (uint8_t)(mixed >> 40);
    return token;
}

/* xorshift: the same numbers in every run. */
static uint32_t next_random(uint32_t *seed_p)
{
    *seed_p ^= *seed_p << 13;
    *seed_p ^= *seed_p >> 17;
    *seed_p ^= *seed_p << 5;
    return *seed_p;
}

/* One entry of the model; `used` 0: none. */
struct model_entry {
    uint64_t used;
    uint64_t id;
    uint32_t version;
    unsigned requester; /* 0: nobody. */
    unsigned token_count;
    unsigned tokens[REGISTRY_TOKENS_MAX]; /* Newest first. */
};

struct model {
    struct model_entry entries[ENTRIES_MAX];
    uint64_t now;
};

static bool model_expired(const struct model *self, const struct model_entry *entry)
{
    return self->now - entry->used > IDLE_MS;
}

static struct model_entry *model_find(struct model *self, unsigned token)
{
    for (unsigned i = 0; i < ENTRIES_MAX; i++) {
        struct model_entry *entry = &self->entries[i];
        bool live = entry->used != 0 && !model_expired(self, entry);
        for (unsigned j = 0; live && j < entry->token_count; j++) {
            if (entry->tokens[j] == token) {
                return entry;
            }
        }
    }
    return NULL;
}

/* Lower goes first. */
static uint64_t model_rank(const struct model *self, const struct model_entry *entry)
{
    if (entry->used == 0) {
        return 0;
    }
    if (model_expired(self, entry)) {
        return 1;
    }
    return entry->requester == 0 ? 1 + entry->used : entry->used + (UINT64_C(1) << 40);
}

static struct model_entry *model_room(struct model *self)
{
    struct model_entry *room = &self->entries[0];
    for (unsigned i = 1; i < ENTRIES_MAX; i++) {
        if (model_rank(self, &self->entries[i]) < model_rank(self, room)) {
            room = &self->entries[i];
        }
    }
    *room = (struct model_entry){0};
    return room;
}

static void model_join(struct model_entry *entry, unsigned token)
{
    unsigned at = 0;
    while (at < entry->token_count && entry->tokens[at] != token) {
        at++;
    }
    if (at == REGISTRY_TOKENS_MAX) {
        at--;
    } else if (at == entry->token_count) {
        entry->token_count++;
    }
    memmove(entry->tokens + 1, entry->tokens, at * sizeof(entry->tokens[0]));
    entry->tokens[0] = token;
}

static void set_requester(struct session *session, unsigned requester)
{
    char name[40];
    session->requester.len = 0;
    if (requester != 0) {
        /* Short ones lie within the entry, long ones on the heap. */
        (void)snprintf(name, sizeof(name), requester % 2 == 0 ? "u%u" : "user-%030u",
                       requester);
        user_set(&session->requester, span_of(name));
    }
}

static void assert_same(struct registry *registry, struct model *model, unsigned token)
{
    struct fingerprint fingerprint = token_of(token);
    struct session session;
    struct session expected;
    const struct model_entry *entry = model_find(model, token);

    registry_find(registry, &fingerprint, model->now, false, &session);
    assert_int_equal(session.id, entry != NULL ? entry->id : 0);
    if (entry != NULL) {
        set_requester(&expected, entry->requester);
        assert_true(user_equal(&session.requester, &expected.requester));
        assert_true(registry_is_current(registry, entry->id, entry->version));
    }
}

static void commit_step(struct registry *registry, struct model *model, unsigned token,
                        unsigned other, unsigned requester)
{
    struct model_entry *entry = model_find(model, token);
    struct model_entry *owner = model_find(model, other);
    struct session session = {.generation = 1};
    struct fingerprint tokens[] = {token_of(token), token_of(other)};

    if (entry != NULL) {
        session.id = entry->id;
        session.version = entry->version;
    }
    set_requester(&session, requester);
    enum registry_outcome outcome =
        registry_commit(registry, &session, tokens, 2, model->now);
    if (owner != NULL && owner != entry) {
        assert_int_equal(outcome, REGISTRY_CHANGED);
        return;
    }
    assert_int_equal(outcome, REGISTRY_STORED);
    entry = entry != NULL ? entry : model_room(model);
    entry->used = model->now;
    entry->id = session.id;
    entry->version = session.version;
    entry->requester = requester;
    model_join(entry, token);
    model_join(entry, other);
}

static void touch_step(struct registry *registry, struct model *model, unsigned token)
{
    struct fingerprint fingerprint = token_of(token);
    struct session session;
    struct model_entry *entry = model_find(model, token);

    registry_find(registry, &fingerprint, model->now, true, &session);
    if (entry != NULL) {
        entry->used = model->now;
    }
}

static void ignore(void *context, const struct registry_record *record)
{
    (void)context;
    (void)record;
}

static void one_step(struct registry *registry, struct model *model, uint32_t *seed_p)
{
    unsigned token = next_random(seed_p) % TOKENS;
    unsigned other = next_random(seed_p) % TOKENS;
    struct model_entry *entry = model_find(model, token);

    switch (next_random(seed_p) % 8) {
    case 0:
    case 1:
    case 2:
        /* Owners that are expired and not yet gone would make it a matter of order. */
        registry_expire(registry, model->now, SIZE_MAX);
        commit_step(registry, model, token, other, next_random(seed_p) % 6);
        break;
    case 3:
        if (entry != NULL) {
            registry_remove(registry, entry->id);
            *entry = (struct model_entry){0};
        }
        break;
    case 4:
        registry_drain_changes(registry, model->now, 5, ignore, NULL);
        break;
    default:
        touch_step(registry, model, token);
        break;
    }
}

static void registry_does_what_a_plain_list_of_entries_would(void **state)
{
    (void)state;
    const struct registry_limits limits = {.entry_count_max = ENTRIES_MAX,
                                           .idle_ms = IDLE_MS};
    struct registry *registry = registry_new(&limits);
    struct model model = {.now = 1};
    uint32_t seed = 2463534242U;

    for (unsigned step = 0; step < STEPS; step++) {
        model.now += STEP_MS;
        one_step(registry, &model, &seed);
        for (unsigned token = 0; token < TOKENS; token++) {
            assert_same(registry, &model, token);
        }
    }
    struct registry_counts counts = registry_counts(registry);
    assert_true(counts.evicted_unbound > 0 && counts.evicted_bound > 0);
    assert_true(counts.expired > 0);

    registry_free(&registry);
}

struct worker {
    struct registry *registry;
    uint32_t seed;
    unsigned stored;
};

/* Every entry's requester names its generation, so that a torn view shows. */
static void assert_whole(const struct session *session)
{
    char name[40];
    if (session->id != 0) {
        (void)snprintf(name, sizeof(name), "generation %u", session->generation);
        assert_true(span_equal(user_span(&session->requester), span_of(name)));
    }
}

static void change(struct worker *self, struct session *session,
                   const struct fingerprint *tokens, uint64_t now)
{
    char name[40];
    session->generation++;
    (void)snprintf(name, sizeof(name), "generation %u", session->generation);
    user_set(&session->requester, span_of(name));
    if (registry_commit(self->registry, session, tokens, 2, now) == REGISTRY_STORED) {
        self->stored++;
    }
}

static void *work(void *context)
{
    struct worker *self = context;
    for (unsigned step = 0; step < THREAD_STEPS; step++) {
        uint64_t now = (uint64_t)step * 20;
        const struct fingerprint tokens[] = {
            token_of(next_random(&self->seed) % THREAD_TOKENS),
            token_of(next_random(&self->seed) % THREAD_TOKENS)};
        struct session session;

        registry_find(self->registry, &tokens[0], now, true, &session);
        assert_whole(&session);
        if (session.id != 0) {
            (void)registry_is_current(self->registry, session.id, session.version);
        }
        if (step % 3 == 0) {
            change(self, &session, tokens, now);
        } else if (step % 31 == 0) {
            registry_remove(self->registry, session.id);
        } else if (step % 101 == 0) {
            registry_expire(self->registry, now, 10);
        }
    }
    return NULL;
}

static void whole_record(void *context, const struct registry_record *record)
{
    unsigned *count = context;
    if (!record->removed) {
        assert_whole(&record->session);
    }
    ++*count;
}

static void registry_views_are_whole_while_threads_change_it(void **state)
{
    (void)state;
    const struct registry_limits limits = {.entry_count_max = 50, .idle_ms = 100000};
    struct registry *registry = registry_new(&limits);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    unsigned drained = 0;

    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.registry = registry, .seed = i * 77777 + 1};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < 200; i++) {
        registry_drain_changes(registry, i, 50, whole_record, &drained);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(workers[i].stored > 0);
    }
    uint64_t count = 0;
    for (uint64_t i = 0; i < THREAD_TOKENS; i++) {
        struct fingerprint token = token_of(i);
        struct session session;
        registry_find(registry, &token, (uint64_t)THREAD_STEPS * 20, false, &session);
        count += session.id != 0 && fingerprint_equal(&session.first, &token) ? 1 : 0;
        registry_remove(registry, session.id);
    }
    assert_true(count > 0);
    assert_int_equal(registry_counts(registry).entries, 0);
    assert_int_equal(registry_counts(registry).bound, 0);

    registry_free(&registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registry_does_what_a_plain_list_of_entries_would),
        cmocka_unit_test(registry_views_are_whole_while_threads_change_it),
    };
    return RUN_TESTS(tests);
}
