/* Goal: a login succeeded where its answer leads; logins that overlap on one session
 * decide nothing that only one of them says. */
#include "guard/judge_world.h"
#include "guard/login.h"
#include "http/path_pattern.h"
#include "support/test.h"

enum { T1 = 101, T2, T3 };

static struct world world;
static struct trip trip;
static struct trip trips[SESSION_CLAIMS_MAX + 1];

static int set_up(void **state)
{
    (void)state;
    world_init(&world);
    (void)world_login(&world, &trip, 0, "endo", T1);
    (void)world_page(&world, &trip, T1, "endo");
    assert_int_equal(world_view(&world, T1).binding, BINDING_CONFIRMED);
    return 0;
}

static void call_back(struct trip *self, uint32_t token)
{
    trip_ask(self, token);
    self->asker.role = ROLE_CALLBACK;
    trip_forward(&world, self);
}

static enum verdict end(struct trip *self, const char *marker, uint32_t issued)
{
    if (marker != NULL) {
        (void)trip_mark(self, marker);
    }
    if (issued != 0) {
        trip_issue(self, issued);
    }
    return trip_end(&world, self);
}

static void a_callback_that_shows_the_former_user_leaves_other_logins_open(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= SESSION_CLAIMS_MAX; i++) {
        call_back(&trips[i], T1);
    }
    assert_int_equal(end(&trips[0], "endo", 0), VERDICT_RELEASE);
    for (unsigned i = 1; i < SESSION_CLAIMS_MAX; i++) {
        assert_int_equal(end(&trips[i], NULL, 0), VERDICT_RELEASE);
    }
    assert_int_equal(end(&trips[SESSION_CLAIMS_MAX], "doi", T2), VERDICT_RELEASE);
    assert_int_equal(world_page(&world, &trip, T2, "doi"), VERDICT_RELEASE);
    struct session after = world_view(&world, T2);
    assert_true(user_equal(&after.requester, &(struct user){3, "doi"}));
    (void)world_page(&world, &trip, T2, "aoki");
    assert_int_equal(trip.judgement.verdict, VERDICT_REFUSE);
}

static void a_callback_after_a_logout_may_be_the_former_users_login(void **state)
{
    static struct trip late;
    (void)state;
    trip_ask(&trip, T1);
    trip.asker.role = ROLE_LOGOUT;
    trip_forward(&world, &trip);
    (void)end(&trip, NULL, 0);
    call_back(&trips[0], T1);
    (void)end(&trips[0], NULL, 0);
    trip_ask(&late, T1);
    trip_forward(&world, &late);
    uint32_t before = world_view(&world, T1).generation;
    call_back(&trips[1], T1);
    assert_int_equal(end(&trips[1], "endo", 0), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, T1).generation, before + 1);
    /* What was asked for before does not say who it is now. */
    assert_int_equal(end(&late, "baba", 0), VERDICT_RELEASE);
    assert_int_equal(world_page(&world, &trip, T1, "endo"), VERDICT_RELEASE);
}

static void more_logins_than_are_told_apart_stay_open_when_one_fails(void **state)
{
    struct session session = {.id = 1, .claim_count = 0};
    struct user name = {.len = 0};

    (void)state;
    for (unsigned i = 0; i < SESSION_CLAIMS_MAX; i++) {
        login_claim(&session, &(struct user){1, {(uint8_t)('a' + i)}});
    }
    login_unclaim(&session, &(struct user){1, "b"});
    assert_int_equal(session.claim_count, SESSION_CLAIMS_MAX - 1);
    login_claim(&session, &(struct user){1, "b"});
    login_claim(&session, &(struct user){1, "e"});
    for (unsigned i = 0; i <= SESSION_CLAIMS_MAX; i++) {
        login_unclaim(&session, &name);
        assert_int_equal(session.claim_count, SESSION_CLAIMS_MAX);
        assert_int_equal(session.claims[0].len, 0);
    }
    login_unite_claims(&session);
    assert_int_equal(session.claim_count, 1);
    login_unclaim(&session, &name);
    assert_int_equal(session.claim_count, 0);
}

/* What a Location says of a login that was sent to `target`. */
static enum login_success led(const char *target, const char *location)
{
    struct reference_base asked = {.host = SPAN("www.example.jp:8443"),
                                   .target = span_of(target)};
    struct path_pattern pattern;
    struct success_rule rule = {.kind = SUCCESS_LOCATION, .location = &pattern};
    struct login_policy policy = {.success = &rule, .success_count = 1};
    struct head head = {.status = 302, .field_count = location != NULL ? 1 : 0};

    assert_null(path_pattern_parse(SPAN("/mypage/**"), false, &pattern));
    head.fields[0] = (struct field){
        .name = SPAN("Location"), .value = span_of(location), .id = FIELD_LOCATION};
    return login_success_by_head(&policy, &head, &asked);
}

static void a_session_is_public_while_nobody_can_have_logged_in(void **state)
{
    (void)state;
    struct session session = {.id = 1, .is_public = true};
    assert_true(session_is_public(&session));
    session.binding = BINDING_UNCONFIRMED;
    assert_false(session_is_public(&session));
    session.binding = BINDING_NONE;
    session.requester.len = 1; /* Logged out. */
    assert_false(session_is_public(&session));
    session.requester.len = 0;
    session.claim_count = 1;
    assert_false(session_is_public(&session));
    session.claim_count = 0;
    login_claim(&session, &(struct user){.len = 0});
    login_unclaim(&session, &(struct user){.len = 0});
    assert_int_equal(session.claim_count, 0);
    assert_false(session_is_public(&session));
    assert_false(session_is_public(&(struct session){.id = 1}));
}

