#include <stdlib.h>
#include <string.h>

#include "record/dossier_private.h"

/* A pseudonym, or the value where it was asked for and is still there. */
static const char *name_of(struct dossier_work *work, struct span kind, struct span id,
                           struct span value)
{
    char text[PSEUDONYM_SHORT_SIZE];

    if (work->dossier->scope.reveal && value.len > 0) {
        return dossier_text(work, value);
    }
    pseudonym_short(kind, id, text);
    return dossier_text(work, span_of(text));
}

/* Ordered by id, so that a case finds its persons. */
static void read_persons(struct dossier_work *work)
{
    struct dossier *self = work->dossier;
    struct dossier_person *person = NULL;

    struct db_rows *rows = dossier_query(
        work,
        "WITH c AS MATERIALIZED (SELECT viewer_id, subject_id, max(viewer_kind) AS kind,"
        " max(viewer) AS viewer, max(subject) AS subject,"
        " max(cut + delivered > 0) AS bytes_left" DOSSIER_COUNTED
        " AND subject_id <> '' GROUP BY viewer_id, subject_id),"
        " p AS (SELECT viewer_id AS id, kind, viewer AS value, 1 AS v, 0 AS s, 0 AS gone,"
        " bytes_left AS got FROM c UNION ALL SELECT subject_id, 'user', subject, 0, 1,"
        " bytes_left, 0 FROM c)"
        " SELECT id, max(kind), coalesce(max(value), ''), sum(v), sum(s), max(gone),"
        " max(got) FROM p GROUP BY id ORDER BY id",
        NULL, 0);
    while (db_next(rows) &&
           (person = dossier_add(work, &self->persons, &self->person_count,
                                 sizeof(*person), DOSSIER_PERSONS_MAX)) != NULL) {
        person->id = dossier_text(work, db_text(rows, 0));
        person->identified = span_equal(db_text(rows, 1), SPAN("user"));
        person->name =
            name_of(work, db_text(rows, 1), db_text(rows, 0), db_text(rows, 2));
        person->as_viewer = db_u64(rows, 3);
        person->as_subject = db_u64(rows, 4);
        person->left = db_u64(rows, 5) != 0;
        person->received = db_u64(rows, 6) != 0;
    }
    db_end(rows);
}

static int compare(const void *key, const void *item)
{
    const struct span *id = key;
    const struct dossier_person *person = item;
    size_t len = strlen(person->id);
    int order = memcmp(id->ptr, person->id, id->len < len ? id->len : len);

    return order != 0 ? order : (id->len > len) - (id->len < len);
}

/* False: among those that were left out. */
static bool find(const struct dossier *self, struct span id, size_t *place_out)
{
    const struct dossier_person *found =
        self->person_count > 0 ? bsearch(&id, self->persons, self->person_count,
                                         sizeof(*self->persons), compare)
                               : NULL;

    *place_out = found != NULL ? (size_t)(found - self->persons) : 0;
    return found != NULL;
}

static void read_case(struct dossier_work *work, struct db_rows *rows, size_t viewer,
                      size_t subject)
{
    struct dossier *self = work->dossier;
    struct dossier_case *item = dossier_add(work, &self->cases, &self->case_count,
                                            sizeof(*item), DOSSIER_CASES_MAX);
    if (item == NULL) {
        return;
    }
    *item = (struct dossier_case){
        .viewer = viewer,
        .subject = subject,
        .screens = db_u64(rows, 2),
        .displays = db_u64(rows, 3),
        .withheld = db_u64(rows, 4),
        .cut = db_u64(rows, 5),
        .delivered = db_u64(rows, 6),
        .strong = db_u64(rows, 7) > 0,
        .first_ms = db_u64(rows, 8),
        .last_ms = db_u64(rows, 9),
        .screen_names = dossier_text(work, db_text(rows, 10)),
    };
}

static void read_cases(struct dossier_work *work)
{
    struct dossier *self = work->dossier;
    size_t viewer = 0;
    size_t subject = 0;

    struct db_rows *rows = dossier_query(
        work,
        "WITH s AS (SELECT viewer_id, subject_id, screen, sum(count) AS n, sum(withheld)"
        " AS w, sum(cut) AS c, sum(delivered) AS d, sum(strong_count) AS strong,"
        " min(first_at) AS f, max(last_at) AS l, min(seq) AS q" DOSSIER_COUNTED
        " AND subject_id <> '' GROUP BY viewer_id, subject_id, screen ORDER BY q)"
        " SELECT viewer_id, subject_id, count(*), sum(n), sum(w), sum(c), sum(d),"
        " sum(strong), min(f), max(l), group_concat(screen, ' / ') FROM s"
        " GROUP BY viewer_id, subject_id ORDER BY min(f), min(q) LIMIT 20000",
        NULL, 0);
    while (db_next(rows)) {
        if (find(self, db_text(rows, 0), &viewer) &&
            find(self, db_text(rows, 1), &subject)) {
            read_case(work, rows, viewer, subject);
        }
    }
    db_end(rows);
}

void dossier_read_people(struct dossier_work *work)
{
    read_persons(work);
    read_cases(work);
}
