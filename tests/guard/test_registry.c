#include <stdio.h>
#include <string.h>

#include "guard/registry.h"
#include "support/test.h"

static const uint64_t IDLE_MS = 100000;
static const uint64_t STEP_MS = 2000; /* Uses this far apart are told apart. */

static struct registry *registry_of(uint64_t entry_count_max)
{
    const struct registry_limits limits = {.entry_count_max = entry_count_max,
                                           .idle_ms = IDLE_MS};
    struct registry *registry = registry_new(&limits);
    assert_non_null(registry);
    return registry;
}

/* Spread over the shards as a keyed hash would be. */
static struct fingerprint token_of(uint64_t number)
{
    struct fingerprint token = {{0}};
    uint64_t mixed = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    mixed ^= mixed >> 29;
    memcpy(token.bytes, &mixed, sizeof(mixed));
    memcpy(token.bytes + 8, &number, sizeof(number));
    token.bytes[15] = (uint8_t)(mixed >> 32);
    return token;
}

static struct session session_of(const char *requester)
{
    struct session session = {.generation = 1};
    if (user_set(&session.requester, span_of(requester))) {
        session.binding = BINDING_UNCONFIRMED;
    }
    return session;
}

static struct session made(struct registry *registry, uint64_t number,
                           const char *requester, uint64_t now_ms)
{
    struct session session = session_of(requester);
    struct fingerprint token = token_of(number);
    assert_int_equal(registry_commit(registry, &session, &token, 1, now_ms),
                     REGISTRY_STORED);
    return session;
}

static struct session found(struct registry *registry, uint64_t number, uint64_t now_ms)
{
    struct session session;
    struct fingerprint token = token_of(number);
    memset(&session, 0xee, sizeof(session));
    registry_find(registry, &token, now_ms, false, &session);
    return session;
}

static void assert_user(const struct user *user, const char *name)
{
    assert_true(span_equal(user_span(user), span_of(name)));
}

static void registry_finds_what_was_stored_and_nothing_else(void **state)
{
    (void)state;
    struct registry *registry = registry_of(10);
    struct session session = session_of("alice");
    struct fingerprint token = token_of(1);
    session.stirred = true;
    session.generation = 7;
    session.bound_at_ms = 55;
    session.claim_count = 2;
    user_set(&session.claims[0], SPAN("bob"));
    user_set(&session.claims[1], SPAN("a name that is too long to lie within an entry"));

    assert_int_equal(registry_commit(registry, &session, &token, 1, 1), REGISTRY_STORED);
    struct session got = found(registry, 1, 1);
    assert_int_equal(got.id, session.id);
    assert_int_not_equal(got.id, 0);
    assert_int_equal(got.version, session.version);
    assert_true(fingerprint_equal(&got.first, &token));
    assert_int_equal(got.binding, BINDING_UNCONFIRMED);
    assert_true(got.stirred);
    assert_int_equal(got.generation, 7);
    assert_int_equal(got.bound_at_ms, 55);
    assert_user(&got.requester, "alice");
    assert_int_equal(got.claim_count, 2);
    assert_user(&got.claims[0], "bob");
    assert_user(&got.claims[1], "a name that is too long to lie within an entry");
    got = found(registry, 2, 1);
    assert_int_equal(got.id, 0);
    assert_int_equal(got.requester.len + got.claim_count + got.version, 0);
    assert_int_equal(got.binding, BINDING_NONE);
    registry_get(registry, session.id, 1, &got);
    assert_user(&got.requester, "alice");

    registry_free(&registry);
    assert_null(registry);
}

static void registry_update_of_an_old_version_changes_nothing(void **state)
{
    (void)state;
    struct registry *registry = registry_of(10);
    struct session mine = made(registry, 1, "", 1);
    struct session theirs = mine;
    struct fingerprint token = token_of(2);

    assert_true(registry_is_current(registry, mine.id, mine.version));
    user_set(&theirs.requester, SPAN("bob"));
    assert_int_equal(registry_commit(registry, &theirs, NULL, 0, 1), REGISTRY_STORED);
    assert_false(registry_is_current(registry, mine.id, mine.version));
    assert_true(registry_is_current(registry, theirs.id, theirs.version));

    user_set(&mine.requester, SPAN("alice"));
    assert_int_equal(registry_commit(registry, &mine, &token, 1, 1), REGISTRY_CHANGED);
    mine = found(registry, 1, 1);
    assert_user(&mine.requester, "bob");
    assert_int_equal(found(registry, 2, 1).id, 0);
    assert_int_equal(registry_counts(registry).bound, 1);

    registry_free(&registry);
}

