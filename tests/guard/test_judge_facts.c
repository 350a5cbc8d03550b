/* Goal: what a judgement says beside its verdict, and which of two tokens is believed. */
#include "guard/judge_world.h"
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

static struct session session_of(uint64_t id, const char *requester, const char *claim)
{
    struct session session = {.id = id, .generation = 1};
    (void)user_set(&session.requester, span_of(requester));
    session.binding = session.requester.len > 0 ? BINDING_CONFIRMED : BINDING_NONE;
    if (claim != NULL) {
        (void)user_set(&session.claims[session.claim_count++], span_of(claim));
    }
    return session;
}

static bool mixed(struct session first, struct session other)
{
    return judge_mixed(ROLE_NONE, &first, &other);
}

static void two_tokens_are_mixed_unless_both_can_only_be_one_user(void **state)
{
    struct session aoki = session_of(1, "aoki", NULL);
    struct session same = session_of(2, "aoki", "aoki");
    (void)state;
    assert_false(mixed(aoki, aoki));
    assert_false(mixed(aoki, same));
    assert_false(mixed(same, aoki));
    assert_false(mixed(session_of(1, "", "aoki"), aoki));
    assert_false(mixed(session_of(1, "", NULL), session_of(2, "", NULL)));
    assert_false(mixed(aoki, session_of(2, "", NULL)));
    assert_true(mixed(session_of(1, "", NULL), session_of(2, "aoki", NULL)));
    assert_true(mixed(aoki, session_of(2, "baba", NULL)));
    assert_true(mixed(session_of(1, "a", NULL), session_of(2, "b", NULL)));
    assert_false(mixed(session_of(1, "", "a"), session_of(2, "a", NULL)));
    assert_true(mixed(aoki, session_of(2, "", "baba")));
    assert_true(mixed(aoki, session_of(2, "aoki", "baba")));
    assert_true(mixed(session_of(1, "", "baba"), same));
    assert_true(mixed(session_of(1, "aoki", ""), same));
    assert_true(mixed(aoki, session_of(2, "aoki", "")));
    assert_true(mixed(aoki, session_of(0, "", NULL)));
    assert_true(mixed(session_of(0, "", NULL), aoki));
    assert_true(judge_mixed(ROLE_LOGIN, &aoki, &same));
    assert_true(judge_mixed(ROLE_LOGOUT, &aoki, &same));
    assert_false(judge_mixed(ROLE_LOGIN, &aoki, &aoki));
}

/* Judges without the miniature relay, which keeps no viewer. */
static const struct judgement *judged(const struct session *view,
                                      const struct session *now)
{
    static struct evidence evidence;
    trip_ask(&trip, T1);
    trip.asker.kind = ASKER_SESSION;
    trip.asker.session = *view;
    evidence = (struct evidence){
        .rules = &world.rules, .asker = &trip.asker, .now = now, .answer = &trip.answer};
    judge_response(&evidence, &trip.judgement);
    return &trip.judgement;
}

static void the_viewer_is_who_it_is_now_or_was_when_he_asked(void **state)
{
    const struct session nobody = {0};
    struct session aoki = session_of(1, "aoki", NULL);
    struct session baba = session_of(1, "baba", NULL);
    (void)state;
    baba.binding = BINDING_UNCONFIRMED;
    assert_true(user_equal(judged(&aoki, &baba)->viewer, &baba.requester));
    assert_false(trip.judgement.viewer_confirmed);
    assert_true(user_equal(judged(&aoki, &nobody)->viewer, &aoki.requester));
    assert_true(trip.judgement.viewer_confirmed);
    assert_null(judged(&nobody, &nobody)->viewer);
    assert_false(trip.judgement.viewer_confirmed);
}

static void an_ambiguous_viewer_is_nobody(void **state)
{
    struct session aoki = session_of(1, "aoki", NULL);
    struct evidence evidence = {.rules = &world.rules,
                                .asker = &trip.asker,
                                .now = &aoki,
                                .answer = &trip.answer};
    (void)state;
    trip_ask(&trip, T1);
    trip.asker.kind = ASKER_AMBIGUOUS;
    judge_response(&evidence, &trip.judgement);
    assert_null(trip.judgement.viewer);
}

