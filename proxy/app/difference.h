/**
 * What a new configuration changes about protection, in plain words.
 *
 * Layer: app. Pure but for memory. One engine for `check --against`, reloads and starts.
 * Every rule is written once, as what is less than before, with its words for both
 * directions; comparing the other way round gives what is more. Routes are compared by
 * which of them takes the same request, not by their texts (app/crossing.h), so that a
 * route that is new or was moved is seen as well. What changes and is neither is named by
 * its key.
 */
#pragma once

#include "app/config.h"

enum effect {
    EFFECT_WEAKER,
    EFFECT_STRONGER,
    EFFECT_NEUTRAL,
};

/** How the new configuration is taken. */
enum taken {
    TAKEN_BY_START,
    TAKEN_BY_RELOAD, /**< The addresses that are listened on stay. */
};

enum {
    DIFFERENCE_LINES_MAX = 200, /**< Of one effect; past it only the count goes on. */
    DIFFERENCE_TEXT_MAX = 400,  /**< Bytes of a line with its NUL; longer is cut. */
};

struct difference;

/** From `old` to `next`. Owns: difference_free(). NULL: memory. */
struct difference *difference_new(const struct config *old, const struct config *next,
                                  enum taken taken);

void difference_free(struct difference **self_p);

size_t difference_count(const struct difference *self, enum effect effect);

/** Line `index` of an effect, without full stop; NULL past the last one that is kept. */
const char *difference_text(const struct difference *self, enum effect effect,
                            size_t index);

/** `weaker`, `stronger`, `changed`. */
const char *effect_name(enum effect effect);
