/**
 * Who may be shown to a session: its requester, before or after a change that the
 * exchange overlaps, the users of open claims, or the first one to come.
 *
 * Layer: guard. Pure: no I/O, no clock, no allocation.
 */
#pragma once

#include "guard/detect.h"

/** Fills `scene->owner` and `scene->seen_mask` from the observations. */
void standing_read(struct scene *scene);

/** What the value of a marker of `class`, the identity class, is to the session. */
enum standing standing_of(const struct scene *scene, const struct marker_class *class,
                          struct span value);

/** Text of a visitor may have made this observation: it proves little. */
bool standing_may_be_typed(const struct observation *seen,
                           const struct marker_class *class);

/** The value names no user, or no session, and is no marker. */
bool standing_names_nobody(const struct marker_class *class, struct span value);

/** The value is the fingerprint that went out with the request. */
bool standing_names_asker(const struct asker *asker, struct span value);

/** The class by which users are known, or `class_count` when there is none. */
size_t standing_identity_class(const struct rules *rules);

/**
 * True when nothing that may change the user overlapped the exchange, so that its marker
 * decides.
 */
bool standing_settled(const struct scene *scene);

/**
 * True when a marker of the requester makes an unconfirmed binding a confirmed one: the
 * request saw that binding, so it was made after the answer that bound. Clocks cannot
 * tell: many exchanges fit in a millisecond.
 */
bool standing_confirms(const struct scene *scene);

/** More than one login or logout came between: who was there in the middle is lost. */
bool standing_passed_through(const struct scene *scene);

/** How strong a finding about `value` is: fills strength, counts and one_of_two. */
void standing_grade(const struct scene *scene, struct span value, struct finding *out);
