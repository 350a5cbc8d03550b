/**
 * What a valid configuration does that its author may not have meant.
 *
 * Layer: app. For `countermark check` alone: a start or reload is not the time. Each lint
 * is a warning that says why and what instead, at the place of the key. Every one has a
 * configuration in tests/app/test_lint.c that triggers it and one that does not.
 */
#pragma once

#include "app/loader.h"

/** Looks at a whole, valid snapshot; lints go to the loader's report as warnings. */
void lint_config(struct loader *loader);

/** lint_effect.c: keys that are without effect beside another one. */
void lint_effect(struct loader *loader);

/** lint_routes.c: routes and features. */
void lint_routes(struct loader *loader);

/** lint_scripts.c: paths of scripts, which servers know by more than one. */
void lint_scripts(struct loader *loader);

/** lint_sockets.c: addresses that are Unix sockets. */
void lint_sockets(struct loader *loader);
