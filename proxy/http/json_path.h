/**
 * Where in a JSON text a walker is, and which pointers fit so far.
 *
 * Layer: http. Pure. A value inside the walker: a stack of open containers, each with the
 * set of pointers (one bit each) of which every token up to it fits.
 */
#pragma once

#include <stdbool.h>

#include "http/json.h"

struct json_path_level {
    uint32_t matched; /**< Fits up to this container. */
    uint32_t inside;  /**< Fits the current name or index in it, too. */
    uint32_t index;   /**< Of the next element. */
    bool is_array;
};

struct json_path {
    const struct pointer *pointers;
    size_t pointer_count;
    size_t depth;                                      /**< Open containers. */
    struct json_path_level levels[JSON_DEPTH_MAX + 1]; /**< levels[0]: the document. */
};

/** Back to before the document. */
void json_path_start(struct json_path *self, const struct pointer *pointers,
                     size_t pointer_count);

/** A container begins; false when that is too deep. */
bool json_path_open(struct json_path *self, bool is_array);

/** A container ends; false when none of that kind is open. */
bool json_path_close(struct json_path *self, bool is_array);

bool json_path_in_array(const struct json_path *self);

/** An element of the open array begins. */
void json_path_enter_element(struct json_path *self);

/** A member of the open object begins. A name that is `too_long` fits only `*`. */
void json_path_enter_member(struct json_path *self, struct span name, bool too_long);

/** True when the name of a member of the open object may matter. */
bool json_path_wants_name(const struct json_path *self);

/** The pointers that end exactly at the value which begins now. */
uint32_t json_path_here(const struct json_path *self);
