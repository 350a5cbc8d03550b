#include "app/coverage.h"

static const double GOOD = 0.9;
static const double BAD = 0.5;

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
    bool lost = self->known && *share_out < BAD;
    self->known = *share_out >= GOOD || (self->known && !lost);
    self->marked = marked;
    self->unmarked = unmarked;
    return lost;
}
