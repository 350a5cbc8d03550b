/**
 * What went wrong in libuv, in our words.
 *
 * Layer: net.
 */
#pragma once

#include "base/err.h"

/** `status` < 0, of libuv. */
enum err uv_error(int status);
