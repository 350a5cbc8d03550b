/**
 * Makes an answer's head one that no shared cache keeps.
 *
 * Layer: relay. Pure: works on the text that rewrite_response() wrote, because whether an
 * answer is somebody's is only known when its body was read.
 */
#pragma once

#include "base/writer.h"

/** Takes the fields for caches out of the head in `out` and adds `private, no-store`. */
void rewrite_private(struct writer *out);
