/** Runs commands in this process and keeps what they say. */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"

enum { ARGUMENTS_MAX = 24, TEXT_MAX = 65536 };

static char output[TEXT_MAX];

/* Runs `countermark WORDS...`; what it says to either stream is in `output`. */
static inline int run(const char *words)
{
    char text[1024];
    char *arguments[ARGUMENTS_MAX] = {(char[]){"countermark"}};
    int count = 1;
    char *rest = NULL;
    int out = dup(STDOUT_FILENO);
    int err = dup(STDERR_FILENO);
    int file = open("out", O_RDWR | O_CREAT | O_TRUNC, 0600);

    (void)snprintf(text, sizeof(text), "%s", words);
    for (char *word = strtok_r(text, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        arguments[count++] = word;
    }
    (void)fflush(stdout);
    (void)dup2(file, STDOUT_FILENO);
    (void)dup2(file, STDERR_FILENO);
    int code = cli_main(count, arguments);
    (void)fflush(stdout);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(err, STDERR_FILENO);
    (void)close(out);
    (void)close(err);
    ssize_t len = pread(file, output, sizeof(output) - 1, 0);
    output[len > 0 ? len : 0] = '\0';
    (void)close(file);
    return code;
}
