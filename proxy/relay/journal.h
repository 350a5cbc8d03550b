/**
 * What the relay tells the record: the facts of a refusal and other events, and the way
 * to learn that they are on disk.
 *
 * Layer: relay. An interface that record/ implements: the relay sits below the record and
 * knows only this page. A posted entry is copied; post() never blocks and may be called
 * from any worker. Entries are committed in the order in which they were posted; a
 * JOURNAL_BARRIER holds nothing and is done when everything before it is on disk.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard/finding.h"
#include "guard/session.h"
#include "net/mailbox.h"

enum journal_kind {
    JOURNAL_BARRIER,
    JOURNAL_DISPLAY, /**< A finding that withheld, cut or (observing) let pass. */
    JOURNAL_EVENT,   /**< Anything else worth keeping: unmarked refusals, desyncs ... */
};

enum journal_outcome {
    JOURNAL_WITHHELD,
    JOURNAL_CUT,
    JOURNAL_DELIVERED,
};

enum {
    JOURNAL_TEXT_MAX = 256, /**< Bytes of a text below, with the NUL. */
    JOURNAL_ID_DIGITS = 32, /**< An exchange's name: 32 hex digits. */
    JOURNAL_FINDINGS_MAX = 8,
};

/** One more subject of an exchange: a row and a case of its own. Borrowed while posting.
 */
struct journal_subject {
    struct span value;
    struct span marker_class;
    enum detector detector;
    bool strong;
};

/** Facts of one exchange, by value but for `more`. Times are Unix milliseconds. */
struct journal_entry {
    enum journal_kind kind;
    enum journal_outcome outcome;
    uint64_t at_ms;          /**< Wall clock of the verdict. */
    uint64_t took_down_mask; /**< Features this entry took down. */
    uint64_t feature_mask;   /**< Features whose incident it belongs to. */
    bool strong;
    bool drill;
    bool quarantined;        /**< Sessions were, which is to be on disk as well. */
    bool one_of_two;         /**< Recorded as "one of A, B". */
    enum detector detector;  /**< The first finding's. */
    uint32_t detectors_mask; /**< All findings' detectors. */
    char reason[64];         /**< The finding's reason word. */
    char exchange_id[JOURNAL_ID_DIGITS + 1];
    char echoed_id[JOURNAL_ID_DIGITS + 1]; /**< The tag that came back, or "". */
    char previous_id[JOURNAL_ID_DIGITS +
                     1]; /**< The exchange before on that connection. */
    char previous_session[FINGERPRINT_DIGITS + 1];
    struct user viewer; /**< Nobody: unidentified. */
    bool viewer_confirmed;
    struct fingerprint session; /**< The viewer's, or none. */
    struct user subject;
    char client_address[64];
    char screen[JOURNAL_TEXT_MAX];
    char shows[2048];             /**< Items as of items.h. */
    char route[JOURNAL_TEXT_MAX]; /**< The route's pattern. */
    char method[16];
    char path[JOURNAL_TEXT_MAX];      /**< Without query and parameters. */
    unsigned status;                  /**< Of the upstream's response. */
    char upstream[128];               /**< name and address of the server. */
    uint64_t upstream_connection;     /**< Number of the connection, unique in a run. */
    uint64_t upstream_exchange_count; /**< Exchanges on that connection so far. */
    uint64_t body_size;
    char marker_class[64];
    char would_have[32]; /**< Where nothing is enforced: what would have been done. */
    const struct journal_subject *more; /**< Further subjects; displays only. */
    unsigned more_count;
};

/** Unsafe requests of one session on one route within a second. */
struct journal_write {
    uint64_t first_at_ms;
    uint64_t last_at_ms;
    unsigned count;
    struct fingerprint session;
    struct user user; /**< Nobody: not known. */
    char route[JOURNAL_TEXT_MAX];
    char screen[JOURNAL_TEXT_MAX];
    char method[16];
};

/** Why nobody can say whose data a response showed. */
enum journal_doubt_kind {
    JOURNAL_UNINSPECTED,
    JOURNAL_UNMARKED, /**< It was inspected. */
};

/** Responses that left without being verified, on one route within a second. */
struct journal_doubt {
    uint64_t first_at_ms;
    uint64_t last_at_ms;
    unsigned count;
    enum journal_doubt_kind kind;
    uint64_t feature_mask; /**< Features that the paths are in. */
    char route[JOURNAL_TEXT_MAX];
};

/**
 * A question that waits for the disk. Heap object of the asker: after on_done (on the
 * asker's own thread) it is the asker's again.
 */
struct journal_ticket {
    struct mail mail; /**< How the answer comes back. */
    struct mailbox *reply_to;
    bool committed;    /**< False: the commit failed. */
    uint64_t incident; /**< Number of the incident, 0: none. */
};

struct journal {
    void *self;
    /** Copies `entry`. `ticket` may be NULL. False: the queue is full; nothing was taken.
     */
    bool (*post)(void *self, const struct journal_entry *entry,
                 struct journal_ticket *ticket);
    /** True while the ledger does not write. Any thread. */
    bool (*failing)(void *self);
    /** Copies access evidence, which may be lost. Any thread. NULL: not kept. */
    void (*note_writes)(void *self, const struct journal_write *writes, unsigned count);
    /** Likewise. */
    void (*note_doubts)(void *self, const struct journal_doubt *doubts, unsigned count);
};

/** Bytes of a copy. */
size_t journal_entry_size(const struct journal_entry *entry);

/** A copy in one block with all that it borrows; the caller frees it. NULL: memory. */
struct journal_entry *journal_entry_copy(const struct journal_entry *entry);

/** Turns the entry to one of its further subjects. */
void journal_entry_about(struct journal_entry *entry,
                         const struct journal_subject *subject);
