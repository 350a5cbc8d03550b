#include <stdio.h>
#include <string.h>

#include "guard/takedown.h"
#include "support/test.h"

enum {
    SHOP = 3,
};

static const uint64_t MINUTE_MS = 60000;

#define SHOP_BIT (UINT64_C(1) << SHOP)

struct desk {
    struct takedown *takedown;
    struct take_down_policy policies[FEATURE_COUNT_MAX];
    uint64_t now_ms;
};

static struct desk desk_of(unsigned cases, unsigned weak_cases)
{
    struct desk desk = {.takedown = takedown_new(NULL), .now_ms = 1000};
    assert_non_null(desk.takedown);
    for (unsigned i = 0; i < FEATURE_COUNT_MAX; i++) {
        desk.policies[i] = (struct take_down_policy){
            .cases = cases, .weak_cases = weak_cases, .within_ms = 10 * MINUTE_MS};
    }
    return desk;
}

/* `net`: third byte of an IPv4 address. */
static uint64_t note(struct desk *desk, enum strength strength, const char *viewer,
                     const char *subject, uint8_t net)
{
    uint8_t address[TAKEDOWN_ADDRESS_SIZE] = {
        [10] = 0xff, [11] = 0xff, [12] = 127, [14] = net};
    address[15] = (uint8_t)desk->now_ms;
    const struct takedown_case noted = {
        .feature_mask = FEATURE_LOGIN_BIT,
        .strength = strength,
        .viewer_kind = VIEWER_USER,
        .viewer = span_of(viewer),
        .subject = span_of(subject),
        .address = address,
        .now_ms = desk->now_ms++,
    };
    return takedown_note(desk->takedown, &noted, desk->policies);
}

static uint64_t strong(struct desk *desk, const char *viewer, const char *subject)
{
    return note(desk, STRENGTH_STRONG, viewer, subject, 1);
}

static uint64_t weak(struct desk *desk, const char *viewer, const char *subject,
                     uint8_t net)
{
    return note(desk, STRENGTH_WEAK, viewer, subject, net);
}

static void takedown_first_strong_case_takes_down_at_once(void **state)
{
    (void)state;
    struct desk desk = desk_of(1, 2);
    assert_int_equal(strong(&desk, "alice", "bob"), FEATURE_LOGIN_BIT);
    takedown_free(&desk.takedown);
    assert_null(desk.takedown);

    desk = desk_of(0, 0);
    assert_int_equal(strong(&desk, "alice", "bob"), FEATURE_LOGIN_BIT);
    takedown_free(&desk.takedown);
}

static void takedown_finding_without_strength_never_counts(void **state)
{
    (void)state;
    struct desk desk = desk_of(1, 1);
    assert_int_equal(note(&desk, STRENGTH_NONE, "alice", "bob", 1), 0);
    takedown_free(&desk.takedown);
}

static void takedown_counts_distinct_pairs_and_not_displays(void **state)
{
    (void)state;
    struct desk desk = desk_of(3, 0);
    assert_int_equal(strong(&desk, "alice", "bob"), 0);
    assert_int_equal(strong(&desk, "alice", "bob"), 0);
    assert_int_equal(strong(&desk, "bob", "alice"), 0);
    assert_int_equal(strong(&desk, "bob", "alice"), 0);
    assert_int_equal(strong(&desk, "alice", "carol"), FEATURE_LOGIN_BIT);
    takedown_free(&desk.takedown);
}

static void takedown_without_a_number_of_cases_still_needs_a_strong_one(void **state)
{
    (void)state;
    struct desk desk = desk_of(0, 0);
    assert_int_equal(weak(&desk, "alice", "bob", 1), 0);
    takedown_free(&desk.takedown);
}

static void takedown_never_adds_up_cases_of_different_features(void **state)
{
    (void)state;
    struct desk desk = desk_of(2, 0);
    uint8_t address[TAKEDOWN_ADDRESS_SIZE] = {0};
    struct takedown_case noted = {
        .feature_mask = SHOP_BIT,
        .strength = STRENGTH_STRONG,
        .viewer_kind = VIEWER_USER,
        .viewer = SPAN("alice"),
        .subject = SPAN("bob"),
        .address = address,
        .now_ms = 1000,
    };
    assert_int_equal(takedown_note(desk.takedown, &noted, desk.policies), 0);
    assert_int_equal(strong(&desk, "carol", "dan"), 0);
    noted.subject = SPAN("dan");
    assert_int_equal(takedown_note(desk.takedown, &noted, desk.policies), SHOP_BIT);
    takedown_free(&desk.takedown);
}

