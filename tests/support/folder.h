/** A folder of the test's own, entered by it and removed when its process ends. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder_path[] = "/tmp/countermark-test-XXXXXX";
static pid_t folder_owner;

static inline int folder_remove_one(const char *path, const struct stat *status, int kind,
                                    struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

/* A child that the test forked has no part in it. */
static inline void folder_remove(void)
{
    if (getpid() == folder_owner && chdir("/") == 0) {
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): the test's threads have ended. */
        (void)nftw(folder_path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
}

/* Makes a folder and goes there; group setup. */
static inline int folder_enter(void **state)
{
    *state = folder_path;
    if (mkdtemp(folder_path) == NULL) {
        return -1;
    }
    folder_owner = getpid();
    return atexit(folder_remove) == 0 ? chdir(folder_path) : -1;
}
