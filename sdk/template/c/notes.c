/* A whole plugin to copy: the collection `notes`, each note a file in the folder that the host
 * gives this plugin. Replace the files by the thing that your collection is about. What each
 * function owes its caller stands in evenkeel/plugin.h. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <evenkeel/json.h>
#include <evenkeel/plugin.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
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

static ek_str part(const char *text, size_t length) {
    ek_str view;
    view.ptr = text;
    view.len = length;
    return view;
}

static ek_str words(const char *text) {
    return part(text, text ? strlen(text) : 0);
}

/* ---- answers ---- */

/* An error with its reason; `path` points into the input, or is NULL. */
static ek_diag error(ek_status status, const char *path, const char *summary) {
    ek_diag diag = {0};
    diag.size = sizeof diag;
    diag.severity = EK_SEV_ERROR;
    diag.path = words(path);
    diag.summary = words(summary);
    diag.status = status;
    return diag;
}

/* Ends a call: `return fail(...)`. */
static ek_status fail(const ek_call *call, ek_status status, const char *path,
                      const char *summary) {
    const ek_diag diag = error(status, path, summary);
    call->out->diag(call->out->ctx, &diag);
    return status;
}

/* Of the last system call. */
static ek_status fail_errno(const ek_call *call, const char *doing) {
    char summary[256];
    const int reason = errno;
    snprintf(summary, sizeof summary, "cannot %s: %s", doing, strerror(reason));
    return fail(call, reason == EACCES || reason == EPERM ? EK_E_DENIED : EK_E_UNAVAILABLE, NULL,
                summary);
}

