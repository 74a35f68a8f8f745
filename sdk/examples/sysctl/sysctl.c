/* The collection `sysctl`: parameters of the kernel, now and at each boot. A plugin in C alone, on
 * shapes that few have: a resource cannot be absent, so there is no remove, and a description is
 * compared with two places, so there is a compare. */
#define _GNU_SOURCE
#include <errno.h>
#include <evenkeel/json.h>
#include <evenkeel/plugin.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "boot_file.h"
#include "parameter.h"
#include "sysctl_embedded.h"
#include "watch.h"

#define NO_OPTIONS "{\"type\":\"object\",\"additionalProperties\":false}"

struct ek_instance {
    int unused; /* all state is the kernel's and the file's */
};

/* What a parameter is. */
struct found {
    int is_persisted;
    char value[VALUE_MAX], boot[VALUE_MAX];
};

/* 0, or an errno. */
static int look(const char* name, const char* boot_lines, struct found* found) {
    found->is_persisted = boot_value(boot_lines, name, found->boot);
    return read_value(name, found->value);
}

/* The state; out->text is the caller's to free(). */
static void write_state(const struct found* found, ek_json_out* out) {
    ek_json_open(out, '{');
    ek_json_key(out, "value");
    ek_json_put_text(out, found->value, strlen(found->value));
    if (found->is_persisted) {
        ek_json_key(out, "boot_value");
        ek_json_put_text(out, found->boot, strlen(found->boot));
    }
    ek_json_close(out, '}');
}

/* ---- read ---- */

static ek_status tell(const ek_call* call, ek_str id, const char* boot_lines, int* count) {
    char name[NAME_MAX_BYTES];
    struct found found;
    ek_json_out out = {0};
    ek_item item = {0};
    ek_diag diag;
    int reason;
    ek_status status;
    if (!name_of(id, name)) return EK_OK;
    reason = look(name, boot_lines, &found);
    if (reason == ENOENT) return EK_OK;
    if (reason == 0) write_state(&found, &out);
    if (out.failed) reason = ENOMEM;
    item.size = sizeof item;
    item.id = id;
    if (reason == 0) {
        item.json = ek_json_written(&out);
    } else {
        diag = error_of(status_of(reason), NULL, strerror(reason));
        item.error = &diag;
    }
    ++*count;
    status = call->out->item(call->out->ctx, &item);
    free(out.text);
    return status;
}

static ek_status read_ids(ek_instance* self, const ek_call* call, ek_str ids) {
    const char* why = ek_json_error(ids);
    ek_json_walk walk;
    ek_str value, id;
    ek_status status = EK_OK;
    char *boot_lines, *text;
    int count = 0;
    (void)self;
    if (why || ek_json_kind(ids) != '[')
        return fail(call, EK_E_INVALID, NULL, why ? why : "an array of ids is wanted");
    boot_lines = read_boot_file();
    if (!boot_lines) return fail_errno(call, errno, "read", BOOT_FOLDER "/" BOOT_FILE);
    walk = ek_json_begin(ids);
    while (status == EK_OK && ek_json_next(&walk, NULL, &value)) {
        status = check_call(call);
        if (status != EK_OK) break;
        text = ek_json_copy_text(value, &id.len);
        id.ptr = text;
        status = text ? tell(call, id, boot_lines, &count)
                      : fail(call, EK_E_INVALID, NULL, "an array of ids is wanted");
        free(text);
    }
    free(boot_lines);
    if (status == EK_OK && count == 0)
        return fail(call, EK_E_NOT_FOUND, NULL, "the kernel has no such parameter");
    return status;
}

/* ---- apply ---- */

