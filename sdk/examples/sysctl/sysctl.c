/* The collection `sysctl`: parameters of the kernel, now and at each boot. A plugin in C alone, on
 * shapes that few have: a resource cannot be absent, so there is no remove, and a description is
 * compared with two places, so there is a compare. */
#define _GNU_SOURCE
#include <errno.h>
#include <evenkeel/calls.h>
#include <evenkeel/json.h>
#include <evenkeel/plugin.h>
#include <stdlib.h>
#include <string.h>

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

struct reading {
    const char* boot_lines;
    int count;
};

static ek_status tell(void* ctx, const ek_call* call, ek_str id) {
    struct reading* reading = ctx;
    char name[NAME_MAX_BYTES];
    struct found found;
    ek_json_out state = {0};
    int reason;
    const ek_status status = ek_call_check(call);
    if (status != EK_OK || !name_of(id, name)) return status;
    reason = look(name, reading->boot_lines, &found);
    if (reason == ENOENT) return EK_OK;
    ++reading->count;
    if (reason != 0) return ek_call_unreadable(call, id, reason);
    write_state(&found, &state);
    return ek_call_item(call, id, &state);
}

static ek_status read_ids(ek_instance* self, const ek_call* call, ek_str ids) {
    char* boot_lines = read_boot_file();
    struct reading reading = {boot_lines, 0};
    ek_status status;
    (void)self;
    if (!boot_lines) return ek_call_fail_errno(call, errno, "read", BOOT_FOLDER "/" BOOT_FILE);
    status = ek_call_each_id(call, ids, tell, &reading);
    free(boot_lines);
    if (status == EK_OK && reading.count == 0)
        return ek_call_fail(call, EK_E_NOT_FOUND, NULL, "the kernel has no such parameter");
    return status;
}

/* ---- apply ---- */

/* What is asked for, for the caller to free(). */
static ek_status wanted_value(const ek_call* call, ek_str desired, char** value) {
    size_t length = 0;
    const ek_status status = ek_call_text(call, desired, "value", value, &length);
    if (status != EK_OK) return status;
    if (length > 0 && length < VALUE_MAX && strlen(*value) == length && !strchr(*value, '\n'))
        return EK_OK;
    free(*value);
    return ek_call_fail(call, EK_E_INVALID, "/value", "a line of 1 to 4095 bytes is needed");
}

/* The kernel first: what it does not take is not put into the file. */
static ek_status set_value(const ek_call* call, const char* name, ek_str before, ek_str wanted) {
    char after[VALUE_MAX];
    int reason;
    if (ek_call_is_plan(call))
        return ek_call_change_text(call, "/value", before, wanted, ek_call_outcome(call));
    reason = write_value(name, wanted.ptr);
    if (reason == 0) reason = read_value(name, after);
    if (reason != 0) {
        ek_call_change_text(call, "/value", before, wanted, EK_OUT_FAILED);
        return ek_call_fail_errno(call, reason, "set", name);
    }
    if (strcmp(after, wanted.ptr) == 0)
        return ek_call_change_text(call, "/value", before, wanted, ek_call_outcome(call));
    ek_call_change_text(call, "/value", before, ek_json_str(after), EK_OUT_DONE);
    ek_call_fail(call, EK_E_CONFLICT, "/value",
                 "the kernel took the value and shows another one: describe that, or one it keeps");
    return EK_E_PARTIAL;
}

/* `in_part`: the value was set already. */
static ek_status set_boot(const ek_call* call, const char* name, ek_str before, ek_str wanted,
                          int in_part) {
    const int reason = ek_call_is_plan(call) ? 0 : set_boot_value(name, wanted.ptr);
    ek_status status;
    if (reason == 0)
        return ek_call_change_text(call, "/boot_value", before, wanted, ek_call_outcome(call));
    ek_call_change_text(call, "/boot_value", before, wanted, EK_OUT_FAILED);
    status = ek_call_fail_errno(call, reason, "write", BOOT_FOLDER "/" BOOT_FILE);
    return in_part ? EK_E_PARTIAL : status;
}

static ek_status set_both(const ek_call* call, const char* name, const struct found* now,
                          const char* wanted) {
    const int sets_value = strcmp(now->value, wanted) != 0;
    const int sets_boot = !now->is_persisted || strcmp(now->boot, wanted) != 0;
    const ek_str after = ek_json_str(wanted);
    const ek_str boot = ek_json_str(now->is_persisted ? now->boot : NULL);
    ek_status status = EK_OK;
    if (sets_value) status = set_value(call, name, ek_json_str(now->value), after);
    if (!sets_boot || (status != EK_OK && status != EK_E_CANCELLED)) return status;
    return set_boot(call, name, boot, after, sets_value);
}

static ek_status send_state(const ek_call* call, const char* wanted) {
    struct found now;
    ek_json_out state = {0};
    now.is_persisted = 1;
    memcpy(now.value, wanted, strlen(wanted) + 1);
    memcpy(now.boot, wanted, strlen(wanted) + 1);
    write_state(&now, &state);
    return ek_call_state(call, &state);
}

static ek_status apply(ek_instance* self, const ek_call* call, ek_str id, ek_str desired) {
    char name[NAME_MAX_BYTES], *wanted = NULL, *boot_lines;
    struct found now;
    int reason;
    ek_status status = ek_call_check(call);
    (void)self;
    if (status != EK_OK) return status;
    if (!name_of(id, name))
        return ek_call_fail(call, EK_E_INVALID, NULL, "this is no name of a parameter");
    status = wanted_value(call, desired, &wanted);
    if (status != EK_OK) return status;
    boot_lines = read_boot_file();
    reason = boot_lines ? look(name, boot_lines, &now) : errno;
    free(boot_lines);
    if (reason != 0) status = ek_call_fail_errno(call, reason, "read", name);
    if (status == EK_OK) status = set_both(call, name, &now, wanted);
    if (status == EK_OK && !ek_call_is_plan(call)) status = send_state(call, wanted);
    free(wanted);
    return status;
}

/* ---- compare ---- */

static ek_status compare_one(const ek_call* call, const char* path, ek_str wanted, ek_str state,
                             const char* member) {
    size_t length = 0;
    char* text = ek_json_copy_text(wanted, &length);
    ek_str is = {NULL, 0};
    const int is_there = ek_json_member(state, member, &is) == 1;
    const int is_equal = text && is_there && ek_json_says(is, text, length);
    free(text);
    if (is_equal) return EK_OK;
    if (!is_there) is = ek_json_str(NULL);
    return ek_call_change(call, is_there ? EK_ACT_SET : EK_ACT_ADD, path, is, wanted, 0);
}

static ek_status compare(ek_instance* self, const ek_call* call, ek_str desired, ek_str actual) {
    const char* why = ek_json_error(desired);
    ek_str wanted;
    ek_status status;
    (void)self;
    if (!why) why = ek_json_error(actual);
    if (why) return ek_call_fail(call, EK_E_INVALID, NULL, why);
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
    return *instance ? EK_OK : ek_call_no_memory(call);
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
