#include "notify/results.h"
#include "support/metrics_page.h"

static void results_of_every_receiver_are_there_at_zero_and_counted(void **state)
{
    (void)state;
    static const char *const SAMPLES[] = {
        "countermark_alert_deliveries_total{alert=\"soc\",result=\"retry\"}",
        "countermark_alert_deliveries_total{alert=\"soc\",result=\"done\"}",
        "countermark_alert_deliveries_total{alert=\"soc\",result=\"stopped\"}",
        "countermark_alert_deliveries_total{alert=\"chat\",result=\"given_up\"}",
    };
    struct stats *stats = stats_new();
    struct stats_block *block = stats_block_new(stats);
    const struct alert_settings alerts[] = {{.name = "soc"}, {.name = "chat"}};

    assert_null(metrics_value(stats, SAMPLES[0]));
    results_show(stats, alerts, 2);
    for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++) {
        assert_true(metrics_is_zero(stats, SAMPLES[i]));
    }
    results_count(stats, block, "soc", DELIVERY_DONE);
    assert_int_equal(*metrics_value(stats, SAMPLES[1]), '1');
    results_show(stats, alerts, 2); /* A reload takes nothing back. */
    assert_int_equal(*metrics_value(stats, SAMPLES[1]), '1');
    assert_true(metrics_is_zero(stats, SAMPLES[0]));
    stats_free(&stats);
}

static void results_need_nobody_who_counts(void **state)
{
    (void)state;
    const struct alert_settings alert = {.name = "soc"};

    results_show(NULL, &alert, 1);
    results_count(NULL, NULL, "soc", DELIVERY_GIVEN_UP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_of_every_receiver_are_there_at_zero_and_counted),
        cmocka_unit_test(results_need_nobody_who_counts),
    };
    return RUN_TESTS(tests);
}