static void registry_entry_keeps_its_last_eight_tokens_and_its_name(void **state)
{
    (void)state;
    struct registry *registry = registry_of(10);
    struct session session = made(registry, 0, "alice", 1);

    for (uint64_t i = 1; i <= 9; i++) {
        struct fingerprint token = token_of(i);
        assert_int_equal(registry_commit(registry, &session, &token, 1, 1),
                         REGISTRY_STORED);
    }
    for (uint64_t i = 0; i <= 9; i++) {
        assert_int_equal(found(registry, i, 1).id, i <= 1 ? 0 : session.id);
    }
    struct fingerprint first = token_of(0);
    assert_true(fingerprint_equal(&session.first, &first));

    registry_free(&registry);
}

static void registry_token_issued_again_is_the_newest(void **state)
{
    (void)state;
    struct registry *registry = registry_of(10);
    struct session session = made(registry, 0, "alice", 1);
    struct fingerprint tokens[7];

    for (uint64_t i = 0; i < 7; i++) {
        tokens[i] = token_of(i + 1);
    }
    assert_int_equal(registry_commit(registry, &session, tokens, 7, 1), REGISTRY_STORED);
    tokens[0] = token_of(0);
    tokens[1] = token_of(8);
    assert_int_equal(registry_commit(registry, &session, tokens, 2, 1), REGISTRY_STORED);
    assert_int_equal(found(registry, 0, 1).id, session.id);
    assert_int_equal(found(registry, 1, 1).id, 0);

    registry_free(&registry);
}

static void registry_token_of_another_entry_is_never_taken_over(void **state)
{
    (void)state;
    struct registry *registry = registry_of(10);
    struct session alice = made(registry, 1, "alice", 1);
    struct session bob = made(registry, 2, "bob", 1);
    const struct fingerprint tokens[] = {token_of(3), token_of(1), token_of(4)};

    struct session before = bob;
    user_set(&bob.requester, SPAN("carol"));
    assert_int_equal(registry_commit(registry, &bob, tokens, 3, 1), REGISTRY_CHANGED);
    assert_int_equal(found(registry, 1, 1).id, alice.id);
    assert_int_equal(found(registry, 3, 1).id, 0);
    assert_int_equal(found(registry, 4, 1).id, 0);
    bob = found(registry, 2, 1);
    assert_user(&bob.requester, "bob");
    assert_int_equal(bob.version, before.version);

    struct session fresh = session_of("dave");
    assert_int_equal(registry_commit(registry, &fresh, tokens, 3, 1), REGISTRY_CHANGED);
    assert_int_equal(registry_counts(registry).entries, 2);

    registry_free(&registry);
}

static void registry_removed_entry_is_gone_and_its_number_stays_void(void **state)
{
    (void)state;
    struct registry *registry = registry_of(10);
    struct session session = made(registry, 1, "alice", 1);
    struct session got;

    registry_remove(registry, session.id);
    registry_remove(registry, session.id);
    assert_int_equal(found(registry, 1, 1).id, 0);
    assert_false(registry_is_current(registry, session.id, session.version));
    struct session again = made(registry, 1, "bob", 1);
    assert_int_not_equal(again.id, session.id);
    assert_false(registry_is_current(registry, session.id, session.version));
    registry_get(registry, session.id, 1, &got);
    assert_int_equal(got.id, 0);
    assert_int_equal(registry_commit(registry, &session, NULL, 0, 1), REGISTRY_CHANGED);
    assert_int_equal(registry_counts(registry).entries, 1);
    assert_false(registry_is_current(registry, 0, 0));
    assert_false(registry_is_current(registry, UINT64_MAX, 1));

    registry_free(&registry);
}

