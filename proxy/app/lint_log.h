/**
 * What an access log says about a configuration: markers never seen, gaps, what nobody
 * guards.
 *
 * Layer: app. Reads the file once, line by line, with a count for each route; the lines
 * are those of relay/access_log.c.
 */
#pragma once

#include <stdio.h>

#include "app/config.h"

/** Adds one warning for each thing to `report`. `source`: the file's name, kept. */
void lint_log(const struct config *config, FILE *file, const char *source,
              struct report *report);
