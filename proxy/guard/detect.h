/**
 * What the detectors share: one exchange read once, and the form of a detector.
 *
 * Layer: guard. Pure: no I/O, no clock, no allocation. A new detector is a file
 * detect_NAME.c with its function and a row in detector.def; nothing else changes.
 */
#pragma once

#include "guard/evidence.h"
#include "guard/finding.h"

/** What a marker's value is to the session. Higher ones decide over lower ones. */
enum standing {
    STANDING_STRANGER,  /**< Zero: nobody who may be shown here. */
    STANDING_ANYBODY,   /**< Nobody is expected yet: a first marker. */
    STANDING_BEFORE,    /**< Allowed by a login or logout that was overlapped. */
    STANDING_FORMER,    /**< The requester before a logout. */
    STANDING_REQUESTER, /**< The requester. */
    STANDING_CLAIMED,   /**< The name of an open claim. */
};

/** The markers of class `must_be: requester` of one answer. */
struct owner {
    bool marked;                       /**< There is one that names a user. */
    enum standing standing;            /**< Of `seen`. */
    const struct observation *seen;    /**< The one that the session is judged by. */
    const struct observation *second;  /**< Another allowed one: two owners. */
    const struct observation *foreign; /**< A stranger's. */
    const struct observation *typed;   /**< A stranger's that a visitor may have typed. */
};

/** One exchange, read once for all detectors. */
struct scene {
    const struct evidence *evidence;
    const struct session *session; /**< What it is judged by; never NULL. */
    enum login_success success;    /**< Of this exchange's login, with all rules. */
    bool first_marker;             /**< Without a claim a first marker binds. */
    bool anonymous;                /**< No marker at all is allowed. */
    bool staff;                    /**< Anybody may be shown. */
    bool issues_new;               /**< Sets a token that no entry has. */
    uint32_t seen_mask;            /**< Classes seen with a value that names a user. */
    struct owner owner;
};

/** A detector: adds what it finds. */
typedef void detect_fn(const struct scene *scene, struct findings *findings);

#define DETECTOR(id, name, function, down, actions) detect_fn function;
#include "guard/detector.def"
#undef DETECTOR

/** Room for one more finding, zeroed but for `detector`; NULL past FINDINGS_MAX. */
struct finding *findings_add(struct findings *self, enum detector detector);

/** Lists the subject of one observation, as `graded` says, if its strength says anything.
 * One answer is scanned in several ways and may show more than there is room for: the
 * finding itself refuses it whole. */
void findings_show(struct findings *self, size_t observation,
                   const struct finding *graded);

/** True when all that `must_be: granted` and was seen so far was asked about. */
bool detect_granted_asked(const struct scene *scene);

/** True when the token came with the request: being set again says nothing. */
bool detect_presented(const struct asker *asker, const struct fingerprint *token);

/** A token that the answer sets, that is a token, and that the request did not bring. */
bool detect_issued(const struct asker *asker, const struct issued_token *issued);