/* Whether the call may go on: ask in every loop of unknown length. */
static ek_status check(const ek_call *call) {
    struct timespec now;
    if (call->cancelled(call)) return EK_E_CANCELLED;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (call->deadline_ns != 0 &&
        (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec >= call->deadline_ns)
        return fail(call, EK_E_TIMEOUT, NULL, "the deadline of the call has passed");
    return EK_OK;
}

static ek_status send_change(const ek_call *call, int32_t action, const char *path, ek_str before,
                             ek_str after) {
    ek_change change = {0};
    change.size = sizeof change;
    change.action = action;
    change.path = words(path);
    change.before = before;
    change.after = after;
    change.outcome = call->flags & EK_CALL_DRY_RUN ? EK_OUT_PLANNED : EK_OUT_DONE;
    return call->out->change(call->out->ctx, &change);
}

/* {"text": ...}, for the caller to free(); NULL when memory ran out. */
static char *state_of(const struct note *note, size_t *length) {
    ek_json_out out = {0};
    ek_json_open(&out, '{');
    ek_json_key(&out, "text");
    ek_json_put_text(&out, note->text, note->length);
    ek_json_close(&out, '}');
    if (out.failed) {
        free(out.text);
        return NULL;
    }
    *length = out.length;
    return out.text;
}

static ek_status send_state(const ek_call *call, const struct note *note) {
    ek_state state = {0};
    size_t length = 0;
    char *json = state_of(note, &length);
    ek_status status;
    if (!json) return fail(call, EK_E_UNAVAILABLE, NULL, "there is no memory");
    state.size = sizeof state;
    state.json = part(json, length);
    status = call->out->state(call->out->ctx, &state);
    free(json);
    return status;
}

/* ---- the files ---- */

/* The host checks ids against the schema's pattern. An id becomes the name of a file here, so look
 * again: nothing that a caller sends may leave the folder. */
static int is_id(const char *id, size_t length) {
    size_t i;
    if (length == 0 || length > ID_MAX) return 0;
    for (i = 0; i < length; ++i)
        if (!(id[i] >= 'a' && id[i] <= 'z') && !(id[i] >= '0' && id[i] <= '9') && id[i] != '-')
            return 0;
    return 1;
}

/* The id with a zero byte behind it; 0 for one that is none. */
static int name_of(ek_str id, char name[ID_MAX + 1]) {
    if (!id.ptr || !is_id(id.ptr, id.len)) return 0;
    memcpy(name, id.ptr, id.len);
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

/* ---- the collection ---- */

/* Sends the note if it is there, or why it cannot be read. `found` counts both. */
static ek_status tell(ek_instance *self, const ek_call *call, ek_str id, int *found) {
    char name[ID_MAX + 1];
    struct note note;
    ek_item item = {0};
    ek_diag diag;
    char *json = NULL;
    int reason;
    ek_status status = check(call);
    if (status != EK_OK || !name_of(id, name)) return status; /* what is no id is not there */
    reason = load(self, name, &note);
    item.size = sizeof item;
    item.id = id;
    if (reason == 0 && !note.is_there) return EK_OK;
    if (reason == 0) json = state_of(&note, &item.json.len);
    item.json.ptr = json;
    if (!json) {
        diag = error(EK_E_UNAVAILABLE, NULL, strerror(reason ? reason : ENOMEM));
        item.error = &diag;
    }
    ++*found;
    status = call->out->item(call->out->ctx, &item);
    free(json);
    free(note.text);
    return status;
}

/* `ids` is a checked JSON array of strings. */
static ek_status tell_each(ek_instance *self, const ek_call *call, ek_str ids, int *found) {
    ek_json_walk walk = ek_json_begin(ids);
    ek_str value;
    ek_status status = EK_OK;
    while (status == EK_OK && ek_json_next(&walk, NULL, &value)) {
        size_t length = 0;
        char *id = ek_json_copy_text(value, &length);
        if (!id) return fail(call, EK_E_INVALID, NULL, "an array of ids is wanted");
        status = tell(self, call, part(id, length), found);
        free(id);
    }
    return status;
}

static ek_status list(ek_instance *self, const ek_call *call, ek_str filter) {
    int found = 0;
    ek_status status = EK_OK;
    struct dirent *entry;
    DIR *folder;
    ek_str ids;
    if (filter.ptr) {
        const char *why = ek_json_error(filter);
        if (why) return fail(call, EK_E_INVALID, NULL, why);
        if (ek_json_member(filter, "ids", &ids) != 1 || ek_json_kind(ids) != '[')
            return fail(call, EK_E_INVALID, "/ids", "an array of ids is wanted");
        return tell_each(self, call, ids, &found);
    }
    folder = opendir(self->folder);
    if (!folder) return fail_errno(call, "list the folder");
    while (status == EK_OK && (entry = readdir(folder)) != NULL)
        status = tell(self, call, words(entry->d_name), &found);
    closedir(folder);
    return status;
}

static ek_status read_ids(ek_instance *self, const ek_call *call, ek_str ids) {
    int found = 0;
    const char *why = ek_json_error(ids);
    ek_status status;
    if (why) return fail(call, EK_E_INVALID, NULL, why);
    if (ek_json_kind(ids) != '[')
        return fail(call, EK_E_INVALID, NULL, "an array of ids is wanted");
    status = tell_each(self, call, ids, &found);
    if (status != EK_OK || found > 0) return status;
    return fail(call, EK_E_NOT_FOUND, NULL, "there is no such note");
}

/* The text that is described; absent when it is not: it then stays as it is. */
static ek_status wanted_text(const ek_call *call, ek_str desired, ek_str *text) {
    const char *why = ek_json_error(desired);
    int count;
    text->ptr = NULL;
    text->len = 0;
    if (why) return fail(call, EK_E_INVALID, NULL, why);
    count = ek_json_member(desired, "text", text);
    if (count < 0)
        return fail(call, EK_E_INVALID, NULL,
                    "an object without a name that is there twice is wanted");
    if (count == 1 && ek_json_kind(*text) != '"')
        return fail(call, EK_E_INVALID, "/text", "text is not a string");
    return EK_OK;
}

/* Finds out what differs, then does it and says so: the same lines plan and apply. */
static ek_status change_note(ek_instance *self, const ek_call *call, const char *name,
                             const struct note *now, const struct note *wanted) {
    const int differs = !now->is_there || now->length != wanted->length ||
                        memcmp(now->text, wanted->text, now->length) != 0;
    ek_json_out before = {0}, after = {0};
    ek_status status = EK_OK, last = EK_OK;
    if (!differs) return EK_OK;
    if (!(call->flags & EK_CALL_DRY_RUN) && save(self, name, wanted->text, wanted->length) != 0)
        return fail_errno(call, "write the note");
    if (now->is_there) ek_json_put_text(&before, now->text, now->length);
    ek_json_put_text(&after, wanted->text, wanted->length);
    /* Done is done: say so to the end, even if the call is cancelled meanwhile. */
    if (!now->is_there)
        status =
            send_change(call, EK_ACT_ADD, "/ensure", words("\"absent\""), words("\"present\""));
    if (wanted->is_there)
        last = send_change(call, now->is_there ? EK_ACT_SET : EK_ACT_ADD, "/text",
                           ek_json_written(&before), ek_json_written(&after));
    free(before.text);
    free(after.text);
    return status != EK_OK ? status : last;
}

static ek_status apply(ek_instance *self, const ek_call *call, ek_str id, ek_str desired) {
    char name[ID_MAX + 1];
    struct note now, wanted;
    char *described = NULL;
    ek_str text;
    int reason;
    ek_status status = check(call);
    if (status != EK_OK) return status;
    if (!name_of(id, name)) return fail(call, EK_E_INVALID, NULL, "this is no id of a note");
    status = wanted_text(call, desired, &text);
    if (status != EK_OK) return status;
    reason = load(self, name, &now);
    errno = reason;
    if (reason != 0) return fail_errno(call, "read the note");
    wanted = now;
    if (text.ptr) {
        described = ek_json_copy_text(text, &wanted.length);
        wanted.text = described;
    }
    wanted.is_there = text.ptr != NULL; /* described */
    if (text.ptr && !described) status = fail(call, EK_E_UNAVAILABLE, NULL, "there is no memory");
    else if (wanted.length > TEXT_MAX)
        status = fail(call, EK_E_INVALID, "/text", "text is longer than 65536 bytes");
    else status = change_note(self, call, name, &now, &wanted);
    if (status == EK_OK && !(call->flags & EK_CALL_DRY_RUN)) status = send_state(call, &wanted);
    free(described);
    free(now.text);
    return status;
}

static ek_status remove_note(ek_instance *self, const ek_call *call, ek_str id) {
    char name[ID_MAX + 1];
    struct stat info;
    ek_status status = check(call);
    if (status != EK_OK) return status;
    if (!name_of(id, name)) return fail(call, EK_E_INVALID, NULL, "this is no id of a note");
    if (fstatat(self->fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? EK_OK : fail_errno(call, "look at the note");
    if (!(call->flags & EK_CALL_DRY_RUN) && unlinkat(self->fd, name, 0) != 0 && errno != ENOENT)
        return fail_errno(call, "remove the note");
    return send_change(call, EK_ACT_REMOVE, "/ensure", words("\"present\""), words("\"absent\""));
}

/* ---- the watch: whoever changes a note, the host hears of it at once ---- */

static ek_status watch_open(ek_instance *self, const ek_call *call, const ek_watch_host *host,
                            ek_watch **watch) {
    ek_watch *made = calloc(1, sizeof *made);
    ek_status status;
    if (!made) return fail(call, EK_E_UNAVAILABLE, NULL, "there is no memory");
    made->host = host;
    made->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (made->fd < 0 || inotify_add_watch(made->fd, self->folder,
                                          IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                              IN_DELETE_SELF | IN_ONLYDIR) < 0) {
        status = fail_errno(call, "watch the folder");
    } else {
        status = host->fd(host->ctx, made->fd, POLLIN);
    }
    if (status != EK_OK) {
        if (made->fd >= 0) close(made->fd);
        free(made);
        return status;
    }
    *watch = made;
    return EK_OK;
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

static void hint(ek_watch *watch, int32_t kind, ek_str id) {
    ek_hint told = {0};
    told.size = sizeof told;
    told.kind = kind;
    told.id = id;
    watch->host->hint(watch->host->ctx, &told);
}

static ek_status watch_ready(ek_watch *watch, int32_t fd, uint32_t revents) {
    union {
        struct inotify_event event; /* for its alignment */
        char bytes[4096];
    } events;
    ssize_t count, at;
    (void)fd, (void)revents;
    while ((count = read(watch->fd, events.bytes, sizeof events.bytes)) > 0) {
        for (at = 0; at < count;) {
            const struct inotify_event *event = (const void *)(events.bytes + at);
            at += (ssize_t)(sizeof *event + event->len);
            if (event->mask & IN_Q_OVERFLOW) hint(watch, EK_HINT_MISSED, words(NULL));
            if (event->mask & IN_IGNORED) return EK_E_UNAVAILABLE; /* the folder is gone */
            if (event->len > 0 && *find(watch, event->name))
                hint(watch, EK_HINT_CHANGED, words(event->name));
        }
    }
    return EK_OK;
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
        return fail(call, EK_E_UNAVAILABLE, NULL, "this host gives a plugin no folder of its own");
    self = calloc(1, sizeof *self);
    if (self) self->folder = strndup(host->data_dir.ptr, host->data_dir.len);
    if (!self || !self->folder) {
        free(self);
        return fail(call, EK_E_UNAVAILABLE, NULL, "there is no memory");
    }
    self->fd = open(self->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->fd < 0) {
        const ek_status status = fail_errno(call, "open the folder");
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
