/**
 * What can go wrong in the world outside this program.
 *
 * Layer: base. Zero is success; everything else is handled or handed on in the next line.
 */
#pragma once

enum err {
    ERR_NONE = 0,
#define ERR(id, sentence) ERR_##id,
#include "base/err.def"
#undef ERR
};

/** A short sentence without a full stop. Static storage. */
const char *err_text(enum err err);
