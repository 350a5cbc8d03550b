/* Goal: who has to log in again is marked once, found again, and kept. */
#include "guard/registry.h"
#include "support/test.h"

static struct fingerprint token_of(uint32_t number)
{
    struct fingerprint token = {{0}};
    memcpy(token.bytes, &number, sizeof(number));
    token.bytes[15] = (uint8_t)(number * 37);
    return token;
}

static struct registry *filled(uint32_t count)
{
    const struct registry_limits limits = {.entry_count_max = 1000, .idle_ms = 100000};
    struct registry *registry = registry_new(&limits);
    assert_non_null(registry);
    for (uint32_t i = 1; i <= count; i++) {
        struct session session = {.generation = 1, .binding = BINDING_CONFIRMED};
        struct fingerprint token = token_of(i);
        (void)user_set(&session.requester, i % 2 == 0 ? SPAN("baba") : SPAN("aoki"));
        assert_int_equal(registry_commit(registry, &session, &token, 1, 1),
                         REGISTRY_STORED);
    }
    return registry;
}

static struct session found(struct registry *registry, uint32_t number)
{
    struct session session;
    struct fingerprint token = token_of(number);
    registry_find(registry, &token, 2, false, &session);
    return session;
}

static void one_session_is_marked_once_and_a_view_of_before_is_old(void **state)
{
    (void)state;
    struct registry *registry = filled(3);
    struct session before = found(registry, 1);
    assert_false(before.quarantined);
    assert_true(registry_quarantine(registry, before.id));
    assert_false(registry_quarantine(registry, before.id));
    assert_false(registry_is_current(registry, before.id, before.version));
    assert_true(found(registry, 1).quarantined);
    assert_false(found(registry, 3).quarantined);
    assert_int_equal(registry_commit(registry, &before, NULL, 0, 3), REGISTRY_CHANGED);
    registry_remove(registry, before.id);
    assert_false(registry_quarantine(registry, before.id));
    registry_free(&registry);
}

static void all_sessions_of_a_user_are_marked_and_no_other(void **state)
{
    (void)state;
    struct registry *registry = filled(300);
    struct user user;
    (void)user_set(&user, SPAN("aoki"));
    assert_int_equal(registry_quarantine_user(registry, &user), 150);
    assert_int_equal(registry_quarantine_user(registry, &user), 0);
    for (uint32_t i = 1; i <= 300; i++) {
        assert_int_equal(found(registry, i).quarantined, i % 2 == 1);
    }
    struct session out = {.generation = 1, .requester = user};
    struct fingerprint token = token_of(900);
    assert_int_equal(registry_commit(registry, &out, &token, 1, 1), REGISTRY_STORED);
    assert_int_equal(registry_quarantine_user(registry, &user), 0);
    assert_false(found(registry, 900).quarantined);
    user.len = 0;
    assert_int_equal(registry_quarantine_user(registry, &user), 0);
    registry_free(&registry);
}

static void keep(void *context, const struct registry_record *record)
{
    struct registry_record *kept = context;
    if (record->session.quarantined) {
        *kept = *record;
    }
}

static void the_mark_goes_to_disk_and_comes_back(void **state)
{
    (void)state;
    struct registry *registry = filled(3);
    struct registry_record record = {0};
    (void)registry_drain_changes(registry, 2, 100, keep, &record);
    assert_false(record.session.quarantined);
    assert_true(registry_quarantine(registry, found(registry, 2).id));
    assert_int_equal(registry_drain_changes(registry, 2, 100, keep, &record), 1);
    assert_true(record.session.quarantined);
    registry_free(&registry);
    registry = filled(0);
    assert_true(registry_restore(registry, &record, 5));
    assert_true(found(registry, 2).quarantined);
    registry_free(&registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_session_is_marked_once_and_a_view_of_before_is_old),
        cmocka_unit_test(all_sessions_of_a_user_are_marked_and_no_other),
        cmocka_unit_test(the_mark_goes_to_disk_and_comes_back),
    };
    return RUN_TESTS(tests);
}
