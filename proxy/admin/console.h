/**
 * The console: the files of admin/console/, compiled in, and what a browser is told to
 * forbid them.
 *
 * Layer: admin. Pure. The files are code alone, so they need no token; everything that
 * they show comes from the API with the token that a person enters there. Nothing of
 * another origin, nothing inline, and no text may become markup (Trusted Types).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum {
    CONSOLE_POLICY_SIZE_MAX = 640,
};

struct console_file {
    const char *name;
    const char *type; /**< Content-Type. */
    const char *tag;  /**< ETag, with its quotes. */
    const uint8_t *bytes;
    size_t len;
};

/** Made by console.cmake. */
extern const struct console_file CONSOLE_FILES[];
extern const size_t CONSOLE_FILE_COUNT;

/** The file of that name, or NULL. */
const struct console_file *console_find(const char *name);

/**
 * The value of Content-Security-Policy, with NUL. The one style and the one script that
 * are let in beside our own files, by their digests, are those of the HTML report, which
 * is opened from the console and is bound by the console's policy.
 */
void console_policy(char *policy_out);
