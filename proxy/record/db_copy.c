#include <sqlite3.h>

#include "record/db.h"
#include "record/db_private.h"

enum {
    COPY_PAGES = 512, /* At a time: 2 MiB. */
    COPY_BUSY_MS = 20,
};

static enum err copy_fault(sqlite3 *to, const char *target, struct fault *fault_out)
{
    fault_set(fault_out, "%s: %s", target, sqlite3_errmsg(to));
    return ERR_STORAGE;
}

static int copy_pages(sqlite3_backup *backup, void (*progress)(unsigned percent))
{
    int result = SQLITE_OK;

    while (result == SQLITE_OK || result == SQLITE_BUSY || result == SQLITE_LOCKED) {
        result = sqlite3_backup_step(backup, COPY_PAGES);
        int total = sqlite3_backup_pagecount(backup);
        int left = sqlite3_backup_remaining(backup);
        if (progress != NULL && total > 0) {
            progress((unsigned)((int64_t)(total - left) * 100 / total));
        }
        if (result == SQLITE_BUSY || result == SQLITE_LOCKED) {
            (void)sqlite3_sleep(COPY_BUSY_MS);
        }
    }
    return result;
}

/* In one read transaction: what is written meanwhile does not start it over. */
enum err db_copy(struct db *self, const char *target, void (*progress)(unsigned percent),
                 struct fault *fault_out)
{
    struct db *to = NULL;
    enum err err = db_open(target, DB_WRITE_NEW, &to, fault_out);

    if (err != ERR_NONE) {
        return err;
    }
    db_run(self, "BEGIN", NULL, 0);
    (void)db_one_u64(self, "SELECT count(*) FROM sqlite_schema", 0);
    sqlite3_backup *backup =
        sqlite3_backup_init(db_handle(to), "main", db_handle(self), "main");
    int result = backup != NULL ? copy_pages(backup, progress) : SQLITE_ERROR;
    int finished = backup != NULL ? sqlite3_backup_finish(backup) : SQLITE_ERROR;
    if (result != SQLITE_DONE || finished != SQLITE_OK || db_failed(self)) {
        err = copy_fault(db_handle(to), target, fault_out);
    }
    /* A copy is one file: nothing beside it has to be carried along. */
    db_script(to, "PRAGMA journal_mode = DELETE");
    db_rollback(self);
    db_close(&to);
    return err;
}
