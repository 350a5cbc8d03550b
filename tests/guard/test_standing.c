/* Goal: a remember cookie says who it is where no session does, and never hides a leak.
 */
#include "guard/judge_world.h"
#include "guard/standing.h"
#include "support/test.h"

enum { T1 = 101, T2, T3 };

static struct world world;
static struct trip trip;

static int set_up(void **state)
{
    (void)state;
    world_init(&world);
    return 0;
}

/* A page for a request that also brings a remember cookie. */
static enum verdict remembered(uint32_t token, const char *marker, uint32_t issued)
{
    trip_ask(&trip, token);
    trip.asker.remembered = true;
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, marker);
    if (issued != 0) {
        trip_issue(&trip, issued);
    }
    return trip_end(&world, &trip);
}

/* A visit that begins a session, and a login on it that nobody can tell the end of. */
static void visit_and_mistype(const char *name)
{
    (void)world_page(&world, &trip, 0, NULL);
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    trip_issue(&trip, T1);
    (void)trip_end(&world, &trip);
    (void)world_login(&world, &trip, T1, name, 0);
    assert_int_equal(world_view(&world, T1).claim_count, 1);
}

/* The cookie may have come with that login, and a cache may have given the page. */
static void a_remember_cookie_opens_no_session_that_waits_for_its_login(void **state)
{
    (void)state;
    visit_and_mistype("baba");
    assert_int_equal(remembered(T1, "aoki", 0), VERDICT_REFUSE);
    assert_string_equal(trip_finding(&trip).reason, "claim");
    assert_false(trip_finding(&trip).counts);
    assert_int_equal(remembered(T1, "baba", 0), VERDICT_RELEASE);
    assert_int_equal(remembered(T1, "aoki", 0), VERDICT_REFUSE);
}

static void without_the_cookie_the_open_login_decides(void **state)
{
    (void)state;
    visit_and_mistype("baba");
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_REFUSE);
    assert_string_equal(trip_finding(&trip).reason, "claim");
    assert_false(trip_finding(&trip).counts);
}

static void a_login_under_a_told_alias_is_not_overruled_by_the_cookie(void **state)
{
    struct world_entry *entry;
    (void)state;
    visit_and_mistype("baba");
    entry = world_get(&world, world_view(&world, T1).id);
    entry->session.by_login = true;
    assert_int_equal(remembered(T1, "aoki", 0), VERDICT_REFUSE);
}

static void where_the_cookie_may_have_logged_in_another_page_never_counts(void **state)
{
    (void)state;
    (void)world_login(&world, &trip, 0, "baba", T1);
    assert_int_equal(world_view(&world, T1).binding, BINDING_CONFIRMED);
    assert_int_equal(remembered(T1, "aoki", 0), VERDICT_REFUSE);
    assert_int_equal(trip_finding(&trip).strength, STRENGTH_WEAK);
    assert_false(trip_finding(&trip).counts);
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_REFUSE);
    assert_int_equal(trip_finding(&trip).strength, STRENGTH_STRONG);
    assert_int_equal(remembered(T1, "baba", 0), VERDICT_RELEASE);
    assert_int_equal(remembered(T1, "aoki", 0), VERDICT_REFUSE);
    assert_int_equal(trip_finding(&trip).strength, STRENGTH_STRONG);
}

static void a_checked_credential_outweighs_the_cookie(void **state)
{
    (void)state;
    trip_ask(&trip, 0);
    trip.asker.remembered = true;
    trip_forward(&world, &trip);
    trip.asker.kind = ASKER_STATELESS;
    trip.asker.trust = CREDENTIAL_CHECKED;
    (void)user_set(&trip.asker.named, SPAN("aoki"));
    (void)trip_mark(&trip, "baba");
    assert_int_equal(trip_end(&world, &trip), VERDICT_REFUSE);
    assert_int_equal(trip_finding(&trip).strength, STRENGTH_STRONG);
    assert_true(trip_finding(&trip).counts);
}

