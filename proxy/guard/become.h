/**
 * What a session becomes by an exchange: claims, bindings, generations, new tokens.
 *
 * Layer: guard. Pure: no I/O, no clock, no allocation. Inside of judge.c.
 */
#pragma once

#include "guard/detect.h"
#include "guard/judge.h"

/**
 * The session by which this exchange is judged: the entry as it is, or, for logins and
 * for askers without entry, what the exchange itself claims, made in `storage`.
 */
const struct session *become_judged_by(const struct scene *scene,
                                       struct session *storage);

/** The entry, or as it was at forwarding when it is gone since; NULL: never was. */
const struct session *become_entry_of(const struct scene *scene);

/** The response is released: fills kept, fresh and source. */
void become_released(const struct scene *scene, struct judgement *out);

/** It is refused: what was in flight has ended, tokens were never issued. */
void become_refused(const struct scene *scene, struct judgement *out);

/** Ends what login_may_change() counted at forwarding. */
void become_settled(const struct rules *rules, const struct asker *asker,
                    struct session *next);
