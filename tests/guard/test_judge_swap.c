/* No missed leak: the site of judge_site.h in all its styles, and now and then an answer
 * that is another user's, at any moment: while somebody logs in or out, while tokens
 * change, on first pages, on forgotten and forged tokens, for nobody. It is never
 * released, but where product.md section 5 says that it cannot be known:
 *
 *   - the session's user is not known: the first marker binds;
 *   - a login is open that names nobody (single sign-on, more than are told apart);
 *   - a login is open, or was when the request went out, under that user's own name;
 *   - that user was there before a login or logout that the exchange overlaps, or before
 *     a logout that nobody saw the site do.
 *
 * COUNTERMARK_SWAPS=N plays N exchanges in each style. */
#include <stdio.h>
#include <stdlib.h>

#include "guard/judge_site.h"
#include "support/test.h"

enum { SWAPS_EACH = 1500, PLAYS = 2 * STYLES };

static struct {
    size_t injected;
    size_t refused;
    size_t excused;
    size_t strangers; /* Released of somebody who was never there. */
} tally;

static bool is(const struct user *user, unsigned number)
{
    return span_equal(user_span(user), span_of(name_of(number)));
}

/* May `session` show the user by what was typed or by who was there? */
static bool expects(const struct session *session, unsigned user)
{
    bool found = session->requester.len > 0 && is(&session->requester, user);

    for (unsigned i = 0; i < session->claim_count; i++) {
        found = found || session->claims[i].len == 0 || is(&session->claims[i], user);
    }
    return found;
}

static bool cannot_be_known(const struct ride *ride, const struct session *now,
                            unsigned foreign)
{
    const struct asker *asker = &ride->trip.asker;
    bool logs_in = asker->role == ROLE_LOGIN || asker->role == ROLE_CALLBACK;

    if (logs_in && (asker->claim.len == 0 || is(&asker->claim, foreign))) {
        return true;
    }
    if (asker->token_count == 0) {
        bool unseen = site.style.no_login_policy && asker->unsafe && ride->issued != 0;
        return unseen; /* A login by a way that nobody named. */
    }
    if (now->id == 0 && asker->session.id == 0) {
        return true;
    }
    if (site.style.no_login_policy && now->binding == BINDING_NONE) {
        return true;
    }
    return expects(now, foreign) || expects(&asker->session, foreign);
}

static void inject(struct ride *ride, unsigned style)
{
    struct session now = world_view(&site.world, ride->token);
    unsigned foreign = 1 + roll(STRANGER);

    if (foreign == ride->shown || foreign == ride->user) {
        foreign = STRANGER;
    }
    bool excused = cannot_be_known(ride, &now, foreign);
    struct trip *trip = &ride->trip;
    ride->status = 200;
    tally.injected++;
    if (ride_end(ride, foreign) == VERDICT_REFUSE) {
        tally.refused++;
    } else if (excused) {
        tally.excused++;
        tally.strangers += foreign == STRANGER;
        forget(ride->token); /* Bound to the wrong one for good. */
        forget(ride->issued);
        site.cookie[ride->browser] = 0;
    } else {
        fail_msg("style %u: %s to want %d user %u token %u issued %u, kind %d role %d; "
                 "now binding %d generation %u claims %u, then %d %u %u",
                 style, name_of(foreign), ride->want, ride->user, ride->token,
                 ride->issued, trip->asker.kind, trip->asker.role, now.binding,
                 now.generation, now.claim_count, trip->asker.session.binding,
                 trip->asker.session.generation, trip->asker.session.claim_count);
    }
}

static void play(unsigned style, size_t count)
{
    struct style played = style_of(style % STYLES);

    played.no_login_policy = style >= STYLES && style % 2 == 0;
    site_reset(played, style + 501);
    size_t before = site.exchanges;
    while (site.exchanges < before + count) {
        struct ride *ride = &site.rides[roll(TRIPS)];
        if (ride->stage == STAGE_FREE) {
            browse(ride);
        } else if (ride->stage == STAGE_SENT) {
            site_answer(ride);
        } else if (roll(8) == 0) {
            inject(ride, style);
        } else if (ride_end(ride, ride->shown) == VERDICT_RELEASE) {
            deliver(ride);
        }
        if (roll(200) == 0) {
            forget(site.cookie[roll(BROWSERS)]); /* Idle, or we were restarted. */
        }
    }
}

static void another_users_answer_is_never_released_but_where_nobody_can_know(void **state)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread.
    const char *wish = getenv("COUNTERMARK_SWAPS");
    size_t each = wish != NULL ? strtoul(wish, NULL, 10) : SWAPS_EACH;

    (void)state;
    for (unsigned style = 0; style < PLAYS; style++) {
        play(style, each);
    }
    print_message("%zu swapped, %zu refused, %zu where it cannot be known, %zu of a "
                  "stranger\n",
                  tally.injected, tally.refused, tally.excused, tally.strangers);
    assert_int_equal(tally.refused + tally.excused, tally.injected);
    assert_true(tally.refused > tally.injected / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            another_users_answer_is_never_released_but_where_nobody_can_know),
    };
    return RUN_TESTS(tests);
}
