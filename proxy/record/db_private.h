/**
 * What the files of the database share.
 *
 * Layer: record. Only for db*.c.
 */
#pragma once

struct db;
struct sqlite3;

/** SQLite's connection, lent. */
struct sqlite3 *db_handle(struct db *self);
