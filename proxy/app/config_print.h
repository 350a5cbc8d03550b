/**
 * The table of options written out for people and editors.
 *
 * Layer: app. config/countermark.yaml and config/countermark.schema.json are these texts;
 * a test says that they are current.
 */
#pragma once

#include <stdio.h>

/** A valid configuration with every key, its meaning, range and default. */
void config_print_reference(FILE *file);

/** JSON Schema (2020-12) of the configuration. */
void config_print_schema(FILE *file);
