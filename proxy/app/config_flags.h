/**
 * Flags of the command line as if they stood in the file.
 *
 * Layer: app. A flag replaces what the file says of the same key; a list begun by a flag
 * is the whole list. Places name the flag.
 */
#pragma once

#include "app/config.h"
#include "app/node.h"

/**
 * Puts `flags` into the map `root`. Errors go to `report`.
 *
 * Keeps: the names of the flags, in places, as long as nodes and report are used.
 */
void config_flags_apply(const struct config_flag *flags, size_t count,
                        struct arena *arena, struct node *root, struct report *report);

/** The known flag that is nearest to `name`; static storage. */
const char *config_flags_nearest(const char *name);

/** Flag `index` with its sentence, in the order of --help; false past the last one. */
bool config_flags_at(size_t index, const char **name_out, const char **value_out,
                     const char **sentence_out);
