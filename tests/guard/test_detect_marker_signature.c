#include "guard/detect.h"
#include "guard/judge_world.h"
#include "support/test.h"

static struct findings detect(uint32_t forged_mask)
{
    const struct answer answer = {.forged_mask = forged_mask};
    const struct evidence evidence = {.answer = &answer};
    const struct scene scene = {.evidence = &evidence};
    struct findings findings = {0};

    detect_marker_signature(&scene, &findings);
    return findings;
}

static void a_wrong_signature_is_a_finding_of_its_class(void **state)
{
    (void)state;
    assert_int_equal(detect(0).count, 0);
    struct findings findings = detect(UINT32_C(1) << 31 | 1U << 5);
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings.items[0].detector, DETECTOR_MARKER_SIGNATURE);
    assert_string_equal(findings.items[0].reason, "bad-signature");
    assert_int_equal(findings.items[0].marker_class, 5);
    assert_int_equal(detect(UINT32_C(1) << 31).items[0].marker_class, 31);
}

static void a_wrong_signature_refuses_whoever_asks_and_never_counts(void **state)
{
    (void)state;
    static struct world world;
    static struct trip trip;

    world_init(&world);
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    trip.answer.complete = false;
    trip.answer.forged_mask = 1;
    assert_int_equal(trip_judge(&world, &trip), VERDICT_REFUSE);
    assert_int_equal(trip.judgement.findings.items[0].strength, STRENGTH_NONE);
    assert_false(trip.judgement.findings.items[0].counts);
    assert_int_equal(trip.judgement.findings.items[0].action, FINDING_REFUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_signature_is_a_finding_of_its_class),
        cmocka_unit_test(a_wrong_signature_refuses_whoever_asks_and_never_counts),
    };
    return RUN_TESTS(tests);
}
