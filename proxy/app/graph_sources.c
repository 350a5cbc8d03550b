#include "app/arena.h"
#include "app/graph.h"
#include "base/log.h"

static void drop_source(void *object)
{
    grant_source_drop(object);
}

void graph_take_sources(struct graph *self, struct config *config)
{
    struct site *site = config->site;

    for (size_t i = 0; i < site->grant_count; i++) {
        struct grant_settings *grant = &site->grants[i];
        grant->source = sources_take(self->sources, grant);
        if (grant->source == NULL ||
            !arena_keep(site->arena, grant->source, drop_source)) {
            grant->source = NULL;
            log_write(LOG_LEVEL_ERROR,
                      "out of memory: grants `%s` cannot be asked, what needs them is "
                      "refused",
                      grant->name);
        }
    }
}