static void a_stateless_viewer_is_whom_the_request_names(void **state)
{
    const struct session nobody = {0};
    struct evidence evidence = {.rules = &world.rules,
                                .asker = &trip.asker,
                                .now = &nobody,
                                .answer = &trip.answer};
    (void)state;
    for (unsigned checked = 0; checked < 2; checked++) {
        trip_ask(&trip, 0);
        trip.asker.kind = ASKER_STATELESS;
        trip.asker.trust = checked > 0 ? CREDENTIAL_CHECKED : CREDENTIAL_SAID;
        (void)user_set(&trip.asker.named, SPAN("aoki"));
        judge_response(&evidence, &trip.judgement);
        assert_ptr_equal(trip.judgement.viewer, &trip.asker.named);
        assert_int_equal(trip.judgement.viewer_confirmed, checked > 0);
    }
}

static void a_marker_is_missed_in_every_status_of_success_and_in_no_other(void **state)
{
    static const unsigned statuses[] = {199, 200, 299, 300};
    (void)state;
    world.requirement.require_mask = 1;
    for (unsigned i = 0; i < 4; i++) {
        trip_ask(&trip, 0);
        trip_forward(&world, &trip);
        trip.answer.status = statuses[i];
        assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
        assert_int_equal(trip.judgement.unmarked, i == 1 || i == 2);
    }
}

static void doubt_is_told_from_a_finding(void **state)
{
    (void)state;
    world.requirement.require_mask = 1;
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    trip.answer.too_many_tokens = true;
    assert_int_equal(trip_end(&world, &trip), VERDICT_REFUSE);
    assert_true(trip.judgement.in_doubt);
    assert_int_equal(world_page(&world, &trip, 0, "aoki"), VERDICT_REFUSE);
    assert_false(trip.judgement.in_doubt);
    assert_int_equal(world_page(&world, &trip, 0, NULL), VERDICT_RELEASE);
    assert_false(trip.judgement.in_doubt);
    assert_true(trip.judgement.unmarked);
}

static void an_echo_is_missed_only_where_it_is_expected(void **state)
{
    (void)state;
    (void)world_page(&world, &trip, 0, NULL);
    assert_false(trip.judgement.unechoed);
    world.requirement.echo_expected = true;
    (void)world_page(&world, &trip, 0, NULL);
    assert_true(trip.judgement.unechoed);
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    trip.answer.echo = ECHO_MATCH;
    (void)trip_end(&world, &trip);
    assert_false(trip.judgement.unechoed);
}

static void a_login_is_open_unless_it_failed(void **state)
{
    (void)state;
    world.login.success_count = 1;
    world.login.success = &world.success;
    (void)world_login(&world, &trip, 0, "aoki", T1);
    assert_true(trip.judgement.login_open);
    assert_int_equal(trip.judgement.source, SOURCE_LOGIN);
    trip_ask(&trip, T1);
    trip_log_in(&trip, "aoki");
    trip_forward(&world, &trip);
    trip.answer.success = LOGIN_FAILED;
    (void)trip_end(&world, &trip);
    assert_false(trip.judgement.login_open);
    assert_int_equal(trip.judgement.source, SOURCE_NONE);
    (void)world_page(&world, &trip, T1, NULL);
    assert_false(trip.judgement.login_open);
}

/* Where callbacks alone are configured no other unsafe request logs in. */
static void only_what_is_configured_may_answer_nobody_with_a_marked_page(void **state)
{
    (void)state;
    world.login.request.count = 0;
    for (size_t callbacks = 0; callbacks < 2; callbacks++) {
        world.login.callback.count = callbacks;
        trip_ask(&trip, 0);
        trip.asker.unsafe = true;
        trip_forward(&world, &trip);
        trip_issue(&trip, T1 + (uint32_t)callbacks);
        (void)trip_mark(&trip, "aoki");
        assert_int_equal(trip_end(&world, &trip),
                         callbacks == 0 ? VERDICT_RELEASE : VERDICT_REFUSE);
    }
    trip_ask(&trip, 0);
    trip.asker.role = ROLE_CALLBACK;
    trip_forward(&world, &trip);
    trip_issue(&trip, T3);
    (void)trip_mark(&trip, "aoki");
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
}

static void a_known_session_that_nobody_logged_in_on_shows_nobody(void **state)
{
    (void)state;
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    trip_issue(&trip, T1);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_REFUSE);
    assert_string_equal(trip_finding(&trip).reason, "no-login");
    world.login.request.count = 0;
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_RELEASE);
}

static void what_a_login_said_goes_with_the_logout(void **state)
{
    (void)state;
    (void)world_login(&world, &trip, 0, "aoki", T1);
    assert_true(world_view(&world, T1).by_login);
    trip_ask(&trip, T1);
    trip.asker.role = ROLE_LOGOUT;
    trip_forward(&world, &trip);
    (void)trip_end(&world, &trip);
    assert_int_equal(world_view(&world, T1).binding, BINDING_NONE);
    assert_false(world_view(&world, T1).by_login);
}