static void registry_idle_entry_expires_and_a_used_one_does_not(void **state)
{
    (void)state;
    struct registry *registry = registry_of(10);
    struct session session;
    struct fingerprint used = token_of(1);
    made(registry, 1, "alice", 0);
    made(registry, 2, "bob", 0);

    registry_find(registry, &used, IDLE_MS, true, &session);
    assert_int_not_equal(session.id, 0);
    assert_int_equal(found(registry, 2, IDLE_MS + 1).id, 0);
    assert_int_not_equal(found(registry, 1, 2 * IDLE_MS).id, 0);
    assert_int_equal(registry_counts(registry).expired, 1);
    registry_expire(registry, 2 * IDLE_MS, 10);
    assert_int_equal(registry_counts(registry).entries, 1);
    registry_expire(registry, 2 * IDLE_MS + 1, 10);
    assert_int_equal(registry_counts(registry).entries, 0);

    registry_free(&registry);
}

static void registry_expire_lets_no_more_go_than_asked(void **state)
{
    (void)state;
    struct registry *registry = registry_of(100);
    for (uint64_t i = 0; i < 50; i++) {
        made(registry, i, i % 2 == 0 ? "alice" : "", 0);
    }
    registry_expire(registry, IDLE_MS + 1, 20);
    assert_int_equal(registry_counts(registry).entries, 30);
    registry_expire(registry, IDLE_MS + 1, 100);
    assert_int_equal(registry_counts(registry).entries, 0);
    assert_int_equal(registry_counts(registry).expired, 50);

    registry_free(&registry);
}

static void registry_flood_of_tokens_evicts_no_bound_entry(void **state)
{
    (void)state;
    struct registry *registry = registry_of(1000);
    for (uint64_t i = 0; i < 500; i++) {
        made(registry, i, "alice", 1);
    }
    for (uint64_t i = 0; i < 20000; i++) {
        made(registry, 1000 + i, "", 2 + i);
    }
    for (uint64_t i = 0; i < 500; i++) {
        assert_int_not_equal(found(registry, i, 20002).id, 0);
    }
    struct registry_counts counts = registry_counts(registry);
    assert_int_equal(counts.entries, 1000);
    assert_int_equal(counts.bound, 500);
    assert_int_equal(counts.evicted_bound, 0);
    assert_int_equal(counts.evicted_unbound, 19500);

    registry_free(&registry);
}

static void registry_evicts_the_longest_idle_bound_entry_when_all_are_bound(void **state)
{
    (void)state;
    struct registry *registry = registry_of(3);
    struct session session;
    struct fingerprint used = token_of(0);
    for (uint64_t i = 0; i < 3; i++) {
        made(registry, i, "alice", i * STEP_MS);
    }
    registry_find(registry, &used, 3 * STEP_MS, true, &session);
    made(registry, 3, "bob", 4 * STEP_MS);
    assert_int_equal(found(registry, 1, 4 * STEP_MS).id, 0);
    assert_int_not_equal(found(registry, 0, 4 * STEP_MS).id, 0);
    assert_int_equal(registry_counts(registry).evicted_bound, 1);
    assert_int_equal(registry_counts(registry).bound, 3);

    registry_free(&registry);
}

static void registry_at_the_bound_expired_entries_go_before_all_others(void **state)
{
    (void)state;
    struct registry *registry = registry_of(2);
    made(registry, 1, "alice", 0);
    made(registry, 2, "", IDLE_MS);
    made(registry, 3, "", IDLE_MS + 1);
    assert_int_not_equal(found(registry, 2, IDLE_MS + 1).id, 0);
    assert_int_equal(registry_counts(registry).expired, 1);
    assert_int_equal(registry_counts(registry).evicted_bound, 0);

    registry_free(&registry);
}

struct log {
    unsigned count;
    struct registry_record records[64];
};

static void keep(void *context, const struct registry_record *record)
{
    struct log *log = context;
    assert_true(log->count < 64);
    log->records[log->count++] = *record;
}

