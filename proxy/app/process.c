#include "app/process.h"

#include <sys/prctl.h>
#include <sys/resource.h>

enum err process_protect(void)
{
    const struct rlimit none = {0};

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return ERR_SYSTEM;
    }
    return ERR_NONE;
}
