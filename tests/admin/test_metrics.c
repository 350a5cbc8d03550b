#include "admin/metrics.h"
#include "support/test.h"

static void metrics_are_openmetrics_only_for_those_who_prefer_it(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool openmetrics;
    } cases[] = {
        {"", false},
        {"*/*", false},
        {"text/plain", false},
        {"application/openmetrics-text", true},
        {"APPLICATION/OpenMetrics-Text; version=1.0.0", true},
        {"application/openmetrics-text;q=0", false},
        {"application/openmetrics-text;q=0.5,text/plain;q=0.4", true},
        {"application/openmetrics-text;q=0.4,text/plain;version=0.0.4;q=0.5", false},
        {"application/openmetrics-text;version=1.0.0;q=0.5,"
         "application/openmetrics-text;version=0.0.1;q=0.4,"
         "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
         true},
        {"text/plain, application/openmetrics-text ; q=0.999", false},
        {"application/openmetrics-text;q=high", false},
        {"application/openmetrics-textual", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (metrics_wants_openmetrics(span_of(cases[i].accept)) != cases[i].openmetrics) {
            fail_msg("%s", cases[i].accept);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_are_openmetrics_only_for_those_who_prefer_it),
    };
    return RUN_TESTS(tests);
}
