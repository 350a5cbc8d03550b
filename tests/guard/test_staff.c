/* Goal: who may see anybody is who the operator named, where he named it, after a login.
 */
#include "guard/judge_world.h"
#include "guard/staff.h"
#include "support/test.h"

enum { T1 = 101, T2 };

static struct world world;
static struct trip trip;
static struct staff_name names[4];
static struct staff_rule rule = {.names = names, .name_count = 4};

/* Memory that goes with the test, as the snapshot's does. */
static _Alignas(16) uint8_t room[65536];
static size_t room_used;

static void *from_room(void *owner, size_t size)
{
    (void)owner;
    void *memory = room + room_used;
    room_used += (size + 15) / 16 * 16;
    assert_true(room_used <= sizeof(room));
    return memory;
}

static const struct staff_lender lender = {.alloc = from_room};

static int set_up(void **state)
{
    const char *const texts[] = {"root", "help-*", "regex:ops[0-9]+", "regex:a|b.*"};
    char error[256];
    (void)state;
    world_init(&world);
    room_used = 0;
    for (unsigned i = 0; i < 4; i++) {
        assert_true(staff_name_parse(span_of(texts[i]), &lender, &names[i], error,
                                     sizeof(error)));
    }
    world.rules.staff = &rule;
    world.rules.staff_count = 1;
    world.requirement.staff_mask = 1;
    return 0;
}

static bool has(const char *name)
{
    return staff_has(&rule, 1, 1, span_of(name));
}

static void names_are_exact_prefixes_or_whole_patterns(void **state)
{
    (void)state;
    assert_true(has("root") && has("help-1") && has("help-") && has("ops7") && has("a"));
    assert_true(has("bcd"));
    assert_false(has("roots") || has("Root") || has("xhelp-1") || has("help"));
    assert_false(has("ops") || has("ops7x") || has("xops7") || has("ab") || has(""));
    assert_false(has("ops7\n"));
    assert_false(staff_has(&rule, 1, 0, SPAN("root")));
    assert_false(staff_has(&rule, 1, 2, SPAN("root")));
}

static void a_name_that_is_everybody_is_an_error(void **state)
{
    struct staff_name name;
    char error[256];
    (void)state;
    assert_false(staff_name_parse(SPAN("*"), &lender, &name, error, 256));
    assert_false(staff_name_parse(SPAN("regex:"), &lender, &name, error, 256));
    assert_false(staff_name_parse(SPAN("regex:(x"), &lender, &name, error, 256));
}

static enum verdict page_of(uint32_t token, const char *marker, const char *other)
{
    trip_ask(&trip, token);
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, marker);
    if (other != NULL) {
        (void)trip_mark(&trip, other);
    }
    return trip_end(&world, &trip);
}

static void staff_may_see_anybody_on_its_routes_alone(void **state)
{
    (void)state;
    (void)world_login(&world, &trip, 0, "help-1", T1);
    (void)world_page(&world, &trip, T1, "help-1");
    assert_int_equal(page_of(T1, "alice", NULL), VERDICT_RELEASE);
    assert_int_equal(page_of(T1, "help-1", "alice"), VERDICT_RELEASE);
    assert_int_equal(page_of(T1, "alice", "bob"), VERDICT_RELEASE);
    struct session session = world_view(&world, T1);
    assert_true(span_equal(user_span(&session.requester), SPAN("help-1")));
    world.requirement.staff_mask = 0;
    assert_int_equal(page_of(T1, "alice", NULL), VERDICT_REFUSE);
    assert_int_equal(trip_finding(&trip).strength, STRENGTH_STRONG);
}

static void a_colleague_who_is_not_named_may_not(void **state)
{
    (void)state;
    (void)world_login(&world, &trip, 0, "carol", T1);
    (void)world_page(&world, &trip, T1, "carol");
    assert_int_equal(page_of(T1, "alice", NULL), VERDICT_REFUSE);
}

/* A list of people, typed text among it. */
static void staff_may_see_several_at_once(void **state)
{
    (void)state;
    (void)world_login(&world, &trip, 0, "root", 7);
    trip_ask(&trip, 7);
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, "root");
    (void)trip_mark(&trip, "aoki");
    (void)trip_mark(&trip, "baba");
    trip_mark(&trip, "chiba")->weak = true;
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    assert_int_equal(trip.judgement.findings.count, 0);
}

static void a_first_marker_makes_nobody_staff(void **state)
{
    (void)state;
    world.login.request.count = 0;
    (void)world_page(&world, &trip, T1, "help-1");
    (void)world_page(&world, &trip, T1, "help-1");
    assert_int_equal(world_view(&world, T1).binding, BINDING_CONFIRMED);
    assert_int_equal(page_of(T1, "alice", NULL), VERDICT_REFUSE);
}

static void an_open_login_of_another_ends_it(void **state)
{
    (void)state;
    (void)world_login(&world, &trip, 0, "help-1", T1);
    (void)world_page(&world, &trip, T1, "help-1");
    (void)world_login(&world, &trip, T1, "carol", 0);
    assert_int_equal(page_of(T1, "alice", NULL), VERDICT_REFUSE);
}

static void with_a_second_user_s_token_nobody_is_staff(void **state)
{
    (void)state;
    (void)world_login(&world, &trip, 0, "help-1", T1);
    (void)world_page(&world, &trip, T1, "help-1");
    (void)world_login(&world, &trip, 0, "carol", T2);
    (void)world_page(&world, &trip, T2, "carol");
    trip_ask(&trip, T1);
    trip_ask_also(&trip, T2);
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, "alice");
    assert_int_equal(trip_end(&world, &trip), VERDICT_REFUSE);
}

/* Nobody is asked for: the site marks none but those whom one may not see. */
static void staff_sees_those_whom_others_have_no_grant_for(void **state)
{
    (void)state;
    (void)world_login(&world, &trip, 0, "help-1", T1);
    (void)world_login(&world, &trip, 0, "aoki", T2);
    world.class.must_be = MARKER_RULE_GRANTED;
    assert_int_equal(page_of(T1, "alice", "bob"), VERDICT_RELEASE);
    assert_int_equal(page_of(T2, "alice", NULL), VERDICT_REFUSE);
    world.requirement.staff_mask = 0;
    assert_int_equal(page_of(T1, "alice", NULL), VERDICT_REFUSE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(names_are_exact_prefixes_or_whole_patterns),
        TEST(a_name_that_is_everybody_is_an_error),
        TEST(staff_may_see_anybody_on_its_routes_alone),
        TEST(a_colleague_who_is_not_named_may_not),
        TEST(staff_may_see_several_at_once),
        TEST(a_first_marker_makes_nobody_staff),
        TEST(an_open_login_of_another_ends_it),
        TEST(with_a_second_user_s_token_nobody_is_staff),
        cmocka_unit_test_setup(staff_sees_those_whom_others_have_no_grant_for, set_up),
    };
    return RUN_TESTS(tests);
}
