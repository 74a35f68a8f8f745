/* calls.h - optional: what plugins in C say and do in each of their calls and watches. Nothing to
 * link. Define _GNU_SOURCE before the first #include.
 *
 *     if (!name_of(id, name)) return ek_call_fail(call, EK_E_INVALID, NULL, "this is no name");
 *
 * What is handed in is borrowed; an ek_json_out that is sent is freed. [worker], inside the call
 * and on its thread, unless it says otherwise. */
#ifndef EVENKEEL_CALLS_H
#define EVENKEEL_CALLS_H

#include <errno.h>
#include <evenkeel/json.h>
#include <evenkeel/plugin.h>
#include <poll.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- why not ---- */

/* An error; `path` points into the input, or is NULL. Borrows both. [any] */
static inline ek_diag ek_call_error(ek_status status, const char *path, const char *summary) {
    ek_diag diag;
    memset(&diag, 0, sizeof diag);
    diag.size = sizeof diag;
    diag.severity = EK_SEV_ERROR;
    diag.path = ek_json_str(path);
    diag.summary = ek_json_str(summary);
    diag.status = status;
    return diag;
}

/* Ends a call with one sentence: `return ek_call_fail(...)`. */
static inline ek_status ek_call_fail(const ek_call *call, ek_status status, const char *path,
                                     const char *summary) {
    const ek_diag diag = ek_call_error(status, path, summary);
    call->out->diag(call->out->ctx, &diag);
    return status;
}

static inline ek_status ek_call_no_memory(const ek_call *call) {
    return ek_call_fail(call, EK_E_UNAVAILABLE, NULL, "there is no memory");
}

/* The status that fits an errno. [any] */
static inline ek_status ek_call_status(int reason) {
    switch (reason) {
        case EINVAL:
        case ERANGE:
            return EK_E_INVALID;
        case ENOENT:
            return EK_E_NOT_FOUND;
        case EACCES:
        case EPERM:
        case EROFS:
            return EK_E_DENIED;
        case EBUSY:
            return EK_E_BUSY;
        default:
            return EK_E_UNAVAILABLE;
    }
}

/* "cannot DOING NAME: what the errno means". */
static inline ek_status ek_call_fail_errno(const ek_call *call, int reason, const char *doing,
                                           const char *name) {
    char summary[512];
    /* What is too long is cut. */
    if (snprintf(summary, sizeof summary, "cannot %s %s: %s", doing, name, strerror(reason)) < 0)
        summary[0] = 0;
    return ek_call_fail(call, ek_call_status(reason), NULL, summary);
}