/* What is asked for, with a zero byte behind it, for the caller to free(). */
static ek_status wanted_value(const ek_call* call, ek_str desired, char** value) {
    const char* why = ek_json_error(desired);
    size_t length = 0;
    ek_str found;
    if (why) return fail(call, EK_E_INVALID, NULL, why);
    if (ek_json_member(desired, "value", &found) != 1)
        return fail(call, EK_E_INVALID, "/value", "one value is needed");
    *value = ek_json_copy_text(found, &length);
    if (!*value) return fail(call, EK_E_INVALID, "/value", "value is not a string");
    if (length > 0 && length < VALUE_MAX && strlen(*value) == length && !strchr(*value, '\n'))
        return EK_OK;
    free(*value);
    return fail(call, EK_E_INVALID, "/value", "value is no line of at most 4095 bytes");
}

/* One field from before (NULL: it was not) to after. */
static ek_status send_change(const ek_call* call, const char* path, const char* before,
                             const char* after, int32_t outcome) {
    ek_json_out was = {0}, will = {0};
    ek_change change = {0};
    ek_status status;
    if (before) ek_json_put_text(&was, before, strlen(before));
    ek_json_put_text(&will, after, strlen(after));
    change.size = sizeof change;
    change.action = before ? EK_ACT_SET : EK_ACT_ADD;
    change.path = words(path);
    if (before) change.before = ek_json_written(&was);
    change.after = ek_json_written(&will);
    change.outcome = outcome;
    status = was.failed || will.failed ? fail(call, EK_E_UNAVAILABLE, NULL, "there is no memory")
                                       : call->out->change(call->out->ctx, &change);
    free(was.text);
    free(will.text);
    return status;
}

/* The kernel first: what it does not take is not put into the file. */
static ek_status set_both(const ek_call* call, const char* name, const struct found* now,
                          const char* wanted) {
    static struct found after; /* large; calls come one at a time */
    const int sets_value = strcmp(now->value, wanted) != 0;
    const int sets_boot = !now->is_persisted || strcmp(now->boot, wanted) != 0;
    const char* boot = now->is_persisted ? now->boot : NULL;
    const int is_plan = (call->flags & EK_CALL_DRY_RUN) != 0;
    ek_status status = EK_OK;
    int reason = 0;
    if (sets_value && !is_plan) {
        reason = write_value(name, wanted);
        if (reason == 0) reason = read_value(name, after.value);
        if (reason != 0) {
            send_change(call, "/value", now->value, wanted, EK_OUT_FAILED);
            return fail_errno(call, reason, "set", name);
        }
        if (strcmp(after.value, wanted) != 0) {
            send_change(call, "/value", now->value, after.value, EK_OUT_DONE);
            fail(call, EK_E_CONFLICT, "/value",
                 "the kernel took the value and shows another one: describe that, or one it keeps");
            return EK_E_PARTIAL;
        }
    }
    if (sets_value)
        status =
            send_change(call, "/value", now->value, wanted, is_plan ? EK_OUT_PLANNED : EK_OUT_DONE);
    if (!sets_boot || (status != EK_OK && status != EK_E_CANCELLED)) return status;
    if (!is_plan) reason = set_boot_value(name, wanted);
    if (reason == 0)
        return send_change(call, "/boot_value", boot, wanted,
                           is_plan ? EK_OUT_PLANNED : EK_OUT_DONE);
    send_change(call, "/boot_value", boot, wanted, EK_OUT_FAILED);
    status = fail_errno(call, reason, "write", BOOT_FOLDER "/" BOOT_FILE);
    return sets_value ? EK_E_PARTIAL : status;
}

static ek_status send_state(const ek_call* call, const char* wanted) {
    struct found now;
    ek_json_out out = {0};
    ek_state state = {0};
    ek_status status;
    now.is_persisted = 1;
    memcpy(now.value, wanted, strlen(wanted) + 1);
    memcpy(now.boot, wanted, strlen(wanted) + 1);
    write_state(&now, &out);
    if (out.failed) return fail(call, EK_E_UNAVAILABLE, NULL, "there is no memory");
    state.size = sizeof state;
    state.json = ek_json_written(&out);
    status = call->out->state(call->out->ctx, &state);
    free(out.text);
    return status;
}

