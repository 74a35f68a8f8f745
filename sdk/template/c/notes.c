/* A whole plugin to copy: the collection `notes`, each note a file in the folder that the host
 * gives this plugin. Replace the files by the thing that your collection is about. What each
 * function owes its caller stands in evenkeel/plugin.h. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <evenkeel/calls.h>
#include <evenkeel/json.h>
#include <evenkeel/plugin.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "notes_embedded.h"

/* The schema of the configuration: there is nothing to configure. */
#define NO_OPTIONS "{\"type\":\"object\",\"additionalProperties\":false}"

enum { TEXT_MAX = 65536, ID_MAX = 64 };

struct ek_instance {
    char *folder;
    int fd; /* of the folder */
};

struct interest {
    struct interest *next;
    char name[ID_MAX + 1];
};

struct ek_watch {
    const ek_watch_host *host;
    int fd;
    struct interest *interests; /* what the host wants to hear of */
};

/* What a note is now. */
struct note {
    int is_there;
    char *text; /* free() it */
    size_t length;
};

/* ---- the files ---- */

/* The host checks ids against the schema's pattern. An id becomes the name of a file here, so look
 * again: nothing that a caller sends may leave the folder. The name ends with a zero byte; 0: it is
 * no id. */
static int name_of(ek_str id, char name[ID_MAX + 1]) {
    size_t i;
    if (!id.ptr || id.len == 0 || id.len > ID_MAX) return 0;
    for (i = 0; i < id.len; ++i) {
        const char c = id.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') return 0;
        name[i] = c;
    }
    name[id.len] = '\0';
    return 1;
}

