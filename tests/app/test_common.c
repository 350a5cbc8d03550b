/* Goal: what one process knows the other knows, with the instruction that wrote it. */
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/common.h"
#include "support/test.h"

static const struct common_limits LIMITS = {
    .session_max = 1000, .session_idle_ms = 3600000, .alias_idle_ms = 3600000};

static struct fingerprint token_of(uint8_t number)
{
    struct fingerprint token = {{number, 1}};
    return token;
}

static bool commit(struct registry *registry, uint8_t number, const char *user)
{
    struct session session = {.binding = BINDING_CONFIRMED};
    struct fingerprint token = token_of(number);

    return user_set(&session.requester, span_of(user)) &&
           registry_commit(registry, &session, &token, 1, 5000) == REGISTRY_STORED;
}

static bool knows(struct registry *registry, uint8_t number, const char *user)
{
    struct session session;
    struct fingerprint token = token_of(number);

    registry_find(registry, &token, 5000, false, &session);
    return session.id != 0 && span_equal(user_span(&session.requester), span_of(user));
}

/* As a successor has it: its own mapping of the descriptor. 0: all is there. */
static int be_successor(int fd, void *region, size_t size)
{
    struct common common;

    if (munmap(region, size) != 0 || !common_join(&common, fd, region, size)) {
        return 1;
    }
    struct common_root *root = common.root;
    bool found = knows(root->registry, 1, "alice") &&
                 feature_table_state(&root->features, FEATURE_LOGIN) == FEATURE_UP;
    (void)feature_table_take_down(&root->features, FEATURE_LOGIN_BIT);
    found =
        found && commit(root->registry, 2, "a name that is longer than it fits inline");
    common_leave(&common);
    return found ? 0 : 2;
}

static void a_successor_shares_features_and_sessions(void **state)
{
    (void)state;
    struct common common;
    int status = 0;

    assert_true(common_make(&common, &LIMITS, 1));
    assert_true(common.fd >= 0);
    assert_true(commit(common.root->registry, 1, "alice"));
    pid_t pid = fork();
    if (pid == 0) {
        _exit(be_successor(common.fd, common.region, common.size));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(feature_table_state(&common.root->features, FEATURE_LOGIN),
                     FEATURE_DOWN);
    assert_true(
        knows(common.root->registry, 2, "a name that is longer than it fits inline"));
    common_leave(&common);
    common_leave(&common);
}

static void nothing_is_joined_where_something_else_lies(void **state)
{
    (void)state;
    struct common common;
    struct common joined;

    assert_true(common_make(&common, &LIMITS, 1));
    assert_false(common_join(&joined, dup(common.fd), common.region, common.size));
    assert_null(joined.root);
    assert_true(commit(common.root->registry, 1, "alice"));
    common_leave(&common);
}

static void what_is_no_memory_of_ours_is_not_joined(void **state)
{
    (void)state;
    enum { SIZE = 1024 * 1024 };
    struct common joined;
    void *place = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int fd = memfd_create("test", MFD_CLOEXEC);

    assert_int_equal(ftruncate(fd, SIZE), 0);
    assert_int_equal(munmap(place, SIZE), 0);
    assert_false(common_join(&joined, fd, place, SIZE));
    assert_null(joined.root);
}

static void the_largest_number_of_sessions_has_room(void **state)
{
    (void)state;
    struct common common;
    const struct common_limits limits = {
        .session_max = 10000000, .session_idle_ms = 1, .alias_idle_ms = 1};

    assert_true(common_make(&common, &limits, 1));
    common_leave(&common);
}

/* Libraries and stacks lie elsewhere in each process, within a tebibyte or a few; the
 * thread sanitizer has its own mind about addresses. */
static void the_region_lies_far_from_what_moves(void **state)
{
    (void)state;
#ifndef __SANITIZE_THREAD__
    static const uint64_t FAR = UINT64_C(4) << 40;
    struct common common;
    int on_stack = 0;
    const uint64_t others[] = {(uintptr_t)&on_stack, (uintptr_t)&munmap,
                               (uintptr_t)&LIMITS};

    for (int round = 0; round < 8; round++) {
        assert_true(common_make(&common, &LIMITS, 1));
        uint64_t at = (uintptr_t)common.region;
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
            assert_true(at > others[i] ? at - others[i] > FAR
                                       : others[i] - at - common.size > FAR);
        }
        common_leave(&common);
    }
#endif
}

static void the_layout_is_one_number_of_this_program(void **state)
{
    (void)state;
    assert_true(common_layout() != 0);
    assert_int_equal(common_layout(), common_layout());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_successor_shares_features_and_sessions),
        cmocka_unit_test(nothing_is_joined_where_something_else_lies),
        cmocka_unit_test(what_is_no_memory_of_ours_is_not_joined),
        cmocka_unit_test(the_largest_number_of_sessions_has_room),
        cmocka_unit_test(the_region_lies_far_from_what_moves),
        cmocka_unit_test(the_layout_is_one_number_of_this_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
