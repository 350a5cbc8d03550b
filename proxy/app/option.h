/**
 * The table of configuration keys, and looking things up in it.
 *
 * Layer: app. Static and immutable. Rows come from options.def, which explains them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum option_shape {
    OPTION_ONE,
    OPTION_MANY,
    OPTION_WHOLE,
    OPTION_CHOICE,
    OPTION_GROUP,
    OPTION_GROUPS,
    OPTION_LATER,
};

enum option_type {
    OPTION_NO_TYPE,
#define TYPE(id, schema, words) OPTION_##id,
#include "app/option_type.def"
#undef TYPE
    OPTION_TYPE_COUNT,
};

struct option {
    const char *path; /**< `upstreams[].timeouts.connect` */
    enum option_shape shape;
    enum option_type type;
    size_t offset;       /**< Of the field in its struct. */
    size_t size;         /**< Bytes of the field. */
    size_t count_offset; /**< MANY, GROUPS: of the size_t with the number of items. */
    size_t item_size;
    bool needed;        /**< Read by option_needed(). */
    bool single;        /**< GROUPS: one map may stand in place of the list. */
    const char *preset; /**< Read by option_preset(). */
    uint64_t min;
    uint64_t max;         /**< Of a number, bytes of a text, or items of a list. */
    const char *words;    /**< CHOICE: `a|b|!c`. */
    const char *example;  /**< For the reference configuration; NULL: the preset. */
    const char *sentence; /**< What it is, for people. */
};

/** Number of rows. */
size_t option_count(void);

/** Row `index` < option_count(). */
const struct option *option_at(size_t index);

/** True when `self` stands directly in `parent` (NULL: at the top). */
bool option_is_in(const struct option *self, const struct option *parent);

/** True when it must be given. */
bool option_needed(const struct option *self);

/** Its default as it would be written; NULL: none. */
const char *option_preset(const struct option *self);

/** The last part of its path, without `[]`. */
const char *option_key(const struct option *self);

/** The row with `key` in `parent`, or NULL. */
const struct option *option_find(const struct option *parent, struct span key);

/** The key in `parent` that is nearest to `key`. Never NULL. */
const char *option_nearest(const struct option *parent, struct span key);

/** What a value of this type should be: `a duration like ...`. */
const char *option_type_words(enum option_type type);

/** Members of its JSON Schema. */
const char *option_type_schema(enum option_type type);

enum {
    OPTION_FLAG_SIZE_MAX = 64,
};

/**
 * Writes the flag that sets it (`session-idle`), without dashes. False: it stands in a
 * list or is a map, and has none.
 */
bool option_flag(const struct option *self, char *flag_out);

/** Takes the next of `words`; false when there is none. `later_out`: it had a `!`. */
bool option_next_word(struct span *words_p, struct span *word_out, bool *later_out);