#ifdef CLOCK_MONOTONIC
/* EK_OK: the call may go on. Ask in every loop of unknown length. */
static inline ek_status ek_call_check(const ek_call *call) {
    struct timespec now;
    if (call->cancelled(call)) return EK_E_CANCELLED;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (call->deadline_ns != 0 &&
        (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec >= call->deadline_ns)
        return ek_call_fail(call, EK_E_TIMEOUT, NULL, "the deadline of the call has passed");
    return EK_OK;
}
#endif

/* ---- answers ---- */

static inline int ek_call_is_plan(const ek_call *call) {
    return (call->flags & EK_CALL_DRY_RUN) != 0;
}

/* Of a change that does not fail. */
static inline int32_t ek_call_outcome(const ek_call *call) {
    return ek_call_is_plan(call) ? EK_OUT_PLANNED : EK_OUT_DONE;
}

/* In list and read: a resource and its state. */
static inline ek_status ek_call_item(const ek_call *call, ek_str id, ek_json_out *state) {
    ek_item item;
    ek_status status;
    memset(&item, 0, sizeof item);
    item.size = sizeof item;
    item.id = id;
    item.json = ek_json_written(state);
    status = state->failed ? ek_call_no_memory(call) : call->out->item(call->out->ctx, &item);
    free(state->text);
    return status;
}

/* In list and read: a resource that cannot be read, and the errno that is why. */
static inline ek_status ek_call_unreadable(const ek_call *call, ek_str id, int reason) {
    const ek_diag why = ek_call_error(ek_call_status(reason), NULL, strerror(reason));
    ek_item item;
    memset(&item, 0, sizeof item);
    item.size = sizeof item;
    item.id = id;
    item.error = &why;
    return call->out->item(call->out->ctx, &item);
}

/* In apply: the state after it. */
static inline ek_status ek_call_state(const ek_call *call, ek_json_out *state) {
    ek_state record;
    ek_status status;
    memset(&record, 0, sizeof record);
    record.size = sizeof record;
    record.json = ek_json_written(state);
    status = state->failed ? ek_call_no_memory(call) : call->out->state(call->out->ctx, &record);
    free(state->text);
    return status;
}

/* One field that changes: JSON values, absent where there is none, and an EK_OUT_. */
static inline ek_status ek_call_change(const ek_call *call, int32_t action, const char *path,
                                       ek_str before, ek_str after, int32_t outcome) {
    ek_change change;
    memset(&change, 0, sizeof change);
    change.size = sizeof change;
    change.action = action;
    change.path = ek_json_str(path);
    change.before = before;
    change.after = after;
    change.outcome = outcome;
    return call->out->change(call->out->ctx, &change);
}

/* The resource itself comes, or goes: it does not fail. */
static inline ek_status ek_call_change_ensure(const ek_call *call, int comes) {
    const ek_str present = ek_json_str("\"present\""), absent = ek_json_str("\"absent\"");
    return ek_call_change(call, comes ? EK_ACT_ADD : EK_ACT_REMOVE, "/ensure",
                          comes ? absent : present, comes ? present : absent,
                          ek_call_outcome(call));
}

/* One field with a text; absent before: there was none. */
static inline ek_status ek_call_change_text(const ek_call *call, const char *path, ek_str before,
                                            ek_str after, int32_t outcome) {
    ek_json_out was, is;
    ek_status status;
    memset(&was, 0, sizeof was);
    memset(&is, 0, sizeof is);
    if (before.ptr) ek_json_put_text(&was, before.ptr, before.len);
    ek_json_put_text(&is, after.ptr, after.len);
    status = was.failed || is.failed
                 ? ek_call_no_memory(call)
                 : ek_call_change(call, before.ptr ? EK_ACT_SET : EK_ACT_ADD, path,
                                  ek_json_written(&was), ek_json_written(&is), outcome);
    free(was.text);
    free(is.text);
    return status;
}

/* ---- what is asked for ---- */

/* Calls `each` for every id of a JSON array, until it does not answer EK_OK. */
static inline ek_status ek_call_each_id(const ek_call *call, ek_str ids_json,
                                        ek_status (*each)(void *ctx, const ek_call *, ek_str id),
                                        void *ctx) {
    const char *why = ek_json_error(ids_json);
    ek_json_walk walk;
    ek_str value, id;
    ek_status status = EK_OK;
    if (why || ek_json_kind(ids_json) != '[')
        return ek_call_fail(call, EK_E_INVALID, NULL, why ? why : "an array of ids is wanted");
    walk = ek_json_begin(ids_json);
    while (status == EK_OK && ek_json_next(&walk, NULL, &value)) {
        char *text = ek_json_copy_text(value, &id.len);
        if (!text) return ek_call_fail(call, EK_E_INVALID, NULL, "an array of ids is wanted");
        id.ptr = text;
        status = each(ctx, call, id);
        free(text);
    }
    return status;
}

/* The array of ids of a list's filter; absent: all are wanted. */
static inline ek_status ek_call_filter(const ek_call *call, ek_str filter_json, ek_str *ids_json) {
    const char *why;
    ids_json->ptr = NULL;
    ids_json->len = 0;
    if (!filter_json.ptr) return EK_OK;
    why = ek_json_error(filter_json);
    if (!why && ek_json_member(filter_json, "ids", ids_json) >= 0) return EK_OK;
    return ek_call_fail(call, EK_E_INVALID, NULL, why ? why : "a filter is an object");
}

/* The text of a member, with a zero byte behind it, for the caller to free(); NULL: there is no
 * such member. `length` counts what is before the zero byte; there may be others inside. */
static inline ek_status ek_call_text(const ek_call *call, ek_str object_json, const char *name,
                                     char **text, size_t *length) {
    const char *why = ek_json_error(object_json);
    char path[80];
    ek_str value;
    int count;
    *text = NULL;
    *length = 0;
    if (why) return ek_call_fail(call, EK_E_INVALID, NULL, why);
    count = ek_json_member(object_json, name, &value);
    if (count < 0)
        return ek_call_fail(call, EK_E_INVALID, NULL,
                            "an object without a name that is there twice is wanted");
    if (count == 0) return EK_OK;
    snprintf(path, sizeof path, "/%s", name);
    if (ek_json_kind(value) != '"')
        return ek_call_fail(call, EK_E_INVALID, path, "this is not a string");
    *text = ek_json_copy_text(value, length);
    return *text ? EK_OK : ek_call_no_memory(call);
}

/* ---- watches [reactor] ---- */

/* `id` NULL: any resource. [any] */
static inline void ek_watch_hint(const ek_watch_host *host, int32_t kind, const char *id) {
    ek_hint hint;
    memset(&hint, 0, sizeof hint);
    hint.size = sizeof hint;
    hint.kind = kind;
    hint.id = ek_json_str(id);
    host->hint(host->ctx, &hint);
}

/* In watch_open: a descriptor of inotify(7) that the host polls. */
static inline ek_status ek_watch_inotify(const ek_call *call, const ek_watch_host *host, int *fd) {
    ek_status status;
    *fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (*fd < 0) return ek_call_fail_errno(call, errno, "use", "inotify");
    status = host->fd(host->ctx, *fd, POLLIN);
    if (status == EK_OK) return EK_OK;
    close(*fd);
    return ek_call_fail(call, status, NULL, "the host cannot poll one more descriptor");
}

/* In watch_ready: calls `each` for all that waits there, until it does not answer EK_OK. */
static inline ek_status ek_watch_inotify_ready(int fd,
                                               ek_status (*each)(ek_watch *watch,
                                                                 const struct inotify_event *event),
                                               ek_watch *watch) {
    union {
        struct inotify_event event; /* for its alignment */
        char bytes[4096];
    } events;
    ek_status status = EK_OK;
    ssize_t count, at;
    while (status == EK_OK && (count = read(fd, events.bytes, sizeof events.bytes)) > 0) {
        for (at = 0; status == EK_OK && at < count;) {
            const struct inotify_event *event =
                (const struct inotify_event *)(const void *)(events.bytes + at);
            at += (ssize_t)(sizeof *event + event->len);
            status = each(watch, event);
        }
    }
    return status;
}

#ifdef __cplusplus
}
#endif
#endif /* EVENKEEL_CALLS_H */