static void only_what_was_counted_is_settled(void **state)
{
    struct change change;
    struct session none = {0};
    struct session aoki = session_of(1, "aoki", NULL);
    (void)state;
    trip_ask(&trip, T1);
    assert_false(judge_settle(&world.rules, &trip.asker, &aoki, &change));
    assert_false(change.store);
    trip_log_in(&trip, "aoki");
    assert_false(judge_settle(&world.rules, &trip.asker, &none, &change));
    assert_true(judge_settle(&world.rules, &trip.asker, &aoki, &change));
    assert_int_equal(change.next.generation, 2);
}

static void an_unnamed_kind_of_login_stirs_only_where_none_is_configured(void **state)
{
    (void)state;
    for (size_t logins = 0; logins < 2; logins++) {
        world_init(&world);
        world.login.request.count = logins;
        (void)world_page(&world, &trip, T1, "aoki");
        (void)world_page(&world, &trip, T1, "aoki");
        trip_ask(&trip, T1);
        trip.asker.unsafe = true;
        trip_forward(&world, &trip);
        assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
        assert_int_equal(world_view(&world, T1).stirred, logins == 0);
    }
}

static bool verified_so_far(const struct session *session, const char *marker)
{
    const struct observation *list = trip.markers;
    struct evidence evidence = {.rules = &world.rules,
                                .asker = &trip.asker,
                                .now = session,
                                .answer = &trip.answer};
    bool corrects;

    trip_ask(&trip, T1);
    trip.asker.kind = session->id != 0 ? ASKER_SESSION : ASKER_UNKNOWN;
    trip.asker.session = *session;
    trip.answer.complete = false;
    trip.answer.observations = &list;
    if (marker != NULL) {
        list = trip_mark(&trip, marker);
        trip.answer.observation_count = 1;
    }
    return judge_verified_so_far(&evidence, &corrects);
}

/* What begins to leave before its end has to show a user who is known. */
static void nothing_streams_by_a_first_marker_or_by_none(void **state)
{
    struct session aoki = session_of(1, "aoki", NULL);
    struct session open = session_of(1, "", "");
    const struct session none = {0};
    (void)state;
    world.requirement.require_mask = 1;
    assert_true(verified_so_far(&aoki, "aoki"));
    assert_false(verified_so_far(&aoki, NULL));
    assert_false(verified_so_far(&aoki, "baba"));
    assert_false(verified_so_far(&open, "aoki"));
    assert_false(verified_so_far(&none, "aoki"));
    world.requirement.require_mask = 0;
    assert_true(verified_so_far(&aoki, NULL));
    assert_false(verified_so_far(&aoki, "baba"));
}

static void what_opens_nothing_stores_nothing(void **state)
{
    struct session now = session_of(1, "aoki", NULL);
    struct asker asker = {.kind = ASKER_SESSION, .token_count = 1};
    struct change change = {.store = true, .token_count = 1};

    (void)state;
    assert_false(judge_forward(&world.rules, &asker, 0, &now, &change));
    assert_false(change.store);
    assert_int_equal(change.token_count, 0);
    change = (struct change){.store = true, .token_count = 1};
    assert_false(judge_settle(&world.rules, &asker, &now, &change));
    assert_false(change.store);
    assert_int_equal(change.token_count, 0);
}

static void a_login_on_a_token_that_nobody_knows_begins_an_uncertain_family(void **state)
{
    struct session now = {0};
    struct asker asker = {.role = ROLE_LOGIN, .unsafe = true, .token_count = 1};
    struct change change = {.token_count = 7};

    (void)state;
    asker.tokens[0] = token_of(T1);
    (void)user_set(&asker.claim, SPAN("aoki"));
    assert_true(judge_forward(&world.rules, &asker, 0, &now, &change));
    assert_true(change.store);
    assert_int_equal(change.token_count, 1);
    assert_int_equal(change.next.generation, 1);
    assert_int_equal(change.next.pending, 1);
    assert_int_equal(change.next.claim_count, 2); /* Anybody, and aoki. */
    assert_int_equal(change.next.claims[0].len, 0);
    assert_true(span_equal(user_span(&change.next.claims[1]), SPAN("aoki")));
    assert_true((change.next.family & RECALL_UNCERTAIN) != 0);
    assert_true((change.next.family & ~(uint64_t)RECALL_UNCERTAIN) != 0);
    asker.role = ROLE_LOGOUT;
    assert_false(judge_forward(&world.rules, &asker, 0, &now, &change));
    assert_false(change.store);
}

