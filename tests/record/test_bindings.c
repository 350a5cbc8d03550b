/* The real registry and its file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/bindings.h"
#include "support/test.h"

static struct fingerprint token_of(uint8_t number)
{
    struct fingerprint token = {{0}};
    memset(token.bytes, number, sizeof(token.bytes));
    return token;
}

/* Eight tokens are valid; the first one, shown again, is another session's. */
static void
session_that_begins_with_a_forgotten_token_replaces_no_other_in_the_file(void **state)
{
    (void)state;
    char path[] = "/tmp/bindingsXXXXXX";
    struct fault fault;
    struct state_dir *dir = NULL;
    struct bindings *b = NULL;
    bool more = false;
    const struct registry_limits limits = {.entry_count_max = 100, .idle_ms = 100000};
    struct registry *r = registry_new(&limits);
    struct session s = {.generation = 1};

    assert_non_null(mkdtemp(path));
    assert_int_equal(state_dir_open(path, &dir, &fault), ERR_NONE);
    assert_int_equal(bindings_open(dir, &b, &fault), ERR_NONE);
    (void)user_set(&s.requester, SPAN("alice"));
    s.binding = BINDING_CONFIRMED;
    for (uint8_t i = 1; i <= 9; i++) {
        struct fingerprint t = token_of(i);
        assert_int_equal(registry_commit(r, &s, &t, 1, i), REGISTRY_STORED);
    }
    assert_int_equal(bindings_save(b, r, 10, 10, &more), ERR_NONE);
    struct session second = {.generation = 1};
    struct fingerprint first = token_of(1);
    (void)user_set(&second.requester, SPAN("alice"));
    second.binding = BINDING_UNCONFIRMED;
    assert_int_equal(registry_commit(r, &second, &first, 1, 20), REGISTRY_STORED);
    assert_int_equal(bindings_save(b, r, 30, 30, &more), ERR_NONE);
    assert_int_equal(registry_counts(r).entries, 2);
    struct registry *after = registry_new(&limits);
    assert_int_equal(bindings_load(b, after, 40, 40), 2);
    struct fingerprint newest = token_of(9);
    struct session got;
    registry_find(after, &newest, 41, false, &got);
    assert_int_equal(got.binding, BINDING_CONFIRMED);
    registry_find(after, &first, 41, false, &got);
    assert_int_equal(got.binding, BINDING_UNCONFIRMED);
    registry_remove(r, second.id);
    assert_int_equal(bindings_save(b, r, 50, 50, &more), ERR_NONE);
    registry_free(&after);
    after = registry_new(&limits);
    assert_int_equal(bindings_load(b, after, 60, 60), 1);
    registry_find(after, &newest, 61, false, &got);
    assert_int_equal(got.binding, BINDING_CONFIRMED);
    registry_free(&after);
    registry_free(&r);
    bindings_close(&b);
    state_dir_close(&dir);
    char command[64];
    (void)snprintf(command, sizeof(command), "rm -r %s", path);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            session_that_begins_with_a_forgotten_token_replaces_no_other_in_the_file),
    };
    return RUN_TESTS(tests);
}
