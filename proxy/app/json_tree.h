/**
 * A JSON document as a tree: answers of our own API, for people to read.
 *
 * Layer: app. Strict (RFC 8259); depth and memory are bounded. Nodes live in an arena.
 */
#pragma once

#include "app/arena.h"
#include "base/span.h"

enum {
    JSON_TREE_DEPTH_MAX = 32,
};

enum json_tree_kind {
    JSON_TREE_NULL,
    JSON_TREE_FALSE,
    JSON_TREE_TRUE,
    JSON_TREE_NUMBER,
    JSON_TREE_STRING,
    JSON_TREE_ARRAY,
    JSON_TREE_OBJECT,
};

struct json_tree {
    enum json_tree_kind kind;
    struct span name; /**< Of a member. */
    struct span text; /**< Of a string, without escapes; of a number, as spelled. */
    struct json_tree *first;
    struct json_tree *last;
    struct json_tree *next;
};

/** NULL: malformed, too deep, or memory. */
struct json_tree *json_tree_read(struct arena *arena, struct span text);

/** Member `name`, or NULL. `self` may be NULL or no object. */
const struct json_tree *json_tree_member(const struct json_tree *self, const char *name);

/** Text of member `name` (string or number, `true`, `false`), or `fallback`. */
struct span json_tree_text(const struct json_tree *self, const char *name,
                           const char *fallback);
