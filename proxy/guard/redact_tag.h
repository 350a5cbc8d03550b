/**
 * Tags of an HTML page, as they stand in it.
 *
 * Layer: guard, for redact_html.c only. Pure. Spans lie in the page.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

enum {
    REDACT_NAME_SIZE = 64,
};

/** One tag. */
struct redact_tag {
    size_t start;
    size_t end; /**< Behind its `>`. */
    bool closing;
    char name[REDACT_NAME_SIZE]; /**< In lower case; a longer one is cut. */
    struct span attributes;      /**< What stands between name and `>`. */
};

/** The tag at `at`, which is a `<`. False: it is none, or has no end. */
bool redact_tag_read(struct span body, size_t at, struct redact_tag *tag_out);

/** Behind a comment or another thing at `at` that is no tag; the end when it is open. */
size_t redact_tag_skip(struct span body, size_t at);

/** Where to read on behind a start tag: its end tag when it holds nothing but text. */
size_t redact_tag_skip_text(struct span body, const struct redact_tag *tag);

/** Takes the next attribute, its value without quotes. False: there is none. */
bool redact_tag_attribute(struct span *rest_p, struct span *name_out,
                          struct span *value_out);

/** `names` ends with NULL. */
bool redact_tag_is(const char *name, const char *const *names);
