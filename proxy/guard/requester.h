/**
 * Who asked, as far as one exchange can tell: for whom grants are asked.
 *
 * Layer: guard. Pure: no I/O, no clock, no allocation. Inside of judge.c.
 */
#pragma once

#include "guard/detect.h"

struct requester {
    struct span name; /**< Empty: not known. Borrowed from the scene. */
    bool confirmed;   /**< By a login, or by a marker that confirms one. */
};

/** Reads the requester of a scene whose `owner` was read. */
void requester_read(const struct scene *scene, struct requester *out);
