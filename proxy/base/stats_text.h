/**
 * The two text formats of metrics: Prometheus 0.0.4 and OpenMetrics 1.0.
 *
 * Layer: base. Pure. A room of stats.c: it knows how families and samples are written,
 * stats.c knows their values.
 */
#pragma once

#include "base/stats.h"

/** One row of stats.def. */
struct stat_family {
    enum stat_kind kind;
    const char *name;
    const char *labels; /**< Names of its labels; "": one series without. */
    const char *help;
};

const struct stat_family *stats_family(enum stat_id id);

/** Where text goes; `family` is the one whose samples are written now. */
struct stats_text {
    bool openmetrics;
    stats_write_fn *write;
    void *context;
    const struct stat_family *family;
};

/** HELP and TYPE of a family. Its samples follow. */
void stats_text_family(struct stats_text *self, enum stat_id id);

/** One sample of a counter, gauge or ratio. */
void stats_text_sample(struct stats_text *self, const char *labels, uint64_t value);

/** One bucket: `count` observations were at most `bound_us`. */
void stats_text_bucket(struct stats_text *self, const char *labels, uint64_t bound_us,
                       uint64_t count);

/** The last bucket, the sum and the count of a histogram. */
void stats_text_total(struct stats_text *self, const char *labels, uint64_t count,
                      uint64_t sum_us);

/** What the format wants behind everything. */
void stats_text_end(struct stats_text *self);
