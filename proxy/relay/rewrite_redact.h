/**
 * Makes the head of an answer one of a body that was changed.
 *
 * Layer: relay. Pure: works on the text that rewrite_response() wrote.
 */
#pragma once

#include "base/writer.h"

/** Takes out of the head in `out` what described the body that was received. */
void rewrite_redact(struct writer *out);
