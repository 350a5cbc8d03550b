/**
 * Where state lives when neither the file nor a flag says it.
 *
 * Layer: app.
 */
#pragma once

#include "app/cli.h"

/** Writes the directory: root's is the system's, an ordinary user's is in the home
 * directory. Before any thread starts. */
void cli_find_state(char path[CLI_PATH_SIZE_MAX]);
