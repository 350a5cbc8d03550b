/**
 * Passes over text and tags in which nothing can be found, fast and exactly.
 *
 * Layer: guard, for guard/scan*.c only. Pure.
 */
#pragma once

#include "guard/scan_tree.h"

/**
 * The bytes at the start of `rest`, which follows text, that are text and whole tags
 * without meaning for the tree. Stops before the `<` of anything else, and before the
 * first tag that ends after `limit` bytes, which is where a selector's literal was seen.
 */
size_t skim(const struct tree *tree, struct span rest, size_t limit);
