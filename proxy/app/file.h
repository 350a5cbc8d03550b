/**
 * Small files as a whole: the configuration and what it names.
 *
 * Layer: app. Blocking; only when a configuration is read.
 */
#pragma once

#include "app/arena.h"
#include "base/check.h"
#include "base/span.h"

/**
 * The content, followed by a NUL, in `arena`.
 *
 * Errors: the reason (static); NULL when it was read. It does not exist, is no regular
 *         file, cannot be read, is larger than `size_max`.
 */
const char *file_read(struct arena *arena, const char *path, size_t size_max,
                      struct span *content_out);

enum {
    FILE_READ = 1,
    FILE_WRITE = 2,
};

/** What everybody may do with the file, by its mode; 0 when it is not there. */
unsigned file_others_may(const char *path);
