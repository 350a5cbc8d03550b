#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"

/* Set once before threads start, read by all. */
static bool journal;

void log_init(void)
{
    struct stat facts;
    unsigned long long device = 0;
    unsigned long long inode = 0;
    const char *stream =
        getenv("JOURNAL_STREAM"); // NOLINT(concurrency-mt-unsafe): at start

    /* Only when it is our standard error that goes to the journal (sd-daemon(3)). */
    journal = stream != NULL &&
              // NOLINTNEXTLINE(cert-err34-c): a number out of range matches no file.
              sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
              fstat(STDERR_FILENO, &facts) == 0 && facts.st_dev == device &&
              facts.st_ino == inode;
}

static const char *prefix_of(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return journal ? "<3>" : "error: ";
    case LOG_LEVEL_WARNING:
        return journal ? "<4>" : "warning: ";
    case LOG_LEVEL_NOTICE:
        return journal ? "<5>" : "notice: ";
    case LOG_LEVEL_INFO:
        return journal ? "<6>" : "info: ";
    }
    UNREACHABLE();
}

static size_t bounded(int len, size_t capacity)
{
    size_t count = len > 0 ? (size_t)len : 0;
    return count < capacity ? count : capacity - 1;
}

void log_write(enum log_level level, const char *format, ...)
{
    char line[LOG_LINE_MAX];
    va_list arguments;
    size_t len =
        bounded(snprintf(line, sizeof(line), "%s", prefix_of(level)), sizeof(line));
    size_t start = len;

    va_start(arguments, format);
    len += bounded(vsnprintf(line + len, sizeof(line) - len, format, arguments),
                   sizeof(line) - len);
    va_end(arguments);
    for (size_t i = start; i < len; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f) {
            line[i] = '?';
        }
    }
    line[len++] = '\n';
    while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR) {
    }
}
