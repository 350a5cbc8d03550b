/**
 * The configuration last in force, kept in the state directory for the next start.
 *
 * Layer: app. A start with a file that protects less than what was in force before must
 * not be silent (I6). What is kept is the tree of file and flags as one line of YAML,
 * mode 0600, without passwords, queries and secret paths of URLs; of keys and secrets it
 * has the names of their files alone. It is read like any configuration, so the one
 * engine of differences compares it.
 */
#pragma once

#include "app/config.h"
#include "app/node.h"

enum {
    KEPT_SIZE_MAX = NODE_DOCUMENT_SIZE_MAX,
};

/** The text to keep, in `arena`; empty: it is too large, or there is no memory. */
struct span kept_text(const struct node *root, const char *folder, const char *hash,
                      struct arena *arena);

/**
 * The tree within a kept text, and the folder that its file names start in. NULL: it is
 * none; `report` says why.
 */
struct node *kept_tree(struct span text, struct arena *arena, struct report *report,
                       const char **folder_out);

/** The hash of the configuration that a kept text is of; "" when it says none. */
const char *kept_hash(struct span text, struct arena *arena);

/** Puts `text` in place of the file at `path`. NULL, or why not. */
const char *kept_store(const char *path, struct span text);

/**
 * Adds to `report` one line for each thing that is weaker in `next` than in the kept
 * text, or that it cannot be compared and why. True: the same, or nothing is weaker.
 */
bool kept_compare(struct span text, const struct config *next, struct report *report);

/**
 * The same with the file at `path`. `expected`: there was a run before this one, so that
 * a missing file is something to tell of; one that cannot be read always is.
 */
bool kept_check(const char *path, bool expected, const struct config *next,
                struct report *report);
