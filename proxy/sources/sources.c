#include "sources/sources.h"

#include <stdlib.h>

#include "base/check.h"

enum {
    SOURCES_MAX = 4 * GRANTS_MAX, /* Those of earlier configurations included. */
};

struct sources {
    bool stopped;
    struct grant_source *items[SOURCES_MAX];
};

struct sources *sources_new(void)
{
    return calloc(1, sizeof(struct sources));
}

void sources_stop(struct sources *self)
{
    self->stopped = true;
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        if (self->items[i] != NULL) {
            grant_source_stop(self->items[i]);
        }
    }
}

void sources_free(struct sources **self_p)
{
    struct sources *self = *self_p;
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        CHECK(self->items[i] == NULL || !grant_source_held(self->items[i]));
        grant_source_free(&self->items[i]);
    }
    free(self);
    *self_p = NULL;
}

static struct grant_source *find(struct sources *self,
                                 const struct grant_settings *settings)
{
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        if (self->items[i] != NULL && grant_source_fits(self->items[i], settings)) {
            return self->items[i];
        }
    }
    return NULL;
}

static struct grant_source *make(struct sources *self,
                                 const struct grant_settings *settings)
{
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        if (self->items[i] == NULL) {
            self->items[i] = grant_source_new(settings);
            return self->items[i];
        }
    }
    return NULL;
}

struct grant_source *sources_take(struct sources *self,
                                  const struct grant_settings *settings)
{
    CHECK(!self->stopped);
    struct grant_source *source = find(self, settings);
    source = source != NULL ? source : make(self, settings);
    if (source != NULL) {
        grant_source_hold(source);
    }
    return source;
}

void sources_reap(struct sources *self)
{
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        if (self->items[i] != NULL && !grant_source_held(self->items[i])) {
            grant_source_free(&self->items[i]);
        }
    }
}