static void a_page_from_before_two_logins_does_not_dispute_the_second(void **state)
{
    static struct trip late;
    (void)state;
    (void)world_login(&world, &trip, 0, "endo", T1);
    (void)world_page(&world, &trip, T1, "endo");
    trip_ask(&late, T1);
    trip_forward(&world, &late);
    for (unsigned i = 0; i < 2; i++) {
        trip_ask(&trip, T1);
        trip.asker.role = ROLE_CALLBACK;
        trip_forward(&world, &trip);
        (void)trip_mark(&trip, i == 0 ? "chiba" : "doi");
        assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    }
    (void)trip_mark(&late, "chiba");
    assert_int_equal(trip_end(&world, &late), VERDICT_REFUSE);
    assert_string_equal(trip_finding(&late).reason, "changed-twice");
    assert_false(trip_finding(&late).one_of_two);
    assert_int_equal(world_page(&world, &trip, T1, "doi"), VERDICT_RELEASE);
}

/* aoki is known, and a login of baba on the same token has not been told the end of. */
static void open_a_second_login(void)
{
    (void)world_login(&world, &trip, 0, "aoki", T1);
    (void)world_page(&world, &trip, T1, "aoki");
    (void)world_login(&world, &trip, T1, "baba", 0);
    assert_int_equal(world_view(&world, T1).claim_count, 1);
}

static bool is_of(uint32_t token, struct span name)
{
    struct session view = world_view(&world, token);
    return span_equal(user_span(&view.requester), name);
}

/* A page with two markers, `typed` one of them by a regular expression. */
static enum verdict page_of_two(const char *first, const char *second, const char *typed)
{
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    trip_mark(&trip, first)->weak = typed == first;
    trip_mark(&trip, second)->weak = typed == second;
    return trip_end(&world, &trip);
}

static void two_who_could_both_be_it_are_two_owners_in_either_order(void **state)
{
    (void)state;
    open_a_second_login();
    assert_int_equal(page_of_two("aoki", "baba", NULL), VERDICT_REFUSE);
    assert_string_equal(trip_finding(&trip).reason, "two-owners");
    (void)set_up(state);
    open_a_second_login();
    assert_int_equal(page_of_two("baba", "aoki", NULL), VERDICT_REFUSE);
    assert_string_equal(trip_finding(&trip).reason, "two-owners");
}

static void typed_text_beside_the_claimed_user_is_only_text_in_either_order(void **state)
{
    static const char aoki[] = "aoki";
    (void)state;
    open_a_second_login();
    assert_int_equal(page_of_two(aoki, "baba", aoki), VERDICT_RELEASE);
    assert_true(is_of(T1, SPAN("baba")));
    (void)set_up(state);
    open_a_second_login();
    assert_int_equal(page_of_two("baba", aoki, aoki), VERDICT_RELEASE);
    assert_true(is_of(T1, SPAN("baba")));
}

static void two_typed_names_of_one_rank_are_two_owners(void **state)
{
    static const char aoki[] = "aoki";
    (void)state;
    world.login.request.count = 0; /* The first marker says who it is. */
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    trip_mark(&trip, aoki)->weak = true;
    trip_mark(&trip, "baba")->weak = true;
    assert_int_equal(trip_end(&world, &trip), VERDICT_REFUSE);
}

/* Of a token whose entry was pushed out and made anew, nobody from before counts. */
static void what_another_entry_was_forwarded_with_says_nothing(void **state)
{
    static struct trip late;
    (void)state;
    (void)world_login(&world, &trip, 0, "chiba", T1);
    (void)world_login(&world, &trip, T1, "aoki", 0);
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_RELEASE);
    assert_true(world_view(&world, T1).generation > 1);
    trip_ask(&late, T1);
    trip_forward(&world, &late);
    *world_find(&world, &late.asker.tokens[0]) = (struct world_entry){0};
    (void)world_login(&world, &trip, 0, "baba", T1);
    (void)trip_mark(&late, "aoki");
    assert_int_equal(trip_end(&world, &late), VERDICT_REFUSE);
}

static void a_page_with_a_further_class_alone_is_marked(void **state)
{
    struct marker_class classes[2] = {world.class, world.class};
    (void)state;
    world.rules.classes = classes;
    world.rules.class_count = 2;
    (void)world_login(&world, &trip, 0, "aoki", T1);
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    trip_mark(&trip, "number 7")->class_index = 1;
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    assert_true(trip.judgement.marked);
}