static void logins_in_flight_are_counted_as_far_as_they_can_be(void **state)
{
    struct session now = session_of(1, "aoki", NULL);
    struct asker asker = {.role = ROLE_LOGIN, .unsafe = true, .token_count = 1};
    struct change change;

    (void)state;
    now.pending = UINT8_MAX - 1;
    assert_true(judge_forward(&world.rules, &asker, 0, &now, &change));
    assert_int_equal(change.next.pending, UINT8_MAX);
    now.pending = UINT8_MAX;
    assert_true(judge_forward(&world.rules, &asker, 0, &now, &change));
    assert_int_equal(change.next.pending, UINT8_MAX);
}

static void confirm(uint32_t token, const char *name)
{
    assert_int_equal(world_login(&world, &trip, 0, name, token), VERDICT_RELEASE);
    assert_int_equal(world_page(&world, &trip, token, name), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, token).binding, BINDING_CONFIRMED);
    assert_int_equal(world_view(&world, token).claim_count, 0);
}

static void the_former_user_closes_a_claim_when_no_login_is_in_flight(void **state)
{
    struct trip login;
    struct trip page;

    (void)state;
    confirm(T1, "aoki");
    assert_true(world_view(&world, T1).by_login);
    trip_ask(&page, T1);
    trip_forward(&world, &page);
    (void)trip_mark(&page, "aoki");
    trip_ask(&login, T1);
    trip_log_in(&login, "baba");
    trip_forward(&world, &login);
    assert_int_equal(world_view(&world, T1).claim_count, 1);
    assert_int_equal(trip_end(&world, &page), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, T1).claim_count, 1);
    assert_int_equal(trip_end(&world, &login), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, T1).claim_count, 1);
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, T1).claim_count, 0);
}

static void a_marker_that_decides_an_untold_login_is_by_login(void **state)
{
    (void)state;
    (void)world_page(&world, &trip, T1, NULL);
    (void)world_login(&world, &trip, T1, "aoki", 0);
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, T1).binding, BINDING_CONFIRMED);
    assert_true(world_view(&world, T1).by_login);
}

static void the_former_user_after_a_logout_is_not_confirmed_by_it(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    trip_ask(&trip, T1);
    trip.asker.role = ROLE_LOGOUT;
    trip_forward(&world, &trip);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, T1).binding, BINDING_UNCONFIRMED);
    assert_false(world_view(&world, T1).by_login);
}

static void a_deletion_is_no_token_that_a_login_issues(void **state)
{
    for (unsigned deletes = 0; deletes < 2; deletes++) {
        (void)state;
        trip_ask(&trip, 0);
        trip_log_in(&trip, "aoki");
        trip_forward(&world, &trip);
        trip_issue(&trip, T3);
        trip.answer.issued[0].deletion = deletes != 0;
        (void)trip_mark(&trip, "aoki");
        assert_int_equal(trip_judge(&world, &trip),
                         deletes != 0 ? VERDICT_REFUSE : VERDICT_RELEASE);
    }
}

static void what_is_settled_is_stored(void **state)
{
    struct session now = session_of(1, "aoki", NULL);
    struct asker asker = {.role = ROLE_LOGIN, .unsafe = true, .token_count = 1};
    struct change change = {.token_count = 1};

    (void)state;
    now.pending = 1;
    assert_true(judge_settle(&world.rules, &asker, &now, &change));
    assert_true(change.store);
    assert_int_equal(change.token_count, 0);
    assert_int_equal(change.next.pending, 0);
    now.id = 0;
    assert_false(judge_settle(&world.rules, &asker, &now, &change));
    assert_false(change.store);
}

/* Where no login is configured. */
static void a_page_of_the_own_user_settles_what_an_unsafe_request_stirred(void **state)
{
    (void)state;
    world.login.request.count = 0;
    (void)world_page(&world, &trip, T1, "aoki");
    (void)world_page(&world, &trip, T1, "aoki");
    assert_int_equal(world_view(&world, T1).binding, BINDING_CONFIRMED);
    trip_ask(&trip, T1);
    trip.asker.unsafe = true;
    trip_forward(&world, &trip);
    (void)trip_end(&world, &trip);
    assert_true(world_view(&world, T1).stirred);
    (void)world_page(&world, &trip, T1, "aoki");
    assert_false(world_view(&world, T1).stirred);
}

