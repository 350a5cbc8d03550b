/* An entry's name is its own, also when it is no token of it any more. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "guard/registry.h"
#include "support/test.h"

enum {
    ROUNDS = 2000,
};

/* Those of one number are near each other: where one is taken as a name the next is tried
 * that differs in the first byte alone. */
static struct fingerprint token_of(uint8_t number, uint8_t near)
{
    struct fingerprint token = {{near, number}};

    token.bytes[FINGERPRINT_SIZE - 1] = 1; /* None is all 0. */
    return token;
}

static struct registry *registry_of(uint64_t entry_count_max)
{
    const struct registry_limits limits = {.entry_count_max = entry_count_max,
                                           .idle_ms = 100000};
    struct registry *registry = registry_new(&limits);
    assert_non_null(registry);
    return registry;
}

/* An entry with this name, which is no token of it. */
static bool restore(struct registry *registry, struct fingerprint name,
                    struct fingerprint token)
{
    struct registry_record record = {.token_count = 1};

    record.session.generation = 1;
    record.session.first = name;
    record.tokens[0] = token;
    return registry_restore(registry, &record, 0);
}

static uint64_t id_of(struct registry *registry, struct fingerprint token)
{
    struct session session;

    registry_find(registry, &token, 0, false, &session);
    return session.id;
}

static enum registry_outcome commit(struct registry *registry, struct session *session,
                                    struct fingerprint token)
{
    return registry_commit(registry, session, &token, 1, 0);
}

static void a_name_is_given_once_until_its_entry_goes(void **state)
{
    const struct fingerprint name = token_of(0, 0);
    struct registry *registry = registry_of(10);
    (void)state;

    assert_true(restore(registry, name, token_of(1, 0)));
    assert_false(restore(registry, name, token_of(2, 0)));
    assert_int_equal(registry_counts(registry).entries, 1);
    assert_int_equal(id_of(registry, token_of(2, 0)), 0);
    registry_remove(registry, id_of(registry, token_of(1, 0)));
    assert_true(restore(registry, name, token_of(2, 0)));
    registry_free(&registry);
}

static void
an_entry_keeps_the_token_it_is_named_after_while_another_has_the_name(void **state)
{
    const struct fingerprint name = token_of(0, 0);
    struct registry *registry = registry_of(10);
    struct session session = {.generation = 1};
    (void)state;

    assert_int_equal(commit(registry, &session, name), REGISTRY_STORED);
    assert_true(restore(registry, name, token_of(20, 0)));
    for (uint8_t i = 1; i < REGISTRY_TOKENS_MAX; i++) {
        assert_int_equal(commit(registry, &session, token_of(i, 0)), REGISTRY_STORED);
    }
    struct session before = session;
    assert_int_equal(commit(registry, &session, token_of(REGISTRY_TOKENS_MAX, 0)),
                     REGISTRY_CHANGED);
    assert_true(registry_is_current(registry, before.id, before.version));
    assert_int_equal(id_of(registry, name), session.id);
    assert_int_equal(id_of(registry, token_of(REGISTRY_TOKENS_MAX, 0)), 0);
    registry_free(&registry);
}

struct worker {
    struct registry *registry;
    atomic_uint *ready;
    struct fingerprint token;
    struct session session;
    enum registry_outcome outcome;
};

static void *work(void *context)
{
    struct worker *self = context;

    atomic_fetch_add(self->ready, 1);
    while (atomic_load(self->ready) < 2) {
    }
    self->outcome = commit(self->registry, &self->session, self->token);
    return NULL;
}

/* Both choose the name that is near their token by 3, the first that is free. Returns
 * whether they met. */
static bool race(void)
{
    atomic_uint ready = 0;
    struct registry *registry = registry_of(10);
    struct worker workers[2];
    pthread_t threads[2];

    for (uint8_t i = 0; i < 3; i++) {
        assert_true(restore(registry, token_of(0, i), token_of(1, i)));
    }
    for (uint8_t i = 0; i < 2; i++) {
        workers[i] = (struct worker){.registry = registry,
                                     .ready = &ready,
                                     .token = token_of(0, i * 2),
                                     .session = {.generation = 1}};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    bool met = false;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        met = met || workers[i].outcome == REGISTRY_CHANGED;
    }
    assert_true(met ||
                !fingerprint_equal(&workers[0].session.first, &workers[1].session.first));
    assert_int_equal(registry_counts(registry).entries, met ? 4 : 5);
    registry_free(&registry);
    return met;
}

/* On one core they may never meet. */
static void two_workers_never_give_one_name_to_two_entries(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS && !race(); i++) {
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_given_once_until_its_entry_goes),
        cmocka_unit_test(
            an_entry_keeps_the_token_it_is_named_after_while_another_has_the_name),
        cmocka_unit_test(two_workers_never_give_one_name_to_two_entries),
    };
    return RUN_TESTS(tests);
}