static void takedown_takes_sixteen_weak_cases_at_most(void **state)
{
    (void)state;
    for (unsigned wanted = 16; wanted <= 17; wanted++) {
        struct desk desk = desk_of(1, wanted);
        uint64_t down = 0;
        for (unsigned i = 0; i < wanted; i++) {
            char viewer[16];
            char subject[16];
            assert_int_equal(down, 0);
            (void)snprintf(viewer, sizeof(viewer), "viewer%u", i);
            (void)snprintf(subject, sizeof(subject), "subject%u", i);
            down = weak(&desk, viewer, subject, (uint8_t)i);
        }
        assert_int_equal(down, wanted == 16 ? FEATURE_LOGIN_BIT : 0);
        takedown_free(&desk.takedown);
    }
}

static void takedown_forgets_what_is_longer_ago_than_the_window(void **state)
{
    (void)state;
    struct desk desk = desk_of(2, 0);
    assert_int_equal(strong(&desk, "alice", "bob"), 0);
    desk.now_ms = 1001 + 10 * MINUTE_MS;
    assert_int_equal(strong(&desk, "carol", "dave"), 0);
    desk.now_ms = 1001 + 20 * MINUTE_MS;
    assert_int_equal(strong(&desk, "alice", "bob"), FEATURE_LOGIN_BIT);
    takedown_free(&desk.takedown);
}

static void takedown_two_weak_cases_of_strangers_take_down(void **state)
{
    (void)state;
    struct desk desk = desk_of(1, 2);
    assert_int_equal(weak(&desk, "alice", "bob", 1), 0);
    assert_int_equal(weak(&desk, "carol", "dave", 2), FEATURE_LOGIN_BIT);
    takedown_free(&desk.takedown);
}

static void takedown_weak_cases_with_a_user_in_common_do_not_add_up(void **state)
{
    (void)state;
    struct desk desk = desk_of(1, 2);
    assert_int_equal(weak(&desk, "alice", "bob", 1), 0);
    assert_int_equal(weak(&desk, "alice", "carol", 2), 0);
    assert_int_equal(weak(&desk, "dave", "alice", 3), 0);
    assert_int_equal(weak(&desk, "alice", "alice2", 4), 0);
    assert_int_equal(weak(&desk, "erin", "alice", 5), 0);
    takedown_free(&desk.takedown);

    desk = desk_of(1, 2);
    assert_int_equal(weak(&desk, "alice", "bob", 1), 0);
    assert_int_equal(weak(&desk, "bob", "carol", 2), 0);
    takedown_free(&desk.takedown);

    desk = desk_of(1, 2);
    assert_int_equal(weak(&desk, "alice", "bob", 1), 0);
    assert_int_equal(weak(&desk, "carol", "bob", 2), 0);
    takedown_free(&desk.takedown);
}

static void takedown_weak_cases_from_one_network_do_not_add_up(void **state)
{
    (void)state;
    struct desk desk = desk_of(1, 2);
    assert_int_equal(weak(&desk, "alice", "bob", 7), 0);
    assert_int_equal(weak(&desk, "carol", "dave", 7), 0);
    takedown_free(&desk.takedown);
}

static void takedown_compares_ipv6_clients_by_48_bits(void **state)
{
    (void)state;
    struct desk desk = desk_of(1, 2);
    uint8_t address[TAKEDOWN_ADDRESS_SIZE] = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 1};
    struct takedown_case noted = {.feature_mask = FEATURE_LOGIN_BIT,
                                  .strength = STRENGTH_WEAK,
                                  .viewer_kind = VIEWER_USER,
                                  .viewer = SPAN("alice"),
                                  .subject = SPAN("bob"),
                                  .address = address,
                                  .now_ms = 1};
    assert_int_equal(takedown_note(desk.takedown, &noted, desk.policies), 0);
    address[6] = 9;
    noted.viewer = SPAN("carol");
    noted.subject = SPAN("dave");
    assert_int_equal(takedown_note(desk.takedown, &noted, desk.policies), 0);
    address[5] = 9;
    noted.viewer = SPAN("erin");
    noted.subject = SPAN("frank");
    assert_int_equal(takedown_note(desk.takedown, &noted, desk.policies),
                     FEATURE_LOGIN_BIT);
    takedown_free(&desk.takedown);
}

