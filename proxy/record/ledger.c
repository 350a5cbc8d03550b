#include "record/ledger.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/ledger_private.h"
#include "record/ledger_schema.h"

static bool look_at(const char *path, struct ledger_file *file_out)
{
    struct stat found;

    if (stat(path, &found) != 0) {
        return false;
    }
    span_copy(span_of(path), file_out->path, sizeof(file_out->path));
    file_out->inode = found.st_ino;
    file_out->device = found.st_dev;
    return true;
}

/* After a first write, so that the write-ahead log is there. */
static enum err remember_files(struct ledger *self, const struct state_dir *directory,
                               struct fault *fault_out)
{
    char path[LEDGER_PATH_MAX];
    static const char *const names[] = {"ledger.db", "ledger.db-wal"};

    db_begin(self->db, true);
    chain_load(&self->chain, self->db);
    db_run(self->db,
           "INSERT OR REPLACE INTO chain_head(id, number, head) VALUES(1, ?, ?)",
           DB_VALUES(DB_U64(self->chain.seq), DB_STRING(self->chain.head)));
    if (db_commit(self->db) != ERR_NONE) {
        fault_set(fault_out, "%s: the ledger cannot be written: %s; is the disk full?",
                  state_dir_path(directory), db_error_text(self->db));
        return ERR_STORAGE;
    }
    for (size_t i = 0; i < 2; i++) {
        state_dir_file(directory, names[i], path);
        if (!look_at(path, &self->files[i])) {
            fault_set(fault_out, "%s: missing", path);
            return ERR_STORAGE;
        }
    }
    return ERR_NONE;
}

static enum err prepare(struct ledger *self, const struct state_dir *directory,
                        struct fault *fault_out)
{
    char path[LEDGER_PATH_MAX];
    struct span key = {.ptr = state_dir_pseudonym_key(directory),
                       .len = FINGERPRINT_KEY_SIZE};

    secret_mac_start(&self->pseudonyms, key);
    json_write_init(&self->data, LEDGER_BODY_MAX);
    json_write_init(&self->body, LEDGER_BODY_MAX);
    char state_path[LEDGER_PATH_MAX];
    state_dir_file(directory, "ledger.db", path);
    state_dir_file(directory, "features.state", state_path);
    bool may_be_new = access(state_path, F_OK) != 0;
    enum err err = db_open(path, DB_WRITE_NEW, &self->db, fault_out);
    if (err == ERR_NONE) {
        err = ledger_schema_prepare(self->db, path, may_be_new, fault_out);
    }
    if (err == ERR_NONE) {
        err = remember_files(self, directory, fault_out);
    }
    return err;
}

enum err ledger_open(const struct state_dir *directory, struct ledger **self_out,
                     struct fault *fault_out)
{
    *self_out = NULL;
    struct ledger *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        fault_set(fault_out, "out of memory");
        return ERR_MEMORY;
    }
    enum err err = prepare(self, directory, fault_out);
    if (err != ERR_NONE) {
        ledger_close(&self);
    }
    *self_out = self;
    return err;
}

void ledger_close(struct ledger **self_p)
{
    struct ledger *self = *self_p;
    if (self == NULL) {
        return;
    }
    db_close(&self->db);
    json_write_free(&self->data);
    json_write_free(&self->body);
    secret_wipe(self, sizeof(*self));
    free(self);
    *self_p = NULL;
}

bool ledger_present(const struct ledger *self)
{
    for (size_t i = 0; i < 2; i++) {
        struct ledger_file now;
        if (!look_at(self->files[i].path, &now) || now.inode != self->files[i].inode ||
            now.device != self->files[i].device) {
            return false;
        }
    }
    return true;
}

/* The chain goes on where it ends now: during an upgrade two processes write. */
void ledger_begin(struct ledger *self, bool durable)
{
    memcpy(self->told, self->told_committed, sizeof(self->told));
    self->added = 0;
    db_begin(self->db, durable);
    chain_load(&self->chain, self->db);
}

enum err ledger_commit(struct ledger *self)
{
    enum err err = db_commit(self->db);
    if (err == ERR_NONE) {
        memcpy(self->told_committed, self->told, sizeof(self->told));
        self->added_committed += self->added;
    }
    self->added = 0;
    return err;
}

/* As large as what a refusal writes: one page more often fits where that does not. */
void ledger_probe(struct ledger *self)
{
    db_run(self->db,
           "INSERT OR REPLACE INTO probe(id, filler) VALUES(1, randomblob(65536))", NULL,
           0);
}

const char *ledger_error_text(const struct ledger *self)
{
    return db_error_text(self->db);
}

uint64_t ledger_take_added(struct ledger *self)
{
    uint64_t added = self->added_committed;
    self->added_committed = 0;
    return added;
}

uint64_t ledger_open_count(struct ledger *self)
{
    db_clear(self->db);
    return db_one_u64(
        self->db, "SELECT count(*) FROM incidents WHERE closed_at IS NULL AND drill = 0",
        0);
}
