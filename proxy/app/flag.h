/**
 * Flags with a form of their own: `--marker NAME=SELECTOR` and the like.
 *
 * Layer: app. Only for config_flags.c, which has the generic ones.
 */
#pragma once

#include "app/config.h"
#include "app/node.h"

/** The work on one flag. */
struct flag_work {
    struct arena *arena;
    struct report *report;
    struct node *root;
    struct place place;
    const struct config_flag *flag;
    const struct config_flag *before; /**< The flags before this one. */
    size_t before_count;
};

typedef void flag_apply(struct flag_work *work);

struct flag_shortcut {
    const char *name;
    const char *key; /**< Another name: the option as the file spells it; or NULL. */
    flag_apply *apply;
    const char *value; /**< As --help shows it. */
    const char *sentence;
};

size_t flag_shortcut_count(void);

/** Shortcut `index`, or NULL past the last one. */
const struct flag_shortcut *flag_shortcut_at(size_t index);

/** True when a name as given means `name`: `_`, as keys have it, is `-`. */
bool flag_names_equal(const char *a, const char *b);

/** The shortcut that is called so, or NULL. */
const struct flag_shortcut *flag_shortcut_find(const char *name);

/** Puts `text` under `key` of `map`, in place of what was there. */
void flag_put(struct flag_work *work, struct node *map, struct span key,
              struct span text);

/** The list or map under `key`; a new one when it is not there. NULL: memory. */
struct node *flag_inside(struct flag_work *work, struct node *map, struct span key,
                         enum node_kind kind);

/** The list under `key`: the file's is left out when this is the first such flag. */
struct node *flag_list(struct flag_work *work, struct node *map, struct span key);

/** Adds the parts of `texts` between commas to `list`, which may be NULL. */
void flag_add_texts(struct flag_work *work, struct node *list, struct span texts);