static ek_status apply(ek_instance* self, const ek_call* call, ek_str id, ek_str desired) {
    char name[NAME_MAX_BYTES], *wanted = NULL, *boot_lines;
    struct found now;
    int reason;
    ek_status status = check_call(call);
    (void)self;
    if (status != EK_OK) return status;
    if (!name_of(id, name)) return fail(call, EK_E_INVALID, NULL, "this is no name of a parameter");
    status = wanted_value(call, desired, &wanted);
    if (status != EK_OK) return status;
    boot_lines = read_boot_file();
    reason = boot_lines ? look(name, boot_lines, &now) : errno;
    free(boot_lines);
    if (reason != 0) status = fail_errno(call, reason, "read", name);
    if (status == EK_OK) status = set_both(call, name, &now, wanted);
    if (status == EK_OK && !(call->flags & EK_CALL_DRY_RUN)) status = send_state(call, wanted);
    free(wanted);
    return status;
}

/* ---- compare ---- */

static ek_status compare_one(const ek_call* call, const char* path, ek_str wanted, ek_str state,
                             const char* member) {
    ek_change change = {0};
    size_t length = 0;
    char* text = ek_json_copy_text(wanted, &length);
    ek_str is = {NULL, 0};
    const int is_there = ek_json_member(state, member, &is) == 1;
    const int is_equal = text && is_there && ek_json_says(is, text, length);
    free(text);
    if (is_equal) return EK_OK;
    change.size = sizeof change;
    change.action = is_there ? EK_ACT_SET : EK_ACT_ADD;
    change.path = words(path);
    if (is_there) change.before = is;
    change.after = wanted;
    return call->out->change(call->out->ctx, &change);
}

static ek_status compare(ek_instance* self, const ek_call* call, ek_str desired, ek_str actual) {
    const char* why = ek_json_error(desired);
    ek_str wanted;
    ek_status status;
    (void)self;
    if (!why) why = ek_json_error(actual);
    if (why) return fail(call, EK_E_INVALID, NULL, why);
    if (ek_json_member(desired, "value", &wanted) != 1) return EK_OK;
    status = compare_one(call, "/value", wanted, actual, "value");
    return status == EK_OK ? compare_one(call, "/boot_value", wanted, actual, "boot_value")
                           : status;
}

/* ---- the module ---- */

static ek_status open_instance(const ek_host* host, const ek_call* call,
                               const ek_collection* collection, ek_str config,
                               ek_instance** instance) {
    (void)host, (void)collection, (void)config;
    *instance = calloc(1, sizeof **instance);
    return *instance ? EK_OK : fail(call, EK_E_UNAVAILABLE, NULL, "there is no memory");
}

static void close_instance(ek_instance* self) {
    free(self);
}

static const ek_collection table = {
    .size = sizeof(ek_collection),
    .schema_version = 1,
    .caps = EK_CAP_READ | EK_CAP_APPLY | EK_CAP_PLAN | EK_CAP_COMPARE | EK_CAP_WATCH,
    .name = {"sysctl", sizeof "sysctl" - 1},
    .schema_json = {ek_schema, sizeof ek_schema - 1},
    .config_schema_json = {NO_OPTIONS, sizeof NO_OPTIONS - 1},
    .read = read_ids,
    .apply = apply,
    .compare = compare,
    .watch_open = open_watch,
    .watch_interest = watch_interest,
    .watch_ready = watch_ready,
    .watch_close = close_watch,
};
static const ek_collection* const collections[] = {&table};

static const ek_module module = {
    .size = sizeof(ek_module),
    .abi_major = EK_ABI_MAJOR,
    .abi_minor = EK_ABI_MINOR,
    .id = {"org.evenkeel.sysctl", sizeof "org.evenkeel.sysctl" - 1},
    .version = {"0.1.0", sizeof "0.1.0" - 1},
    .manifest_json = {ek_manifest, sizeof ek_manifest - 1},
    .collections = collections,
    .collection_count = 1,
    .open = open_instance,
    .close = close_instance,
};

const ek_module* ek_module_v1(void) {
    return &module;
}
