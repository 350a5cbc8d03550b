/**
 * What the files that fill a dossier share.
 *
 * Layer: record. Only for dossier*.c.
 */
#pragma once

#include "record/db.h"
#include "record/dossier.h"
#include "record/pseudonym.h"

/** Rows of `displays` in scope: ?1 to ?2 incidents, ?3 to ?4 times. */
#define DOSSIER_SCOPE                                                                    \
    " FROM displays WHERE incident BETWEEN ?1 AND ?2 AND last_at >= ?3 AND"              \
    " first_at < ?4 AND drill = 0"
#define DOSSIER_COUNTED DOSSIER_SCOPE " AND one_of_two = 0"

/** A dossier being made. */
struct dossier_work {
    struct dossier *dossier;
    struct db *db;
    struct db_value scope[4]; /**< ?1 to ?4. */
};

/** A copy with a NUL, owned by the dossier; "" and a latched error without memory. */
const char *dossier_text(struct dossier_work *work, struct span text);

/** A query whose first parameters are the scope. `more` may be NULL. */
struct db_rows *dossier_query(struct dossier_work *work, const char *sql,
                              const struct db_value *more, size_t count);

/**
 * Room for one more of `size` bytes behind `*items_p`, zeroed; NULL past `max` or without
 * memory (the error latches).
 */
void *dossier_add(struct dossier_work *work, void *items_p, size_t *count_p, size_t size,
                  size_t max);

void dossier_read_figures(struct dossier_work *work);
void dossier_read_people(struct dossier_work *work);
void dossier_read_events(struct dossier_work *work);

/** Break-glass, and which of what was delivered it explains. Adds events. */
void dossier_read_modes(struct dossier_work *work);