static void takedown_zero_weak_cases_means_never(void **state)
{
    (void)state;
    struct desk desk = desk_of(1, 0);
    for (uint8_t i = 0; i < 100; i++) {
        char viewer[16];
        char subject[16];
        (void)snprintf(viewer, sizeof(viewer), "v%u", i);
        (void)snprintf(subject, sizeof(subject), "s%u", i);
        assert_int_equal(weak(&desk, viewer, subject, i), 0);
    }
    takedown_free(&desk.takedown);
}

static void takedown_three_weak_cases_must_be_strangers_to_each_other(void **state)
{
    (void)state;
    struct desk desk = desk_of(1, 3);
    assert_int_equal(weak(&desk, "alice", "bob", 1), 0);
    assert_int_equal(weak(&desk, "carol", "dave", 2), 0);
    assert_int_equal(weak(&desk, "carol", "erin", 3), 0);
    assert_int_equal(weak(&desk, "frank", "grace", 1), 0);
    assert_int_equal(weak(&desk, "heidi", "ivan", 4), FEATURE_LOGIN_BIT);
    takedown_free(&desk.takedown);
}

static void takedown_strong_case_stands_among_weak_ones_but_not_the_reverse(void **state)
{
    (void)state;
    struct desk desk = desk_of(2, 2);
    assert_int_equal(strong(&desk, "alice", "bob"), 0);
    assert_int_equal(weak(&desk, "carol", "dave", 2), FEATURE_LOGIN_BIT);
    takedown_free(&desk.takedown);

    desk = desk_of(2, 0);
    assert_int_equal(strong(&desk, "alice", "bob"), 0);
    assert_int_equal(weak(&desk, "carol", "dave", 2), 0);
    takedown_free(&desk.takedown);
}

static void takedown_strong_cases_alone_count_by_their_own_number(void **state)
{
    (void)state;
    for (unsigned weak_cases = 1; weak_cases <= 2; weak_cases++) {
        struct desk desk = desk_of(3, weak_cases);
        assert_int_equal(note(&desk, STRENGTH_STRONG, "alice", "bob", 1), 0);
        assert_int_equal(note(&desk, STRENGTH_STRONG, "carol", "dave", 2), 0);
        assert_int_equal(note(&desk, STRENGTH_STRONG, "erin", "frank", 3),
                         FEATURE_LOGIN_BIT);
        takedown_free(&desk.takedown);
    }
    struct desk desk = desk_of(9, 3);
    assert_int_equal(weak(&desk, "alice", "bob", 1), 0);
    assert_int_equal(note(&desk, STRENGTH_STRONG, "carol", "dave", 2), 0);
    assert_int_equal(note(&desk, STRENGTH_STRONG, "erin", "frank", 3), FEATURE_LOGIN_BIT);
    takedown_free(&desk.takedown);
}

static void takedown_case_that_was_strong_stays_strong(void **state)
{
    (void)state;
    struct desk desk = desk_of(2, 0);
    assert_int_equal(strong(&desk, "alice", "bob"), 0);
    assert_int_equal(weak(&desk, "alice", "bob", 2), 0);
    assert_int_equal(strong(&desk, "carol", "dave"), FEATURE_LOGIN_BIT);
    takedown_free(&desk.takedown);
}

static void takedown_unknown_viewers_and_subjects_are_not_users_in_common(void **state)
{
    (void)state;
    struct desk desk = desk_of(1, 2);
    assert_int_equal(weak(&desk, "alice", "", 1), 0);
    assert_int_equal(weak(&desk, "bob", "", 2), FEATURE_LOGIN_BIT);
    takedown_free(&desk.takedown);
}

static void takedown_viewer_known_by_session_is_not_the_user_of_that_name(void **state)
{
    (void)state;
    struct desk desk = desk_of(2, 0);
    const uint8_t address[TAKEDOWN_ADDRESS_SIZE] = {0};
    struct takedown_case noted = {.feature_mask = FEATURE_LOGIN_BIT,
                                  .strength = STRENGTH_STRONG,
                                  .viewer_kind = VIEWER_SESSION,
                                  .viewer = SPAN("alice"),
                                  .subject = SPAN("bob"),
                                  .address = address};
    assert_int_equal(takedown_note(desk.takedown, &noted, desk.policies), 0);
    noted.viewer_kind = VIEWER_USER;
    assert_int_equal(takedown_note(desk.takedown, &noted, desk.policies),
                     FEATURE_LOGIN_BIT);
    takedown_free(&desk.takedown);
}

