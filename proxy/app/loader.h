/**
 * Walks a tree of nodes by the table of options and fills a snapshot.
 *
 * Layer: app. Lives for one load. Every error goes to the report and the walk goes on, so
 * that an operator sees all of them at once. What is read is also hashed in the order of
 * the table: the hash names the effective values, however they were written.
 */
#pragma once

#include "app/node.h"
#include "app/option.h"
#include "app/report.h"
#include "app/snapshot.h"
#include "base/check.h"
#include "base/secret.h"

struct loader {
    struct snapshot *snapshot;
    struct arena *scratch; /**< Ends with the load. */
    struct report *report;
    const struct node *root;
    const char *folder; /**< Of the file, for names of files in it; "": none. */
    const char *state_default;
    struct secret_hash hash;
};

/** Where a value goes: its field, and the struct around it. */
struct target {
    void *field;
    void *base;
};

/** Reads one value (for WHOLE: a list). False: an error was reported. */
typedef bool option_read_fn(struct loader *loader, const struct option *option,
                            const struct node *node, struct target target);

#define TYPE(id, schema, words) option_read_fn option_read_##id;
#include "app/option_type.def"
#undef TYPE

/** Reads the whole tree. False: memory is exhausted; other errors are in the report. */
MUST_USE bool loader_read(struct loader *self);

/** Makes TLS of the files that were read; what is wrong with them goes to the report. */
void loader_make_tls(struct loader *self);

/** Where the list item `index` of `list` stands; NULL: there is none. */
const struct node *loader_item(const struct node *list, size_t index);

/** Where `key` of a map stands, or the map itself, or the start of the file. */
struct place loader_place(const struct loader *loader, const struct node *map,
                          const char *key);

/** Checks what single values cannot tell: names, contradictions, what is missing. */
void loader_check(struct loader *self);

/** The part of it for two keys that cannot both be meant. */
void loader_check_clashes(struct loader *self);

/** True when two patterns of `login` are one method and path; unread ones are not. */
bool loader_same_request(const struct request_pattern *a,
                         const struct request_pattern *b);

/** The part of it for `alerts`. */
void loader_check_alerts(struct loader *self);

/** The part of it for `session.client_certificate`. */
void loader_check_certificate(struct loader *self);

/** Adds an effective value to the hash. */
void loader_note(struct loader *self, const struct option *option, struct span value);
void loader_note_number(struct loader *self, const struct option *option, uint64_t value);

/** A copy of `text` in the snapshot's memory; NULL (latched in the arena) without. */
char *loader_copy(struct loader *self, struct span text);

/** Zeroed memory of the snapshot. */
void *loader_alloc(struct loader *self, size_t size);

/** Reports `KEY must be WORDS, not TEXT`; returns false. */
bool loader_wrong(struct loader *self, const struct option *option,
                  const struct node *node);

/** Reports that `node` is not a list or map or value; returns false. */
bool loader_wrong_kind(struct loader *self, const char *key, const struct node *node,
                       enum node_kind wanted);

/** True when the scalar's length is in the row's range, else reports. */
bool loader_length(struct loader *self, const struct option *option,
                   const struct node *node);

/** Compiles a path pattern, or reports and returns NULL. */
struct path_pattern *loader_path(struct loader *self, const struct node *node,
                                 struct span text);

/** Index of the marker class `name`; false: an error at `node` was reported. */
bool loader_class(struct loader *self, const struct node *node, struct span name,
                  unsigned *index_out);

/** The name of a file as opened: next to the configuration unless absolute or a flag. */
const char *loader_file(struct loader *self, const struct node *node);