static void no_fingerprint_names_an_asker_without_one(void **state)
{
    struct asker asker = {.kind = ASKER_ANONYMOUS};
    (void)state;
    assert_false(standing_names_asker(&asker, SPAN("00000000000000000000000000000000")));
    asker.sent = token_of(T1);
    assert_false(standing_names_asker(&asker, SPAN("65")));
    assert_true(standing_names_asker(&asker, SPAN("65000000000000000000000000000000")));
}

static void the_longest_name_is_somebody_and_a_longer_one_nobody(void **state)
{
    static const uint8_t name[USER_SIZE_MAX + 1] = {'x'};
    (void)state;
    assert_false(standing_names_nobody(&world.class,
                                       (struct span){.ptr = name, .len = USER_SIZE_MAX}));
    assert_true(standing_names_nobody(
        &world.class, (struct span){.ptr = name, .len = USER_SIZE_MAX + 1}));
}

/* It may show who was there before or after one login; a third is a leak that counts. */
static void a_page_that_overlaps_one_login_shows_no_third(void **state)
{
    static struct trip late;
    (void)state;
    (void)world_login(&world, &trip, 0, "endo", T1);
    (void)world_page(&world, &trip, T1, "endo");
    trip_ask(&late, T1);
    trip_forward(&world, &late);
    (void)world_login(&world, &trip, T1, "chiba", 0);
    assert_int_equal(world_page(&world, &trip, T1, "chiba"), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, T1).generation,
                     late.asker.session.generation + 1);
    (void)trip_mark(&late, "doi");
    assert_int_equal(trip_end(&world, &late), VERDICT_REFUSE);
    assert_string_equal(trip_finding(&late).reason, "other-owner");
    assert_int_equal(trip_finding(&late).strength, STRENGTH_STRONG);
    assert_true(trip_finding(&late).counts);
}

static void a_page_older_than_its_session_counts_until_a_login_came_between(void **state)
{
    static struct trip late;
    for (unsigned logins = 0; logins < 2; logins++) {
        (void)set_up(state);
        trip_ask(&late, T1);
        trip_forward(&world, &late);
        (void)world_login(&world, &trip, 0, "baba", T1);
        if (logins > 0) {
            (void)world_login(&world, &trip, T1, "chiba", 0);
            (void)world_page(&world, &trip, T1, "chiba");
        }
        (void)trip_mark(&late, "aoki");
        assert_int_equal(trip_end(&world, &late), VERDICT_REFUSE);
        assert_int_equal(trip_finding(&late).strength,
                         logins > 0 ? STRENGTH_WEAK : STRENGTH_STRONG);
        assert_int_equal(trip_finding(&late).counts, logins == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            a_remember_cookie_opens_no_session_that_waits_for_its_login, set_up),
        cmocka_unit_test_setup(without_the_cookie_the_open_login_decides, set_up),
        cmocka_unit_test_setup(a_login_under_a_told_alias_is_not_overruled_by_the_cookie,
                               set_up),
        cmocka_unit_test_setup(
            where_the_cookie_may_have_logged_in_another_page_never_counts, set_up),
        cmocka_unit_test_setup(a_checked_credential_outweighs_the_cookie, set_up),
        cmocka_unit_test_setup(two_who_could_both_be_it_are_two_owners_in_either_order,
                               set_up),
        cmocka_unit_test_setup(
            typed_text_beside_the_claimed_user_is_only_text_in_either_order, set_up),
        cmocka_unit_test_setup(two_typed_names_of_one_rank_are_two_owners, set_up),
        cmocka_unit_test_setup(what_another_entry_was_forwarded_with_says_nothing,
                               set_up),
        cmocka_unit_test_setup(a_page_with_a_further_class_alone_is_marked, set_up),
        cmocka_unit_test_setup(no_fingerprint_names_an_asker_without_one, set_up),
        cmocka_unit_test_setup(the_longest_name_is_somebody_and_a_longer_one_nobody,
                               set_up),
        cmocka_unit_test_setup(a_page_that_overlaps_one_login_shows_no_third, set_up),
        cmocka_unit_test(a_page_older_than_its_session_counts_until_a_login_came_between),
        cmocka_unit_test_setup(a_page_from_before_two_logins_does_not_dispute_the_second,
                               set_up),
    };
    return RUN_TESTS(tests);
}
