/**
 * A YAML document as a tree with the place of every value.
 *
 * Layer: app. Nodes live in the arena that they were made in. The only user of libyaml.
 * Size, depth and count are bounded; anchors, aliases, tags, several documents, keys that
 * are not plain text and keys given twice are refused: a configuration has one reading.
 */
#pragma once

#include "app/arena.h"
#include "app/report.h"
#include "base/check.h"
#include "base/span.h"

enum {
    NODE_DOCUMENT_SIZE_MAX = 1024 * 1024,
    NODE_DEPTH_MAX = 16,
    NODE_COUNT_MAX = 100000,
    NODE_KEYS_MAX = 256, /**< Of one map. */
};

enum node_kind {
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAP,
};

struct node {
    enum node_kind kind;
    bool plain; /**< A scalar without quotes. */
    struct place place;
    struct place name_place; /**< Of the key, for values of a map. */
    struct span name;        /**< The key; ends with a NUL. */
    struct span text;        /**< The scalar; ends with a NUL. */
    size_t count;            /**< Children. */
    struct node *first;
    struct node *last;
    struct node *next;
};

/**
 * Parses one document; an empty one is an empty map.
 *
 * `source`: name for places, kept as long as nodes and report are used.
 * Errors: NULL when it cannot be read to its end; `report` has the reason. Keys given
 *         twice are reported, the first one stands, and the tree is returned.
 */
struct node *node_parse(struct arena *arena, const char *source, struct span text,
                        struct report *report);

/** The value of key `name`, or NULL. `self` may be NULL. */
struct node *node_find(const struct node *self, struct span name);

/** A scalar without quotes; `text` is copied. NULL: memory. */
struct node *node_new_scalar(struct arena *arena, struct span text, struct place place);

/** An empty list or map. NULL: memory. */
struct node *node_new(struct arena *arena, enum node_kind kind, struct place place);

/** Appends `child`, which nobody else holds. */
void node_add(struct node *self, struct node *child);

/** Takes `child` out of `self`. */
void node_remove(struct node *self, struct node *child);

/** True for a plain scalar that YAML reads as null: nothing, `~`, `null`. */
bool node_is_null(const struct node *self);