/* Whoever gives a site an address to go on to chooses what stands there. */
static void
a_redirect_with_the_token_of_another_user_is_refused_and_never_counts(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    confirm(T2, "baba");
    trip_ask(&trip, T2);
    trip_forward(&world, &trip);
    trip.answer.addressed.token = token_of(T1);
    (void)trip_end(&world, &trip);
    struct finding finding = trip_finding(&trip);
    assert_int_equal(trip.judgement.verdict, VERDICT_REFUSE);
    assert_string_equal(finding.reason, "address-token");
    assert_int_equal(finding.strength, STRENGTH_NONE);
    assert_false(finding.counts);
    assert_true(span_equal(user_span(&finding.subject), SPAN("aoki")));
    trip.answer.addressed.token = token_of(T2);
    assert_int_equal(trip_judge(&world, &trip), VERDICT_RELEASE);
    trip.answer.addressed.token = token_of(T3);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    /* It was shown, not issued. */
    struct fingerprint shown = token_of(T3);
    assert_null(world_find(&world, &shown));
    confirm(T3, "baba");
    assert_int_equal(trip_judge(&world, &trip), VERDICT_RELEASE);
}

static void a_redirect_with_the_token_of_nobody_or_an_own_one_passes(void **state)
{
    (void)state;
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    trip_issue(&trip, T3);
    (void)trip_end(&world, &trip);
    confirm(T1, "aoki");
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    trip.answer.addressed.token = token_of(T3);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    /* Forwarded before the token had an entry: it is the request's all the same. */
    trip_ask(&trip, T2);
    trip_forward(&world, &trip);
    trip.answer.addressed.token = token_of(T2);
    struct trip late = trip;
    confirm(T2, "baba");
    late.asker.session.id = 0;
    assert_int_equal(trip_judge(&world, &late), VERDICT_RELEASE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_tokens_are_mixed_unless_both_can_only_be_one_user),
        cmocka_unit_test_setup(the_viewer_is_who_it_is_now_or_was_when_he_asked, set_up),
        cmocka_unit_test_setup(an_ambiguous_viewer_is_nobody, set_up),
        cmocka_unit_test_setup(a_stateless_viewer_is_whom_the_request_names, set_up),
        cmocka_unit_test_setup(
            a_marker_is_missed_in_every_status_of_success_and_in_no_other, set_up),
        cmocka_unit_test_setup(doubt_is_told_from_a_finding, set_up),
        cmocka_unit_test_setup(an_echo_is_missed_only_where_it_is_expected, set_up),
        cmocka_unit_test_setup(a_login_is_open_unless_it_failed, set_up),
        cmocka_unit_test_setup(
            only_what_is_configured_may_answer_nobody_with_a_marked_page, set_up),
        cmocka_unit_test_setup(a_known_session_that_nobody_logged_in_on_shows_nobody,
                               set_up),
        cmocka_unit_test_setup(what_a_login_said_goes_with_the_logout, set_up),
        cmocka_unit_test_setup(only_what_was_counted_is_settled, set_up),
        cmocka_unit_test_setup(
            an_unnamed_kind_of_login_stirs_only_where_none_is_configured, set_up),
        cmocka_unit_test_setup(nothing_streams_by_a_first_marker_or_by_none, set_up),
        cmocka_unit_test_setup(what_opens_nothing_stores_nothing, set_up),
        cmocka_unit_test_setup(what_is_settled_is_stored, set_up),
        cmocka_unit_test_setup(a_deletion_is_no_token_that_a_login_issues, set_up),
        cmocka_unit_test_setup(the_former_user_after_a_logout_is_not_confirmed_by_it,
                               set_up),
        cmocka_unit_test_setup(a_marker_that_decides_an_untold_login_is_by_login, set_up),
        cmocka_unit_test_setup(
            a_login_on_a_token_that_nobody_knows_begins_an_uncertain_family, set_up),
        cmocka_unit_test_setup(logins_in_flight_are_counted_as_far_as_they_can_be,
                               set_up),
        cmocka_unit_test_setup(the_former_user_closes_a_claim_when_no_login_is_in_flight,
                               set_up),
        cmocka_unit_test_setup(
            a_page_of_the_own_user_settles_what_an_unsafe_request_stirred, set_up),
        cmocka_unit_test_setup(
            a_redirect_with_the_token_of_another_user_is_refused_and_never_counts,
            set_up),
        cmocka_unit_test_setup(a_redirect_with_the_token_of_nobody_or_an_own_one_passes,
                               set_up),
    };
    return RUN_TESTS(tests);
}
