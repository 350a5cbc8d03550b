/**
 * What the tokenizer reads at once, and what it may read later or never.
 *
 * Layer: guard, for guard/scan*.c only. Pure.
 * Pieces that the caller keeps wait until the matcher sees a literal behind them. Where
 * nothing declares the encoding they are searched for escape sequences of ISO-2022-JP
 * before they are read.
 */
#pragma once

#include "guard/scan.h"
#include "guard/scan_room.h"

/** The next piece, which the matcher has seen. */
void kept_tokenize(struct scan *self, struct span piece, enum scan_lease lease);
