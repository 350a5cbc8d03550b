#include "admin/metrics.h"

#include <stdint.h>

enum {
    QUALITY_ONE = 1000, /* Of `q=1`, in thousandths. */
};

/* `0.75` as 750; what is no weight counts as 0, never as more than was said. */
static unsigned quality_of(struct span text)
{
    unsigned value = 0;
    unsigned scale = QUALITY_ONE;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        if (i == 1 && byte == '.') {
            continue;
        }
        if (byte < '0' || byte > '9' || i > 4) {
            return 0;
        }
        value += (unsigned)(byte - '0') * scale;
        scale /= 10;
    }
    return value > QUALITY_ONE ? QUALITY_ONE : value;
}

/* The weight among the parameters of one media range. */
static unsigned weight_of(struct span parameters)
{
    struct span item;

    while (span_next(&parameters, ';', &item)) {
        item = span_trim(item);
        if (span_equal_nocase(span_first(item, 2), SPAN("q="))) {
            return quality_of(span_from(item, 2));
        }
    }
    return QUALITY_ONE;
}

/* The highest weight that `accept` gives to `type`, or 0. */
static unsigned wish_for(struct span accept, struct span type)
{
    unsigned best = 0;
    struct span range;
    struct span name;

    while (span_next(&accept, ',', &range)) {
        (void)span_next(&range, ';', &name);
        if (span_equal_nocase(span_trim(name), type)) {
            unsigned weight = weight_of(range);
            best = weight > best ? weight : best;
        }
    }
    return best;
}

bool metrics_wants_openmetrics(struct span accept)
{
    unsigned openmetrics = wish_for(accept, SPAN("application/openmetrics-text"));

    return openmetrics > 0 && openmetrics >= wish_for(accept, SPAN("text/plain"));
}
