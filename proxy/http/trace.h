/**
 * `traceparent`: which trace a request belongs to.
 *
 * Layer: http. Pure. A broken one goes no further, and neither does the `tracestate` that
 * came with it: whoever reads it begins a trace of his own, or joins that of another.
 */
#pragma once

#include <stdbool.h>

#include "base/span.h"

/**
 * True for `VERSION-TRACE-PARENT-FLAGS` in small hex digits with neither id all zero. A
 * version after 00 may go on behind another `-`; ff is none.
 *
 * Source: W3C Trace Context, section 3.2.
 */
bool trace_parent_valid(struct span text);
