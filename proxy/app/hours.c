#include "app/hours.h"

#include "base/check.h"

bool hours_take(struct hours *self, unsigned index, const struct hours_count *now,
                struct hours_count *since_out)
{
    CHECK(index < HOURS_ROUTES_MAX);
    struct hours_count *last = &self->last[index];

    *since_out = (struct hours_count){
        .marked = now->marked - last->marked,
        .unmarked = now->unmarked - last->unmarked,
        .uninspected = now->uninspected - last->uninspected,
    };
    *last = *now;
    return since_out->marked != 0 || since_out->unmarked != 0 ||
           since_out->uninspected != 0;
}