static struct log drained(struct registry *registry, uint64_t now_ms)
{
    struct log log = {0};
    size_t count = registry_drain_changes(registry, now_ms, 64, keep, &log);
    assert_int_equal(count, log.count);
    return log;
}

static void registry_hands_out_each_change_once(void **state)
{
    (void)state;
    struct registry *registry = registry_of(10);
    struct session session = made(registry, 1, "alice", 0);
    struct fingerprint token = token_of(2);
    assert_int_equal(registry_commit(registry, &session, &token, 1, 0), REGISTRY_STORED);

    struct log log = drained(registry, 500);
    assert_int_equal(log.count, 1);
    assert_false(log.records[0].removed);
    assert_int_equal(log.records[0].idle_for_ms, 500);
    assert_int_equal(log.records[0].token_count, 2);
    assert_true(fingerprint_equal(&log.records[0].tokens[0], &token));
    assert_user(&log.records[0].session.requester, "alice");
    assert_int_equal(drained(registry, 500).count, 0);

    registry_remove(registry, session.id);
    made(registry, 1, "bob", 600);
    log = drained(registry, 600);
    assert_int_equal(log.count, 2);
    assert_true(log.records[0].removed);
    assert_true(fingerprint_equal(&log.records[0].session.first, &session.first));
    assert_false(log.records[1].removed);
    assert_user(&log.records[1].session.requester, "bob");

    registry_free(&registry);
}

static void registry_says_nothing_of_what_came_and_went_between_two_drains(void **state)
{
    (void)state;
    struct registry *registry = registry_of(10);
    registry_remove(registry, made(registry, 1, "alice", 0).id);
    assert_int_equal(drained(registry, 0).count, 0);

    registry_free(&registry);
}

static void registry_drains_no_more_than_asked_and_the_rest_later(void **state)
{
    (void)state;
    struct registry *registry = registry_of(100);
    struct log log = {0};
    for (uint64_t i = 0; i < 50; i++) {
        made(registry, i, "alice", 0);
    }
    assert_int_equal(registry_drain_changes(registry, 0, 20, keep, &log), 20);
    assert_int_equal(registry_drain_changes(registry, 0, 64, keep, &log), 30);
    assert_int_equal(registry_drain_changes(registry, 0, 64, keep, &log), 0);

    registry_free(&registry);
}

static void registry_hands_out_a_used_entry_now_and_then(void **state)
{
    (void)state;
    struct registry *registry = registry_of(10);
    struct session session;
    struct fingerprint token = token_of(1);
    made(registry, 1, "alice", 0);
    drained(registry, 0);

    registry_find(registry, &token, 2000, true, &session);
    assert_int_equal(drained(registry, 2000).count, 0);
    registry_find(registry, &token, 9000, true, &session);
    struct log log = drained(registry, 9000);
    assert_int_equal(log.count, 1);
    assert_int_equal(log.records[0].idle_for_ms, 0);

    registry_free(&registry);
}

static void registry_restored_entry_is_as_it_was_but_for_the_clock(void **state)
{
    (void)state;
    struct registry *before = registry_of(10);
    struct session session = session_of("alice");
    struct fingerprint tokens[] = {token_of(1), token_of(2)};
    session.binding = BINDING_CONFIRMED;
    session.generation = 3;
    session.bound_at_ms = 900000;
    assert_int_equal(registry_commit(before, &session, tokens, 2, 900000),
                     REGISTRY_STORED);
    struct log log = drained(before, 940000);

    struct registry *after = registry_of(10);
    assert_true(registry_restore(after, &log.records[0], 10));
    assert_false(registry_restore(after, &log.records[0], 10));
    session = found(after, 2, 10);
    assert_user(&session.requester, "alice");
    assert_int_equal(session.binding, BINDING_CONFIRMED);
    assert_int_equal(session.generation, 3);
    assert_int_equal(session.bound_at_ms, 0);
    assert_true(fingerprint_equal(&session.first, &tokens[0]));
    assert_int_equal(drained(after, 10).count, 0);
    assert_int_not_equal(found(after, 1, 10 + IDLE_MS - 40000).id, 0);
    assert_int_equal(found(after, 1, 11 + IDLE_MS - 40000).id, 0);
    assert_true(drained(after, 11 + IDLE_MS).records[0].removed);

    registry_free(&before);
    registry_free(&after);
}