static void a_login_succeeded_where_its_location_leads_to_the_path_of_a_rule(void **state)
{
    static const struct {
        const char *target;
        const char *location;
        enum login_success said;
    } ROWS[] = {
        {"/login", "/mypage/top", LOGIN_SUCCEEDED},
        {"/login", "/mypage", LOGIN_SUCCEEDED},
        {"/login", "/mypage/top#news", LOGIN_SUCCEEDED},
        {"/login", "/mypage/top?a=/../#news", LOGIN_SUCCEEDED},
        {"/login", "/mypage//top;jsessionid=1", LOGIN_SUCCEEDED},
        {"/login", "//www.example.jp/mypage/top", LOGIN_SUCCEEDED},
        {"/login", "https://WWW.example.jp/mypage/top#x", LOGIN_SUCCEEDED},
        {"/login", "HTTP://www.example.jp.:80/mypage", LOGIN_SUCCEEDED},
        {"/login?a=/b/c", "mypage/top", LOGIN_SUCCEEDED},
        {"/login", "./mypage/top", LOGIN_SUCCEEDED},
        {"/auth/login", "../mypage/top", LOGIN_SUCCEEDED},
        {"/mypage/login", "top", LOGIN_SUCCEEDED},
        {"/mypage/login", "?ok", LOGIN_SUCCEEDED},
        {"/auth/login", "mypage/top", LOGIN_FAILED},
        {"/login/", "mypage/top", LOGIN_FAILED},
        {"/login", "/mypage/../login", LOGIN_FAILED},
        {"/login", "/mypage/..;/login", LOGIN_FAILED},
        {"/login", "/mypage/%2e%2e/login", LOGIN_FAILED},
        {"/login", "/mypage\\top", LOGIN_FAILED},
        {"/login", "/login#/mypage/top", LOGIN_FAILED},
        {"/login", "/login?/mypage/top", LOGIN_FAILED},
        {"/login", "#mypage", LOGIN_FAILED},
        {"/login", "", LOGIN_FAILED},
        {"/login", NULL, LOGIN_FAILED},
        /* Another host: its path cannot make it a success, nor a failure. */
        {"/login", "https://other.example/mypage/top", LOGIN_UNTOLD},
        {"/login", "//other.example/mypage/top", LOGIN_UNTOLD},
        {"/login", "https://www.example.jp@other.example/mypage/top", LOGIN_UNTOLD},
        {"/login", "https://other.example/login", LOGIN_FAILED},
        {"/login", "app://www.example.jp/mypage/top", LOGIN_UNTOLD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (led(ROWS[i].target, ROWS[i].location) != ROWS[i].said) {
            fail_msg("%s, %s: not %d", ROWS[i].target, ROWS[i].location, ROWS[i].said);
        }
    }
}

static void a_marker_may_tell_what_the_head_does_not(void **state)
{
    (void)state;
    struct path_pattern pattern;
    struct success_rule rules[] = {{.kind = SUCCESS_LOCATION, .location = &pattern},
                                   {.kind = SUCCESS_MARKER, .name = "owner"}};
    struct reference_base asked = {.host = SPAN("a.example"), .target = SPAN("/login")};
    struct head head = {.status = 302, .field_count = 1};

    assert_null(path_pattern_parse(SPAN("/mypage/**"), false, &pattern));
    head.fields[0] = (struct field){
        .name = SPAN("Location"), .value = SPAN("/login?error"), .id = FIELD_LOCATION};
    world.login.success = rules;
    world.login.success_count = 2;
    trip_ask(&trip, T1);
    trip_log_in(&trip, "aoki");
    trip_forward(&world, &trip);
    trip.answer.success = login_success_by_head(&world.login, &head, &asked);
    assert_int_equal(trip.answer.success, LOGIN_BY_MARKER);
    trip.answer.complete = false;
    assert_int_equal(login_success_by_markers(&world.rules, &trip.answer), LOGIN_UNTOLD);
    trip.answer.complete = true;
    assert_int_equal(login_success_by_markers(&world.rules, &trip.answer), LOGIN_FAILED);
    const struct observation *seen[] = {trip_mark(&trip, "aoki")};
    trip.answer.observations = seen;
    trip.answer.observation_count = 1;
    assert_int_equal(login_success_by_markers(&world.rules, &trip.answer),
                     LOGIN_SUCCEEDED);
    trip.answer.observation_count = 0;
    head.fields[0].value = SPAN("https://sso.example/mypage/");
    trip.answer.success = login_success_by_head(&world.login, &head, &asked);
    assert_int_equal(login_success_by_markers(&world.rules, &trip.answer), LOGIN_UNTOLD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_public_while_nobody_can_have_logged_in),
        cmocka_unit_test_setup(
            a_callback_that_shows_the_former_user_leaves_other_logins_open, set_up),
        cmocka_unit_test_setup(a_callback_after_a_logout_may_be_the_former_users_login,
                               set_up),
        cmocka_unit_test(
            a_login_succeeded_where_its_location_leads_to_the_path_of_a_rule),
        cmocka_unit_test_setup(a_marker_may_tell_what_the_head_does_not, set_up),
        cmocka_unit_test(more_logins_than_are_told_apart_stay_open_when_one_fails),
    };
    return RUN_TESTS(tests);
}
