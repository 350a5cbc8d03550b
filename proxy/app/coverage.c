#include "app/coverage.h"

static const double GOOD = 0.9;
static const double FALL = 0.1;

/* Chance explains two standard deviations: of few responses more of a fall. */
static bool has_fallen(double before, double share, uint64_t count)
{
    double mean = (before + share) / 2;
    double past = before - share - FALL;

    return past > 0 && past * past > 4 * mean * (1 - mean) / (double)count;
}

bool coverage_lost(struct coverage *self, uint64_t marked, uint64_t unmarked,
                   double *share_out)
{
    if (marked < self->marked || unmarked < self->unmarked) {
        *self = (struct coverage){0}; /* Counted anew. */
    }
    uint64_t with = marked - self->marked;
    uint64_t count = with + unmarked - self->unmarked;
    if (count < COVERAGE_COUNT_MIN) {
        return false;
    }
    *share_out = (double)with / (double)count;
    bool lost = self->best > 0 && has_fallen(self->best, *share_out, count);
    if (lost) {
        self->best = 0;
    } else if (*share_out >= GOOD && *share_out > self->best) {
        self->best = *share_out;
    }
    self->marked = marked;
    self->unmarked = unmarked;
    return lost;
}
