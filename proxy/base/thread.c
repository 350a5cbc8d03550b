#include "base/thread.h"

#include "base/span.h"

bool thread_start(pthread_t *out, const char *name, void *(*run)(void *arg), void *arg)
{
    char short_name[THREAD_NAME_MAX + 1];
    pthread_t thread;

    if (pthread_create(&thread, NULL, run, arg) != 0) {
        return false;
    }
    (void)span_copy(span_of(name), short_name, sizeof(short_name));
    (void)pthread_setname_np(thread, short_name); /* Only a name. */
    *out = thread;
    return true;
}