static void
registry_restores_nothing_that_is_malformed_idle_or_past_the_bound(void **state)
{
    (void)state;
    struct registry *registry = registry_of(1);
    struct registry_record good = {.session = session_of("alice"), .token_count = 1};
    good.session.first = token_of(1);
    good.tokens[0] = token_of(1);

    struct registry_record bad = good;
    bad.token_count = 0;
    assert_false(registry_restore(registry, &bad, 0));
    bad.token_count = 9;
    assert_false(registry_restore(registry, &bad, 0));
    bad = good;
    bad.idle_for_ms = IDLE_MS + 1;
    assert_false(registry_restore(registry, &bad, 0));
    bad = good;
    bad.session.claim_count = SESSION_CLAIMS_MAX + 1;
    assert_false(registry_restore(registry, &bad, 0));
    bad = good;
    bad.tokens[0] = (struct fingerprint){{0}};
    assert_false(registry_restore(registry, &bad, 0));
    assert_int_equal(registry_counts(registry).entries, 0);

    assert_true(registry_restore(registry, &good, 0));
    good.session.first = token_of(2);
    good.tokens[0] = token_of(2);
    assert_false(registry_restore(registry, &good, 0));
    assert_int_equal(registry_counts(registry).entries, 1);

    registry_free(&registry);
}

static void registry_describes_an_entry_by_any_token_and_does_not_use_it(void **state)
{
    struct registry *registry = registry_of(10);
    struct session session = session_of("alice");
    const struct fingerprint tokens[] = {token_of(1), token_of(2)};
    const struct fingerprint other = token_of(3);
    struct registry_record record = {0};
    (void)state;

    assert_int_equal(registry_commit(registry, &session, tokens, 2, 1000),
                     REGISTRY_STORED);
    assert_true(registry_describe(registry, &tokens[1], 1000 + IDLE_MS / 2, &record));
    assert_int_equal(record.token_count, 2);
    assert_int_equal(record.idle_for_ms, IDLE_MS / 2);
    assert_true(user_equal(&record.session.requester, &session.requester));
    assert_true(fingerprint_equal(&record.session.first, &tokens[0]));
    assert_false(registry_describe(registry, &other, 1000, &record));
    assert_false(registry_describe(registry, &tokens[0], 1001 + IDLE_MS, &record));
    registry_free(&registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registry_finds_what_was_stored_and_nothing_else),
        cmocka_unit_test(registry_describes_an_entry_by_any_token_and_does_not_use_it),
        cmocka_unit_test(registry_update_of_an_old_version_changes_nothing),
        cmocka_unit_test(registry_entry_keeps_its_last_eight_tokens_and_its_name),
        cmocka_unit_test(registry_token_issued_again_is_the_newest),
        cmocka_unit_test(registry_token_of_another_entry_is_never_taken_over),
        cmocka_unit_test(registry_removed_entry_is_gone_and_its_number_stays_void),
        cmocka_unit_test(registry_idle_entry_expires_and_a_used_one_does_not),
        cmocka_unit_test(registry_expire_lets_no_more_go_than_asked),
        cmocka_unit_test(registry_flood_of_tokens_evicts_no_bound_entry),
        cmocka_unit_test(registry_evicts_the_longest_idle_bound_entry_when_all_are_bound),
        cmocka_unit_test(registry_at_the_bound_expired_entries_go_before_all_others),
        cmocka_unit_test(registry_hands_out_each_change_once),
        cmocka_unit_test(registry_says_nothing_of_what_came_and_went_between_two_drains),
        cmocka_unit_test(registry_drains_no_more_than_asked_and_the_rest_later),
        cmocka_unit_test(registry_hands_out_a_used_entry_now_and_then),
        cmocka_unit_test(registry_restored_entry_is_as_it_was_but_for_the_clock),
        cmocka_unit_test(
            registry_restores_nothing_that_is_malformed_idle_or_past_the_bound),
    };
    return RUN_TESTS(tests);
}