/* 0, or an errno. */
static int load(const ek_instance *self, const char *name, struct note *note) {
    ssize_t count = 1;
    int fd = openat(self->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    memset(note, 0, sizeof *note);
    if (fd < 0) return errno == ENOENT ? 0 : errno;
    note->text = malloc(TEXT_MAX + 1);
    while (note->text && count > 0 && note->length <= TEXT_MAX) {
        count = read(fd, note->text + note->length, TEXT_MAX + 1 - note->length);
        if (count > 0) note->length += (size_t)count;
    }
    if (!note->text) errno = ENOMEM;
    if (note->length > TEXT_MAX) errno = EFBIG, count = -1;
    close(fd);
    if (note->text && count >= 0) {
        note->is_there = 1;
        return 0;
    }
    free(note->text);
    note->text = NULL;
    return errno;
}

/* Whole or not at all. 0, or -1 and errno. */
static int save(const ek_instance *self, const char *name, const char *text, size_t length) {
    static const char fresh[] = ".new"; /* no id, so nobody sees it */
    int fd = openat(self->fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    int is_good = fd >= 0;
    while (is_good && length > 0) {
        const ssize_t count = write(fd, text, length);
        is_good = count > 0;
        if (is_good) text += count, length -= (size_t)count;
    }
    is_good = is_good && fsync(fd) == 0;
    if (fd >= 0) is_good = close(fd) == 0 && is_good;
    if (!is_good || renameat(self->fd, fresh, self->fd, name) != 0) return -1;
    return fsync(self->fd);
}

/* ---- list and read ---- */

/* {"text": ...} */
static void write_state(const struct note *note, ek_json_out *out) {
    ek_json_open(out, '{');
    ek_json_key(out, "text");
    ek_json_put_text(out, note->text, note->length);
    ek_json_close(out, '}');
}

struct reading {
    const ek_instance *self;
    int found;
};

/* Sends the note if it is there, or why it cannot be read. `found` counts both. */
static ek_status tell(void *ctx, const ek_call *call, ek_str id) {
    struct reading *reading = ctx;
    char name[ID_MAX + 1];
    struct note note;
    ek_json_out state = {0};
    int reason;
    const ek_status status = ek_call_check(call);
    if (status != EK_OK || !name_of(id, name)) return status; /* what is no id is not there */
    reason = load(reading->self, name, &note);
    if (reason == 0 && !note.is_there) return EK_OK;
    ++reading->found;
    if (reason != 0) return ek_call_unreadable(call, id, reason);
    write_state(&note, &state);
    free(note.text);
    return ek_call_item(call, id, &state);
}

static ek_status list(ek_instance *self, const ek_call *call, ek_str filter) {
    struct reading reading = {self, 0};
    struct dirent *entry;
    DIR *folder;
    ek_str ids;
    ek_status status = ek_call_filter(call, filter, &ids);
    if (status != EK_OK) return status;
    if (ids.ptr) return ek_call_each_id(call, ids, tell, &reading);
    folder = opendir(self->folder);
    if (!folder) return ek_call_fail_errno(call, errno, "list", self->folder);
    while (status == EK_OK && (entry = readdir(folder)) != NULL)
        status = tell(&reading, call, ek_json_str(entry->d_name));
    closedir(folder);
    return status;
}

static ek_status read_ids(ek_instance *self, const ek_call *call, ek_str ids) {
    struct reading reading = {self, 0};
    const ek_status status = ek_call_each_id(call, ids, tell, &reading);
    if (status != EK_OK || reading.found > 0) return status;
    return ek_call_fail(call, EK_E_NOT_FOUND, NULL, "there is no such note");
}

/* ---- apply and remove ---- */

/* Finds out what differs, then does it and says so: the same lines plan and apply. */
static ek_status change_note(ek_instance *self, const ek_call *call, const char *name,
                             const struct note *now, const struct note *wanted) {
    const int differs = !now->is_there || now->length != wanted->length ||
                        memcmp(now->text, wanted->text, now->length) != 0;
    const ek_str before = {now->text, now->length}, after = {wanted->text, wanted->length};
    ek_status status = EK_OK, last = EK_OK;
    if (!differs) return EK_OK;
    if (!ek_call_is_plan(call) && save(self, name, wanted->text, wanted->length) != 0)
        return ek_call_fail_errno(call, errno, "write the note", name);
    /* Done is done: say so to the end, even if the call is cancelled meanwhile. */
    if (!now->is_there) status = ek_call_change_ensure(call, 1);
    if (after.ptr) last = ek_call_change_text(call, "/text", before, after, ek_call_outcome(call));
    return status != EK_OK ? status : last;
}

static ek_status apply(ek_instance *self, const ek_call *call, ek_str id, ek_str desired) {
    char name[ID_MAX + 1];
    struct note now, wanted = {0};
    const struct note *after;
    int reason;
    ek_status status = ek_call_check(call);
    if (status != EK_OK) return status;
    if (!name_of(id, name))
        return ek_call_fail(call, EK_E_INVALID, NULL, "this is no id of a note");
    status = ek_call_text(call, desired, "text", &wanted.text, &wanted.length);
    if (status != EK_OK) return status;
    reason = load(self, name, &now);
    after = wanted.text ? &wanted : &now; /* what is not described stays as it is */
    if (reason != 0) status = ek_call_fail_errno(call, reason, "read the note", name);
    else if (wanted.length > TEXT_MAX)
        status = ek_call_fail(call, EK_E_INVALID, "/text", "text is longer than 65536 bytes");
    else status = change_note(self, call, name, &now, after);
    if (status == EK_OK && !ek_call_is_plan(call)) {
        ek_json_out state = {0};
        write_state(after, &state);
        status = ek_call_state(call, &state);
    }
    free(wanted.text);
    free(now.text);
    return status;
}

static ek_status remove_note(ek_instance *self, const ek_call *call, ek_str id) {
    char name[ID_MAX + 1];
    struct stat info;
    ek_status status = ek_call_check(call);
    if (status != EK_OK) return status;
    if (!name_of(id, name))
        return ek_call_fail(call, EK_E_INVALID, NULL, "this is no id of a note");
    if (fstatat(self->fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? EK_OK : ek_call_fail_errno(call, errno, "look at the note", name);
    if (!ek_call_is_plan(call) && unlinkat(self->fd, name, 0) != 0 && errno != ENOENT)
        return ek_call_fail_errno(call, errno, "remove the note", name);
    return ek_call_change_ensure(call, 0);
}

/* ---- the watch: whoever changes a note, the host hears of it at once ---- */

static ek_status watch_open(ek_instance *self, const ek_call *call, const ek_watch_host *host,
                            ek_watch **watch) {
    ek_watch *made = calloc(1, sizeof *made);
    ek_status status;
    if (!made) return ek_call_no_memory(call);
    made->host = host;
    status = ek_watch_inotify(call, host, &made->fd);
    if (status == EK_OK && inotify_add_watch(made->fd, self->folder,
                                             IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
                                                 IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR) < 0) {
        status = ek_call_fail_errno(call, errno, "watch", self->folder);
        host->fd(host->ctx, made->fd, 0);
        close(made->fd);
    }
    if (status == EK_OK) *watch = made;
    else free(made);
    return status;
}

/* Where the interest stands in the list, or where the list ends. */
static struct interest **find(ek_watch *watch, const char *name) {
    struct interest **at = &watch->interests;
    while (*at && strcmp((*at)->name, name) != 0) at = &(*at)->next;
    return at;
}

/* The folder is watched whole, so that nothing has to be asked of the system here. */
static ek_status watch_interest(ek_watch *watch, ek_str id, int32_t on) {
    char name[ID_MAX + 1];
    struct interest **at, *old;
    if (!name_of(id, name)) return EK_E_INVALID;
    at = find(watch, name);
    old = *at;
    if (on && !old) {
        *at = calloc(1, sizeof **at);
        if (!*at) return EK_E_UNAVAILABLE;
        memcpy((*at)->name, name, sizeof name);
    } else if (!on && old) {
        *at = old->next;
        free(old);
    }
    return EK_OK;
}

static ek_status on_event(ek_watch *watch, const struct inotify_event *event) {
    if (event->mask & IN_Q_OVERFLOW) ek_watch_hint(watch->host, EK_HINT_MISSED, NULL);
    if (event->mask & IN_IGNORED) return EK_E_UNAVAILABLE; /* the folder is gone */
    if (event->len > 0 && *find(watch, event->name))
        ek_watch_hint(watch->host, EK_HINT_CHANGED, event->name);
    return EK_OK;
}

static ek_status watch_ready(ek_watch *watch, int32_t fd, uint32_t revents) {
    (void)fd, (void)revents;
    return ek_watch_inotify_ready(watch->fd, on_event, watch);
}

static void watch_close(ek_watch *watch) {
    struct interest *next;
    watch->host->fd(watch->host->ctx, watch->fd, 0);
    close(watch->fd);
    for (; watch->interests; watch->interests = next) {
        next = watch->interests->next;
        free(watch->interests);
    }
    free(watch);
}

/* ---- the module ---- */

static const ek_collection table = {
    .size = sizeof(ek_collection),
    .schema_version = 1,
    .caps = EK_CAP_LIST | EK_CAP_READ | EK_CAP_APPLY | EK_CAP_REMOVE | EK_CAP_PLAN | EK_CAP_WATCH,
    .name = {"notes", sizeof "notes" - 1},
    .schema_json = {ek_schema, sizeof ek_schema - 1},
    .config_schema_json = {NO_OPTIONS, sizeof NO_OPTIONS - 1},
    .list = list,
    .read = read_ids,
    .apply = apply,
    .remove = remove_note,
    .watch_open = watch_open,
    .watch_interest = watch_interest,
    .watch_ready = watch_ready,
    .watch_close = watch_close,
};
static const ek_collection *const collections[] = {&table};

static void close_instance(ek_instance *self) {
    if (self->fd >= 0) close(self->fd);
    free(self->folder);
    free(self);
}

static ek_status open_instance(const ek_host *host, const ek_call *call,
                               const ek_collection *collection, ek_str config,
                               ek_instance **instance) {
    ek_instance *self;
    (void)collection, (void)config;
    *instance = NULL;
    if (!host->data_dir.ptr)
        return ek_call_fail(call, EK_E_UNAVAILABLE, NULL,
                            "this host gives a plugin no folder of its own");
    self = calloc(1, sizeof *self);
    if (self) self->folder = strndup(host->data_dir.ptr, host->data_dir.len);
    if (!self || !self->folder) {
        free(self);
        return ek_call_no_memory(call);
    }
    self->fd = open(self->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->fd < 0) {
        const ek_status status = ek_call_fail_errno(call, errno, "open", self->folder);
        close_instance(self);
        return status;
    }
    *instance = self;
    return EK_OK;
}

static const ek_module module = {
    .size = sizeof(ek_module),
    .abi_major = EK_ABI_MAJOR,
    .abi_minor = EK_ABI_MINOR,
    .id = {"org.example.notes", sizeof "org.example.notes" - 1},
    .version = {"0.1.0", sizeof "0.1.0" - 1},
    .manifest_json = {ek_manifest, sizeof ek_manifest - 1},
    .collections = collections,
    .collection_count = 1,
    .open = open_instance,
    .close = close_instance,
};

const ek_module *ek_module_v1(void) {
    return &module;
}