static void takedown_each_feature_counts_by_its_own_policy(void **state)
{
    (void)state;
    struct desk desk = desk_of(1, 0);
    const uint8_t address[TAKEDOWN_ADDRESS_SIZE] = {0};
    struct takedown_case noted = {.feature_mask = FEATURE_LOGIN_BIT | SHOP_BIT,
                                  .strength = STRENGTH_STRONG,
                                  .viewer_kind = VIEWER_USER,
                                  .viewer = SPAN("alice"),
                                  .subject = SPAN("bob"),
                                  .address = address};
    desk.policies[SHOP].cases = 2;
    assert_int_equal(takedown_note(desk.takedown, &noted, desk.policies),
                     FEATURE_LOGIN_BIT);
    noted.subject = SPAN("carol");
    noted.feature_mask = FEATURE_LOGIN_BIT;
    assert_int_equal(takedown_note(desk.takedown, &noted, desk.policies),
                     FEATURE_LOGIN_BIT);
    noted.feature_mask = SHOP_BIT;
    assert_int_equal(takedown_note(desk.takedown, &noted, desk.policies), SHOP_BIT);
    takedown_free(&desk.takedown);
}

static void takedown_forgets_the_cases_of_a_feature_that_comes_up(void **state)
{
    (void)state;
    struct desk desk = desk_of(2, 0);
    assert_int_equal(strong(&desk, "alice", "bob"), 0);
    takedown_forget(desk.takedown, SHOP_BIT);
    assert_int_equal(strong(&desk, "alice", "carol"), FEATURE_LOGIN_BIT);
    takedown_forget(desk.takedown, FEATURE_LOGIN_BIT);
    assert_int_equal(strong(&desk, "alice", "dave"), 0);
    takedown_free(&desk.takedown);
}

static void takedown_flood_of_weak_cases_does_not_push_out_a_strong_one(void **state)
{
    (void)state;
    struct desk desk = desk_of(2, 0);
    assert_int_equal(strong(&desk, "alice", "bob"), 0);
    for (unsigned i = 0; i < 2 * TAKEDOWN_CASES_MAX; i++) {
        char subject[16];
        (void)snprintf(subject, sizeof(subject), "s%u", i);
        assert_int_equal(weak(&desk, "mallory", subject, 1), 0);
    }
    assert_int_equal(strong(&desk, "carol", "dave"), FEATURE_LOGIN_BIT);
    takedown_free(&desk.takedown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takedown_first_strong_case_takes_down_at_once),
        cmocka_unit_test(takedown_finding_without_strength_never_counts),
        cmocka_unit_test(takedown_counts_distinct_pairs_and_not_displays),
        cmocka_unit_test(takedown_without_a_number_of_cases_still_needs_a_strong_one),
        cmocka_unit_test(takedown_never_adds_up_cases_of_different_features),
        cmocka_unit_test(takedown_takes_sixteen_weak_cases_at_most),
        cmocka_unit_test(takedown_forgets_what_is_longer_ago_than_the_window),
        cmocka_unit_test(takedown_two_weak_cases_of_strangers_take_down),
        cmocka_unit_test(takedown_weak_cases_with_a_user_in_common_do_not_add_up),
        cmocka_unit_test(takedown_weak_cases_from_one_network_do_not_add_up),
        cmocka_unit_test(takedown_compares_ipv6_clients_by_48_bits),
        cmocka_unit_test(takedown_zero_weak_cases_means_never),
        cmocka_unit_test(takedown_three_weak_cases_must_be_strangers_to_each_other),
        cmocka_unit_test(takedown_strong_case_stands_among_weak_ones_but_not_the_reverse),
        cmocka_unit_test(takedown_strong_cases_alone_count_by_their_own_number),
        cmocka_unit_test(takedown_case_that_was_strong_stays_strong),
        cmocka_unit_test(takedown_unknown_viewers_and_subjects_are_not_users_in_common),
        cmocka_unit_test(takedown_viewer_known_by_session_is_not_the_user_of_that_name),
        cmocka_unit_test(takedown_each_feature_counts_by_its_own_policy),
        cmocka_unit_test(takedown_forgets_the_cases_of_a_feature_that_comes_up),
        cmocka_unit_test(takedown_flood_of_weak_cases_does_not_push_out_a_strong_one),
    };
    return RUN_TESTS(tests);
}
