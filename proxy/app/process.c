#include "app/process.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum err process_protect(void)
{
    const struct rlimit none = {0};

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return ERR_SYSTEM;
    }
    return ERR_NONE;
}

/* No library for one system call. */
static enum err set_rights(uint32_t rights)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
        {.effective = rights, .permitted = rights}};

    return syscall(SYS_capset, &header, data) == 0 ? ERR_NONE : ERR_SYSTEM;
}

/* Static storage of the C library; only the main thread, at start. */
static const struct passwd *find_user(const char *user)
{
    errno = 0;
    return getpwnam(user); // NOLINT(concurrency-mt-unsafe)
}

enum err process_become(const char *user)
{
    const struct passwd *entry = find_user(user);

    if (entry == NULL) {
        return errno == 0 ? ERR_SYNTAX : ERR_SYSTEM;
    }
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || initgroups(user, entry->pw_gid) != 0 ||
        setgid(entry->pw_gid) != 0 || setuid(entry->pw_uid) != 0) {
        return ERR_SYSTEM;
    }
    return set_rights(UINT32_C(1) << CAP_NET_BIND_SERVICE);
}

enum err process_drop_rights(void)
{
    return set_rights(0);
}

enum err process_make_directory(const char *path, const char *user, mode_t mode)
{
    const struct passwd *entry = find_user(user);

    if (entry == NULL) {
        return errno == 0 ? ERR_SYNTAX : ERR_SYSTEM;
    }
    if (mkdir(path, mode) != 0) {
        return errno == EEXIST ? ERR_NONE : ERR_SYSTEM;
    }
    return chown(path, entry->pw_uid, entry->pw_gid) == 0 ? ERR_NONE : ERR_SYSTEM;
}
