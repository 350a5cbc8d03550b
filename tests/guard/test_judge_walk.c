/* A correct site in small, driven at random through the judge: never a finding.
 * The same with one answer swapped: always refused. The same driven by an
 * abuser: nothing counts.
 */
#include <stdio.h>

#include "guard/judge_site.h"
#include "support/test.h"

static void report(const struct ride *ride, unsigned style, size_t step)
{
    struct finding finding = trip_finding(&ride->trip);
    const struct session *view = &ride->trip.asker.session;
    fail_msg("style %u step %zu: %s by %s, want %d user %u shown %u token %u "
             "issued %u "
             "strength %d counts %d; view: id %lu gen %u binding %d claims %u "
             "pending %u",
             style, step, finding.reason, detector_name(finding.detector), ride->want,
             ride->user, ride->shown, ride->token, ride->issued, finding.strength,
             finding.counts, (unsigned long)view->id, view->generation, view->binding,
             view->claim_count, view->pending);
}

static void a_correct_site_never_gives_a_finding(void **state)
{
    (void)state;
    size_t spanning = 0;
    size_t doubted = 0;
    site.exchanges = 0;
    site.released_marked = 0;
    for (unsigned n = 0; n < STYLES; n++) {
        site_reset(style_of(n), n + 1);
        size_t before = site.exchanges;
        for (size_t step = 0; site.exchanges < before + 1000; step++) {
            struct ride *ride = &site.rides[roll(TRIPS)];
            if (ride->stage == STAGE_FREE) {
                browse(ride);
            } else if (ride->stage == STAGE_SENT) {
                site_answer(ride);
            } else if (ride_end(ride, ride->shown) == VERDICT_RELEASE) {
                deliver(ride);
            } else if (spans_two_logins(ride)) {
                spanning++;
            } else if (is_doubted(ride)) {
                doubted++;
            } else {
                report(ride, n, step);
            }
            if (roll(400) == 0) {
                forget(site.cookie[roll(BROWSERS)]);
            }
        }
    }
    assert_true(site.exchanges >= 100000);
    assert_true(spanning < site.exchanges / 500);
    assert_true(doubted > 0 && doubted < site.exchanges / 1000);
    assert_true(site.released_marked > 20000);
}

static void a_swapped_answer_is_refused_and_strong_when_confirmed(void **state)
{
    (void)state;
    size_t swapped = 0;
    size_t strong = 0;
    for (unsigned n = 0; n < STYLES; n++) {
        site_reset(style_of(n), n + 77);
        size_t before = site.exchanges;
        while (site.exchanges < before + 400) {
            struct ride *ride = &site.rides[roll(4)];
            if (ride->stage == STAGE_FREE) {
                browse(ride);
                continue;
            }
            if (ride->stage == STAGE_SENT) {
                site_answer(ride);
                continue;
            }
            struct session now = world_view(&site.world, ride->token);
            bool swap = roll(4) == 0 && ride->want == WANT_PAGE && ride->shown != 0 &&
                        now.binding == BINDING_CONFIRMED && now.claim_count == 0 &&
                        now.generation == ride->trip.asker.session.generation &&
                        ride->trip.asker.session.claim_count == 0 &&
                        ride_is_alone(ride) &&
                        user_equal(&now.requester, &ride->trip.asker.session.requester);
            if (!swap) {
                if (ride_end(ride, ride->shown) == VERDICT_RELEASE) {
                    deliver(ride);
                }
                continue;
            }
            swapped++;
            unsigned foreign = 1 + ride->shown % USERS;
            assert_int_equal(ride_end(ride, foreign), VERDICT_REFUSE);
            struct finding finding = trip_finding(&ride->trip);
            assert_int_equal(finding.strength, STRENGTH_STRONG);
            assert_true(finding.counts);
            strong++;
            struct session after = world_view(&site.world, ride->token);
            assert_true(user_equal(&after.requester, &now.requester));
        }
    }
    assert_true(swapped > 1000);
    assert_int_equal(strong, swapped);
}

static void an_abuser_alone_never_makes_anything_count(void **state)
{
    (void)state;
    for (unsigned n = 0; n < STYLES; n++) {
        site_reset(style_of(n), n + 31);
        size_t before = site.exchanges;
        for (size_t step = 0; site.exchanges < before + 800; step++) {
            struct ride *ride = &site.rides[roll(TRIPS)];
            if (ride->stage == STAGE_FREE) {
                abuse(ride, true);
                continue;
            }
            if (ride->stage == STAGE_SENT) {
                site_answer(ride);
                continue;
            }
            enum verdict verdict = ride_end(ride, ride->shown);
            struct finding finding = trip_finding(&ride->trip);
            if (finding.strength == STRENGTH_STRONG || finding.counts) {
                report(ride, n, step);
            }
            if (verdict == VERDICT_RELEASE && ride->issued != 0) {
                unsigned slot =
                    site.purse_count < PURSE_MAX ? site.purse_count++ : roll(PURSE_MAX);
                site.purse[slot] = ride->issued;
            }
            if (roll(300) == 0 && site.purse_count > 0) {
                forget(site.purse[roll(site.purse_count)]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_correct_site_never_gives_a_finding),
        cmocka_unit_test(a_swapped_answer_is_refused_and_strong_when_confirmed),
        cmocka_unit_test(an_abuser_alone_never_makes_anything_count),
    };
    return RUN_TESTS(tests);
}
