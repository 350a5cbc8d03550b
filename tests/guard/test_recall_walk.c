/* A correct site whose pages carry form tokens, or where one logs in by another name than
 * the marker's, driven at random through the judge: never a finding; and an abuser alone
 * makes nothing count. */
#include "guard/judge_site.h"
#include "support/test.h"

enum { KINDS = 3 };

static struct style kind_of(unsigned n, unsigned kind)
{
    struct style style = style_of(n);
    style.own = kind != 1;
    style.alias = kind != 0;
    return style;
}

static void report(const struct ride *ride, unsigned style, unsigned kind)
{
    struct finding finding = trip_finding(&ride->trip);
    fail_msg("style %u kind %u: %s by %s, want %d user %u shown %u token %u also %u form "
             "%u issued %u strength %d counts %d",
             style, kind, finding.reason, detector_name(finding.detector), ride->want,
             ride->user, ride->shown, ride->token, ride->also, ride->form, ride->issued,
             finding.strength, finding.counts);
}

static void walk(unsigned n, unsigned kind, size_t exchanges)
{
    size_t before = site.exchanges;

    while (site.exchanges < before + exchanges) {
        struct ride *ride = &site.rides[roll(TRIPS)];
        if (ride->stage == STAGE_FREE) {
            browse(ride);
        } else if (ride->stage == STAGE_SENT) {
            site_answer(ride);
        } else if (ride_end(ride, ride->shown) == VERDICT_RELEASE) {
            deliver(ride);
        } else if (!spans_two_logins(ride) && !is_doubted(ride)) {
            report(ride, n, kind);
        }
    }
}

static bool was_shown[1000];

static void form_tokens_and_aliases_of_a_correct_site_give_no_finding(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        for (unsigned n = 0; n < STYLES; n++) {
            site_reset(kind_of(n, kind), n + 1000 * kind + 5);
            walk(n, kind, 300);
        }
    }
    assert_true(site.exchanges > 100000);
    assert_true(site.forms_shown > 20000);
    assert_true(site.learned > 300);
    site_end();
}

/* The page of another browser's session in place of the own one. */
static void a_swapped_form_token_is_always_refused(void **state)
{
    size_t swapped = 0;

    (void)state;
    for (unsigned n = 0; n < STYLES; n++) {
        site_reset(kind_of(n, 0), n + 9);
        memset(was_shown, 0, sizeof(was_shown));
        size_t before = site.exchanges;
        while (site.exchanges < before + 300) {
            struct ride *ride = &site.rides[roll(4)];
            if (ride->stage == STAGE_FREE) {
                browse(ride);
                continue;
            }
            if (ride->stage == STAGE_SENT) {
                site_answer(ride);
                continue;
            }
            uint32_t other = site.cookie[roll(BROWSERS)];
            bool swap = roll(4) == 0 && ride->form != 0 && ride->token != 0 &&
                        ride->want == WANT_PAGE && other != 0 &&
                        was_shown[site.token_form[other]] &&
                        site.token_form[other] != site.token_form[ride->token] &&
                        world_view(&site.world, other).id != 0;
            if (swap) {
                ride->form = site.token_form[other];
            }
            enum verdict verdict = ride_end(ride, swap ? 0 : ride->shown);
            if (!swap && verdict == VERDICT_RELEASE) {
                was_shown[ride->form] = true;
                deliver(ride);
            }
            if (swap) {
                swapped++;
                assert_int_equal(verdict, VERDICT_REFUSE);
            }
        }
    }
    assert_true(swapped > 500);
    site_end();
}

static void an_abuser_alone_makes_nothing_count_by_forms_or_aliases(void **state)
{
    (void)state;
    for (unsigned i = 0; i < KINDS * STYLES; i++) {
        site_reset(kind_of(i % STYLES, i / STYLES), i + 31);
        size_t before = site.exchanges;
        while (site.exchanges < before + 300) {
            struct ride *ride = &site.rides[roll(TRIPS)];
            if (ride->stage == STAGE_FREE) {
                abuse(ride, false);
                continue;
            }
            if (ride->stage == STAGE_SENT) {
                site_answer(ride);
                continue;
            }
            enum verdict verdict = ride_end(ride, ride->shown);
            struct finding finding = trip_finding(&ride->trip);
            if (finding.strength == STRENGTH_STRONG || finding.counts) {
                report(ride, i % STYLES, i / STYLES);
            }
            if (verdict == VERDICT_RELEASE && ride->issued != 0) {
                unsigned slot =
                    site.purse_count < PURSE_MAX ? site.purse_count++ : roll(PURSE_MAX);
                site.purse[slot] = ride->issued;
            }
        }
    }
    site_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form_tokens_and_aliases_of_a_correct_site_give_no_finding),
        cmocka_unit_test(a_swapped_form_token_is_always_refused),
        cmocka_unit_test(an_abuser_alone_makes_nothing_count_by_forms_or_aliases),
    };
    return RUN_TESTS(tests);
}
