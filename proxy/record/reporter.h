/**
 * The thread that makes reports: whoever asks goes on, and is told when one is done.
 *
 * Layer: record. One report at a time, the others wait in a bounded queue. It reads the
 * ledger over connections of its own and holds no lock of anybody's.
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "base/page.h"
#include "net/mailbox.h"
#include "record/dossier.h"
#include "record/dossier_print.h"
#include "record/state_dir.h"

enum {
    REPORTER_QUEUE_MAX = 16,
};

struct recorder;
struct reporter;

/** A question; after `mail` was delivered it is the asker's again. */
struct reporter_ticket {
    struct mail mail; /**< How the answer comes back. */
    struct mailbox *reply_to;
    struct dossier_scope scope;
    enum dossier_format format;
    enum dossier_lang lang;
    enum err err;     /**< As dossier_new(); ERR_LIMIT: too long. */
    struct page page; /**< The report; the asker ends it with page_free(). */
};

/** Starts the thread. Both outlive it; what `recorder` was told before is in a report.
 * NULL: memory. */
struct reporter *reporter_new(const struct state_dir *directory,
                              struct recorder *recorder);

/** Breaks off the report under way; tickets that still wait get no mail. */
void reporter_free(struct reporter **self_p);

/** False: too many wait already. */
MUST_USE bool reporter_ask(struct reporter *self, struct reporter_ticket *ticket);
