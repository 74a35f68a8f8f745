#define _GNU_SOURCE
#include "watch.h"

#include <evenkeel/calls.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "boot_file.h"
#include "parameter.h"

/* One parameter of interest. The kernel makes the inode of /proc/sys/... when somebody looks, and
 * forgets it: `held` keeps the one that is watched, so that all who write it meet the watch. */
struct entry {
    struct entry* next;
    int wd, held; /* -1: it is not there */
    char name[NAME_MAX_BYTES];
};

struct ek_watch {
    const ek_watch_host* host;
    int fd, folder_wd;
    struct entry* entries;
};

ek_status open_watch(ek_instance* self, const ek_call* call, const ek_watch_host* host,
                     ek_watch** watch) {
    ek_watch* made = calloc(1, sizeof *made);
    ek_status status;
    (void)self;
    if (!made) return ek_call_no_memory(call);
    made->host = host;
    status = ek_watch_inotify(call, host, &made->fd);
    if (status != EK_OK) {
        free(made);
        return status;
    }
    /* Where the folder is not there, the sweep finds what happens to the file. */
    made->folder_wd =
        inotify_add_watch(made->fd, BOOT_FOLDER,
                          IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
    *watch = made;
    return EK_OK;
}

static void forget(ek_watch* watch, struct entry** at) {
    struct entry* entry = *at;
    if (entry->wd >= 0) inotify_rm_watch(watch->fd, entry->wd);
    if (entry->held >= 0) close(entry->held);
    *at = entry->next;
    free(entry);
}

static ek_status add(ek_watch* watch, const char* name) {
    char path[PATH_MAX_BYTES];
    struct entry* entry = calloc(1, sizeof *entry);
    if (!entry) return EK_E_UNAVAILABLE;
    memcpy(entry->name, name, strlen(name) + 1);
    path_of(name, path);
    entry->wd = -1;
    entry->held = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (entry->held >= 0) entry->wd = inotify_add_watch(watch->fd, path, IN_MODIFY);
    if (entry->held >= 0 && entry->wd < 0) {
        close(entry->held);
        free(entry);
        return EK_E_UNAVAILABLE; /* no watches are left */
    }
    entry->next = watch->entries;
    watch->entries = entry;
    return EK_OK;
}

ek_status watch_interest(ek_watch* watch, ek_str id, int32_t on) {
    char name[NAME_MAX_BYTES];
    struct entry** at = &watch->entries;
    if (!name_of(id, name)) return EK_OK; /* what is no parameter never changes */
    while (*at && strcmp((*at)->name, name) != 0) at = &(*at)->next;
    if (*at && !on) forget(watch, at);
    return *at || !on ? EK_OK : add(watch, name);
}

static ek_status on_event(ek_watch* watch, const struct inotify_event* event) {
    const int is_boot_file =
        event->wd == watch->folder_wd && event->len > 0 && strcmp(event->name, BOOT_FILE) == 0;
    const struct entry* entry;
    if (event->mask & IN_Q_OVERFLOW) ek_watch_hint(watch->host, EK_HINT_MISSED, NULL);
    for (entry = watch->entries; entry; entry = entry->next)
        if (is_boot_file || ((event->mask & IN_MODIFY) && event->wd == entry->wd))
            ek_watch_hint(watch->host, EK_HINT_CHANGED, entry->name);
    return EK_OK;
}

ek_status watch_ready(ek_watch* watch, int32_t fd, uint32_t revents) {
    (void)fd, (void)revents;
    return ek_watch_inotify_ready(watch->fd, on_event, watch);
}

void close_watch(ek_watch* watch) {
    watch->host->fd(watch->host->ctx, watch->fd, 0);
    while (watch->entries) forget(watch, &watch->entries);
    close(watch->fd);
    free(watch);
}
